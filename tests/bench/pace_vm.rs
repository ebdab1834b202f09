//! The pace of virtual servers beside Debian's keepalived, in one boot of User Mode Linux: both run
//! alternately, round by round, and the medians are compared. Exits with status 1 when a ratio is
//! over its limit.
//!
//!     cargo build --release && cargo run --release --example pace-vm -- [OPTIONS] [BINARY]
//!
//! `--rounds N` (5), `--quick` (two short rounds), `--only load`, `--only checks`. BINARY, else `HOLDFAST_BIN`, else `holdfast` of
//! this build profile is measured; `/usr/sbin/keepalived` there measures the measurement.

#![allow(
    missing_docs,
    dead_code,
    clippy::disallowed_methods,
    clippy::unwrap_used
)]

mod balance;
#[path = "../lab/mod.rs"]
mod lab;
#[path = "../vm/machine.rs"]
mod machine;
mod options;
mod servers;
mod table;
mod usage;
mod wire;

use lab::{Kind, SKIP_STATUS, packages, stage};
use options::Options;
use std::io::Write;
use std::process::exit;
use table::Table;

fn main() {
    stage::dispatch(|rest| measure(&Options::of(rest.iter().map(|s| (*s).to_owned()))));
    let given: Vec<String> = std::env::args().skip(1).collect();
    let chosen = Options::of(given.iter().cloned());
    if machine::inside() {
        enter(&chosen, &given);
    }
    if let Err(why) = packages::need(&["ip", "keepalived", "linux.uml", "modprobe", "busybox"]) {
        println!("SKIPPED: {why}");
        exit(SKIP_STATUS);
    }
    let word = |word: &String| match &chosen.binary {
        Some(binary) if binary == word => {
            let path = std::path::absolute(binary).expect("a path");
            assert!(path.is_file(), "{} is no program", path.display());
            format!("'{}'", path.display())
        }
        _ => format!("'{word}'"),
    };
    let words: Vec<String> = given.iter().map(word).collect();
    let status = machine::run("pace-vm", &words.join(" "), &mut |line| {
        println!("{line}");
    });
    exit(status.and_then(|s| s.parse().ok()).unwrap_or(1));
}

/// In the machine: once more, in namespaces of its own.
fn enter(chosen: &Options, given: &[String]) -> ! {
    let words: Vec<&str> = given.iter().map(String::as_str).collect();
    let mut command = stage::stage("enter", &words);
    if let Some(binary) = &chosen.binary {
        command.env("HOLDFAST_BIN", binary);
    }
    let status = command.status().expect("starting the measurement");
    exit(status.code().unwrap_or(1));
}

/// Runs inside the namespaces; its result is the exit status.
fn measure(options: &Options) -> i32 {
    let servers = balance::prepare();
    let mut table = Table::new(balance::rows());
    println!("holdfast = {}", Kind::Ours.program());
    for round in 0..options.rounds {
        for measure in ["load", "checks"] {
            let wanted = options.only.as_ref();
            if wanted.is_some_and(|wanted| !measure.contains(wanted.as_str())) {
                continue;
            }
            print!("round {}/{} {measure:<6}", round + 1, options.rounds);
            let _ = std::io::stdout().flush();
            let mut order = [Kind::Theirs, Kind::Ours];
            if round % 2 == 1 {
                order.reverse();
            }
            for kind in order {
                match measure {
                    "load" => balance::load(kind, &mut table),
                    _ => balance::checks(&servers, kind, options.quick, &mut table),
                }
            }
            println!("{}", table.latest());
        }
    }
    print!("\n{}", table.text());
    i32::from(!table.kept())
}
