//! What the tests of the room share: small configurations, and a world that does what it is told.

use super::*;
use crate::time::Span;
use crate::wire::ipvs::{Destination, Forward, Key, TCP};
use core::net::Ipv4Addr;
use std::collections::{BTreeMap, BTreeSet};

pub fn ip(last: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, last))
}

pub fn key(last: u8) -> Key {
    Key::Address {
        protocol: TCP,
        address: ip(last),
        port: 80,
    }
}

pub fn line(last: u8, weight: i32) -> Destination {
    Destination {
        address: ip(last),
        port: 80,
        forward: Forward::Nat,
        weight,
        upper: 0,
        lower: 0,
    }
}

/// A checker with retry 1 that runs every 10 s and waits 5 s for answers.
pub fn checker(probe: Probe) -> CheckerParams {
    CheckerParams {
        real: RealId(0),
        alpha: false,
        delay_loop: Span::from_secs(10),
        warmup: Span::ZERO,
        retry: 1,
        delay_before_retry: Span::from_secs(1),
        timeout: Span::from_secs(5),
        log_all_failures: false,
        connection: None,
        probe,
    }
}

pub fn pages(n: usize, fast_recovery: bool) -> Probe {
    let url = Url {
        path: "/".into(),
        host: None,
        digest: None,
        codes: vec![(200, 299)],
        regex: None,
        sni: None,
        tls_compliant: false,
    };
    Probe::Http(Box::new(Http {
        tls: false,
        version: HttpVersion::V10,
        urls: vec![url; n],
        fast_recovery,
    }))
}

pub const MISC: Probe = Probe::Misc {
    command: 0,
    dynamic: true,
};

/// One more service at 192.0.2.`vip`, with real servers of these addresses and weights, each with
/// these checkers.
pub fn add(params: &mut Params, vip: u8, reals: &[(u8, i32)], checkers: &[CheckerParams]) {
    let service = ServiceId(params.services.len() as u16);
    let start = params.reals.len() as u16;
    for &(last, weight) in reals {
        let first = params.checkers.len() as u16;
        let real = RealId(params.reals.len() as u16);
        for checker in checkers {
            params.checkers.push(CheckerParams {
                real,
                ..checker.clone()
            });
        }
        params.reals.push(RealParams {
            name: format!("[192.0.2.{last}]:tcp:80").into(),
            service,
            destination: line(last, weight),
            inhibit: false,
            checkers: first..params.checkers.len() as u16,
            line: 1,
        });
    }
    params.services.push(ServiceParams {
        name: format!("[192.0.2.{vip}]:tcp:80").into(),
        keys: vec![key(vip)],
        scheduler: "rr".into(),
        flags: 0,
        persistence: 0,
        netmask: u32::MAX,
        engine: None,
        reals: start..params.reals.len() as u16,
        sorry: None,
        quorum: 1,
        hysteresis: 0,
        omega: false,
        ha_suspend: false,
    });
}

pub fn one(reals: &[(u8, i32)], checkers: &[CheckerParams]) -> Params {
    let mut params = Params::default();
    add(&mut params, 1, reals, checkers);
    params
}

/// Does what the room wants, as an engine would, and remembers what was told.
pub struct World {
    pub room: Room,
    pub now: Instant,
    pub timers: BTreeMap<u16, Instant>,
    /// Sockets and programs.
    pub open: BTreeSet<u16>,
    /// Everything but timers and sockets, since last asked.
    pub told: Vec<Action>,
    pub most: usize,
}

impl World {
    /// Not started.
    pub fn new(params: Params, limit: usize) -> Self {
        World {
            room: Room::new(params, limit),
            now: Instant::from_secs(100),
            timers: BTreeMap::new(),
            open: BTreeSet::new(),
            told: Vec::new(),
            most: 0,
        }
    }

    pub fn started(params: Params) -> Self {
        let mut world = World::new(params, 100);
        world.event(Event::Start { seed: 7 });
        world
    }

    pub fn event(&mut self, event: Event<'_>) {
        self.room.handle(event, self.now);
        self.drain();
    }

    pub fn drain(&mut self) {
        while let Some(action) = self.room.next_action() {
            match action {
                Action::Arm(id, at) => {
                    self.timers.insert(id.0, at);
                }
                Action::Disarm(id) => {
                    assert!(self.timers.remove(&id.0).is_some(), "{id:?} was not armed");
                }
                Action::Open(id) | Action::Spawn(id) => {
                    assert!(self.open.insert(id.0), "{id:?} is open");
                    self.most = self.most.max(self.open.len());
                }
                Action::Close(id) => {
                    assert!(self.open.remove(&id.0), "{id:?} is not open");
                }
                other => self.told.push(other),
            }
        }
    }

    /// What came of an open socket or a program.
    pub fn got(&mut self, id: u16, got: Got<'_>) {
        let ends = matches!(got, Got::Exited(_) | Got::Signaled(_) | Got::Failed(_));
        let params = self.room.params().checkers.get(usize::from(id));
        if ends && params.is_some_and(|p| matches!(p.probe, Probe::Misc { .. })) {
            assert!(self.open.remove(&id), "{id} does not run");
        }
        self.event(Event::Got(CheckerId(id), got));
    }

    /// The next timer, wherever it is; whose.
    pub fn tick(&mut self) -> Option<u16> {
        let (&id, &at) = self.timers.iter().min_by_key(|&(_, at)| at)?;
        self.timers.remove(&id);
        self.now = self.now.max(at);
        self.event(Event::Timer(CheckerId(id)));
        Some(id)
    }

    /// The next run of `id`: it connects, or it is refused. Gives the time it began, since `from`.
    pub fn run(&mut self, id: u16, good: bool, from: Instant) -> Span {
        let at = self.timers.remove(&id).expect("a timer");
        self.now = self.now.max(at);
        self.event(Event::Timer(CheckerId(id)));
        let began = self.now.since(from);
        self.got(
            id,
            if good {
                Got::Connected
            } else {
                Got::Failed(111)
            },
        );
        began
    }

    /// What was told since the last time.
    pub fn news(&mut self) -> Vec<Action> {
        core::mem::take(&mut self.told)
    }

    /// Address and weight of what a service wants in the table.
    pub fn table(&self, service: u16) -> Vec<(u8, i32)> {
        let last = |to: Destination| match to.address {
            IpAddr::V4(v4) => v4.octets()[3],
            IpAddr::V6(_) => 0,
        };
        let desired = self.room.desired(ServiceId(service));
        desired.map(|to| (last(to), to.weight)).collect()
    }
}
