//! 100 virtual servers with 10 real servers each: how soon they are in the table, what a check
//! costs, how even the rhythm of checks is, what it all takes of memory.

use crate::lab::daemon::{alive, tree};
use crate::lab::syslog::Sink;
use crate::lab::{Kind, pause, sh, wait_for};
use crate::servers::{PORT, Servers, Visit};
use crate::table::{Limit, Row, Table, Unit};
use crate::usage;
use crate::wire::percentile;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const LOAD: &str = "100 x 10 servers: filling the table";
/// Programs being started, libraries found, the configuration read: in this kernel mostly that.
const START: &str = "100 x 10 servers: from the start";
const CHECKS: &str = "1000 checks a second: made";
const CPU: &str = "1000 checks a second: CPU per check";
const LATE: &str = "1000 checks a second: lateness p99";
const LATE_MEDIAN: &str = "1000 checks a second: lateness p50";
const RSS: &str = "1000 checks a second: resident";
const PSS: &str = "1000 checks a second: proportional";

const SERVICES: usize = 100;
const EACH: usize = 10;
/// `delay_loop`
const DELAY: Duration = Duration::from_secs(1);

pub fn rows() -> Vec<Row> {
    vec![
        Row::new(LOAD, Unit::Time, Limit::Most(100)),
        Row::new(START, Unit::Time, Limit::Most(1000)),
        Row::new(CHECKS, Unit::Count, Limit::Least(1000)),
        Row::new(CPU, Unit::Time, Limit::Most(1050)),
        Row::new(LATE, Unit::Time, Limit::Most(500)),
        Row::new(LATE_MEDIAN, Unit::Time, Limit::None),
        Row::new(RSS, Unit::Memory, Limit::Most(300)),
        Row::new(PSS, Unit::Memory, Limit::None),
    ]
}

/// Once: the servers, a log, and the kernel's modules, so that nobody's start waits for them.
pub fn prepare() -> Servers {
    sh("ip link set lo up");
    let _ = fs::write("/proc/sys/net/ipv4/tcp_max_tw_buckets", "262144");
    fs::write("/run/conf", config()).expect("writing the configuration");
    // Listens until the end.
    std::mem::forget(Sink::bind(Path::new("/dev/log")));
    Balancer::start(Kind::Ours).stop();
    Servers::start()
}

fn config() -> String {
    let mut text = String::from("global_defs {\n router_id pace\n}\n");
    for s in 1..=SERVICES {
        text += &format!(
            "virtual_server 192.0.2.{s} 80 {{\n delay_loop {}\n lb_algo rr\n lb_kind NAT\n \
             protocol TCP\n",
            DELAY.as_secs()
        );
        for r in 1..=EACH {
            text += &format!(
                " real_server 10.9.{s}.{r} {PORT} {{\n  weight 1\n  TCP_CHECK {{\n   \
                 connect_timeout 3\n  }}\n }}\n"
            );
        }
        text += "}\n";
    }
    text
}

/// A daemon as it runs on a router: in the background, without VRRP.
struct Balancer {
    kind: Kind,
    pid: i32,
    /// From its start to the moment the last service was in the table.
    started: Duration,
    /// From the first service there to that moment.
    loaded: Duration,
}

impl Balancer {
    fn start(kind: Kind) -> Balancer {
        let start = Instant::now();
        let done = Command::new(kind.program())
            .args(["-f", "/run/conf", "-C", "-p", "/run/parent.pid"])
            .args(["-c", "/run/checkers.pid"])
            .stdin(Stdio::null())
            .output()
            .expect("starting a daemon");
        assert!(
            done.status.success(),
            "{}: {}",
            kind.name(),
            String::from_utf8_lossy(&done.stderr)
        );
        let limit = Duration::from_secs(60);
        while users() == 0 && start.elapsed() < limit {
            std::thread::sleep(Duration::from_micros(200));
        }
        let first = start.elapsed();
        // Looking at the table takes longer than filling a part of it. The last service stands for the
        // whole: only its own ten real servers come behind it.
        while users() < SERVICES && start.elapsed() < limit {
            std::thread::sleep(Duration::from_micros(200));
        }
        let started = start.elapsed();
        while filled() != (SERVICES, SERVICES * EACH) {
            assert!(
                start.elapsed() < limit,
                "{}: the table has {:?} lines",
                kind.name(),
                filled()
            );
            pause(10);
        }
        let read = || fs::read_to_string("/run/parent.pid").ok();
        let pid = || read().and_then(|text| text.trim().parse().ok());
        wait_for("a pid file", 5, || pid().is_some_and(alive));
        Balancer {
            kind,
            pid: pid().expect("just read"),
            started,
            loaded: started.saturating_sub(first),
        }
    }

    fn stop(self) {
        let processes = tree(self.pid);
        let _ = kill(Pid::from_raw(self.pid), Signal::SIGTERM);
        wait_for("its end", 30, || !processes.iter().any(|pid| alive(*pid)));
        assert_eq!(filled(), (0, 0), "{} left something", self.kind.name());
    }
}

/// Services that use the scheduler.
fn users() -> usize {
    let text = fs::read_to_string("/sys/module/ip_vs_rr/refcnt").unwrap_or_default();
    text.trim().parse().unwrap_or(SERVICES)
}

/// Services and destinations in the table.
fn filled() -> (usize, usize) {
    let text = fs::read_to_string("/proc/net/ip_vs").unwrap_or_default();
    let services = text.lines().filter(|l| l.starts_with("TCP ")).count();
    let destinations = text.lines().filter(|l| l.starts_with("  -> ")).skip(1);
    (services, destinations.count())
}

/// Only how soon the table is complete.
pub fn load(kind: Kind, table: &mut Table) {
    let daemon = Balancer::start(kind);
    table.put(LOAD, kind, daemon.loaded.as_nanos() as i64);
    table.put(START, kind, daemon.started.as_nanos() as i64);
    daemon.stop();
}

/// A while of checks.
pub fn checks(servers: &Servers, kind: Kind, quick: bool, table: &mut Table) {
    let daemon = Balancer::start(kind);
    // The first runs are spread; let each server be asked once or twice.
    pause(4000);
    let processes = tree(daemon.pid);
    let window = Duration::from_secs(if quick { 4 } else { 12 });
    servers.take();
    let cpu = usage::cpu(&processes);
    std::thread::sleep(window);
    let (cpu, visits) = (usage::cpu(&processes) - cpu, servers.take());
    let checks = visits.len() as i64;
    assert!(checks > 0, "{} asks nobody", kind.name());
    table.put(CHECKS, kind, checks);
    table.put(CPU, kind, cpu as i64 / checks);
    let mut late = lateness(&visits);
    if late.is_empty() {
        // On a machine that is far too busy nobody was asked twice.
        late.push(window.as_nanos() as i64);
    }
    table.put(LATE, kind, percentile(&late, 99));
    table.put(LATE_MEDIAN, kind, percentile(&late, 50));
    let memory = |file, key| usage::memory(&processes, file, key);
    table.put(RSS, kind, memory("status", "VmRSS:"));
    table.put(PSS, kind, memory("smaps_rollup", "Pss:"));
    daemon.stop();
}

/// By how much the pause between two visits to the same server differs from what is configured,
/// nanoseconds.
fn lateness(visits: &[Visit]) -> Vec<i64> {
    let mut last: HashMap<u16, Instant> = HashMap::new();
    let mut all = Vec::with_capacity(visits.len());
    for (server, at) in visits {
        if let Some(before) = last.insert(*server, *at) {
            all.push((*at - before).abs_diff(DELAY).as_nanos() as i64);
        }
    }
    all
}
