//! Virtual and real servers: weights, quorum, the sorry server, and the table they ask for.

use super::verdict::Checker;
use super::{RealParams, ServiceParams};
use crate::wire::ipvs::Destination;

/// What is remembered of a real server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Real {
    /// Checkers that fail. It is alive when there is none.
    pub failed: u16,
    /// Configured weight and what checkers add to it, from 0.
    pub weight: i32,
}

/// What is remembered of a virtual server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Service {
    /// Weight of those alive.
    pub alive: u64,
    /// It has its quorum.
    pub up: bool,
    /// It is in the table.
    pub present: bool,
    /// Its sorry server.
    pub sorry: SorryState,
    /// Its checkers rest: its address is elsewhere.
    pub resting: bool,
}

/// Where a sorry server is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum SorryState {
    /// Not in the table.
    #[default]
    Out,
    /// It answers.
    In,
    /// It does not, and is there with weight 0 (`sorry_server_inhibit`).
    Inhibited,
}

/// An edge of the quorum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edge {
    Gained,
    Lost,
}

impl Real {
    /// As its checkers are.
    pub fn new(params: &RealParams, checkers: &[Checker]) -> Self {
        let failed = checkers.iter().filter(|c| !c.up).count();
        Real {
            failed: u16::try_from(failed).unwrap_or(u16::MAX),
            weight: effective(params.destination.weight, checkers),
        }
    }

    pub fn alive(&self) -> bool {
        self.failed == 0
    }

    /// Its weight in the table; `None`: it is not there.
    pub fn line(&self, params: &RealParams, service: &Service) -> Option<i32> {
        let serves = self.alive() && service.sorry != SorryState::In;
        match (service.present, serves, params.inhibit) {
            (false, ..) | (true, false, false) => None,
            (true, true, _) => Some(self.weight),
            (true, false, true) => Some(0),
        }
    }
}

/// The configured weight and all that is added to it, 0 to 2³¹ - 1.
pub(super) fn effective(configured: i32, checkers: &[Checker]) -> i32 {
    let sum = checkers.iter().fold(i64::from(configured), |sum, checker| {
        sum.saturating_add(checker.delta.into())
    });
    i32::try_from(sum.clamp(0, i32::MAX.into())).unwrap_or(i32::MAX)
}

/// The weight of those alive.
pub(super) fn alive(reals: &[Real]) -> u64 {
    let alive = reals.iter().filter(|real| real.alive());
    alive.fold(0u64, |sum, real| {
        sum.saturating_add(u64::try_from(real.weight).unwrap_or(0))
    })
}

impl Service {
    pub fn new() -> Self {
        Service {
            alive: 0,
            up: false,
            present: false,
            sorry: SorryState::Out,
            resting: false,
        }
    }

    /// The first look, right after its real servers are in the table.
    ///
    /// Compat: it begins without quorum. Gaining it is reported; not gaining it only if there is a
    /// sorry server, which then comes in.
    pub fn begin(&mut self, params: &ServiceParams, reals: &[Real]) -> Option<Edge> {
        (self.present, self.up) = (true, false);
        let edge = self.weigh(params, reals);
        if edge.is_none() && params.sorry.is_some() {
            self.sorry = SorryState::In;
            return Some(Edge::Lost);
        }
        edge
    }

    /// Something changed among its real servers.
    pub fn weigh(&mut self, params: &ServiceParams, reals: &[Real]) -> Option<Edge> {
        self.alive = alive(reals);
        let (quorum, hysteresis) = (u64::from(params.quorum), u64::from(params.hysteresis));
        if self.up && (self.alive == 0 || self.alive < quorum.saturating_sub(hysteresis)) {
            self.up = false;
            if params.sorry.is_some() {
                self.sorry = SorryState::In;
            }
            return Some(Edge::Lost);
        }
        if !self.up && self.alive >= quorum + hysteresis {
            self.up = true;
            // Compat: with `sorry_server_inhibit` it is there from the start, with weight 0.
            self.sorry = match params.sorry {
                Some(sorry) if sorry.inhibit => SorryState::Inhibited,
                _ => SorryState::Out,
            };
            return Some(Edge::Gained);
        }
        None
    }

    /// The line of its sorry server.
    pub fn sorry_line(&self, params: &ServiceParams) -> Option<Destination> {
        let sorry = params.sorry.filter(|_| self.present)?;
        match self.sorry {
            SorryState::Out => None,
            SorryState::In => Some(sorry.destination),
            SorryState::Inhibited => Some(Destination {
                weight: 0,
                ..sorry.destination
            }),
        }
    }
}

#[cfg(test)]
mod tests;
