//! The parent at work: one wait, then what came of it.

use super::{Backoff, HEARTBEAT, Options, SILENCE, START_SILENCE, STOP_GRACE};
use crate::engine::exec::log as journal;
use crate::sys;
use crate::sys::memory::Code;
use crate::sys::poll::{self, Want};
use crate::sys::process::{self, Exit, Fork};
use crate::sys::shared::Page;
use crate::sys::signal::{Signal, Signals};
use crate::sys::timer::Timerfd;
use crate::time::{Instant, Span};
use std::io;

/// How often the heartbeat is looked at.
const LOOK: Span = Span::from_secs(1);
/// A worker that runs for so long has started; what only the start needed is let go then.
const SETTLED: Span = Span::from_secs(4);
/// A pause so long is no longer bridged by the addresses that a dead Master left in the kernel: the
/// other routers have elected a new one by then, and an address must not be in two places.
const LONG_PAUSE: Span = Span::from_secs(4);
/// After SIGKILL, how long the kernel may take to end a worker before it is left behind.
const KILL_GRACE: Span = Span::from_secs(5);

/// What one wait of the parent came to.
pub(super) enum Turn {
    Again,
    Done(i32),
    /// We are the new child now.
    Worker {
        generation: u32,
        parent: i32,
    },
}

pub(super) struct Parent {
    options: Options,
    page: Page,
    signals: Signals,
    timer: Timerfd,
    /// Let go before each wait.
    code: Code,
    backoff: Backoff,
    generation: u32,
    /// Our process id, for the child.
    own: i32,
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
    /// The end of a worker that was started only to take away what its predecessor left behind.
    Sweeping {
        worker: Worker,
        limit: Instant,
        then: Then,
    },
}

/// What follows the sweeping.
#[derive(Clone, Copy, Debug)]
enum Then {
    /// The next start, at this time.
    Start(Instant),
    /// The end, with this status.
    End(i32),
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
    pub(super) fn new(options: Options, page: Page) -> io::Result<Self> {
        let mut parent = Parent {
            options,
            page,
            signals: Signals::new()?,
            timer: Timerfd::new()?,
            code: Code::default(),
            backoff: Backoff::default(),
            generation: 0,
            own: 0,
            phase: Phase::Pause {
                until: Instant::ZERO,
            },
        };
        if let Some(pid) = options.first {
            parent.watch(pid, sys::now());
        }
        Ok(parent)
    }

    /// Watches a worker that has just been started.
    fn watch(&mut self, pid: i32, now: Instant) {
        log::info!("worker started (pid {pid})");
        let worker = self.forked(pid, now);
        self.phase = Phase::Running {
            worker,
            look_at: now + LOOK,
        };
    }

    /// What is known of a new worker.
    fn forked(&mut self, pid: i32, now: Instant) -> Worker {
        self.generation = self.generation.wrapping_add(1);
        Worker {
            pid,
            started: now,
            beat: 0,
            silent: 0,
        }
    }

    /// Starts a worker if it is time, else waits for whatever comes next and deals with it.
    pub(super) fn turn(&mut self) -> Turn {
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
        // Any of them may fork: what is not `Again` is returned at once, or the child would go on here.
        let turn = self.reap(now);
        if !matches!(turn, Turn::Again) {
            return turn;
        }
        for signal in signals {
            let turn = self.signal(signal, now);
            if !matches!(turn, Turn::Again) {
                return turn;
            }
        }
        self.look(now)
    }

    fn start(&mut self, now: Instant) -> Turn {
        match self.fork() {
            Ok(None) => self.be_worker(),
            Ok(Some(pid)) => {
                self.watch(pid, now);
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

    /// `None` in the child.
    fn fork(&mut self) -> io::Result<Option<i32>> {
        self.page.set(HEARTBEAT, 0);
        self.own = process::pid();
        let Fork::Parent(pid) = process::fork()? else {
            return Ok(None);
        };
        Ok(Some(pid))
    }

    fn be_worker(&self) -> Turn {
        Turn::Worker {
            generation: self.generation,
            parent: self.own,
        }
    }

    /// How long a worker may take to stop.
    fn grace(&self) -> Span {
        self.options
            .stop_grace
            .map_or(STOP_GRACE, Span::from_micros)
    }

    /// Before a long pause or the end: if the dead worker left addresses behind, another one is
    /// started and told to stop at once, which takes them away.
    fn sweep(&mut self, then: Then, now: Instant) -> Turn {
        if !self.options.left_behind.is_some_and(|of| of(&self.page)) {
            return self.go_on(then);
        }
        log::warn!("the worker left virtual addresses behind: removing them");
        match self.fork() {
            Ok(None) => self.be_worker(),
            Ok(Some(pid)) => {
                let worker = self.forked(pid, now);
                let _ = process::kill(worker.pid, Signal::Term.number());
                self.phase = Phase::Sweeping {
                    worker,
                    limit: now + self.grace(),
                    then,
                };
                Turn::Again
            }
            Err(error) => {
                log::error!("cannot start a worker to do it: {error}");
                self.go_on(then)
            }
        }
    }

    fn go_on(&mut self, then: Then) -> Turn {
        let (until, turn) = match then {
            Then::Start(until) => (until, Turn::Again),
            Then::End(status) => (Instant::FAR, Turn::Done(status)),
        };
        self.phase = Phase::Pause { until };
        turn
    }

    /// One poll: signals, our next deadline, and the log's socket if it is full.
    fn wait(&mut self, now: Instant) {
        let (log_fd, log_at) = journal::step(now);
        let own = match self.phase {
            Phase::Pause { until } => Some(until),
            Phase::Running { look_at, .. } => Some(look_at),
            Phase::Killed { .. } => None,
            Phase::Stopping { limit, .. } | Phase::Sweeping { limit, .. } => Some(limit),
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
        if self
            .worker()
            .is_some_and(|w| sys::now().since(w.started) >= SETTLED)
        {
            self.code.let_go();
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
        while let Some((pid, exit)) = process::reap() {
            // Others are orphans of scripts that we adopted.
            if self.worker().is_some_and(|worker| worker.pid == pid) {
                let turn = self.ended(exit, now);
                if !matches!(turn, Turn::Again) {
                    return turn;
                }
            }
        }
        Turn::Again
    }

    fn worker(&self) -> Option<Worker> {
        match self.phase {
            Phase::Pause { .. } => None,
            Phase::Running { worker, .. }
            | Phase::Killed { worker }
            | Phase::Stopping { worker, .. }
            | Phase::Sweeping { worker, .. } => Some(worker),
        }
    }

    fn ended(&mut self, exit: Exit, now: Instant) -> Turn {
        let Some(worker) = self.worker() else {
            return Turn::Again;
        };
        let ran = now.since(worker.started);
        let pid = worker.pid;
        if let Phase::Sweeping { then, .. } = self.phase {
            return self.go_on(then);
        }
        if let Phase::Stopping { killed, .. } = self.phase {
            let status = match exit {
                Exit::Status(status) => return self.go_on(Then::End(status)),
                // It had not come to its own signal handling yet.
                Exit::Signal(signal) if signal == Signal::Term.number() && !killed => 0,
                Exit::Signal(_) => {
                    log::error!("worker (pid {pid}) {exit} while stopping");
                    1
                }
            };
            return self.sweep(Then::End(status), now);
        }
        let seconds = ran.micros() / 1_000_000;
        if let Exit::Status(status @ (1 | 2 | 4)) = exit {
            log::error!("worker (pid {pid}) {exit}: stopping, starting it again would not help");
            return self.sweep(Then::End(status), now);
        }
        if self.options.no_respawn {
            log::error!("worker (pid {pid}) {exit} after {seconds} s: stopping (-R)");
            return self.sweep(Then::End(0), now);
        }
        let pause = self.backoff.died(ran);
        if pause.is_zero() {
            log::error!("worker (pid {pid}) {exit} after {seconds} s: starting another");
        } else {
            log::error!(
                "worker (pid {pid}) {exit} after {seconds} s: starting another in {pause} s"
            );
        }
        if pause >= LONG_PAUSE {
            return self.sweep(Then::Start(now + pause), now);
        }
        self.go_on(Then::Start(now + pause))
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
            log::info!("stopping");
            return self.sweep(Then::End(0), now);
        };
        match &mut self.phase {
            Phase::Stopping { .. } => return Turn::Again,
            Phase::Sweeping { then, .. } => {
                if let Then::Start(_) = then {
                    *then = Then::End(0);
                }
                return Turn::Again;
            }
            _ => {}
        }
        log::info!("stopping");
        // ESRCH: it has just ended; SIGCHLD is on its way.
        let _ = process::kill(worker.pid, Signal::Term.number());
        self.phase = Phase::Stopping {
            worker,
            limit: now + self.grace(),
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
                    "worker (pid {}) did not stop within {} s: killed",
                    worker.pid,
                    self.grace()
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
            Phase::Sweeping {
                worker,
                limit,
                then,
            } if limit <= now => {
                log::error!(
                    "worker (pid {}) did not stop within {} s: killed",
                    worker.pid,
                    self.grace()
                );
                self.kill(worker);
                return self.go_on(then);
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

    /// A parent whose worker is process 0, which [`process::kill`] refuses to signal.
    fn parent(phase: impl Fn(Worker) -> Phase) -> Parent {
        let mut parent = Parent::new(Options::default(), Page::new(4).unwrap()).unwrap();
        let started = Instant::ZERO;
        parent.phase = phase(Worker {
            pid: 0,
            started,
            beat: 0,
            silent: 0,
        });
        parent
    }

    /// Looks every second from `from` on, until the worker is killed: how many looks it took.
    fn looks_until_killed(parent: &mut Parent, from: u64) -> u64 {
        for n in 1..100 {
            parent.look(Instant::from_secs(from + n));
            if matches!(parent.phase, Phase::Killed { .. }) {
                return n;
            }
        }
        panic!("never killed");
    }

    #[test]
    fn silence_is_counted_in_looks() {
        let running = |worker| Phase::Running {
            worker,
            look_at: Instant::from_secs(1),
        };
        assert_eq!(
            looks_until_killed(&mut parent(running), 0),
            30,
            "before the first heartbeat"
        );

        let mut beating = parent(running);
        for second in 1..100 {
            beating.page.set(HEARTBEAT, second);
            beating.look(Instant::from_secs(u64::from(second)));
            beating.look(Instant::from_micros(u64::from(second) * 1_000_000 + 1));
        }
        // Suspended for an hour: one look, not 3600.
        beating.look(Instant::from_secs(4_000));
        assert!(matches!(beating.phase, Phase::Running { .. }));
        assert_eq!(looks_until_killed(&mut beating, 4_000), 4);
    }

    #[test]
    fn asked_for_something_a_missing_worker_starts_at_once() {
        for (signal, at_once) in [
            (Signal::Hup, true),
            (Signal::Usr1, true),
            (Signal::Usr2, false),
        ] {
            let mut parent = parent(|_| Phase::Pause {
                until: Instant::FAR,
            });
            parent.signal(signal, Instant::from_secs(7));
            let Phase::Pause { until } = parent.phase else {
                panic!("still pausing")
            };
            assert_eq!(until == Instant::from_secs(7), at_once);
        }
        let mut parent = parent(|_| Phase::Pause {
            until: Instant::FAR,
        });
        assert!(matches!(
            parent.signal(Signal::Term, Instant::ZERO),
            Turn::Done(0)
        ));
    }
}
