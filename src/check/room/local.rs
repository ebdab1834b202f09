//! `ha_suspend`: checkers rest while their service's address is on another machine.

use super::super::verdict::{Phase, resumed_run};
use super::super::{CheckerId, Params, ServiceId, ServiceParams};
use super::Room;
use crate::time::Instant;
use crate::wire::ipvs::Key;
use core::net::IpAddr;

/// The addresses that matter, sorted, and whether they are here.
pub(super) struct Locals(Vec<(IpAddr, bool)>);

impl Locals {
    pub fn new(params: &Params) -> Self {
        let services = params.services.iter().filter(|s| s.ha_suspend);
        let keys = services.flat_map(|s| &s.keys);
        let mut list: Vec<_> = keys.filter_map(address).map(|a| (a, false)).collect();
        list.sort_unstable();
        list.dedup();
        Locals(list)
    }

    /// Takes over what another list knows.
    pub fn learn(&mut self, known: &Locals) {
        for (address, here) in &mut self.0 {
            *here = known.here(*address);
        }
    }

    fn here(&self, address: IpAddr) -> bool {
        let found = self.0.binary_search_by_key(&address, |&(a, _)| a);
        found.is_ok_and(|at| self.0.get(at).is_some_and(|&(_, here)| here))
    }

    /// True if that is news.
    fn set(&mut self, address: IpAddr, present: bool) -> bool {
        let found = self.0.binary_search_by_key(&address, |&(a, _)| a);
        let Some((_, here)) = found.ok().and_then(|at| self.0.get_mut(at)) else {
            return false;
        };
        core::mem::replace(here, present) != present
    }

    /// The checkers of a service rest: it says so, and none of its addresses is here. A service
    /// without any (by mark only) is never elsewhere.
    pub fn rests(&self, service: &ServiceParams) -> bool {
        let mut addresses = service.keys.iter().filter_map(address).peekable();
        service.ha_suspend && addresses.peek().is_some() && !addresses.any(|a| self.here(a))
    }
}

fn address(key: &Key) -> Option<IpAddr> {
    match key {
        Key::Address { address, .. } => Some(*address),
        Key::Mark { .. } => None,
    }
}

impl Room {
    /// An address came or went.
    pub(super) fn local(&mut self, address: IpAddr, present: bool, now: Instant) {
        if !self.locals.set(address, present) || !self.running {
            return;
        }
        for id in (0..).map(ServiceId).take(self.services.len()) {
            let at = usize::from(id.0);
            let (Some(params), Some(service)) =
                (self.params.services.get(at), self.services.get_mut(at))
            else {
                return;
            };
            let resting = self.locals.rests(params);
            if core::mem::replace(&mut service.resting, resting) != resting {
                self.doze(id, resting, now);
            }
        }
        self.pump(now);
    }

    /// All checkers of a service rest, or go on with what they knew.
    fn doze(&mut self, id: ServiceId, resting: bool, now: Instant) {
        let service = self.params.services.get(usize::from(id.0));
        for real in service.map_or(0..0, |s| s.reals.clone()) {
            let real = self.params.reals.get(usize::from(real));
            for id in real.map_or(0..0, |r| r.checkers.clone()).map(CheckerId) {
                let random = self.random();
                let idle = self.checkers.get(usize::from(id.0));
                let idle = idle.is_some_and(|c| c.phase == Phase::Rest);
                let params = self.params.checkers.get(usize::from(id.0));
                match params {
                    _ if resting => self.rest(id),
                    Some(params) if idle => {
                        let due = resumed_run(params, random, now);
                        self.wait(id, due);
                    }
                    _ => {}
                }
            }
        }
    }
}
