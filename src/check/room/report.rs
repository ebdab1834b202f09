//! Consequences: what a verdict means to the real server, its service, and those who listen.

use super::super::file;
use super::super::service::{Edge, Real};
use super::super::verdict::{News, Verdict};
use super::super::{Action, Change, CheckerId, Note, Probe, RealId, ServiceId};
use super::{Room, within};

impl Room {
    /// Whoever looks at a file learns of its value.
    pub(super) fn file(&mut self, file: u16, value: i32) {
        let first = self.files.partition_point(|&(f, _)| f < file);
        for at in first..self.files.len() {
            let Some(&(_, id)) = self.files.get(at).filter(|(f, _)| *f == file) else {
                return;
            };
            let params = self.params.checkers.get(usize::from(id.0));
            let checker = self.checkers.get_mut(usize::from(id.0));
            let (
                Some(&Probe::File {
                    weight, reverse, ..
                }),
                Some(checker),
            ) = (params.map(|p| &p.probe), checker)
            else {
                continue;
            };
            let verdict = checker.told(file::outcome(value, weight, reverse));
            if self.running {
                self.report(id, verdict);
            }
        }
    }

    /// Passes a verdict on: log line, table, real server, quorum, and the checker's own mail last.
    pub(super) fn report(&mut self, id: CheckerId, verdict: Verdict) {
        let (Some(params), Some(checker)) = (
            self.params.checkers.get(usize::from(id.0)),
            self.checkers.get_mut(usize::from(id.0)),
        ) else {
            return;
        };
        if matches!(verdict.news, News::Changed(_) | News::Confirmed) {
            checker.since = self.second;
        }
        let (up, why, page, of) = (checker.up, checker.why, checker.url, params.real);
        let attempts = match verdict.news {
            News::Failed(left) if params.log_all_failures => {
                let checker = id;
                return self
                    .out
                    .push(Action::Note(Note::Try { checker, why, left }));
            }
            News::Failed(_) => return,
            News::None if !verdict.reweighed => return,
            News::None => None,
            News::Changed(attempts) => Some(attempts),
            News::Confirmed => Some(0),
        };
        let checker = id;
        if let Some(attempts) = attempts {
            self.out.push(Action::Note(Note::Verdict {
                checker,
                up,
                why,
                attempts,
                page,
            }));
        }
        let confirmed = verdict.news == News::Confirmed;
        self.reckon(of, id, confirmed);
        if attempts.is_some() {
            self.out
                .push(Action::Tell(Change::Checker { checker, up, why }));
        }
    }

    /// A checker of a real server has another word or weight.
    fn reckon(&mut self, of: RealId, by: CheckerId, confirmed: bool) -> Option<()> {
        let at = usize::from(of.0);
        let params = self.params.reals.get(at)?;
        let whose = usize::from(params.service.0);
        let of_service = self.params.services.get(whose)?;
        let service = self.services.get_mut(whose)?;
        let before = *self.reals.get(at)?;
        let line = before.line(params, service);
        let sorry = service.sorry;
        let after = Real::new(params, within(&self.checkers, &params.checkers));
        *self.reals.get_mut(at)? = after;
        let edge = service.weigh(of_service, within(&self.reals, &of_service.reals));
        if before.weight != after.weight {
            self.out.push(Action::Note(Note::Weight {
                real: of,
                from: before.weight,
                to: after.weight,
            }));
        }
        if line != after.line(params, service) || sorry != service.sorry {
            self.out.push(Action::Table(params.service));
        }
        let id = params.service;
        if before.alive() != after.alive() || confirmed {
            self.tell_real(of, after.alive(), Some(by));
        }
        self.tell_edge(id, edge);
        Some(())
    }

    pub(super) fn tell_real(&mut self, real: RealId, up: bool, by: Option<CheckerId>) {
        self.out.push(Action::Tell(Change::Real { real, up, by }));
    }

    pub(super) fn tell_edge(&mut self, service: ServiceId, edge: Option<Edge>) {
        let alive = self.services.get(usize::from(service.0)).map(|s| s.alive);
        if let Some(edge) = edge {
            self.out.push(Action::Tell(Change::Quorum {
                service,
                up: edge == Edge::Gained,
                alive: alive.unwrap_or(0),
            }));
        }
    }
}
