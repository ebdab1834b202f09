//! The check room: virtual servers, their real servers, and who is alive.
//!
//! Pure, like the VRRP room: `Room` gets `(Event, now)` and answers with [`Action`]s. It opens no
//! socket and starts no program; it says when one is wanted and takes what came of it. A probe knows
//! one try of one protocol; `verdict` knows when to try and what a change means, once for all of
//! them; `service` knows quorum, weights and the sorry server, and keeps the *desired* table, of
//! which `engine` sends the difference to the kernel.
//!
//! Order of calls: `handle` one event, then `next_action` until it returns `None`. What is known
//! before the start comes before it: `Resume`, `File`, `Local`. A reload is [`Room::part`], all
//! actions, [`Room::reload`], all actions.
//!
//! The kernel's side is [`Table`]: fed by a dump and by what the kernel acknowledges, it says which
//! requests make a service what [`Room::desired`] wants.

mod dns;
mod file;
mod flight;
pub mod http;
mod misc;
mod outbox;
pub mod params;
mod ping;
mod probe;
mod room;
mod service;
mod smtp;
pub mod snapshot;
mod sync;
pub mod table;
mod tcp;
pub mod text;
pub mod tls;
#[cfg(test)]
mod trial;
pub mod udp;
mod verdict;

pub use flight::MOST_TLS;
pub use params::*;
pub use room::Room;
pub use snapshot::*;
pub use table::Table;

use crate::time::Instant;
use core::net::IpAddr;

/// Index of a virtual server in [`Params::services`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceId(pub u16);
/// Index of a real server in [`Params::reals`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RealId(pub u16);
/// Index of a checker in [`Params::checkers`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CheckerId(pub u16);

/// What can happen to the room.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// Begin; the random number spreads the first runs.
    Start {
        /// Any number.
        seed: u32,
    },
    /// Leave: down notifications where `omega` says so, everything out of the table.
    Stop,
    /// Before the start: what an earlier worker knew. Without it a checker that is not `alpha`
    /// counts as succeeding until its first run.
    Resume {
        /// Who.
        checker: CheckerId,
        /// It succeeded.
        up: bool,
    },
    /// The time of [`Action::Arm`] has come.
    Timer(CheckerId),
    /// What came of a probe's wish.
    Got(CheckerId, Got<'a>),
    /// The value of a tracked file; its index in `vrrp::Params::files`.
    File {
        /// Which one.
        file: u16,
        /// Its integer.
        value: i32,
    },
    /// An address of this machine came or went (`ha_suspend`).
    Local {
        /// Which one.
        address: IpAddr,
        /// It is there.
        present: bool,
    },
}

/// What came of a probe's wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Got<'a> {
    /// Connected, with TLS if that was wanted.
    Connected,
    /// Bytes of the answer, or a whole datagram.
    Data(&'a [u8]),
    /// The other side has ended.
    Closed,
    /// It failed; an errno.
    Failed(i32),
    /// TLS failed: the server's alert, or a code of [`tls`].
    TlsFailed(u8),
    /// The program ended with this status.
    Exited(u8),
    /// The program was ended by this signal.
    Signaled(u8),
}

/// What the room wants done. Intents, not system calls.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Action {
    /// Open the socket the checker's parameters describe; answered by `Connected` or `Failed`.
    Open(CheckerId),
    /// Send [`Room::outgoing`] of the checker; no answer but `Failed`.
    Send(CheckerId),
    /// Close its socket, also after `Failed`; or end its program's process group (TERM, and KILL two
    /// seconds later). Whatever is still to come is for nobody. Not asked for a program that ended.
    Close(CheckerId),
    /// Run its program; answered by `Exited`, `Signaled` or `Failed`.
    Spawn(CheckerId),
    /// Arm or re-arm its one timer.
    Arm(CheckerId, Instant),
    /// Disarm it.
    Disarm(CheckerId),
    /// The desired destinations of a service changed: see [`Room::desired`].
    Table(ServiceId),
    /// A state changed.
    Tell(Change),
    /// Something to log that is no change.
    Note(Note),
}

/// A change of state, with its reason.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change {
    /// A real server came up or went down, by this checker. Again as it was, if the first result of
    /// an alpha checker is a failure; up by nobody at a start with `rs_init_notifies`, and when a
    /// reload took away the check that failed.
    Real {
        /// Which one.
        real: RealId,
        /// It is alive.
        up: bool,
        /// Who found out; `None`: by the configuration, or at a stop.
        by: Option<CheckerId>,
    },
    /// A checker changed its mind (mails, log); its real server may be as before.
    Checker {
        /// Which one.
        checker: CheckerId,
        /// It succeeds.
        up: bool,
        /// Why not.
        why: Why,
    },
    /// A service gained or lost its quorum.
    Quorum {
        /// Which one.
        service: ServiceId,
        /// It has it.
        up: bool,
        /// Weight alive now.
        alive: u64,
    },
}

/// Why a try failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Why {
    /// It did not.
    #[default]
    Well,
    /// No answer within the timeout.
    Timeout,
    /// The system says; an errno.
    System(i32),
    /// TLS: the server's alert, or a code of [`tls`].
    Tls(u8),
    /// The other side ended too early.
    Closed,
    /// An answer that is none of the protocol.
    Garbage,
    /// HTTP status code.
    Status(u16),
    /// The MD5 of the body.
    Digest([u8; 16]),
    /// The pattern was (not) found.
    Pattern,
    /// SMTP code.
    Smtp(u16),
    /// DNS response code.
    Dns(u8),
    /// Length or bytes of a UDP answer.
    Reply,
    /// Exit status.
    Exit(u8),
    /// Signal.
    Signal(u8),
    /// Value of a file.
    File(i32),
}

/// Something a person may want to read in the log.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Note {
    /// A checker changed its mind, or its first result is the failure that was assumed. Comes
    /// before everything that follows from it; [`Change::Checker`] comes after it.
    Verdict {
        /// Who.
        checker: CheckerId,
        /// It succeeds.
        up: bool,
        /// Why not.
        why: Why,
        /// Failed attempts before this one.
        attempts: u32,
        /// HTTP_GET: index of the page that failed.
        page: u16,
    },
    /// A try failed (`log_all_failures`); so many further ones before it counts, 0: it counted
    /// before.
    Try {
        /// Who.
        checker: CheckerId,
        /// Why.
        why: Why,
        /// Further attempts.
        left: u32,
    },
    /// A weight changed (MISC_CHECK dynamic, FILE_CHECK).
    Weight {
        /// Whose.
        real: RealId,
        /// From.
        from: i32,
        /// To.
        to: i32,
    },
}
