//! What the outside may look at: plain copies, no references into the machine.

use super::Why;
use crate::time::Instant;

/// A virtual server at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceSnapshot {
    /// It is to be in the table.
    pub present: bool,
    /// It has its quorum.
    pub up: bool,
    /// Weight of its real servers alive, as of the last change.
    pub alive: u64,
    /// Its sorry server answers.
    pub sorry: bool,
    /// Its checkers rest (`ha_suspend`).
    pub suspended: bool,
}

/// A real server at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RealSnapshot {
    /// No checker fails.
    pub alive: bool,
    /// Checkers that fail.
    pub failed: u16,
    /// Configured weight and what checkers add to it.
    pub weight: i32,
    /// Its weight in the table; `None`: it is not there.
    pub line: Option<i32>,
}

/// A checker at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckerSnapshot {
    /// It counts as succeeding.
    pub up: bool,
    /// There was a result since the start.
    pub tried: bool,
    /// A try goes on.
    pub running: bool,
    /// It waits for a place among those that run.
    pub queued: bool,
    /// When the next run begins.
    pub due: Option<Instant>,
    /// Failed attempts in a row that do not count yet.
    pub fails: u32,
    /// HTTP_GET: index of the page whose turn it is.
    pub url: u16,
    /// What it adds to the weight.
    pub delta: i32,
    /// What its last try said.
    pub why: Why,
    /// Since when it succeeds or fails, to the second; `None`: as it was at the start.
    pub since: Option<Instant>,
}

/// How much goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// Tries that run.
    pub running: usize,
    /// Checkers that wait for a place.
    pub waiting: usize,
}
