//! The check room and its hands: sockets, programs, the table of IPVS.
//!
//! VRRP comes first: what is due, what can be read and what is to be opened waits here until
//! [`Checks::work`] is called, which takes a millisecond at the most and says whether more is left.

mod mail;
mod resume;
mod tell;
mod work;

use super::exec::Hands;
use super::exec::ipvs::Ipvs;
use super::exec::probe::Probes;
use super::exec::program::Programs;
use super::outside::plain;
use super::tls::Tls;
use crate::check::{CheckerId, Event, Params, Probe, Room};
use crate::notify::{self, RealScripts, ServiceScripts};
use crate::sys;
use crate::sys::process::Exit;
use crate::time::{Instant, Span};
use crate::vrrp::Kept;
use std::collections::VecDeque;
use std::net::IpAddr;
use std::os::fd::{AsRawFd, RawFd};

/// How the engine holds it.
#[cfg(feature = "ipvs")]
pub(super) type Held = Box<Checks>;
/// In a build without load balancing there can be none: what would use it is not even compiled in.
#[cfg(not(feature = "ipvs"))]
pub(super) type Held = Checks;

#[cfg(feature = "ipvs")]
pub(super) fn held(checks: Checks) -> Held {
    Box::new(checks)
}
#[cfg(not(feature = "ipvs"))]
pub(super) fn held(checks: Checks) -> Held {
    checks
}

/// That this build balances: a value that exists, or one that cannot.
#[cfg(feature = "ipvs")]
type Built = ();
#[cfg(not(feature = "ipvs"))]
type Built = core::convert::Infallible;

#[cfg(feature = "ipvs")]
const BUILT: Option<Built> = Some(());
#[cfg(not(feature = "ipvs"))]
const BUILT: Option<Built> = None;

/// Everything about virtual servers.
pub(super) struct Checks {
    _built: Built,
    room: Room,
    probes: Probes,
    programs: Programs,
    /// `None`: this kernel has no generic netlink.
    ipvs: Option<Ipvs>,
    /// IPVS has answered something.
    answered: bool,
    /// Checkers whose timer has run out.
    due: VecDeque<CheckerId>,
    services: Vec<ServiceScripts>,
    reals: Vec<RealScripts>,
    /// The room starts as soon as what an earlier run left in the table is known.
    starting: bool,
    /// The checker whose word has just changed its real server.
    moved: Option<CheckerId>,
    /// The shortest `advert_int`.
    advert: Option<Span>,
    /// How long a part of a TLS handshake took when that was last complained about.
    complained: Span,
    stopping: bool,
}

fn speaks_tls(probe: &Probe) -> bool {
    matches!(probe, Probe::Http(http) if http.tls)
}

impl Checks {
    /// `None`: there is nothing to be done. At most `limit` sockets at a time. `again`: it takes
    /// the place of a worker that died. `advert`: the shortest `advert_int`.
    pub fn new(
        params: Params,
        notify: &mut notify::Params,
        limit: usize,
        again: bool,
        advert: Option<Span>,
    ) -> Option<Self> {
        #[allow(
            clippy::let_unit_value,
            reason = "elsewhere it is a value that cannot be"
        )]
        let _built = BUILT?;
        let table = &params.table;
        let about_table = table.flush || table.timeouts != [0; 3] || !table.sync.is_empty();
        if params.services.is_empty() && !about_table {
            return None;
        }
        let ipvs = match Ipvs::new(params.services.len(), again) {
            Ok(ipvs) => Some(ipvs),
            Err(e) => {
                let e = plain(&e);
                log::error!("no generic netlink ({e}): nothing is balanced");
                None
            }
        };
        let checkers = params.checkers.len();
        let secret = params.checkers.iter().any(|c| speaks_tls(&c.probe));
        let tls = secret.then(|| Tls::new(params.tls.as_deref())).flatten();
        Some(Checks {
            _built,
            room: Room::new(params, limit),
            probes: Probes::new(checkers, tls),
            programs: Programs::new(core::mem::take(&mut notify.checks)),
            ipvs,
            answered: false,
            due: VecDeque::with_capacity(checkers),
            services: core::mem::take(&mut notify.services),
            reals: core::mem::take(&mut notify.reals),
            starting: false,
            moved: None,
            advert,
            complained: Span::ZERO,
            stopping: false,
        })
    }

    /// To be looked at.
    pub fn room(&self) -> &Room {
        &self.room
    }

    /// The socket to IPVS.
    pub fn descriptor(&self) -> Option<RawFd> {
        self.ipvs.as_ref().map(AsRawFd::as_raw_fd)
    }

    /// Begins. What is known before (files, addresses) has been told.
    pub fn start(&mut self, now: Instant) {
        self.starting = true;
        self.answered = true;
        if let Some(ipvs) = &mut self.ipvs {
            ipvs.begin(now);
        }
    }

    /// Starts the room, if it is time.
    fn begin(&mut self, hands: &mut Hands, now: Instant) {
        let known = match &self.ipvs {
            Some(ipvs) => ipvs.legacy(&self.room),
            None => Some(None),
        };
        let Some(table) = known else {
            return;
        };
        let resumed =
            table.map_or_else(Vec::new, |table| resume::resumed(self.room.params(), table));
        self.starting = false;
        for (checker, up) in resumed {
            self.tell(Event::Resume { checker, up }, hands, now);
        }
        let seed = now.micros() as u32 ^ sys::process::pid().unsigned_abs();
        self.tell(Event::Start { seed }, hands, now);
        if let Some(ipvs) = &mut self.ipvs {
            ipvs.release();
        }
    }

    /// The first half of a reload: whoever goes is told so, whatever is tried is broken off.
    pub fn part(&mut self, new: &Params, hands: &mut Hands, now: Instant) {
        self.room.part(new, now);
        self.drain(hands, now);
        self.due.clear();
        self.moved = None;
    }

    /// The second half: from here on the numbers are those of `params`, those of `kept` included.
    /// `masters`: the instances that are Master.
    pub fn reload(
        &mut self,
        params: Params,
        notify: &mut notify::Params,
        kept: &Kept,
        masters: &[u16],
        limit: usize,
        (hands, now): (&mut Hands, Instant),
    ) {
        let intervals = hands.params.instances.iter().map(|i| i.advert_int);
        self.advert = intervals.min();
        let checkers = params.checkers.len();
        let programs = &self.programs;
        let commands = &notify.checks;
        let same = |old: &Probe, new: &Probe| match (old, new) {
            (Probe::Misc { command: a, .. }, Probe::Misc { command: b, .. }) => {
                programs.same(*a, commands.get(usize::from(*b)))
            }
            (Probe::File { file: a, .. }, Probe::File { file: b, .. }) => {
                kept.files.old(*b) == Some(*a)
            }
            _ => false,
        };
        let table = self.room.params().table.clone();
        let secret = params.checkers.iter().any(|c| speaks_tls(&c.probe));
        // Read anew even if the paths are the same: certificates are renewed in place.
        let tls = secret.then(|| Tls::new(params.tls.as_deref())).flatten();
        self.room.set_limit(limit);
        let gone = self.room.reload(params, &same, now);
        self.programs.reload(core::mem::take(&mut notify.checks));
        self.probes.reload(checkers, tls);
        self.services = core::mem::take(&mut notify.services);
        self.reals = core::mem::take(&mut notify.reals);
        if let Some(ipvs) = &mut self.ipvs {
            ipvs.reload(&self.room, &table, &gone, masters);
        }
        self.drain(hands, now);
    }

    /// The room has not started yet: the table is being asked for.
    pub fn starting(&self) -> bool {
        self.starting
    }

    /// An orderly stop. `keep`: services stay in the table (`-I`).
    pub fn stop(&mut self, keep: bool, hands: &mut Hands, now: Instant) {
        self.stopping = true;
        self.starting = false;
        let longest = self.probes.longest();
        if longest != Span::ZERO {
            let micros = longest.micros();
            log::debug!("the longest step of a TLS handshake took {micros} microseconds");
        }
        self.tell(Event::Stop, hands, now);
        self.due.clear();
        self.programs.stopping(now);
        if let Some(ipvs) = &mut self.ipvs {
            ipvs.stop(keep);
        }
    }

    /// Whether a stop has nothing more to wait for.
    pub fn rested(&self) -> bool {
        self.programs.idle() && self.ipvs.as_ref().is_none_or(Ipvs::rested)
    }

    /// Whether the table is being filled.
    pub fn filling(&self) -> bool {
        self.ipvs.as_ref().is_some_and(Ipvs::filling)
    }

    /// IPVS has answered something.
    pub fn answered(&mut self) {
        self.answered = true;
    }

    /// Something happened to a socket of a probe. `sound`: it can be written, and nothing failed.
    pub fn ready(&mut self, token: usize, sound: bool) {
        self.probes.ready(token, sound);
    }

    /// The timer of a checker has run out.
    pub fn due(&mut self, checker: CheckerId) {
        self.due.push_back(checker);
    }

    /// A child has ended; strangers are ignored.
    pub fn reaped(&mut self, pid: i32, exit: Exit, now: Instant) {
        let loader = self.ipvs.as_mut().is_some_and(|i| i.reaped(pid, exit, now));
        if loader {
            self.answered = true;
        } else {
            self.programs.reaped(pid, exit);
        }
    }

    /// The value of a tracked file.
    pub fn file(&mut self, file: u16, value: i32, hands: &mut Hands, now: Instant) {
        self.tell(Event::File { file, value }, hands, now);
    }

    /// An address of this machine came or went.
    pub fn local(&mut self, address: IpAddr, present: bool, hands: &mut Hands, now: Instant) {
        self.tell(Event::Local { address, present }, hands, now);
    }

    /// An instance became Master, or is it no longer.
    pub fn follow(&mut self, instance: u16, master: bool) {
        if let Some(ipvs) = &mut self.ipvs {
            ipvs.follow(&self.room, instance, master);
        }
    }

    /// When [`Checks::tick`] wants to be called.
    pub fn deadline(&self) -> Option<Instant> {
        let ipvs = self.ipvs.as_ref().and_then(Ipvs::deadline);
        ipvs.into_iter().chain(self.programs.deadline()).min()
    }

    /// Kills programs that did not end, asks IPVS again.
    pub fn tick(&mut self, now: Instant) {
        self.programs.tick(now);
        if let Some(ipvs) = &mut self.ipvs {
            ipvs.tick(now);
            self.answered = true;
        }
    }
}
