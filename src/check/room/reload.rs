//! Another configuration: what is known moves over to whoever is still there.
//!
//! A service is known by its name, which says address, port and protocol, mark, or group; a real
//! server by its service, address and port; a checker by its real server, socket and parameters.

use super::super::service::{Service, SorryState};
use super::super::verdict::{Checker, Phase, first_run};
use super::super::{
    Action, CheckerId, CheckerParams, Params, Probe, RealId, RealParams, ServiceId, ServiceParams,
};
use super::{Kit, Locals, Real, Room, files, within};
use crate::time::{Instant, Span};
use crate::wire::ipvs::Key;
use std::collections::BTreeSet;
use std::rc::Rc;

/// Who was who: for each new one the place of the old one.
struct Kept {
    services: Vec<Option<usize>>,
    reals: Vec<Option<usize>>,
    checkers: Vec<Option<usize>>,
}

impl Room {
    /// The first half of a reload, still with the old ids: ends what goes on, tells of those that
    /// leave. Drain the actions before [`Room::reload`].
    pub fn part(&mut self, new: &Params, now: Instant) {
        for id in (0..).map(CheckerId).take(self.checkers.len()) {
            if let Some(checker) = self.checkers.get_mut(usize::from(id.0))
                && matches!(checker.phase, Phase::Run(_) | Phase::Queue)
            {
                self.rest(id);
                self.due(id, now);
            } else {
                self.rest(id);
            }
        }
        self.flight.forget();
        if !self.running {
            return;
        }
        let old = Rc::clone(&self.params);
        let kept = Kept::new(&old, new, &|_, _| false);
        let stays: BTreeSet<usize> = kept.services.iter().flatten().copied().collect();
        let reals: BTreeSet<usize> = kept.reals.iter().flatten().copied().collect();
        for (id, service) in (0..).map(ServiceId).zip(&old.services) {
            if !stays.contains(&usize::from(id.0)) {
                self.end(id, true);
                continue;
            }
            for real in service.reals.clone().map(RealId) {
                let at = usize::from(real.0);
                let alive = self.reals.get(at).is_some_and(Real::alive);
                if alive && !reals.contains(&at) {
                    self.tell_real(real, false, None);
                }
            }
        }
    }

    fn due(&mut self, id: CheckerId, due: Instant) {
        if let Some(checker) = self.checkers.get_mut(usize::from(id.0)) {
            checker.due = due;
        }
    }

    /// The second half: from here on the ids are those of `params`. Values of files are wanted
    /// anew, addresses are still known.
    ///
    /// `same` tells whether two probes that hold an index (MISC_CHECK's command, FILE_CHECK's file)
    /// are about the same thing; it is asked of nothing else, and old comes first. Gives the keys
    /// that no service has any longer: [`super::super::Table::gone`] takes them out.
    pub fn reload(
        &mut self,
        params: impl Into<Rc<Params>>,
        same: &dyn Fn(&Probe, &Probe) -> bool,
        now: Instant,
    ) -> Vec<Key> {
        let new: Rc<Params> = params.into();
        let old = core::mem::replace(&mut self.params, Rc::clone(&new));
        let kept = Kept::new(&old, &new, same);
        let was = core::mem::take(&mut self.services);
        self.checkers = self.moved(&kept, &old, &new);
        self.flight.clear();
        let of = |real: &RealParams| Real::new(real, within(&self.checkers, &real.checkers));
        let reals = new.reals.iter().map(of).collect();
        let before = core::mem::replace(&mut self.reals, reals);
        self.kit = Kit::new(&new);
        self.files = files(&new);
        let mut locals = Locals::new(&new);
        locals.learn(&self.locals);
        self.locals = locals;
        self.services = new.services.iter().map(|_| Service::new()).collect();
        if self.running {
            for (id, from) in (0..).map(ServiceId).zip(&kept.services) {
                match from.and_then(|at| was.get(at)) {
                    Some(service) => self.go_on(id, *service, &kept, &before),
                    None => self.begin(id),
                }
            }
            self.reschedule(&kept, now);
        }
        let mut keys: BTreeSet<Key> = old.services.iter().flat_map(|s| &s.keys).copied().collect();
        for key in new.services.iter().flat_map(|s| &s.keys) {
            keys.remove(key);
        }
        keys.into_iter().collect()
    }

    /// What is known of the checkers that are still there; `self` has the old ones.
    fn moved(&self, kept: &Kept, old: &Params, new: &Params) -> Vec<Checker> {
        let pairs = new.checkers.iter().zip(&kept.checkers);
        let each = pairs.map(|(params, from)| {
            let known = from.and_then(|at| self.checkers.get(at));
            if let Some(known) = known {
                let mut checker = known.clone();
                checker.phase = Phase::Rest;
                // With fewer attempts than were made, the next failure counts.
                checker.fails = checker.fails.min(params.retry);
                if matches!(params.probe, Probe::Misc { dynamic: true, .. }) && checker.delta != 0 {
                    // What its program said is the weight: it stays, whatever is configured now.
                    let weight = |of: &Params, at: usize| {
                        of.reals.get(at).map_or(0, |real| real.destination.weight)
                    };
                    let at = usize::from(params.real.0);
                    let from = kept.reals.get(at).copied().flatten();
                    let was = from.map_or(0, |from| weight(old, from));
                    let said = was.saturating_add(checker.delta);
                    checker.delta = said.saturating_sub(weight(new, at));
                }
                let pages = match &params.probe {
                    Probe::Http(http) => http.urls.len(),
                    _ => 1,
                };
                if usize::from(checker.url) >= pages {
                    checker.url = 0;
                }
                return checker;
            }
            let mut checker = Checker::new(params);
            // Compat: a further check does not take a real server out that is alive.
            let real = kept
                .reals
                .get(usize::from(params.real.0))
                .copied()
                .flatten();
            checker.up |= real
                .and_then(|at| self.reals.get(at))
                .is_some_and(Real::alive);
            checker
        });
        each.collect()
    }

    /// A service that is still there keeps its quorum, or loses or gains it now.
    fn go_on(&mut self, id: ServiceId, was: Service, kept: &Kept, before: &[Real]) {
        let at = usize::from(id.0);
        let (Some(params), Some(service)) =
            (self.params.services.get(at), self.services.get_mut(at))
        else {
            return;
        };
        let resting = self.locals.rests(params);
        *service = Service { resting, ..was };
        service.sorry = match (service.up, &params.sorry) {
            (false, Some(_)) => SorryState::In,
            (true, Some(sorry)) if sorry.inhibit => SorryState::Inhibited,
            _ => SorryState::Out,
        };
        let edge = service.weigh(params, within(&self.reals, &params.reals));
        let reals = params.reals.clone();
        self.out.push(Action::Table(id));
        for real in reals.map(RealId) {
            let at = usize::from(real.0);
            let known = kept.reals.get(at).copied().flatten();
            let told = match known.and_then(|from| before.get(from)) {
                // The check that failed is no longer there.
                Some(before) => !before.alive(),
                None => self.params.table.init_notifies,
            };
            if told && self.reals.get(at).is_some_and(Real::alive) {
                self.tell_real(real, true, None);
            }
        }
        self.tell_edge(id, edge);
    }

    /// Whoever is still there runs when it would have, new ones begin as at a start.
    fn reschedule(&mut self, kept: &Kept, now: Instant) {
        for (id, from) in (0..).map(CheckerId).zip(&kept.checkers) {
            let random = self.random();
            let at = usize::from(id.0);
            let (Some(params), Some(checker)) =
                (self.params.checkers.get(at), self.checkers.get(at))
            else {
                return;
            };
            let latest = now + params.delay_loop.max(Span::from_millis(1));
            let due = match from {
                Some(_) if checker.due < latest => checker.due.max(now),
                Some(_) if checker.tried => latest,
                _ => first_run(params, random, now),
            };
            self.wait(id, due);
        }
    }
}

impl Kept {
    fn new(old: &Params, new: &Params, same: &dyn Fn(&Probe, &Probe) -> bool) -> Self {
        let mut kept = Kept {
            services: Vec::with_capacity(new.services.len()),
            reals: vec![None; new.reals.len()],
            checkers: vec![None; new.checkers.len()],
        };
        let mut names: Vec<(&str, usize, bool)> = old
            .services
            .iter()
            .map(|s| &*s.name)
            .zip(0..)
            .map(|(name, at)| (name, at, false))
            .collect();
        names.sort_unstable();
        for service in &new.services {
            let first = names.partition_point(|&(name, ..)| name < &*service.name);
            let free = names.get_mut(first..).unwrap_or_default().iter_mut();
            let found = free
                .take_while(|(name, ..)| *name == &*service.name)
                .find(|(.., taken)| !*taken)
                .map(|found| {
                    found.2 = true;
                    found.1
                });
            kept.services.push(found);
            if let Some(was) = found.and_then(|at| old.services.get(at)) {
                kept.reals(old, was, new, service, same);
            }
        }
        kept
    }

    fn reals(
        &mut self,
        old: &Params,
        was: &ServiceParams,
        new: &Params,
        is: &ServiceParams,
        same: &dyn Fn(&Probe, &Probe) -> bool,
    ) {
        let place = |real: &RealParams| (real.destination.address, real.destination.port);
        let mut places: Vec<_> = was
            .reals
            .clone()
            .filter_map(|at| Some((place(old.reals.get(usize::from(at))?), usize::from(at))))
            .collect();
        places.sort_unstable();
        for at in is.reals.clone().map(usize::from) {
            let Some(real) = new.reals.get(at) else {
                return;
            };
            let found = places.binary_search_by_key(&place(real), |&(place, _)| place);
            let found = found
                .ok()
                .and_then(|i| places.get(i))
                .map(|&(_, from)| from);
            if let Some(kept) = self.reals.get_mut(at) {
                *kept = found;
            }
            if let Some(from) = found.and_then(|from| old.reals.get(from)) {
                self.checkers(old, from, new, real, same);
            }
        }
    }

    fn checkers(
        &mut self,
        old: &Params,
        was: &RealParams,
        new: &Params,
        is: &RealParams,
        same: &dyn Fn(&Probe, &Probe) -> bool,
    ) {
        for at in is.checkers.clone().map(usize::from) {
            let Some(checker) = new.checkers.get(at) else {
                return;
            };
            let taken = within(&self.checkers, &is.checkers);
            let found = was.checkers.clone().map(usize::from).find(|from| {
                let known = old.checkers.get(*from);
                !taken.contains(&Some(*from)) && known.is_some_and(|k| alike(k, checker, same))
            });
            if let Some(kept) = self.checkers.get_mut(at) {
                *kept = found;
            }
        }
    }
}

/// Two checkers do the same.
fn alike(old: &CheckerParams, new: &CheckerParams, same: &dyn Fn(&Probe, &Probe) -> bool) -> bool {
    old.connection == new.connection
        && match (&old.probe, &new.probe) {
            (Probe::Misc { dynamic: a, .. }, Probe::Misc { dynamic: b, .. }) => {
                a == b && same(&old.probe, &new.probe)
            }
            (
                Probe::File {
                    weight: a,
                    reverse: x,
                    ..
                },
                Probe::File {
                    weight: b,
                    reverse: y,
                    ..
                },
            ) => (a, x) == (b, y) && same(&old.probe, &new.probe),
            // Compat: asked in another way for the same pages it is the same check.
            (Probe::Http(a), Probe::Http(b)) => (a.tls, &a.urls) == (b.tls, &b.urls),
            (a, b) => a == b,
        }
}
