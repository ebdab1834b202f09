//! Another configuration: what is known moves over to whoever is still there.

use super::{Cause, Router, Site};
use crate::time::Instant;
use crate::vrrp::instance::Instance;
use crate::vrrp::kept::Kept;
use crate::vrrp::{
    Action, GroupId, InstanceId, InstanceParams, Link, Note, Params, Reason, ScriptId, State,
    Transition, Who,
};
use std::rc::Rc;

/// What is known of the world at a reload, in the numbers of the new configuration.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// The interfaces; of those that were known before the room knows better.
    pub links: Vec<Link>,
    /// Per instance: its source address can be used.
    pub usable: Vec<bool>,
    /// Per track_group: something of it is not in place.
    pub broken: Vec<bool>,
    /// The values of the files.
    pub files: Vec<i32>,
}

impl Router {
    /// The first half of a reload, still with the old numbers: whoever is not in the new
    /// configuration says goodbye and gives up what it holds. Drain the actions, and let the kernel
    /// do its part, before [`Router::reload`].
    pub fn part(&mut self, kept: &Kept, now: Instant) {
        for id in kept.instances.gone().map(InstanceId) {
            self.remove(id, now);
        }
        for at in 0..self.units.len() {
            let unit = &mut self.units[at];
            let parted = |id: &InstanceId| kept.instance(*id).is_none();
            let Some(group) = unit.group.filter(|g| kept.group(*g).is_none()) else {
                continue;
            };
            let from = unit.state;
            if matches!(from, State::Master | State::Backup) && unit.members.iter().all(parted) {
                unit.state = State::Fault;
                self.out.push(Action::Tell(Transition {
                    who: Who::Group(group),
                    from,
                    to: State::Fault,
                    priority: 0,
                    reason: Reason::Removed,
                }));
            }
        }
        self.out.seal();
    }

    /// Compat: keepalived tells the scripts of an instance that is removed that it is in FAULT.
    fn remove(&mut self, id: InstanceId, now: Instant) {
        let at = usize::from(id.0);
        let (Some(site), Some(instance)) = (self.sites.get_mut(at), self.instances.get(at)) else {
            return;
        };
        site.gone = true;
        if matches!(instance.state(), State::Master | State::Backup) {
            self.with(id, now, |i, cx| i.enter_fault(Reason::Removed, cx));
        }
    }

    /// The second half: from here on all numbers are those of `params`. A virtual router that was
    /// there before goes on in its state; new ones begin as at a start.
    pub fn reload(
        &mut self,
        params: impl Into<Rc<Params>>,
        kept: &Kept,
        world: World,
        now: Instant,
    ) {
        let old = core::mem::replace(self, Router::new(params));
        self.running = old.running;
        self.delayed = old.delayed;
        self.unrouted = old.unrouted;
        self.take_links(&old, kept, &world);
        self.take_phases(&old);
        self.take_watch(&old, kept, world, now);
        let Router {
            instances,
            mut sites,
            units,
            params: before,
            ..
        } = old;
        let mut instances: Vec<Option<Instance>> = instances.into_iter().map(Some).collect();
        for (new, old) in kept.instances.pairs() {
            let (at, from) = (usize::from(new), usize::from(old));
            let (Some(instance), Some(was)) = (instances.get_mut(from), before.instances.get(from))
            else {
                continue;
            };
            let (Some(instance), Some(site)) = (instance.take(), sites.get_mut(from)) else {
                continue;
            };
            self.go_on(at, instance, site, kept);
            self.reconfigure(InstanceId(new), was, kept, now);
        }
        if self.running {
            for at in 0..self.instances.len() {
                self.look(at, now);
            }
            for at in 0..self.units.len() {
                let group = self.units[at].group;
                let was = group.and_then(|group| kept.groups.old(group.0));
                let was = was.map(GroupId);
                let was = units.iter().find(|unit| unit.group == was && was.is_some());
                self.regroup(at, was.map(|unit| (unit.state, unit.last_transition)), now);
            }
        }
        self.out.seal();
    }

    fn take_links(&mut self, old: &Router, kept: &Kept, world: &World) {
        for (at, link) in self.links.iter_mut().enumerate() {
            let known = kept.interfaces.old(at as u16);
            let known = known.and_then(|was| old.links.get(usize::from(was)));
            let name = self.params.interfaces.get(at);
            if name.is_some_and(|name| name.is_empty()) {
                continue;
            }
            if let Some(known) = known.or_else(|| world.links.get(at)) {
                *link = *known;
            }
        }
    }

    fn take_phases(&mut self, old: &Router) {
        for phase in &mut self.phases {
            let same = |p: &&super::Phase| p.interval() == phase.interval();
            if let Some(known) = old.phases.iter().find(same) {
                phase.go_on(known);
            }
        }
    }

    fn take_watch(&mut self, old: &Router, kept: &Kept, world: World, now: Instant) {
        let active = self.running || self.delayed;
        self.watch.take_ports(&old.watch, kept, &mut self.links);
        self.watch.files = world.files;
        self.watch.files.resize(self.params.files.len(), 0);
        self.watch.broken = world.broken;
        self.watch
            .broken
            .resize(self.params.track_groups.len(), false);
        let scripts = self.watch.scripts.iter_mut().zip(&self.params.scripts);
        for (id, (script, params)) in (0..).map(ScriptId).zip(scripts) {
            let was = kept.scripts.old(id.0);
            match was.and_then(|was| old.watch.scripts.get(usize::from(was))) {
                Some(known) => {
                    *script = known.clone();
                    script.adjust(id, params, now, &mut self.out);
                }
                None if active => script.start(id, params, now, &mut self.out),
                None => {}
            }
        }
        for (site, usable) in self.sites.iter_mut().zip(world.usable) {
            site.usable = usable;
        }
    }

    /// Takes over an instance that was there before.
    fn go_on(&mut self, at: usize, instance: Instance, was: &mut Site, kept: &Kept) {
        let begun = instance.state() != State::Init;
        let (Some(slot), Some(site)) = (self.instances.get_mut(at), self.sites.get_mut(at)) else {
            return;
        };
        if instance.state() == State::Master
            && let Some(phase) = self.phases.get_mut(site.phase)
        {
            phase.carry_on();
        }
        *slot = instance;
        slot.core.why = slot.core.why.and_then(|why| renumbered(why, kept));
        site.resume = was.resume;
        // A script without a result is no reason for whoever goes on.
        site.trusting = was.trusting || begun;
        let reasons = core::mem::take(&mut was.reasons).into_iter();
        site.reasons = reasons
            .filter_map(|reason| renumbered(reason, kept))
            .collect();
    }

    fn reconfigure(&mut self, id: InstanceId, was: &InstanceParams, kept: &Kept, now: Instant) {
        let is = self.params.instances.get(usize::from(id.0));
        let adds = is.is_some_and(|is| kept.adds(was, is));
        self.with(id, now, |i, cx| i.reconfigure(was, adds, cx));
    }

    /// Brings a unit of the new configuration to the state that its members call for. Whoever is
    /// new in a group that is Master goes along with it.
    fn regroup(&mut self, at: usize, was: Option<(State, Option<Instant>)>, now: Instant) {
        let members = self.units[at].members.clone();
        let state = |id: &InstanceId| {
            let instance = self.instances.get(usize::from(id.0));
            instance.map_or(State::Init, Instance::state)
        };
        let begun = members.iter().find(|id| state(id) != State::Init).copied();
        let master = members
            .iter()
            .find(|id| state(id) == State::Master)
            .copied();
        let fresh: Vec<InstanceId> = members
            .iter()
            .filter(|id| state(id) == State::Init)
            .copied()
            .collect();
        let single = members.first().map_or(State::Init, state);
        let last = members.first().and_then(|id| {
            let instance = self.instances.get(usize::from(id.0))?;
            instance.core.last_transition
        });
        let unit = &mut self.units[at];
        (unit.state, unit.last_transition) = match (unit.group, was) {
            (Some(_), Some(was)) => was,
            (Some(_), None) => (State::Init, None),
            (None, _) => (single, last),
        };
        self.join(&fresh, master.is_some());
        let cause = match master.or(begun) {
            Some(by) => Cause::Member(by, Reason::Recovered, None),
            None => Cause::Start,
        };
        self.settle(at, cause, now);
        self.join(&fresh, false);
        for id in fresh {
            let waits = self.units.get(at).is_some_and(super::Unit::waits);
            let site = self.sites.get(usize::from(id.0)).filter(|_| waits);
            for &reason in site.into_iter().flat_map(|site| &site.reasons) {
                self.out.push(Action::Note(Note::Fault(id, reason, true)));
            }
        }
    }

    fn join(&mut self, fresh: &[InstanceId], joins: bool) {
        for id in fresh {
            if let Some(site) = self.sites.get_mut(usize::from(id.0)) {
                site.joins = joins;
            }
        }
    }
}

/// A reason in the new numbers; what it was about may be gone.
fn renumbered(reason: Reason, kept: &Kept) -> Option<Reason> {
    let iface = |id: crate::vrrp::IfaceId| kept.interfaces.new_of(id.0).map(crate::vrrp::IfaceId);
    Some(match reason {
        Reason::LinkDown(id) => Reason::LinkDown(iface(id)?),
        Reason::NoInterface(id) => Reason::NoInterface(iface(id)?),
        Reason::NoAddress(id) => Reason::NoAddress(iface(id)?),
        Reason::LinkUp(id) => Reason::LinkUp(iface(id)?),
        Reason::NoMulticast(id) => Reason::NoMulticast(iface(id)?),
        Reason::ScriptFailed(id) => Reason::ScriptFailed(kept.script(id)?),
        Reason::ScriptSucceeded(id) => Reason::ScriptSucceeded(kept.script(id)?),
        Reason::ScriptPending(id) => Reason::ScriptPending(kept.script(id)?),
        Reason::FileValue(id, value) => Reason::FileValue(kept.file(id)?, value),
        Reason::StaticMissing(_) | Reason::Group(..) => return None,
        other => other,
    })
}

#[cfg(test)]
mod tests;
