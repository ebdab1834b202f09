//! From nothing to a turning loop: sockets, what the kernel holds, what an earlier worker left.

use super::outside::plain;
use super::*;
use crate::sys;
use crate::sys::process::{self, Capability};
use crate::vrrp::Event;
use crate::wire::rtnetlink::{GROUP_IPV4_ADDRESS, GROUP_IPV6_ADDRESS, GROUP_LINK};
use crate::wire::rtnetlink::{route, rule};
use core::net::IpAddr;
use mio::unix::SourceFd;
use mio::{Interest, Token};
use std::os::fd::{AsRawFd, RawFd};
use vital::Vital;

/// Notifications wanted: links and addresses.
const MONITORED: u32 = mask(GROUP_LINK) | mask(GROUP_IPV4_ADDRESS) | mask(GROUP_IPV6_ADDRESS);
/// Receive buffer of the monitor socket, bytes.
const MONITOR_BUFFER: usize = 2 << 20;
/// Descriptors used besides those of the interfaces, and some to spare.
const DESCRIPTORS: usize = 64;
/// The same where there are not more: what is left is for checks.
const SCARCE: usize = 32;
/// Sockets and programs of checkers that there is to be room for, if there are as many checkers.
const PROBES: usize = 1024;
/// Netlink datagrams of a dump may be this long; adverts are far shorter.
const BUFFER: usize = 16 * 1024;

impl Engine {
    pub(super) fn new(mut setup: Setup<'_>) -> io::Result<Self> {
        permitted(!setup.vrrp.instances.is_empty())?;
        let params = &Rc::clone(&setup.vrrp);
        let checkers = setup.check.checkers.len();
        let checks = checks(params, &mut setup);
        let control = control::Control::new(&setup);
        let how = How::take(&mut setup);
        let vital = Vital::new(setup.page);
        vital.count(params.instances.len());
        let poll = Poll::new()?;
        let signals = Signals::new()?;
        let timer = Timerfd::new()?;
        let monitor = monitor(params)?;
        let hands = Hands::new(params, setup.notify, vital, OWN_TIMERS, checkers)?;
        let files = Files::new(&params.files);
        let ipvs = checks.as_ref().and_then(checks::Checks::descriptor);
        watch(
            &poll,
            &[
                (Some(signals.as_raw_fd()), TOKEN_SIGNALS),
                (Some(hands.netlink.as_raw_fd()), TOKEN_COMMAND),
                (Some(monitor.as_raw_fd()), TOKEN_MONITOR),
                (Some(timer.as_raw_fd()), TOKEN_TIMER),
                (files.descriptor(), TOKEN_FILES),
                (ipvs, TOKEN_IPVS),
                (control.descriptor(), TOKEN_CONTROL),
            ],
        )?;
        Ok(Engine {
            checks: checks.map(checks::held),
            files,
            control,
            links: Links::new(params),
            router: Router::new(Rc::clone(params)),
            deferred: Vec::with_capacity(params.instances.len()),
            how,
            poll,
            signals,
            supervisor: Supervisor::find(),
            timer,
            armed: None,
            monitor,
            monitor_unread: false,
            hands,
            dump: Dump::Idle,
            interrupted: false,
            start_dumps: 0,
            started: false,
            beats: 0,
            log_held: 0,
            code: Code::default(),
            reload_asked: false,
            pending: None,
            stop_asked: false,
            stopping: false,
            more: false,
            buf: vec![0; BUFFER].into_boxed_slice(),
        })
    }

    /// Asks the kernel what there is; the room starts when it has answered.
    pub(super) fn boot(&mut self) {
        let now = sys::now();
        // A worker that takes a dead one's place must not undo what was written since.
        if !self.how.again {
            Files::initialise(&self.how.vrrp.files);
        }
        self.hands.vital.beat();
        self.arm_own(Own::Beat, now + BEAT);
        self.request(Dump::Links);
    }

    /// The kernel has answered: begin.
    pub(super) fn begin(&mut self, now: Instant) {
        self.started = true;
        for at in 0..self.hands.instances() {
            let instance = InstanceId(at as u16);
            let Some(legacy) = self.hands.vital.legacy(instance) else {
                continue;
            };
            // The room judges the age: older than two intervals, the others may have elected a new
            // Master already. The AH sequence counts in any case, or peers would call us a replay.
            let interval = self.how.vrrp.instances[at].advert_int;
            let last_advert = match legacy.master {
                true => legacy.last_advert,
                // So soon after the machine's start there is no instant that is old enough.
                false if now.since(Instant::ZERO) < interval.times(2) => continue,
                false => Instant::ZERO,
            };
            let sequence = legacy.sequence;
            let resume = Event::Resume {
                instance,
                last_advert,
                sequence,
            };
            self.tell(resume, now);
        }
        let links = &self.links;
        self.hands
            .jobs
            .take_untagged(|iface, address| match address {
                IpAddr::V4(_) => links.get(iface).ipv4.is_some(),
                IpAddr::V6(_) => links.get(iface).ipv6.is_some(),
            });
        self.hands.inherit_promotions();
        self.hands.objects.hold_statics(true);
        self.files.begin(now);
        self.tell_files(now);
        self.tell(Event::Start, now);
        if let Some(checks) = &mut self.checks {
            checks.start(now);
        }
        self.hands.objects.remove_leftovers();
        let left = self.hands.jobs.remove_leftovers();
        if left > 0 {
            let s = if left == 1 { "" } else { "es" };
            log::warn!("removing {left} virtual address{s} that an earlier run left behind");
        }
        self.supervisor.ready();
        if self.stop_asked {
            self.stop(now);
        }
    }
}

impl How {
    /// What remains when the rooms have taken theirs.
    fn take(setup: &mut Setup<'_>) -> Self {
        How {
            vrrp: Rc::clone(&setup.vrrp),
            keep_addresses: setup.keep_addresses,
            keep_services: setup.keep_services,
            ignore_int: setup.ignore_int,
            dump_dir: setup.dump_dir.into(),
            state_file: setup.state_file.take(),
            again: setup.again,
            reread: setup.reread.take(),
            errors: core::mem::take(&mut setup.errors),
            process: setup.process.take(),
        }
    }
}

/// What is to wake the loop when it can be read.
fn watch(poll: &Poll, sources: &[(Option<RawFd>, usize)]) -> io::Result<()> {
    for (fd, token) in sources {
        if let Some(fd) = fd {
            let mut source = SourceFd(fd);
            poll.registry()
                .register(&mut source, Token(*token), Interest::READABLE)?;
        }
    }
    Ok(())
}

/// What drives virtual servers: never with more sockets than there is room for.
fn checks(params: &vrrp::Params, setup: &mut Setup<'_>) -> Option<checks::Checks> {
    let limit = make_room(params, &setup.check.checkers);
    let virtual_servers = core::mem::take(&mut setup.check);
    let advert = shortest(params);
    let (notify, again) = (&mut setup.notify, setup.again);
    checks::Checks::new(virtual_servers, notify, limit, again, advert)
}

/// The shortest interval between adverts.
pub(super) fn shortest(params: &vrrp::Params) -> Option<Span> {
    params.instances.iter().map(|i| i.advert_int).min()
}

/// Makes room for all descriptors; how many sockets checkers may have.
pub(super) fn make_room(params: &vrrp::Params, checkers: &[check::CheckerParams]) -> usize {
    // A pipe for each script that runs; without room for all sockets it would be deaf somewhere.
    let tls = |c: &&check::CheckerParams| matches!(&c.probe, check::Probe::Http(h) if h.tls);
    let tls = checkers.iter().filter(tls).count().min(check::MOST_TLS);
    let own = ports::Ports::sockets(params) + params.scripts.len() + tls;
    let wanted = DESCRIPTORS + own + checkers.len().min(PROBES) * 2;
    if let Err(e) = process::descriptors(wanted) {
        log::warn!("cannot raise the limit of open files: {}", plain(&e));
    }
    // Sockets and programs are counted apart.
    process::descriptor_limit().saturating_sub(SCARCE + own) / 2
}

/// Says what is missing before anything half works: without CAP_NET_ADMIN it would become Master
/// and hold no address, and could not balance. Adverts and announcements are `raw` packets; nothing
/// else needs them.
pub(super) fn permitted(raw: bool) -> io::Result<()> {
    let missing = match (
        process::may(Capability::NetAdmin),
        !raw || process::may(Capability::NetRaw),
    ) {
        (true, true) => return Ok(()),
        (false, true) => "CAP_NET_ADMIN",
        (true, false) => "CAP_NET_RAW",
        (false, false) => "CAP_NET_ADMIN and CAP_NET_RAW",
    };
    Err(io::Error::new(
        io::ErrorKind::PermissionDenied,
        format!("it needs {missing}: run it as root"),
    ))
}

/// The socket for notifications. Those about routes come only if there are any of ours, and of the
/// others only those about routes that are gone and bear our mark: a router that knows the whole
/// Internet changes thousands a second.
pub(super) fn monitor(params: &vrrp::Params) -> io::Result<Netlink> {
    let groups = groups(params);
    let monitor = Netlink::route(groups, MONITOR_BUFFER)?;
    if groups != MONITORED
        && let Err(e) = monitor.only(&route::UNHEARD, route::HEARD)
    {
        log::warn!("cannot filter notifications about routes: {}", plain(&e));
    }
    Ok(monitor)
}

/// What is to be notified of.
pub(super) fn groups(params: &vrrp::Params) -> u32 {
    let statics = &params.statics;
    let instances = &params.instances;
    let routes = !statics.routes.is_empty() || instances.iter().any(|i| !i.routes.is_empty());
    let rules = !statics.rules.is_empty() || instances.iter().any(|i| !i.rules.is_empty());
    let mut groups = MONITORED;
    if routes {
        groups |= mask(route::GROUP_IPV4_ROUTE) | mask(route::GROUP_IPV6_ROUTE);
    }
    if rules {
        groups |= mask(rule::GROUP_IPV4_RULE) | mask(rule::GROUP_IPV6_RULE);
    }
    groups
}

/// The bit of a multicast group in the mask of `struct sockaddr_nl`.
const fn mask(group: u32) -> u32 {
    1 << (group - 1)
}
