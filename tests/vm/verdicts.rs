//! Every kind of check against real servers, good and bad: who is in the table afterwards.
//!
//! One configuration has a virtual server for each row of a table; what `ipvsadm` shows and what the
//! log says is compared with the row.

#[path = "verdicts/program.rs"]
mod program;
#[path = "verdicts/raw.rs"]
pub mod raw;
#[path = "verdicts/real.rs"]
mod real;
#[path = "verdicts/row.rs"]
mod row;
#[path = "verdicts/talk.rs"]
mod talk;
#[path = "verdicts/web.rs"]
mod web;

use crate::lab::daemon::{descriptors, memory};
use crate::lab::{Daemon, Kind, Lab, Node, pause, sh, wait_for};
use row::Row;
use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

/// Checkers only, in the foreground.
const ARGUMENTS: [&str; 3] = ["-n", "-C", "-D"];
/// The virtual server of the first row.
const FIRST: u16 = 1000;
/// The longest wait for all verdicts.
const PATIENCE: Duration = Duration::from_secs(120);

/// The table's real servers and their weights, by the port of the virtual server.
pub fn weights(node: &Node) -> BTreeMap<u16, i32> {
    let done = node.command("ipvsadm").args(["-S", "-n"]).output();
    let text = done.expect("running ipvsadm").stdout;
    let text = String::from_utf8_lossy(&text);
    let lines = text.lines().filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let ["-a", "-t", service, "-r", ..] = words.as_slice() else {
            return None;
        };
        let port = service.rsplit(':').next()?.parse().ok()?;
        Some((port, words.last()?.parse().ok()?))
    });
    lines.collect()
}

/// The switch with its servers' addresses, and a router that can reach them.
fn lab() -> Lab {
    let helper = fs::read_to_string("/proc/sys/kernel/modprobe").expect("its modprobe");
    sh(&format!("{} ipv6", helper.trim()));
    let lab = Lab::new(1);
    fs::write("/proc/sys/net/ipv6/conf/br0/disable_ipv6", "0").expect("IPv6 on the switch");
    for line in [
        "ip addr add 192.0.2.250/24 dev br0",
        "ip -6 addr add fd00::250/64 dev br0 nodad",
    ] {
        sh(line);
    }
    let r1 = lab.r(1);
    r1.ipv6();
    for line in [
        "addr add 192.0.2.9/24 dev eth0",
        "-6 addr add fd00::1/64 dev eth0 nodad",
        "link add dummy0 type dummy",
        "addr add 203.0.113.1/24 dev dummy0",
        "link set dummy0 up",
    ] {
        r1.ip(line);
    }
    for nowhere in [talk::NOWHERE, talk::NOWHERE6] {
        r1.ip(&format!(
            "neigh add {nowhere} lladdr 02:00:00:00:00:99 dev eth0"
        ));
    }
    lab
}

/// What a row's verdict is at the moment, where it is not as expected.
fn unlike(row: &Row, weight: Option<&i32>) -> Option<String> {
    let ours = Kind::under_test() == Kind::Ours;
    let good = if ours { row.good } else { row.theirs };
    let expected = good.then_some(row.weight);
    (weight.copied() != expected)
        .then(|| format!("{}: weight {weight:?}, not {expected:?}", row.name))
}

/// What the log says of each row: its reason, and nothing else.
fn told(row: &Row, port: u16, log: &str) -> Option<String> {
    let of = [
        format!(" in [192.0.2.100]:tcp:{port} "),
        format!(" in [fd00::100]:tcp:{port} "),
    ];
    let lines: Vec<&str> = log
        .lines()
        .filter(|line| of.iter().any(|of| line.contains(of)))
        .collect();
    let succeeds = lines.iter().any(|line| line.ends_with("succeeds"));
    let failed = lines.iter().any(|line| line.contains(" failed"));
    let reason = lines.iter().any(|line| line.contains(row.why));
    let well = match row.good {
        true => !failed,
        false => failed && !succeeds && reason,
    };
    (!well).then(|| format!("{}: not {:?} but {lines:#?}", row.name, row.why))
}

/// What differs from the table; empty: nothing.
fn differences(node: &Node, rows: &[Row]) -> Vec<String> {
    let have = weights(node);
    let each = rows.iter().zip(FIRST..);
    each.filter_map(|(row, port)| unlike(row, have.get(&port)))
        .collect()
}

/// Checks, verdicts, and what it costs to go on for ever.
pub fn shown() {
    let lab = lab();
    let r1 = lab.r(1);
    let servers = real::servers();
    let mut rows = talk::tcp();
    rows.extend(web::rows());
    rows.extend(web::odd());
    rows.extend(program::misc(r1));
    rows.extend(program::file());
    rows.extend(talk::smtp(servers.mail));
    rows.extend(talk::dns());
    rows.extend(talk::udp());
    rows.extend(talk::ping());
    if let Ok(part) = std::env::var("HOLDFAST_ROWS") {
        rows.retain(|row| row.name.contains(&part));
    }
    let mut config = String::from("global_defs {\n script_user root\n}\n");
    config += &program::files(r1);
    for (row, port) in rows.iter().zip(FIRST..) {
        config += &row.service(port);
    }
    let daemon = r1.start_with(Kind::under_test(), &config, &ARGUMENTS);
    let start = Instant::now();
    let mut wrong = differences(r1, &rows);
    while !wrong.is_empty() && start.elapsed() < PATIENCE {
        pause(500);
        wrong = differences(r1, &rows);
    }
    println!("         {} rows, {:.0?}", rows.len(), start.elapsed());
    if Kind::under_test() == Kind::Ours {
        let log = r1.log.text();
        let each = rows.iter().zip(FIRST..);
        wrong.extend(each.filter_map(|(row, port)| told(row, port, &log)));
    }
    for line in &wrong {
        println!("         {line}");
    }
    assert!(wrong.is_empty(), "{} rows are otherwise", wrong.len());
    if Kind::under_test() == Kind::Ours {
        goes_on(r1, &daemon, &rows);
    }
    files(r1, &rows);
    daemon.stop();
    wait_for("an empty table", 20, || weights(r1).is_empty());
    drop(servers);
}

/// Descriptors, KiB of memory, and connections to the server that never ends.
fn cost(daemon: &Daemon<'_>) -> (usize, u64, usize) {
    let tcp = fs::read_to_string(format!("/proc/{}/net/tcp", daemon.pid)).unwrap_or_default();
    let to = format!(":{:04X}", web::DRIP);
    let drips = tcp.lines().filter(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words.get(2).is_some_and(|w| w.ends_with(&to)) && words.get(3) == Some(&"01")
    });
    (descriptors(daemon.pid), memory(daemon.pid), drips.count())
}

/// Hundreds of further checks cost nothing that stays.
fn goes_on(node: &Node, daemon: &Daemon<'_>, rows: &[Row]) {
    let mut halves = [(0, 0, 0); 2];
    let mut least = (usize::MAX, u64::MAX);
    for half in &mut halves {
        least = (usize::MAX, u64::MAX);
        for _ in 0..40 {
            let (fds, rss, drips) = cost(daemon);
            *half = (half.0.max(fds), half.1.max(rss), half.2.max(drips));
            least = (least.0.min(fds), least.1.min(rss));
            pause(200);
        }
    }
    let [before, after] = halves;
    println!("         descriptors, kB, drips: {before:?}, then {after:?}");
    assert!(least.0 <= before.0, "descriptors: {halves:?}");
    assert!(after.1 <= before.1 + 64, "memory: {halves:?}");
    assert_eq!(before.2.max(after.2), 1, "one socket to who never ends");
    assert!(differences(node, rows).is_empty(), "nothing changed");
    let asleep = children_asleep();
    assert!(asleep <= 6, "{asleep} programs that hung are left");
}

/// Programs that should be killed and are there.
fn children_asleep() -> usize {
    let all = fs::read_dir("/proc").expect("/proc").flatten();
    let lines = all.filter_map(|e| fs::read(e.path().join("cmdline")).ok());
    let wanted = format!("sleep\0{}\0", program::HANGS);
    lines
        .filter(|line| line.ends_with(wanted.as_bytes()))
        .count()
}

/// A file that changes takes a real server out and back in, and weighs it.
fn files(node: &Node, rows: &[Row]) {
    let port_of = |name: &str| {
        let found = rows.iter().zip(FIRST..).find(|(row, _)| row.name == name);
        found.map(|(_, port)| port)
    };
    let (Some(plain), Some(weighed)) = (
        port_of("FILE_CHECK: 0"),
        port_of("FILE_CHECK: 5 with a weight"),
    ) else {
        return;
    };
    for (zero, five, expected) in [
        ("7", "6", (None, Some(22))),
        ("0", "-3", (Some(10), Some(4))),
        ("0", "5", (Some(10), Some(20))),
    ] {
        node.write("f-zero", zero);
        node.write("f-five", five);
        wait_for("what the files say", 20, || {
            let have = weights(node);
            (have.get(&plain).copied(), have.get(&weighed).copied()) == expected
        });
    }
}
