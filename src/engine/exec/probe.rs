//! The sockets of health checks: opened, written and read a little at a time.
//!
//! Nothing is done where it is asked for: [`Probes::step`] does one thing, and the engine calls it
//! as long as there is time. A socket's token holds the generation of its place, so that what was
//! reported about a closed one is for nobody.

use crate::check::{CheckerId, CheckerParams, Probe, Room};
use crate::sys::net::{Order, Speech, Stream};
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
}

#[derive(Default)]
struct Place {
    generation: u8,
    queued: bool,
    open: Option<Open>,
}

struct Open {
    checker: CheckerId,
    stream: Stream,
    connected: bool,
    /// It may be read, written: the kernel said so, and no try since then found otherwise.
    readable: bool,
    writable: bool,
    /// How much of what is to be sent went; `None`: there is nothing to be sent.
    sent: Option<usize>,
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
}

/// The class of the tokens, in their highest four of 32 bits.
const CLASS: usize = 1 << 28;
const GENERATION: u32 = 20;
const PLACES: usize = 1 << GENERATION;
const NONE: u32 = u32::MAX;

impl Probes {
    /// For so many checkers.
    pub fn new(checkers: usize) -> Self {
        Probes {
            places: Vec::new(),
            free: Vec::new(),
            of: vec![NONE; checkers].into_boxed_slice(),
            ready: VecDeque::new(),
            asked: VecDeque::new(),
        }
    }

    /// Whether a token is that of a probe.
    pub fn owns(token: usize) -> bool {
        token & !(CLASS - 1) == CLASS
    }

    /// The kernel has something to say about a socket.
    pub fn ready(&mut self, token: usize) {
        let at = token & (PLACES - 1);
        let generation = ((token >> GENERATION) & 0xff) as u8;
        let Some(place) = self.places.get_mut(at) else {
            return;
        };
        if place.generation != generation {
            return;
        }
        if let Some(open) = &mut place.open {
            (open.readable, open.writable) = (true, true);
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
            open.sent = Some(0);
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
            && place.open.take().is_some()
        {
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
        let (_, open) = self.open(checker)?;
        (open.readable, open.writable) = (true, true);
        let heard = open.serve(room, buf);
        heard.unwrap_or_else(|e| Some(Heard::Failed(errno(&e))))
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
        let stream = Stream::open(&Order {
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
            &mut SourceFd(&stream.as_raw_fd()),
            Token(token),
            Interest::READABLE | Interest::WRITABLE,
        );
        if let Err(e) = registered {
            self.free.push(at);
            return Err(e);
        }
        let ends = stream.ends();
        place.open = Some(Open {
            checker,
            stream,
            connected: false,
            readable: false,
            writable: !ends,
            sent: None,
        });
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
        let open = place.open.as_mut()?;
        let heard = open.serve(room, buf);
        let again = open.more();
        let checker = open.checker;
        if again {
            self.queue(at);
        }
        match heard {
            Ok(heard) => heard.map(|heard| (checker, heard)),
            Err(e) => Some((checker, Heard::Failed(errno(&e)))),
        }
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

impl Open {
    /// Does what can be done, one thing that is to be told at the most.
    fn serve(&mut self, room: &Room, buf: &mut [u8]) -> io::Result<Option<Heard>> {
        if !self.connected {
            self.connected = self.stream.connected()?;
            return Ok(self.connected.then_some(Heard::Connected));
        }
        if let Some(sent) = self.sent.filter(|_| self.writable) {
            let rest = room.outgoing(self.checker).get(sent..).unwrap_or_default();
            match self.stream.send(rest)? {
                Some(more) if more < rest.len() => self.sent = Some(sent + more),
                Some(_) => self.sent = None,
                None => self.writable = false,
            }
        }
        if !self.readable {
            return Ok(None);
        }
        match self.stream.recv(buf)? {
            Some(0) if self.stream.ends() => {
                self.readable = false;
                Ok(Some(Heard::Closed))
            }
            Some(length) => Ok(Some(Heard::Data(length))),
            None => {
                self.readable = false;
                Ok(None)
            }
        }
    }

    /// Whether there may be more to do at once.
    fn more(&self) -> bool {
        self.connected && (self.readable || (self.writable && self.sent.is_some()))
    }
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
                probes: Probes::new(1),
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
                    self.probes.ready(event.token().0);
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
        bench.probes.ready(CLASS);
        bench.probes.ready(CLASS | PLACES);
        bench.probes.ready(CLASS | 77);
        assert!(!bench.probes.busy());
        assert!(!Probes::owns(3) && !Probes::owns(CLASS * 2));
    }
}
