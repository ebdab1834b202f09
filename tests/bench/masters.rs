//! 255 Masters at 0.1 s: what an advert costs, how even their rhythm is, what they take of memory.

use crate::lab::{Advert, Kind, now, pause};
use crate::table::Table;
use crate::usage;
use crate::wire::{ROUTER, Wire, median, percentile, wait_for_masters};
use std::time::{Duration, Instant};

pub const CPU: &str = "255 Masters: CPU per advert";
pub const LATE: &str = "255 Masters: lateness p99";
pub const LATE_MEDIAN: &str = "255 Masters: lateness p50";
/// What the machine itself adds at that time.
pub const BARE: &str = "  a bare sleep beside it: p99";
pub const RSS: &str = "255 Masters: resident memory";
pub const PSS: &str = "255 Masters: proportional";

/// All virtual router identifiers there are.
const COUNT: usize = 255;
const INTERVAL: Duration = Duration::from_millis(100);

pub fn measure(kind: Kind, quick: bool, table: &mut Table) {
    let wire = Wire::new();
    let capture = wire.capture();
    let daemon = wire.start(kind, &config());
    wait_for_masters(&capture, COUNT);
    // The second burst of announcements comes after one second; let it pass.
    pause(3000);
    let window = Duration::from_secs(if quick { 3 } else { 6 });
    capture.clear();
    let processes = daemon.processes();
    let (from, cpu) = (now(), usage::cpu(&processes));
    let bare = bare_sleeps(window);
    let (to, cpu) = (now(), usage::cpu(&daemon.processes()) - cpu);
    pause(50);
    let adverts = capture.adverts(|a| a.source == ROUTER && a.at >= from && a.at < to);
    let due = COUNT as u128 * window.as_nanos() / INTERVAL.as_nanos();
    assert!(
        adverts.len() as u128 * 2 >= due,
        "{} sent {} adverts where {due} were due",
        kind.name(),
        adverts.len()
    );
    table.put(CPU, kind, cpu as i64 / adverts.len() as i64);
    // Of each second its own figure, of these the median: what else runs on this machine hits some
    // seconds and not others.
    let seconds = lateness(&adverts, from);
    let median_of = |all: &[Vec<i64>], percent| {
        median(
            all.iter()
                .map(|second| percentile(second, percent))
                .collect(),
        )
    };
    table.put(LATE, kind, median_of(&seconds, 99));
    table.put(LATE_MEDIAN, kind, median_of(&seconds, 50));
    table.put(BARE, kind, median_of(&bare, 99));
    table.put(RSS, kind, usage::memory(&processes, "status", "VmRSS:"));
    table.put(PSS, kind, usage::memory(&processes, "smaps_rollup", "Pss:"));
}

fn config() -> String {
    let mut text = String::from(
        "global_defs {\n router_id pace\n vrrp_version 3\n vrrp_garp_master_delay 1\n}\n",
    );
    for vrid in 1..=COUNT {
        text += &format!(
            "vrrp_instance VI_{vrid} {{\n state MASTER\n interface eth0\n \
             virtual_router_id {vrid}\n priority 200\n advert_int 0.1\n \
             virtual_ipaddress {{\n 10.0.0.{vrid}/32\n }}\n}}\n"
        );
    }
    text
}

/// How much later than one interval after its predecessor each advert came, nanoseconds, second by
/// second. That is what a Backup's timer sees, and it is as fair to a daemon that drifts as to one
/// that keeps to a grid.
fn lateness(adverts: &[Advert], from: Duration) -> Vec<Vec<i64>> {
    let mut before = [None; 256];
    let mut seconds: Vec<Vec<i64>> = Vec::new();
    for advert in adverts {
        let Some(last) = before[usize::from(advert.vrid)].replace(advert.at) else {
            continue;
        };
        let second = advert.at.saturating_sub(from).as_secs() as usize;
        seconds.resize_with(seconds.len().max(second + 1), Vec::new);
        let gap: Duration = advert.at.saturating_sub(last);
        seconds[second].push(gap.saturating_sub(INTERVAL).as_nanos() as i64);
    }
    seconds
}

/// Sleeps through the window in steps; how late each step ended, nanoseconds, second by second.
fn bare_sleeps(window: Duration) -> Vec<Vec<i64>> {
    const STEP: Duration = Duration::from_millis(5);
    let start = Instant::now();
    let mut seconds: Vec<Vec<i64>> = vec![Vec::new(); window.as_secs() as usize];
    while start.elapsed() < window {
        let before = start.elapsed();
        std::thread::sleep(STEP);
        let late = (start.elapsed() - before).saturating_sub(STEP);
        if let Some(second) = seconds.get_mut(before.as_secs() as usize) {
            second.push(late.as_nanos() as i64);
        }
    }
    seconds
}
