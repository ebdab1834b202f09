//! The owner: schedules tries, passes verdicts on to real servers and services, queues the actions.

mod local;
mod reload;
mod report;
mod tries;
mod views;

use super::flight::Flight;
use super::http::Kit;
use super::outbox::Outbox;
use super::service::{Edge, Real, Service};
use super::verdict::{Checker, first_run, recovery_run};
use super::{Action, CheckerId, CheckerParams, Event, Note, Params, Probe, RealId, ServiceId};
use crate::time::Instant;
use core::ops::Range;
use local::Locals;
use std::rc::Rc;

/// All virtual servers, real servers and checkers: one pure machine.
pub struct Room {
    params: Rc<Params>,
    services: Vec<Service>,
    reals: Vec<Real>,
    checkers: Vec<Checker>,
    flight: Flight,
    kit: Kit,
    /// Sorted: who depends on which tracked file.
    files: Box<[(u16, CheckerId)]>,
    locals: Locals,
    random: u32,
    /// The second of the event that is handled.
    second: u32,
    running: bool,
    out: Outbox,
}

impl Room {
    /// From here on at most `limit` sockets and at most `limit` programs, as for [`Room::new`]: a
    /// reload changes what there is room for.
    pub fn set_limit(&mut self, limit: usize) {
        self.flight.set_limit(limit);
    }

    /// Builds the machine. At most `limit` sockets, at most `limit` programs, and at most
    /// [`MOST_TLS`](super::MOST_TLS) sockets with TLS besides, are wanted at any time; who comes when
    /// there are as many waits for a place, the first first.
    ///
    /// Ids in `params` that lead nowhere are ignored.
    pub fn new(params: impl Into<Rc<Params>>, limit: usize) -> Self {
        let params = params.into();
        let checkers: Vec<Checker> = params.checkers.iter().map(Checker::new).collect();
        let of = |real: &_| Real::new(real, within(&checkers, &real.checkers));
        let reals = params.reals.iter().map(of).collect();
        Room {
            services: params.services.iter().map(|_| Service::new()).collect(),
            reals,
            checkers,
            flight: Flight::new(limit),
            kit: Kit::new(&params),
            files: files(&params),
            locals: Locals::new(&params),
            random: 1,
            second: 0,
            running: false,
            out: Outbox::default(),
            params,
        }
    }

    /// Takes one event. Drain [`Room::next_action`] before the next one.
    pub fn handle(&mut self, event: Event<'_>, now: Instant) {
        self.second = u32::try_from(now.micros() / 1_000_000).unwrap_or(u32::MAX);
        match event {
            Event::Start { seed } => self.start(seed, now),
            Event::Stop => self.stop(),
            Event::Resume { checker, up } => self.resume(checker, up),
            Event::Timer(id) => self.timer(id, now),
            Event::Got(id, got) => self.got(id, got, now),
            Event::File { file, value } => self.file(file, value),
            Event::Local { address, present } => self.local(address, present, now),
        }
    }

    /// The next thing to be done.
    pub fn next_action(&mut self) -> Option<Action> {
        self.out.next()
    }
}

/// Start and stop.
impl Room {
    fn start(&mut self, seed: u32, now: Instant) {
        if self.running {
            return;
        }
        self.running = true;
        // Any number but 0, and not a small one: the first numbers would be small too.
        self.random = (seed ^ 0x9e37_79b9).max(1);
        for id in (0..).map(CheckerId).take(self.checkers.len()) {
            self.say_file(id);
        }
        for id in (0..).map(ServiceId).take(self.services.len()) {
            self.begin(id);
        }
        for id in (0..).map(CheckerId).take(self.checkers.len()) {
            let random = self.random();
            let at = usize::from(id.0);
            let (Some(params), Some(checker)) =
                (self.params.checkers.get(at), self.checkers.get(at))
            else {
                return;
            };
            // Whoever was down before the start, or is new since then, does not wait for long.
            let due = match checker.tried && !checker.up {
                true => recovery_run(params, random, now),
                false => first_run(params, random, now),
            };
            self.wait(id, due);
        }
    }

    /// What keeps a real server out from the first moment on.
    fn say_file(&mut self, checker: CheckerId) {
        let at = usize::from(checker.0);
        if let (Some(params), Some(state)) = (self.params.checkers.get(at), self.checkers.get(at))
            && matches!(params.probe, Probe::File { .. })
            && state.tried
            && !state.up
        {
            self.out.push(Action::Note(Note::Verdict {
                checker,
                up: false,
                why: state.why,
                attempts: 0,
                page: 0,
            }));
        }
    }

    /// A service as it is on its first day.
    fn begin(&mut self, id: ServiceId) {
        let at = usize::from(id.0);
        let (Some(params), Some(service)) =
            (self.params.services.get(at), self.services.get_mut(at))
        else {
            return;
        };
        let range = params.reals.clone();
        for at in range.clone() {
            let at = usize::from(at);
            if let (Some(p), Some(real)) = (self.params.reals.get(at), self.reals.get_mut(at)) {
                *real = Real::new(p, within(&self.checkers, &p.checkers));
            }
        }
        let resting = self.locals.rests(params);
        *service = Service {
            resting,
            ..Service::new()
        };
        let edge = service.begin(params, within(&self.reals, &range));
        self.out.push(Action::Table(id));
        for real in range.map(RealId) {
            let alive = self.reals.get(usize::from(real.0)).is_some_and(Real::alive);
            if alive && self.params.table.init_notifies {
                self.tell_real(real, true, None);
            }
        }
        self.tell_edge(id, edge);
    }

    fn stop(&mut self) {
        if !core::mem::take(&mut self.running) {
            return;
        }
        for id in (0..).map(CheckerId).take(self.checkers.len()) {
            self.rest(id);
        }
        self.flight.forget();
        for id in (0..).map(ServiceId).take(self.services.len()) {
            self.end(id, false);
        }
    }

    /// A service leaves the table; `told`, or if it has `omega`, with all that belongs to it.
    fn end(&mut self, id: ServiceId, told: bool) {
        let at = usize::from(id.0);
        let (Some(params), Some(service)) =
            (self.params.services.get(at), self.services.get_mut(at))
        else {
            return;
        };
        let (told, reals) = (told || params.omega, params.reals.clone());
        let before = core::mem::replace(service, Service::new());
        self.out.push(Action::Table(id));
        for real in reals.map(RealId) {
            let alive = self.reals.get(usize::from(real.0)).is_some_and(Real::alive);
            if alive && told {
                self.tell_real(real, false, None);
            }
        }
        if before.up && told {
            self.tell_edge(id, Some(Edge::Lost));
        }
    }

    /// What was known before the start.
    fn resume(&mut self, id: CheckerId, up: bool) {
        if let (false, Some(checker)) = (self.running, self.checkers.get_mut(usize::from(id.0))) {
            (checker.up, checker.tried) = (up, true);
        }
    }
}

/// Whoever looks at a file, by file.
fn files(params: &Params) -> Box<[(u16, CheckerId)]> {
    let of = |(id, checker): (_, &CheckerParams)| match checker.probe {
        Probe::File { file, .. } => Some((file, id)),
        _ => None,
    };
    let ids = (0..).map(CheckerId).zip(&params.checkers);
    let mut files: Vec<_> = ids.filter_map(of).collect();
    files.sort_unstable();
    files.into()
}

/// The part of a list that a range names; what leads nowhere is empty.
fn within<'a, T>(list: &'a [T], range: &Range<u16>) -> &'a [T] {
    list.get(usize::from(range.start)..usize::from(range.end))
        .unwrap_or(&[])
}

#[cfg(test)]
mod tests;
