//! Where lines go: the console at once, syslog through the ring.

use super::line::{LONGEST, Line};
use super::ring::Ring;
use crate::sys;
use crate::sys::net::LogSocket;
use crate::time::{Instant, Span};
use std::fmt::Write as _;
use std::io::Write as _;
use std::os::fd::{AsRawFd, RawFd};
use syslog::{Facility, Severity};

/// How to log.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'a> {
    /// Name before the process id.
    pub ident: &'a str,
    /// syslog facility (`-S`).
    pub facility: Facility,
    /// 0: normal, 1: detailed (`-D`), 2 and more: everything.
    pub detail: u8,
    /// Also to standard error (`-l`).
    pub console: bool,
    /// To syslog (not with `-G`).
    pub syslog: bool,
    /// syslogd's socket.
    pub path: &'a str,
}

impl Default for Settings<'_> {
    fn default() -> Self {
        Settings {
            ident: "holdfast",
            facility: Facility::LOG_DAEMON,
            detail: 0,
            console: false,
            syslog: true,
            path: "/dev/log",
        }
    }
}

/// The state behind the log.
pub(super) struct Sink {
    ident: heapless::String<32>,
    path: heapless::String<108>,
    facility: u32,
    pid: u32,
    console: bool,
    syslog: bool,
    ring: Ring,
    socket: Option<LogSocket>,
    /// Whether the present socket is in the loop's poll set.
    pub(super) registered: bool,
    /// The socket took no more: wait until it is writable.
    full: bool,
    /// Nothing is sent or connected before.
    retry_at: Option<Instant>,
    pause: Span,
    /// Lines dropped since the last "lines lost".
    lost: u32,
    console_lost: u32,
}

/// Bytes of lines that may wait: some three hundred.
const RING: usize = 32 * 1024;
/// Lines sent in one go; more wait for the next turn.
const BUDGET: usize = 64;
/// First pause before connecting again; doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Span = Span::from_millis(250);
const LONGEST_PAUSE: Span = Span::from_secs(8);
/// A full socket says when it is writable again; this is for the day it does not.
const FULL_PAUSE: Span = Span::from_secs(1);
/// Room for `<191>`, the ident, `[4294967295]: `.
const HEADER: usize = 56;

impl Sink {
    /// Logs nowhere.
    pub(super) const CLOSED: Sink = Sink {
        ident: heapless::String::new(),
        path: heapless::String::new(),
        facility: 0,
        pid: 0,
        console: false,
        syslog: false,
        ring: Ring::EMPTY,
        socket: None,
        registered: false,
        full: false,
        retry_at: None,
        pause: FIRST_PAUSE,
        lost: 0,
        console_lost: 0,
    };

    pub(super) fn open(&mut self, settings: &Settings<'_>) {
        self.ident.clear();
        for c in settings.ident.chars().filter(char::is_ascii_graphic) {
            let _ = self.ident.push(c);
        }
        self.path.clear();
        let _ = self.path.push_str(settings.path);
        self.facility = settings.facility as u32;
        self.console = settings.console;
        if settings.syslog != self.syslog {
            self.ring = if settings.syslog {
                Ring::new(RING)
            } else {
                Ring::EMPTY
            };
            self.syslog = settings.syslog;
        }
        self.disconnect();
        self.new_pid();
    }

    /// Takes a line. Never waits.
    pub(super) fn say(&mut self, severity: Severity, line: &Line) {
        if self.console {
            self.print(line.bytes());
        }
        if !self.syslog {
            return;
        }
        // After a loss the ring first drains to half: one "lines lost", not one for each gap.
        if self.lost > 0 && !self.ring.over_half() {
            self.say_lost();
        }
        if self.lost > 0 || !self.push(severity, line.bytes()) {
            self.lost = self.lost.saturating_add(1);
        }
        if self.ring.over_half() && !self.full {
            self.drain(sys::now());
        }
    }

    /// Connects if need be and if its time has come, then sends what the socket takes.
    pub(super) fn drain(&mut self, now: Instant) {
        if self.retry_at.is_some_and(|at| now < at) {
            return;
        }
        self.retry_at = None;
        let mut record = [0; HEADER + LONGEST];
        let mut failed = false;
        for _ in 0..BUDGET {
            if self.ring.is_empty() && (self.lost == 0 || !self.say_lost()) {
                return;
            }
            if !self.connect(now) {
                return;
            }
            let Some(length) = self.ring.front(&mut record) else {
                return;
            };
            let sent = self
                .socket
                .as_ref()
                .map_or(Ok(false), |socket| socket.send(&record[..length]));
            match sent {
                Ok(true) => {
                    self.ring.pop();
                    self.pause = FIRST_PAUSE;
                }
                Ok(false) => {
                    self.full = true;
                    self.retry_at = Some(now + FULL_PAUSE);
                    return;
                }
                // syslogd is gone. Once it may be back already, under the same name.
                Err(_) if !failed => {
                    self.disconnect();
                    failed = true;
                }
                Err(_) => {
                    self.disconnect();
                    self.wait(now);
                    return;
                }
            }
        }
        if self.waiting() {
            self.retry_at = Some(now);
        }
    }

    /// Whether something is still to be sent.
    pub(super) fn waiting(&self) -> bool {
        !self.ring.is_empty() || self.lost > 0
    }

    /// Whether there is room for many more lines.
    pub(super) fn is_roomy(&self) -> bool {
        !self.ring.over_half() && self.lost == 0
    }

    /// When [`Sink::drain`] is worth calling; `None`: not before there are new lines.
    pub(super) fn retry_at(&self) -> Option<Instant> {
        self.retry_at.filter(|_| self.waiting())
    }

    /// Whether the socket must become writable first.
    pub(super) fn blocked(&self) -> bool {
        self.full
    }

    /// It has, or it is time to look.
    pub(super) fn unblock(&mut self) {
        if self.full {
            (self.full, self.retry_at) = (false, None);
        }
    }

    /// The socket, while connected.
    pub(super) fn fd(&self) -> Option<RawFd> {
        self.socket.as_ref().map(AsRawFd::as_raw_fd)
    }

    /// Drops what waits, and the socket.
    pub(super) fn forget(&mut self) {
        self.ring.clear();
        self.disconnect();
        (self.retry_at, self.lost, self.console_lost) = (None, 0, 0);
    }

    /// From now on lines carry the calling process's id.
    pub(super) fn new_pid(&mut self) {
        self.pid = std::process::id();
    }

    fn connect(&mut self, now: Instant) -> bool {
        if self.socket.is_none() {
            match LogSocket::connect(&self.path) {
                Ok(socket) => self.socket = Some(socket),
                Err(_) => self.wait(now),
            }
        }
        self.socket.is_some()
    }

    fn disconnect(&mut self) {
        (self.socket, self.registered, self.full) = (None, false, false);
    }

    fn wait(&mut self, now: Instant) {
        self.retry_at = Some(now + self.pause);
        self.pause = self.pause.times(2).min(LONGEST_PAUSE);
    }

    fn push(&mut self, severity: Severity, text: &[u8]) -> bool {
        let mut header: heapless::String<HEADER> = heapless::String::new();
        let code = self.facility | severity as u32;
        // It fits: the ident has at most 32 bytes.
        let _ = write!(header, "<{code}>{}[{}]: ", self.ident, self.pid);
        self.ring.push(&[header.as_bytes(), text])
    }

    /// Puts "N lines lost" into the ring; whether it went in.
    fn say_lost(&mut self) -> bool {
        let line = lost_line(self.lost);
        let said = self.push(Severity::LOG_WARNING, line.bytes());
        if said {
            self.lost = 0;
        }
        said
    }

    /// Writes to standard error if it takes the line without waiting.
    fn print(&mut self, text: &[u8]) {
        if !sys::poll::writable_now(stderr_fd()) {
            self.console_lost = self.console_lost.saturating_add(1);
            return;
        }
        if self.console_lost > 0 {
            let line = lost_line(self.console_lost);
            self.console_lost = 0;
            print_line(line.bytes());
        }
        print_line(text);
    }
}

fn lost_line(lost: u32) -> Line {
    Line::new(&format_args!(
        "{lost} {} lost",
        if lost == 1 { "line" } else { "lines" }
    ))
}

/// One write, so that lines of two processes do not mix.
fn print_line(text: &[u8]) {
    let mut bytes = [b'\n'; LONGEST + 1];
    bytes[..text.len()].copy_from_slice(text);
    let _ = std::io::stderr().write(&bytes[..=text.len()]);
}

fn stderr_fd() -> RawFd {
    std::io::stderr().as_raw_fd()
}

#[cfg(test)]
mod tests;
