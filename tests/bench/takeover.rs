//! How long after the protocol's own bound a Backup takes over from a Master that fell silent.

use crate::lab::{Advert, Capture, Forge, Injector, Kind, pause};
use crate::table::Table;
use crate::wire::{ROUTER, Wire, median, wait_for_masters};
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

/// A take-over at one interval.
pub struct Case {
    pub name: &'static str,
    /// Centiseconds, as v3 carries it.
    interval: u16,
    /// Virtual routers, each taken over for itself, one a little after the other.
    routers: u8,
    /// How often each, and how often when in a hurry.
    repeats: (u32, u32),
}

pub const SECOND: Case = Case {
    name: "take-over at 1 s, beyond the bound",
    interval: 100,
    routers: 9,
    repeats: (1, 1),
};
pub const TENTH: Case = Case {
    name: "take-over at 0.1 s",
    interval: 10,
    routers: 5,
    repeats: (6, 2),
};
pub const HUNDREDTH: Case = Case {
    name: "take-over at 0.01 s",
    interval: 1,
    routers: 1,
    repeats: (60, 20),
};

/// Adverts of the other router before it falls silent.
const ALIVE: u32 = 3;
const OUR_PRIORITY: u8 = 100;
const THEIR_PRIORITY: u8 = 200;

pub fn measure(case: &Case, kind: Kind, quick: bool, table: &mut Table) {
    let wire = Wire::new();
    let capture = wire.capture();
    let injector = wire.injector();
    let _daemon = wire.start(kind, &case.config());
    wait_for_masters(&capture, usize::from(case.routers));
    pause(1500);
    capture.clear();
    let repeats = if quick {
        case.repeats.1
    } else {
        case.repeats.0
    };
    for _ in 0..repeats {
        case.live_and_die(&injector);
        std::thread::sleep(case.bound() + case.interval() / 2 + Duration::from_millis(20));
    }
    pause(50);
    let late = case.lateness(&capture);
    let least = usize::from(case.routers) * repeats as usize / 2;
    assert!(
        late.len() > least,
        "{}: only {} take-overs seen",
        kind.name(),
        late.len()
    );
    let early = late.iter().min().copied().unwrap_or(0);
    assert!(
        early > -1_000_000,
        "{} took over {} us early",
        kind.name(),
        -early / 1000
    );
    table.put(case.name, kind, median(late));
}

impl Case {
    fn interval(&self) -> Duration {
        Duration::from_millis(10) * u32::from(self.interval)
    }

    /// RFC 9568 §6.1: 3 × Active_Adver_Interval + Skew_Time.
    fn bound(&self) -> Duration {
        let skew = self.interval() * u32::from(256 - u16::from(OUR_PRIORITY)) / 256;
        self.interval() * 3 + skew
    }

    fn config(&self) -> String {
        let mut text = String::from("global_defs {\n router_id pace\n vrrp_version 3\n}\n");
        for vrid in 1..=self.routers {
            let centis = self.interval;
            text += &format!(
                "vrrp_instance VI_{vrid} {{\n state BACKUP\n interface eth0\n \
                 virtual_router_id {vrid}\n priority {OUR_PRIORITY}\n advert_int {}.{:02}\n \
                 virtual_ipaddress {{\n 10.0.0.{vrid}/32\n }}\n}}\n",
                centis / 100,
                centis % 100
            );
        }
        text
    }

    /// A stronger router speaks a few times and falls silent, for each virtual router.
    fn live_and_die(&self, injector: &Injector) {
        let apart = self.interval() * 10 / 9 / u32::from(self.routers);
        let mut plan: Vec<(Duration, u8)> = (1..=self.routers)
            .flat_map(|vrid| (0..ALIVE).map(move |n| (n, vrid)))
            .map(|(n, vrid)| (self.interval() * n + apart * u32::from(vrid), vrid))
            .collect();
        plan.sort_unstable();
        let start = Instant::now();
        for (at, vrid) in plan {
            std::thread::sleep(at.saturating_sub(start.elapsed()));
            let address = Ipv4Addr::new(10, 0, 0, vrid);
            injector.send(&Forge::v3(vrid, THEIR_PRIORITY, self.interval, &[address]).frame());
        }
    }

    /// Of each take-over seen: first advert, minus last advert of the other, minus bound; ns.
    fn lateness(&self, capture: &Capture) -> Vec<i64> {
        let mut last: [Option<Duration>; 256] = [None; 256];
        let mut late = Vec::new();
        for Advert {
            at, source, vrid, ..
        } in capture.adverts(|_| true)
        {
            let last = &mut last[usize::from(vrid)];
            if source != ROUTER {
                *last = Some(at);
                continue;
            }
            let Some(silent) = last.map(|last| at.saturating_sub(last)) else {
                continue;
            };
            // Sooner than that both spoke at once, before one could hear the other.
            if silent > self.bound() / 2 {
                late.push(silent.as_nanos() as i64 - self.bound().as_nanos() as i64);
                *last = None;
            }
        }
        late
    }
}
