//! The hands: each action of the VRRP room goes to the one that does it.

pub mod addr;
pub mod advert;
pub mod announce;
pub mod child;
pub mod log;
pub mod promote;
pub mod route;
mod routing;
pub mod tell;

use crate::engine::links::Links;
use crate::engine::ports::Ports;
use crate::engine::vital::Vital;
use crate::engine::wheel::Wheel;
use crate::notify;
use crate::sys;
use crate::sys::net::{Netlink, PacketSocket};
use crate::time::{Instant, Span};
use crate::vrrp::{Action, IfaceId, InstanceId, Params, Router, TIMERS, Timer};
use crate::wire::neighbor;
use crate::wire::rtnetlink::{self, AddrMsg, AddrRequest};
use addr::{Answer, Jobs, Whose};
use announce::Announcements;
use core::net::IpAddr;
use std::io;
use std::rc::Rc;

/// Address requests in one send, at the most.
const BATCH: usize = 64;
/// How long one slice of long work may take.
const SLICE: Span = Span::from_millis(1);
/// Announcements in one slice.
const FRAMES: usize = 64;
/// Everything that acts.
pub struct Hands<'a> {
    pub(super) wheel: Wheel,
    pub(super) ports: Ports,
    pub(super) netlink: Netlink,
    pub(super) jobs: Jobs<'a>,
    pub(super) objects: route::Objects<'a>,
    promote: promote::Promote,
    pub(super) children: child::Children,
    pub(super) vital: Vital<'a>,
    packets: PacketSocket,
    announcements: Announcements,
    adverts: advert::Adverts,
    pub(super) teller: tell::Teller,
    params: &'a Params,
    /// Netlink requests of one send.
    requests: Vec<u8>,
    /// Present size of a batch: halved when a send took long.
    batch: usize,
    /// Leave addresses alone and say nothing (`-V` while stopping).
    silent: bool,
    given_up: bool,
    /// The kernel remembers who added an address (`IFA_PROTO`). Where it does not, whatever is
    /// configured as virtual counts as ours.
    tags: bool,
}

/// The first kernel with `IFA_PROTO`.
const TAGS_SINCE: (u32, u32) = (5, 18);

impl<'a> Hands<'a> {
    /// Opens what does not depend on interfaces.
    pub fn new(
        params: &'a Rc<Params>,
        notify: notify::Params,
        vital: Vital<'a>,
        own_timers: usize,
    ) -> io::Result<Self> {
        let timers = params.instances.len() * TIMERS + own_timers;
        Ok(Hands {
            wheel: Wheel::new(timers),
            ports: Ports::new(params),
            netlink: Netlink::route(0, 1 << 20)?,
            jobs: Jobs::new(params),
            objects: route::Objects::new(params),
            promote: promote::Promote::new(params),
            children: child::Children::new(),
            vital,
            packets: PacketSocket::new()?,
            announcements: Announcements::new(params.instances.len()),
            adverts: advert::Adverts::new(params, vital),
            teller: tell::Teller::new(Rc::clone(params), notify),
            params,
            requests: Vec::with_capacity(BATCH * 128),
            batch: BATCH,
            silent: false,
            given_up: false,
            tags: sys::kernel_version() >= TAGS_SINCE,
        })
    }

    /// Number of instances.
    pub fn instances(&self) -> usize {
        self.params.instances.len()
    }

    /// The interface an instance's adverts use.
    pub fn iface(&self, instance: InstanceId) -> IfaceId {
        let instances = &self.params.instances;
        instances
            .get(usize::from(instance.0))
            .map_or(IfaceId(u16::MAX), |i| i.iface)
    }

    /// Does one thing.
    pub fn perform(&mut self, action: Action, router: &Router, links: &Links, now: Instant) {
        match action {
            Action::Advertise {
                instance,
                priority,
                sequence,
                revision,
            } => {
                if self.silent {
                    return;
                }
                let order = advert::Order {
                    instance,
                    priority,
                    sequence,
                    revision,
                };
                match self.adverts.send(order, router, &self.ports) {
                    Ok(ip_id) => self.vital.advert(instance, now, sequence, ip_id),
                    Err(e) => self.teller.send_failed(instance, &e, now),
                }
            }
            Action::Claim { instance, repeat } => {
                self.announcements.cancel(instance);
                self.promote(instance, true, links);
                self.objects.claim(instance, true);
                self.jobs.want(instance, true, repeat);
            }
            Action::Release(instance) => {
                self.announcements.cancel(instance);
                if !self.silent {
                    // Routes and rules go before the addresses: `work` keeps the order.
                    self.objects.claim(instance, false);
                    self.jobs.want(instance, false, 0);
                    self.promote(instance, false, links);
                }
            }
            Action::Announce { instance, repeat } => {
                // Before all are in place the claim announces each as it comes.
                if self.jobs.settled(instance) {
                    self.announcements.start(instance, repeat);
                } else {
                    self.jobs.owe(instance, repeat);
                }
            }
            Action::Arm(instance, timer, at) => self.wheel.arm(timer_id(instance, timer), at),
            Action::Disarm(instance, timer) => self.wheel.disarm(timer_id(instance, timer)),
            Action::Tell(change) => {
                self.teller.change(&change, &mut self.children);
                if let crate::vrrp::Who::Instance(instance) = change.who {
                    self.vital.state(instance, change.to);
                }
            }
            Action::Note(note) => self.teller.note(&note, now),
            Action::AnnounceElsewhere(_)
            | Action::AnnounceSource(_)
            | Action::Wake(..)
            | Action::Run(_) => {}
        }
    }

    /// One slice of long work. Returns whether more waits.
    pub fn work(&mut self, links: &Links, now: Instant) -> bool {
        if self.objects.has_work() {
            self.send_objects(links, now);
        }
        if self.jobs.has_work() && !self.objects.removing() {
            self.send_requests(links, now);
        }
        while let Some((instance, rounds)) = self.jobs.next_rested() {
            self.objects.settled(instance, now);
            self.record_held(instance);
            self.announcements.start(instance, rounds);
        }
        self.demote(links);
        if self.announcements.busy() {
            self.send_announcements(links);
        }
        let addresses = self.jobs.has_work() && !self.objects.removing();
        addresses || self.objects.has_work() || self.announcements.busy()
    }

    /// Sends one batch of address requests; the kernel works them off before send returns.
    fn send_requests(&mut self, links: &Links, now: Instant) {
        self.requests.clear();
        let mut sent = 0;
        while sent < self.batch {
            let Some(op) = self.jobs.next_op() else { break };
            let Some(a) = self.jobs.address(op.instance, op.slot) else {
                continue;
            };
            let request = AddrRequest {
                scope: a.scope,
                broadcast: a.broadcast,
                // A label on a delete would have to match; the address alone selects it.
                label: if op.add { a.label.as_deref() } else { None },
                protocol: Some(rtnetlink::PROTOCOL_KEEPALIVED),
                ..AddrRequest::new(links.get(a.iface).index, a.address, a.prefix)
            };
            let made = if op.add {
                rtnetlink::new_address(&mut self.requests, op.seq, 0, &request)
            } else {
                rtnetlink::del_address(&mut self.requests, op.seq, &request)
            };
            if made.is_err() {
                self.answered(op.seq, EINVAL, links, now);
            }
            sent += 1;
        }
        self.jobs.rotate();
        if self.requests.is_empty() {
            return;
        }
        let begin = sys::now();
        if let Err(e) = self.netlink.send(&self.requests) {
            ::log::error!("cannot send address requests to the kernel: {e}");
            self.jobs.lose_answers();
        }
        let took = sys::now().since(begin);
        if took > SLICE {
            self.batch = (self.batch / 2).max(1);
        } else if took.times(2) < SLICE {
            self.batch = (self.batch * 2).min(BATCH);
        }
    }

    /// The kernel's answer to one request: `errno` 0 is success.
    pub fn answered(&mut self, seq: u32, errno: i32, links: &Links, now: Instant) {
        if Self::is_object(seq) {
            return self.object_answered(seq, errno, links, now);
        }
        match self.jobs.ack(seq, errno) {
            Answer::Noted => {}
            Answer::Appeared(instance, slot) => self.announce_one(instance, slot, links),
            Answer::Refused { op, errno } => {
                if let Some(a) = self.jobs.address(op.instance, op.slot) {
                    let dev = links.name(a.iface);
                    self.teller.address_refused(op, a, errno, dev, now);
                }
            }
        }
    }

    fn send_announcements(&mut self, links: &Links) {
        let begin = sys::now();
        for n in 0..FRAMES {
            let Some((instance, slot)) = self.announcements.next(|i| self.jobs.count(i)) else {
                break;
            };
            if self.jobs.present(instance, slot) {
                self.announce_one(instance, slot, links);
            }
            // A frame costs little; looking at the clock every eighth is enough.
            if n % 8 == 7 && sys::now().since(begin) > SLICE {
                break;
            }
        }
        self.announcements.rotate();
    }

    /// One gratuitous ARP for one address, from the interface it lives on.
    fn announce_one(&self, instance: InstanceId, slot: u16, links: &Links) {
        let Some(a) = self.jobs.address(instance, slot) else {
            return;
        };
        let Some(mac) = links.mac(a.iface) else {
            return;
        };
        let IpAddr::V4(ip) = a.address else { return };
        let index = links.get(a.iface).index;
        if let Err(e) = self.packets.send(index, &neighbor::garp(mac, ip)) {
            ::log::debug!(
                "gratuitous ARP for {ip} on {} not sent: {e}",
                links.name(a.iface)
            );
        }
    }

    /// The kernel lists or reports an address.
    pub fn address_seen(
        &mut self,
        message: &AddrMsg<'_>,
        present: bool,
        links: &mut Links,
        started: bool,
        now: Instant,
    ) {
        let usable = message.flags & rtnetlink::IFA_F_TENTATIVE == 0;
        links.address(message.index, message.address, present, usable);
        let Some(iface) = links.by_index(message.index) else {
            return;
        };
        self.static_address(iface, message, present, now);
        if !present {
            if let Some(instance) = self.jobs.vanished(iface, message.address, message.prefix) {
                self.teller.address_vanished(instance, message.address, now);
            }
        } else {
            let whose = match message.protocol {
                protocol if self.tags && protocol != Some(rtnetlink::PROTOCOL_KEEPALIVED) => {
                    Whose::Others
                }
                _ if started => Whose::Ours,
                _ => Whose::Leftover,
            };
            self.jobs
                .found(iface, message.address, message.prefix, whose);
        }
    }

    /// Programs ended.
    pub fn reap(&mut self, now: Instant) {
        while let Some((pid, exit)) = sys::process::reap() {
            self.children.reaped(pid, exit, now);
        }
    }

    /// An advert could not be read.
    pub fn receive_failed(&mut self, iface: IfaceId, links: &Links, e: &io::Error, now: Instant) {
        self.teller.receive_failed(iface, links.name(iface), e, now);
    }

    /// The daemon is leaving. `silent`: `-V`, addresses stay and nobody is told.
    pub fn stopping(&mut self, silent: bool) {
        self.silent = silent;
    }

    /// After the room has said what is to be run at the stop: no more, and not for long.
    pub fn stop_children(&mut self, now: Instant) {
        self.children.stopping(now);
    }

    /// Whether everything asked for is done.
    pub fn rested(&self) -> bool {
        self.given_up || (!self.jobs.busy() && !self.objects.busy() && self.children.idle())
    }

    /// Stop waiting.
    pub fn give_up(&mut self) {
        self.given_up = true;
    }

    /// Whether nothing is waited for any longer.
    pub fn has_given_up(&self) -> bool {
        self.given_up
    }
}

/// errno EINVAL: the request could not even be written.
const EINVAL: i32 = 22;

fn timer_id(instance: InstanceId, timer: Timer) -> u32 {
    u32::from(instance.0) * TIMERS as u32 + timer as u32
}
