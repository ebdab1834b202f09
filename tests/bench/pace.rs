//! The pace of holdfast beside Debian's keepalived: both run alternately, round by round, and the
//! medians are compared. Exits with status 1 when a ratio is over its limit.
//!
//!     cargo build --release && cargo run --release --example pace -- [OPTIONS] [BINARY]
//!
//! `--rounds N` (5), `--quick` (two short rounds, for trying things), `--only WORD` (measures whose
//! name contains it). BINARY, else `HOLDFAST_BIN`, else `holdfast` of this build profile is measured;
//! `/usr/sbin/keepalived` there measures the measurement: all its ratios should be about 1.

#![allow(missing_docs, clippy::disallowed_methods, clippy::unwrap_used)]

mod claim;
#[path = "../lab/mod.rs"]
mod lab;
mod leaving;
mod masters;
mod options;
mod table;
mod takeover;
mod usage;
mod wire;

use lab::{Kind, SKIP_STATUS, packages, stage};
use options::Options;
use std::io::Write;
use std::process::exit;
use table::{Limit, Row, Table, Unit};

fn main() {
    stage::dispatch(|rest| measure(&Options::of(rest.iter().map(|s| (*s).to_owned()))));
    let given: Vec<String> = std::env::args().skip(1).collect();
    let chosen = Options::of(given.iter().cloned());
    if let Err(why) = packages::need(&["ip", "keepalived"]) {
        println!("SKIPPED: {why}");
        exit(SKIP_STATUS);
    }
    let words: Vec<&str> = given.iter().map(String::as_str).collect();
    let mut command = stage::stage("enter", &words);
    if let Some(binary) = &chosen.binary {
        let path = std::path::absolute(binary).expect("a path");
        assert!(path.is_file(), "{} is no program", path.display());
        command.env("HOLDFAST_BIN", path);
    }
    let status = command.status().expect("starting the measurement");
    exit(status.code().unwrap_or(1));
}

/// One measure: a name to choose it by, and what it adds to the table.
type Measure = (&'static str, fn(Kind, bool, &mut Table));

const MEASURES: &[Measure] = &[
    ("masters", masters::measure),
    ("takeover-1", |kind, quick, table| {
        takeover::measure(&takeover::SECOND, kind, quick, table)
    }),
    ("takeover-0.1", |kind, quick, table| {
        takeover::measure(&takeover::TENTH, kind, quick, table)
    }),
    ("takeover-0.01", |kind, quick, table| {
        takeover::measure(&takeover::HUNDREDTH, kind, quick, table);
    }),
    ("leaving", leaving::measure),
    ("claim", claim::measure),
];

fn rows() -> Vec<Row> {
    let row = |name, unit, limit| Row::new(name, unit, limit);
    vec![
        row(masters::CPU, Unit::Time, Limit::Most(500)),
        row(masters::LATE, Unit::Time, Limit::Most(1100)),
        row(masters::LATE_MEDIAN, Unit::Time, Limit::None),
        row(masters::BARE, Unit::Time, Limit::None),
        row(masters::RSS, Unit::Memory, Limit::Most(250)),
        row(masters::PSS, Unit::Memory, Limit::None),
        row(takeover::SECOND.name, Unit::Time, Limit::Most(1100)),
        row(takeover::TENTH.name, Unit::Time, Limit::Most(1100)),
        row(takeover::HUNDREDTH.name, Unit::Time, Limit::Most(1100)),
        row(leaving::EXIT, Unit::Time, Limit::Most(100)),
        row(claim::CLAIM, Unit::Time, Limit::Most(800)),
        row(claim::BARE, Unit::Time, Limit::None),
        row(claim::FIRST, Unit::Time, Limit::Most(5)),
    ]
}

/// Runs inside the lab's namespaces; its result is the exit status.
fn measure(options: &Options) -> i32 {
    wire::prepare();
    let mut table = Table::new(rows());
    println!("holdfast = {}", Kind::Ours.program());
    for round in 0..options.rounds {
        for (name, work) in MEASURES {
            if options
                .only
                .as_ref()
                .is_some_and(|wanted| !name.contains(wanted.as_str()))
            {
                continue;
            }
            print!("round {}/{} {name:<13}", round + 1, options.rounds);
            let _ = std::io::stdout().flush();
            // Whoever comes first may find the machine in another mood: take turns.
            let mut order = [Kind::Theirs, Kind::Ours];
            if round % 2 == 1 {
                order.reverse();
            }
            for kind in order {
                work(kind, options.quick, &mut table);
            }
            println!("{}", table.latest());
        }
    }
    print!("\n{}", table.text());
    i32::from(!table.kept())
}
