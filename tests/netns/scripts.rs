//! Fifty scripts a second that succeed, fail, hang, fork and die at random, beside quick adverts.
//!
//! `HOLDFAST_SCRIPTS_SECONDS` says how long (40); `HOLDFAST_SCRIPTS_SEED` replays a run: what the
//! n-th run of a script does follows from the seed alone.

use crate::lab::daemon::{children, descriptors, memory};
use crate::lab::harness::Test;
use crate::lab::{Capture, Daemon, Kind, Lab, Node, now, pause, wait_for};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, Instant};

pub const TESTS: &[Test] = &[Test::new("scripts::fifty_at_random", random)
    .ours_only("its log does not name each change of a script")
    .alone()];

const SCRIPTS: usize = 50;
const BASE: u8 = 200;
const VIP: &str = "192.0.2.100";

/// Its own random numbers, no program started for them. A line per run in /run/did/N: the letter of
/// what it does when it begins, a dot just before it ends.
///
/// o succeeds, f fails, k dies of a signal, d succeeds after half a second, b succeeds and leaves a
/// child behind for a while, h hangs, H hangs with a child that ignores SIGTERM.
const CHECK: &str = r#"#!/bin/sh
read x </run/at/$1
x=$(( (x * 1103515245 + 12345) & 0x7fffffff ))
echo $x >/run/at/$1
n=$(( (x >> 12) % 100 ))
if test -e /run/over; then n=0; fi
if test $n -lt 50; then c=o
elif test $n -lt 75; then c=f
elif test $n -lt 80; then c=k
elif test $n -lt 84; then c=d
elif test $n -lt 92; then c=b
elif test $n -lt 96; then c=h
else c=H
fi
printf $c >>/run/did/$1
case $c in
d) sleep 0.5;;
b) sleep 1.5 & ;;
h) exec sleep 1000;;
H) (trap '' TERM; while :; do sleep 0.3; done) & sleep 1000;;
esac
printf . >>/run/did/$1
case $c in
f) exit 3;;
k) kill -9 $$;;
esac
exit 0
"#;

fn rise(n: usize) -> u32 {
    [1, 2, 3][n % 3]
}

fn fall(n: usize) -> u32 {
    [1, 3, 2, 2][n % 4]
}

fn config() -> String {
    let trusted = fs::metadata("/").is_ok_and(|m| m.uid() == 0);
    let security = if trusted {
        "enable_script_security"
    } else {
        ""
    };
    let mut text = format!("global_defs {{\n {security}\n script_user root\n}}\n");
    let mut tracks = String::new();
    for n in 0..SCRIPTS {
        writeln!(
            text,
            "vrrp_script c{n} {{\n script \"/run/check.sh {n}\"\n interval 1\n timeout 3\n \
             rise {}\n fall {}\n}}",
            rise(n),
            fall(n)
        )
        .unwrap();
        writeln!(tracks, "  c{n} weight -2").unwrap();
    }
    text + &instance(BASE, &format!("track_script {{\n{tracks} }}"))
}

fn instance(priority: u8, more: &str) -> String {
    format!(
        "vrrp_instance VI_1 {{\n interface eth0\n virtual_router_id 51\n priority {priority}\n \
         version 3\n advert_int 0.1\n {more}\n virtual_ipaddress {{\n {VIP}/24\n }}\n}}\n"
    )
}

/// How a run ended, from what it wrote: its letter, and whether it came to its end.
fn result(letter: char, whole: bool) -> &'static str {
    match (letter, whole) {
        // On a machine too busy a sound one may take too long as well: then there is no dot.
        (_, false) => "killed, it ran too long",
        ('f', true) => "exit status 3",
        ('k', true) => "ended by signal 9",
        _ => "exit status 0",
    }
}

/// The lines the log must have of a script, in order.
fn model(n: usize, did: &str) -> Vec<String> {
    let mut count = rise(n) - 1;
    let mut level = None;
    let mut lines = Vec::new();
    let mut letters = did.chars().peekable();
    while let Some(letter) = letters.next() {
        let whole = letters.next_if(|c| *c == '.').is_some();
        let ended = result(letter, whole);
        let before = level;
        if ended == "exit status 0" {
            if count + 1 < rise(n) {
                count += 1;
            } else {
                if count < rise(n) {
                    level = Some(true);
                }
                count = rise(n) + fall(n) - 1;
            }
        } else if count > rise(n) {
            count -= 1;
        } else {
            (count, level) = (0, Some(false));
        }
        if level != before {
            let word = if level == Some(true) {
                "succeeded"
            } else {
                "failed"
            };
            lines.push(format!("script c{n} {word}: {ended}"));
        }
    }
    lines
}

/// Compares the log with the model; how many changes there were.
fn compare(node: &Node) -> usize {
    let mut told: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    let mut down = BTreeSet::new();
    let mut priorities = 0;
    for line in node.log.lines() {
        if let Some((_, words)) = line.text.split_once(": script c")
            && let Some((number, rest)) = words.split_once(' ')
            && (rest.starts_with("succeeded: ") || rest.starts_with("failed: "))
        {
            let n: usize = number.parse().expect("a number");
            told.entry(n).or_default().push(format!("script c{words}"));
            if rest.starts_with("failed") {
                down.insert(n);
            } else {
                down.remove(&n);
            }
        }
        if let Some((_, priority)) = line.text.split_once("effective priority ")
            && let Some((_, to)) = priority.split_once(" -> ")
        {
            // Said right after the change of the script that moved it.
            let wanted = usize::from(BASE) - 2 * down.len();
            assert_eq!(to.parse(), Ok(wanted), "{}", line.text);
            priorities += 1;
        }
    }
    let mut changes = 0;
    for n in 0..SCRIPTS {
        let did = node.read(&format!("did/{n}"));
        let told = told.remove(&n).unwrap_or_default();
        assert_eq!(told, model(n, &did), "script c{n} did {did}");
        changes += told.len();
    }
    assert!(down.is_empty(), "{down:?} are down in the end");
    println!("  {changes} changes of scripts, {priorities} of the priority");
    changes
}

/// What the worker holds: descriptors, and KiB of memory.
fn holds(daemon: &Daemon<'_>) -> (usize, u64) {
    let worker = daemon.worker();
    // The fewest in a while: a script that runs has a pipe.
    let fewest = (0..100).map(|_| {
        pause(10);
        descriptors(worker)
    });
    (fewest.min().unwrap_or(0), memory(worker))
}

/// Children of the worker that are zombies now.
fn zombies(daemon: &Daemon<'_>) -> BTreeSet<i32> {
    let dead = |pid: &i32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let state = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
        state.starts_with('Z')
    };
    children(daemon.worker()).into_iter().filter(dead).collect()
}

fn left_over() -> usize {
    let all = fs::read_dir("/proc").expect("/proc");
    all.flatten()
        .filter_map(|entry| fs::read(entry.path().join("cmdline")).ok())
        .filter(|line| line.starts_with(b"sleep\0") || line.windows(8).any(|w| w == b"check.sh"))
        .count()
}

/// The widest gap between two adverts of r1; the period's median.
fn gaps(wire: &Capture) -> (Duration, Duration) {
    let own = Ipv4Addr::new(192, 0, 2, 1);
    let adverts = wire.adverts(|a| a.source == own);
    let mut gaps: Vec<Duration> = adverts.windows(2).map(|w| w[1].at - w[0].at).collect();
    gaps.sort_unstable();
    (gaps[gaps.len() - 1], gaps[gaps.len() / 2])
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|v| v.parse().ok())
        .unwrap_or(otherwise)
}

fn random() {
    let seconds = number("HOLDFAST_SCRIPTS_SECONDS", 40);
    let seed = number("HOLDFAST_SCRIPTS_SEED", now().subsec_nanos().into());
    println!("  {seconds} s, HOLDFAST_SCRIPTS_SEED={seed}");
    let lab = Lab::new(2);
    let (r1, r2) = (lab.r(1), lab.r(2));
    for folder in ["did", "at"] {
        fs::create_dir(r1.run.join(folder)).expect("a folder");
    }
    for n in 0..SCRIPTS {
        let start = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(n as u64 * 7919);
        r1.write(&format!("at/{n}"), &format!("{}\n", start % 0x7fff_ffff));
    }
    r1.script("check.sh", CHECK);
    r1.write("over", "");
    let daemon = r1.start(Kind::under_test(), &config());
    wait_for("r1 is Master", 15, || r1.holds(VIP));
    let _peer = r2.start(Kind::under_test(), &instance(90, ""));
    // Warm: every script has run, some have failed and hung.
    pause(3000);
    fs::remove_file(r1.run.join("over")).expect("the flag");
    pause(8000);
    r1.write("over", "");
    pause(8000);
    let before = holds(&daemon);
    let masters = r2.log.count("Entering MASTER");
    fs::remove_file(r1.run.join("over")).expect("the flag");
    let wire = lab.capture();
    let start = Instant::now();
    let mut dead = BTreeSet::new();
    let mut most = 0;
    while start.elapsed() < Duration::from_secs(seconds) {
        pause(1000);
        let now_dead = zombies(&daemon);
        let kept: Vec<_> = dead.intersection(&now_dead).collect();
        assert!(kept.is_empty(), "zombies for a second: {kept:?}");
        most = most.max(children(daemon.worker()).len());
        dead = now_dead;
        assert!(daemon.alive());
    }
    let (widest, median) = gaps(&wire);
    println!("  adverts: median period {median:?}, widest gap {widest:?}; {most} scripts at once");
    assert_eq!(
        r2.log.count("Entering MASTER"),
        masters,
        "mastership was lost"
    );
    // 3 × 0.1 s and the skew of priority 90: 0.1 s × (256 - 90) / 256.
    assert!(
        widest < Duration::from_millis(364),
        "a peer would have taken over"
    );
    r1.write("over", "");
    let runs = |n: usize| r1.read(&format!("did/{n}")).len();
    pause(8000);
    let total: usize = (0..SCRIPTS)
        .map(|n| r1.read(&format!("did/{n}")).replace('.', "").len())
        .sum();
    println!("  {total} runs");
    let changes = compare(r1);
    assert!(changes > SCRIPTS * 4, "{changes} changes are no test");
    let after = holds(&daemon);
    println!("  descriptors and kB before {before:?}, after {after:?}");
    assert!(after.0 <= before.0, "descriptors grew");
    assert!(after.1 <= before.1 + 64, "memory grew");
    wait_for("no zombie", 5, || zombies(&daemon).is_empty());
    let had = runs(0);
    wait_for("it goes on", 10, || runs(0) > had);
    daemon.stop();
    wait_for("nothing is left", 10, || left_over() == 0);
}
