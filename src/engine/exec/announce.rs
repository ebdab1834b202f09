//! Bursts of announcements: round robin over the addresses of an instance, a slice at a time over
//! the instances. What is to be paced goes through queues of its own, one per interface or group
//! and family. No sockets here.

use crate::time::{Instant, Span};
use crate::vrrp::{Address, IfaceId, InstanceId, Kept, Params};
use std::collections::VecDeque;

/// Rounds an instance still owes in one queue.
#[derive(Clone, Copy, Debug, Default)]
struct Burst {
    instance: u16,
    queue: u16,
    next: u16,
    rounds: u8,
    queued: bool,
}

/// Bursts that take turns.
#[derive(Debug, Default)]
struct Queue {
    work: VecDeque<u16>,
    /// Pause between two frames; zero in the first queue alone.
    interval: Span,
    /// When the next frame may leave.
    next: Instant,
}

/// All pending announcements.
#[derive(Debug)]
pub struct Announcements {
    /// By instance.
    bursts: Vec<Burst>,
    /// The first is not paced.
    queues: Vec<Queue>,
    /// The queues of IPv4 and of IPv6 of each interface; empty if nothing is paced.
    lanes: Vec<[u16; 2]>,
}

/// The queue of what is not paced.
const UNPACED: u16 = 0;

impl Announcements {
    /// Nothing pending.
    pub fn new(params: &Params) -> Self {
        let mut this = Announcements {
            bursts: Vec::new(),
            queues: vec![Queue::default()],
            lanes: Vec::new(),
        };
        this.lay_lanes(params);
        for (at, instance) in params.instances.iter().enumerate() {
            let from = this.bursts.len();
            for address in instance.addresses.iter().chain(&instance.excluded) {
                let queue = this.lane(address);
                if this.bursts[from..].iter().all(|b| b.queue != queue) {
                    this.bursts.push(Burst {
                        instance: at as u16,
                        queue,
                        ..Burst::default()
                    });
                }
            }
        }
        for (at, queue) in this.queues.iter_mut().enumerate() {
            let users = this.bursts.iter().filter(|b| usize::from(b.queue) == at);
            queue.work.reserve_exact(users.count());
        }
        this
    }

    /// A reload: what is pending goes on, from the first address again.
    pub fn reload(&mut self, params: &Params, kept: &Kept) {
        let old = core::mem::replace(self, Announcements::new(params));
        for (is, was) in kept.instances.pairs() {
            let bursts = old.of(InstanceId(was)).map(|at| old.bursts[at].rounds);
            let rounds = bursts.max().unwrap_or(0);
            if rounds > 0 {
                self.start(InstanceId(is), rounds);
            }
        }
    }

    /// One queue for each interface or group and family that has an interval.
    fn lay_lanes(&mut self, params: &Params) {
        let mut groups: Vec<(u16, usize, u16)> = Vec::new();
        for port in &params.ports {
            for (family, interval) in [port.garp_interval, port.gna_interval].iter().enumerate() {
                if interval.is_zero() {
                    continue;
                }
                let same = port.pacing.and_then(|group| {
                    let found = groups.iter().find(|g| (g.0, g.1) == (group, family));
                    found.map(|g| g.2)
                });
                let queue = same.unwrap_or_else(|| {
                    self.queues.push(Queue {
                        interval: *interval,
                        ..Queue::default()
                    });
                    (self.queues.len() - 1) as u16
                });
                if let Some(group) = port.pacing {
                    groups.push((group, family, queue));
                }
                self.lanes.resize(params.interfaces.len(), [UNPACED; 2]);
                if let Some(lanes) = self.lanes.get_mut(usize::from(port.iface.0)) {
                    lanes[family] = queue;
                }
            }
        }
    }

    /// The queue an address is announced through.
    fn lane(&self, address: &Address) -> u16 {
        self.lane_of(address.iface, address.address.is_ipv4())
    }

    fn lane_of(&self, iface: IfaceId, ipv4: bool) -> u16 {
        let lanes = self.lanes.get(usize::from(iface.0));
        lanes.map_or(UNPACED, |lanes| lanes[usize::from(!ipv4)])
    }

    /// `rounds` times every address of the instance, from the first on.
    pub fn start(&mut self, instance: InstanceId, rounds: u8) {
        for at in self.of(instance) {
            let burst = &mut self.bursts[at];
            burst.rounds = burst.rounds.max(rounds);
            self.enqueue(at, 0);
        }
    }

    /// The same, after what is still pending of the first round.
    pub fn follow(&mut self, instance: InstanceId, rounds: u8) {
        for at in self.of(instance) {
            let burst = &mut self.bursts[at];
            // In step with all others the first round is over: each was announced as it came.
            burst.rounds = match burst.queued && burst.queue != UNPACED {
                true => burst.rounds.saturating_add(rounds),
                false => burst.rounds.max(rounds),
            };
            self.enqueue(at, 0);
        }
    }

    /// An address is in place: whether it may be announced at once. If not, its turn will come.
    pub fn appeared(
        &mut self,
        instance: InstanceId,
        slot: u16,
        address: &Address,
        now: Instant,
    ) -> bool {
        let lane = self.lane(address);
        let Some(queue) = self.queues.get_mut(usize::from(lane)) else {
            return true;
        };
        if lane == UNPACED {
            return true;
        }
        if queue.work.is_empty() && queue.next <= now {
            queue.next = now + queue.interval;
            return true;
        }
        let mut bursts = self.of(instance);
        if let Some(at) = bursts.find(|at| self.bursts[*at].queue == lane)
            && !self.bursts[at].queued
        {
            self.bursts[at].rounds = 1;
            self.enqueue(at, slot);
        }
        false
    }

    fn of(&self, instance: InstanceId) -> core::ops::Range<usize> {
        let from = self.bursts.partition_point(|b| b.instance < instance.0);
        let to = self.bursts.partition_point(|b| b.instance <= instance.0);
        from..to
    }

    fn enqueue(&mut self, at: usize, slot: u16) {
        let burst = &mut self.bursts[at];
        if burst.rounds > 0 && !burst.queued {
            burst.next = slot;
            burst.queued = true;
            self.queues[usize::from(burst.queue)]
                .work
                .push_back(at as u16);
        }
    }

    /// Forget what is pending: the instance is Master no more.
    pub fn cancel(&mut self, instance: InstanceId) {
        for at in self.of(instance) {
            self.bursts[at].rounds = 0;
        }
    }

    /// Whether the instance owes announcements.
    pub fn pending(&self, instance: InstanceId) -> bool {
        self.of(instance).any(|at| self.bursts[at].queued)
    }

    /// Whether anything is to be announced now.
    pub fn busy(&self, now: Instant) -> bool {
        self.queues
            .iter()
            .any(|q| !q.work.is_empty() && q.next <= now)
    }

    /// When a paced queue goes on.
    pub fn deadline(&self) -> Option<Instant> {
        let paced = self.queues.iter().skip(1).filter(|q| !q.work.is_empty());
        paced.map(|q| q.next).min()
    }

    /// The next address to announce; `address` tells what stands in a slot of an instance: nothing
    /// behind the last one, and whether it is in place.
    pub fn next<'a>(
        &mut self,
        now: Instant,
        address: impl Fn(InstanceId, u16) -> Option<(&'a Address, bool)>,
    ) -> Option<(InstanceId, u16)> {
        for at in 0..self.queues.len() {
            if self.queues[at].next > now {
                continue;
            }
            if let Some(found) = self.next_of(at, &address) {
                let queue = &mut self.queues[at];
                if at != usize::from(UNPACED) {
                    queue.next = now + queue.interval;
                }
                return Some(found);
            }
        }
        None
    }

    fn next_of<'a>(
        &mut self,
        queue: usize,
        address: &impl Fn(InstanceId, u16) -> Option<(&'a Address, bool)>,
    ) -> Option<(InstanceId, u16)> {
        while let Some(&at) = self.queues[queue].work.front() {
            let mut burst = self.bursts[usize::from(at)];
            let instance = InstanceId(burst.instance);
            while burst.rounds > 0 {
                let slot = burst.next;
                match address(instance, slot) {
                    Some((a, present)) => {
                        burst.next += 1;
                        if present && usize::from(self.lane(a)) == queue {
                            self.bursts[usize::from(at)] = burst;
                            return Some((instance, slot));
                        }
                    }
                    None => {
                        burst.next = 0;
                        burst.rounds -= 1;
                    }
                }
            }
            (burst.next, burst.queued) = (0, false);
            self.bursts[usize::from(at)] = burst;
            self.queues[queue].work.pop_front();
        }
        None
    }

    /// Lets the next instance go first.
    pub fn rotate(&mut self) {
        for queue in &mut self.queues {
            if queue.work.len() > 1 {
                queue.work.rotate_left(1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vrrp::{InstanceParams, PortParams};
    use core::net::IpAddr;

    const ETH0: IfaceId = IfaceId(0);
    const ETH1: IfaceId = IfaceId(1);

    /// Two instances on eth0 with `count` addresses each.
    fn params(count: u8) -> Params {
        let instance = |n: u8| {
            let mut i = InstanceParams::new("V", ETH0, n + 1);
            let address = |a| Address::new(IpAddr::from([10, 0, n, a]), 24, ETH0);
            i.addresses = (0..count).map(address).collect();
            i
        };
        Params {
            interfaces: vec!["eth0".into(), "eth1".into()],
            instances: [0, 1].map(instance).into(),
            ..Params::default()
        }
    }

    fn port(iface: IfaceId, millis: [u64; 2], pacing: Option<u16>) -> PortParams {
        PortParams {
            iface,
            down_delay: Span::ZERO,
            up_delay: Span::ZERO,
            garp_interval: Span::from_millis(millis[0]),
            gna_interval: Span::from_millis(millis[1]),
            pacing,
        }
    }

    fn look<'a>(params: &'a Params) -> impl Fn(InstanceId, u16) -> Option<(&'a Address, bool)> {
        move |i, slot| {
            let of = &params.instances[usize::from(i.0)];
            let found = of.addresses.iter().chain(&of.excluded).nth(slot.into());
            found.map(|a| (a, true))
        }
    }

    fn drain(a: &mut Announcements, params: &Params) -> Vec<u16> {
        core::iter::from_fn(|| a.next(Instant::ZERO, look(params)).map(|x| x.1)).collect()
    }

    #[test]
    fn rounds_go_over_all_addresses_in_turn() {
        let p = params(2);
        let mut a = Announcements::new(&p);
        a.start(InstanceId(0), 3);
        assert_eq!(drain(&mut a, &p), [0, 1, 0, 1, 0, 1]);
        assert!(!a.busy(Instant::ZERO));
        a.start(InstanceId(0), 1);
        assert_eq!(drain(&mut a, &p), [0, 1]);
        assert!(a.appeared(
            InstanceId(0),
            0,
            &p.instances[0].addresses[0],
            Instant::ZERO
        ));
        assert!(!a.busy(Instant::ZERO), "announced by the caller");
    }

    #[test]
    fn a_cancelled_burst_stops_and_an_instance_without_addresses_never_hangs() {
        let mut p = params(4);
        p.instances[1].addresses.clear();
        let mut a = Announcements::new(&p);
        a.start(InstanceId(0), 5);
        assert_eq!(a.next(Instant::ZERO, look(&p)), Some((InstanceId(0), 0)));
        a.cancel(InstanceId(0));
        a.start(InstanceId(1), 5);
        assert_eq!(drain(&mut a, &p), [0u16; 0]);
        assert!(!a.busy(Instant::ZERO));
    }

    #[test]
    fn what_is_not_in_place_is_passed_over() {
        let p = params(3);
        let mut a = Announcements::new(&p);
        a.start(InstanceId(0), 1);
        let look = |i, slot| look(&p)(i, slot).map(|(a, _)| (a, slot != 1));
        let got: Vec<u16> =
            core::iter::from_fn(|| a.next(Instant::ZERO, look).map(|x| x.1)).collect();
        assert_eq!(got, [0, 2]);
    }

    /// Every frame until nothing is pending: when, and which.
    fn paced(a: &mut Announcements, p: &Params) -> Vec<(u64, u16, u16)> {
        let mut now = Instant::ZERO;
        let mut all = Vec::new();
        loop {
            while let Some((i, slot)) = a.next(now, look(p)) {
                all.push((now.micros() / 1000, i.0, slot));
            }
            match a.deadline() {
                Some(at) => now = at,
                None => return all,
            }
        }
    }

    #[test]
    fn a_paced_interface_spaces_its_frames_and_owes_each_address_so_often() {
        let mut p = params(2);
        p.ports = vec![port(ETH0, [10, 0], None)];
        let mut a = Announcements::new(&p);
        let address = |n: usize| &p.instances[0].addresses[n];
        assert!(a.appeared(InstanceId(0), 0, address(0), Instant::ZERO));
        assert!(!a.appeared(InstanceId(0), 1, address(1), Instant::ZERO));
        // Both are in place; two in all are owed.
        a.follow(InstanceId(0), 1);
        a.start(InstanceId(0), 1);
        let got = paced(&mut a, &p);
        assert_eq!(got, [(10, 0, 1), (20, 0, 0), (30, 0, 1)]);
        assert!(!a.busy(Instant::FAR));
    }

    #[test]
    fn a_group_shares_its_pace_and_the_families_do_not() {
        let mut p = params(1);
        p.instances[1].addresses[0].iface = ETH1;
        let six = "2001:db8::1".parse().unwrap();
        p.instances[0].excluded.push(Address::new(six, 128, ETH0));
        p.ports = vec![port(ETH0, [10, 5], Some(3)), port(ETH1, [10, 5], Some(3))];
        let mut a = Announcements::new(&p);
        a.start(InstanceId(0), 2);
        a.start(InstanceId(1), 1);
        let mut got = paced(&mut a, &p);
        got.sort_unstable();
        let expected = [(0, 0, 0), (0, 0, 1), (5, 0, 1), (10, 0, 0), (20, 1, 0)];
        assert_eq!(got, expected);
    }
}
