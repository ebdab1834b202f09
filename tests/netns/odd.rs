//! Rarer things: processes killed in the other order, interfaces renamed, many at once.

use crate::lab::daemon::alive;
use crate::lab::harness::Test;
use crate::lab::{Forge, Kind, Lab, now, pause, stays, wait_for};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::net::Ipv4Addr;
use std::time::Duration;

pub const TESTS: &[Test] = &[
    Test::new("odd::parent_killed", parent_killed),
    Test::new("odd::worker_death_stops_the_daemon_on_request", no_respawn),
    Test::new("odd::stopped_with_a_frozen_worker", stopped_frozen),
    Test::new("odd::interface_renamed", renamed),
    Test::new("odd::starts_without_a_link", no_link),
    Test::new("odd::addresses_already_there", already_there),
    Test::new("odd::twenty_interfaces", twenty),
    Test::new("odd::hundredths_of_a_second", hundredths).needs(&["keepalived"]),
    Test::new("odd::two_daemons_side_by_side", side_by_side)
        .ours_only("2.2.7 wants its own options for that"),
    Test::new("odd::learnt_interval", learnt_interval),
    Test::new("odd::two_owners", two_owners),
];

const VIP: &str = "192.0.2.100";

fn config(interface: &str, priority: u8, interval: &str) -> String {
    format!(
        "vrrp_instance VI_1 {{\n interface {interface}\n virtual_router_id 51\n \
         priority {priority}\n version 3\n advert_int {interval}\n \
         virtual_ipaddress {{\n {VIP}/24\n }}\n}}\n"
    )
}

fn one() -> String {
    config("eth0", 100, "0.2")
}

fn term(pid: i32, signal: Signal) {
    kill(Pid::from_raw(pid), signal).expect("a live process");
}

/// Without its parent the worker leaves in order.
fn parent_killed() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    let wire = lab.capture();
    let daemon = r1.daemonise(Kind::under_test(), &one(), &[]);
    wait_for("it is Master", 10, || r1.holds(VIP));
    let worker = daemon.worker();
    term(daemon.pid, Signal::SIGKILL);
    wait_for("the worker follows", 5, || !alive(worker));
    assert!(!r1.holds(VIP), "addresses left behind");
    assert_eq!(wire.adverts(|a| a.priority == 0).len(), 1, "with a goodbye");
    let again = r1.daemonise(Kind::under_test(), &one(), &[]);
    wait_for("it is Master again", 10, || r1.holds(VIP));
    again.stop();
}

/// `-R`: no new worker.
fn no_respawn() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    let daemon = r1.daemonise(Kind::under_test(), &one(), &["-R"]);
    wait_for("it is Master", 10, || r1.holds(VIP));
    let worker = daemon.worker();
    daemon.kill_worker();
    wait_for("the parent ends too", 10, || {
        !alive(worker) && !daemon.alive()
    });
}

/// SIGTERM reaches a parent whose worker does not answer: it does not wait for ever.
fn stopped_frozen() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    let daemon = r1.daemonise(Kind::under_test(), &one(), &[]);
    wait_for("it is Master", 10, || r1.holds(VIP));
    let worker = daemon.worker();
    term(worker, Signal::SIGSTOP);
    term(daemon.pid, Signal::SIGTERM);
    let took = wait_for("both are gone", 20, || !daemon.alive() && !alive(worker));
    println!("  gone after {took:?}");
    let wire = lab.capture();
    let again = r1.daemonise(Kind::under_test(), &config("eth0", 99, "0.2"), &[]);
    wait_for("it is Master again", 10, || {
        !wire.adverts(|_| true).is_empty()
    });
    wait_for("with its address", 5, || r1.holds(VIP));
    again.stop();
    assert_eq!(r1.addresses("eth0"), ["192.0.2.1/24"]);
}

/// An interface that gets another name is another interface, until it gets its name back.
fn renamed() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    let wire = lab.capture();
    let dynamic = "global_defs {\n dynamic_interfaces\n}\n".to_owned() + &one();
    let daemon = r1.start(Kind::under_test(), &dynamic);
    wait_for("it is Master", 10, || r1.holds(VIP));
    r1.ip("link set eth0 down");
    r1.ip("link set eth0 name wan0");
    r1.ip("link set wan0 up");
    pause(1500);
    let since = now();
    pause(1500);
    assert!(
        wire.adverts(|a| a.at > since).is_empty(),
        "adverts on an interface of another name"
    );
    assert!(
        !r1.addresses("wan0").iter().any(|a| a.starts_with(VIP)),
        "and an address"
    );
    r1.ip("link set wan0 down");
    r1.ip("link set wan0 name eth0");
    r1.ip("link set eth0 up");
    wait_for("it is Master again", 10, || r1.holds(VIP));
    assert!(daemon.alive());
}

fn no_link() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    r1.carrier(false);
    let wire = lab.capture();
    let daemon = r1.start(Kind::under_test(), &one());
    stays("without a link nothing is claimed", 2000, || {
        !r1.holds(VIP) && daemon.alive()
    });
    assert_eq!(daemon.stats_of("VI_1").sent, 0);
    r1.carrier(true);
    wait_for("it is Master", 10, || r1.holds(VIP));
    assert!(!wire.adverts(|_| true).is_empty());
}

/// An address that is there at the start, on an interface that has another of its own, is a leftover:
/// perhaps of a keepalived that crashed. It is announced once it is ours, and goes with us.
fn already_there() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    r1.ip("addr add 192.0.2.100/24 dev eth0");
    let wire = lab.capture();
    let daemon = r1.start(Kind::under_test(), &one());
    wait_for("it is Master", 10, || !wire.adverts(|_| true).is_empty());
    wait_for("with its address", 5, || r1.holds(VIP));
    pause(500);
    let garps = wire.look(|all| all.iter().filter(|f| f.garp().is_some()).count());
    assert_eq!(garps, 5);
    daemon.stop();
    assert!(!r1.holds(VIP), "{:?}", r1.addresses("eth0"));
}

/// The same VRID on twenty interfaces: twenty instances that know nothing of each other.
fn twenty() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    lab.switch("br1");
    let mut text = String::new();
    for n in 10..30 {
        lab.cable(1, &format!("lan{n}"), "br1", &format!("10.{n}.0.1/24"));
        text += &format!(
            "vrrp_instance L{n} {{\n interface lan{n}\n virtual_router_id 7\n priority 100\n \
             version 3\n advert_int 0.2\n virtual_ipaddress {{\n 10.{n}.0.100/24\n }}\n}}\n"
        );
    }
    // All on one switch they would hear each other; here each port is on its own.
    for n in 10..30 {
        crate::lab::sh(&format!("ip link set p-r1-lan{n} nomaster"));
    }
    let daemon = r1.start(Kind::under_test(), &text);
    let held = |n: usize| r1.addresses(&format!("lan{n}")).len() == 2;
    wait_for("twenty Masters", 20, || (10..30).all(held));
    r1.ip("link set lan15 down");
    wait_for("only one of them is affected", 5, || {
        !r1.addresses("lan15").iter().any(|a| a.contains(".100/"))
    });
    assert!((10..30).filter(|n| *n != 15).all(held));
    let stats = daemon.stats();
    assert!(
        stats
            .iter()
            .all(|s| s.errors().is_empty() && s.received == 0),
        "{stats:?}"
    );
    daemon.stop();
    assert!((10..30).all(|n| r1.addresses(&format!("lan{n}")).len() == 1));
}

/// The shortest interval there is, beside keepalived.
fn hundredths() {
    let lab = Lab::new(2);
    let (r1, r2) = (lab.r(1), lab.r(2));
    let wire = lab.capture();
    let a = r1.start(Kind::under_test(), &config("eth0", 150, "0.01"));
    let b = r2.start(Kind::Theirs, &config("eth0", 100, "0.01"));
    wait_for("r1 is Master", 10, || r1.holds(VIP) && !r2.holds(VIP));
    pause(1000);
    let (from, before) = (now(), b.stats_of("VI_1").became_master);
    pause(5000);
    let own = Ipv4Addr::new(192, 0, 2, 1);
    let adverts = wire.adverts(|x| x.source == own && x.at > from);
    let mut gaps: Vec<_> = adverts.windows(2).map(|w| w[1].at - w[0].at).collect();
    gaps.sort_unstable();
    // A busy machine leaves some out; in the middle it is the interval all the same.
    let (adverts, gap) = (adverts.len(), gaps[gaps.len() / 2]);
    let lost = b.stats_of("VI_1").became_master - before;
    println!("  {adverts} adverts in about 5 s, {gap:?} apart; the Backup took over {lost} times");
    assert!(adverts <= 560, "{adverts} adverts in 5 s");
    assert!((8..=13).contains(&gap.as_millis()), "{gap:?} apart");
    let killed = now();
    a.crash();
    wait_for("r2 takes over", 5, || r2.holds(VIP));
    let first = wire.adverts(|x| x.source != own && x.at > killed)[0].at;
    println!("  taken over {:?} after the kill", first - killed);
}

/// Two daemons with pid files of their own, on different VRIDs of one interface.
fn side_by_side() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    let first = r1.daemonise(Kind::under_test(), &one(), &[]);
    let path = r1.write(
        "second.conf",
        &one().replace("51", "52").replace(VIP, "192.0.2.102"),
    );
    let done = r1
        .command(&Kind::under_test().program())
        .args([
            "-f",
            &path,
            "-p",
            "/run/second.pid",
            "-r",
            "/run/second-worker.pid",
        ])
        .output()
        .expect("starting a second daemon");
    assert!(done.status.success(), "{done:?}");
    wait_for("both are Master", 10, || {
        r1.holds(VIP) && r1.holds("192.0.2.102")
    });
    let second = r1.pid_in("second.pid").expect("its pid file");
    first.stop();
    assert!(
        !r1.holds(VIP) && r1.holds("192.0.2.102"),
        "the other one goes on"
    );
    term(second, Signal::SIGTERM);
    wait_for("the second one stops", 5, || {
        !r1.holds("192.0.2.102") && !alive(second)
    });
}

fn fake(lab: &Lab, centis: u16, times: u32) -> Duration {
    let injector = lab.injector();
    let vip = [VIP.parse().expect("an address")];
    let frame = Forge::v3(51, 200, centis, &vip).frame();
    for n in 0..times {
        if n > 0 {
            pause(u64::from(centis) * 10);
        }
        injector.send(&frame);
    }
    now()
}

/// A Backup of version 3 waits three of the Master's intervals, not of its own (RFC 9568 §6.1).
fn learnt_interval() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    let wire = lab.capture();
    let _daemon = r1.start(Kind::under_test(), &config("eth0", 150, "1"));
    pause(700);
    let last = fake(&lab, 20, 5);
    wait_for("it takes over", 8, || r1.holds(VIP));
    let own = wire.adverts(|a| !a.outgoing);
    let took = own[0].at - last;
    // 3 × 20 cs + 20 cs × (256 - 150) / 256 = 68.28 cs.
    println!("  took over {took:?} after the last advert (682.8 ms)");
    assert!(
        took > Duration::from_millis(680) && took < Duration::from_millis(1500),
        "{took:?}"
    );
    pause(2300);
    let own = wire.adverts(|a| !a.outgoing);
    let gap = own[2].at - own[1].at;
    assert!(
        gap > Duration::from_millis(900),
        "it sends at its own interval, not every {gap:?}"
    );
}

/// Two routers that both claim to own the address: one is left.
fn two_owners() {
    let lab = Lab::new(2);
    let (r1, r2) = (lab.r(1), lab.r(2));
    let owner = config("eth0", 255, "0.2");
    let _a = r1.start(Kind::under_test(), &owner);
    wait_for("r1 is Master", 5, || r1.holds(VIP));
    let _b = r2.start(Kind::under_test(), &owner);
    let one_left = || u8::from(r1.holds(VIP)) + u8::from(r2.holds(VIP)) == 1;
    wait_for("one is left", 10, one_left);
    pause(1000);
    wait_for("one is left", 10, one_left);
    println!("  r1 {}, r2 {}", r1.holds(VIP), r2.holds(VIP));
}
