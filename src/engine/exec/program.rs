//! The programs of `MISC_CHECK`: started a few at a time, ended with their whole process group.
//!
//! When one takes too long is the room's to say. What is told to end gets SIGTERM, and SIGKILL two
//! seconds later.

use super::child::{Job, SIGKILL, SIGTERM, STARTS, Starter, System, TERM_GRACE};
use crate::check::CheckerId;
use crate::notify::Script;
use crate::sys::process::{Exit, Started};
use crate::time::{Instant, Span};
use std::collections::VecDeque;

/// All of them.
pub struct Programs<S = System> {
    starter: S,
    /// By the number in `check::Probe::Misc`.
    commands: Box<[Job]>,
    asked: VecDeque<(CheckerId, u16)>,
    running: Vec<Running>,
    ended: VecDeque<(CheckerId, Ended)>,
}

struct Running {
    started: Started,
    /// Whose; `None`: nobody waits for it any longer.
    checker: Option<CheckerId>,
    /// When its group gets SIGKILL.
    kill_at: Option<Instant>,
}

/// How one ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// With this status.
    Exited(u8),
    /// By this signal.
    Signaled(u8),
    /// It could not be started; an errno.
    Failed(i32),
}

/// From SIGTERM to SIGKILL.
const KILL_AFTER: Span = Span::from_secs(2);
const ENOENT: i32 = 2;

impl Programs {
    /// With these commands.
    pub fn new(commands: Vec<Script>) -> Self {
        Programs::with(System, commands)
    }
}

impl<S: Starter> Programs<S> {
    /// The same, started by `starter`.
    pub fn with(starter: S, commands: Vec<Script>) -> Self {
        let job = |script: Script| Job {
            object: 0,
            argv: script.argv,
            user: script.user.map(|who| (who.uid, who.gid)),
            stop: false,
        };
        Programs {
            starter,
            commands: commands.into_iter().map(job).collect(),
            asked: VecDeque::new(),
            running: Vec::new(),
            ended: VecDeque::new(),
        }
    }

    /// A reload: other commands. Nothing that was asked for before concerns anybody any longer.
    pub fn reload(&mut self, commands: Vec<Script>)
    where
        S: Clone,
    {
        self.asked.clear();
        self.ended.clear();
        self.commands = Programs::with(self.starter.clone(), commands).commands;
    }

    /// Whether a command is what `new` runs.
    pub fn same(&self, command: u16, new: Option<&Script>) -> bool {
        let job = self.commands.get(usize::from(command));
        job.zip(new).is_some_and(|(job, new)| {
            job.argv == new.argv && job.user == new.user.map(|who| (who.uid, who.gid))
        })
    }

    /// A checker wants a command run.
    pub fn ask(&mut self, checker: CheckerId, command: u16) {
        self.asked.push_back((checker, command));
    }

    /// Whether [`Programs::start`] has something to do.
    pub fn waiting(&self) -> bool {
        !self.asked.is_empty()
    }

    /// Starts a few of those that were asked for.
    pub fn start(&mut self) {
        for _ in 0..STARTS {
            let Some((checker, command)) = self.asked.pop_front() else {
                return;
            };
            let job = self.commands.get(usize::from(command));
            let Some(job) = job.filter(|job| !job.argv.is_empty()) else {
                self.ended.push_back((checker, Ended::Failed(ENOENT)));
                continue;
            };
            match self.starter.start(job) {
                Ok(started) => self.running.push(Running {
                    started,
                    checker: Some(checker),
                    kill_at: None,
                }),
                Err(e) => {
                    let errno = e.raw_os_error().unwrap_or(ENOENT);
                    self.ended.push_back((checker, Ended::Failed(errno)));
                }
            }
        }
    }

    /// How one ended; call until `None`.
    pub fn next_ended(&mut self) -> Option<(CheckerId, Ended)> {
        self.ended.pop_front()
    }

    /// A checker does not wait for its program any longer: it is to end.
    pub fn close(&mut self, checker: CheckerId, now: Instant) {
        self.asked.retain(|(asked, _)| *asked != checker);
        self.ended.retain(|(ended, _)| *ended != checker);
        for running in &mut self.running {
            if running.checker == Some(checker) {
                running.checker = None;
                running.kill_at = Some(now + KILL_AFTER);
                self.starter.signal(running.started.pid(), SIGTERM);
            }
        }
    }

    /// A child has ended; ids that are not ours are ignored.
    pub fn reaped(&mut self, pid: i32, exit: Exit) {
        let ours = |running: &Running| running.started.pid() == pid;
        let Some(at) = self.running.iter().position(ours) else {
            return;
        };
        let Some(running) = self.running.get(at) else {
            return;
        };
        if let Some(checker) = running.checker {
            let ended = match (running.started.failure(), exit) {
                (Some(e), _) => Ended::Failed(e.raw_os_error().unwrap_or(ENOENT)),
                (None, Exit::Status(status)) => Ended::Exited(status as u8),
                (None, Exit::Signal(signal)) => Ended::Signaled(signal as u8),
            };
            self.ended.push_back((checker, ended));
        } else if self.starter.alive(pid) {
            // What is left of its group gets SIGKILL when its time has come.
            return;
        }
        self.running.swap_remove(at);
    }

    /// When [`Programs::tick`] wants to be called.
    pub fn deadline(&self) -> Option<Instant> {
        self.running.iter().filter_map(|r| r.kill_at).min()
    }

    /// Kills what did not end.
    pub fn tick(&mut self, now: Instant) {
        let starter = &mut self.starter;
        self.running.retain(|running| {
            if running.kill_at.is_none_or(|at| at > now) {
                return true;
            }
            starter.signal(running.started.pid(), SIGKILL);
            false
        });
    }

    /// The daemon stops: nothing is started any longer, what runs is ended soon.
    pub fn stopping(&mut self, now: Instant) {
        self.asked.clear();
        self.ended.clear();
        let end = now + TERM_GRACE;
        for running in &mut self.running {
            if running.checker.take().is_some() {
                self.starter.signal(running.started.pid(), SIGTERM);
            }
            running.kill_at = Some(running.kill_at.map_or(end, |at| at.min(end)));
        }
    }

    /// Whether nothing runs.
    pub fn idle(&self) -> bool {
        self.asked.is_empty() && self.running.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    /// Starts nothing; remembers who was signalled.
    #[derive(Default)]
    struct Pretend {
        pids: i32,
        signals: Vec<(i32, i32)>,
        lives_on: bool,
    }

    impl Starter for Pretend {
        fn start(&mut self, _: &Job) -> io::Result<Started> {
            self.pids += 1;
            Ok(Started::of(self.pids))
        }
        fn signal(&mut self, group: i32, signal: i32) {
            self.signals.push((group, signal));
        }
        fn alive(&self, _: i32) -> bool {
            self.lives_on
        }
    }

    fn programs() -> Programs<Pretend> {
        let script = Script {
            argv: vec!["/bin/true".into()],
            user: None,
        };
        Programs::with(Pretend::default(), vec![script])
    }

    #[test]
    fn a_few_at_a_time_and_each_end_is_told() {
        let mut programs = programs();
        for id in 0..3 {
            programs.ask(CheckerId(id), 0);
        }
        programs.ask(CheckerId(3), 9);
        programs.start();
        assert_eq!(programs.running.len(), 2);
        programs.start();
        assert!(!programs.waiting());
        let none = (CheckerId(3), Ended::Failed(ENOENT));
        assert_eq!(programs.next_ended(), Some(none), "no such command");
        programs.reaped(2, Exit::Status(3));
        programs.reaped(77, Exit::Status(0));
        let end = (CheckerId(1), Ended::Exited(3));
        assert_eq!(programs.next_ended(), Some(end));
        assert_eq!(programs.next_ended(), None);
    }

    #[test]
    fn what_hangs_is_ended_with_its_group() {
        let (now, later) = (Instant::from_secs(5), Instant::from_secs(7));
        let mut programs = programs();
        programs.ask(CheckerId(0), 0);
        programs.start();
        programs.close(CheckerId(0), now);
        assert_eq!(programs.starter.signals, [(1, SIGTERM)]);
        assert_eq!(programs.deadline(), Some(later));
        programs.starter.lives_on = true;
        programs.reaped(1, Exit::Signal(15));
        assert_eq!(programs.next_ended(), None, "nobody waits for it");
        programs.tick(later);
        assert_eq!(programs.starter.signals, [(1, SIGTERM), (1, SIGKILL)]);
        assert!(programs.idle());
    }
}
