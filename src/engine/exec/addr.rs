//! One address job per instance: what is wanted, what is there, what is on its way.
//!
//! `want` only sets a wish. `next_op` hands out one rtnetlink request at a time (the caller batches
//! them), `ack` takes the kernel's answer, `vanished` hears of an address someone removed. No
//! sockets here. Deletions go in reverse order, because deleting the first address of a subnet
//! silently takes its secondaries with it.

use crate::vrrp::{Address, IfaceId, InstanceId, Params};
use core::net::IpAddr;
use std::collections::VecDeque;

/// Requests that may be unanswered at one time; a power of two.
pub const IN_FLIGHT: usize = 256;

/// Where an address stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    Absent,
    Adding,
    Present,
    Deleting,
    /// An answer was lost: it may be there or not. Asking again is harmless either way, because
    /// EEXIST and EADDRNOTAVAIL count as done.
    Unknown,
    /// The kernel refused; not tried again until wanted anew.
    Failed,
}

/// The addresses of one instance.
#[derive(Debug)]
struct Job {
    wanted: bool,
    slots: Vec<Slot>,
    /// Next slot to look at: counts up when wanted, down when not.
    cursor: usize,
    queued: bool,
    unanswered: usize,
    /// Announcements per address once all are in place, the first included.
    repeat: u8,
    /// Some address was added, and so announced once already.
    added: bool,
    settled: bool,
}

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
    },
}

/// All address jobs.
#[derive(Debug)]
pub struct Jobs {
    jobs: Vec<Job>,
    addresses: Vec<Vec<Address>>,
    work: VecDeque<u16>,
    /// Instances that may have come to rest.
    resting: VecDeque<u16>,
    flights: Vec<Option<Op>>,
    next_seq: u32,
    unanswered: usize,
    /// Sorted: (address, prefix, interface) → (instance, slot).
    index: Vec<(IpAddr, u8, IfaceId, u16, u16)>,
}

/// errno EEXIST: the address is there already.
const EEXIST: i32 = 17;
/// errno ENODEV: the interface went away, and its addresses with it.
const ENODEV: i32 = 19;
/// errno EADDRNOTAVAIL: there is no such address to delete.
const EADDRNOTAVAIL: i32 = 99;
/// The same on MIPS.
const EADDRNOTAVAIL_MIPS: i32 = 126;

fn is_not_there(errno: i32) -> bool {
    let missing = if cfg!(any(target_arch = "mips", target_arch = "mips64")) {
        EADDRNOTAVAIL_MIPS
    } else {
        EADDRNOTAVAIL
    };
    errno == missing || errno == ENODEV
}

impl Jobs {
    /// Nothing wanted, nothing known to be there.
    pub fn new(params: &Params) -> Self {
        let addresses: Vec<Vec<Address>> = params
            .instances
            .iter()
            .map(|i| i.addresses.iter().chain(&i.excluded).cloned().collect())
            .collect();
        let mut index = Vec::new();
        for (i, list) in addresses.iter().enumerate() {
            for (s, a) in list.iter().enumerate() {
                index.push((a.address, a.prefix, a.iface, i as u16, s as u16));
            }
        }
        index.sort_unstable();
        let jobs = addresses
            .iter()
            .map(|l| Job::new(l.len()))
            .collect::<Vec<_>>();
        Jobs {
            work: VecDeque::with_capacity(jobs.len()),
            resting: VecDeque::with_capacity(jobs.len() * 2),
            jobs,
            addresses,
            flights: vec![None; IN_FLIGHT],
            next_seq: 1,
            unanswered: 0,
            index,
        }
    }

    /// The address behind an [`Op`] or [`Answer`].
    pub fn address(&self, instance: InstanceId, slot: u16) -> Option<&Address> {
        self.addresses
            .get(usize::from(instance.0))?
            .get(usize::from(slot))
    }

    /// Number of addresses of an instance.
    pub fn count(&self, instance: InstanceId) -> usize {
        self.addresses
            .get(usize::from(instance.0))
            .map_or(0, Vec::len)
    }

    /// Whether the address is known to be in place.
    pub fn present(&self, instance: InstanceId, slot: u16) -> bool {
        self.jobs
            .get(usize::from(instance.0))
            .and_then(|j| j.slots.get(usize::from(slot)))
            .is_some_and(|s| *s == Slot::Present)
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
        job.wanted = wanted;
        job.repeat = repeat;
        job.added = false;
        job.settled = false;
        for slot in &mut job.slots {
            if *slot == Slot::Failed {
                *slot = Slot::Unknown;
            }
        }
        job.rewind();
        self.enqueue(instance);
    }

    /// The kernel lists the address (start-up dump): it may be a leftover.
    pub fn found(&mut self, iface: IfaceId, address: IpAddr, prefix: u8) {
        self.each(iface, address, prefix, |job, slot, _, _| {
            if job.slots[slot] == Slot::Absent {
                job.slots[slot] = Slot::Present;
            }
        });
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

    /// The kernel says an address is gone. Returns whether it was wanted and is put back.
    pub fn vanished(&mut self, iface: IfaceId, address: IpAddr, prefix: u8) -> Option<InstanceId> {
        let mut again = None;
        self.each(iface, address, prefix, |job, slot, instance, work| {
            if job.slots[slot] == Slot::Present {
                job.slots[slot] = Slot::Absent;
                if job.wanted {
                    job.reconsider(slot);
                    job.enqueue(instance, work);
                    again = Some(instance);
                }
            }
        });
        again
    }

    /// The interface is gone, and every address on it.
    pub fn interface_gone(&mut self, iface: IfaceId) {
        for (list, job) in self.addresses.iter().zip(&mut self.jobs) {
            for (a, slot) in list.iter().zip(&mut job.slots) {
                if a.iface == iface && *slot == Slot::Present {
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
                    add: job.wanted,
                    instance: InstanceId(at),
                    slot: slot as u16,
                };
                job.slots[slot] = if op.add { Slot::Adding } else { Slot::Deleting };
                job.unanswered += 1;
                self.unanswered += 1;
                self.flights[seat] = Some(op);
                // 0 is the kernel's own sequence number in notifications.
                self.next_seq = self.next_seq.checked_add(1).unwrap_or(1);
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
        let again = done && job.wanted != op.add;
        if again {
            job.reconsider(slot);
            job.enqueue(op.instance, &mut self.work);
        }
        if job.unanswered == 0 && !job.queued {
            self.resting.push_back(op.instance.0);
        }
        match (done, op.add && !again) {
            (false, _) => Answer::Refused { op, errno },
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

    /// How many addresses of the instance are in place.
    pub fn held(&self, instance: InstanceId) -> usize {
        let job = self.jobs.get(usize::from(instance.0));
        job.map_or(0, |j| {
            j.slots.iter().filter(|s| **s == Slot::Present).count()
        })
    }

    /// Answers were lost (ENOBUFS): forget what is in flight; the caller re-dumps.
    pub fn lose_answers(&mut self) {
        self.flights.fill(None);
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

impl Job {
    fn new(len: usize) -> Self {
        Job {
            wanted: false,
            slots: vec![Slot::Absent; len],
            cursor: len,
            queued: false,
            unanswered: 0,
            repeat: 0,
            added: false,
            settled: true,
        }
    }

    fn enqueue(&mut self, instance: InstanceId, work: &mut VecDeque<u16>) {
        self.settled = false;
        if !self.queued {
            self.queued = true;
            work.push_back(instance.0);
        }
    }

    fn rewind(&mut self) {
        self.cursor = if self.wanted { 0 } else { self.slots.len() };
    }

    /// Makes sure the cursor still passes over `slot`.
    fn reconsider(&mut self, slot: usize) {
        self.cursor = if self.wanted {
            self.cursor.min(slot)
        } else {
            self.cursor.max(slot + 1)
        };
    }

    /// Moves to the next slot that is not as wanted and free to change.
    fn advance(&mut self) -> Option<usize> {
        if self.wanted {
            while self.cursor < self.slots.len() {
                self.cursor += 1;
                if matches!(self.slots[self.cursor - 1], Slot::Absent | Slot::Unknown) {
                    return Some(self.cursor - 1);
                }
            }
        } else {
            while self.cursor > 0 {
                self.cursor -= 1;
                if matches!(self.slots[self.cursor], Slot::Present | Slot::Unknown) {
                    return Some(self.cursor);
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vrrp::InstanceParams;
    use core::net::Ipv4Addr;
    use std::collections::BTreeSet;

    fn jobs(sizes: &[u8]) -> Jobs {
        let mut params = Params {
            interfaces: vec!["eth0".into()],
            ..Params::default()
        };
        for (n, size) in sizes.iter().enumerate() {
            let mut i = InstanceParams::new("V", IfaceId(0), n as u8 + 1);
            for a in 0..*size {
                i.addresses.push(Address {
                    address: IpAddr::V4(Ipv4Addr::new(10, 0, n as u8, a)),
                    prefix: 24,
                    iface: IfaceId(0),
                    scope: 0,
                    label: None,
                    broadcast: None,
                });
            }
            params.instances.push(i);
        }
        Jobs::new(&params)
    }

    /// A kernel: holds addresses; deleting the first of a /24 deletes the others with it.
    #[derive(Default)]
    struct Kernel {
        held: Vec<IpAddr>,
        gone: Vec<IpAddr>,
    }
    impl Kernel {
        fn apply(&mut self, add: bool, a: IpAddr) -> i32 {
            let at = self.held.iter().position(|x| *x == a);
            match (add, at) {
                (true, Some(_)) => EEXIST,
                (true, None) => {
                    self.held.push(a);
                    0
                }
                (false, None) => EADDRNOTAVAIL,
                (false, Some(at)) => {
                    let IpAddr::V4(v4) = a else { return 0 };
                    let net = v4.octets()[2];
                    let same = |x: &IpAddr| matches!(x, IpAddr::V4(x) if x.octets()[2] == net);
                    if self.held.iter().position(same) == Some(at) {
                        self.gone.extend(self.held.iter().copied().filter(same));
                        self.held.retain(|x| !same(x));
                    } else {
                        self.held.remove(at);
                        self.gone.push(a);
                    }
                    0
                }
            }
        }
    }

    fn settle(jobs: &mut Jobs, kernel: &mut Kernel) {
        for _ in 0..10_000 {
            let mut sent = Vec::new();
            while let Some(op) = jobs.next_op() {
                sent.push(op);
                if sent.len() == 64 {
                    jobs.rotate();
                    break;
                }
            }
            for op in &sent {
                let a = jobs.address(op.instance, op.slot).unwrap().address;
                let errno = kernel.apply(op.add, a);
                jobs.ack(op.seq, errno);
            }
            for a in std::mem::take(&mut kernel.gone) {
                jobs.vanished(IfaceId(0), a, 24);
            }
            if !jobs.busy() {
                return;
            }
        }
        panic!("never settles");
    }

    #[test]
    fn whatever_is_wanted_last_is_what_the_kernel_holds() {
        let mut rng: u32 = 1;
        let mut random = move |n: u32| {
            rng = rng.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (rng >> 8) % n
        };
        for _ in 0..300 {
            let mut jobs = jobs(&[3, 0, 200, 1]);
            let mut kernel = Kernel::default();
            let mut wanted = [false; 4];
            for _ in 0..20 {
                let i = random(4) as usize;
                wanted[i] = random(2) == 0;
                jobs.want(InstanceId(i as u16), wanted[i], 5);
                match random(4) {
                    0 => settle(&mut jobs, &mut kernel),
                    1 => {
                        // Some requests leave and are answered only later.
                        let ops: Vec<Op> = core::iter::from_fn(|| jobs.next_op()).take(7).collect();
                        let mut apply = |op: &Op| {
                            let a = jobs.address(op.instance, op.slot).unwrap().address;
                            kernel.apply(op.add, a)
                        };
                        let errnos: Vec<i32> = ops.iter().map(&mut apply).collect();
                        for (op, errno) in ops.iter().zip(errnos) {
                            if random(5) != 0 {
                                jobs.ack(op.seq, errno);
                            } else {
                                jobs.lose_answers();
                            }
                        }
                    }
                    _ => {}
                }
            }
            jobs.lose_answers();
            settle(&mut jobs, &mut kernel);
            let held: BTreeSet<IpAddr> = kernel.held.iter().copied().collect();
            let expect: BTreeSet<IpAddr> = (0..4)
                .filter(|i| wanted[*i])
                .flat_map(|i| jobs.addresses[i].iter().map(|a| a.address))
                .collect();
            assert_eq!(held, expect);
        }
    }

    #[test]
    fn leftovers_of_an_earlier_life_are_removed_unless_wanted() {
        let mut jobs = jobs(&[2, 2]);
        let mut kernel = Kernel::default();
        for (n, a) in [(0, 0), (0, 1), (1, 0)] {
            let a = IpAddr::V4(Ipv4Addr::new(10, 0, n, a));
            kernel.apply(true, a);
            jobs.found(IfaceId(0), a, 24);
        }
        jobs.want(InstanceId(1), true, 5);
        assert_eq!(jobs.remove_leftovers(), 2);
        settle(&mut jobs, &mut kernel);
        assert_eq!(kernel.held.len(), 2);
        assert!(jobs.present(InstanceId(1), 0) && jobs.present(InstanceId(1), 1));
        let rested: Vec<_> = core::iter::from_fn(|| jobs.next_rested()).collect();
        assert_eq!(rested, [(InstanceId(1), 4), (InstanceId(0), 0)]);
    }

    #[test]
    fn addresses_that_are_there_already_are_announced_in_full() {
        let mut jobs = jobs(&[1]);
        jobs.found(IfaceId(0), IpAddr::V4(Ipv4Addr::new(10, 0, 0, 0)), 24);
        jobs.want(InstanceId(0), true, 5);
        assert_eq!(jobs.next_op(), None);
        assert_eq!(jobs.next_rested(), Some((InstanceId(0), 5)));
        assert_eq!(jobs.next_rested(), None);
    }

    #[test]
    fn a_stale_answer_changes_nothing() {
        let mut jobs = jobs(&[1]);
        jobs.want(InstanceId(0), true, 5);
        let op = jobs.next_op().unwrap();
        assert_eq!(
            jobs.ack(op.seq.wrapping_add(IN_FLIGHT as u32), 0),
            Answer::Noted
        );
        assert!(matches!(
            jobs.ack(op.seq, 1),
            Answer::Refused { errno: 1, .. }
        ));
        assert_eq!(jobs.ack(op.seq, 0), Answer::Noted);
        assert!(!jobs.present(InstanceId(0), 0));
    }
}
