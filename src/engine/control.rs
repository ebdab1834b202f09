//! The control socket, and the dumps: whoever asks how things are is served with what time is left.
//!
//! The loop never waits for a client. There are [`PLACES`] of them at the most, each may say one
//! line and has [`PATIENCE`] to say it; its answer is written once, while it is read it takes room
//! from a common budget, and whoever does not read it in [`READING`] loses it. All of this, and
//! writing dumps, has a millisecond a turn, after adverts and timers.

use super::dump::Dump;
use super::exec::SLICE;
use super::outside::plain;
use super::*;
use crate::config::{route_line, rule_line};
use crate::control::{About, Limit, Report, Request, View, What, answer, code};
use crate::sys;
use crate::sys::file::Atomic;
use crate::sys::net::{Listener, Local};
use crate::sys::signal::Signal;
use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use std::collections::VecDeque;
use std::os::fd::{AsRawFd, RawFd};

/// Clients at a time; one more is sent away.
const PLACES: usize = 16;
/// Those who connect at once are looked at so many at a time.
const ACCEPTS: usize = 32;
/// From connecting to the end of the request.
const PATIENCE: Span = Span::from_secs(5);
/// From the request to the end of the answer.
const READING: Span = Span::from_secs(20);
/// Bytes of answers that wait to be read, from which on no other answer is begun.
const BUDGET: usize = 1 << 20;
/// Bytes written to a file or a client at once.
const CHUNK: usize = 32 << 10;
/// Dumps that wait; more of them would be the same ones.
const DUMPS: usize = 8;
/// So often it tries again to listen.
const RETRIES: u8 = 30;
/// The class of the tokens of clients: generation and place are below.
const CLASS: usize = 1 << 27;
const GENERATION: u32 = 8;

/// Commands and dumps.
#[derive(Default)]
pub(super) struct Control {
    about: Rc<About>,
    /// There is a parent, which is the one to be told to stop.
    supervised: bool,
    listener: Option<Listener>,
    /// Where it could not listen, and how often that is to be tried again.
    missing: Option<(Box<str>, u8)>,
    /// Somebody has connected.
    knocked: bool,
    clients: Vec<Option<Client>>,
    generation: u8,
    dumps: VecDeque<Dump>,
    file: Option<File>,
}

/// A dump on its way to the disk.
struct File {
    file: Atomic,
    path: String,
    text: String,
    written: usize,
    quiet: bool,
}

struct Client {
    stream: Local,
    token: usize,
    /// When it loses its place.
    deadline: Instant,
    /// The kernel said so, and no try since then found otherwise.
    readable: bool,
    writable: bool,
    phase: Phase,
}

enum Phase {
    /// So far it has said this.
    Asking(Box<heapless::Vec<u8, { Limit::LINE }>>),
    /// It wants something of the daemon itself.
    Wishing(Wish),
    /// Its answer is being written.
    Waiting(Box<Report>),
    /// It reads its answer, which it has up to here.
    Reading(Vec<u8>, usize),
}

/// What a client wants of the daemon itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    Stop,
    Reload,
}

impl Control {
    pub fn new(setup: &Setup<'_>) -> Self {
        let mut missing = None;
        let listener = setup.socket.and_then(|path| match Listener::bind(path) {
            Ok(listener) => Some(listener),
            Err(e) => {
                let e = plain(&e);
                log::warn!("no control socket at {path} ({e}): 'holdfast status' has no answer");
                missing = Some((path.into(), RETRIES));
                None
            }
        });
        let now = sys::now();
        Control {
            about: Rc::new(About {
                pid: sys::process::pid(),
                started: now,
                loaded: now,
                file: setup.file.into(),
                wrapped: setup.json_wrapped,
            }),
            supervised: setup.page.is_some(),
            // Nobody may have been told of who came before it was registered.
            knocked: listener.is_some(),
            listener,
            missing,
            ..Control::default()
        }
    }

    /// Once a second: tries again to listen where somebody else did at the start, as a child of a
    /// worker that was killed may for a moment.
    pub fn again(&mut self, registry: &Registry) {
        let Some((path, left)) = self.missing.take().filter(|(_, left)| *left > 0) else {
            return;
        };
        let listener = Listener::bind(&path).and_then(|listener| {
            let fd = listener.as_raw_fd();
            registry.register(&mut SourceFd(&fd), Token(TOKEN_CONTROL), Interest::READABLE)?;
            Ok(listener)
        });
        match listener {
            Ok(listener) => {
                log::info!("control socket at {path}");
                (self.listener, self.knocked) = (Some(listener), true);
            }
            Err(_) => self.missing = Some((path, left - 1)),
        }
    }

    /// A reload has come into force.
    pub fn reloaded(&mut self, wrapped: bool, now: Instant) {
        let about = Rc::make_mut(&mut self.about);
        (about.loaded, about.wrapped) = (now, wrapped);
        // What is half written would be about two configurations.
        for dump in &mut self.dumps {
            dump.report.restart();
        }
        for client in self.clients.iter_mut().flatten() {
            if let Phase::Waiting(report) = &mut client.phase {
                report.restart();
            }
        }
    }

    /// The socket others connect to.
    pub fn descriptor(&self) -> Option<RawFd> {
        self.listener.as_ref().map(AsRawFd::as_raw_fd)
    }

    /// Somebody connected.
    pub fn connected(&mut self) {
        self.knocked = true;
    }

    /// Whether a token is that of a client.
    pub fn owns(token: usize) -> bool {
        token & !(CLASS - 1) == CLASS
    }

    /// Something happened to a client.
    pub fn ready(&mut self, token: usize) {
        let place = self.clients.get_mut(token & ((1 << GENERATION) - 1));
        if let Some(Some(client)) = place
            && client.token == token
        {
            (client.readable, client.writable) = (true, true);
        }
    }

    /// A dump is wanted.
    pub fn write(&mut self, dump: Dump) {
        // It would only be the same once more.
        if self.dumps.len() < DUMPS {
            self.dumps.push_back(dump);
        }
    }

    /// When [`Control::expire`] is to be called.
    pub fn deadline(&self) -> Option<Instant> {
        self.clients.iter().flatten().map(|c| c.deadline).min()
    }

    /// Those whose time is over lose their place.
    pub fn expire(&mut self, now: Instant) {
        for place in &mut self.clients {
            if place.as_ref().is_some_and(|c| c.deadline <= now) {
                *place = None;
            }
        }
    }

    /// Whether there is nothing to be done.
    fn idle(&self) -> bool {
        let can = |c: &Client| match &c.phase {
            Phase::Asking(_) => c.readable,
            Phase::Wishing(_) => true,
            Phase::Waiting(_) => false,
            Phase::Reading(..) => c.writable,
        };
        !self.knocked
            && self.next_report().is_none()
            && self.file.is_none()
            && self.dumps.is_empty()
            && !self.clients.iter().flatten().any(can)
    }

    /// Lets in who has connected.
    fn accept(&mut self, registry: &Registry, now: Instant) {
        let Some(listener) = &self.listener else {
            self.knocked = false;
            return;
        };
        for _ in 0..ACCEPTS {
            match listener.accept() {
                Ok(Some(stream)) => {
                    enter(
                        &mut self.clients,
                        &mut self.generation,
                        stream,
                        registry,
                        now,
                    );
                }
                Ok(None) => {
                    self.knocked = false;
                    return;
                }
                Err(e) => {
                    log::debug!("control socket: {}", plain(&e));
                    self.knocked = false;
                    return;
                }
            }
        }
    }

    /// Reads what clients say, and answers what is to be answered at once.
    fn listen(&mut self, now: Instant) {
        for place in &mut self.clients {
            if place
                .as_mut()
                .is_some_and(|client| client.hear(now).is_err())
            {
                *place = None;
            }
        }
    }

    /// What a client wants of the daemon itself.
    fn wish(&self) -> Option<Wish> {
        self.clients.iter().flatten().find_map(|c| match c.phase {
            Phase::Wishing(wish) => Some(wish),
            _ => None,
        })
    }

    /// Answers all who have this wish.
    fn reply(&mut self, wish: Wish, status: u8, text: &str, now: Instant) {
        for client in self.clients.iter_mut().flatten() {
            if matches!(client.phase, Phase::Wishing(w) if w == wish) {
                client.say(status, text, now);
            }
        }
        self.speak();
    }

    /// The process that is the daemon to others.
    fn daemon(&self) -> i32 {
        match self.supervised {
            true => sys::process::parent(),
            false => sys::process::pid(),
        }
    }

    /// Lets clients read, a chunk each.
    fn speak(&mut self) {
        for place in &mut self.clients {
            if place.as_mut().is_some_and(|client| client.speak().is_err()) {
                *place = None;
            }
        }
    }

    /// The place of the client whose answer is written next: one that is begun, or another if not
    /// too many bytes wait to be read already.
    fn next_report(&self) -> Option<usize> {
        let find = |is: &dyn Fn(&Client) -> bool| {
            let mut places = self.clients.iter();
            places.position(|c| c.as_ref().is_some_and(is))
        };
        let begun = find(&|c| matches!(&c.phase, Phase::Waiting(r) if !r.is_empty()));
        let unread = self.clients.iter().flatten().map(|c| match &c.phase {
            Phase::Reading(bytes, _) => bytes.len(),
            _ => 0,
        });
        let crowded = unread.fold(0, usize::saturating_add) > BUDGET;
        begun.or_else(|| find(&|c| !crowded && matches!(c.phase, Phase::Waiting(_))))
    }

    /// One piece of an answer; whether there was one.
    fn compose(&mut self, view: &View<'_>) -> bool {
        let at = self.next_report();
        let Some(Some(client)) = at.and_then(|at| self.clients.get_mut(at)) else {
            return false;
        };
        if let Phase::Waiting(report) = &mut client.phase
            && !report.step(view)
        {
            let taken = core::mem::replace(&mut **report, Report::new(What::Data));
            let (text, status) = taken.done();
            client.phase = Phase::Reading(answer(status, &text), 0);
        }
        true
    }

    /// One piece of a dump; whether there was one.
    fn dump(&mut self, view: &View<'_>) -> bool {
        if let Some(file) = &mut self.file {
            match file.write() {
                Ok(true) => return true,
                Ok(false) => {}
                Err(e) => log::error!("cannot write {}: {}", file.path, plain(&e)),
            }
            if let Some(file) = self.file.take() {
                file.finish();
            }
            return true;
        }
        let Some(dump) = self.dumps.front_mut() else {
            return false;
        };
        if dump.report.step(view) {
            return true;
        }
        if let Some(dump) = self.dumps.pop_front() {
            match Atomic::new(&dump.path) {
                Ok(file) => {
                    self.file = Some(File {
                        file,
                        text: dump.report.done().0,
                        path: dump.path,
                        written: 0,
                        quiet: dump.quiet,
                    });
                }
                Err(e) => log::error!("cannot write {}: {}", dump.path, plain(&e)),
            }
        }
        true
    }
}

/// Gives a client a place, or sends it away.
fn enter(
    clients: &mut Vec<Option<Client>>,
    generation: &mut u8,
    stream: Local,
    registry: &Registry,
    now: Instant,
) {
    let own = sys::outside::own_user().0;
    match stream.user() {
        Ok(user) if user == 0 || user == own => {}
        _ => return,
    }
    let free = clients.iter().position(Option::is_none);
    let at = match free {
        Some(at) => at,
        None if clients.len() < PLACES => {
            clients.push(None);
            clients.len() - 1
        }
        None => {
            let _ = stream.send(&answer(
                code::NO_ANSWER,
                "too many ask at once; try again\n",
            ));
            return;
        }
    };
    *generation = generation.wrapping_add(1);
    let token = CLASS | usize::from(*generation) << GENERATION | at;
    let fd = stream.as_raw_fd();
    let both = Interest::READABLE | Interest::WRITABLE;
    if registry
        .register(&mut SourceFd(&fd), Token(token), both)
        .is_err()
    {
        return;
    }
    if let Some(place) = clients.get_mut(at) {
        *place = Some(Client {
            stream,
            token,
            deadline: now + PATIENCE,
            readable: true,
            writable: true,
            phase: Phase::Asking(Box::default()),
        });
    }
}

impl Client {
    /// Reads on until there is a line. The error: it is to go.
    fn hear(&mut self, now: Instant) -> Result<(), ()> {
        while self.readable
            && let Phase::Asking(line) = &mut self.phase
        {
            let mut bytes = [0; Limit::LINE];
            let read = match self.stream.recv(&mut bytes) {
                Ok(Some(0)) | Err(_) => return Err(()),
                Ok(Some(read)) => read,
                Ok(None) => {
                    self.readable = false;
                    return Ok(());
                }
            };
            let said = bytes.get(..read).unwrap_or_default();
            let end = said.iter().position(|b| *b == b'\n');
            let fits = line.extend_from_slice(&said[..end.unwrap_or(read)]).is_ok();
            if !fits {
                self.say(code::UNKNOWN, "the request is too long\n", now);
            } else if end.is_some() {
                let request = Request::parse(line);
                self.take(request, now);
            }
        }
        Ok(())
    }

    fn say(&mut self, status: u8, text: &str, now: Instant) {
        self.deadline = now + READING;
        self.phase = Phase::Reading(answer(status, text), 0);
    }

    /// Begins to answer.
    fn take(&mut self, request: Result<Request, &str>, now: Instant) {
        self.deadline = now + READING;
        let what = match request {
            Ok(Request::Status { json: false, name }) => What::Status { name },
            Ok(Request::Status { json: true, name }) => What::StatusJson { name },
            Ok(Request::Explain { name }) => What::Explain { name },
            Ok(Request::Reload) => return self.phase = Phase::Wishing(Wish::Reload),
            Ok(Request::Stop) => return self.phase = Phase::Wishing(Wish::Stop),
            Err(why) => return self.say(code::UNKNOWN, &format!("{why}\n"), now),
        };
        self.phase = Phase::Waiting(Box::new(Report::new(what)));
    }

    /// Sends a chunk of the answer. The error: it is to go, it has all or will not have it.
    fn speak(&mut self) -> Result<(), ()> {
        let Phase::Reading(bytes, sent) = &mut self.phase else {
            return Ok(());
        };
        if !self.writable {
            return Ok(());
        }
        let rest = bytes.get(*sent..).unwrap_or_default();
        match self.stream.send(rest.get(..CHUNK).unwrap_or(rest)) {
            Ok(Some(more)) => *sent = sent.saturating_add(more),
            Ok(None) => self.writable = false,
            Err(_) => return Err(()),
        }
        match *sent < bytes.len() {
            true => Ok(()),
            false => Err(()),
        }
    }
}

impl File {
    /// Writes a chunk; whether there is more.
    fn write(&mut self) -> io::Result<bool> {
        let rest = self.text.as_bytes().get(self.written..).unwrap_or_default();
        let chunk = rest.get(..CHUNK).unwrap_or(rest);
        self.file.write(chunk)?;
        self.written = self.written.saturating_add(chunk.len());
        Ok(self.written < self.text.len())
    }

    /// It takes the place of the old one, if it is whole.
    fn finish(self) {
        if self.written < self.text.len() {
            return;
        }
        match self.file.finish() {
            Ok(()) if self.quiet => log::debug!("wrote {}", self.path),
            Ok(()) => log::info!("wrote {}", self.path),
            Err(e) => log::error!("cannot write {}: {}", self.path, plain(&e)),
        }
    }
}

impl Engine {
    /// One slice of what others want to know.
    pub(super) fn work_control(&mut self, now: Instant) {
        if self.control.idle() {
            return;
        }
        // Lent out: a report looks at everything but this.
        let mut control = core::mem::take(&mut self.control);
        if control.knocked {
            control.accept(self.poll.registry(), now);
        }
        control.listen(now);
        let end = now.max(sys::now()) + SLICE;
        let about = Rc::clone(&control.about);
        let view = self.view(&about, now);
        while control.dump(&view) || control.compose(&view) {
            if sys::now() >= end {
                break;
            }
        }
        control.speak();
        self.control = control;
        while let Some(wish) = self.control.wish() {
            self.grant(wish, now);
        }
        self.more |= !self.control.idle();
    }

    fn view<'v>(&'v self, about: &'v About, now: Instant) -> View<'v> {
        View {
            about,
            vrrp: &self.how.vrrp,
            router: &self.router,
            notify: self.hands.teller.notify(),
            check: self.checks.as_ref().map(|checks| checks.room()),
            route: route_line,
            rule: rule_line,
            now,
            wall: sys::wall(),
        }
    }

    /// Does what a client wants of the daemon.
    fn grant(&mut self, wish: Wish, now: Instant) {
        match wish {
            Wish::Reload => {
                let (code, text) = match self.reload() {
                    Ok(applied) => {
                        let warnings: String =
                            applied.warnings.iter().map(|w| format!("{w}\n")).collect();
                        (code::OK, format!("{warnings}{applied}\n"))
                    }
                    Err(refused) => (code::FAULT, format!("{refused}\n")),
                };
                self.control.reply(wish, code, &text, now);
                self.more = true;
            }
            Wish::Stop => {
                let text = format!("stopping\t{}\n", self.control.daemon());
                self.control.reply(wish, code::OK, &text, now);
                log::info!("told to stop by the control socket");
                match self.control.supervised {
                    // Of its own accord the worker would only be started again.
                    true => {
                        let _ = sys::process::kill(self.control.daemon(), Signal::Term.number());
                    }
                    false => self.stop(now),
                }
            }
        }
    }
}
