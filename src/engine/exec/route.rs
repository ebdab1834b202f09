//! Routes, rules and static addresses: what is wanted, what is there, what is on its way.
//!
//! Equal ones are one object with a count of those who want it, so that two instances never fight
//! over a route. Whether an object is still there is found out by asking for it again: the kernel
//! answers EEXIST and changes nothing. That is how a route comes back that the kernel dropped
//! without a word (IPv4 routes go with an interface or an address) or that somebody removed.
//! No sockets here.

mod doubt;
mod object;
mod reload;

pub use object::What;

use super::addr::{EEXIST, ENODEV, is_not_there};
use crate::engine::links::Links;
use crate::time::{Instant, Span};
use crate::vrrp::{InstanceId, Params};
use doubt::earlier;
use object::{At, Object, Slot, passes, ready, same};
use std::collections::VecDeque;
use std::rc::Rc;

/// Marks the sequence numbers of these requests: those of addresses are below.
pub const SEQUENCES: u32 = 1 << 31;
/// Requests that may be unanswered at one time; a power of two.
const IN_FLIGHT: usize = 256;
/// What was refused for want of something that may come by itself is tried again after this.
const RETRY: Span = Span::from_secs(5);

/// A request to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Op {
    /// Sequence number to send it with.
    pub seq: u32,
    /// Add, or delete.
    pub add: bool,
    /// Which object.
    pub object: u16,
}

/// What an answer meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Nothing to say.
    Noted,
    /// It had gone, and is back.
    Restored(u16),
    /// The kernel refused with this errno.
    Refused(Op, i32),
}

/// All objects.
#[derive(Debug)]
pub struct Objects {
    params: Rc<Params>,
    objects: Vec<Object>,
    /// Per instance: its routes, then its rules.
    lists: Vec<Vec<u16>>,
    claimed: Vec<bool>,
    /// Static addresses, routes, rules.
    statics: Vec<u16>,
    held: bool,
    removals: VecDeque<u16>,
    additions: VecDeque<u16>,
    flights: Vec<Option<Op>>,
    next_seq: u32,
    unanswered: usize,
    /// Groups that have been told to be incomplete.
    broken: Vec<bool>,
    /// Something changed that may concern a group.
    changed: bool,
    deadline: Option<Instant>,
}

impl Objects {
    /// Nothing wanted; what is virtual may be there from an earlier run.
    pub fn new(params: &Rc<Params>) -> Self {
        let mut this = Objects {
            params: Rc::clone(params),
            objects: Vec::new(),
            lists: Vec::with_capacity(params.instances.len()),
            claimed: vec![false; params.instances.len()],
            statics: Vec::new(),
            held: false,
            removals: VecDeque::new(),
            additions: VecDeque::new(),
            flights: Vec::new(),
            next_seq: 0,
            unanswered: 0,
            broken: vec![false; params.track_groups.len()],
            changed: false,
            deadline: None,
        };
        let statics = &params.statics;
        for (at, (_, group)) in (0..).zip(&statics.addresses) {
            this.add_static(At::Address(at), *group);
        }
        for (at, line) in (0..).zip(&statics.routes) {
            this.add_static(At::Route(None, at), line.group);
        }
        for (at, line) in (0..).zip(&statics.rules) {
            this.add_static(At::Rule(None, at), line.group);
        }
        for (of, instance) in (0..).map(Some).zip(&params.instances) {
            let routes = (0..).zip(&instance.routes).map(|(at, _)| At::Route(of, at));
            let rules = (0..).zip(&instance.rules).map(|(at, _)| At::Rule(of, at));
            let mut list: Vec<u16> = Vec::new();
            for id in routes.chain(rules).filter_map(|at| this.number(at)) {
                if !list.contains(&id) {
                    list.push(id);
                }
            }
            this.lists.push(list);
        }
        if !this.objects.is_empty() {
            this.flights = vec![None; IN_FLIGHT];
            this.removals.reserve(this.objects.len());
            this.additions.reserve(this.objects.len());
        }
        this
    }

    fn add_static(&mut self, at: At, group: Option<u16>) {
        if let Some(id) = self.number(at) {
            if !self.statics.contains(&id) {
                self.statics.push(id);
            }
            let object = &mut self.objects[usize::from(id)];
            object.group = object.group.or(group);
        }
    }

    /// The number of an object; the one that is equal, if there is one.
    fn number(&mut self, at: At) -> Option<u16> {
        let params = &self.params;
        let what = at.what(params)?;
        let equal = |o: &Object| o.at.what(params).is_some_and(|known| same(known, what));
        if let Some(at) = self.objects.iter().position(equal) {
            return u16::try_from(at).ok();
        }
        let id = u16::try_from(self.objects.len()).ok()?;
        self.objects.push(Object {
            at,
            wanted: 0,
            slot: Slot::Unknown,
            queued: false,
            vouched: false,
            due: None,
            next: Instant::ZERO,
            group: None,
            told: 0,
            unsure: false,
        });
        if let (At::Address(_), Some(object)) = (at, self.objects.last_mut()) {
            // The dump tells.
            object.slot = Slot::Absent;
        }
        Some(id)
    }

    /// What an object is.
    pub fn what(&self, object: u16) -> Option<What<'_>> {
        what(&self.params, self.objects.get(usize::from(object))?)
    }

    /// The first instance that names the object; `None`: it is static.
    pub fn owner(&self, object: u16) -> Option<InstanceId> {
        if self.statics.contains(&object) {
            return None;
        }
        let at = self.lists.iter().position(|l| l.contains(&object))?;
        u16::try_from(at).ok().map(InstanceId)
    }

    /// Whether requests wait to be sent or answered.
    pub fn busy(&self) -> bool {
        self.unanswered > 0 || !self.removals.is_empty() || !self.additions.is_empty()
    }

    /// Whether deletions wait: they go before the addresses they depend on.
    pub fn removing(&self) -> bool {
        !self.removals.is_empty()
    }

    /// Whether [`Objects::next_op`] may have something.
    pub fn has_work(&self) -> bool {
        self.unanswered < IN_FLIGHT && (!self.removals.is_empty() || !self.additions.is_empty())
    }

    /// Says which instance wants its objects. They are asked for once it is [`Objects::settled`].
    pub fn claim(&mut self, instance: InstanceId, claim: bool) {
        let at = usize::from(instance.0);
        let (Some(claimed), Some(list)) = (self.claimed.get_mut(at), self.lists.get(at)) else {
            return;
        };
        if core::mem::replace(claimed, claim) == claim {
            return;
        }
        let list = list.clone();
        self.want(&list, claim);
    }

    /// The addresses of an instance are in place: now its routes, then its rules.
    pub fn settled(&mut self, instance: InstanceId, now: Instant) {
        let at = usize::from(instance.0);
        if !self.claimed.get(at).is_some_and(|c| *c) {
            return;
        }
        for n in 0..self.lists[at].len() {
            let id = self.lists[at][n];
            match self.objects[usize::from(id)].slot {
                // An address that went and came back may have taken it along.
                Slot::Present => self.suspect(id, now),
                _ => self.enqueue_addition(id),
            }
        }
    }

    /// Static objects are wanted from the start to the end.
    pub fn hold_statics(&mut self, hold: bool) {
        if core::mem::replace(&mut self.held, hold) == hold {
            return;
        }
        let list = self.statics.clone();
        self.want(&list, hold);
        if hold {
            list.iter().for_each(|id| self.enqueue_addition(*id));
        }
    }

    /// Whatever an earlier run may have left behind and nobody wants now goes.
    pub fn remove_leftovers(&mut self) {
        for id in (0..self.objects.len()).rev() {
            let object = &self.objects[id];
            if object.wanted == 0 && object.slot == Slot::Unknown {
                self.enqueue_removal(id as u16);
            }
        }
    }

    fn want(&mut self, list: &[u16], want: bool) {
        for id in list {
            let object = &mut self.objects[usize::from(*id)];
            object.wanted = match want {
                true => object.wanted.saturating_add(1),
                false => object.wanted.saturating_sub(1),
            };
        }
        if !want {
            // In reverse: what was added last goes first.
            for id in list.iter().rev() {
                let object = &mut self.objects[usize::from(*id)];
                if object.wanted == 0 {
                    (object.vouched, object.due, object.told) = (false, None, 0);
                    self.enqueue_removal(*id);
                }
            }
        }
    }

    fn enqueue_addition(&mut self, id: u16) {
        let object = &mut self.objects[usize::from(id)];
        if !core::mem::replace(&mut object.queued, true) {
            self.additions.push_back(id);
        }
    }

    fn enqueue_removal(&mut self, id: u16) {
        let object = &mut self.objects[usize::from(id)];
        if core::mem::replace(&mut object.queued, true) {
            // It waits to be added: it must not wait behind others now.
            self.additions.retain(|other| *other != id);
            if self.removals.contains(&id) {
                return;
            }
        }
        self.removals.push_back(id);
    }

    /// The next request to send, if there is one and an answer slot is free.
    pub fn next_op(&mut self, links: &Links) -> Option<Op> {
        if self.flights.is_empty() {
            return None;
        }
        let seat = self.next_seq as usize % IN_FLIGHT;
        if self.flights[seat].is_some() {
            return None;
        }
        loop {
            let (id, add) = match self.removals.pop_front() {
                Some(id) => (id, false),
                None => (self.additions.pop_front()?, true),
            };
            let object = &mut self.objects[usize::from(id)];
            object.queued = false;
            if add != (object.wanted > 0) {
                // The wish has changed: `claim` or `want` has seen to the rest.
                continue;
            }
            object.unsure = object.slot == Slot::Unknown;
            let there = what(&self.params, object).is_some_and(|what| ready(what, links));
            object.slot = match (add, object.slot, there) {
                (true, Slot::Absent | Slot::Unknown | Slot::Failed(_), true) => Slot::Adding,
                (false, Slot::Present | Slot::Unknown, true) => Slot::Deleting,
                (_, moving @ (Slot::Adding | Slot::Deleting), _) => {
                    // Its answer decides.
                    object.slot = moving;
                    continue;
                }
                (true, there @ (Slot::Present | Slot::Foreign), true) => {
                    object.slot = there;
                    continue;
                }
                // Gone with its interface, or never ours.
                _ => {
                    object.slot = Slot::Absent;
                    self.changed = true;
                    continue;
                }
            };
            let op = Op {
                seq: self.next_seq | SEQUENCES,
                add,
                object: id,
            };
            self.flights[seat] = Some(op);
            self.unanswered += 1;
            self.next_seq = (self.next_seq + 1) & !SEQUENCES;
            return Some(op);
        }
    }

    /// The kernel's answer: 0 or an errno. Stale answers are dropped.
    pub fn ack(&mut self, seq: u32, errno: i32, now: Instant) -> Answer {
        let seat = (seq & !SEQUENCES) as usize % IN_FLIGHT;
        let Some(op) = self.flights.get(seat).copied().flatten() else {
            return Answer::Noted;
        };
        if op.seq != seq {
            return Answer::Noted;
        }
        self.flights[seat] = None;
        self.unanswered = self.unanswered.saturating_sub(1);
        self.changed = true;
        let Some(object) = self.objects.get_mut(usize::from(op.object)) else {
            return Answer::Noted;
        };
        let Some(what) = what(&self.params, object) else {
            return Answer::Noted;
        };
        let mut answer = Answer::Noted;
        object.slot = match (op.add, errno) {
            (true, 0) => {
                if core::mem::replace(&mut object.vouched, true) {
                    answer = Answer::Restored(op.object);
                }
                Slot::Present
            }
            (true, EEXIST) if object.exists_elsewhere(what) => match what {
                What::Address(_) => Slot::Foreign,
                _ => Slot::Failed(errno),
            },
            (true, EEXIST) => {
                object.vouched = true;
                Slot::Present
            }
            (false, 0 | ESRCH | ENOENT | ENODEV) => Slot::Absent,
            (false, other) if is_not_there(other) => Slot::Absent,
            _ => Slot::Failed(errno),
        };
        if let Slot::Failed(errno) = object.slot {
            if core::mem::replace(&mut object.told, errno) != errno {
                answer = Answer::Refused(op, errno);
            }
            if op.add && passes(errno) && object.wanted > 0 {
                object.due = Some(now + RETRY);
                self.deadline = earlier(self.deadline, now + RETRY);
            }
        } else {
            object.told = 0;
        }
        match (op.add, object.wanted > 0) {
            (true, false) if object.slot == Slot::Present => self.enqueue_removal(op.object),
            (false, true) => self.enqueue_addition(op.object),
            _ => {}
        }
        answer
    }

    /// Answers were lost: what was asked for may be done or not.
    pub fn lose_answers(&mut self) {
        self.flights.fill(None);
        self.unanswered = 0;
        for id in 0..self.objects.len() {
            let object = &mut self.objects[id];
            if matches!(object.slot, Slot::Adding | Slot::Deleting) {
                object.slot = Slot::Unknown;
                match object.wanted > 0 {
                    true => self.enqueue_addition(id as u16),
                    false => self.enqueue_removal(id as u16),
                }
            }
        }
    }

    /// Whether the instance has any object.
    pub fn has_any(&self, instance: InstanceId) -> bool {
        let list = self.lists.get(usize::from(instance.0));
        list.is_some_and(|l| !l.is_empty())
    }

    /// How many objects of the instance may be in place.
    pub fn held(&self, instance: InstanceId) -> usize {
        let list = self.lists.get(usize::from(instance.0));
        list.map_or(0, |l| self.count(l))
    }

    /// How many static objects may be in place and are ours.
    pub fn held_statics(&self) -> usize {
        self.count(&self.statics)
    }

    fn count(&self, list: &[u16]) -> usize {
        let there = |id: &&u16| {
            let object = self.objects.get(usize::from(**id));
            object
                .is_some_and(|o| !matches!(o.slot, Slot::Absent | Slot::Foreign | Slot::Failed(_)))
        };
        list.iter().filter(there).count()
    }

    /// The next `track_group` whose objects became complete or incomplete.
    pub fn group_change(&mut self, links: &Links) -> Option<(u16, bool)> {
        if !self.changed || self.broken.is_empty() || !self.held {
            return None;
        }
        for at in 0..self.broken.len() {
            let broken = self.statics.iter().any(|id| {
                let object = &self.objects[usize::from(*id)];
                object.group == Some(at as u16)
                    && what(&self.params, object).is_some_and(|what| object.missing(what, links))
            });
            if core::mem::replace(&mut self.broken[at], broken) != broken {
                return Some((at as u16, !broken));
            }
        }
        self.changed = false;
        None
    }
}

fn what<'p>(params: &'p Params, object: &Object) -> Option<What<'p>> {
    object.at.what(params)
}

const ESRCH: i32 = 3;
const ENOENT: i32 = 2;

#[cfg(test)]
mod tests;
