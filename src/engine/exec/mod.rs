//! The hands: each action of the VRRP room goes to the one that does it.

pub mod addr;
pub mod advert;
pub mod announce;
pub mod child;
mod desert;
pub mod ipvs;
pub mod log;
pub mod mail;
mod place;
pub mod probe;
pub mod program;
pub mod promote;
mod reload;
pub mod route;
mod routing;
pub mod script;
pub mod tell;
mod voice;
pub mod watch;

use crate::engine::ids::{Ids, Slot};
use crate::engine::links::Links;
use crate::engine::ports::Ports;
use crate::engine::vital::Vital;
use crate::engine::wheel::Wheel;
use crate::notify;
use crate::sys;
use crate::sys::net::{Netlink, PacketSocket};
use crate::sys::process::Exit;
use crate::time::{Instant, Span};
use crate::vrrp::{Action, IfaceId, InstanceId, Params, Router};
use addr::Jobs;
use announce::Announcements;
use std::io;
use std::rc::Rc;

/// Address requests in one send, at the most.
const BATCH: usize = 64;
/// How long one slice of long work may take.
pub(super) const SLICE: Span = Span::from_millis(1);
/// Everything that acts.
pub struct Hands {
    pub(super) wheel: Wheel,
    pub(super) ids: Ids,
    pub(super) ports: Ports,
    pub(super) netlink: Netlink,
    pub(super) jobs: Jobs,
    pub(super) objects: route::Objects,
    promote: promote::Promote,
    pub(super) children: child::Children,
    pub(super) scripts: script::Scripts,
    pub(super) vital: Vital,
    /// For announcements; `None` where there is nothing to announce.
    packets: Option<PacketSocket>,
    announcements: Announcements,
    adverts: advert::Adverts,
    pub(super) teller: tell::Teller,
    /// `None`: no mail is sent.
    pub(super) mail: Option<Box<mail::Post>>,
    pub(super) params: Rc<Params>,
    /// Netlink requests of one send.
    requests: Vec<u8>,
    /// Present size of a batch: halved when a send took long.
    batch: usize,
    /// Leave addresses alone and say nothing (`-V` while stopping).
    silent: bool,
    given_up: bool,
    /// Which interfaces forward IPv6: their neighbour advertisements say so.
    forwarding: Vec<bool>,
    /// When to ask again for what the kernel refused, and how long to wait the next time.
    pub(super) retry_at: Option<Instant>,
    retry_delay: Span,
    /// The kernel remembers who added an address (`IFA_PROTO`). Where it does not, whatever is
    /// configured as virtual counts as ours.
    tags: bool,
}

/// The first kernel with `IFA_PROTO`.
const TAGS_SINCE: (u32, u32) = (5, 18);

impl Hands {
    /// Opens what does not depend on interfaces. `checkers`: how many have a timer.
    pub fn new(
        params: &Rc<Params>,
        mut notify: notify::Params,
        vital: Vital,
        own_timers: usize,
        checkers: usize,
    ) -> io::Result<Self> {
        let ids = Ids::new(params, own_timers, checkers);
        let commands = core::mem::take(&mut notify.tracked);
        let mail = notify.mail.take().map(mail::Post::new).map(Box::new);
        Ok(Hands {
            wheel: Wheel::new(ids.capacity()),
            ids,
            ports: Ports::new(params),
            netlink: Netlink::route(0, 1 << 20)?,
            jobs: Jobs::new(params),
            objects: route::Objects::new(params),
            promote: promote::Promote::new(params),
            children: child::Children::new(),
            scripts: script::Scripts::new(&params.scripts, commands),
            vital,
            packets: match params.instances.is_empty() {
                true => None,
                false => Some(PacketSocket::new()?),
            },
            announcements: Announcements::new(params),
            adverts: advert::Adverts::new(params, vital),
            teller: tell::Teller::new(Rc::clone(params), notify),
            mail,
            params: Rc::clone(params),
            requests: Vec::with_capacity(BATCH * 128),
            batch: BATCH,
            silent: false,
            given_up: false,
            forwarding: vec![false; params.interfaces.len()],
            retry_at: None,
            retry_delay: RETRY,
            tags: sys::kernel_version() >= TAGS_SINCE,
        })
    }

    /// For a configuration that may have the first instance: without this nothing is announced.
    pub fn prepare(&mut self, params: &Params) -> io::Result<()> {
        if self.packets.is_none() && !params.instances.is_empty() {
            self.packets = Some(PacketSocket::new()?);
        }
        Ok(())
    }

    /// Whether the kernel tells who put an address there.
    pub fn tags(&self) -> bool {
        self.tags
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
                let order = advert::Order {
                    instance,
                    priority,
                    sequence,
                    revision,
                };
                self.advertise(order, router, now);
            }
            Action::Claim { instance, repeat } => {
                self.claim(instance, repeat, links);
            }
            Action::Release(instance) => self.release(instance, links),
            Action::Announce { instance, repeat } => {
                self.jobs.announce_all(instance);
                self.announce_burst(instance, repeat);
            }
            Action::AnnounceAgain { instance, repeat } => {
                self.jobs.announced_again(instance);
                self.announce_burst(instance, repeat);
            }
            Action::Arm(instance, timer, at) => {
                self.wake(Slot::Instance(instance, timer), Some(at))
            }
            Action::Disarm(instance, timer) => self.wake(Slot::Instance(instance, timer), None),
            Action::Wake(clock, at) => self.wake(Slot::Clock(clock), at),
            Action::Run(script) => self.scripts.run(script, now),
            Action::Tell(change) => {
                self.teller.change(&change, &mut self.children);
                if let Some(post) = &mut self.mail {
                    let (object, state) = tell::notified(&change);
                    post.change(self.teller.notify(), object, state, now);
                }
                if let crate::vrrp::Who::Instance(instance) = change.who {
                    self.vital.state(instance, change.to);
                }
            }
            Action::Note(note) => self.teller.note(&note, &mut self.children, now),
            Action::AnnounceElsewhere(instance) => self.announce_elsewhere(instance, links),
            Action::AnnounceSource(instance) => {
                if let Some(facts) = router.outline(instance) {
                    self.announce(self.iface(instance), facts.source, links);
                }
            }
        }
    }

    fn claim(&mut self, instance: InstanceId, repeat: u8, links: &Links) {
        self.announcements.cancel(instance);
        self.promote(instance, true, links);
        self.objects.claim(instance, true);
        self.learn_forwarding(instance, links);
        self.retry_delay = RETRY;
        self.jobs.want(instance, true, repeat);
    }

    /// A burst now; before all addresses are in place the claim announces each as it comes.
    fn announce_burst(&mut self, instance: InstanceId, repeat: u8) {
        if self.jobs.settled(instance) {
            self.announcements.start(instance, repeat);
        } else {
            self.jobs.owe(instance, repeat);
        }
    }

    fn release(&mut self, instance: InstanceId, links: &Links) {
        self.announcements.cancel(instance);
        if !self.silent {
            // Routes and rules go before the addresses: `work` keeps the order.
            self.objects.claim(instance, false);
            self.jobs.want(instance, false, 0);
            self.promote(instance, false, links);
        }
    }

    fn advertise(&mut self, order: advert::Order, router: &Router, now: Instant) {
        if self.silent {
            return;
        }
        let (instance, teller) = (order.instance, &mut self.teller);
        let failed = |to, e| teller.send_failed(instance, Some(to), &e, now);
        match self.adverts.send(order, router, &self.ports, failed) {
            Ok(Some(ip_id)) => self.vital.advert(instance, now, order.sequence, ip_id),
            Ok(None) => {}
            Err(e) => self.teller.send_failed(instance, None, &e, now),
        }
    }

    /// Arms or disarms a timer.
    pub(super) fn wake(&mut self, slot: Slot, at: Option<Instant>) {
        let id = self.ids.number(slot);
        match at {
            Some(at) => self.wheel.arm(id, at),
            None => self.wheel.disarm(id),
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
            self.announcements.follow(instance, rounds);
        }
        self.demote(links);
        if self.announcements.busy(now) {
            self.send_announcements(links, now);
        }
        let addresses = self.jobs.has_work() && !self.objects.removing();
        addresses || self.objects.has_work() || self.announcements.busy(now)
    }

    /// Programs ended; `other` learns of each too.
    pub fn reap(&mut self, now: Instant, other: &mut dyn FnMut(i32, Exit)) {
        while let Some((pid, exit)) = sys::process::reap() {
            other(pid, exit);
            self.children.reaped(pid, exit, now);
            self.scripts.reaped(pid, exit, now);
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
        self.scripts.stopping(now);
    }

    /// Whether everything asked for is done.
    pub fn rested(&self) -> bool {
        self.given_up
            || (!self.jobs.busy()
                && !self.objects.busy()
                && self.children.idle()
                && self.scripts.idle()
                && self.mail.as_ref().is_none_or(|m| m.rested()))
    }

    /// Something happened to a socket of mail.
    pub fn mail_ready(&mut self) {
        if let Some(post) = &mut self.mail {
            post.ready();
        }
    }

    /// One thing about mail; whether there is more to be done at once.
    pub fn work_mail(&mut self, registry: &mio::Registry, buf: &mut [u8], now: Instant) -> bool {
        self.mail
            .as_mut()
            .is_some_and(|post| post.work(registry, buf, now))
    }

    /// After everything about the stop is written.
    pub fn stop_mail(&mut self, now: Instant) {
        if let Some(post) = &mut self.mail {
            post.stop(now);
        }
    }

    /// When [`Hands::work_mail`] is to be called.
    pub fn mail_deadline(&self) -> Option<Instant> {
        self.mail.as_ref().and_then(|post| post.deadline())
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

/// Pause before what the kernel refused is asked for again; it doubles.
const RETRY: Span = Span::from_secs(10);
