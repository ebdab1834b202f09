//! The sockets of health checks: opened, written and read a little at a time.
//!
//! Nothing is done where it is asked for: [`Probes::step`] does one thing, and the engine calls it
//! as long as there is time. A socket's token holds the generation of its place, so that what was
//! reported about a closed one is for nobody.

mod line;

pub use line::Line;

use crate::check::tls::OTHER;
use crate::check::{CheckerId, CheckerParams, Probe, Room};
use crate::engine::tls::{Session, Tls};
use crate::sys;
use crate::sys::net::{Order, Speech};
use crate::time::Span;
use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;

/// All of them.
pub struct Probes {
    places: Vec<Place>,
    free: Vec<u32>,
    /// By checker: its place, [`NONE`] if it has no socket.
    of: Box<[u32]>,
    /// Places where something can be done, each once.
    ready: VecDeque<u32>,
    /// Sockets asked for and not opened yet.
    asked: VecDeque<CheckerId>,
    /// What those with TLS share, if there are any.
    tls: Option<Tls>,
    /// The last thing done was part of a handshake.
    spent: bool,
    /// The longest of these.
    longest: Span,
}

#[derive(Default)]
struct Place {
    generation: u8,
    queued: bool,
    open: Option<Open>,
}

struct Open {
    checker: CheckerId,
    line: Line,
}

/// What came of a socket. Bytes are at the start of the buffer that was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// It is connected.
    Connected,
    /// So many bytes.
    Data(usize),
    /// The other side has ended.
    Closed,
    /// It failed; an errno.
    Failed(i32),
    /// TLS failed: the server's alert, or a code of [`crate::check::tls`].
    TlsFailed(u8),
}

/// The class of the tokens, in their highest four of 32 bits.
const CLASS: usize = 1 << 28;
const GENERATION: u32 = 20;
const PLACES: usize = 1 << GENERATION;
const NONE: u32 = u32::MAX;

impl Probes {
    /// For so many checkers; those with TLS fail without `tls`.
    pub fn new(checkers: usize, tls: Option<Tls>) -> Self {
        Probes {
            places: Vec::new(),
            free: Vec::new(),
            of: vec![NONE; checkers].into_boxed_slice(),
            ready: VecDeque::new(),
            asked: VecDeque::new(),
            tls,
            spent: false,
            longest: Span::ZERO,
        }
    }

    /// A reload: for so many checkers. All have closed their sockets.
    /// `tls`: for those with TLS, from now on.
    pub fn reload(&mut self, checkers: usize, tls: Option<Tls>) {
        for checker in (0..self.of.len()).filter_map(|at| u16::try_from(at).ok()) {
            self.close(CheckerId(checker));
        }
        self.asked.clear();
        self.of = vec![NONE; checkers].into_boxed_slice();
        self.tls = tls;
    }

    /// Whether the last step was part of a TLS handshake, which may take long: others come first
    /// now.
    pub fn is_spent(&self) -> bool {
        self.spent
    }

    /// The same; asked once.
    pub fn spent(&mut self) -> bool {
        core::mem::take(&mut self.spent)
    }

    /// The longest part of a TLS handshake until now.
    pub fn longest(&self) -> Span {
        self.longest
    }

    /// Whether a token is that of a probe.
    pub fn owns(token: usize) -> bool {
        token & !(CLASS - 1) == CLASS
    }

    /// The kernel has something to say about a socket. `sound`: it can be written, and no error is
    /// waiting.
    pub fn ready(&mut self, token: usize, sound: bool) {
        let at = token & (PLACES - 1);
        let generation = ((token >> GENERATION) & 0xff) as u8;
        let Some(place) = self.places.get_mut(at) else {
            return;
        };
        if place.generation != generation {
            return;
        }
        if let Some(open) = &mut place.open {
            open.line.ready(sound);
        }
        if let Ok(at) = u32::try_from(at) {
            self.queue(at);
        }
    }

    /// A checker wants its socket.
    pub fn ask(&mut self, checker: CheckerId) {
        if self
            .of
            .get(usize::from(checker.0))
            .is_some_and(|at| *at != NONE)
        {
            self.close(checker);
        }
        self.asked.push_back(checker);
    }

    /// A checker wants its bytes sent.
    pub fn send(&mut self, checker: CheckerId) {
        if let Some((at, open)) = self.open(checker) {
            open.line.send();
            self.queue(at);
        }
    }

    /// A checker is done with its socket.
    pub fn close(&mut self, checker: CheckerId) {
        let Some(at) = self.of.get_mut(usize::from(checker.0)) else {
            return;
        };
        let at = core::mem::replace(at, NONE);
        if at == NONE {
            self.asked.retain(|asked| *asked != checker);
            return;
        }
        if let Some(place) = self.places.get_mut(at as usize)
            && let Some(open) = place.open.take()
        {
            open.line.close();
            place.generation = place.generation.wrapping_add(1);
            self.free.push(at);
        }
    }

    /// Whether [`Probes::step`] has something to do.
    pub fn busy(&self) -> bool {
        !self.ready.is_empty() || !self.asked.is_empty()
    }

    /// Does one thing: reads or writes a socket that is ready; else opens one that is asked for.
    pub fn step(
        &mut self,
        room: &Room,
        registry: &Registry,
        buf: &mut [u8],
    ) -> Option<(CheckerId, Heard)> {
        if let Some(at) = self.ready.pop_front() {
            return self.serve(at, room, buf);
        }
        let checker = self.asked.pop_front()?;
        let params = room.params().checkers.get(usize::from(checker.0))?;
        match self.start(checker, params, registry) {
            Ok(()) => None,
            Err(e) => Some((checker, Heard::Failed(errno(&e)))),
        }
    }

    /// Reads or writes the socket of a checker, whether the kernel has called it ready or not yet.
    pub fn look(&mut self, checker: CheckerId, room: &Room, buf: &mut [u8]) -> Option<Heard> {
        let (at, open) = self.open(checker)?;
        open.line.ready(false);
        self.serve(at, room, buf).map(|(_, heard)| heard)
    }

    fn start(
        &mut self,
        checker: CheckerId,
        params: &CheckerParams,
        registry: &Registry,
    ) -> io::Result<()> {
        let Some(wanted) = &params.connection else {
            return Err(io::Error::from_raw_os_error(EINVAL));
        };
        let line = Line::open(&Order {
            speech: match params.probe {
                Probe::Dns { .. } | Probe::Udp(_) => Speech::Udp,
                Probe::Ping => Speech::Ping,
                _ => Speech::Tcp,
            },
            to: SocketAddr::new(wanted.address, wanted.port),
            from: wanted.from,
            from_port: wanted.from_port,
            interface: wanted.interface.as_deref(),
            mark: wanted.mark,
        })?;
        let at = match self.free.pop() {
            Some(at) => at,
            None => {
                self.places.push(Place::default());
                u32::try_from(self.places.len() - 1).unwrap_or(NONE)
            }
        };
        let Some(place) = self.places.get_mut(at as usize) else {
            return Ok(());
        };
        let token = CLASS | usize::from(place.generation) << GENERATION | at as usize;
        let registered = registry.register(
            &mut SourceFd(&line.as_raw_fd()),
            Token(token),
            Interest::READABLE | Interest::WRITABLE,
        );
        if let Err(e) = registered {
            self.free.push(at);
            return Err(e);
        }
        let ends = line.ends();
        place.open = Some(Open { checker, line });
        if let Some(of) = self.of.get_mut(usize::from(checker.0)) {
            *of = at;
        }
        if !ends {
            // Nothing is waited for.
            self.queue(at);
        }
        Ok(())
    }

    fn serve(&mut self, at: u32, room: &Room, buf: &mut [u8]) -> Option<(CheckerId, Heard)> {
        let place = self.places.get_mut(at as usize)?;
        place.queued = false;
        let Open { checker, line } = place.open.as_mut()?;
        let checker = *checker;
        let began = line.shaking().then(sys::now);
        let mut heard = line.serve(room.outgoing(checker), buf);
        if heard == Some(Heard::Connected)
            && began.is_none()
            && let Some(began) = secret(room, checker).then(sys::now)
        {
            heard = match session(self.tls.as_ref(), room, checker) {
                Ok(session) => {
                    line.secure(session);
                    None
                }
                Err(code) => Some(Heard::TlsFailed(code)),
            };
            self.spent = true;
            self.longest = self.longest.max(sys::now().since(began));
        }
        if let Some(began) = began {
            self.spent = true;
            self.longest = self.longest.max(sys::now().since(began));
        }
        if line.more() {
            self.queue(at);
        }
        heard.map(|heard| (checker, heard))
    }

    fn open(&mut self, checker: CheckerId) -> Option<(u32, &mut Open)> {
        let at = self.of.get(usize::from(checker.0)).copied()?;
        let open = self.places.get_mut(at as usize)?.open.as_mut()?;
        Some((at, open))
    }

    fn queue(&mut self, at: u32) {
        if let Some(place) = self.places.get_mut(at as usize)
            && place.open.is_some()
            && !core::mem::replace(&mut place.queued, true)
        {
            self.ready.push_back(at);
        }
    }
}

/// Whether a checker speaks TLS.
fn secret(room: &Room, checker: CheckerId) -> bool {
    let params = room.params().checkers.get(usize::from(checker.0));
    params.is_some_and(|p| matches!(&p.probe, Probe::Http(http) if http.tls))
}

/// A session for the page that a checker is about to ask for.
fn session(tls: Option<&Tls>, room: &Room, checker: CheckerId) -> Result<Session, u8> {
    let params = room.params().checkers.get(usize::from(checker.0));
    let to = params.and_then(|p| p.connection.as_ref());
    let (Some(tls), Some(to), Some(page)) = (tls, to, room.page(checker)) else {
        return Err(OTHER);
    };
    tls.session(page.sni.as_deref(), to.address, page.tls_compliant)
}

/// For a checker that is to ask nobody.
const EINVAL: i32 = 22;
/// For errors that are not the system's.
const EIO: i32 = 5;

fn errno(e: &io::Error) -> i32 {
    e.raw_os_error().unwrap_or(EIO)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Action, Change, Event, Got};
    use crate::config;
    use crate::engine::outside::Real;
    use crate::sys::tests::Scratch;
    use crate::time::Instant;
    use mio::{Events, Poll};
    use std::io::{Read as _, Write as _};
    use std::net::{TcpListener, UdpSocket};

    /// A room with one checker that asks 127.0.0.1, and its sockets.
    struct Bench {
        room: Room,
        probes: Probes,
        told: Option<bool>,
        due: Instant,
        open: usize,
    }

    impl Bench {
        fn new(name: &str, port: u16, check: &str) -> Bench {
            let scratch = Scratch::new(name);
            let path = scratch.path("conf");
            let text = format!(
                "virtual_server 192.0.2.1 80 {{\n lb_algo rr\n lb_kind NAT\n protocol TCP\n \
                 alpha\n real_server 127.0.0.1 {port} {{\n  {check}\n }}\n}}\n"
            );
            std::fs::write(&path, text).unwrap();
            let params = config::load(&Real, &path, &config::Options::default());
            let params = params.config.check;
            assert_eq!(params.checkers.len(), 1);
            Bench {
                room: Room::new(params, 8),
                probes: Probes::new(1, Tls::new(None)),
                told: None,
                due: Instant::ZERO,
                open: 0,
            }
        }

        fn tell(&mut self, event: Event<'_>, now: Instant) {
            self.room.handle(event, now);
            while let Some(action) = self.room.next_action() {
                match action {
                    Action::Open(id) => {
                        self.open += 1;
                        self.probes.ask(id);
                    }
                    Action::Send(id) => self.probes.send(id),
                    Action::Close(id) => {
                        self.open -= 1;
                        self.probes.close(id);
                    }
                    Action::Arm(_, at) => self.due = at,
                    Action::Tell(Change::Real { up, .. }) => self.told = Some(up),
                    _ => {}
                }
            }
        }

        /// One run: whether the real server is up then. Long answers are read in pieces of `piece`.
        fn run(&mut self, piece: usize) -> bool {
            let mut poll = Poll::new().unwrap();
            let mut events = Events::with_capacity(8);
            let mut buf = vec![0; piece];
            self.tell(Event::Start { seed: 1 }, Instant::from_secs(1));
            let now = self.due;
            self.tell(Event::Timer(CheckerId(0)), now);
            loop {
                while self.probes.busy() {
                    let heard = self.probes.step(&self.room, poll.registry(), &mut buf);
                    let Some((id, heard)) = heard else {
                        continue;
                    };
                    let got = match heard {
                        Heard::Connected => Got::Connected,
                        Heard::Data(length) => Got::Data(&buf[..length]),
                        Heard::Closed => Got::Closed,
                        Heard::Failed(errno) => Got::Failed(errno),
                        Heard::TlsFailed(code) => Got::TlsFailed(code),
                    };
                    self.tell(Event::Got(id, got), now);
                }
                if let Some(up) = self.told {
                    assert_eq!(self.open, 0, "its socket is closed");
                    return up;
                }
                poll.poll(&mut events, None).unwrap();
                for event in &events {
                    assert!(Probes::owns(event.token().0));
                    let failed = event.is_error() || event.is_write_closed();
                    self.probes
                        .ready(event.token().0, event.is_writable() && !failed);
                }
            }
        }
    }

    #[test]
    fn a_connection_that_comes_about_and_one_that_does_not() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(Bench::new("probe-tcp", port, "TCP_CHECK {\n }").run(64));
        drop(listener);
        assert!(!Bench::new("probe-refused", port, "TCP_CHECK {\n }").run(64));
    }

    #[test]
    fn a_page_in_pieces() {
        const CHECK: &str = "HTTP_GET {\n url {\n path /\n status_code 200\n }\n }";
        for (status, up) in [(200, true), (404, false)] {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let port = listener.local_addr().unwrap().port();
            let server = std::thread::spawn(move || {
                let (mut client, _) = listener.accept().unwrap();
                let mut request = [0; 4];
                client.read_exact(&mut request).unwrap();
                let body = "x".repeat(100_000);
                let mut rest = Vec::new();
                // Who has seen enough may reset the connection.
                let _ = write!(client, "HTTP/1.0 {status} Well\r\n\r\n{body}");
                let _ = client.shutdown(std::net::Shutdown::Write);
                let _ = client.read_to_end(&mut rest);
                request == *b"GET "
            });
            let mut bench = Bench::new(&format!("probe-http-{status}"), port, CHECK);
            assert_eq!(bench.run(1000), up, "status {status}");
            assert!(server.join().unwrap());
        }
    }

    #[test]
    fn datagrams() {
        let server = UdpSocket::bind("127.0.0.1:0").unwrap();
        let port = server.local_addr().unwrap().port();
        let echo = std::thread::spawn(move || {
            let mut buffer = [0; 64];
            let (length, from) = server.recv_from(&mut buffer).unwrap();
            server.send_to(&buffer[..length], from).unwrap();
        });
        let check = "UDP_CHECK {\n payload 0102\n require_reply\n }";
        assert!(Bench::new("probe-udp", port, check).run(64));
        echo.join().unwrap();
    }

    #[test]
    fn late_news_of_a_closed_socket_are_for_nobody() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut bench = Bench::new("probe-late", port, "TCP_CHECK {\n }");
        assert!(bench.run(64));
        assert!(!bench.probes.busy());
        bench.probes.ready(CLASS, true);
        bench.probes.ready(CLASS | PLACES, true);
        bench.probes.ready(CLASS | 77, false);
        assert!(!bench.probes.busy());
        assert!(!Probes::owns(3) && !Probes::owns(CLASS * 2));
    }
}
