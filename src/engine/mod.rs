//! The loop: the only room that knows all others.
//!
//! One turn: poll, sample `now` once, signals, VRRP packets, netlink, then expired timers, then one
//! slice of long work, then the log. Packets go before timers: on a busy machine an advert already
//! waiting in the socket must stop the timer that would declare its sender dead.

pub mod exec;
pub mod ids;
pub mod links;
pub mod outside;
pub mod ports;
pub mod record;
pub mod tools;
pub mod vital;
pub mod wheel;

pub mod around;
mod boot;
mod checks;
mod control;
mod dump;
mod kernel;
#[cfg(not(feature = "ssl"))]
mod no_tls;
mod reload;
#[cfg(feature = "ssl")]
mod tls;
mod turn;

#[cfg(not(feature = "ssl"))]
use no_tls as tls;
pub use reload::{Applied, Refused, Reread, errors};

use crate::check;
use crate::config::{Config, Process};
use crate::notify;
use crate::sys::memory::Code;
use crate::sys::net::Netlink;
use crate::sys::shared::Page;
use crate::sys::signal::Signals;
use crate::sys::supervisor::Supervisor;
use crate::sys::timer::Timerfd;
use crate::time::{Instant, Span};
use crate::vrrp::{self, InstanceId, Router};
use exec::Hands;
use exec::watch::Files;
use ids::Slot;
use links::Links;
use mio::{Events, Poll};
use std::io;
use std::rc::Rc;

/// How the worker is to run.
pub struct Setup<'a> {
    /// The virtual routers and groups to run.
    pub vrrp: Rc<vrrp::Params>,
    /// The scripts that belong to them.
    pub notify: notify::Params,
    /// The virtual servers.
    pub check: check::Params,
    /// The page shared with the watchdog, if there is one.
    pub page: Option<&'a Page>,
    /// It takes the place of a worker that died: what is done once at the start has been done.
    pub again: bool,
    /// `-V`: leave addresses in place at exit and send no priority 0.
    pub keep_addresses: bool,
    /// `-I`: leave virtual servers in place at exit.
    pub keep_services: bool,
    /// `--ignore-sigint`: SIGINT does not stop the daemon.
    pub ignore_int: bool,
    /// Directory of the dumps.
    pub dump_dir: &'a str,
    /// How the configuration is read anew; without it there is no reload.
    pub reread: Option<Rc<dyn Reread>>,
    /// The errors of the configuration: a reload may have these too. See [`errors`].
    pub errors: Vec<Box<str>>,
    /// How the processes run: what cannot be changed by a reload.
    pub process: Option<Box<Process>>,
    /// `state_dump_file`: instead of `keepalived.data` there.
    pub state_file: Option<Box<str>>,
    /// `json_version` 2.
    pub json_wrapped: bool,
    /// Where commands come by; `None`: none do.
    pub socket: Option<&'a str>,
    /// The file the configuration was read from, to be shown.
    pub file: &'a str,
}

impl<'a> Setup<'a> {
    /// Runs `config` in one process with keepalived's defaults.
    pub fn new(config: Config) -> Self {
        Setup {
            vrrp: Rc::new(config.vrrp),
            notify: config.notify,
            check: config.check,
            page: None,
            again: false,
            keep_addresses: false,
            keep_services: false,
            ignore_int: false,
            dump_dir: "/tmp",
            reread: None,
            errors: Vec::new(),
            process: config.global.process,
            state_file: config.global.state_dump_file,
            json_wrapped: config.global.json_wrapped,
            socket: None,
            file: "",
        }
    }
}

/// Why the loop ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// TERM or INT, everything released in order.
    Stopped,
}

/// Tokens below [`ports::FIRST_TOKEN`].
const TOKEN_SIGNALS: usize = 0;
const TOKEN_COMMAND: usize = 1;
const TOKEN_MONITOR: usize = 2;
const TOKEN_TIMER: usize = 3;
const TOKEN_LOG: usize = 4;
const TOKEN_FILES: usize = 5;
const TOKEN_IPVS: usize = 6;
const TOKEN_MAIL: usize = 7;
const TOKEN_NAMES: usize = 8;
const TOKEN_CONTROL: usize = 9;

/// Timers of the engine itself, behind those of the instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Own {
    /// Tell the watchdog that the loop turns.
    Beat = 0,
    /// A script's time is up, or its queue wants attention.
    Children = 1,
    /// Try /dev/log again; say what was suppressed.
    Log = 2,
    /// Stop waiting for orderly release.
    StopLimit = 3,
    /// Ask the kernel for everything again.
    Redump = 4,
    /// Say how many lines were not logged.
    Hushed = 5,
    /// Try again to open sockets that could not be opened.
    Reopen = 6,
    /// A tracked script's time is up, or one is to be started.
    Scripts = 7,
    /// Look after tracked files that cannot be watched.
    Files = 8,
    /// The next announcement of an interface that is to be paced.
    Announce = 9,
    /// Put back addresses that somebody takes away again and again.
    PutBack = 10,
    /// Ask again for what the kernel refused.
    Retry = 11,
    /// Ask the kernel for routes, rules and static addresses that may have gone.
    Verify = 12,
    /// A checker's program did not end; IPVS is to be asked again.
    Checks = 13,
    /// Mail is to be sent, or a mail server has taken too long.
    Mail = 14,
    /// Somebody who asked does not listen.
    Control = 15,
}

const OWN_TIMERS: usize = 16;
const ALL_OWN: [Own; OWN_TIMERS] = [
    Own::Beat,
    Own::Children,
    Own::Log,
    Own::StopLimit,
    Own::Redump,
    Own::Hushed,
    Own::Reopen,
    Own::Scripts,
    Own::Files,
    Own::Announce,
    Own::PutBack,
    Own::Retry,
    Own::Verify,
    Own::Checks,
    Own::Mail,
    Own::Control,
];

/// Period of the heartbeat; the watchdog allows several of them to be missed.
const BEAT: Span = Span::from_secs(1);
/// After so many heartbeats the start is over.
const SETTLED_BEATS: u32 = 5;
/// Longest wait for the kernel and the STOP scripts when stopping; the watchdog allows one second
/// more.
const STOP_LIMIT: Span = Span::from_secs(4);
/// More datagrams than fit the receive buffers of an interface (two of 1 MiB, at least 512 bytes
/// each): after so many, all that was queued before a deadline is read.
const QUEUE_LIMIT: u32 = 4096;
/// Notifications of the kernel read in one turn.
const NOTIFICATIONS: usize = 128;
/// Turns, each of a millisecond or so, that lines of the log wait for the table of IPVS.
const LOG_HELD: u8 = 64;
/// Pause before a full re-dump after lost notifications.
const REDUMP_DELAY: Span = Span::from_millis(100);
/// Dumps asked for at the start before one is taken that changed while it was made.
const START_DUMPS: u8 = 3;
/// Pause before another attempt to open the sockets of an interface.
const REOPEN_DELAY: Span = Span::from_secs(1);

/// A Master-down timer that waits until what was queued before its deadline is read.
#[derive(Clone, Copy)]
struct Deferred {
    instance: InstanceId,
    /// Value of the port's read counter at which it fires whatever is still unread.
    until: u32,
}

/// Where the kernel dump at the start stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dump {
    Idle,
    Links,
    Addresses,
}

/// What remains of the [`Setup`].
struct How {
    vrrp: Rc<vrrp::Params>,
    keep_addresses: bool,
    keep_services: bool,
    ignore_int: bool,
    dump_dir: Box<str>,
    state_file: Option<Box<str>>,
    again: bool,
    reread: Option<Rc<dyn Reread>>,
    errors: Vec<Box<str>>,
    process: Option<Box<Process>>,
}

/// The worker.
struct Engine {
    how: How,
    poll: Poll,
    signals: Signals,
    supervisor: Supervisor,
    timer: Timerfd,
    /// What the timerfd is armed for.
    armed: Option<Instant>,
    monitor: Netlink,
    /// The monitor socket was not read to the end yet.
    monitor_unread: bool,
    links: Links,
    router: Router,
    hands: Hands,
    /// Virtual servers, if there are any.
    checks: Option<checks::Held>,
    /// Commands, and dumps that are being written.
    control: control::Control,
    /// Tracked files.
    files: Files,
    deferred: Vec<Deferred>,
    dump: Dump,
    /// The tables changed while they were dumped, or notifications were lost: ask once more.
    interrupted: bool,
    /// Dumps asked for before the start.
    start_dumps: u8,
    started: bool,
    beats: u32,
    /// Turns in which no line of the log was sent.
    log_held: u8,
    /// Let go of once the start is over.
    code: Code,
    /// A reload is wanted.
    reload_asked: bool,
    /// A reload is under way.
    pending: Option<Box<reload::Pending>>,
    /// To be stopped as soon as it has started: what an earlier run left behind is to go too.
    stop_asked: bool,
    stopping: bool,
    /// Something was left over for the next turn: poll without waiting.
    more: bool,
    buf: Box<[u8]>,
}

/// Runs the worker until it is told to stop.
pub fn run(mut setup: Setup<'_>) -> io::Result<Outcome> {
    if setup.again {
        // Compat: `vrrp_startup_delay` is for a machine that starts. The daemon has been through it.
        Rc::make_mut(&mut setup.vrrp).startup_delay = Span::ZERO;
    }
    let mut engine = Engine::new(setup)?;
    engine.boot();
    let mut events = Events::with_capacity(256);
    loop {
        engine.wait(&mut events)?;
        if let Some(outcome) = engine.turn(&events) {
            return Ok(outcome);
        }
    }
}
