//! One socket of a probe, and what may be done with it now; with TLS where that is wanted.

use super::Heard;
use crate::check::tls::CLOSED;
use crate::engine::tls::Session;
use crate::sys::net::{Order, Stream};
use std::io;
use std::os::fd::{AsRawFd, RawFd};

/// A connection that comes about, and what is known about it.
pub struct Line {
    stream: Stream,
    connected: bool,
    /// The kernel has said that it can be written and did not fail: it is connected.
    sound: bool,
    /// It may be read, written: the kernel said so, and no try since then found otherwise.
    readable: bool,
    writable: bool,
    /// How much of what is to be sent went; `None`: there is nothing to be sent.
    sent: Option<usize>,
    session: Option<Box<Session>>,
    /// That the handshake is done has been told.
    shaken: bool,
}

/// What a line fails of.
enum Trouble {
    System(io::Error),
    Tls(u8),
}

impl From<io::Error> for Trouble {
    fn from(e: io::Error) -> Self {
        Trouble::System(e)
    }
}

/// So much of what comes is deciphered at once.
const PIECE: usize = 4096;

impl Line {
    /// Opens a socket and begins to connect it.
    pub fn open(order: &Order<'_>) -> io::Result<Self> {
        let stream = Stream::open(order)?;
        Ok(Line {
            writable: !stream.ends(),
            stream,
            connected: false,
            sound: false,
            readable: false,
            sent: None,
            session: None,
            shaken: false,
        })
    }

    /// The kernel has something to say about it. `sound`: it can be written, and no error is
    /// waiting.
    pub fn ready(&mut self, sound: bool) {
        (self.readable, self.writable) = (true, true);
        self.sound |= sound;
    }

    /// There is something to be sent.
    pub fn send(&mut self) {
        self.sent = Some(0);
    }

    /// Whether it has an end, as streams have.
    pub fn ends(&self) -> bool {
        self.stream.ends()
    }

    /// It is connected, and TLS is to be spoken: [`Heard::Connected`] comes once more, when that has
    /// come about.
    pub fn secure(&mut self, session: Session) {
        self.session = Some(Box::new(session));
    }

    /// A handshake goes on: the next thing done may take long.
    pub fn shaking(&self) -> bool {
        self.session.is_some() && !self.shaken
    }

    /// Says farewell, if that is wanted. The socket is closed when this is dropped.
    pub fn close(mut self) {
        if let Some(session) = &mut self.session {
            session.farewell(&self.stream);
        }
    }

    /// Whether there may be more to do at once.
    pub fn more(&self) -> bool {
        let send = self.sent.is_some() || self.session.as_ref().is_some_and(|s| s.pending());
        self.connected && (self.readable || (self.writable && send) || self.done())
    }

    /// Whether it waits until the socket can be written.
    pub fn waits_to_write(&self) -> bool {
        let pending = self.session.as_ref().is_some_and(|s| s.pending());
        !self.connected || self.sent.is_some() || pending
    }

    /// The handshake is done, and nobody knows yet.
    fn done(&self) -> bool {
        let session = self.session.as_ref();
        session.is_some_and(|s| !self.shaken && !s.handshaking())
    }

    /// Does what can be done, one thing that is to be told at the most. `out`: all that is to be
    /// sent; bytes that came are at the start of `buf` then.
    pub fn serve(&mut self, out: &[u8], buf: &mut [u8]) -> Option<Heard> {
        let heard = if !self.connected {
            self.connect()
        } else if self.session.is_some() {
            self.secret(out, buf)
        } else {
            self.plain(out, buf)
        };
        match heard {
            Ok(heard) => heard,
            Err(Trouble::System(e)) => Some(Heard::Failed(super::errno(&e))),
            Err(Trouble::Tls(code)) => Some(Heard::TlsFailed(code)),
        }
    }

    fn connect(&mut self) -> Result<Option<Heard>, Trouble> {
        // A connection in the making cannot be written: nothing needs to be asked.
        self.connected = (self.sound && self.stream.ends()) || self.stream.connected()?;
        Ok(self.connected.then_some(Heard::Connected))
    }

    fn plain(&mut self, out: &[u8], buf: &mut [u8]) -> Result<Option<Heard>, Trouble> {
        if let Some(sent) = self.sent.filter(|_| self.writable) {
            let rest = out.get(sent..).unwrap_or_default();
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

    fn secret(&mut self, out: &[u8], buf: &mut [u8]) -> Result<Option<Heard>, Trouble> {
        let done = self.done();
        let Some(session) = &mut self.session else {
            return Ok(None);
        };
        if done {
            self.shaken = true;
            return Ok(Some(Heard::Connected));
        }
        if self.shaken
            && let Some(length) = session.take(buf)
        {
            return Ok(Some(match length {
                0 => Heard::Closed,
                length => Heard::Data(length),
            }));
        }
        if let Some(sent) = self.sent {
            let rest = out.get(sent..).unwrap_or_default();
            let more = session.put(rest);
            self.sent = (more < rest.len()).then_some(sent + more);
        }
        if self.writable && session.pending() {
            self.writable = session.flush(&self.stream)?;
        }
        if !self.readable {
            return Ok(None);
        }
        let most = buf.len().min(PIECE);
        let piece = buf.get_mut(..most).unwrap_or_default();
        match self.stream.recv(piece)? {
            None => self.readable = false,
            Some(0) => {
                self.readable = false;
                return match self.shaken {
                    // Compat: an end without close_notify is an end.
                    true => Ok(Some(Heard::Closed)),
                    false => Err(Trouble::Tls(CLOSED)),
                };
            }
            Some(length) => {
                let fed = session.feed(piece.get(..length).unwrap_or_default());
                if let Err(code) = fed {
                    // The alert that says why; whether it arrives does not matter.
                    let _ = session.flush(&self.stream);
                    return Err(Trouble::Tls(code));
                }
            }
        }
        Ok(None)
    }
}

impl AsRawFd for Line {
    fn as_raw_fd(&self) -> RawFd {
        self.stream.as_raw_fd()
    }
}
