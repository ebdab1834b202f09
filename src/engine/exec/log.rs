//! The log: the `log` facade before a ring of lines that drains into /dev/log and never waits.
//!
//! A line is `<pri>ident[pid]: text`; the time is syslogd's to add. busybox's syslogd takes ten
//! lines before its reader must run, so lines wait in [`ring::Ring`] until the socket is writable;
//! only when the ring is full are they dropped, counted, and the count said. When syslogd dies the
//! ring holds until it is back. In steady state nothing here allocates.

mod limit;
mod line;
mod ring;
mod sink;

pub use limit::{Pass, RateLimit};
pub use sink::Settings;
pub use syslog::Facility;

use crate::sys;
use crate::time::{Instant, Span};
use line::Line;
use log::{Level, LevelFilter, Metadata, Record};
use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use sink::Sink;
use std::os::fd::RawFd;
use std::sync::{Mutex, MutexGuard, PoisonError};
use syslog::Severity;

/// The one log of the process.
static LOG: Log = Log {
    sink: Mutex::new(Sink::CLOSED),
};

struct Log {
    sink: Mutex<Sink>,
}

/// Opens the log and puts it behind the `log` macros. A second call changes the settings.
pub fn start(settings: &Settings<'_>) {
    sink().open(settings);
    // Fails only the second time, when it is in place already.
    let _ = log::set_logger(&LOG);
    log::set_max_level(match settings.detail {
        0 => LevelFilter::Info,
        1 => LevelFilter::Debug,
        _ => LevelFilter::Trace,
    });
}

/// Sends what waits before the process ends, or before it forks; gives up after 50 ms.
pub fn flush() {
    flush_for(Span::from_millis(50));
}

/// Sends what can be sent, and keeps `token` registered for writability exactly while lines wait
/// for syslogd to read. Call once per turn. Returns when to call [`retry`].
pub fn pump(now: Instant, registry: &Registry, token: Token) -> Option<Instant> {
    let mut sink = sink();
    if !sink.blocked() {
        sink.drain(now);
    }
    let (fd, wanted) = (sink.fd(), sink.blocked());
    if let Some(fd) = fd
        && wanted != sink.registered
    {
        let mut source = SourceFd(&fd);
        let done = if wanted {
            registry.register(&mut source, token, Interest::WRITABLE)
        } else {
            registry.deregister(&mut source)
        };
        // Without registration the retry below still comes round.
        sink.registered = if done.is_ok() { wanted } else { false };
    }
    sink.retry_at()
}

/// The socket is writable again.
pub fn on_writable() {
    retry(sys::now());
}

/// Tries to connect or send again.
pub fn retry(now: Instant) {
    let mut sink = sink();
    sink.unblock();
    sink.drain(now);
}

/// For those without the loop: sends what can be sent and says what to wait for, a descriptor to
/// become writable and the instant of the next [`retry`].
pub fn step(now: Instant) -> (Option<RawFd>, Option<Instant>) {
    let mut sink = sink();
    if !sink.blocked() {
        sink.drain(now);
    }
    let fd = if sink.blocked() { sink.fd() } else { None };
    (fd, sink.retry_at())
}

/// Whether there is room for many more lines.
pub fn is_roomy() -> bool {
    sink().is_roomy()
}

/// Whether lines wait to be sent.
pub fn waiting() -> bool {
    sink().waiting()
}

/// Waits at most `limit` for all lines to leave: at exit.
pub fn flush_for(limit: Span) {
    let end = sys::now() + limit;
    loop {
        let now = sys::now();
        let mut sink = sink();
        sink.unblock();
        sink.drain(now);
        let (Some(fd), true) = (sink.fd(), sink.waiting()) else {
            return;
        };
        drop(sink);
        if now >= end
            || sys::poll::wait(&[sys::poll::Want::write(fd)], Some(end.since(now))).is_err()
        {
            return;
        }
    }
}

/// In a forked child that goes on beside its parent: lines still waiting are the parent's to send,
/// the socket is not shared, and the process id is our own.
pub fn after_fork() {
    let mut sink = sink();
    sink.forget();
    sink.new_pid();
}

/// In a forked child whose parent ends: it keeps the lines and takes its own process id.
pub fn new_pid() {
    sink().new_pid();
}

/// The facility named by `-S`: `0`-`7`, `local0`-`local7`, `user`, `daemon`.
pub fn facility(word: &str) -> Option<Facility> {
    match word.as_bytes() {
        [digit @ b'0'..=b'7'] => facility_code(16 + digit - b'0'),
        [b'l', b'o', b'c', b'a', b'l', b'0'..=b'7'] => word.parse().ok(),
        b"user" | b"daemon" => word.parse().ok(),
        _ => None,
    }
}

/// The facility with this code (RFC 5424 §6.2.1): 1 user, 3 daemon, 16-23 local0-local7.
pub fn facility_code(code: u8) -> Option<Facility> {
    Some(match code {
        1 => Facility::LOG_USER,
        3 => Facility::LOG_DAEMON,
        16 => Facility::LOG_LOCAL0,
        17 => Facility::LOG_LOCAL1,
        18 => Facility::LOG_LOCAL2,
        19 => Facility::LOG_LOCAL3,
        20 => Facility::LOG_LOCAL4,
        21 => Facility::LOG_LOCAL5,
        22 => Facility::LOG_LOCAL6,
        23 => Facility::LOG_LOCAL7,
        _ => return None,
    })
}

fn sink() -> MutexGuard<'static, Sink> {
    LOG.sink.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `-D` decides whether detail is said at all; said, it must pass filters that drop "debug".
fn severity(level: Level) -> Severity {
    match level {
        Level::Error => Severity::LOG_ERR,
        Level::Warn => Severity::LOG_WARNING,
        Level::Info | Level::Debug => Severity::LOG_INFO,
        Level::Trace => Severity::LOG_DEBUG,
    }
}

impl log::Log for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= log::max_level()
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        // Before the lock: what is formatted might log too.
        let line = Line::new(record.args());
        sink().say(severity(record.level()), &line);
    }

    fn flush(&self) {
        sink().drain(sys::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facilities_of_the_command_line() {
        let code = |word| facility(word).map(|f| f as u32 >> 3);
        assert_eq!(
            (code("3"), code("local3"), code("local7")),
            (Some(19), Some(19), Some(23))
        );
        assert_eq!(
            (code("daemon"), code("user"), code("0")),
            (Some(3), Some(1), Some(16))
        );
        for wrong in ["", "8", "local8", "local", "kern", "33", "localx", "-1"] {
            assert_eq!(code(wrong), None, "{wrong}");
        }
        for code in 0..=255 {
            let known = facility_code(code);
            assert_eq!(
                known.map(|f| f as u32),
                matches!(code, 1 | 3 | 16..=23).then_some(u32::from(code) << 3)
            );
        }
    }
}
