//! Numbers of the timers in the wheel: first those of the instances, then the engine's own, then
//! what has one timer of its own ([`Clock`]), then the checkers.

use crate::check::CheckerId;
use crate::vrrp::{Clock, IfaceId, InstanceId, Kept, Params, ScriptId, TIMERS, Timer};

/// Whose timer a number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// One of the timers of an instance.
    Instance(InstanceId, Timer),
    /// A timer of the engine itself, by its number there.
    Own(usize),
    /// A timer of the room that belongs to no instance.
    Clock(Clock),
    /// The one timer of a checker.
    Checker(CheckerId),
}

/// How many there are of everything that has timers.
#[derive(Clone, Copy, Debug)]
pub struct Ids {
    instances: usize,
    own: usize,
    scripts: usize,
    interfaces: usize,
    checkers: usize,
}

impl Ids {
    /// For these parameters, so many timers of the engine itself, and so many checkers.
    pub fn new(params: &Params, own: usize, checkers: usize) -> Self {
        Ids {
            instances: params.instances.len(),
            own,
            scripts: params.scripts.len(),
            interfaces: params.interfaces.len(),
            checkers,
        }
    }

    /// How many numbers are in use: 0 up to here.
    pub fn capacity(self) -> usize {
        self.first_checker() + self.checkers
    }

    /// The number of a timer; [`u32::MAX`] for one that does not exist.
    pub fn number(self, slot: Slot) -> u32 {
        let within = |at: u16, count: usize| Some(usize::from(at)).filter(|at| *at < count);
        let number = match slot {
            Slot::Instance(id, timer) => {
                within(id.0, self.instances).map(|at| at * TIMERS + timer as usize)
            }
            Slot::Own(which) => Some(self.instances * TIMERS + which).filter(|_| which < self.own),
            Slot::Clock(Clock::Startup) => Some(self.clocks()),
            Slot::Clock(Clock::Script(id)) => {
                within(id.0, self.scripts).map(|at| self.clocks() + 1 + at)
            }
            Slot::Clock(Clock::Interface(id)) => {
                within(id.0, self.interfaces).map(|at| self.clocks() + 1 + self.scripts + at)
            }
            Slot::Checker(id) => within(id.0, self.checkers).map(|at| self.first_checker() + at),
        };
        number
            .and_then(|number| u32::try_from(number).ok())
            .unwrap_or(u32::MAX)
    }

    /// Whose timer `number` is.
    pub fn slot(self, number: u32) -> Option<Slot> {
        let number = number as usize;
        if number < self.instances * TIMERS {
            let instance = InstanceId(u16::try_from(number / TIMERS).ok()?);
            return Some(Slot::Instance(instance, Timer::ALL[number % TIMERS]));
        }
        if number < self.clocks() {
            return Some(Slot::Own(number - self.instances * TIMERS));
        }
        if let Some(at) = number.checked_sub(self.first_checker()) {
            let id = u16::try_from(at).ok().map(CheckerId)?;
            return (at < self.checkers).then_some(Slot::Checker(id));
        }
        let Some(at) = (number - self.clocks()).checked_sub(1) else {
            return Some(Slot::Clock(Clock::Startup));
        };
        let clock = match at.checked_sub(self.scripts) {
            None => Clock::Script(ScriptId(u16::try_from(at).ok()?)),
            Some(at) if at < self.interfaces => Clock::Interface(IfaceId(u16::try_from(at).ok()?)),
            Some(_) => return None,
        };
        Some(Slot::Clock(clock))
    }

    /// What has become of a timer; `None`: its owner is gone. Checkers see to their own.
    pub fn moved(slot: Slot, kept: &Kept) -> Option<Slot> {
        Some(match slot {
            Slot::Instance(id, timer) => Slot::Instance(kept.instance(id)?, timer),
            Slot::Own(which) => Slot::Own(which),
            Slot::Clock(Clock::Startup) => Slot::Clock(Clock::Startup),
            Slot::Clock(Clock::Script(id)) => Slot::Clock(Clock::Script(kept.script(id)?)),
            Slot::Clock(Clock::Interface(id)) => {
                let iface = kept.interfaces.new_of(id.0)?;
                Slot::Clock(Clock::Interface(IfaceId(iface)))
            }
            Slot::Checker(_) => return None,
        })
    }

    /// The first number behind the engine's own.
    fn clocks(self) -> usize {
        self.instances * TIMERS + self.own
    }

    /// The first number behind those.
    fn first_checker(self) -> usize {
        self.clocks() + 1 + self.scripts + self.interfaces
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_belongs_to_one_timer_and_back() {
        let ids = Ids {
            instances: 3,
            own: 2,
            scripts: 4,
            interfaces: 2,
            checkers: 5,
        };
        assert_eq!(ids.capacity(), 3 * TIMERS + 2 + 1 + 4 + 2 + 5);
        for number in 0..ids.capacity() as u32 {
            let slot = ids.slot(number).unwrap();
            assert_eq!(ids.number(slot), number, "{slot:?}");
        }
        assert_eq!(ids.slot(ids.capacity() as u32), None);
        for stranger in [
            Slot::Instance(InstanceId(3), Timer::Advert),
            Slot::Own(2),
            Slot::Clock(Clock::Script(ScriptId(4))),
            Slot::Clock(Clock::Interface(IfaceId(2))),
            Slot::Checker(CheckerId(5)),
        ] {
            assert_eq!(ids.number(stranger), u32::MAX);
        }
    }
}
