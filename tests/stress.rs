//! Nobody waits for anybody: long work of one virtual router, seen from the others.
//!
//! `cargo test --test stress [-- --nocapture]`.

#![allow(missing_docs, clippy::disallowed_methods, clippy::unwrap_used)]

#[path = "stress/checks.rs"]
mod checks;
mod lab;

use lab::harness::{self, Test};
use lab::{Capture, Daemon, Forge, Injector, Kind, Lab, now, pause, stays, wait_for};
use std::net::Ipv4Addr;
use std::time::Duration;

const TESTS: &[Test] = &[
    Test::new("stress::slow_script_has_no_company", slow_script)
        .ours_only("it starts the next script while one runs"),
    Test::new(
        "stress::five_thousand_addresses_beside_fifty_masters",
        five_thousand,
    )
    .needs(&["keepalived"])
    .ours_only("it stalls its own adverts")
    .alone(),
    Test::new(
        "stress::a_thousand_checks_beside_fifty_masters",
        checks::beside_masters,
    )
    .ours_only("it balances in another process")
    .alone(),
    Test::new(
        "stress::few_descriptors_for_many_servers",
        checks::few_descriptors,
    )
    .needs(&["setpriv", "prlimit"])
    .ours_only("without IPVS it checks nobody"),
];

fn main() -> std::process::ExitCode {
    harness::main(TESTS)
}

/// Masters that have nothing to do with the long work.
const NEIGHBOURS: u8 = 50;
/// Identifier of the virtual router with many addresses.
const BUSY: u8 = 200;
const ADDRESSES: usize = 5000;
const INTERVAL: Duration = Duration::from_millis(100);
/// Claimed and released so often.
const TIMES: usize = 3;
const R1: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const R2: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);

/// The machine that runs this may stall by itself: one more try is allowed, for the gaps alone.
fn five_thousand() {
    let lab = Lab::new(2);
    let router = lab.r(1).start(Kind::under_test(), &busy_config());
    wait_for("all addresses", 60, || {
        lab.r(1).addresses("eth0").len() > ADDRESSES
    });
    let backups = lab.r(2).start(Kind::Theirs, &neighbours("BACKUP", 100));
    pause(2000);
    let limit = INTERVAL * 3 / 2;
    let mut worst = Duration::MAX;
    for attempt in 1..=2 {
        worst = claim_and_release(&lab);
        println!(
            "  attempt {attempt}: largest gap {} ms of {} allowed",
            worst.as_millis(),
            limit.as_millis()
        );
        if worst <= limit {
            break;
        }
    }
    never_lost(&router, &backups);
    assert!(
        worst <= limit,
        "an advert came {} ms after its predecessor",
        worst.as_millis()
    );
}

/// Has the busy one release and claim, and looks at the others' adverts meanwhile.
fn claim_and_release(lab: &Lab) -> Duration {
    let capture = lab.capture();
    let injector = lab.injector();
    let stronger = Forge::v3(BUSY, 250, 10, &[Ipv4Addr::new(10, 2, 0, 0)]).frame();
    let held = || lab.r(1).addresses("eth0").len();
    for _ in 0..TIMES {
        // Counting them takes the lock that their going needs: not too often.
        wait_for("the addresses to go", 30, || {
            for _ in 0..20 {
                injector.send(&stronger);
                pause(50);
            }
            held() < ADDRESSES / 10
        });
        // Nothing here disturbs the claim; with it come the announcements, twice.
        pause(2500);
        wait_for("all addresses again", 20, || held() > ADDRESSES);
    }
    pause(300);
    let foreign = capture.adverts(|a| a.source == R2);
    assert!(foreign.is_empty(), "a Backup spoke: {:?}", foreign[0]);
    let announced = capture.look(|frames| frames.iter().filter(|f| f.garp().is_some()).count());
    assert!(
        announced >= TIMES * ADDRESSES,
        "only {announced} announcements"
    );
    let gaps = gaps(&capture);
    println!("  largest gap of each of the {NEIGHBOURS}, ms:");
    for line in gaps.chunks(10) {
        let line: Vec<String> = line
            .iter()
            .map(|g| format!("{:>4}", g.as_millis()))
            .collect();
        println!("  {}", line.join(""));
    }
    gaps.into_iter().max().expect("fifty of them")
}

/// The largest gap of each neighbour's adverts.
fn gaps(capture: &Capture) -> Vec<Duration> {
    (1..=NEIGHBOURS)
        .map(|vrid| {
            let mine = capture.adverts(|a| a.source == R1 && a.vrid == vrid);
            assert!(mine.len() > 50, "VRID {vrid} sent {} adverts", mine.len());
            assert!(
                mine.iter().all(|a| a.priority == 150),
                "VRID {vrid} resigned"
            );
            mine.windows(2)
                .map(|two| two[1].at - two[0].at)
                .max()
                .expect("many adverts")
        })
        .collect()
}

/// By their own counters: the Masters were Master once and for all, the Backups never.
fn never_lost(router: &Daemon, backups: &Daemon) {
    let mut seen = 0;
    for stats in router.stats().iter().filter(|s| s.name != "BUSY") {
        assert_eq!(
            (stats.became_master, stats.released_master),
            (1, 0),
            "{}",
            stats.name
        );
        seen += 1;
    }
    assert_eq!(seen, NEIGHBOURS);
    let backups = backups.stats();
    assert_eq!(backups.len(), usize::from(NEIGHBOURS));
    for stats in backups {
        assert_eq!(stats.became_master, 0, "{} of the other router", stats.name);
    }
}

fn neighbours(state: &str, priority: u8) -> String {
    let mut text = String::from(
        "global_defs {\n router_id stress\n vrrp_version 3\n vrrp_garp_master_delay 1\n}\n",
    );
    for vrid in 1..=NEIGHBOURS {
        text += &format!(
            "vrrp_instance VI_{vrid} {{\n state {state}\n interface eth0\n \
             virtual_router_id {vrid}\n priority {priority}\n advert_int 0.1\n \
             virtual_ipaddress {{\n 10.1.0.{vrid}/32\n }}\n}}\n"
        );
    }
    text
}

fn busy_config() -> String {
    let mut text = neighbours("MASTER", 150);
    text += &format!(
        "vrrp_instance BUSY {{\n state MASTER\n interface eth0\n virtual_router_id {BUSY}\n \
         priority 150\n advert_int 0.1\n virtual_ipaddress {{\n 10.2.0.0/32\n }}\n \
         virtual_ipaddress_excluded {{\n"
    );
    for n in 1..ADDRESSES {
        text += &format!(" 10.2.{}.{}/32\n", n / 256, n % 256);
    }
    text + " }\n}\n"
}

/// Changes of state in this test, after BACKUP and MASTER at the start.
const CHANGES: usize = 4;

/// A script slower than the changes it is told of: never two at once, none out of order.
fn slow_script() {
    let lab = Lab::new(1);
    let node = lab.r(1);
    let script = node.script(
        "slow",
        "#!/bin/sh\necho \"begin $3 $$\" >>/run/told\nsleep 0.7\necho \"end $3 $$\" >>/run/told\n",
    );
    let config = format!(
        "global_defs {{\n router_id stress\n vrrp_version 3\n script_user root\n}}\n\
         vrrp_instance VI_1 {{\n state BACKUP\n interface eth0\n virtual_router_id 51\n \
         priority 100\n advert_int 0.1\n notify {script}\n virtual_ipaddress {{\n \
         192.0.2.100/24\n }}\n}}\n"
    );
    let capture = lab.capture();
    let daemon = node.start(Kind::under_test(), &config);
    let injector = lab.injector();
    let master = |since: Duration| {
        wait_for("Master", 10, || {
            !capture
                .adverts(|a| a.source == R1 && a.at > since)
                .is_empty()
        });
    };
    master(Duration::ZERO);
    for _ in 0..CHANGES / 2 {
        take_from(&injector);
        let since = now() + INTERVAL;
        master(since);
    }
    let expected: Vec<&str> = (0..CHANGES + 2)
        .map(|n| ["BACKUP", "MASTER"][n % 2])
        .collect();
    wait_for("every script to end", 30, || {
        node.read("told")
            .lines()
            .filter(|l| l.starts_with("end"))
            .count()
            >= expected.len()
    });
    stays("no script starts unasked", 1000, || {
        node.read("told").lines().count() == 2 * expected.len()
    });
    in_turn(&node.read("told"), &expected);
    assert_eq!(
        daemon.stats_of("VI_1").became_master as usize,
        CHANGES / 2 + 1
    );
}

/// Each script ended before the next began, in the order of the changes.
fn in_turn(told: &str, expected: &[&str]) {
    let lines: Vec<&str> = told.lines().collect();
    for (pair, state) in lines.chunks(2).zip(expected) {
        let begun = pair[0]
            .strip_prefix("begin ")
            .unwrap_or_else(|| panic!("two at once:\n{told}"));
        assert_eq!(
            pair[1].strip_prefix("end "),
            Some(begun),
            "two at once:\n{told}"
        );
        assert_eq!(
            begun.split(' ').next(),
            Some(*state),
            "out of order:\n{told}"
        );
    }
}

/// A stronger router speaks twice.
fn take_from(injector: &Injector) {
    let frame = Forge::v3(51, 200, 10, &[Ipv4Addr::new(192, 0, 2, 100)]).frame();
    injector.send(&frame);
    pause(20);
    injector.send(&frame);
}
