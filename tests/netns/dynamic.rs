//! Interfaces that come, go and change their names: an event with a reason, never an exit.

use crate::lab::harness::Test;
use crate::lab::{Capture, Kind, Lab, Node, now, pause, sh, stays, wait_for};
use std::net::Ipv4Addr;

pub const TESTS: &[Test] = &[
    Test::new("dynamic::deleted_and_made_again", deleted),
    Test::new("dynamic::renamed_away_and_back", renamed),
    Test::new("dynamic::another_device_by_that_name", another)
        .ours_only("2.2.7 does not follow the name to another device"),
    Test::new("dynamic::not_ready_at_the_start", not_ready),
    Test::new("dynamic::tracked_one_comes_and_goes", tracked),
    Test::new("dynamic::cannot_multicast", no_multicast)
        .ours_only("2.2.7 decides that once, at the start"),
];

const VIP: &str = "192.0.2.100";

fn config(interface: &str, more: &str) -> String {
    format!(
        "global_defs {{\n dynamic_interfaces\n}}\nvrrp_instance VI_1 {{\n interface {interface}\n \
         virtual_router_id 51\n priority 100\n version 3\n advert_int 0.2\n {more}\n \
         virtual_ipaddress {{\n {VIP}/24\n }}\n}}\n"
    )
}

/// Waits for a line of ours; theirs says it in other words.
#[track_caller]
fn said(node: &Node, after: usize, words: &str) -> usize {
    if Kind::under_test() == Kind::Theirs {
        return 0;
    }
    let found = |at: &mut usize| {
        let lines = node.log.lines();
        let new = lines
            .iter()
            .skip(after)
            .position(|l| l.text.contains(words));
        *at = after + new.unwrap_or(0) + 1;
        new.is_some()
    };
    let mut at = 0;
    wait_for(&format!("the log says {words:?}"), 10, || found(&mut at));
    at
}

fn silent(wire: &Capture, milliseconds: u64) {
    pause(500);
    let since = now();
    pause(milliseconds);
    let adverts = wire.adverts(|a| a.at > since);
    assert!(adverts.is_empty(), "{adverts:?}");
}

/// The cable of eth0, made anew.
fn replug(node: &Node) {
    let (port, holder) = (node.port(), node.holder());
    sh(&format!(
        "ip link add {port} type veth peer name eth0 netns {holder}"
    ));
    sh(&format!("ip link set {port} master br0 up"));
}

fn deleted() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    let wire = lab.capture();
    let daemon = r1.start(Kind::under_test(), &config("eth0", ""));
    let mut at = 0;
    for _ in 0..3 {
        wait_for("it is Master", 15, || r1.holds(VIP));
        r1.ip("link del eth0");
        at = said(r1, at, "interface eth0 does not exist");
        silent(&wire, 800);
        assert!(daemon.alive());
        replug(r1);
        // Step by step: there, up, with an address.
        stays("it waits", 500, || !r1.holds(VIP));
        r1.ip("link set eth0 up");
        stays("it waits", 500, || !r1.holds(VIP));
        r1.ip("addr add 192.0.2.1/24 dev eth0");
    }
    wait_for("it is Master again", 15, || r1.holds(VIP));
    let since = now();
    wait_for("and says so", 5, || {
        wire.adverts(|a| a.at > since).len() > 3
    });
    daemon.stop();
    assert_eq!(r1.addresses("eth0"), ["192.0.2.1/24"]);
}

/// Renamed while it is up where the kernel allows that (since 6.2), else down in between.
fn rename(node: &Node, from: &str, to: &str) {
    let line = ["link", "set", from, "name", to];
    let done = node.command("ip").args(line).output().expect("ip");
    if !done.status.success() {
        node.ip(&format!("link set {from} down"));
        node.ip(&format!("link set {from} name {to}"));
    }
    node.ip(&format!("link set {to} up"));
}

fn renamed() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    let wire = lab.capture();
    let daemon = r1.start(Kind::under_test(), &config("eth0", ""));
    let mut at = 0;
    for _ in 0..3 {
        wait_for("it is Master", 15, || r1.holds(VIP));
        rename(r1, "eth0", "wan0");
        at = said(r1, at, "interface eth0 does not exist");
        silent(&wire, 800);
        wait_for("the device keeps nothing", 5, || {
            !r1.addresses("wan0").iter().any(|a| a.starts_with(VIP))
        });
        rename(r1, "wan0", "eth0");
    }
    wait_for("it is Master again", 15, || r1.holds(VIP));
    assert!(daemon.alive());
    daemon.stop();
    assert_eq!(r1.addresses("eth0"), ["192.0.2.1/24"]);
}

/// The name goes to another device: adverts come from that one.
fn another() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    lab.switch("br1");
    lab.cable(1, "eth1", "br0", "192.0.2.11/24");
    let wire = lab.capture();
    let daemon = r1.start(Kind::under_test(), &config("eth0", ""));
    wait_for("it is Master", 15, || r1.holds(VIP));
    let from = |last: u8, what: &str| {
        let source = Ipv4Addr::new(192, 0, 2, last);
        let since = now();
        wait_for(what, 15, || {
            let new = wire.adverts(|a| a.at > since);
            new.len() > 3 && new[new.len() - 3..].iter().all(|a| a.source == source)
        });
    };
    from(1, "the first device speaks");
    rename(r1, "eth0", "old0");
    rename(r1, "eth1", "eth0");
    from(11, "the second device speaks");
    wait_for("it has the address", 5, || r1.holds(VIP));
    wait_for("the first one has none", 5, || {
        r1.addresses("old0") == ["192.0.2.1/24"]
    });
    // And back, both at once.
    rename(r1, "eth0", "eth1");
    rename(r1, "old0", "eth0");
    from(1, "the first device speaks again");
    wait_for("it has the address", 5, || r1.holds(VIP));
    assert!(daemon.alive());
    daemon.stop();
    assert_eq!(r1.addresses("eth0"), ["192.0.2.1/24"]);
    assert_eq!(r1.addresses("eth1"), ["192.0.2.11/24"]);
}

/// Missing, then down, then without an address: one after the other is a reason to wait.
fn not_ready() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    r1.ip("link set eth0 down");
    r1.ip("addr flush dev eth0");
    rename_down(r1, "eth0", "later0");
    let wire = lab.capture();
    let daemon = r1.start(Kind::under_test(), &config("eth0", ""));
    let at = said(r1, 0, "interface eth0 does not exist");
    rename_down(r1, "later0", "eth0");
    let at = said(r1, at, "interface eth0 is down");
    r1.ip("link set eth0 up");
    said(r1, at, "interface eth0 is down");
    silent(&wire, 500);
    assert!(daemon.alive() && !r1.holds(VIP));
    r1.ip("addr add 192.0.2.1/24 dev eth0");
    wait_for("it is Master", 15, || r1.holds(VIP));
    daemon.stop();
}

fn rename_down(node: &Node, from: &str, to: &str) {
    node.ip(&format!("link set {from} name {to}"));
}

/// An interface that is only tracked: missing at the start, made, deleted, renamed.
fn tracked() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    let daemon = r1.start(
        Kind::under_test(),
        &config("eth0", "track_interface {\n lan0\n }"),
    );
    stays("without it there is no Master", 2000, || !r1.holds(VIP));
    for _ in 0..2 {
        r1.ip("link add lan0 type veth peer name far0");
        r1.ip("link set far0 up");
        stays("made but down", 500, || !r1.holds(VIP));
        r1.ip("link set lan0 up");
        wait_for("it is Master", 15, || r1.holds(VIP));
        r1.ip("link set lan0 down");
        wait_for("down", 10, || !r1.holds(VIP));
        r1.ip("link set lan0 name wan0");
        r1.ip("link set wan0 up");
        stays("by another name it is another one", 800, || !r1.holds(VIP));
        r1.ip("link set wan0 down");
        r1.ip("link set wan0 name lan0");
        r1.ip("link set lan0 up");
        wait_for("it is Master", 15, || r1.holds(VIP));
        r1.ip("link del lan0");
        wait_for("deleted", 10, || !r1.holds(VIP));
        assert!(daemon.alive());
    }
}

/// Without IFF_MULTICAST nobody would hear it.
fn no_multicast() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    let wire = lab.capture();
    r1.ip("link set eth0 multicast off");
    let daemon = r1.start(Kind::under_test(), &config("eth0", ""));
    let at = said(r1, 0, "interface eth0 cannot multicast");
    silent(&wire, 500);
    r1.ip("link set eth0 multicast on");
    wait_for("it is Master", 15, || r1.holds(VIP));
    r1.ip("link set eth0 multicast off");
    said(r1, at, "interface eth0 cannot multicast");
    wait_for("it lets go", 10, || !r1.holds(VIP));
    assert!(daemon.alive());
}
