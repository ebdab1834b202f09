//! Another configuration: what is in it no longer goes, the rest stays as it is.

use super::object::Slot;
use super::{Objects, What, what};
use crate::vrrp::{Kept, Params, Seek};
use std::rc::Rc;

impl Objects {
    /// The first half: takes away what nobody who stays has any longer. How many objects go.
    pub fn part(&mut self, kept: &Kept, new: &Params) -> usize {
        let mut count = 0;
        if self.held {
            let mut seek = Seek::new();
            let gone = |id: &u16| !self.in_statics(*id, kept, new, &mut seek);
            let list: Vec<u16> = self.statics.iter().copied().filter(gone).collect();
            count += list.len();
            self.want(&list, false);
            self.statics.retain(|id| !list.contains(id));
        }
        for (is, was) in kept.instances.pairs() {
            let (is, was) = (usize::from(is), usize::from(was));
            let mut seek = Seek::new();
            let gone = |id: &u16| !self.in_instance(*id, kept, new, is, &mut seek);
            let Some(list) = self.lists.get(was) else {
                continue;
            };
            let list: Vec<u16> = list.iter().copied().filter(gone).collect();
            if self.claimed.get(was).is_some_and(|claimed| *claimed) {
                count += list.len();
                self.want(&list, false);
            }
            if let Some(all) = self.lists.get_mut(was) {
                all.retain(|id| !list.contains(id));
            }
        }
        count
    }

    fn in_statics(&self, id: u16, kept: &Kept, new: &Params, seek: &mut Seek) -> bool {
        let statics = &new.statics;
        match self.what(id) {
            Some(What::Address(a)) => {
                seek.has(&statics.addresses, |(b, _)| kept.same_address(a, b))
            }
            Some(What::Route(a)) => {
                seek.has(&statics.routes, |b| kept.same_route(&a.route, &b.route))
            }
            Some(What::Rule(a)) => seek.has(&statics.rules, |b| kept.same_rule(&a.rule, &b.rule)),
            None => false,
        }
    }

    fn in_instance(
        &self,
        id: u16,
        kept: &Kept,
        new: &Params,
        instance: usize,
        seek: &mut Seek,
    ) -> bool {
        let Some(of) = new.instances.get(instance) else {
            return false;
        };
        match self.what(id) {
            Some(What::Route(a)) => seek.has(&of.routes, |b| kept.same_route(&a.route, &b.route)),
            Some(What::Rule(a)) => seek.has(&of.rules, |b| kept.same_rule(&a.rule, &b.rule)),
            Some(What::Address(_)) | None => false,
        }
    }

    /// The second half: from here on the numbers are those of `params`.
    pub fn reload(&mut self, params: &Rc<Params>, kept: &Kept) {
        let old = core::mem::replace(self, Objects::new(params));
        self.held = old.held;
        self.next_seq = old.next_seq;
        for (is, was) in kept.instances.pairs() {
            let claimed = old.claimed.get(usize::from(was)).is_some_and(|c| *c);
            if let Some(claim) = self.claimed.get_mut(usize::from(is)) {
                *claim = claimed;
            }
        }
        let mut seek = Seek::new();
        for id in 0..self.objects.len() {
            let known = what(params, &self.objects[id]).and_then(|is| {
                let same = |o: &super::Object| match (what(&old.params, o), is) {
                    (Some(What::Address(a)), What::Address(b)) => kept.same_address(a, b),
                    (Some(What::Route(a)), What::Route(b)) => kept.same_route(&a.route, &b.route),
                    (Some(What::Rule(a)), What::Rule(b)) => kept.same_rule(&a.rule, &b.rule),
                    _ => false,
                };
                old.objects.get(seek.find(&old.objects, same)?)
            });
            let object = &mut self.objects[id];
            // Leftovers of an earlier run were looked for at the start.
            object.slot = Slot::Absent;
            if let Some(known) = known {
                object.slot = match known.slot {
                    Slot::Adding | Slot::Deleting => Slot::Unknown,
                    other => other,
                };
                (object.vouched, object.due) = (known.vouched, known.due);
                (object.next, object.told) = (known.next, known.told);
            }
        }
        self.recount();
        self.deadline = self.objects.iter().filter_map(|object| object.due).min();
        self.changed = true;
    }

    /// Who wants what, and what follows: static objects are asked for at once, those of an instance
    /// when its addresses are in place.
    fn recount(&mut self) {
        let statics = self.statics.iter().copied().filter(|_| self.held);
        let mut all: Vec<u16> = statics.collect();
        let lists = self.lists.iter().zip(&self.claimed);
        all.extend(lists.filter(|(_, claimed)| **claimed).flat_map(|(l, _)| l));
        for id in all {
            let object = &mut self.objects[usize::from(id)];
            object.wanted = object.wanted.saturating_add(1);
        }
        for id in 0..self.objects.len() {
            let object = &self.objects[id];
            let id = id as u16;
            match (object.wanted > 0, object.slot) {
                (false, Slot::Present | Slot::Unknown) => self.enqueue_removal(id),
                (true, Slot::Unknown) => self.enqueue_addition(id),
                (true, Slot::Absent) if self.statics.contains(&id) => self.enqueue_addition(id),
                _ => {}
            }
        }
    }

    /// Per track_group, what was last told of it in terms of the new configuration: something is
    /// not in place.
    pub fn take_broken(&mut self, links: &crate::engine::links::Links) -> Vec<bool> {
        while self.group_change(links).is_some() {}
        self.broken.clone()
    }
}
