//! Signals as a readable descriptor, with keepalived's meanings.

use crate::sys::{check, check_len, unless_blocked};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

/// The signals the daemon answers to, by meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signal {
    /// SIGHUP: reload.
    Hup,
    /// SIGTERM: stop.
    Term,
    /// SIGINT: stop.
    Int,
    /// SIGUSR1: write the state dump.
    Usr1,
    /// SIGUSR2: write the statistics.
    Usr2,
    /// SIGRTMIN+2: write the state as JSON.
    Json,
    /// SIGRTMAX-1: write the statistics, then clear them.
    StatsClear,
    /// SIGRTMAX: log the internal timers.
    Tdump,
    /// SIGCHLD: a child has ended.
    Child,
}

/// All of them.
pub const ALL: [Signal; 9] = [
    Signal::Hup,
    Signal::Term,
    Signal::Int,
    Signal::Usr1,
    Signal::Usr2,
    Signal::Json,
    Signal::StatsClear,
    Signal::Tdump,
    Signal::Child,
];

impl Signal {
    /// The number here. The last real-time signals are asked at run time; JSON is counted from the
    /// first one, which differs between C libraries, so both numbers in use are taken.
    pub fn number(self) -> i32 {
        match self {
            Signal::Hup => libc::SIGHUP,
            Signal::Term => libc::SIGTERM,
            Signal::Int => libc::SIGINT,
            Signal::Usr1 => libc::SIGUSR1,
            Signal::Usr2 => libc::SIGUSR2,
            Signal::Json => JSON[0],
            Signal::StatsClear => libc::SIGRTMAX() - 1,
            Signal::Tdump => libc::SIGRTMAX(),
            Signal::Child => libc::SIGCHLD,
        }
    }

    /// The signal with this number, if it is one of ours.
    pub fn from_number(number: i32) -> Option<Signal> {
        if JSON.contains(&number) {
            return Some(Signal::Json);
        }
        ALL.into_iter().find(|signal| signal.number() == number)
    }
}

/// SIGRTMIN+2 of keepalived: 36 where it was built with glibc (Debian), 37 with musl (OpenWrt).
/// Administrators' scripts send either, whatever we were built with.
const JSON: [i32; 2] = [36, 37];

/// The number behind a name of `--signum`, in any case: STOP, RELOAD, DATA, STATS, STATS_CLEAR,
/// JSON, TDUMP (the manual says TDATA; both are taken).
pub fn number(name: &str) -> Option<i32> {
    let signal = match name.to_ascii_uppercase().as_str() {
        "STOP" => Signal::Term,
        "RELOAD" => Signal::Hup,
        "DATA" => Signal::Usr1,
        "STATS" => Signal::Usr2,
        "STATS_CLEAR" => Signal::StatsClear,
        "JSON" => Signal::Json,
        "TDUMP" | "TDATA" => Signal::Tdump,
        _ => return None,
    };
    Some(signal.number())
}

/// Blocks everything in [`ALL`] so that nothing is lost before [`Signals::new`] reads it, ignores
/// SIGPIPE, and undoes an inherited "ignore" of SIGCHLD (it would hide exit statuses).
/// Both survive fork; [`crate::sys::process::spawn`] gives programs the defaults back.
pub fn block() -> io::Result<()> {
    disposition(libc::SIGPIPE, libc::SIG_IGN)?;
    disposition(libc::SIGCHLD, libc::SIG_DFL)?;
    set_mask(libc::SIG_BLOCK, &ours())
}

/// The signals of [`ALL`], readable. Non-blocking, close-on-exec.
///
/// It reads the signals of the process that calls [`Signals::next`], but an epoll or mio
/// registration stays with the process that made it: make a new one after a fork.
#[derive(Debug)]
pub struct Signals {
    fd: OwnedFd,
}

impl Signals {
    /// Opens the descriptor; call [`block`] first.
    pub fn new() -> io::Result<Self> {
        let set = ours();
        // SAFETY: `set` is initialised and outlives the call; -1 asks for a new descriptor.
        let fd =
            check(unsafe { libc::signalfd(-1, &set, libc::SFD_NONBLOCK | libc::SFD_CLOEXEC) })?;
        // SAFETY: the descriptor is new and nobody else owns it.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        Ok(Signals { fd })
    }

    /// The next waiting signal. Several of one kind may arrive as one.
    #[allow(
        clippy::should_implement_trait,
        reason = "an iterator promises more than this does"
    )]
    pub fn next(&mut self) -> Option<Signal> {
        loop {
            // struct signalfd_siginfo: 128 bytes, ssi_signo (u32) first (signalfd(2)).
            let mut info = [0_u8; 128];
            // SAFETY: the pointer and length describe `info`, which outlives the call.
            let read = check_len(unsafe {
                libc::read(self.fd.as_raw_fd(), info.as_mut_ptr().cast(), info.len())
            });
            if unless_blocked(read).ok()?? < info.len() {
                return None;
            }
            let number = u32::from_ne_bytes([info[0], info[1], info[2], info[3]]);
            if let Some(signal) = i32::try_from(number).ok().and_then(Signal::from_number) {
                return Some(signal);
            }
        }
    }
}

impl AsRawFd for Signals {
    fn as_raw_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }
}

/// Sets what happens on `signal`: SIG_DFL or SIG_IGN.
pub(super) fn disposition(signal: i32, handler: libc::sighandler_t) -> io::Result<()> {
    // SAFETY: only called with SIG_DFL and SIG_IGN, so no handler code ever runs.
    if unsafe { libc::signal(signal, handler) } == libc::SIG_ERR {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// `sigprocmask(how, set)`.
pub(super) fn set_mask(how: i32, set: &libc::sigset_t) -> io::Result<()> {
    // SAFETY: `set` is an initialised sigset_t; the old mask is not asked for.
    check(unsafe { libc::sigprocmask(how, set, std::ptr::null_mut()) })?;
    Ok(())
}

/// No signal at all.
pub(super) fn none() -> libc::sigset_t {
    let mut set = MaybeUninit::<libc::sigset_t>::zeroed();
    // SAFETY: the pointer is valid for writes; sigemptyset initialises the set and cannot fail.
    unsafe { libc::sigemptyset(set.as_mut_ptr()) };
    // SAFETY: zeroed memory is a valid sigset_t on Linux, and sigemptyset has written it.
    unsafe { set.assume_init() }
}

/// Every signal.
pub(super) fn every() -> libc::sigset_t {
    let mut set = none();
    // SAFETY: the pointer is to an initialised set.
    unsafe { libc::sigfillset(&mut set) };
    set
}

fn ours() -> libc::sigset_t {
    let mut set = none();
    for number in ALL.map(Signal::number).into_iter().chain(JSON) {
        // SAFETY: the pointer is to an initialised set and the number is a valid signal.
        unsafe { libc::sigaddset(&mut set, number) };
    }
    set
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_signum() {
        assert_eq!(number("STOP"), Some(15));
        assert_eq!(number("RELOAD"), Some(1));
        assert_eq!(number("DATA"), Some(libc::SIGUSR1));
        assert_eq!(number("STATS"), Some(libc::SIGUSR2));
        assert_eq!(number("JSON"), Some(36));
        assert_eq!(Signal::from_number(36), Some(Signal::Json));
        assert_eq!(Signal::from_number(37), Some(Signal::Json));
        assert_eq!(number("STATS_CLEAR"), Some(libc::SIGRTMAX() - 1));
        assert_eq!(number("tdump"), Some(libc::SIGRTMAX()));
        assert_eq!(number("NONSENSE"), None);
    }

    #[test]
    fn numbers_go_both_ways() {
        for signal in ALL {
            assert_eq!(Signal::from_number(signal.number()), Some(signal));
        }
        assert_eq!(Signal::from_number(libc::SIGKILL), None);
    }
}
