//! Tries: from the timer that begins one to the verdict that ends it.

use super::super::flight::{Kind, Run};
use super::super::probe::{Ask, Cx, Outcome, Step, Try};
use super::super::verdict::Phase;
use super::super::{Action, CheckerId, Got, Probe};
use super::Room;
use crate::time::Instant;

impl Room {
    /// Schedules a run, if it is something that runs and its service does not rest.
    pub(super) fn wait(&mut self, id: CheckerId, due: Instant) {
        let Some(params) = self.params.checkers.get(usize::from(id.0)) else {
            return;
        };
        let resting = self.params.reals.get(usize::from(params.real.0));
        let resting = resting.and_then(|real| self.services.get(usize::from(real.service.0)));
        if matches!(params.probe, Probe::File { .. }) || resting.is_some_and(|s| s.resting) {
            return;
        }
        if let Some(checker) = self.checkers.get_mut(usize::from(id.0)) {
            (checker.phase, checker.due) = (Phase::Wait, due);
            self.out.push(Action::Arm(id, due));
        }
    }

    /// No more runs, and an end to the one that goes on.
    pub(super) fn rest(&mut self, id: CheckerId) {
        let Some(checker) = self.checkers.get_mut(usize::from(id.0)) else {
            return;
        };
        match core::mem::replace(&mut checker.phase, Phase::Rest) {
            Phase::Rest | Phase::Queue => {}
            Phase::Wait => self.out.push(Action::Disarm(id)),
            Phase::Run(place) => {
                if self.flight.leave(place).is_some_and(|(.., open)| open) {
                    self.out.push(Action::Close(id));
                }
                self.out.push(Action::Disarm(id));
            }
        }
    }

    pub(super) fn timer(&mut self, id: CheckerId, now: Instant) {
        let Some(checker) = self.checkers.get(usize::from(id.0)) else {
            return;
        };
        let (phase, due) = (checker.phase, checker.due);
        match phase {
            Phase::Rest | Phase::Queue => {}
            Phase::Wait | Phase::Run(_) if now < due => self.out.push(Action::Arm(id, due)),
            Phase::Wait => self.launch(id, now),
            Phase::Run(place) => {
                let over = |run: &mut Try, cx: &mut Cx<'_>| Step::Done(run.timeout(cx));
                self.step(id, place, now, over);
            }
        }
        self.pump(now);
    }

    pub(super) fn got(&mut self, id: CheckerId, got: Got<'_>, now: Instant) {
        let phase = self.checkers.get(usize::from(id.0)).map(|c| c.phase);
        // What comes for a try that is over is for nobody.
        let Some(Phase::Run(place)) = phase else {
            return;
        };
        if let Some(run) = self.flight.get(place) {
            let ended = matches!(got, Got::Exited(_) | Got::Signaled(_) | Got::Failed(_));
            run.open &= !(ended && run.kind == Kind::Program);
        }
        self.step(id, place, now, |run, cx| run.got(got, cx));
        self.pump(now);
    }

    /// Begins a try, or queues for a place.
    fn launch(&mut self, id: CheckerId, now: Instant) {
        let at = usize::from(id.0);
        let (Some(params), Some(checker)) =
            (self.params.checkers.get(at), self.checkers.get_mut(at))
        else {
            return;
        };
        let Some(attempt) = Try::new(&params.probe) else {
            checker.phase = Phase::Rest;
            return;
        };
        let kind = match &params.probe {
            Probe::Misc { .. } => Kind::Program,
            Probe::Http(http) if http.tls => Kind::Tls,
            _ => Kind::Socket,
        };
        let Some(place) = self.flight.enter(id, kind, attempt, now) else {
            checker.phase = Phase::Queue;
            return;
        };
        checker.phase = Phase::Run(place);
        self.step(id, place, now, Try::start);
    }

    /// Whoever waits gets the places there are.
    pub(super) fn pump(&mut self, now: Instant) {
        for kind in [Kind::Socket, Kind::Program, Kind::Tls] {
            while let Some(id) = self.flight.next(kind) {
                let phase = self.checkers.get(usize::from(id.0)).map(|c| c.phase);
                if phase == Some(Phase::Queue) {
                    self.launch(id, now);
                }
            }
        }
    }

    /// Lets a try act, and does what it wants.
    fn step(
        &mut self,
        id: CheckerId,
        place: u16,
        now: Instant,
        act: impl FnOnce(&mut Try, &mut Cx<'_>) -> Step,
    ) {
        let random = self.random();
        let at = usize::from(id.0);
        let (Some(params), Some(checker)) =
            (self.params.checkers.get(at), self.checkers.get_mut(at))
        else {
            return;
        };
        let Some(run) = self.flight.get(place) else {
            return;
        };
        let Run { attempt, out, .. } = run;
        let real = self.params.reals.get(usize::from(params.real.0));
        let step = act(
            attempt,
            &mut Cx {
                params,
                weight: real.map_or(0, |real| real.destination.weight),
                url: usize::from(checker.url),
                random,
                out,
                kit: &mut self.kit,
            },
        );
        let ask = match step {
            Step::Wait(ask) => ask,
            Step::Done(outcome) => return self.conclude(id, place, outcome, now),
        };
        run.open |= matches!(ask, Ask::Open | Ask::Spawn);
        match ask {
            Ask::More => return,
            Ask::Renew => {}
            Ask::Open => self.out.push(Action::Open(id)),
            Ask::Send => self.out.push(Action::Send(id)),
            Ask::Spawn => self.out.push(Action::Spawn(id)),
        }
        checker.due = now + params.timeout;
        self.out.push(Action::Arm(id, checker.due));
    }

    /// A try is over.
    fn conclude(&mut self, id: CheckerId, place: u16, outcome: Outcome, now: Instant) {
        let left = self.flight.leave(place);
        let at = usize::from(id.0);
        let (Some((kind, began, open)), Some(params), Some(checker)) = (
            left,
            self.params.checkers.get(at),
            self.checkers.get_mut(at),
        ) else {
            return;
        };
        if open {
            self.out.push(Action::Close(id));
        }
        // Compat: a program's runs are reckoned from their beginning.
        let base = match kind {
            Kind::Program => began,
            Kind::Socket | Kind::Tls => now,
        };
        let verdict = checker.judge(params, outcome, base, now);
        (checker.phase, checker.due) = (Phase::Wait, verdict.next);
        self.out.push(Action::Arm(id, verdict.next));
        self.report(id, verdict);
    }

    pub(super) fn random(&mut self) -> u32 {
        // Xorshift; good enough to spread runs and to number questions.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 17;
        self.random ^= self.random << 5;
        self.random
    }
}
