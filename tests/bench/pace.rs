//! `make bench`: holdfast and Debian's keepalived by turns in one run, on one machine.
//!
//! What counts is the ratio of the medians; absolute numbers depend on the machine. Exits with 0
//! if every ratio is within its limit. `HOLDFAST_ROUNDS` sets the number of rounds (5).

#![allow(missing_docs, clippy::disallowed_methods, clippy::unwrap_used)]

#[path = "../lab/mod.rs"]
mod lab;

use lab::{
    Capture, Daemon, Forge, Injector, Kind, Node, now, packages, pause, sh, stage, wait_for,
};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::net::Ipv4Addr;
use std::process::ExitCode;
use std::time::Duration;

/// What is measured, in which unit, and what part of keepalived's figure it may be (thousandths).
const LINES: [(&str, Unit, u128); 7] = [
    (
        "CPU per advert, 255 Masters @0.1 s",
        Unit::Microseconds,
        500,
    ),
    (
        "lateness of adverts p99, the same",
        Unit::Microseconds,
        1100,
    ),
    ("resident memory, the same", Unit::Kibibytes, 250),
    ("take-over late by, advert_int 1", Unit::Microseconds, 1100),
    (
        "take-over late by, advert_int 0.1",
        Unit::Microseconds,
        1100,
    ),
    (
        "take-over late by, advert_int 0.01",
        Unit::Microseconds,
        1100,
    ),
    ("SIGTERM to exit, 20 addresses", Unit::Microseconds, 100),
];

#[derive(Clone, Copy)]
enum Unit {
    /// Kept in nanoseconds.
    Microseconds,
    Kibibytes,
}

impl Unit {
    fn show(self, value: u128) -> String {
        match self {
            Unit::Microseconds if value >= 10_000_000 => {
                format!("{}.{} ms", value / 1_000_000, value / 100_000 % 10)
            }
            Unit::Microseconds => format!("{}.{} µs", value / 1000, value / 100 % 10),
            Unit::Kibibytes => format!("{value} KiB"),
        }
    }
}

type Figures = [u128; LINES.len()];

fn main() -> ExitCode {
    stage::dispatch(|_| i32::from(!measure()));
    let ready = packages::need(&["ip", "keepalived"]).and_then(|()| stage::possible());
    if let Err(reason) = ready {
        println!("The measurement cannot run here: {reason}");
        return ExitCode::FAILURE;
    }
    let status = stage::stage("enter", &["bench"])
        .status()
        .expect("starting ourselves");
    if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn measure() -> bool {
    let rounds = std::env::var("HOLDFAST_ROUNDS")
        .ok()
        .and_then(|v| v.parse().ok())
        .unwrap_or(5);
    let bench = Bench::new();
    let mut ours = Vec::new();
    let mut theirs = Vec::new();
    println!("{rounds} rounds, each daemon in turn; about a minute per round.\n");
    for round in 1..=rounds {
        for (kind, list) in [(Kind::under_test(), &mut ours), (Kind::Theirs, &mut theirs)] {
            let figures = bench.round(kind);
            let shown: Vec<String> = LINES
                .iter()
                .zip(figures)
                .map(|((_, unit, _), f)| unit.show(f))
                .collect();
            println!("round {round} {:<10} {}", kind.name(), shown.join(", "));
            let _ = std::io::stdout().flush();
            list.push(figures);
        }
    }
    println!(
        "\n{:<36}{:>11}{:>12}{:>7}{:>7}",
        "medians", "holdfast", "keepalived", "ratio", "limit"
    );
    let mut good = true;
    for (index, (name, unit, limit)) in LINES.iter().enumerate() {
        let median_of = |all: &[Figures]| median(all.iter().map(|f| f[index]).collect());
        let (our, their) = (median_of(&ours), median_of(&theirs));
        let ratio = our * 1000 / their.max(1);
        let within = ratio <= *limit;
        good &= within;
        println!(
            "{name:<36}{:>11}{:>12}{:>7}{:>7}  {}",
            unit.show(our),
            unit.show(their),
            thousandths(ratio),
            thousandths(*limit),
            if within { "PASS" } else { "OVER" }
        );
    }
    good
}

fn thousandths(value: u128) -> String {
    format!("{}.{:02}", value / 1000, value % 1000 / 10)
}

fn median(mut values: Vec<u128>) -> u128 {
    values.sort_unstable();
    values[values.len() / 2]
}

/// The value that 99 of 100 do not exceed.
fn p99(mut values: Vec<u128>) -> u128 {
    values.sort_unstable();
    values[values.len() * 99 / 100]
}

/// One router on one cable, whose other end is ours.
struct Bench {
    router: Node,
}

const WIRE: &str = "wire0";

impl Bench {
    fn new() -> Bench {
        fs::write("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1").ok();
        let router = Node::new("r1");
        let holder = router.holder();
        sh(&format!(
            "ip link add {WIRE} address 02:00:00:00:00:f0 type veth \
             peer name eth0 address 02:00:00:00:00:01 netns {holder}"
        ));
        sh(&format!("ip link set {WIRE} up"));
        router.ip("link set lo up");
        router.ip("addr add 192.0.2.1/24 dev eth0");
        router.ip("link set eth0 up");
        Bench { router }
    }

    fn wire(&self) -> Capture {
        Capture::start(None, WIRE)
    }

    fn start(&self, kind: Kind, config: &str) -> Daemon<'_> {
        self.router.start_with(kind, config, &["-n", "-P"])
    }

    fn round(&self, kind: Kind) -> Figures {
        let (cpu, late, memory) = self.many(kind);
        [
            cpu,
            late,
            memory,
            self.take_over(kind, "1", 100, 1),
            self.take_over(kind, "0.1", 10, 3),
            self.take_over(kind, "0.01", 1, 8),
            self.exit(kind),
        ]
    }

    /// 255 Masters at 0.1 s: CPU per advert, lateness p99 (ns), resident memory (KiB).
    fn many(&self, kind: Kind) -> (u128, u128, u128) {
        let mut config = String::new();
        for n in 1..=255 {
            config += &instance(n, 200, "0.1", &[Ipv4Addr::new(10, 1, 0, n)]);
        }
        let daemon = self.start(kind, &config);
        wait_for("255 Masters", 30, || {
            self.router.addresses("eth0").len() == 256
        });
        pause(1500);
        let all = daemon.processes();
        let (cpu, sent) = (on_cpu(&all), self.sent());
        pause(4000);
        let (cpu, sent) = (on_cpu(&all) - cpu, self.sent() - sent);
        assert!(sent > 255 * 30, "only {sent} adverts in 4 s");
        let memory = all.iter().map(|pid| resident(*pid)).sum();

        let wire = self.wire();
        pause(4000);
        let mut last: BTreeMap<u8, Duration> = BTreeMap::new();
        let mut late = Vec::new();
        for advert in wire.adverts(|a| !a.outgoing) {
            if let Some(before) = last.insert(advert.vrid, advert.at) {
                late.push((advert.at - before).as_nanos().abs_diff(100_000_000));
            }
        }
        daemon.stop();
        (cpu / sent, p99(late), memory)
    }

    /// Frames the router's interface has sent.
    fn sent(&self) -> u128 {
        let text = stage::in_network(self.router.holder(), || {
            fs::read_to_string("/proc/thread-self/net/dev").expect("the counters")
        });
        let line = text
            .lines()
            .find_map(|l| l.trim().strip_prefix("eth0:"))
            .expect("eth0");
        line.split_whitespace()
            .nth(9)
            .and_then(|n| n.parse().ok())
            .expect("frames sent")
    }

    /// How late Backups take over when a Master with exact adverts falls silent (ns, median).
    fn take_over(&self, kind: Kind, interval: &str, centis: u16, times: usize) -> u128 {
        const BACKUPS: u8 = 5;
        let mut config = String::new();
        for n in 1..=BACKUPS {
            config += &instance(n, 100, interval, &[Ipv4Addr::new(10, 1, 0, n)]);
        }
        let step = Duration::from_millis(u64::from(centis) * 10);
        let bound = step * 3 + step * 156 / 256;
        let injector = Injector::new(WIRE);
        let mut late = Vec::new();
        let daemon = self.start(kind, &config);
        for _ in 0..times {
            let wire = self.wire();
            // Long enough to end what the Backups were, and to have them learn the interval.
            masters(
                &injector,
                BACKUPS,
                centis,
                if centis >= 100 { 2 } else { 8 },
            );
            let from = now();
            pause((bound + step).as_millis() as u64 + 60);
            let seen = wire.adverts(|a| a.vrid <= BACKUPS);
            for vrid in 1..=BACKUPS {
                let of = |out| move |a: &&lab::Advert| a.vrid == vrid && a.outgoing == out;
                let Some(last) = seen.iter().rfind(of(true)) else {
                    continue;
                };
                let after = |a: &&lab::Advert| a.vrid == vrid && !a.outgoing && a.at > last.at;
                if let Some(first) = seen.iter().find(after) {
                    late.push((first.at - last.at).saturating_sub(bound).as_nanos());
                }
            }
            assert!(now() > from);
        }
        daemon.stop();
        assert!(!late.is_empty(), "nobody took over at {interval} s");
        median(late)
    }

    /// From SIGTERM to the end of the process, as a Master of 20 addresses (ns, median of 3).
    fn exit(&self, kind: Kind) -> u128 {
        let vips: Vec<Ipv4Addr> = (1..=20).map(|n| Ipv4Addr::new(10, 1, 0, n)).collect();
        let config = instance(1, 200, "0.1", &vips);
        let mut took = Vec::new();
        for _ in 0..3 {
            let daemon = self.start(kind, &config);
            wait_for("a Master of 20", 10, || {
                self.router.addresses("eth0").len() == 21
            });
            pause(300);
            took.push(daemon.terminate().as_nanos());
            assert_eq!(
                self.router.addresses("eth0").len(),
                1,
                "addresses left behind"
            );
        }
        median(took)
    }
}

/// Adverts of a stronger Master for VRIDs 1..=`count`, `times` intervals long, VRIDs apart.
fn masters(injector: &Injector, count: u8, centis: u16, times: u32) {
    let step = Duration::from_millis(u64::from(centis) * 10);
    let start = std::time::Instant::now();
    for round in 0..times {
        for vrid in 1..=count {
            let due = step * round + step * u32::from(vrid) / (u32::from(count) * 2);
            std::thread::sleep((start + due).saturating_duration_since(std::time::Instant::now()));
            let vip = [Ipv4Addr::new(10, 1, 0, vrid)];
            injector.send(&Forge::v3(vrid, 254, centis, &vip).frame());
        }
    }
}

fn instance(vrid: u8, priority: u8, interval: &str, vips: &[Ipv4Addr]) -> String {
    let mut text = format!(
        "vrrp_instance I{vrid} {{\n interface eth0\n virtual_router_id {vrid}\n \
         priority {priority}\n version 3\n advert_int {interval}\n garp_master_delay 0\n \
         virtual_ipaddress {{\n"
    );
    for vip in vips {
        writeln!(text, "  {vip}/32").expect("writing to a string");
    }
    text + " }\n}\n"
}

/// Nanoseconds that all threads of these processes were on a CPU.
fn on_cpu(processes: &[i32]) -> u128 {
    let mut sum = 0;
    for pid in processes {
        for task in fs::read_dir(format!("/proc/{pid}/task"))
            .expect("a live process")
            .flatten()
        {
            let text = fs::read_to_string(task.path().join("schedstat")).expect("schedstat");
            sum += text
                .split(' ')
                .next()
                .and_then(|n| n.parse::<u128>().ok())
                .expect("a number");
        }
    }
    sum
}

/// VmRSS in KiB.
fn resident(pid: i32) -> u128 {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).expect("a live process");
    let line = text
        .lines()
        .find_map(|l| l.strip_prefix("VmRSS:"))
        .expect("VmRSS");
    line.split_whitespace()
        .next()
        .and_then(|n| n.parse().ok())
        .expect("a number")
}
