//! The parent process that restarts a dead or silent worker.
//!
//! It holds no configuration and no socket but the log's: it forks the worker, passes signals on,
//! looks at the heartbeat word of the shared page, and waits in one poll. How the new worker takes
//! its predecessor's place is written in the rest of the page, which is never cleared.

use crate::engine::exec::log as journal;
use crate::sys;
use crate::sys::poll::{self, Want};
use crate::sys::process::{self, Exit, Fork};
use crate::sys::shared::Page;
use crate::sys::signal::{self, Signal, Signals};
use crate::sys::timer::Timerfd;
use crate::time::{Instant, Span};
use std::io;

/// The page word a worker changes at least once a second while its loop turns.
pub const HEARTBEAT: usize = 0;
/// A worker silent for this long is killed and replaced.
pub const SILENCE: Span = Span::from_secs(5);
/// A new worker has this long until its first heartbeat: it reads the configuration first.
pub const START_SILENCE: Span = Span::from_secs(30);
/// How often the heartbeat is looked at.
const LOOK: Span = Span::from_secs(1);
/// How long a worker may take to stop in order before it is killed.
pub const STOP_GRACE: Span = Span::from_secs(5);
/// After that, how long the kernel may take to end it.
const KILL_GRACE: Span = Span::from_secs(5);
/// How long the last log lines may take at exit.
const FLUSH: Span = Span::from_millis(50);

/// What the command line has to say about it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// `-R`: a worker's death stops the daemon.
    pub no_respawn: bool,
    /// `--ignore-sigint`
    pub ignore_sigint: bool,
}

/// What a worker is told.
#[derive(Clone, Copy, Debug)]
pub struct WorkerContext<'a> {
    /// The page; a former worker's words are still in it, [`HEARTBEAT`] is 0.
    pub page: &'a Page,
    /// 0 for the first worker, then 1, 2, …
    pub generation: u32,
}

impl WorkerContext<'_> {
    /// The loop turns.
    pub fn beat(&self) {
        self.page
            .set(HEARTBEAT, self.page.get(HEARTBEAT).wrapping_add(1).max(1));
    }
}

/// How long to wait before the next start: 0, 1, 2, 4, 8, 16, 32, 60, 60 … seconds after deaths
/// in the first minute of life, none after a later one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backoff {
    early: usize,
}

/// A worker that lived so long did not die early.
const EARLY: Span = Span::from_secs(60);
const PAUSES: [u64; 8] = [0, 1, 2, 4, 8, 16, 32, 60];

impl Backoff {
    /// A worker has died after running for `ran`: wait this long.
    pub fn died(&mut self, ran: Span) -> Span {
        if ran >= EARLY {
            self.early = 0;
            return Span::ZERO;
        }
        let pause = PAUSES.get(self.early).copied().unwrap_or(60);
        self.early = (self.early + 1).min(PAUSES.len());
        Span::from_secs(pause)
    }
}

/// Runs workers until told to stop, and answers with the daemon's exit status.
///
/// `worker` is called in each forked child, with the signals of [`signal::block`] blocked; what it
/// returns becomes the child's exit status (1, 2 and 4 stop the daemon with the same status). The
/// child never returns from here. Fails only before the first fork.
pub fn run(
    options: Options,
    page: &Page,
    mut worker: impl FnMut(WorkerContext<'_>) -> i32,
) -> io::Result<i32> {
    signal::block()?;
    if let Err(error) = process::subreaper() {
        log::warn!("cannot adopt orphans of scripts: {error}");
    }
    let mut parent = Parent::new(options, *page)?;
    loop {
        match parent.turn() {
            Turn::Again => {}
            Turn::Done(status) => {
                journal::flush_for(FLUSH);
                return Ok(status);
            }
            Turn::Worker {
                generation,
                parent: id,
            } => {
                // The parent's descriptors are no business of the worker.
                drop(parent);
                journal::after_fork();
                if !process::pdeathsig(Signal::Term.number(), id).unwrap_or(true) {
                    process::exit(0);
                }
                let status = worker(WorkerContext { page, generation });
                journal::flush_for(FLUSH);
                process::exit(status)
            }
        }
    }
}

/// What one wait of the parent came to.
enum Turn {
    Again,
    Done(i32),
    /// We are the new child now.
    Worker {
        generation: u32,
        parent: i32,
    },
}

struct Parent {
    options: Options,
    page: Page,
    signals: Signals,
    timer: Timerfd,
    backoff: Backoff,
    generation: u32,
    phase: Phase,
}

/// What the parent waits for.
#[derive(Clone, Copy, Debug)]
enum Phase {
    /// The time to start a worker.
    Pause { until: Instant },
    /// Nothing in particular: a worker runs.
    Running { worker: Worker, look_at: Instant },
    /// The worker's end; SIGKILL has been sent.
    Killed { worker: Worker },
    /// The worker's end, on the way out.
    Stopping {
        worker: Worker,
        limit: Instant,
        killed: bool,
    },
}

#[derive(Clone, Copy, Debug)]
struct Worker {
    pid: i32,
    started: Instant,
    /// The heartbeat word when last looked at, and looks since it last changed.
    beat: u32,
    silent: u64,
}

impl Parent {
    fn new(options: Options, page: Page) -> io::Result<Self> {
        Ok(Parent {
            options,
            page,
            signals: Signals::new()?,
            timer: Timerfd::new()?,
            backoff: Backoff::default(),
            generation: 0,
            phase: Phase::Pause {
                until: Instant::ZERO,
            },
        })
    }

    /// Starts a worker if it is time, else waits for whatever comes next and deals with it.
    fn turn(&mut self) -> Turn {
        let now = sys::now();
        if let Phase::Pause { until } = self.phase
            && until <= now
        {
            return self.start(now);
        }
        self.wait(now);
        let now = sys::now();
        // Deaths first: a signal for a worker that is gone has nobody to go to.
        let mut signals: heapless::Vec<Signal, 16> = heapless::Vec::new();
        while let Some(signal) = self.signals.next() {
            if signals.push(signal).is_err() {
                break;
            }
        }
        let reaped = self.reap(now);
        for signal in signals {
            if let Turn::Done(status) = self.signal(signal, now) {
                return Turn::Done(status);
            }
        }
        match reaped {
            Turn::Again => self.look(now),
            done => done,
        }
    }

    fn start(&mut self, now: Instant) -> Turn {
        self.page.set(HEARTBEAT, 0);
        let (generation, id) = (self.generation, process::pid());
        match process::fork() {
            Ok(Fork::Child) => Turn::Worker {
                generation,
                parent: id,
            },
            Ok(Fork::Parent(pid)) => {
                log::info!("worker started (pid {pid})");
                self.generation = self.generation.wrapping_add(1);
                let worker = Worker {
                    pid,
                    started: now,
                    beat: 0,
                    silent: 0,
                };
                self.phase = Phase::Running {
                    worker,
                    look_at: now + LOOK,
                };
                Turn::Again
            }
            Err(error) => {
                let pause = self.backoff.died(Span::ZERO).max(LOOK);
                log::error!("cannot start a worker: {error}; next try in {pause} s");
                self.phase = Phase::Pause { until: now + pause };
                Turn::Again
            }
        }
    }

    /// One poll: signals, our next deadline, and the log's socket if it is full.
    fn wait(&mut self, now: Instant) {
        let (log_fd, log_at) = journal::step(now);
        let own = match self.phase {
            Phase::Pause { until } => Some(until),
            Phase::Running { look_at, .. } => Some(look_at),
            Phase::Killed { .. } => None,
            Phase::Stopping { limit, .. } => Some(limit),
        };
        let armed = match own.into_iter().chain(log_at).min() {
            Some(at) => self.timer.arm(at),
            None => self.timer.disarm(),
        };
        // Without a timer, look anyway.
        let timeout = armed.is_err().then_some(LOOK);
        let mut wants: heapless::Vec<Want, 3> = heapless::Vec::new();
        let log_want = log_fd.map(Want::write);
        for want in [Want::read(&self.signals), Want::read(&self.timer)]
            .into_iter()
            .chain(log_want)
        {
            let _ = wants.push(want);
        }
        if let Err(error) = poll::wait(&wants, timeout) {
            log::error!("cannot wait: {error}");
        }
        self.timer.drain();
        let now = sys::now();
        if log_fd.is_some() || log_at.is_some_and(|at| at <= now) {
            journal::retry(now);
        }
    }

    fn reap(&mut self, now: Instant) -> Turn {
        let mut turn = Turn::Again;
        while let Some((pid, exit)) = process::reap() {
            // Others are orphans of scripts that we adopted.
            if self.worker().is_some_and(|worker| worker.pid == pid) {
                turn = self.ended(exit, now);
            }
        }
        turn
    }

    fn worker(&self) -> Option<Worker> {
        match self.phase {
            Phase::Pause { .. } => None,
            Phase::Running { worker, .. }
            | Phase::Killed { worker }
            | Phase::Stopping { worker, .. } => Some(worker),
        }
    }

    fn ended(&mut self, exit: Exit, now: Instant) -> Turn {
        let Some(worker) = self.worker() else {
            return Turn::Again;
        };
        let ran = now.since(worker.started);
        let pid = worker.pid;
        if let Phase::Stopping { killed, .. } = self.phase {
            self.phase = Phase::Pause {
                until: Instant::FAR,
            };
            return Turn::Done(match exit {
                Exit::Status(status) => status,
                // It had not come to its own signal handling yet.
                Exit::Signal(signal) if signal == Signal::Term.number() && !killed => 0,
                Exit::Signal(_) => {
                    log::error!("worker (pid {pid}) {exit} while stopping");
                    1
                }
            });
        }
        let seconds = ran.micros() / 1_000_000;
        if let Exit::Status(status @ (1 | 2 | 4)) = exit {
            log::error!("worker (pid {pid}) {exit}: stopping, starting it again would not help");
            return Turn::Done(status);
        }
        if self.options.no_respawn {
            log::error!("worker (pid {pid}) {exit} after {seconds} s: stopping (-R)");
            return Turn::Done(0);
        }
        let pause = self.backoff.died(ran);
        if pause.is_zero() {
            log::error!("worker (pid {pid}) {exit} after {seconds} s: starting another");
        } else {
            log::error!(
                "worker (pid {pid}) {exit} after {seconds} s: starting another in {pause} s"
            );
        }
        self.phase = Phase::Pause { until: now + pause };
        Turn::Again
    }

    fn signal(&mut self, signal: Signal, now: Instant) -> Turn {
        match signal {
            Signal::Child => {}
            Signal::Int if self.options.ignore_sigint => {}
            Signal::Term | Signal::Int => return self.stop(now),
            Signal::Hup | Signal::Usr1 => match &mut self.phase {
                // As keepalived does: asked to reload or to dump, a missing worker is started.
                Phase::Pause { until } => *until = now,
                _ => self.pass_on(signal),
            },
            Signal::Usr2 | Signal::Json | Signal::StatsClear | Signal::Tdump => {
                self.pass_on(signal)
            }
        }
        Turn::Again
    }

    fn pass_on(&self, signal: Signal) {
        let Phase::Running { worker, .. } = self.phase else {
            return;
        };
        if let Err(error) = process::kill(worker.pid, signal.number()) {
            log::warn!(
                "cannot pass on signal {} to worker (pid {}): {error}",
                signal.number(),
                worker.pid
            );
        }
    }

    fn stop(&mut self, now: Instant) -> Turn {
        let Some(worker) = self.worker() else {
            return Turn::Done(0);
        };
        if matches!(self.phase, Phase::Stopping { .. }) {
            return Turn::Again;
        }
        log::info!("stopping");
        // ESRCH: it has just ended; SIGCHLD is on its way.
        let _ = process::kill(worker.pid, Signal::Term.number());
        self.phase = Phase::Stopping {
            worker,
            limit: now + STOP_GRACE,
            killed: false,
        };
        Turn::Again
    }

    /// What time it is for.
    fn look(&mut self, now: Instant) -> Turn {
        match self.phase {
            Phase::Running { worker, look_at } if look_at <= now => {
                self.look_at_heartbeat(worker, now)
            }
            Phase::Stopping {
                worker,
                limit,
                killed: false,
            } if limit <= now => {
                log::error!(
                    "worker (pid {}) did not stop within {STOP_GRACE} s: killed",
                    worker.pid
                );
                self.kill(worker);
                self.phase = Phase::Stopping {
                    worker,
                    limit: now + KILL_GRACE,
                    killed: true,
                };
            }
            Phase::Stopping {
                worker,
                limit,
                killed: true,
            } if limit <= now => {
                log::error!(
                    "worker (pid {}) cannot be killed: leaving it behind",
                    worker.pid
                );
                return Turn::Done(1);
            }
            _ => {}
        }
        Turn::Again
    }

    /// Silence is counted in looks, not in time: a machine that was suspended, or a parent that
    /// got no time either, does not count against the worker.
    fn look_at_heartbeat(&mut self, mut worker: Worker, now: Instant) {
        let beat = self.page.get(HEARTBEAT);
        worker.silent = if beat == worker.beat {
            worker.silent + 1
        } else {
            0
        };
        worker.beat = beat;
        let patience = if beat == 0 { START_SILENCE } else { SILENCE };
        if worker.silent < patience.micros() / LOOK.micros() {
            self.phase = Phase::Running {
                worker,
                look_at: now + LOOK,
            };
            return;
        }
        log::error!(
            "worker (pid {}) has been silent for {patience} s: killed",
            worker.pid
        );
        self.kill(worker);
        self.phase = Phase::Killed { worker };
    }

    fn kill(&self, worker: Worker) {
        let _ = process::kill(worker.pid, SIGKILL);
    }
}

const SIGKILL: i32 = 9;

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(n: u64) -> Span {
        Span::from_secs(n)
    }

    #[test]
    fn early_deaths_are_spaced() {
        let mut backoff = Backoff::default();
        let pauses: Vec<u64> = (0..11)
            .map(|_| backoff.died(secs(59)).micros() / 1_000_000)
            .collect();
        assert_eq!(pauses, [0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
    }

    #[test]
    fn a_long_life_starts_at_once_and_forgets() {
        let mut backoff = Backoff::default();
        for _ in 0..5 {
            backoff.died(secs(0));
        }
        assert_eq!(backoff.died(secs(60)), Span::ZERO);
        assert_eq!(backoff.died(secs(1)), Span::ZERO);
        assert_eq!(backoff.died(secs(1)), secs(1));
        assert_eq!(backoff.died(secs(1)), secs(2));
    }

    #[test]
    fn a_heartbeat_is_never_the_silent_value() {
        let page = Page::new(4).unwrap();
        let context = WorkerContext {
            page: &page,
            generation: 0,
        };
        page.set(HEARTBEAT, u32::MAX);
        context.beat();
        assert_eq!(page.get(HEARTBEAT), 1);
        context.beat();
        assert_eq!(page.get(HEARTBEAT), 2);
    }
}
