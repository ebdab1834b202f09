//! Another configuration while the daemon runs: judged whole, then applied as a difference.
//!
//! What is new is worked out at once. First, with the old numbers, whoever goes gives up what it
//! holds and what nobody has any longer is taken away, while the kernel is asked once more for its
//! interfaces; when it has done both, everything takes the new numbers in one step. What has not
//! changed is not touched by either half.

mod verdict;

pub use verdict::{Applied, Refused, errors};

use super::outside::plain;
use super::*;
use crate::config::{Global, Loaded};
use crate::sys;
use crate::vrrp::{Event, IfaceId, Kept, State, Timer, World};
use crate::wire::rtnetlink::{AddrMsg, IFA_F_DADFAILED, IFA_F_TENTATIVE, PROTOCOL_KEEPALIVED};
use core::cell::RefCell;
use core::net::IpAddr;
use mio::unix::SourceFd;
use mio::{Interest, Token};
use std::collections::BTreeSet;
use std::os::fd::AsRawFd;
use verdict::said;

/// How the configuration is read anew, and where an accepted one is kept.
pub trait Reread {
    /// Reads and judges what is there now. Calls `breathe` now and then: adverts must leave.
    fn read(&self, breathe: &dyn Fn()) -> (Loaded, Vec<u8>);
    /// Keeps the bytes that [`Reread::read`] gave, on this side, for a worker that comes after us.
    fn keep(&self, record: &[u8], side: usize) -> io::Result<()>;
}

/// A reload that has begun.
pub(super) struct Pending {
    params: Rc<vrrp::Params>,
    notify: notify::Params,
    check: check::Params,
    global: Global,
    record: Vec<u8>,
    errors: Vec<Box<str>>,
    kept: Kept,
    /// As the new configuration sees the interfaces.
    pub links: Links,
    /// Virtual addresses that others have put there.
    strangers: Vec<(u32, IpAddr, u8)>,
    /// The kernel tells who put an address there.
    tags: bool,
    /// Addresses of this machine, if a virtual server depends on where its address is.
    here: Option<BTreeSet<IpAddr>>,
    /// A dump was asked for; it came; how many were worth nothing.
    asked: bool,
    dumped: bool,
    tries: u8,
    /// Longest wait for what the kernel does.
    limit: Instant,
    /// Notifications may have been lost.
    deaf: bool,
}

/// Longest wait for the kernel between the two halves.
const PATIENCE: Span = Span::from_secs(5);
/// Dumps asked for before one is taken that changed while it was made.
const DUMPS: u8 = 3;

impl Pending {
    /// The kernel lists or reports an address.
    pub fn address_seen(&mut self, message: &AddrMsg<'_>, present: bool) {
        let usable = message.flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED) == 0;
        let AddrMsg {
            index,
            address,
            prefix,
            ..
        } = *message;
        self.links.address(index, address, present, usable);
        if let Some(here) = &mut self.here {
            match present {
                true => here.insert(address),
                false => here.remove(&address),
            };
        }
        if !self.tags || !self.links.is_virtual(address) {
            return;
        }
        let key = (index, address, prefix);
        self.strangers.retain(|known| *known != key);
        if present && message.protocol != Some(PROTOCOL_KEEPALIVED) {
            self.strangers.push(key);
        }
    }

    /// A dump has come to its end; `whole`: it can be trusted.
    pub fn dumped(&mut self, whole: bool) {
        if !self.asked || self.dumped {
            return;
        }
        self.tries += 1;
        self.dumped = whole || self.tries >= DUMPS;
        self.asked = self.dumped;
        if self.dumped {
            self.links.end_redump();
        }
    }
}

impl Engine {
    /// After all else in a turn: begins a reload that is wanted, or goes on with one.
    pub(super) fn take_reload(&mut self, now: Instant) {
        if self.pending.is_some() {
            return self.go_on_reloading(now);
        }
        let starting = self.checks.as_ref().is_some_and(|c| c.starting());
        if self.reload_asked && self.started && !starting && !self.stopping {
            self.reload_asked = false;
            // The log has been told.
            let _ = self.reload();
            self.go_on_reloading(now);
            // What came meanwhile goes before the timers that have run out.
            self.more = true;
        }
    }

    /// Reads the configuration anew and begins to apply it, or says why not. What is accepted is
    /// in force a moment later.
    pub(super) fn reload(&mut self) -> Result<Applied, Refused> {
        self.supervisor.reloading(sys::now());
        let verdict = self.judge();
        match &verdict {
            Ok(applied) => {
                applied
                    .warnings
                    .iter()
                    .for_each(|line| log::warn!("{line}"));
                log::info!("{applied}");
            }
            Err(refused) => {
                refused.faults.iter().for_each(|line| log::error!("{line}"));
                log::error!("{}", refused.reason);
                self.supervisor.ready();
            }
        }
        verdict
    }

    fn judge(&mut self) -> Result<Applied, Refused> {
        let begins = self.checks.as_ref().is_some_and(|c| c.starting());
        if self.stopping || !self.started || begins {
            return Err(Refused::because("the daemon is starting or stopping"));
        }
        if self.pending.is_some() {
            return Err(Refused::because("another reload is under way"));
        }
        let Some(reread) = self.how.reread.clone() else {
            return Err(Refused::because("this daemon cannot reload"));
        };
        log::info!("reloading the configuration");
        let (loaded, record) = {
            let engine = RefCell::new(&mut *self);
            let breathe = || {
                if let Ok(mut engine) = engine.try_borrow_mut() {
                    engine.breathe();
                }
            };
            reread.read(&breathe)
        };
        let diags = &loaded.diags;
        if let Some(refused) = Refused::of(diags, &self.how.errors) {
            return Err(refused);
        }
        if let Err(e) = self.able(&loaded.config.vrrp) {
            return Err(Refused {
                reason: format!("the running configuration stays: {}", plain(&e)).into(),
                faults: Vec::new(),
            });
        }
        let (warnings, errors) = (said(diags.iter(), diags), errors(diags));
        Ok(self.accept(loaded.config, record, errors, warnings))
    }

    /// The first instance may come with a reload: it needs what balancing alone does not.
    fn able(&mut self, params: &vrrp::Params) -> io::Result<()> {
        boot::permitted(!params.instances.is_empty())?;
        self.hands.prepare(params)
    }

    /// While the configuration is read: Masters go on speaking, the watchdog is told.
    fn breathe(&mut self) {
        let now = sys::now();
        if self.hands.wheel.next_deadline().is_none_or(|at| at > now) {
            return;
        }
        self.hands.vital.beat();
        for at in 0..self.hands.instances() {
            let instance = InstanceId(at as u16);
            let id = self
                .hands
                .ids
                .number(Slot::Instance(instance, Timer::Advert));
            if self.hands.wheel.deadline(id).is_some_and(|at| at <= now) {
                self.hands.wheel.disarm(id);
                self.tell(Event::Timer(instance, Timer::Advert), now);
            }
        }
    }

    /// The first half.
    fn accept(
        &mut self,
        config: Config,
        record: Vec<u8>,
        errors: Vec<Box<str>>,
        mut warnings: Vec<Box<str>>,
    ) -> Applied {
        let now = sys::now();
        if config.global.process != self.how.process {
            warnings.push("how the processes run is changed by a restart only".into());
        }
        let old = Rc::clone(&self.how.vrrp);
        let params = Rc::new(config.vrrp);
        let (scripts, commands) = (&self.hands.scripts, &config.notify.tracked);
        let kept = Kept::new(&old, &params, &|was, is| {
            scripts.same(was, commands.get(usize::from(is.0)))
        });
        let gone = kept.instances.gone().count();
        let all = params.instances.len();
        let applied = Applied {
            instances: (all, all - kept.instances.pairs().count(), gone),
            services: config.check.services.len(),
            warnings,
        };
        let deaf = self.hear_more(&old, &params);
        self.router.part(&kept, now);
        self.drain(now);
        self.hands.jobs.part(&kept, &params);
        self.hands.objects.part(&kept, &params);
        let mut links = Links::new(&params);
        links.begin_redump();
        let asks = config.check.services.iter().any(|s| s.ha_suspend);
        self.pending = Some(Box::new(Pending {
            here: asks.then(BTreeSet::new),
            links,
            params,
            notify: config.notify,
            check: config.check,
            global: config.global,
            record,
            errors,
            kept,
            strangers: Vec::new(),
            tags: self.hands.tags(),
            asked: false,
            dumped: false,
            tries: 0,
            limit: now + PATIENCE,
            deaf,
        }));
        applied
    }

    /// Routes and rules may be configured for the first time. Whether notifications may have been
    /// lost.
    fn hear_more(&mut self, old: &vrrp::Params, new: &vrrp::Params) -> bool {
        let (before, wanted) = (boot::groups(old), boot::groups(new));
        if wanted & !before == 0 {
            return false;
        }
        let registry = self.poll.registry();
        let opened = boot::monitor(new).and_then(|monitor| {
            let fd = monitor.as_raw_fd();
            let mut source = SourceFd(&fd);
            registry.register(&mut source, Token(TOKEN_MONITOR), Interest::READABLE)?;
            Ok(monitor)
        });
        match opened {
            Ok(monitor) => {
                self.monitor = monitor;
                self.monitor_unread = true;
                self.dump = Dump::Idle;
                true
            }
            Err(e) => {
                log::warn!("routes and rules are not watched: {}", plain(&e));
                false
            }
        }
    }

    /// Asks the kernel, and takes the second step when it has done what it was asked for.
    fn go_on_reloading(&mut self, now: Instant) {
        let Some(pending) = &mut self.pending else {
            return;
        };
        if !pending.asked && self.dump == Dump::Idle {
            pending.asked = true;
            pending.links.begin_redump();
            self.links.begin_redump();
            return self.request(Dump::Links);
        }
        if !pending.dumped && pending.limit <= now {
            log::warn!("the kernel does not list its interfaces: a reload waits for it");
            (pending.asked, pending.limit) = (false, now + PATIENCE);
            return;
        }
        let rested = !self.hands.jobs.busy() && !self.hands.objects.busy();
        if pending.dumped
            && (rested || pending.limit <= now)
            && let Some(pending) = self.pending.take()
        {
            self.finish(*pending, now);
            self.more = true;
        }
    }

    /// The second half: from here on all numbers are those of the new configuration.
    fn finish(&mut self, mut new: Pending, now: Instant) {
        let (params, kept) = (Rc::clone(&new.params), core::mem::take(&mut new.kept));
        if let Some(checks) = &mut self.checks {
            checks.part(&new.check, &mut self.hands, now);
        }
        let limit = boot::make_room(&params, &new.check.checkers);
        self.reload_files(&params, &kept, now);
        self.hands.objects.reload(&params, &kept);
        new.links.follow(&mut self.links, &kept);
        self.links = new.links;
        self.keep(&new.record, &kept, params.instances.len());
        let mut notify = new.notify;
        let mut programs = notify::Params {
            services: core::mem::take(&mut notify.services),
            reals: core::mem::take(&mut notify.reals),
            checks: core::mem::take(&mut notify.checks),
            ..notify::Params::default()
        };
        let timers = (OWN_TIMERS, new.check.checkers.len());
        self.hands.reload(&params, notify, &kept, timers, now);
        self.hands.reload_switches(&kept, &self.links);
        for (index, address, prefix) in new.strangers {
            if let Some(iface) = self.links.by_index(index) {
                let whose = super::exec::addr::Whose::Others;
                self.hands.jobs.found(iface, address, prefix, whose);
            }
        }
        self.deferred
            .retain_mut(|deferred| match kept.instance(deferred.instance) {
                Some(instance) => {
                    deferred.instance = instance;
                    true
                }
                None => false,
            });
        self.how.errors = new.errors;
        self.how.process = new.global.process;
        self.how.state_file = new.global.state_dump_file;
        self.control.reloaded(new.global.json_wrapped, now);
        self.how.vrrp = params;
        self.reload_router(&kept, now);
        self.reload_checks(new.check, &mut programs, &kept, limit, now);
        for address in new.here.into_iter().flatten() {
            if let Some(checks) = &mut self.checks {
                checks.local(address, true, &mut self.hands, now);
            }
        }
        self.report_links(now);
        if new.deaf {
            self.schedule_redump(now);
        }
        // Reading left holes in the heap.
        sys::memory::trim_heap();
        self.supervisor.ready();
        log::info!("the new configuration is in force");
    }

    /// Keeps what a worker after us needs.
    fn keep(&mut self, record: &[u8], kept: &Kept, instances: usize) {
        let vital = self.hands.vital;
        if !vital.prepare(kept, instances) {
            log::warn!("so many vrrp_instances more than at the start do not outlive the worker");
        }
        if let Some(reread) = &self.how.reread
            && let Err(e) = reread.keep(record, vital.other_side())
        {
            log::error!("cannot keep the accepted configuration: {}", plain(&e));
        }
        vital.turn();
    }

    fn reload_files(&mut self, params: &vrrp::Params, kept: &Kept, now: Instant) {
        let new = (0..).zip(&params.files);
        let new = new.filter(|(at, _)| kept.files.old(*at).is_none());
        let new: Vec<_> = new.map(|(_, file)| file.clone()).collect();
        Files::initialise(&new);
        let before = self.files.descriptor();
        self.files.reload(&params.files, kept, now);
        if let (None, Some(fd)) = (before, self.files.descriptor()) {
            let mut source = SourceFd(&fd);
            let registry = self.poll.registry();
            let token = Token(TOKEN_FILES);
            if let Err(e) = registry.register(&mut source, token, Interest::READABLE) {
                log::error!("tracked files are not watched: {}", plain(&e));
            }
        }
    }

    fn reload_router(&mut self, kept: &Kept, now: Instant) {
        let params = Rc::clone(&self.how.vrrp);
        let registry = self.poll.registry();
        if let Err(e) = self.hands.ports.reload(&params, kept, registry) {
            log::error!("cannot take over the sockets: {}", plain(&e));
        }
        let mut deaf = Vec::new();
        let mut links = Vec::with_capacity(params.interfaces.len());
        for iface in (0..).map(IfaceId).take(params.interfaces.len()) {
            let (link, name) = (self.links.get(iface), self.links.name(iface));
            links.push(link);
            if link.index == 0 {
                continue;
            }
            let registry = self.poll.registry();
            if let Err(e) = self.hands.ports.follow(iface, name, link, registry) {
                self.hands.teller.open_failed(iface, name, &e, now);
                deaf.push(iface);
            }
        }
        for iface in &deaf {
            links[usize::from(iface.0)] = vrrp::Link::default();
        }
        let world = World {
            links,
            usable: self.links.usable(params.instances.len()),
            broken: self.hands.objects.take_broken(&self.links),
            files: self.files.values(),
        };
        self.router.reload(params, kept, world, now);
        self.drain(now);
        for iface in deaf {
            let link = vrrp::Link::default();
            self.tell(Event::Interface { iface, link }, now);
            self.arm_own(Own::Reopen, now + REOPEN_DELAY);
        }
    }

    fn reload_checks(
        &mut self,
        mut params: check::Params,
        programs: &mut notify::Params,
        kept: &Kept,
        limit: usize,
        now: Instant,
    ) {
        let state = |at: &u16| self.router.snapshot(InstanceId(*at)).map(|s| s.state);
        let masters: Vec<u16> = (0..)
            .take(self.how.vrrp.instances.len())
            .filter(|at| state(at) == Some(State::Master))
            .collect();
        if let Some(checks) = &mut self.checks {
            checks.reload(
                params,
                programs,
                kept,
                &masters,
                limit,
                (&mut self.hands, now),
            );
        } else {
            let advert = boot::shortest(&self.how.vrrp);
            // Emptying the table is for the start.
            params.table.flush = false;
            let Some(mut checks) = checks::Checks::new(params, programs, limit, false, advert)
            else {
                return;
            };
            if let Some(fd) = checks.descriptor() {
                let mut source = SourceFd(&fd);
                let registry = self.poll.registry();
                let token = Token(TOKEN_IPVS);
                if let Err(e) = registry.register(&mut source, token, Interest::READABLE) {
                    log::error!("IPVS does not answer: {}", plain(&e));
                }
            }
            masters.iter().for_each(|at| checks.follow(*at, true));
            checks.start(now);
            self.checks = Some(checks::held(checks));
        }
        let values = self.files.values();
        for (file, value) in (0..).zip(values) {
            if let Some(checks) = &mut self.checks {
                checks.file(file, value, &mut self.hands, now);
            }
        }
    }
}
