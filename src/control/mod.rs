//! What people and programs read of a running daemon: keepalived's dumps, and the answers to
//! `holdfast status` and `explain`.
//!
//! Pure: a [`View`] lends the rooms to be looked at, a [`Report`] becomes text piece by piece, so
//! that whoever drives it can stop between two pieces and let adverts go first. Never opens a file
//! or a socket; what is asked for is a [`Request`], what comes back an [`answer`].

mod data;
mod explain;
mod keepalived;
mod protocol;
mod report;
mod servers;
mod shown;
mod state;
mod status;
mod table;
mod track;

pub use protocol::{Answer, Limit, Request, answer, code};
pub use report::{Report, What};
pub use table::{explained, table};

use crate::time::{Instant, Span};
use crate::vrrp::{Params, RouteLine, Router, RuleLine};
use crate::{check, notify};
use core::fmt;

/// The daemon itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// Process id of the worker.
    pub pid: i32,
    /// When the worker started.
    pub started: Instant,
    /// When the configuration was accepted.
    pub loaded: Instant,
    /// The file it was read from.
    pub file: Box<str>,
    /// `json_version` 2: the array is part of an object.
    pub wrapped: bool,
}

/// Everything that can be looked at, at one moment.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The daemon itself.
    pub about: &'a About,
    /// The configuration of the VRRP room.
    pub vrrp: &'a Params,
    /// The VRRP room.
    pub router: &'a Router,
    /// Scripts of instances.
    pub notify: &'a notify::Params,
    /// The check room, if there is one.
    pub check: Option<&'a check::Room>,
    /// A route in words, with a blank in front.
    pub route: fn(&mut String, &RouteLine, &Params) -> fmt::Result,
    /// A rule in words, with a blank in front.
    pub rule: fn(&mut String, &RuleLine, &Params) -> fmt::Result,
    /// This moment.
    pub now: Instant,
    /// The same in seconds and microseconds since 1970.
    pub wall: (u64, u32),
}

impl View<'_> {
    /// A moment as seconds since 1970, with six decimals.
    fn date(&self, at: Instant) -> Date {
        let (seconds, micros) = self.wall;
        let wall = seconds
            .saturating_mul(1_000_000)
            .saturating_add(micros.into());
        Date(wall.saturating_sub(self.now.since(at).micros()))
    }

    /// How long ago something was.
    fn ago(&self, at: Instant) -> Ago {
        Ago(self.now.since(at))
    }
}

/// Microseconds since 1970 as seconds.
struct Date(u64);

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

/// A span to the tenth of a second, as people read it and programs compare it.
struct Ago(Span);

impl fmt::Display for Ago {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = self.0.micros() / 100_000;
        write!(f, "{}.{}", tenths / 10, tenths % 10)
    }
}

/// Things with something between them.
struct Joined<I>(I, &'static str);

impl<T: fmt::Display, I: Iterator<Item = T> + Clone> fmt::Display for Joined<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, one) in self.0.clone().enumerate() {
            if n > 0 {
                f.write_str(self.1)?;
            }
            one.fmt(f)?;
        }
        Ok(())
    }
}
