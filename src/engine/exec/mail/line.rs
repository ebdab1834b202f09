//! The sockets of mail: to a name server, if the mail server has a name, then to the mail server.

use crate::engine::outside::plain;
use crate::engine::{TOKEN_MAIL, TOKEN_NAMES};
use crate::notify::mail::{Mail, Server};
use crate::notify::resolve::{Files, Lookup, Next};
use crate::sys;
use crate::sys::net::{Order, Speech, Stream};
use crate::time::Instant;
use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;

/// Where the way to the mail server is.
#[derive(Default)]
pub(super) enum Line {
    /// Nowhere.
    #[default]
    Closed,
    /// Name servers are asked.
    Asking(Box<Asking>),
    /// A connection is there, or comes about.
    Talking(Box<Talk>),
}

/// A lookup and its socket.
pub(super) struct Asking {
    lookup: Lookup,
    socket: Option<Stream>,
    readable: bool,
    /// When the present question has no answer.
    until: Instant,
    port: u16,
    question: Vec<u8>,
}

/// A connection.
pub(super) struct Talk {
    /// The address that is tried.
    to: SocketAddr,
    interface: Option<Box<str>>,
    /// Those to be tried if it fails.
    rest: VecDeque<SocketAddr>,
    stream: Option<Stream>,
    connected: bool,
    /// It may be read, written: the kernel said so, and no try since then found otherwise.
    readable: bool,
    writable: bool,
}

/// What is to be sent to the mail server, and how much of it went.
#[derive(Default)]
pub(super) struct Out {
    pub bytes: Vec<u8>,
    sent: usize,
}

/// What a step brought.
pub(super) enum Heard {
    /// Nothing that matters.
    Nothing,
    /// The server's address is known.
    Found,
    /// There is a connection.
    Connected,
    /// So many bytes at the start of the buffer.
    Data(usize),
    /// The server has closed the connection.
    Closed,
    /// It did not come about, or broke.
    Failed(String),
}

/// Bytes of /etc/hosts and /etc/resolv.conf that are read.
const FILE: usize = 64 * 1024;
/// DNS.
const DOMAIN: u16 = 53;

impl Line {
    /// Begins to look for the server.
    pub fn begin(mail: &Mail) -> Line {
        match &mail.server {
            Server::Address(address, interface) => {
                let to = SocketAddr::new(*address, mail.port);
                Line::talk(to, VecDeque::new(), interface.clone())
            }
            Server::Name(name) => {
                let files = Files::parse(&head("/etc/resolv.conf"));
                Line::Asking(Box::new(Asking {
                    lookup: Lookup::new(name, files, &head("/etc/hosts")),
                    socket: None,
                    readable: false,
                    until: Instant::ZERO,
                    port: mail.port,
                    question: Vec::new(),
                }))
            }
        }
    }

    fn talk(to: SocketAddr, rest: VecDeque<SocketAddr>, interface: Option<Box<str>>) -> Line {
        Line::Talking(Box::new(Talk {
            to,
            interface,
            rest,
            stream: None,
            connected: false,
            readable: false,
            writable: false,
        }))
    }

    /// The kernel has something to say.
    pub fn ready(&mut self) {
        match self {
            Line::Closed => {}
            Line::Asking(asking) => asking.readable = true,
            Line::Talking(talk) => (talk.readable, talk.writable) = (true, true),
        }
    }

    /// Whether a step may bring something at once.
    pub fn busy(&self, out: &Out) -> bool {
        match self {
            Line::Closed => false,
            Line::Asking(asking) => asking.socket.is_none() || asking.readable,
            Line::Talking(talk) => {
                let unsent = talk.connected && talk.writable && !out.is_empty();
                talk.stream.is_none() || talk.readable || unsent
            }
        }
    }

    /// When a step is due although nothing happened.
    pub fn deadline(&self) -> Instant {
        match self {
            Line::Asking(asking) => asking.until,
            _ => Instant::from_micros(u64::MAX),
        }
    }

    /// Does one thing. `out` is what is to be sent.
    pub fn step(
        &mut self,
        registry: &Registry,
        buf: &mut [u8],
        out: &mut Out,
        now: Instant,
    ) -> Heard {
        match self {
            Line::Closed => Heard::Nothing,
            Line::Talking(talk) => talk
                .step(registry, buf, out)
                .unwrap_or_else(|e| Heard::Failed(talk.trouble(&e))),
            Line::Asking(asking) => match asking.step(registry, buf, now) {
                None => Heard::Nothing,
                Some(()) => self.looked_up(),
            },
        }
    }

    /// The lookup is over.
    fn looked_up(&mut self) -> Heard {
        let Line::Asking(asking) = core::mem::take(self) else {
            return Heard::Nothing;
        };
        match asking.lookup.result() {
            Ok(addresses) => {
                let all = addresses.into_iter();
                let mut all: VecDeque<_> = all.map(|a| SocketAddr::new(a, asking.port)).collect();
                if let Some(first) = all.pop_front() {
                    *self = Line::talk(first, all, None);
                }
                Heard::Found
            }
            Err(why) => Heard::Failed(why.to_owned()),
        }
    }

    /// Goes on to the next address, if this one could not be connected to and there is one.
    pub fn next_address(&mut self) -> bool {
        let Line::Talking(talk) = self else {
            return false;
        };
        if talk.connected {
            return false;
        }
        let Some(next) = talk.rest.pop_front() else {
            return false;
        };
        (talk.to, talk.stream) = (next, None);
        (talk.readable, talk.writable) = (false, false);
        true
    }

    /// Says goodbye without waiting for an answer.
    pub fn farewell(&self) {
        if let Line::Talking(talk) = self
            && let Some(stream) = &talk.stream
        {
            // It is over in any case.
            let _ = stream.send(b"QUIT\r\n");
        }
    }

    /// Whether the other side is there.
    pub fn connected(&self) -> bool {
        matches!(self, Line::Talking(talk) if talk.connected)
    }

    /// Whether it is being looked up.
    pub fn asking(&self) -> bool {
        matches!(self, Line::Asking(_))
    }
}

impl Out {
    /// Whether all is sent.
    pub fn is_empty(&self) -> bool {
        self.sent >= self.bytes.len()
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.sent = 0;
    }
}

impl Talk {
    fn step(&mut self, registry: &Registry, buf: &mut [u8], out: &mut Out) -> io::Result<Heard> {
        let Some(stream) = &self.stream else {
            let stream = Stream::open(&Order {
                speech: Speech::Tcp,
                to: self.to,
                from: None,
                from_port: 0,
                interface: self.interface.as_deref(),
                mark: 0,
            })?;
            let interest = Interest::READABLE | Interest::WRITABLE;
            registry.register(
                &mut SourceFd(&stream.as_raw_fd()),
                Token(TOKEN_MAIL),
                interest,
            )?;
            self.stream = Some(stream);
            return Ok(Heard::Nothing);
        };
        if !self.connected && !self.writable {
            return Ok(Heard::Nothing);
        }
        if !self.connected {
            self.connected = stream.connected()?;
            // Else the next event says more.
            (self.readable, self.writable) = (self.connected, self.connected);
            return Ok(match self.connected {
                true => Heard::Connected,
                false => Heard::Nothing,
            });
        }
        if self.writable && !out.is_empty() {
            let rest = out.bytes.get(out.sent..).unwrap_or_default();
            match stream.send(rest)? {
                Some(sent) => out.sent += sent,
                None => self.writable = false,
            }
            if out.is_empty() {
                out.clear();
            }
        }
        if !self.readable {
            return Ok(Heard::Nothing);
        }
        Ok(match stream.recv(buf)? {
            Some(0) => Heard::Closed,
            Some(length) => Heard::Data(length),
            None => {
                self.readable = false;
                Heard::Nothing
            }
        })
    }

    fn trouble(&self, e: &io::Error) -> String {
        match self.connected {
            true => format!("connection lost: {}", plain(e)),
            false => plain(e),
        }
    }
}

impl Asking {
    /// `Some`: the lookup is over.
    fn step(&mut self, registry: &Registry, buf: &mut [u8], now: Instant) -> Option<()> {
        let next = match &self.socket {
            None => return self.ask(registry, now),
            Some(_) if now >= self.until => self.lookup.silent(),
            Some(_) if !self.readable => return None,
            Some(socket) => match socket.recv(buf) {
                Ok(Some(length)) => self.lookup.answer(buf.get(..length).unwrap_or_default()),
                Ok(None) => {
                    self.readable = false;
                    return None;
                }
                // Nobody listens there.
                Err(_) => self.lookup.silent(),
            },
        };
        match next {
            Next::Listen => None,
            Next::Ask => {
                self.socket = None;
                None
            }
            Next::Over => Some(()),
        }
    }

    /// Asks the next question, from a port of its own.
    fn ask(&mut self, registry: &Registry, now: Instant) -> Option<()> {
        // Keys of the standard library's hash are random: nobody who does not see the question
        // knows its id.
        let random = RandomState::new().hash_one(now.micros()) as u16;
        let server = self.lookup.question(random, &mut self.question)?;
        let order = Order {
            speech: Speech::Udp,
            to: SocketAddr::new(server.address, DOMAIN),
            from: None,
            from_port: 0,
            interface: server.interface.as_deref(),
            mark: 0,
        };
        let asked = Stream::open(&order).and_then(|socket| {
            let fd = socket.as_raw_fd();
            registry.register(&mut SourceFd(&fd), Token(TOKEN_NAMES), Interest::READABLE)?;
            socket.send(&self.question)?;
            Ok(socket)
        });
        self.readable = false;
        self.until = now + self.lookup.patience();
        match asked {
            Ok(socket) => self.socket = Some(socket),
            Err(_) => match self.lookup.silent() {
                Next::Over => return Some(()),
                Next::Ask | Next::Listen => {}
            },
        }
        None
    }
}

/// The beginning of a small file; nothing, if there is none.
fn head(path: &str) -> Vec<u8> {
    let mut bytes = vec![0; FILE];
    let length = sys::file::read_head(path, &mut bytes).unwrap_or(0);
    bytes.truncate(length);
    bytes
}
