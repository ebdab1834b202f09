//! What the kernel says of addresses that nobody asked for: leftovers, foreign ones, lost ones.

use super::job::{Job, Slot};
use super::{Gone, Jobs, OWNER, SECOND, Whose, list};
use crate::time::Instant;
use crate::vrrp::{IfaceId, InstanceId};
use core::net::IpAddr;

impl Jobs {
    /// The kernel lists or reports the address. Of our own only the start-up dump tells something new:
    /// later reports may be older than our own answers, and only take away doubt.
    pub fn found(&mut self, iface: IfaceId, address: IpAddr, prefix: u8, whose: Whose) {
        self.each(iface, address, prefix, |job, slot, _, _| {
            let slot = &mut job.slots[slot];
            *slot = match (*slot, whose) {
                (Slot::Doubtful, _) | (Slot::Absent, Whose::Leftover) => Slot::Present,
                (Slot::Absent, Whose::Others) => Slot::Foreign,
                (as_it_is, _) => as_it_is,
            };
        });
    }

    /// Before the start: an untagged address is a leftover too (keepalived before 2.2.8 tags none),
    /// unless it is the router's own: that of an owner, or the only one its interface has.
    pub fn take_untagged(&mut self, has_another: impl Fn(IfaceId, IpAddr) -> bool) {
        for (params, job) in self.params.instances.iter().zip(&mut self.jobs) {
            if params.priority == OWNER {
                continue;
            }
            for (address, slot) in list(params).zip(&mut job.slots) {
                if *slot == Slot::Foreign && has_another(address.iface, address.address) {
                    *slot = Slot::Present;
                }
            }
        }
    }

    /// Notifications were lost and a new dump begins: whatever is in place must be listed.
    pub fn doubt(&mut self) {
        for slot in self.jobs.iter_mut().flat_map(|job| &mut job.slots) {
            *slot = match *slot {
                Slot::Present => Slot::Doubtful,
                Slot::Foreign => Slot::Absent,
                as_it_is => as_it_is,
            };
        }
    }

    /// Puts back what is wanted and not there, where there is an interface for it: after a dump, or
    /// when the interface is back. Returns how many of them the dump should have listed.
    pub fn restore_missing(&mut self, exists: impl Fn(IfaceId) -> bool) -> usize {
        let mut missing = 0;
        for at in 0..self.jobs.len() {
            let job = &mut self.jobs[at];
            let mut again = false;
            for (slot, address) in list(&self.params.instances[at]).enumerate() {
                let doubtful = job.slots[slot] == Slot::Doubtful;
                if doubtful {
                    job.slots[slot] = Slot::Absent;
                }
                if job.wants(slot) && job.slots[slot] == Slot::Absent && exists(address.iface) {
                    job.put_back(slot);
                    missing += usize::from(doubtful);
                    again = true;
                }
            }
            if again {
                self.enqueue(InstanceId(at as u16));
            }
        }
        missing
    }

    /// After the start-up dump: everything found but not wanted goes. Returns how many addresses.
    pub fn remove_leftovers(&mut self) -> usize {
        let mut count = 0;
        for i in 0..self.jobs.len() {
            let job = &mut self.jobs[i];
            let left = job.slots.iter().filter(|s| **s == Slot::Present).count();
            if !job.wanted && left > 0 {
                count += left;
                job.rewind();
                self.enqueue(InstanceId(i as u16));
            }
        }
        count
    }

    /// The kernel says an address is gone. Who wants it gets it back, but no more often than once
    /// a second, however quick the other one is; `up`: its interface is, so somebody took it away.
    pub fn vanished(
        &mut self,
        iface: IfaceId,
        address: IpAddr,
        prefix: u8,
        up: bool,
        now: Instant,
    ) -> Gone {
        if now.since(self.second) >= SECOND && !self.waiting {
            self.next_second(now);
        }
        let (mut gone, mut waiting) = (Gone::Noted, self.waiting);
        self.each(iface, address, prefix, |job, slot, instance, work| {
            if !job.slots[slot].is_present() {
                return;
            }
            job.slots[slot] = Slot::Absent;
            if !job.wants(slot) || !up {
                return;
            }
            if job.may_put_back(slot) {
                job.put_back(slot);
                job.enqueue(instance, work);
                gone = Gone::Back(instance);
            } else {
                waiting = true;
                gone = Gone::Later(instance);
            }
        });
        self.waiting = waiting;
        gone
    }

    /// When [`Jobs::put_back`] has something to do.
    pub fn put_back_at(&self) -> Option<Instant> {
        self.waiting.then(|| self.second + SECOND)
    }

    /// Puts back what vanished too often to be put back at once.
    pub fn put_back(&mut self, exists: impl Fn(IfaceId) -> bool, now: Instant) {
        self.waiting = false;
        self.next_second(now);
        for (of, job) in self.params.instances.iter().zip(&mut self.jobs) {
            for (slot, address) in list(of).enumerate() {
                if job.wants(slot) && job.slots[slot] == Slot::Absent && exists(address.iface) {
                    job.may_put_back(slot);
                }
            }
        }
        self.restore_missing(exists);
    }

    fn next_second(&mut self, now: Instant) {
        self.second = now;
        self.jobs.iter_mut().for_each(Job::forget_put_back);
    }

    /// Asks once more for what the kernel refused. Returns whether there was anything.
    pub fn retry(&mut self) -> bool {
        let mut any = false;
        for at in 0..self.jobs.len() {
            let job = &mut self.jobs[at];
            if job.doubt_failures() {
                if job.settled {
                    job.repeat = 0;
                }
                job.retrying = true;
                job.rewind();
                self.enqueue(InstanceId(at as u16));
                any = true;
            }
        }
        any
    }
}
