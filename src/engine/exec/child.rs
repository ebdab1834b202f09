//! Scripts: a queue per object, one at a time and in order, and an end to all of them at the stop.
//!
//! Nothing starts inside [`Children::enqueue`]: starting a program costs a fraction of a
//! millisecond, so [`Children::tick`] starts a few per turn and [`Children::deadline`] asks for the
//! next turn. A script has no time limit until the daemon stops.

use crate::engine::around::WITHOUT;
use crate::engine::outside::plain;
use crate::sys::process::{self, Exit, Spawn, Started};
use crate::time::{Instant, Span};
use std::collections::VecDeque;
use std::io;

/// A program to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Whose queue it joins; jobs of one object never run beside each other.
    pub object: u32,
    /// Program and arguments.
    pub argv: Vec<Box<str>>,
    /// User and group to become; `None`: the daemon's own.
    pub user: Option<(u32, u32)>,
    /// It says that its object stops: it may still run while the daemon is stopping.
    pub stop: bool,
}

/// Starts and signals programs; the tests have another one than the system.
pub trait Starter {
    /// Starts the program, which leads a process group named by its id.
    fn start(&mut self, job: &Job) -> io::Result<Started>;
    /// Sends a signal to a process group.
    fn signal(&mut self, group: i32, signal: i32);
    /// Whether a process group still has a process.
    fn alive(&self, group: i32) -> bool;
}

/// The real starter.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

impl Starter for System {
    fn start(&mut self, job: &Job) -> io::Result<Started> {
        let argv: Vec<&str> = job.argv.iter().map(|word| &**word).collect();
        // `</path` is no program: it succeeds if the file can be opened.
        if let Some(file) = argv.first().and_then(|word| word.strip_prefix('<')) {
            let file = if file.is_empty() {
                argv.get(1)
            } else {
                Some(&file)
            };
            return process::try_open(file.copied().unwrap_or_default(), job.user);
        }
        process::spawn(&Spawn {
            argv: &argv,
            user: job.user,
            without: &WITHOUT,
        })
    }

    fn signal(&mut self, group: i32, signal: i32) {
        // ESRCH: it has just ended by itself.
        let _ = process::kill_group(group, signal);
    }

    fn alive(&self, group: i32) -> bool {
        process::group_alive(group)
    }
}

/// All scripts, waiting and running.
#[derive(Debug)]
pub struct Children<S = System> {
    starter: S,
    waiting: VecDeque<Job>,
    running: Vec<Running>,
    /// While stopping: when all is over.
    end: Option<Instant>,
    /// That [`CROWD`] is reached has been said.
    crowded: bool,
}

#[derive(Debug)]
struct Running {
    started: Started,
    object: u32,
    program: Box<str>,
    stop: bool,
    /// When it gets SIGKILL.
    kill_at: Option<Instant>,
}

/// Jobs of one object that may wait.
const QUEUE: usize = 16;
/// Programs that run at once, over all objects: a small router has no memory for more.
const CROWD: usize = 64;
/// Programs started in one turn.
pub(super) const STARTS: usize = 2;
/// How long a script may run on when the daemon stops before SIGKILL follows SIGTERM.
pub(super) const TERM_GRACE: Span = Span::from_millis(500);
/// How long a script that says the stop may run.
const STOP_GRACE: Span = Span::from_secs(1);
/// How long all of them together may hold up the stop.
const STOP_LIMIT: Span = Span::from_secs(2);

pub(super) const SIGKILL: i32 = 9;
pub(super) const SIGTERM: i32 = 15;

impl Children {
    /// None yet.
    pub fn new() -> Self {
        Children::with(System)
    }
}

impl<S> Children<S> {
    /// A reload: the queues have other numbers.
    pub fn renumber(&mut self, number: impl Fn(u32) -> u32) {
        for job in &mut self.waiting {
            job.object = number(job.object);
        }
        for running in &mut self.running {
            running.object = number(running.object);
        }
    }
}

impl Default for Children {
    fn default() -> Self {
        Children::new()
    }
}

impl<S: Starter> Children<S> {
    /// None yet, to be started by `starter`.
    pub fn with(starter: S) -> Self {
        Children {
            starter,
            waiting: VecDeque::new(),
            running: Vec::new(),
            end: None,
            crowded: false,
        }
    }

    /// Lets a job wait for its turn. If its object has too many waiting, the oldest is dropped:
    /// the newest says what is so now.
    pub fn enqueue(&mut self, job: Job) {
        if job.argv.is_empty() || (self.end.is_some() && !job.stop) {
            return;
        }
        let mut same = self
            .waiting
            .iter()
            .enumerate()
            .filter(|(_, w)| w.object == job.object);
        let oldest = same.next().map(|(at, _)| at);
        if let Some(at) = oldest
            && same.count() + 1 >= QUEUE
            && let Some(dropped) = self.waiting.remove(at)
        {
            log::warn!(
                "script {} is too slow: one of {QUEUE} waiting runs is dropped",
                program(&dropped)
            );
        }
        self.waiting.push_back(job);
    }

    /// A child has ended; ids that are not ours are ignored.
    pub fn reaped(&mut self, pid: i32, exit: Exit, now: Instant) {
        let ours = |running: &Running| running.started.pid() == pid;
        let Some(at) = self.running.iter().position(ours) else {
            return;
        };
        let Running {
            started,
            program,
            kill_at,
            ..
        } = self.running.swap_remove(at);
        if let Some(error) = started.failure() {
            log::error!("cannot run script {program}: {error}");
            return;
        }
        match exit {
            Exit::Status(0) => log::debug!("script {program} (pid {pid}) is done"),
            // We have signalled it ourselves and said so.
            Exit::Signal(_) if kill_at.is_some() || self.over(now) => {
                log::debug!("script {program} (pid {pid}) {exit}");
            }
            _ => log::warn!("script {program} (pid {pid}) {exit}"),
        }
    }

    /// When [`Children::tick`] wants to be called; an instant in the past means next turn.
    pub fn deadline(&self) -> Option<Instant> {
        if self.next_job().is_some() {
            return Some(Instant::ZERO);
        }
        let kills = self.running.iter().filter_map(|running| running.kill_at);
        let end = self.end.filter(|_| !self.idle());
        kills.chain(end).min()
    }

    /// Starts what may start, a few at a time, and ends what has run too long.
    pub fn tick(&mut self, now: Instant) {
        if self.over(now) {
            self.end_all();
        }
        for running in &mut self.running {
            if running.kill_at.is_some_and(|at| at <= now) {
                running.kill_at = None;
                log::warn!(
                    "script {} (pid {}) runs too long: killed",
                    running.program,
                    running.started.pid()
                );
                self.starter.signal(running.started.pid(), SIGKILL);
            }
        }
        for _ in 0..STARTS {
            let Some(at) = self.next_job() else { break };
            if let Some(job) = self.waiting.remove(at) {
                self.start(&job, now);
            }
        }
        self.watch_the_crowd();
    }

    /// The daemon stops: running scripts get SIGTERM, waiting ones are dropped, and only those that
    /// say the stop still run, each for a second.
    pub fn stopping(&mut self, now: Instant) {
        if self.end.is_some() {
            return;
        }
        self.end = Some(now + STOP_LIMIT);
        let before = self.waiting.len();
        self.waiting.retain(|job| job.stop);
        let dropped = before - self.waiting.len();
        if dropped > 0 {
            log::warn!("stopping: {dropped} waiting scripts are dropped");
        }
        for running in &mut self.running {
            if running.stop {
                running.kill_at = Some(now + STOP_GRACE);
            } else {
                running.kill_at = Some(now + TERM_GRACE);
                self.starter.signal(running.started.pid(), SIGTERM);
            }
        }
    }

    /// Whether nothing runs and nothing waits.
    pub fn idle(&self) -> bool {
        self.waiting.is_empty() && self.running.is_empty()
    }

    /// Says once that scripts wait for scripts of other objects.
    fn watch_the_crowd(&mut self) {
        if self.waiting.is_empty() {
            self.crowded = false;
        } else if self.running.len() >= CROWD && !self.crowded {
            self.crowded = true;
            log::warn!("{CROWD} scripts run at once: more wait until one of them ends");
        }
    }

    /// The first waiting job that may start now.
    fn next_job(&self) -> Option<usize> {
        if self.running.len() >= CROWD {
            return None;
        }
        // The first one waiting of an object is its oldest, so order within an object holds.
        self.waiting.iter().position(|job| {
            self.running
                .iter()
                .all(|running| running.object != job.object)
        })
    }

    fn start(&mut self, job: &Job, now: Instant) {
        let program = program(job);
        match self.starter.start(job) {
            Ok(started) => {
                log::debug!("script {program} started (pid {})", started.pid());
                let kill_at = self.end.map(|end| end.min(now + STOP_GRACE));
                let (program, stop) = (program.into(), job.stop);
                self.running.push(Running {
                    started,
                    object: job.object,
                    program,
                    stop,
                    kill_at,
                });
            }
            Err(error) => log::error!("cannot run script {program}: {}", plain(&error)),
        }
    }

    fn over(&self, now: Instant) -> bool {
        self.end.is_some_and(|end| end <= now)
    }

    /// The time for stopping is up.
    fn end_all(&mut self) {
        if !self.waiting.is_empty() {
            log::warn!(
                "stopping: {} scripts are no longer started",
                self.waiting.len()
            );
            self.waiting.clear();
        }
        for running in &mut self.running {
            running.kill_at = None;
            self.starter.signal(running.started.pid(), SIGKILL);
        }
        // What a SIGKILL does not end is not waited for.
        self.running.clear();
    }
}

fn program(job: &Job) -> &str {
    job.argv.first().map_or("", |word| word)
}

#[cfg(test)]
mod tests;
