//! Tracked scripts: never two runs of one at a time, each with an end that is reported once.
//!
//! They do not wait for notify scripts, nor for each other: every one has its place. As with those,
//! nothing starts where it is asked for; [`Scripts::tick`] starts a few per turn, so that a hundred
//! due at one instant do not hold up an advert.
//!
//! A run that takes too long counts as timed out at that moment. Its process group gets SIGTERM and
//! two seconds later SIGKILL, and only when nothing is left of it the next run begins. What a
//! script that ended in time left behind in its group is not our business.

use super::child::{Job, SIGKILL, SIGTERM, STARTS, Starter, System, TERM_GRACE};
use crate::engine::outside::plain;
use crate::notify::Script;
use crate::sys::process::{Exit, Started};
use crate::time::{Instant, Span};
use crate::vrrp::{Ended, Kept, ScriptId, ScriptParams};
use std::collections::VecDeque;

/// All tracked scripts.
#[derive(Debug)]
pub struct Scripts<S = System> {
    starter: S,
    /// By [`ScriptId`].
    entries: Box<[Entry]>,
    /// Runs asked for and not started yet.
    asked: VecDeque<Asked>,
    running: Vec<Running>,
    /// Ends not told yet.
    ended: VecDeque<(ScriptId, Ended)>,
    stopping: bool,
}

#[derive(Debug)]
struct Entry {
    name: Box<str>,
    job: Job,
    timeout: Span,
    /// Something of its last run is still there.
    busy: bool,
    /// Its last run could not start or took too long: that has been said.
    complained: bool,
}

#[derive(Clone, Copy, Debug)]
struct Asked {
    script: ScriptId,
    /// When it counts as timed out although it never started.
    limit: Instant,
}

#[derive(Debug)]
struct Running {
    started: Started,
    script: ScriptId,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Until it ends, or until then.
    Within(Instant),
    /// Told to end; SIGKILL follows then. Its end has been reported.
    Ending(Instant),
    /// The leader has ended, the group may not have: looked after at the first, killed at the
    /// second.
    Orphaned(Instant, Instant),
}

/// A script that a reload took out.
const NOBODY: ScriptId = ScriptId(u16::MAX);
/// From SIGTERM to SIGKILL, and to the next one.
const KILL_AFTER: Span = Span::from_secs(2);
/// How often is looked whether a group has ended whose leader has.
const LOOK: Span = Span::from_millis(50);

impl Scripts {
    /// None runs. `commands` belong to `params` one by one; a script without one never succeeds.
    pub fn new(params: &[ScriptParams], commands: Vec<Script>) -> Self {
        Scripts::with(System, params, commands)
    }
}

impl<S: Starter> Scripts<S> {
    /// The same, started by `starter`.
    pub fn with(starter: S, params: &[ScriptParams], commands: Vec<Script>) -> Self {
        let mut commands = commands.into_iter();
        let entry = |params: &ScriptParams| {
            let (argv, user) = commands.next().map_or((Vec::new(), None), |script| {
                (script.argv, script.user.map(|who| (who.uid, who.gid)))
            });
            Entry {
                name: params.name.clone(),
                job: Job {
                    object: 0,
                    argv,
                    user,
                    stop: false,
                },
                timeout: if params.timeout.is_zero() {
                    params.interval
                } else {
                    params.timeout
                },
                busy: false,
                complained: false,
            }
        };
        let count = params.len();
        Scripts {
            starter,
            entries: params.iter().map(entry).collect(),
            asked: VecDeque::with_capacity(count),
            running: Vec::with_capacity(count),
            ended: VecDeque::with_capacity(count),
            stopping: false,
        }
    }

    /// A reload: runs of scripts that are still there go on; the others are ended.
    pub fn reload(
        &mut self,
        params: &[ScriptParams],
        commands: Vec<Script>,
        kept: &Kept,
        now: Instant,
    ) where
        S: Clone,
    {
        let fresh = Scripts::with(self.starter.clone(), params, commands);
        let old = core::mem::replace(self, fresh);
        self.stopping = old.stopping;
        for (at, entry) in (0..).zip(&mut self.entries) {
            let was = kept.scripts.old(at);
            if let Some(was) = was.and_then(|was| old.entries.get(usize::from(was))) {
                (entry.busy, entry.complained) = (was.busy, was.complained);
            }
        }
        let still = |id: ScriptId| kept.script(id);
        for Asked { script, limit } in old.asked {
            if let Some(script) = still(script) {
                self.asked.push_back(Asked { script, limit });
            }
        }
        for (script, ended) in old.ended {
            if let Some(script) = still(script) {
                self.ended.push_back((script, ended));
            }
        }
        for mut running in old.running {
            match still(running.script) {
                Some(script) => running.script = script,
                None => {
                    running.script = NOBODY;
                    if let Stage::Within(_) = running.stage {
                        self.starter.signal(running.started.pid(), SIGTERM);
                        running.stage = Stage::Ending(now + KILL_AFTER);
                    }
                }
            }
            self.running.push(running);
        }
    }

    /// Whether an old script and one of these run the same for the same user.
    pub fn same(&self, old: ScriptId, new: Option<&Script>) -> bool {
        let entry = self.entries.get(usize::from(old.0));
        entry.zip(new).is_some_and(|(entry, new)| {
            let user = new.user.map(|who| (who.uid, who.gid));
            entry.job.argv == new.argv && entry.job.user == user
        })
    }

    /// Runs a script as soon as it may; its end comes out of [`Scripts::next_ended`].
    pub fn run(&mut self, script: ScriptId, now: Instant) {
        let Some(entry) = self.entries.get(usize::from(script.0)) else {
            return;
        };
        if self.stopping || self.asked.iter().any(|asked| asked.script == script) {
            return;
        }
        if entry.job.argv.is_empty() {
            self.ended.push_back((script, Ended::NotStarted));
            return;
        }
        let limit = now + entry.timeout;
        self.asked.push_back(Asked { script, limit });
    }

    /// How a run ended; call until `None`.
    pub fn next_ended(&mut self) -> Option<(ScriptId, Ended)> {
        self.ended.pop_front()
    }

    /// A child has ended; ids that are not ours are ignored.
    pub fn reaped(&mut self, pid: i32, exit: Exit, now: Instant) {
        // The number of one whose leader was waited for before may be another one's by now.
        let led = |r: &Running| !matches!(r.stage, Stage::Orphaned(..));
        let ours = |r: &Running| r.started.pid() == pid && led(r);
        let Some(at) = self.running.iter().position(ours) else {
            return;
        };
        let Running { script, stage, .. } = self.running[at];
        match stage {
            Stage::Within(_) => {
                let ended = match exit {
                    _ if self.running[at].started.failure().is_some() => Ended::NotStarted,
                    Exit::Status(status) => Ended::Exited(status as u8),
                    Exit::Signal(signal) => Ended::Signaled(signal as u8),
                };
                self.judge(at, ended);
                self.forget(at);
                self.ended.push_back((script, ended));
            }
            Stage::Ending(kill_at) if self.starter.alive(pid) => {
                self.running[at].stage = Stage::Orphaned(now + LOOK, kill_at);
            }
            Stage::Ending(_) | Stage::Orphaned(..) => self.forget(at),
        }
    }

    /// When [`Scripts::tick`] wants to be called; an instant in the past means next turn.
    pub fn deadline(&self) -> Option<Instant> {
        if self.next_start().is_some() {
            return Some(Instant::ZERO);
        }
        let running = self.running.iter().map(|r| r.stage.deadline());
        let asked = self.asked.iter().map(|asked| asked.limit);
        running.chain(asked).min()
    }

    /// Ends what has run too long, and starts what may start, a few at a time.
    pub fn tick(&mut self, now: Instant) {
        let mut at = 0;
        while at < self.running.len() {
            if self.running[at].stage.deadline() > now || !self.expire(at, now) {
                at += 1;
            }
        }
        while let Some(at) = self
            .asked
            .iter()
            .position(|asked| asked.limit <= now && self.busy(asked.script))
        {
            // What is left of the run before does not go away.
            if let Some(asked) = self.asked.remove(at) {
                self.ended.push_back((asked.script, Ended::TimedOut));
            }
        }
        for _ in 0..STARTS {
            let Some(at) = self.next_start() else { break };
            if let Some(asked) = self.asked.remove(at) {
                self.start(asked.script, now);
            }
        }
    }

    /// The daemon stops: nothing more is started or reported, and what runs is ended.
    pub fn stopping(&mut self, now: Instant) {
        self.stopping = true;
        self.asked.clear();
        self.ended.clear();
        let end = now + TERM_GRACE;
        for running in &mut self.running {
            running.stage = match running.stage {
                Stage::Within(_) => {
                    self.starter.signal(running.started.pid(), SIGTERM);
                    Stage::Ending(end)
                }
                Stage::Ending(at) => Stage::Ending(at.min(end)),
                Stage::Orphaned(look, at) => Stage::Orphaned(look, at.min(end)),
            };
        }
    }

    /// Whether nothing runs and nothing waits.
    pub fn idle(&self) -> bool {
        self.asked.is_empty() && self.running.is_empty()
    }

    fn busy(&self, script: ScriptId) -> bool {
        self.entries
            .get(usize::from(script.0))
            .is_some_and(|entry| entry.busy)
    }

    /// The first one asked for of which nothing runs any more.
    fn next_start(&self) -> Option<usize> {
        self.asked.iter().position(|asked| !self.busy(asked.script))
    }

    fn start(&mut self, script: ScriptId, now: Instant) {
        let Some(entry) = self.entries.get_mut(usize::from(script.0)) else {
            return;
        };
        match self.starter.start(&entry.job) {
            Ok(started) => {
                entry.busy = true;
                let stage = Stage::Within(now + entry.timeout);
                self.running.push(Running {
                    started,
                    script,
                    stage,
                });
            }
            Err(error) => {
                if !entry.complained {
                    log::error!("cannot run script {}: {}", entry.name, plain(&error));
                }
                entry.complained = true;
                self.ended.push_back((script, Ended::NotStarted));
            }
        }
    }

    /// What is to be said of an end, once until it gets better.
    fn judge(&mut self, at: usize, ended: Ended) {
        let Some(running) = self.running.get(at) else {
            return;
        };
        let (pid, failure) = (running.started.pid(), running.started.failure());
        let Some(entry) = self.entries.get_mut(usize::from(running.script.0)) else {
            return;
        };
        let bad = match ended {
            Ended::TimedOut if !entry.complained => {
                let (name, limit) = (&entry.name, entry.timeout);
                log::warn!(
                    "script {name} (pid {pid}) has run for {limit} s: its process group is ended"
                );
                true
            }
            Ended::NotStarted if !entry.complained => {
                let why = failure.as_ref().map_or_else(String::new, plain);
                log::error!("cannot run script {}: {why}", entry.name);
                true
            }
            Ended::TimedOut | Ended::NotStarted => true,
            Ended::Exited(_) | Ended::Signaled(_) => false,
        };
        entry.complained = bad;
    }

    /// The deadline of one has come. Whether it is gone now.
    fn expire(&mut self, at: usize, now: Instant) -> bool {
        let Running { script, stage, .. } = self.running[at];
        let group = self.running[at].started.pid();
        match stage {
            Stage::Within(_) => {
                self.judge(at, Ended::TimedOut);
                self.ended.push_back((script, Ended::TimedOut));
                self.starter.signal(group, SIGTERM);
                self.running[at].stage = Stage::Ending(now + KILL_AFTER);
                false
            }
            Stage::Ending(_) => {
                self.starter.signal(group, SIGKILL);
                self.running[at].stage = Stage::Ending(now + KILL_AFTER);
                // What a SIGKILL does not end is not waited for.
                if self.stopping {
                    self.forget(at);
                }
                self.stopping
            }
            Stage::Orphaned(_, kill_at) => {
                let alive = self.starter.alive(group);
                if alive && now < kill_at {
                    self.running[at].stage = Stage::Orphaned((now + LOOK).min(kill_at), kill_at);
                    return false;
                }
                if alive {
                    self.starter.signal(group, SIGKILL);
                }
                self.forget(at);
                true
            }
        }
    }

    fn forget(&mut self, at: usize) {
        let gone = self.running.swap_remove(at);
        if let Some(entry) = self.entries.get_mut(usize::from(gone.script.0)) {
            entry.busy = false;
        }
    }
}

impl Stage {
    fn deadline(self) -> Instant {
        match self {
            Stage::Within(at) | Stage::Ending(at) | Stage::Orphaned(at, _) => at,
        }
    }
}

#[cfg(test)]
mod tests;
