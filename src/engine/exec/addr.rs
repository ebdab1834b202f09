//! One address job per instance: what is wanted, what is there, what is on its way.
//!
//! `want` only sets a wish. `next_op` hands out one rtnetlink request at a time (the caller batches
//! them), `ack` takes the kernel's answer, `vanished` hears of an address someone removed. No
//! sockets here. Deletions go in reverse order, because deleting the first address of a subnet
//! silently takes its secondaries with it.

mod job;
mod keep;
mod reload;

use crate::time::{Instant, Span};
use crate::vrrp::{Address, IfaceId, InstanceId, InstanceParams, Params};
use core::net::IpAddr;
use job::{Job, Slot};
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;

/// Requests that may be unanswered at one time; a power of two.
pub const IN_FLIGHT: usize = 256;

/// A request to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Op {
    /// Sequence number to send it with.
    pub seq: u32,
    /// Add, or delete.
    pub add: bool,
    /// Whose address.
    pub instance: InstanceId,
    /// Which of its addresses (see [`Jobs::address`]).
    pub slot: u16,
}

/// What an answer meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Nothing to do.
    Noted,
    /// The address is in place: announce it.
    Appeared(InstanceId, u16),
    /// The kernel refused with this errno.
    Refused {
        /// What was asked.
        op: Op,
        /// errno.
        errno: i32,
        /// It was refused before.
        known: bool,
    },
}

/// What follows when an address vanished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gone {
    /// Nothing: it was not wanted, or went with its interface.
    Noted,
    /// It is put back, for this instance.
    Back(InstanceId),
    /// It was put back a moment ago: it will be again, at [`Jobs::put_back_at`].
    Later(InstanceId),
}

/// Who put an address there that the kernel lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// An earlier run of ours; before the start only.
    Leftover,
    /// We did, or nobody can tell.
    Ours,
    /// By its tag, somebody else.
    Others,
}

/// All address jobs.
#[derive(Debug)]
pub struct Jobs {
    jobs: Vec<Job>,
    params: Rc<Params>,
    work: VecDeque<u16>,
    /// Instances that may have come to rest.
    resting: VecDeque<u16>,
    flights: Vec<Option<Op>>,
    next_seq: u32,
    /// No earlier request is unanswered.
    oldest: u32,
    unanswered: usize,
    /// The second in which an address is put back once, and whether one waits for its end.
    second: Instant,
    waiting: bool,
    /// Sorted: (address, prefix, interface) → (instance, slot).
    index: Vec<(IpAddr, u8, IfaceId, u16, u16)>,
}

/// Priority of a router that owns its addresses (RFC 9568 §5.2.4).
const OWNER: u8 = 255;
/// errno EEXIST: the address is there already.
pub(super) const EEXIST: i32 = 17;
/// errno ENODEV: the interface went away, and its addresses with it.
pub(super) const ENODEV: i32 = 19;

/// How long an address that was put back stays away if it is taken again.
const SECOND: Span = Span::from_secs(1);

/// The sequence number after this one: 0 is the kernel's own, and the upper half is that of routes.
fn after(seq: u32) -> u32 {
    match seq.wrapping_add(1) {
        0 | super::route::SEQUENCES => 1,
        next => next,
    }
}

/// Whether there is no such address to delete. EADDRNOTAVAIL is not the same number everywhere (126
/// on MIPS), so the standard library is asked.
pub(super) fn is_not_there(errno: i32) -> bool {
    let kind = io::Error::from_raw_os_error(errno).kind();
    kind == io::ErrorKind::AddrNotAvailable || errno == ENODEV
}

impl Jobs {
    /// Nothing wanted, nothing known to be there.
    pub fn new(params: &Rc<Params>) -> Self {
        let mut index = Vec::new();
        for (i, of) in params.instances.iter().enumerate() {
            for (s, a) in list(of).enumerate() {
                index.push((a.address, a.prefix, a.iface, i as u16, s as u16));
            }
        }
        index.sort_unstable();
        let jobs = params
            .instances
            .iter()
            .map(|i| Job::new(i.addresses.len() + i.excluded.len()))
            .collect::<Vec<_>>();
        Jobs {
            work: VecDeque::with_capacity(jobs.len()),
            resting: VecDeque::with_capacity(jobs.len() * 2),
            jobs,
            params: Rc::clone(params),
            flights: vec![None; IN_FLIGHT],
            next_seq: 1,
            oldest: 1,
            unanswered: 0,
            second: Instant::ZERO,
            waiting: false,
            index,
        }
    }

    /// The address behind an [`Op`] or [`Answer`].
    pub fn address(&self, instance: InstanceId, slot: u16) -> Option<&Address> {
        address(&self.params, instance, slot)
    }

    /// Number of addresses of an instance.
    pub fn count(&self, instance: InstanceId) -> usize {
        self.jobs
            .get(usize::from(instance.0))
            .map_or(0, |job| job.slots.len())
    }

    /// Whether the address is known to be in place.
    pub fn present(&self, instance: InstanceId, slot: u16) -> bool {
        self.jobs
            .get(usize::from(instance.0))
            .and_then(|j| j.slots.get(usize::from(slot)))
            .is_some_and(|s| s.is_present())
    }

    /// Whether the address may be there because of us.
    pub fn ours(&self, instance: InstanceId, slot: u16) -> bool {
        let job = self.jobs.get(usize::from(instance.0));
        let slot = job.and_then(|job| job.slots.get(usize::from(slot)));
        slot.is_some_and(|slot| !matches!(slot, Slot::Absent | Slot::Foreign | Slot::Failed))
    }

    /// Whether all addresses of the instance are in place (or refused).
    pub fn settled(&self, instance: InstanceId) -> bool {
        self.jobs
            .get(usize::from(instance.0))
            .is_some_and(|j| j.settled)
    }

    /// Whether requests wait to be sent or answered.
    pub fn busy(&self) -> bool {
        self.unanswered > 0 || !self.work.is_empty()
    }

    /// Whether [`Jobs::next_op`] may have something.
    pub fn has_work(&self) -> bool {
        !self.work.is_empty() && self.unanswered < IN_FLIGHT
    }

    /// Sets the wish. `repeat`: announcements per address once claimed.
    pub fn want(&mut self, instance: InstanceId, wanted: bool, repeat: u8) {
        let Some(job) = self.jobs.get_mut(usize::from(instance.0)) else {
            return;
        };
        if !(job.wanted && wanted) {
            job.fresh = None;
        }
        job.wanted = wanted;
        job.young = wanted;
        job.repeat = repeat;
        job.added = false;
        job.settled = false;
        job.retrying = false;
        job.doubt_failures();
        job.rewind();
        self.enqueue(instance);
    }

    /// Bursts are about all addresses again, not only about what a reload has added.
    pub fn announce_all(&mut self, instance: InstanceId) {
        if let Some(job) = self.jobs.get_mut(usize::from(instance.0)) {
            job.fresh = None;
        }
    }

    /// What a claim announced is announced for the second time.
    pub fn announced_again(&mut self, instance: InstanceId) {
        if let Some(job) = self.jobs.get_mut(usize::from(instance.0)) {
            job.young = false;
        }
    }

    /// Whether a burst is to announce this address.
    pub fn announces(&self, instance: InstanceId, slot: u16) -> bool {
        let job = self.jobs.get(usize::from(instance.0));
        self.present(instance, slot) && job.is_some_and(|job| job.announces(slot.into()))
    }

    /// Announcements to make once the instance has come to rest.
    pub fn owe(&mut self, instance: InstanceId, repeat: u8) {
        if let Some(job) = self.jobs.get_mut(usize::from(instance.0)) {
            job.repeat = job.repeat.max(repeat);
        }
    }

    /// The interface is gone, and every address on it.
    pub fn interface_gone(&mut self, iface: IfaceId) {
        for (of, job) in self.params.instances.iter().zip(&mut self.jobs) {
            for (a, slot) in list(of).zip(&mut job.slots) {
                if a.iface == iface && slot.is_present() {
                    *slot = Slot::Absent;
                }
            }
        }
    }

    /// The next request to send, if there is one and an answer slot is free.
    pub fn next_op(&mut self) -> Option<Op> {
        while let Some(&at) = self.work.front() {
            let seat = self.next_seq as usize % IN_FLIGHT;
            if self.flights[seat].is_some() {
                return None;
            }
            let job = &mut self.jobs[usize::from(at)];
            if let Some(slot) = job.advance() {
                let op = Op {
                    seq: self.next_seq,
                    add: job.wants(slot),
                    instance: InstanceId(at),
                    slot: slot as u16,
                };
                job.slots[slot] = if op.add { Slot::Adding } else { Slot::Deleting };
                job.unanswered += 1;
                self.unanswered += 1;
                self.flights[seat] = Some(op);
                self.next_seq = after(self.next_seq);
                return Some(op);
            }
            job.queued = false;
            if job.unanswered == 0 {
                self.resting.push_back(at);
            }
            self.work.pop_front();
        }
        None
    }

    /// Lets the next job go first, so that a small one does not wait for a large one.
    pub fn rotate(&mut self) {
        if self.work.len() > 1 {
            self.work.rotate_left(1);
        }
    }

    /// The oldest unanswered request before `seq`. The kernel works in order and always tells of a
    /// failure, so with the answer to `seq` it is known to have succeeded.
    pub fn before(&mut self, seq: u32) -> Option<u32> {
        let flight = |at: u32| self.flights[at as usize % IN_FLIGHT].filter(|op| op.seq == at);
        flight(seq)?;
        while self.oldest != seq {
            let at = self.oldest;
            if flight(at).is_some() {
                return Some(at);
            }
            self.oldest = after(at);
        }
        None
    }

    /// The kernel's answer to `seq`: 0 or an errno. Stale answers are dropped.
    pub fn ack(&mut self, seq: u32, errno: i32) -> Answer {
        let seat = seq as usize % IN_FLIGHT;
        let Some(op) = self.flights[seat].filter(|op| op.seq == seq) else {
            return Answer::Noted;
        };
        self.flights[seat] = None;
        self.unanswered = self.unanswered.saturating_sub(1);
        let slot = usize::from(op.slot);
        let Some(job) = self.jobs.get_mut(usize::from(op.instance.0)) else {
            return Answer::Noted;
        };
        job.unanswered = job.unanswered.saturating_sub(1);
        let done = if op.add {
            errno == 0 || errno == EEXIST
        } else {
            errno == 0 || is_not_there(errno)
        };
        job.slots[slot] = match (done, op.add) {
            (true, true) => Slot::Present,
            (true, false) => Slot::Absent,
            (false, _) => Slot::Failed,
        };
        job.added |= done && op.add;
        let known = job.retrying;
        let again = done && job.wants(slot) != op.add;
        if again {
            job.reconsider(slot);
            job.enqueue(op.instance, &mut self.work);
        }
        if job.unanswered == 0 && !job.queued {
            self.resting.push_back(op.instance.0);
        }
        match (done, op.add && !again) {
            (false, _) => Answer::Refused { op, errno, known },
            (true, true) => Answer::Appeared(op.instance, op.slot),
            (true, false) => Answer::Noted,
        }
    }

    /// The next instance that has come to rest, and the rounds of announcements it still owes
    /// (0 when its addresses were taken away). Each rest is told once.
    pub fn next_rested(&mut self) -> Option<(InstanceId, u8)> {
        while let Some(at) = self.resting.pop_front() {
            let job = &mut self.jobs[usize::from(at)];
            if job.settled || job.queued || job.unanswered > 0 {
                continue;
            }
            job.settled = true;
            let announced = u8::from(job.added);
            let rounds = if job.wanted {
                job.repeat.saturating_sub(announced)
            } else {
                0
            };
            return Some((InstanceId(at), rounds));
        }
        None
    }

    /// How many addresses of the instance are in place and ours to delete.
    pub fn held(&self, instance: InstanceId) -> usize {
        let ours = |slot: &&Slot| matches!(slot, Slot::Present | Slot::Doubtful);
        let job = self.jobs.get(usize::from(instance.0));
        job.map_or(0, |j| j.slots.iter().filter(ours).count())
    }

    /// Answers were lost (ENOBUFS): forget what is in flight; the caller re-dumps.
    pub fn lose_answers(&mut self) {
        self.flights.fill(None);
        self.oldest = self.next_seq;
        self.unanswered = 0;
        for i in 0..self.jobs.len() {
            let job = &mut self.jobs[i];
            if job.unanswered == 0 {
                continue;
            }
            job.unanswered = 0;
            for slot in &mut job.slots {
                if matches!(slot, Slot::Adding | Slot::Deleting) {
                    *slot = Slot::Unknown;
                }
            }
            job.rewind();
            self.enqueue(InstanceId(i as u16));
        }
    }

    fn enqueue(&mut self, instance: InstanceId) {
        self.jobs[usize::from(instance.0)].enqueue(instance, &mut self.work);
    }

    fn each(
        &mut self,
        iface: IfaceId,
        address: IpAddr,
        prefix: u8,
        mut act: impl FnMut(&mut Job, usize, InstanceId, &mut VecDeque<u16>),
    ) {
        let from = self
            .index
            .partition_point(|e| (e.0, e.1, e.2) < (address, prefix, iface));
        for e in &self.index[from..] {
            if (e.0, e.1, e.2) != (address, prefix, iface) {
                break;
            }
            let job = &mut self.jobs[usize::from(e.3)];
            act(job, usize::from(e.4), InstanceId(e.3), &mut self.work);
        }
    }
}

/// The address in a slot of an instance.
pub(super) fn address(params: &Params, instance: InstanceId, slot: u16) -> Option<&Address> {
    let of = params.instances.get(usize::from(instance.0))?;
    let slot = usize::from(slot);
    match slot.checked_sub(of.addresses.len()) {
        None => of.addresses.get(slot),
        Some(slot) => of.excluded.get(slot),
    }
}

/// All addresses of an instance, in the order of their slots.
fn list(of: &InstanceParams) -> impl Iterator<Item = &Address> {
    of.addresses.iter().chain(&of.excluded)
}

#[cfg(test)]
mod tests;
