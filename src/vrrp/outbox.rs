//! The queue of actions: filled during one event in any order, drained in phases.

use super::{Action, InstanceId, Note, Who};

/// Actions of one event, then of all events not drained yet.
pub(super) struct Outbox {
    /// What the event at hand has asked for, in the order it was asked.
    stage: Vec<Action>,
    /// What is ready to be taken, in phases.
    ready: Vec<Action>,
    /// How many of `ready` were taken.
    taken: usize,
    /// Actions there is room for when nothing special happens.
    usual: usize,
}

/// Number of phases.
const PHASES: u8 = 8;

/// The order in which the actions of one event leave the room: first what the network must learn,
/// then the addresses, then what can wait; instances are told before their groups.
fn phase(action: &Action) -> u8 {
    match action {
        Action::Advertise { .. } => 0,
        Action::Claim { .. } | Action::Release(_) => 1,
        Action::Announce { .. }
        | Action::AnnounceAgain { .. }
        | Action::AnnounceElsewhere(_)
        | Action::AnnounceSource(_) => 2,
        Action::Arm(..) | Action::Disarm(..) | Action::Wake(..) | Action::Run(_) => 3,
        // What goes with a change of state comes behind it.
        Action::Note(Note::Fault(..)) => 7,
        Action::Note(_) => 4,
        Action::Tell(transition) => match transition.who {
            Who::Instance(_) => 5,
            Who::Group(_) => 6,
        },
    }
}

impl Outbox {
    /// Room for `capacity` actions before anything is allocated.
    pub fn with_capacity(capacity: usize) -> Self {
        Outbox {
            stage: Vec::with_capacity(capacity),
            ready: Vec::with_capacity(capacity),
            taken: 0,
            usual: capacity,
        }
    }

    /// Asks for something.
    pub fn push(&mut self, action: Action) {
        self.stage.push(action);
    }

    /// Takes back what the event at hand has said about reasons for Fault: it ended.
    pub fn retract_faults(&mut self, of: InstanceId) {
        self.stage
            .retain(|action| !matches!(action, Action::Note(Note::Fault(id, ..)) if *id == of));
    }

    /// The event is over: what it asked for becomes ready.
    pub fn seal(&mut self) {
        if let [only] = self.stage[..] {
            self.ready.push(only);
        } else {
            let wanted = self.stage.iter().fold(0, |set, a| set | 1u8 << phase(a));
            for at in (0..PHASES).filter(|at| wanted & 1 << at != 0) {
                self.ready
                    .extend(self.stage.iter().filter(|a| phase(a) == at));
            }
        }
        self.stage.clear();
    }

    /// Takes the next action.
    pub fn next(&mut self) -> Option<Action> {
        let action = self.ready.get(self.taken).copied();
        if action.is_some() {
            self.taken += 1;
        } else {
            // From the front again: pages that were never needed stay untouched.
            self.ready.clear();
            self.taken = 0;
            // What an upheaval (the start, an interface that fell) needed is not needed for long.
            for queue in [&mut self.stage, &mut self.ready] {
                if queue.capacity() > self.usual.saturating_mul(2) {
                    queue.shrink_to(self.usual);
                }
            }
        }
        action
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Instant;
    use crate::vrrp::{GroupId, Reason, State, Timer, Transition};

    #[test]
    fn leaves_in_phases_and_keeps_the_order_within_one() {
        let tell = |who| {
            Action::Tell(Transition {
                who,
                from: State::Backup,
                to: State::Master,
                priority: 100,
                reason: Reason::Owner,
            })
        };
        let (a, b) = (InstanceId(0), InstanceId(1));
        let advert = |instance| Action::Advertise {
            instance,
            priority: 100,
            sequence: 0,
            revision: 0,
        };
        let arm = Action::Arm(a, Timer::Advert, Instant::ZERO);
        let mut out = Outbox::with_capacity(8);
        for action in [
            tell(Who::Group(GroupId(0))),
            tell(Who::Instance(a)),
            arm,
            Action::Release(a),
            advert(a),
            tell(Who::Instance(b)),
            advert(b),
        ] {
            out.push(action);
        }
        out.seal();
        out.push(Action::Release(b));
        out.seal();
        let order: Vec<Action> = core::iter::from_fn(|| out.next()).collect();
        assert_eq!(
            order,
            [
                advert(a),
                advert(b),
                Action::Release(a),
                arm,
                tell(Who::Instance(a)),
                tell(Who::Instance(b)),
                tell(Who::Group(GroupId(0))),
                Action::Release(b),
            ]
        );
        assert_eq!(out.next(), None);
    }
}
