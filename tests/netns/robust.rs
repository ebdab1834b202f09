//! What the kernel and other programs do to a daemon while it runs.

use crate::lab::daemon::{descriptors, memory};
use crate::lab::harness::Test;
use crate::lab::{Daemon, Kind, Lab, Node, now, pause, sh, stays, wait_for};
use std::fmt::Write;
use std::net::Ipv4Addr;
use std::time::Duration;

pub const TESTS: &[Test] = &[
    Test::new("robust::no_address_on_the_interface", no_address),
    Test::new("robust::source_address_changes", source_changes),
    Test::new("robust::address_taken_away", taken_away),
    Test::new("robust::first_of_the_subnet_deleted", subnet_deleted),
    Test::new("robust::link_flaps", flaps),
    Test::new("robust::administrator_downs_the_interface", admin_down),
    Test::new("robust::stopped_while_claiming", stopped_while_claiming),
    Test::new("robust::killed_while_claiming", killed_while_claiming)
        .ours_only("its new worker starts as Backup, and its adverts stop meanwhile"),
    Test::new("robust::nothing_leaks", leaks),
    Test::new("robust::address_lines", address_lines),
];

const VIP: &str = "192.0.2.100";

fn config(more: &str) -> String {
    format!(
        "vrrp_instance VI_1 {{\n interface eth0\n virtual_router_id 51\n priority 100\n \
         version 3\n advert_int 0.2\n {more}\n virtual_ipaddress {{\n {VIP}/24\n 192.0.2.101/24\n \
         10.7.0.1/16\n }}\n}}\n"
    )
}

fn master(node: &Node) -> Daemon<'_> {
    let daemon = node.start(Kind::under_test(), &config(""));
    wait_for("it is Master", 10, || complete(node));
    daemon
}

fn complete(node: &Node) -> bool {
    node.holds_of(&[VIP, "192.0.2.101", "10.7.0.1"]) == 3
}

/// Without an address of its own an instance cannot speak; it comes alive with one.
fn no_address() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    r1.ip("addr flush dev eth0");
    let wire = lab.capture();
    let daemon = r1.start(Kind::under_test(), &config(""));
    pause(2000);
    assert!(
        wire.adverts(|_| true).is_empty(),
        "adverts without a source address"
    );
    assert!(daemon.alive() && !r1.holds(VIP));
    r1.ip("addr add 192.0.2.1/24 dev eth0");
    wait_for("it is Master", 10, || complete(r1));
    let own = Ipv4Addr::new(192, 0, 2, 1);
    let adverts = wire.adverts(|_| true);
    assert!(
        !adverts.is_empty() && adverts.iter().all(|a| a.source == own),
        "{adverts:?}"
    );
}

/// The next adverts carry the new primary address, never a virtual one.
fn source_changes() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    let wire = lab.capture();
    let _daemon = master(r1);
    r1.ip("addr add 203.0.113.9/24 dev eth0");
    r1.ip("addr del 192.0.2.1/24 dev eth0");
    wait_for("it has its addresses", 10, || complete(r1));
    let since = now();
    wait_for("adverts go on", 5, || {
        wire.adverts(|a| a.at > since).len() >= 5
    });
    let adverts = wire.adverts(|a| a.at > since + Duration::from_millis(500));
    let sources: Vec<Ipv4Addr> = adverts.iter().map(|a| a.source).collect();
    println!("  sources afterwards: {:?}", sources.last());
    let virtual_ones = [VIP, "192.0.2.101", "10.7.0.1"].map(|a| a.parse::<Ipv4Addr>().unwrap());
    assert!(
        sources.iter().all(|s| !virtual_ones.contains(s)),
        "{sources:?}"
    );
}

/// Someone deletes a virtual address: it is back within a second or so.
fn taken_away() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    let daemon = master(r1);
    for _ in 0..3 {
        r1.ip("addr del 10.7.0.1/16 dev eth0");
        wait_for("it comes back", 5, || complete(r1));
        stays("and stays", 500, || complete(r1));
    }
    daemon.stop();
    assert_eq!(r1.addresses("eth0"), ["192.0.2.1/24"]);
}

/// Deleting the first address of a subnet takes its secondaries along, virtual ones too.
fn subnet_deleted() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    let daemon = master(r1);
    r1.ip("addr del 192.0.2.1/24 dev eth0");
    pause(300);
    r1.ip("addr add 192.0.2.1/24 dev eth0");
    wait_for("all are there", 10, || {
        complete(r1) && r1.holds("192.0.2.1")
    });
    stays("and stay", 1000, || complete(r1) && r1.holds("192.0.2.1"));
    daemon.stop();
    assert_eq!(r1.addresses("eth0"), ["192.0.2.1/24"]);
}

/// Its carrier goes and comes faster than anybody can follow.
fn flaps() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    let daemon = master(r1);
    for round in 0..60 {
        r1.carrier(false);
        pause(round % 7 * 3);
        r1.carrier(true);
        pause(round % 5 * 4);
    }
    wait_for("it is Master again", 10, || complete(r1));
    stays("and stays", 1500, || complete(r1) && daemon.alive());
    r1.carrier(false);
    wait_for("without a link it has none", 5, || {
        r1.addresses("eth0") == ["192.0.2.1/24"]
    });
    r1.carrier(true);
    wait_for("it is Master again", 10, || complete(r1));
    assert!(
        r1.log.lines().len() < 1500,
        "{} lines",
        r1.log.lines().len()
    );
}

fn admin_down() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    let daemon = master(r1);
    for _ in 0..3 {
        r1.admin(false);
        wait_for("it lets go of its addresses", 5, || !r1.holds(VIP));
        r1.admin(true);
        wait_for("it is Master again", 10, || complete(r1));
    }
    daemon.stop();
    assert_eq!(r1.addresses("eth0"), ["192.0.2.1/24"]);
}

fn many(addresses: u32) -> String {
    let mut text = "vrrp_instance BIG {\n interface eth0\n virtual_router_id 51\n priority 100\n \
                    version 3\n advert_int 0.2\n virtual_ipaddress {\n 10.2.0.1/32\n }\n \
                    virtual_ipaddress_excluded {\n"
        .to_owned();
    for n in 1..addresses {
        let [_, _, c, d] = n.to_be_bytes();
        writeln!(text, "  10.3.{c}.{d}/32").unwrap();
    }
    text + " }\n}\n"
}

fn big(node: &Node) -> usize {
    node.addresses("eth0")
        .iter()
        .filter(|a| a.starts_with("10."))
        .count()
}

fn stopped_while_claiming() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    for wait in [0, 20, 120, 400] {
        let daemon = r1.start(Kind::under_test(), &many(4000));
        wait_for("it begins to claim", 10, || big(r1) > 0);
        pause(wait);
        let had = big(r1);
        let (took, status) = daemon.stop();
        println!("  stopped with {had} of 4000 addresses: {took:?}");
        assert_eq!(status.and_then(|s| s.code()), Some(0));
        assert_eq!(r1.addresses("eth0"), ["192.0.2.1/24"]);
    }
}

fn killed_while_claiming() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    let wire = lab.capture();
    let daemon = r1.daemonise(Kind::under_test(), &many(3000), &[]);
    wait_for("it begins to claim", 10, || big(r1) > 0);
    daemon.kill_worker();
    wait_for("the new worker completes it", 20, || big(r1) == 3000);
    pause(500);
    let adverts = wire.adverts(|_| true);
    let gap = adverts.windows(2).map(|w| w[1].at - w[0].at).max().unwrap();
    println!("  widest gap {gap:?}");
    assert!(
        gap < Duration::from_millis(600),
        "a Backup would have taken over"
    );
    daemon.stop();
    assert_eq!(r1.addresses("eth0"), ["192.0.2.1/24"]);
}

/// Descriptors and memory after a thousand things are what they were after a hundred.
fn leaks() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    let script = r1.script("notify.sh", "#!/bin/sh\nexit 0\n");
    let daemon = r1.start(Kind::under_test(), &config(&format!("notify {script}")));
    wait_for("it is Master", 10, || complete(r1));
    let worker = daemon.worker();
    let state = || (descriptors(worker), memory(worker));
    let round = |n: usize| {
        for _ in 0..n {
            sh(&format!("kill -USR1 {worker}"));
            sh(&format!("kill -USR2 {worker}"));
            r1.carrier(false);
            pause(5);
            r1.carrier(true);
            r1.ip("addr add 10.8.0.1/32 dev eth0");
            r1.ip("addr del 10.8.0.1/32 dev eth0");
        }
        wait_for("it is Master again", 10, || complete(r1));
        pause(300);
    };
    round(20);
    let before = state();
    round(120);
    let after = state();
    println!("  descriptors and KiB: {before:?}, later {after:?}");
    assert_eq!(before.0, after.0, "descriptors");
    assert!(
        after.1 <= before.1 + 400,
        "memory grew from {} to {} KiB",
        before.1,
        after.1
    );
    let left: Vec<i32> = crate::lab::daemon::children(worker);
    assert!(left.is_empty(), "children left: {left:?}");
}

/// Prefix, label, scope, broadcast and device as written.
fn address_lines() {
    let lab = Lab::new(1);
    lab.switch("br1");
    lab.cable(1, "eth1", "br1", "198.51.100.1/24");
    let r1 = lab.r(1);
    let config = "vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 51\n priority 100\n \
        version 3\n advert_int 0.2\n virtual_ipaddress {\n 192.0.2.100\n \
        192.0.2.101/24 brd 192.0.2.255 label eth0:web\n 10.7.0.1/16 scope link\n \
        198.51.100.100/24 dev eth1\n }\n virtual_ipaddress_excluded {\n 10.9.0.1/30\n }\n}\n";
    let wire = lab.capture();
    let daemon = r1.start(Kind::under_test(), config);
    wait_for("all are there", 10, || r1.holds("10.9.0.1"));
    pause(300);
    let text = r1.ip("-4 -o addr show");
    for wanted in [
        "eth0    inet 192.0.2.100/32 scope global eth0",
        "eth0    inet 192.0.2.101/24 brd 192.0.2.255 scope global secondary eth0:web",
        "eth0    inet 10.7.0.1/16 scope link eth0",
        "eth1    inet 198.51.100.100/24 scope global secondary eth1",
        "eth0    inet 10.9.0.1/30 scope global eth0",
    ] {
        let plain: String = text
            .replace("proto keepalived ", "")
            .replace("proto 18 ", "");
        assert!(plain.contains(wanted), "{wanted}\nis not in\n{plain}");
    }
    let advert = wire.adverts(|_| true).pop().unwrap();
    assert_eq!(advert.count, 4, "excluded ones are not listed");
    let garps = |address: Ipv4Addr| {
        wire.look(|all| all.iter().filter(|f| f.garp() == Some(address)).count())
    };
    assert_eq!(
        garps(Ipv4Addr::new(10, 9, 0, 1)),
        5,
        "excluded ones are announced"
    );
    assert_eq!(
        garps(Ipv4Addr::new(198, 51, 100, 100)),
        0,
        "announced on its own device"
    );
    daemon.stop();
    assert_eq!(r1.addresses("eth0"), ["192.0.2.1/24"]);
    assert_eq!(r1.addresses("eth1"), ["198.51.100.1/24"]);
}
