//! The check room and its hands: sockets, programs, the table of IPVS.
//!
//! VRRP comes first: what is due, what can be read and what is to be opened waits here until
//! [`Checks::work`] is called, which takes a millisecond at the most and says whether more is left.

mod mail;

use super::exec::child::{Children, Job};
use super::exec::ipvs::Ipvs;
use super::exec::probe::{Heard, Probes};
use super::exec::program::{Ended, Programs};
use super::exec::{Hands, SLICE};
use super::ids::Slot;
use super::outside::plain;
use super::tls::Tls;
use crate::check::{Action, Change, CheckerId, Event, Got, Note, Params, Probe, Room, Table, tls};
use crate::notify::{self, RealScripts, Script, ServiceScripts};
use crate::sys;
use crate::sys::process::Exit;
use crate::time::{Instant, Span};
use crate::vrrp::Kept;
use mio::Registry;
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

/// Of each kind of work, so much before the others have their turn.
const TURN: usize = 8;
/// So often a socket is read before its time is over.
const LOOKS: usize = 4;
/// Queues of scripts of virtual and real servers are behind VRRP's, which have 17 bits.
const QUEUES: u32 = 1 << 30;

/// The queue of whoever has these names. A reload gives other numbers, and what ran before it is
/// still to end before the next script of the same one begins. Two that share a number by chance
/// wait for each other, no more.
fn queue(names: &[Option<&str>]) -> u32 {
    // FNV-1a.
    let bytes = names
        .iter()
        .flatten()
        .flat_map(|name| name.bytes().chain([0]));
    let hash = bytes.fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    QUEUES | (hash & (QUEUES - 1))
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
        let resumed = table.map_or_else(Vec::new, |table| resumed(self.room.params(), table));
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

    /// Does what is to be done, for a millisecond at the most; whether more is left.
    pub fn work(
        &mut self,
        hands: &mut Hands,
        registry: &Registry,
        buf: &mut [u8],
        now: Instant,
    ) -> bool {
        let end = now + SLICE;
        while let Some((id, ended)) = self.programs.next_ended() {
            let got = match ended {
                Ended::Exited(status) => Got::Exited(status),
                Ended::Signaled(signal) => Got::Signaled(signal),
                Ended::Failed(errno) => Got::Failed(errno),
            };
            self.tell(Event::Got(id, got), hands, now);
        }
        self.programs.start();
        loop {
            // Whose timer has run out wants a socket: it is opened in the same pass.
            let mut more = self.expire(hands, buf, now);
            more |= self.serve(hands, registry, buf, now);
            if let Some(ipvs) = &mut self.ipvs {
                let readable = core::mem::take(&mut self.answered);
                more |= ipvs.work(&self.room, readable, buf, now);
            }
            if self.starting {
                self.begin(hands, now);
                more |= !self.starting;
            }
            let spent = self.probes.spent();
            if spent {
                self.complain();
            }
            // A handshake's step may have been long: VRRP comes first.
            if !more || spent || sys::now() >= end {
                return more || self.programs.waiting();
            }
        }
    }

    /// Some sockets; whether there are more.
    fn serve(
        &mut self,
        hands: &mut Hands,
        registry: &Registry,
        buf: &mut [u8],
        now: Instant,
    ) -> bool {
        for _ in 0..TURN {
            if !self.probes.busy() {
                return false;
            }
            let heard = self.probes.step(&self.room, registry, buf);
            let spent = self.probes.is_spent();
            let Some((id, heard)) = heard else {
                if spent {
                    break;
                }
                continue;
            };
            self.heard(id, heard, hands, buf, now);
            if spent {
                break;
            }
        }
        self.probes.busy()
    }

    /// Some of those whose timer has run out; whether there are more.
    fn expire(&mut self, hands: &mut Hands, buf: &mut [u8], now: Instant) -> bool {
        for _ in 0..TURN {
            let Some(id) = self.due.pop_front() else {
                return false;
            };
            // Not tried: neither a success nor a failure. It stays as it was.
            if !tls::SUPPORTED && self.is_tls(id) {
                continue;
            }
            self.look(id, hands, buf, now);
            self.tell(Event::Timer(id), hands, now);
        }
        !self.due.is_empty()
    }

    /// Whoever was busy must not blame a server: before its time is over, what it has said is read.
    fn look(&mut self, id: CheckerId, hands: &mut Hands, buf: &mut [u8], now: Instant) {
        for _ in 0..LOOKS {
            let Some(heard) = self.probes.look(id, &self.room, buf) else {
                return;
            };
            self.heard(id, heard, hands, buf, now);
        }
    }

    fn heard(&mut self, id: CheckerId, heard: Heard, hands: &mut Hands, buf: &[u8], now: Instant) {
        let got = match heard {
            Heard::Connected => Got::Connected,
            Heard::Data(length) => Got::Data(buf.get(..length).unwrap_or_default()),
            Heard::Closed => Got::Closed,
            Heard::Failed(errno) => Got::Failed(errno),
            Heard::TlsFailed(code) => Got::TlsFailed(code),
        };
        self.tell(Event::Got(id, got), hands, now);
    }

    fn is_tls(&self, id: CheckerId) -> bool {
        let params = self.room.params().checkers.get(usize::from(id.0));
        params.is_some_and(|p| speaks_tls(&p.probe))
    }

    /// Complains if a part of a TLS handshake took so long that adverts suffer: once, and again when
    /// it is twice as long.
    fn complain(&mut self) {
        let longest = self.probes.longest();
        if longest < self.complained.times(2) || longest <= self.complained {
            return;
        }
        if let Some(advert) = self.advert.filter(|advert| *advert < longest.times(10)) {
            self.complained = longest;
            log::warn!(
                "a step of a TLS handshake took {} ms, which is much beside an advert_int of {} \
                 ms: run VRRP (-P) and virtual servers (-C) as two daemons",
                longest.micros() / 1_000,
                advert.micros() / 1_000
            );
        }
    }

    /// Gives an event to the room and does what it asks for.
    fn tell(&mut self, event: Event<'_>, hands: &mut Hands, now: Instant) {
        self.room.handle(event, now);
        self.drain(hands, now);
    }

    fn drain(&mut self, hands: &mut Hands, now: Instant) {
        while let Some(action) = self.room.next_action() {
            self.perform(action, hands, now);
        }
    }

    fn perform(&mut self, action: Action, hands: &mut Hands, now: Instant) {
        match action {
            Action::Open(id) => self.probes.ask(id),
            Action::Send(id) => self.probes.send(id),
            Action::Close(id) => match self.command(id) {
                Some(_) => self.programs.close(id, now),
                None => self.probes.close(id),
            },
            Action::Spawn(id) => {
                if let Some(command) = self.command(id) {
                    self.programs.ask(id, command);
                }
            }
            Action::Arm(id, at) => hands.wake(Slot::Checker(id), Some(at)),
            Action::Disarm(id) => hands.wake(Slot::Checker(id), None),
            Action::Table(id) => {
                if let Some(ipvs) = &mut self.ipvs {
                    ipvs.changed(id);
                }
            }
            Action::Tell(change) => {
                self.change(change, &mut hands.children);
                if let Some(post) = &mut hands.mail {
                    self.write(change, post, now);
                }
            }
            Action::Note(note) => self.note(note),
        }
    }

    /// The number of a checker's command, if it has one.
    fn command(&self, id: CheckerId) -> Option<u16> {
        let params = self.room.params().checkers.get(usize::from(id.0))?;
        match params.probe {
            Probe::Misc { command, .. } => Some(command),
            _ => None,
        }
    }

    fn note(&self, note: Note) {
        let text = self.room.params().text(note);
        match note {
            Note::Verdict { up: false, .. } => log::warn!("{text}"),
            _ => log::info!("{text}"),
        }
    }

    /// A state changed: one line, then the script.
    fn change(&self, change: Change, children: &mut Children) {
        let params = self.room.params();
        let (up, object, script) = match change {
            // Its line came before.
            Change::Checker { .. } => return,
            Change::Real { up, by: None, .. } if up && !params.table.init_notifies => return,
            Change::Real { real, up, .. } => {
                let of = self.reals.get(usize::from(real.0));
                let script = of.and_then(|s| {
                    if up {
                        s.up.as_deref()
                    } else {
                        s.down.as_deref()
                    }
                });
                let real = params.reals.get(usize::from(real.0));
                let service = real.and_then(|r| params.services.get(usize::from(r.service.0)));
                let names = [service.map(|s| &*s.name), real.map(|r| &*r.name)];
                (up, queue(&names), script)
            }
            Change::Quorum { service, up, .. } => {
                let of = self.services.get(usize::from(service.0));
                let script = of.and_then(|s| match up {
                    true => s.quorum_up.as_deref(),
                    false => s.quorum_down.as_deref(),
                });
                let service = params.services.get(usize::from(service.0));
                (up, queue(&[service.map(|s| &*s.name)]), script)
            }
        };
        let level = if up || self.stopping {
            log::Level::Info
        } else {
            log::Level::Warn
        };
        log::log!(level, "{}", params.text(change));
        if let Some(Script { argv, user }) = script {
            children.enqueue(Job {
                object,
                argv: argv.clone(),
                user: user.map(|c| (c.uid, c.gid)),
                stop: self.stopping,
            });
        }
    }
}

/// What the table tells of the checkers before the start: a real server of a service that is there
/// was up if it is there too. Without this a server that is down would get connections once more.
fn resumed(params: &Params, table: &Table) -> Vec<(CheckerId, bool)> {
    let mut resumed = Vec::new();
    for service in &params.services {
        let Some(key) = service.keys.iter().find(|key| table.has(**key)) else {
            continue;
        };
        let reals = usize::from(service.reals.start)..usize::from(service.reals.end);
        for real in params.reals.get(reals).unwrap_or_default() {
            let to = real.destination;
            let line = table
                .destinations(*key)
                .find(|line| line.address == to.address && (line.port == to.port || to.port == 0));
            let up = line.is_some_and(|line| !real.inhibit || line.weight != 0 || to.weight == 0);
            let checkers = real.checkers.clone().map(CheckerId);
            let tried = checkers.filter(|id| {
                let checker = params.checkers.get(usize::from(id.0));
                checker.is_some_and(|c| !matches!(c.probe, Probe::File { .. }))
            });
            resumed.extend(tried.map(|id| (id, up)));
        }
    }
    resumed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::engine::outside::Real;
    use crate::sys::tests::Scratch;

    const TEXT: &str = "virtual_server 192.0.2.1 80 {\n lb_algo rr\n lb_kind NAT\n protocol TCP\n \
         real_server 192.0.2.11 80 {\n  TCP_CHECK {\n  }\n }\n \
         real_server 192.0.2.12 80 {\n  TCP_CHECK {\n  }\n }\n \
         real_server 192.0.2.13 80 {\n  inhibit_on_failure\n  TCP_CHECK {\n  }\n }\n}\n\
         virtual_server 192.0.2.2 80 {\n lb_algo rr\n lb_kind NAT\n protocol TCP\n \
         real_server 192.0.2.11 80 {\n  TCP_CHECK {\n  }\n }\n}\n";

    #[test]
    fn who_is_not_in_the_table_was_down() {
        let scratch = Scratch::new("resumed");
        let path = scratch.path("conf");
        std::fs::write(&path, TEXT).unwrap();
        let params = config::load(&Real, &path, &config::Options::default());
        let params = params.config.check;
        assert_eq!(params.checkers.len(), 4);
        let mut table = Table::default();
        assert!(resumed(&params, &table).is_empty(), "nothing is known");
        let service = params.services[0].lines().next().unwrap();
        table.found_service(&service);
        let mut third = params.reals[2].destination;
        third.weight = 0;
        table.found_destination(service.key, params.reals[0].destination);
        table.found_destination(service.key, third);
        let told = resumed(&params, &table);
        let expected = [(0, true), (1, false), (2, false)];
        assert_eq!(told, expected.map(|(id, up)| (CheckerId(id), up)));
    }

    #[test]
    fn a_queue_of_scripts_is_known_by_name_and_never_one_of_vrrp() {
        let (a, b) = (queue(&[Some("a"), Some("b")]), queue(&[Some("a")]));
        assert_ne!(a, b);
        assert_ne!(a, queue(&[Some("ab")]));
        assert_eq!(b, queue(&[Some("a"), None]));
        for number in [a, b] {
            assert_eq!(
                crate::engine::exec::tell::Teller::queue(&Kept::default(), number),
                number,
                "a reload leaves it as it is"
            );
            assert!((1 << 30..1 << 31).contains(&number));
        }
    }
}
