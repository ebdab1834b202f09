//! Sync groups, owners, and a starter that holds back, beside keepalived.

use crate::lab::harness::Test;
use crate::lab::{Daemon, Kind, Lab, Node, now, pause, stays, wait_for};
use std::net::Ipv4Addr;
use std::time::Duration;

pub const TESTS: &[Test] = &[
    Test::new("group::one_link_moves_both_ours_stronger", || {
        one_link(true)
    })
    .needs(&["keepalived"]),
    Test::new("group::one_link_moves_both_theirs_stronger", || {
        one_link(false)
    })
    .needs(&["keepalived"]),
    Test::new("group::owner_is_master_at_once", owner),
    Test::new("group::preempt_delay", preempt_delay).needs(&["keepalived"]),
    Test::new("group::three_routers", three).needs(&["keepalived"]),
    Test::new("group::frozen_master_comes_back", frozen_master).needs(&["keepalived"]),
];

fn config(priority: u8) -> String {
    let mut text = "vrrp_sync_group G {\n group {\n outside\n inside\n }\n}\n".to_owned();
    for (name, interface, vrid, address) in [
        ("outside", "eth0", 51, "192.0.2.100"),
        ("inside", "eth1", 52, "198.51.100.100"),
    ] {
        text += &format!(
            "vrrp_instance {name} {{\n interface {interface}\n virtual_router_id {vrid}\n \
             priority {priority}\n version 3\n advert_int 0.3\n \
             virtual_ipaddress {{\n {address}/24\n }}\n}}\n"
        );
    }
    text
}

/// Which of its two addresses a router has.
fn held(node: &Node) -> (bool, bool) {
    let inside = node
        .addresses("eth1")
        .iter()
        .any(|a| a.starts_with("198.51.100.100/"));
    (node.holds("192.0.2.100"), inside)
}

const BOTH: (bool, bool) = (true, true);
const NONE: (bool, bool) = (false, false);

fn one_link(ours_stronger: bool) {
    let ours = Kind::under_test();
    let (first, second) = if ours_stronger {
        (ours, Kind::Theirs)
    } else {
        (Kind::Theirs, ours)
    };
    let lab = Lab::new(2);
    lab.switch("br1");
    lab.cable(1, "eth1", "br1", "198.51.100.1/24");
    lab.cable(2, "eth1", "br1", "198.51.100.2/24");
    let (r1, r2) = (lab.r(1), lab.r(2));
    let a = r1.start(first, &config(150));
    let _b = r2.start(second, &config(100));
    let on = |a: &Node, b: &Node| held(a) == BOTH && held(b) == NONE;
    wait_for("both are on r1", 10, || on(r1, r2));
    for port in ["p-r1-eth1", "p-r1"] {
        crate::lab::sh(&format!("ip link set {port} down"));
        wait_for("one link lost moves both", 10, || on(r2, r1));
        stays("they stay together", 1500, || on(r2, r1));
        crate::lab::sh(&format!("ip link set {port} up"));
        wait_for("both come back", 10, || on(r1, r2));
    }
    a.stop();
    wait_for("SIGTERM moves both", 10, || on(r2, r1));
    let a = r1.start(first, &config(150));
    wait_for("both come back", 10, || on(r1, r2));
    a.crash();
    wait_for("kill -9 moves both", 10, || held(r2) == BOTH);
    let a = r1.start(first, &config(150));
    wait_for("both come back", 10, || on(r1, r2));
    stays("and stay", 2000, || on(r1, r2));
    a.stop();
}

fn single(state: &str, priority: u8, more: &str) -> String {
    format!(
        "vrrp_instance VI_1 {{\n state {state}\n interface eth0\n virtual_router_id 51\n \
         priority {priority}\n version 3\n advert_int 0.3\n {more}\n \
         virtual_ipaddress {{\n 192.0.2.100/24\n }}\n}}\n"
    )
}

/// Priority 255: the first advert leaves at once, with 255 in it; nobody's advert moves it.
fn owner() {
    let lab = Lab::new(2);
    let (r1, r2) = (lab.r(1), lab.r(2));
    let wire = lab.capture();
    let daemon = r1.start(Kind::under_test(), &single("MASTER", 255, ""));
    wait_for("it is Master", 5, || r1.holds("192.0.2.100"));
    let first = wire.adverts(|a| a.vrid == 51)[0].clone();
    println!(
        "  first advert {:?} after the start of the program",
        first.at - daemon.since
    );
    assert_eq!(first.priority, 255);
    assert!(
        first.at - daemon.since < Duration::from_millis(800),
        "not at once"
    );
    let _other = r2.start(Kind::under_test(), &single("BACKUP", 254, ""));
    stays("nobody takes it away", 2500, || {
        r1.holds("192.0.2.100") && !r2.holds("192.0.2.100")
    });
}

/// The stronger one waits although weaker adverts come, and takes over once the delay is up.
fn preempt_delay() {
    let lab = Lab::new(2);
    let (r1, r2) = (lab.r(1), lab.r(2));
    let _weak = r2.start(Kind::Theirs, &single("BACKUP", 100, ""));
    wait_for("r2 is Master", 10, || r2.holds("192.0.2.100"));
    let config = single("BACKUP", 150, "preempt_delay 4");
    let strong = r1.start(Kind::under_test(), &config);
    let since = now();
    wait_for("r1 takes over in the end", 15, || r1.holds("192.0.2.100"));
    let took = now() - since;
    println!("  took over after {took:?}");
    assert!(
        took > Duration::from_millis(3900),
        "it did not wait: {took:?}"
    );
    assert!(
        took < Duration::from_millis(7500),
        "it waited too long: {took:?}"
    );
    wait_for("r2 yields", 5, || !r2.holds("192.0.2.100"));
    strong.stop();

    // When nobody speaks the delay does not matter.
    wait_for("r2 is Master", 10, || r2.holds("192.0.2.100"));
    let _strong = r1.start(Kind::under_test(), &config.replace("delay 4", "delay 100"));
    stays("it holds back", 2500, || {
        r2.holds("192.0.2.100") && !r1.holds("192.0.2.100")
    });
    r2.carrier(false);
    wait_for("it takes over from a dead one", 5, || {
        r1.holds("192.0.2.100")
    });
}

/// 200, 150, 100: when the first dies the second takes over and the third says nothing.
fn three() {
    let lab = Lab::new(3);
    let wire = lab.capture();
    let ours = Kind::under_test();
    let start = |n: usize, kind, priority| -> Daemon<'_> {
        lab.r(n).start(kind, &single("BACKUP", priority, ""))
    };
    let strongest = start(1, ours, 200);
    let _middle = start(2, Kind::Theirs, 150);
    let _weakest = start(3, ours, 100);
    let holders = || -> Vec<usize> { (1..=3).filter(|n| lab.r(*n).holds("192.0.2.100")).collect() };
    wait_for("r1 is Master", 10, || holders() == [1]);
    pause(1500);
    let killed = now();
    strongest.crash();
    wait_for("r2 takes over", 10, || lab.r(2).holds("192.0.2.100"));
    pause(2000);
    let third = Ipv4Addr::new(192, 0, 2, 3);
    assert!(
        wire.adverts(|a| a.at > killed && a.source == third)
            .is_empty(),
        "r3 spoke"
    );
    let strongest = start(1, ours, 200);
    wait_for("r1 is Master again", 10, || holders() == [1]);
    strongest.stop();
    wait_for("r2 again", 10, || holders() == [2]);
    assert!(wire.adverts(|a| a.source == third).is_empty(), "r3 spoke");
}

/// A Master that is stopped for some intervals and goes on finds another one, and one remains.
fn frozen_master() {
    let lab = Lab::new(2);
    let (r1, r2) = (lab.r(1), lab.r(2));
    let a = r1.start(Kind::under_test(), &single("BACKUP", 150, ""));
    let _b = r2.start(Kind::Theirs, &single("BACKUP", 100, ""));
    let on_r1 = || r1.holds("192.0.2.100") && !r2.holds("192.0.2.100");
    wait_for("r1 is Master", 10, on_r1);
    pause(500);
    let masters = r2.log.count("Entering MASTER");
    for milliseconds in [750, 2000] {
        let all = a.processes();
        let tell = |signal: &str| {
            for pid in &all {
                crate::lab::sh(&format!("kill -{signal} {pid}"));
            }
        };
        tell("STOP");
        pause(milliseconds);
        tell("CONT");
        wait_for("r1 is Master again", 10, on_r1);
        stays("and remains", 2000, on_r1);
    }
    let transitions = r2.log.count("Entering MASTER") - masters;
    println!("  the other one took over {transitions} times");
    assert!(transitions <= 2, "at most once per stop");
}
