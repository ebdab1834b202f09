//! What the outside may look at.

use super::super::service::SorryState;
use super::super::snapshot::{CheckerSnapshot, Load, RealSnapshot, ServiceSnapshot};
use super::super::verdict::Phase;
use super::super::{CheckerId, Params, Probe, RealId, ServiceId, Url};
use super::{Room, within};
use crate::time::Instant;
use crate::wire::ipvs::Destination;
use std::rc::Rc;

impl Room {
    /// What it was built from.
    pub fn params(&self) -> &Rc<Params> {
        &self.params
    }

    /// The bytes that a `Send` of this checker is about. They stay until its next `Send` or the end
    /// of its try.
    pub fn outgoing(&self, id: CheckerId) -> &[u8] {
        match self.checkers.get(usize::from(id.0)).map(|c| c.phase) {
            Some(Phase::Run(place)) => self.flight.out(place),
            _ => &[],
        }
    }

    /// The page that this checker's try is about, if it is about one.
    pub fn page(&self, id: CheckerId) -> Option<&Url> {
        let at = usize::from(id.0);
        let (params, checker) = self.params.checkers.get(at).zip(self.checkers.get(at))?;
        match &params.probe {
            Probe::Http(http) => http.urls.get(usize::from(checker.url)),
            _ => None,
        }
    }

    /// Whether the service is to be in the table.
    pub fn present(&self, id: ServiceId) -> bool {
        let service = self.services.get(usize::from(id.0));
        service.is_some_and(|s| s.present)
    }

    /// The destinations every key of the service is to have, in the order of the configuration, the
    /// sorry server last. No two of them have the same address and port.
    pub fn desired(&self, id: ServiceId) -> impl Iterator<Item = Destination> + '_ {
        let at = usize::from(id.0);
        let service = self.params.services.get(at).zip(self.services.get(at));
        let sorry = service.and_then(|(p, s)| Some((s.sorry, s.sorry_line(p)?)));
        let reals = service.into_iter().flat_map(move |(p, service)| {
            let params = within(&self.params.reals, &p.reals);
            let reals = within(&self.reals, &p.reals);
            params.iter().zip(reals).filter_map(move |(p, real)| {
                let weight = real.line(p, service)?;
                Some(Destination {
                    weight,
                    ..p.destination
                })
            })
        });
        // A sorry server may be one of the real servers: there is one line for both.
        let active = sorry.filter(|(state, _)| *state == SorryState::In);
        let idle = sorry.filter(|(state, _)| *state == SorryState::Inhibited);
        let idle = idle.filter(move |(_, line)| {
            service.is_none_or(|(p, s)| {
                let params = within(&self.params.reals, &p.reals).iter();
                let reals = within(&self.reals, &p.reals);
                let same = |d: &Destination| (d.address, d.port) == (line.address, line.port);
                let mut both = params.zip(reals);
                !both.any(|(p, real)| same(&p.destination) && real.line(p, s).is_some())
            })
        });
        reals
            .filter(move |real| {
                active.is_none_or(|(_, s)| (s.address, s.port) != (real.address, real.port))
            })
            .chain(active.or(idle).map(|(_, line)| line))
    }

    /// A service at this moment.
    pub fn service(&self, id: ServiceId) -> Option<ServiceSnapshot> {
        let service = self.services.get(usize::from(id.0))?;
        Some(ServiceSnapshot {
            present: service.present,
            up: service.up,
            alive: service.alive,
            sorry: service.sorry == SorryState::In,
            suspended: service.resting,
        })
    }

    /// A real server at this moment.
    pub fn real(&self, id: RealId) -> Option<RealSnapshot> {
        let at = usize::from(id.0);
        let (params, real) = self.params.reals.get(at).zip(self.reals.get(at))?;
        let service = self.services.get(usize::from(params.service.0))?;
        Some(RealSnapshot {
            alive: real.alive(),
            failed: real.failed,
            weight: real.weight,
            line: real.line(params, service),
        })
    }

    /// A checker at this moment.
    pub fn checker(&self, id: CheckerId) -> Option<CheckerSnapshot> {
        let checker = self.checkers.get(usize::from(id.0))?;
        Some(CheckerSnapshot {
            up: checker.up,
            tried: checker.tried,
            running: matches!(checker.phase, Phase::Run(_)),
            queued: checker.phase == Phase::Queue,
            due: (checker.phase == Phase::Wait).then_some(checker.due),
            fails: checker.fails,
            url: checker.url,
            delta: checker.delta,
            why: checker.why,
            since: (checker.since != 0).then(|| Instant::from_secs(checker.since.into())),
        })
    }

    /// How much goes on.
    pub fn load(&self) -> Load {
        let (running, waiting) = self.flight.count();
        Load { running, waiting }
    }
}
