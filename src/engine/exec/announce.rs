//! Bursts of gratuitous ARP, one queue for all instances: round robin over the addresses of an
//! instance, a slice at a time over the instances. No sockets here.

use crate::vrrp::InstanceId;
use std::collections::VecDeque;

/// Rounds an instance still owes.
#[derive(Clone, Copy, Debug, Default)]
struct Burst {
    rounds: u8,
    next: u16,
    queued: bool,
}

/// All pending announcements.
#[derive(Debug)]
pub struct Announcements {
    bursts: Vec<Burst>,
    work: VecDeque<u16>,
}

impl Announcements {
    /// Nothing pending.
    pub fn new(instances: usize) -> Self {
        Announcements {
            bursts: vec![Burst::default(); instances],
            work: VecDeque::with_capacity(instances),
        }
    }

    /// `rounds` times every address of the instance, from the first on.
    pub fn start(&mut self, instance: InstanceId, rounds: u8) {
        let Some(burst) = self.bursts.get_mut(usize::from(instance.0)) else {
            return;
        };
        burst.rounds = burst.rounds.max(rounds);
        if burst.rounds > 0 && !burst.queued {
            burst.next = 0;
            burst.queued = true;
            self.work.push_back(instance.0);
        }
    }

    /// Forget what is pending: the instance is Master no more.
    pub fn cancel(&mut self, instance: InstanceId) {
        if let Some(burst) = self.bursts.get_mut(usize::from(instance.0)) {
            burst.rounds = 0;
        }
    }

    /// Whether anything is pending.
    pub fn busy(&self) -> bool {
        !self.work.is_empty()
    }

    /// The next address to announce; `count` tells how many addresses an instance has.
    pub fn next(&mut self, count: impl Fn(InstanceId) -> usize) -> Option<(InstanceId, u16)> {
        while let Some(&at) = self.work.front() {
            let instance = InstanceId(at);
            let burst = &mut self.bursts[usize::from(at)];
            let count = count(instance);
            if usize::from(burst.next) >= count {
                burst.next = 0;
                burst.rounds = burst.rounds.saturating_sub(1);
            }
            if burst.rounds == 0 || count == 0 {
                *burst = Burst::default();
                self.work.pop_front();
                continue;
            }
            burst.next += 1;
            return Some((instance, burst.next - 1));
        }
        None
    }

    /// Lets the next instance go first.
    pub fn rotate(&mut self) {
        if self.work.len() > 1 {
            self.work.rotate_left(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drain(a: &mut Announcements, count: usize) -> Vec<u16> {
        core::iter::from_fn(|| a.next(|_| count).map(|x| x.1)).collect()
    }

    #[test]
    fn rounds_go_over_all_addresses_in_turn() {
        let mut a = Announcements::new(1);
        a.start(InstanceId(0), 3);
        assert_eq!(drain(&mut a, 2), [0, 1, 0, 1, 0, 1]);
        assert!(!a.busy());
        a.start(InstanceId(0), 1);
        assert_eq!(drain(&mut a, 3), [0, 1, 2]);
    }

    #[test]
    fn a_cancelled_burst_stops_and_an_instance_without_addresses_never_hangs() {
        let mut a = Announcements::new(2);
        a.start(InstanceId(0), 5);
        assert_eq!(a.next(|_| 4), Some((InstanceId(0), 0)));
        a.cancel(InstanceId(0));
        a.start(InstanceId(1), 5);
        assert_eq!(drain(&mut a, 0), [0u16; 0]);
        assert!(!a.busy());
    }
}
