//! What the room asks for, and what is told of it.

use super::Checks;
use crate::check::{Action, Change, CheckerId, Event, Note, Probe};
use crate::engine::exec::Hands;
use crate::engine::exec::child::{Children, Job};
use crate::engine::ids::Slot;
use crate::notify::Script;
use crate::time::Instant;

/// Queues of scripts of virtual and real servers are behind VRRP's, which have 17 bits.
const QUEUES: u32 = 1 << 30;

/// The queue of whoever has these names. A reload gives other numbers, and what ran before it is
/// still to end before the next script of the same one begins. Two that share a number by chance
/// wait for each other, no more.
fn queue(names: &[Option<&str>]) -> u32 {
    // FNV-1a.
    let bytes = names
        .iter()
        .flatten()
        .flat_map(|name| name.bytes().chain([0]));
    let hash = bytes.fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    QUEUES | (hash & (QUEUES - 1))
}

impl Checks {
    /// Gives an event to the room and does what it asks for.
    pub(super) fn tell(&mut self, event: Event<'_>, hands: &mut Hands, now: Instant) {
        self.room.handle(event, now);
        self.drain(hands, now);
    }

    pub(super) fn drain(&mut self, hands: &mut Hands, now: Instant) {
        while let Some(action) = self.room.next_action() {
            self.perform(action, hands, now);
        }
    }

    fn perform(&mut self, action: Action, hands: &mut Hands, now: Instant) {
        match action {
            Action::Open(id) => self.probes.ask(id),
            Action::Send(id) => self.probes.send(id),
            Action::Close(id) => match self.command(id) {
                Some(_) => self.programs.close(id, now),
                None => self.probes.close(id),
            },
            Action::Spawn(id) => {
                if let Some(command) = self.command(id) {
                    self.programs.ask(id, command);
                }
            }
            Action::Arm(id, at) => hands.wake(Slot::Checker(id), Some(at)),
            Action::Disarm(id) => hands.wake(Slot::Checker(id), None),
            Action::Table(id) => {
                if let Some(ipvs) = &mut self.ipvs {
                    ipvs.changed(id);
                }
            }
            Action::Tell(change) => {
                self.change(change, &mut hands.children);
                if let Some(post) = &mut hands.mail {
                    self.write(change, post, now);
                }
            }
            Action::Note(note) => self.note(note),
        }
    }

    /// The number of a checker's command, if it has one.
    pub(super) fn command(&self, id: CheckerId) -> Option<u16> {
        let params = self.room.params().checkers.get(usize::from(id.0))?;
        match params.probe {
            Probe::Misc { command, .. } => Some(command),
            _ => None,
        }
    }

    fn note(&self, note: Note) {
        let text = self.room.params().text(note);
        match note {
            Note::Verdict { up: false, .. } => log::warn!("{text}"),
            _ => log::info!("{text}"),
        }
    }

    /// A state changed: one line, then the script.
    fn change(&self, change: Change, children: &mut Children) {
        let params = self.room.params();
        let (up, object, script) = match change {
            // Its line came before.
            Change::Checker { .. } => return,
            Change::Real { real, up, .. } => {
                let of = self.reals.get(usize::from(real.0));
                let script = of.and_then(|s| {
                    if up {
                        s.up.as_deref()
                    } else {
                        s.down.as_deref()
                    }
                });
                let real = params.reals.get(usize::from(real.0));
                let service = real.and_then(|r| params.services.get(usize::from(r.service.0)));
                let names = [service.map(|s| &*s.name), real.map(|r| &*r.name)];
                (up, queue(&names), script)
            }
            Change::Quorum { service, up, .. } => {
                let of = self.services.get(usize::from(service.0));
                let script = of.and_then(|s| match up {
                    true => s.quorum_up.as_deref(),
                    false => s.quorum_down.as_deref(),
                });
                let service = params.services.get(usize::from(service.0));
                (up, queue(&[service.map(|s| &*s.name)]), script)
            }
        };
        let level = if up || self.stopping {
            log::Level::Info
        } else {
            log::Level::Warn
        };
        log::log!(level, "{}", params.text(change));
        if let Some(Script { argv, user }) = script {
            children.enqueue(Job {
                object,
                argv: argv.clone(),
                user: user.map(|c| (c.uid, c.gid)),
                stop: self.stopping,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vrrp::Kept;

    #[test]
    fn a_queue_of_scripts_is_known_by_name_and_never_one_of_vrrp() {
        let (a, b) = (queue(&[Some("a"), Some("b")]), queue(&[Some("a")]));
        assert_ne!(a, b);
        assert_ne!(a, queue(&[Some("ab")]));
        assert_eq!(b, queue(&[Some("a"), None]));
        for number in [a, b] {
            assert_eq!(
                crate::engine::exec::tell::Teller::queue(&Kept::default(), number),
                number,
                "a reload leaves it as it is"
            );
            assert!((1 << 30..1 << 31).contains(&number));
        }
    }
}
