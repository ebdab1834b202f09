//! What a try means: retries, pages in turn, when to try again. Once for all checkers.

use super::probe::Outcome;
use super::{CheckerParams, Probe, Why};
use crate::time::{Instant, Span};

/// Shortest pause between two runs; a shorter `delay_loop` is taken as this.
const SHORTEST: Span = Span::from_millis(10);
/// The first run begins this long after the start, and `warmup` later at the latest.
const HEAD_START: Span = Span::from_secs(1);
/// The longest warm-up of a checker that failed before the start.
const RECOVERY: Span = Span::from_secs(1);

/// What is remembered of a checker. There may be tens of thousands: kept small.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Checker {
    /// When its timer is to run out, if it is armed.
    pub due: Instant,
    /// What it has said last.
    pub why: Why,
    /// Failed attempts in a row that did not count yet.
    pub fails: u32,
    /// What it adds to the weight of its real server.
    pub delta: i32,
    /// Second of the clock since when its word is as it is; 0: not known.
    pub since: u32,
    /// Where it is.
    pub phase: Phase,
    /// HTTP_GET: the page whose turn it is.
    pub url: u16,
    /// It counts as succeeding.
    pub up: bool,
    /// A run has ended since it is there.
    pub tried: bool,
    /// HTTP_GET: a page failed, and has the next turn too.
    pub stuck: bool,
}

/// Where a checker is between two verdicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Not scheduled: not started, stopped, suspended, or nothing that is tried.
    Rest,
    /// Until `due`.
    Wait,
    /// For a free place among those that run.
    Queue,
    /// With this place.
    Run(u16),
}

/// What an attempt came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    /// Its word now; to be passed on.
    pub news: News,
    /// The next run.
    pub next: Instant,
    /// It adds another number to the weight than before.
    pub reweighed: bool,
}

/// What others learn of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// Nothing: it is as it was.
    None,
    /// It failed, but does not count yet (so many attempts are left), or counted before.
    Failed(u32),
    /// It changed its mind; after so many failed attempts before this one.
    Changed(u32),
    /// Its first result is the failure that was assumed (alpha).
    Confirmed,
}

impl Checker {
    pub fn new(params: &CheckerParams) -> Self {
        Checker {
            due: Instant::FAR,
            why: Why::Well,
            fails: 0,
            delta: 0,
            since: 0,
            phase: Phase::Rest,
            url: 0,
            up: !params.alpha,
            tried: false,
            stuck: false,
        }
    }

    /// Judges an attempt that ended at `now`; `base` is what the next run is reckoned from.
    pub fn judge(
        &mut self,
        params: &CheckerParams,
        outcome: Outcome,
        base: Instant,
        now: Instant,
    ) -> Verdict {
        let before = self.delta;
        let first = !core::mem::replace(&mut self.tried, true);
        let (news, pause) = match outcome {
            Outcome::Pass => self.passed(params),
            Outcome::Weight(delta) => {
                self.delta = delta;
                self.passed(params)
            }
            Outcome::Fail(why) => self.failed(params, why, first),
        };
        Verdict {
            news,
            next: (base + pause).max(now),
            reweighed: self.delta != before,
        }
    }

    /// A level instead of a try (FILE_CHECK): what it says counts at once.
    pub fn told(&mut self, outcome: Outcome) -> Verdict {
        let before = (self.up, self.delta);
        let first = !core::mem::replace(&mut self.tried, true);
        match outcome {
            Outcome::Pass => (self.up, self.why) = (true, Why::Well),
            Outcome::Weight(delta) => (self.up, self.why, self.delta) = (true, Why::Well, delta),
            Outcome::Fail(why) => (self.up, self.why) = (false, why),
        }
        Verdict {
            news: match (self.up != before.0, self.up) {
                (true, _) => News::Changed(0),
                (false, false) if first => News::Confirmed,
                _ => News::None,
            },
            next: Instant::FAR,
            reweighed: self.delta != before.1,
        }
    }

    fn passed(&mut self, params: &CheckerParams) -> (News, Span) {
        let (pages, fast) = match &params.probe {
            Probe::Http(http) => (http.urls.len(), http.fast_recovery),
            _ => (1, false),
        };
        let loops = params.delay_loop.max(SHORTEST);
        self.why = Why::Well;
        self.fails = 0;
        let stuck = core::mem::take(&mut self.stuck);
        if stuck && pages > 1 && !self.up {
            // The page that failed is back: all of them again, from the first.
            self.url = 0;
            return (News::None, if fast { Span::ZERO } else { loops });
        }
        let next = self.url.saturating_add(1);
        let last = usize::from(next) >= pages;
        self.url = if last { 0 } else { next };
        match (self.up, last) {
            (true, _) => (News::None, loops),
            (false, true) => {
                self.up = true;
                (News::Changed(0), loops)
            }
            (false, false) => (News::None, if fast { Span::ZERO } else { loops }),
        }
    }

    fn failed(&mut self, params: &CheckerParams, why: Why, first: bool) -> (News, Span) {
        self.why = why;
        // Compat: the first result ever counts without further attempts.
        if self.up && !first && self.fails < params.retry {
            self.fails += 1;
            let left = params.retry - self.fails;
            // It failed and so many attempts follow, the next one included.
            return (
                News::Failed(left.saturating_add(1)),
                params.delay_before_retry,
            );
        }
        let attempts = core::mem::take(&mut self.fails);
        self.stuck = true;
        let news = match (core::mem::replace(&mut self.up, false), first) {
            (true, _) => News::Changed(attempts),
            (false, true) => News::Confirmed,
            (false, false) => News::Failed(0),
        };
        let loops = params.delay_loop.max(SHORTEST);
        let pause = match params.probe {
            Probe::Http(_) => loops.max(params.delay_before_retry),
            _ => loops,
        };
        (news, pause)
    }
}

/// When the first run begins, for a random number.
pub(super) fn first_run(params: &CheckerParams, random: u32, now: Instant) -> Instant {
    now + HEAD_START + part(params.warmup, random)
}

/// When a checker runs first that failed before the start: within a second of the earliest moment.
pub(super) fn recovery_run(params: &CheckerParams, random: u32, now: Instant) -> Instant {
    now + HEAD_START + part(params.warmup.min(RECOVERY), random)
}

/// When a checker that was suspended runs again.
pub(super) fn resumed_run(params: &CheckerParams, random: u32, now: Instant) -> Instant {
    now + part(params.warmup.min(params.delay_loop), random)
}

/// `random / 2³²` of `span`.
fn part(span: Span, random: u32) -> Span {
    let (us, random) = (span.micros(), u64::from(random));
    let (high, low) = (us >> 32, us & u64::from(u32::MAX));
    Span::from_micros(high * random + ((low * random) >> 32))
}

#[cfg(test)]
mod tests;
