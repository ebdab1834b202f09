//! A tracked script: when it runs, and what its results in a row amount to.

use super::outbox::Outbox;
use super::{Action, Clock, Ended, Note, ScriptId, ScriptParams};
use crate::time::{Instant, Span};

/// Shortest interval between two runs; a shorter one is taken as this.
const SHORTEST: Span = Span::from_millis(10);

/// One tracked script.
///
/// Compat: the counter is keepalived's. It goes from 0 to `rise + fall - 1`, the script is up from
/// `rise` on, and it begins one below that: the first result decides, whatever `rise` and `fall`
/// are. With `init_fail` it begins at 0 instead and the script counts as failed.
#[derive(Clone, Debug)]
pub(super) struct Script {
    count: u32,
    /// Up or down, once that is decided.
    level: Option<bool>,
    /// How the last run ended; none yet since the start.
    last: Option<Ended>,
    /// When the next run is due; [`Instant::FAR`]: never.
    due: Instant,
    run: Run,
    /// It was said that this run takes long.
    busy: bool,
}

/// What became of the last run asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Run {
    Over,
    /// Its result counts.
    Counts,
    /// It is from before the last stop: its result does not count.
    Stale,
}

impl Script {
    pub fn new() -> Self {
        Script {
            count: 0,
            level: None,
            last: None,
            due: Instant::FAR,
            run: Run::Over,
            busy: false,
        }
    }

    /// Up or down; `None` while nothing is known.
    pub fn level(&self) -> Option<bool> {
        self.level
    }

    /// How the last run since the start ended.
    pub fn last(&self) -> Option<Ended> {
        self.last
    }

    pub fn running(&self) -> bool {
        self.run != Run::Over
    }

    pub fn count(&self) -> u32 {
        self.count
    }

    /// The daemon starts: the first run, at once.
    pub fn start(&mut self, id: ScriptId, params: &ScriptParams, now: Instant, out: &mut Outbox) {
        (self.count, self.level) = if params.init_fail {
            (0, Some(false))
        } else {
            (rise(params) - 1, None)
        };
        self.last = None;
        self.due = now;
        self.clock(id, params, now, out);
    }

    /// A reload may have changed how often it runs and what its results amount to; its level stays.
    pub fn adjust(&mut self, id: ScriptId, params: &ScriptParams, now: Instant, out: &mut Outbox) {
        let rise = rise(params);
        self.count = match self.level {
            Some(true) => {
                let most = rise.saturating_add(params.fall.max(1) - 1);
                self.count.clamp(rise, most)
            }
            Some(false) => self.count.min(rise - 1),
            None => rise - 1,
        };
        let latest = now + params.interval.max(SHORTEST);
        if self.due != Instant::FAR && self.due > latest {
            self.due = latest;
            out.push(Action::Wake(Clock::Script(id), Some(latest)));
        }
    }

    /// The daemon stops: a run that still goes on counts for nothing.
    pub fn stop(&mut self, id: ScriptId, out: &mut Outbox) {
        if self.run == Run::Counts {
            self.run = Run::Stale;
        }
        self.due = Instant::FAR;
        out.push(Action::Wake(Clock::Script(id), None));
    }

    /// Its time may have come.
    pub fn clock(&mut self, id: ScriptId, params: &ScriptParams, now: Instant, out: &mut Outbox) {
        if self.due == Instant::FAR {
            return;
        }
        if now >= self.due {
            let interval = params.interval.max(SHORTEST);
            let next = self.due + interval;
            // After a stall: no runs to make up for the missed ones.
            self.due = if next > now { next } else { now + interval };
            match self.run {
                Run::Over => {
                    self.run = Run::Counts;
                    self.busy = false;
                    out.push(Action::Run(id));
                }
                // One line per run is enough.
                Run::Counts | Run::Stale if self.busy => {}
                Run::Counts | Run::Stale => {
                    self.busy = true;
                    out.push(Action::Note(Note::ScriptBusy(id)));
                }
            }
        }
        out.push(Action::Wake(Clock::Script(id), Some(self.due)));
    }

    /// A run ended. True if what others may conclude from it has changed.
    pub fn ended(
        &mut self,
        id: ScriptId,
        params: &ScriptParams,
        ended: Ended,
        out: &mut Outbox,
    ) -> bool {
        if core::mem::replace(&mut self.run, Run::Over) != Run::Counts {
            return false;
        }
        let good = ended == Ended::Exited(0);
        let before = self.level;
        if good {
            self.succeeded(params);
        } else {
            self.failed(params);
        }
        let first = self.last.replace(ended).is_none();
        let up = self.level == Some(true);
        // The first result is worth a line even if `init_fail` expected it.
        if self.level != before || (first && !good) {
            out.push(Action::Note(Note::Script(id, up, ended)));
        }
        first || self.level != before
    }

    fn succeeded(&mut self, params: &ScriptParams) {
        let rise = rise(params);
        if self.count < rise - 1 {
            self.count += 1;
            return;
        }
        if self.count < rise {
            self.level = Some(true);
        }
        self.count = rise.saturating_add(params.fall.max(1) - 1);
    }

    fn failed(&mut self, params: &ScriptParams) {
        if self.count > rise(params) {
            self.count -= 1;
        } else {
            self.count = 0;
            self.level = Some(false);
        }
    }
}

fn rise(params: &ScriptParams) -> u32 {
    params.rise.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vrrp::Place;

    const CHK: ScriptId = ScriptId(0);

    fn params(rise: u32, fall: u32, init_fail: bool) -> ScriptParams {
        ScriptParams {
            name: "chk".into(),
            place: Place::default(),
            interval: Span::from_secs(2),
            timeout: Span::ZERO,
            rise,
            fall,
            init_fail,
        }
    }

    fn drain(out: &mut Outbox) -> Vec<Action> {
        out.seal();
        core::iter::from_fn(|| out.next()).collect()
    }

    /// Levels after each of these results: `+` success, `-` failure.
    fn levels(params: &ScriptParams, results: &str) -> String {
        let (mut script, mut out) = (Script::new(), Outbox::with_capacity(8));
        script.start(CHK, params, Instant::ZERO, &mut out);
        let letter = |level| match level {
            None => '?',
            Some(true) => 'U',
            Some(false) => 'd',
        };
        let mut seen = String::from(letter(script.level()));
        for result in results.chars() {
            let ended = Ended::Exited(u8::from(result == '-'));
            script.ended(CHK, params, ended, &mut out);
            seen.push(letter(script.level()));
            let due = script.due;
            script.clock(CHK, params, due, &mut out);
            assert!(script.count() < params.rise.max(1) + params.fall.max(1));
            assert_eq!(
                script.level() == Some(true),
                script.count() >= params.rise.max(1)
            );
        }
        seen
    }

    #[test]
    fn rise_and_fall_as_keepalived_counts_them() {
        assert_eq!(levels(&params(1, 1, false), "+-+-"), "?UdUd");
        // The first result decides at once.
        assert_eq!(levels(&params(3, 3, false), "+"), "?U");
        assert_eq!(levels(&params(3, 3, false), "-"), "?d");
        // Then it takes three in a row each way.
        assert_eq!(levels(&params(3, 3, false), "+--+---"), "?UUUUUUd");
        assert_eq!(levels(&params(3, 3, false), "-++-+++"), "?ddddddU");
        assert_eq!(levels(&params(2, 3, false), "+---++---"), "?UUUddUUUd");
        // Zeros are taken as ones.
        assert_eq!(levels(&params(0, 0, false), "+-+"), "?UdU");
    }

    #[test]
    fn init_fail_needs_all_of_rise() {
        assert_eq!(levels(&params(3, 1, true), "+++-"), "dddUd");
        assert_eq!(levels(&params(1, 2, true), "-+--"), "ddUUd");
    }

    #[test]
    fn huge_numbers_do_not_overflow() {
        let params = params(u32::MAX, u32::MAX, false);
        let (mut script, mut out) = (Script::new(), Outbox::with_capacity(8));
        script.start(CHK, &params, Instant::ZERO, &mut out);
        script.ended(CHK, &params, Ended::Exited(0), &mut out);
        assert_eq!(script.level(), Some(true));
    }

    #[test]
    fn what_counts_as_success() {
        for (ended, good) in [
            (Ended::Exited(0), true),
            (Ended::Exited(1), false),
            (Ended::Signaled(15), false),
            (Ended::TimedOut, false),
            (Ended::NotStarted, false),
        ] {
            let params = params(1, 1, false);
            let (mut script, mut out) = (Script::new(), Outbox::with_capacity(8));
            script.start(CHK, &params, Instant::ZERO, &mut out);
            drain(&mut out);
            assert!(script.ended(CHK, &params, ended, &mut out));
            assert_eq!(
                drain(&mut out),
                [Action::Note(Note::Script(CHK, good, ended))]
            );
        }
    }

    #[test]
    fn runs_from_start_to_start_and_never_twice_at_once() {
        let params = params(1, 1, false);
        let (mut script, mut out) = (Script::new(), Outbox::with_capacity(8));
        let at = Instant::from_secs;
        let wake = |at| Action::Wake(Clock::Script(CHK), Some(at));
        script.start(CHK, &params, at(10), &mut out);
        assert_eq!(drain(&mut out), [Action::Run(CHK), wake(at(12))]);
        // Early: waits on.
        script.clock(CHK, &params, at(11), &mut out);
        assert_eq!(drain(&mut out), [wake(at(12))]);
        // Still running: left out.
        script.clock(CHK, &params, at(12), &mut out);
        assert_eq!(
            drain(&mut out),
            [wake(at(14)), Action::Note(Note::ScriptBusy(CHK))]
        );
        script.clock(CHK, &params, at(14), &mut out);
        assert_eq!(drain(&mut out), [wake(at(16))]);
        assert!(script.ended(CHK, &params, Ended::TimedOut, &mut out));
        // A result nobody waits for is none.
        assert!(!script.ended(CHK, &params, Ended::Exited(0), &mut out));
        assert_eq!(script.level(), Some(false));
        drain(&mut out);
        // A stall is not made up for.
        script.clock(CHK, &params, at(30), &mut out);
        assert_eq!(drain(&mut out), [Action::Run(CHK), wake(at(32))]);
    }

    #[test]
    fn what_ends_after_the_stop_is_ignored() {
        let params = params(1, 1, false);
        let (mut script, mut out) = (Script::new(), Outbox::with_capacity(8));
        script.start(CHK, &params, Instant::ZERO, &mut out);
        script.stop(CHK, &mut out);
        drain(&mut out);
        script.clock(CHK, &params, Instant::from_secs(9), &mut out);
        assert_eq!(drain(&mut out), []);
        // Started again before the old run is over: that one is waited for and does not count.
        script.start(CHK, &params, Instant::from_secs(10), &mut out);
        assert_eq!(drain(&mut out)[1], Action::Note(Note::ScriptBusy(CHK)));
        assert!(!script.ended(CHK, &params, Ended::Exited(1), &mut out));
        assert_eq!(script.level(), None);
        script.clock(CHK, &params, Instant::from_secs(12), &mut out);
        assert!(script.ended(CHK, &params, Ended::Exited(0), &mut out));
        assert_eq!(script.level(), Some(true));
    }
}
