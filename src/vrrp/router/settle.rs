//! Decisions: what a unit's members call for together, and why.

use super::{Cause, Router, Site};
use crate::time::Instant;
use crate::vrrp::group::{self, Member};
use crate::vrrp::instance::Wish;
use crate::vrrp::receive::OWNER;
use crate::vrrp::{Action, InstanceId, Note, Reason, State, Transition, Who};

impl Router {
    /// Grants a wish, or lets the sync group refuse it.
    pub(super) fn consider(&mut self, id: InstanceId, wish: Wish, now: Instant) {
        let Some(unit) = self.sites.get(usize::from(id.0)).map(|site| site.unit) else {
            return;
        };
        match wish {
            Wish::Stay => {}
            Wish::Burst => self.others(unit, id, now, |i, cx| i.burst_with_group(cx)),
            Wish::Yield(reason, advert) => {
                self.settle(unit, Cause::Member(id, reason, Some(advert)), now);
            }
            Wish::Rise(reason) => {
                self.settle(unit, Cause::Member(id, reason, None), now);
                self.with(id, now, |i, cx| i.wait_for_group(cx));
            }
        }
    }

    /// Whether all that keeps a unit from its first state are scripts without a result.
    ///
    /// Compat: keepalived's instances begin in a FAULT that nobody is told of until these results
    /// are there. Here they have not begun, which is what notify scripts and peers see of it.
    fn only_waits(&self, unit: usize) -> bool {
        let Some(unit) = self.units.get(unit).filter(|unit| unit.waits()) else {
            return false;
        };
        !unit.members.iter().any(|&id| self.failed(id))
    }

    /// Brings a unit to the state that all its members together call for.
    pub(super) fn settle(&mut self, unit: usize, cause: Cause, now: Instant) {
        let Some(members) = self.units.get(unit).map(|unit| &unit.members) else {
            return;
        };
        let staying = members.iter().filter(|id| !self.is_gone(**id));
        let mut staying = staying.peekable();
        if staying.peek().is_none() {
            return;
        }
        let target = group::target(staying.map(|&id| Member {
            faulty: self.faulty(id),
            willing: self.willing(id, cause, now),
        }));
        if target == State::Fault && self.only_waits(unit) {
            return;
        }
        self.enter(unit, target, cause, now);
    }

    /// Takes every member of a unit that is not there yet to `target`, and tells of it.
    pub(super) fn enter(&mut self, at: usize, target: State, cause: Cause, now: Instant) {
        for member in 0..self.units[at].members.len() {
            let id = self.units[at].members[member];
            match self.note_vital(id).0 {
                from if from == target => continue,
                _ if self.is_gone(id) => continue,
                State::Fault => self.out.retract_faults(id),
                _ => {}
            }
            let reason = self.reason(at, id, target, cause);
            self.with(id, now, |i, cx| match (target, cause) {
                (State::Init, _) => i.enter_init(reason, cx),
                (State::Fault, _) => i.enter_fault(reason, cx),
                (State::Master, _) => i.enter_master(reason, cx),
                (State::Backup, Cause::Member(by, _, heard)) if by == id => {
                    i.enter_backup(reason, heard, cx);
                }
                (State::Backup, _) => i.enter_backup(reason, None, cx),
            });
            if target == State::Fault {
                self.say_more(id, reason);
            }
        }
        let Some(unit) = self.units.get(at).filter(|unit| unit.state != target) else {
            return;
        };
        let from = unit.state;
        let reason = self.unit_reason(at, target, cause);
        let unit = &mut self.units[at];
        unit.state = target;
        unit.last_transition = Some(now);
        if let Some(group) = unit.group {
            self.out.push(Action::Tell(Transition {
                who: Who::Group(group),
                from,
                to: target,
                priority: 0,
                reason,
            }));
        }
    }

    /// Whether a member would be Master if it were alone.
    fn willing(&self, id: InstanceId, cause: Cause, now: Instant) -> bool {
        let Some((params, instance)) = self.pair(id) else {
            return false;
        };
        // RFC 9568 §6.4.1: the owner starts as Master. Compat: with `state MASTER` only, which is
        // the default for priority 255.
        let owner = params.priority == OWNER && params.wants_master;
        match instance.state() {
            State::Init => owner || self.resumes(id, now) || self.joins(id),
            State::Fault => owner,
            State::Backup => instance.backup().is_some_and(|backup| backup.willing),
            State::Master => !matches!(cause, Cause::Member(by, _, Some(_)) if by == id),
        }
    }

    /// Whether an earlier worker was Master until less than two intervals ago.
    pub(super) fn resumes(&self, id: InstanceId, now: Instant) -> bool {
        let at = usize::from(id.0);
        match (self.sites.get(at), self.params.instances.get(at)) {
            (Some(site), Some(params)) => site
                .resume
                .is_some_and(|last| now.since(last) < params.advert_int.times(2)),
            _ => false,
        }
    }

    fn joins(&self, id: InstanceId) -> bool {
        self.sites.get(usize::from(id.0)).is_some_and(|s| s.joins)
    }

    fn is_gone(&self, id: InstanceId) -> bool {
        self.sites.get(usize::from(id.0)).is_some_and(|s| s.gone)
    }

    fn faulty(&self, id: InstanceId) -> bool {
        self.sites.get(usize::from(id.0)).is_some_and(Site::faulty)
    }

    /// Whether an instance has a fault of its own that is more than waiting.
    fn failed(&self, id: InstanceId) -> bool {
        let site = self.sites.get(usize::from(id.0));
        site.is_some_and(|site| !site.reasons.iter().all(waits))
    }

    /// What keeps a member in Fault beside the reason that was told.
    fn say_more(&mut self, id: InstanceId, told: Reason) {
        let reasons = self.sites.get(usize::from(id.0)).map(|site| &site.reasons);
        for &reason in reasons.into_iter().flatten() {
            if reason != told {
                self.out.push(Action::Note(Note::Fault(id, reason, true)));
            }
        }
    }

    /// Why member `id` goes to `target`.
    fn reason(&self, unit: usize, id: InstanceId, target: State, cause: Cause) -> Reason {
        if target == State::Init {
            return Reason::Stopping;
        }
        if target == State::Fault {
            let found = self.reasons(id).find(|reason| !waits(reason));
            return found
                .or_else(|| self.reasons(id).next())
                .unwrap_or(Reason::Started);
        }
        match (cause, self.units[unit].group) {
            (Cause::Member(by, _, _), Some(group)) if by != id => Reason::Group(group, by),
            (Cause::Member(_, reason, _), _) => reason,
            (Cause::Start, _) if target == State::Master => {
                match self.sites.get(usize::from(id.0)).and_then(|s| s.resume) {
                    Some(_) => Reason::Resumed,
                    None => Reason::Owner,
                }
            }
            (Cause::Start, _) => Reason::Started,
        }
    }

    /// Why a whole unit goes to `target`.
    fn unit_reason(&self, unit: usize, target: State, cause: Cause) -> Reason {
        let Some(group) = self.units[unit].group else {
            return Reason::Started;
        };
        let members = &self.units[unit].members;
        match (target, cause) {
            (State::Init, _) => Reason::Stopping,
            (State::Fault, _) => members
                .iter()
                .find(|&&id| self.failed(id))
                .or_else(|| members.iter().find(|&&id| self.faulty(id)))
                .map_or(Reason::Started, |&id| Reason::Group(group, id)),
            (_, Cause::Member(by, _, _)) => Reason::Group(group, by),
            (_, Cause::Start) => members
                .first()
                .map_or(Reason::Started, |&id| self.reason(unit, id, target, cause)),
        }
    }

    /// The other members of the sync group that have faults of their own.
    pub(super) fn faulty_others(
        &self,
        unit: usize,
        id: InstanceId,
    ) -> impl Iterator<Item = Reason> + '_ {
        self.units
            .get(unit)
            .into_iter()
            .filter_map(|unit| unit.group.map(|group| (group, &unit.members)))
            .flat_map(|(group, members)| members.iter().map(move |&other| (group, other)))
            .filter(move |&(_, other)| other != id && self.faulty(other))
            .map(|(group, other)| Reason::Group(group, other))
    }

    /// Settles every unit a member of which has become faulty or sound.
    pub(super) fn settle_changed(&mut self, now: Instant) {
        for at in 0..self.units.len() {
            let unit = &mut self.units[at];
            let cause = match unit.changed.take() {
                None => continue,
                Some(_) if unit.waits() => Cause::Start,
                Some(by) => Cause::Member(by, Reason::Recovered, None),
            };
            self.settle(at, cause, now);
        }
    }
}

/// Whether a reason is only that something is not known yet.
pub(super) fn waits(reason: &Reason) -> bool {
    matches!(reason, Reason::ScriptPending(_))
}
