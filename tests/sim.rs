//! Many routers on a virtual LAN, seeded: loss, delay, partition, crashes, link flaps; scripts, files
//! and interfaces that are tracked and change.
//!
//! Every router is a real `vrrp::Router`; every advert is real bytes. The clock is virtual.
//!
//! * `SIM_SEEDS=n` runs seeds 0 to n−1 (10 000 if unset).
//! * `SIM_SEED=n` runs one alone and prints what happens: `SIM_SEED=7 cargo test --test sim -- --nocapture`.

#![allow(clippy::unwrap_used)]

#[path = "sim/cases.rs"]
mod cases;
#[path = "sim/laws.rs"]
mod laws;
#[path = "sim/outside.rs"]
mod outside;
#[path = "sim/plan.rs"]
mod plan;
#[path = "sim/reach.rs"]
mod reach;
#[path = "sim/rng.rs"]
mod rng;
#[path = "sim/world.rs"]
mod world;

use plan::Plan;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Seeds run when nobody says otherwise.
const SEEDS: u64 = 10_000;
/// Failing seeds printed before giving up.
const SHOWN: usize = 10;

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name}={text}: not a number")),
    )
}

/// One seed: a panic inside (an overflow, say) is a failure like any other.
fn run(seed: u64, trace: bool) -> Result<(), String> {
    let outcome = catch_unwind(AssertUnwindSafe(|| plan::play(&Plan::new(seed), trace)));
    outcome.unwrap_or_else(|panic| {
        let text = panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_string()));
        Err(text.unwrap_or_else(|| "panicked".into()))
    })
}

#[test]
fn the_machine_is_right_on_every_seed() {
    if let Some(seed) = number("SIM_SEED") {
        println!("seed {seed}: {}", Plan::new(seed));
        if let Err(why) = run(seed, true) {
            panic!("seed {seed}: {why}");
        }
        return;
    }
    let seeds = number("SIM_SEEDS").unwrap_or(SEEDS);
    let next = AtomicU64::new(0);
    let failures = Mutex::new(Vec::new());
    let workers = std::thread::available_parallelism().map_or(1, |n| n.get());
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds || failures.lock().unwrap().len() >= SHOWN {
                        return;
                    }
                    if let Err(why) = run(seed, false) {
                        failures.lock().unwrap().push((seed, why));
                    }
                }
            });
        }
    });
    let mut failures = failures.into_inner().unwrap();
    failures.sort();
    for (seed, why) in &failures {
        println!("seed {seed}: {}\n  {why}", Plan::new(*seed));
        println!("  replay: SIM_SEED={seed} cargo test --test sim -- --nocapture");
    }
    assert!(
        failures.is_empty(),
        "{} of {seeds} seeds failed",
        failures.len()
    );
}
