//! Processes die at any moment: the other router must not notice, and nothing may be left behind.

use crate::lab::daemon::alive;
use crate::lab::harness::Test;
use crate::lab::{Capture, Daemon, Kind, Lab, Node, now, pause, wait_for};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::net::Ipv4Addr;
use std::time::Duration;

const TAKES_OVER: &str = "its new worker starts as Backup and so gives the addresses away";

pub const TESTS: &[Test] = &[
    Test::new("crash::worker_ten_times_v3", || worker(3, ""))
        .needs(&["keepalived"])
        .ours_only(TAKES_OVER),
    Test::new("crash::worker_ten_times_ah", || worker(2, AH))
        .needs(&["keepalived"])
        .ours_only(TAKES_OVER),
    Test::new("crash::worker_frozen", frozen)
        .needs(&["keepalived"])
        .ours_only("its parent does not watch for a silent worker"),
    Test::new("crash::parent_and_worker", both).needs(&["keepalived"]),
];

const AH: &str = "authentication {\n auth_type AH\n auth_pass sesame12\n }";
const OWN: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const VIPS: [&str; 3] = ["192.0.2.100", "192.0.2.101", "192.0.2.102"];

fn config(version: u8, auth: &str, priority: u8) -> String {
    format!(
        "vrrp_instance VI_1 {{\n state BACKUP\n interface eth0\n virtual_router_id 51\n \
         priority {priority}\n version {version}\n advert_int 1\n {auth}\n \
         virtual_ipaddress {{\n 192.0.2.100/24\n 192.0.2.101/24\n }}\n \
         virtual_ipaddress_excluded {{\n 192.0.2.102/24\n }}\n}}\n"
    )
}

/// Own address first, then the virtual ones, each once.
fn right(node: &Node) -> bool {
    let mut have = node.addresses("eth0");
    have.sort();
    have == [
        "192.0.2.1/24",
        "192.0.2.100/24",
        "192.0.2.101/24",
        "192.0.2.102/24",
    ]
}

/// Ten lives of a daemon whose worker is killed once, at a random moment of its Mastership.
fn worker(version: u8, auth: &str) {
    let lab = Lab::new(2);
    let (r1, r2) = (lab.r(1), lab.r(2));
    let wire = lab.capture();
    let peer = r2.start(Kind::Theirs, &config(version, auth, 100));
    let mut seed = now().subsec_nanos() | 1;
    println!("  seed of the moments: {seed}");
    for life in 1..=10 {
        // An owner need not wait to be elected, which makes half of the lives shorter.
        let priority = if life % 2 == 0 { 255 } else { 200 };
        let daemon = r1.daemonise(Kind::under_test(), &config(version, auth, priority), &[]);
        wait_for("r1 is Master", 15, || right(r1) && r2.holds_of(&VIPS) == 0);
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        pause(300 + u64::from(seed >> 8) % 2000);
        kill_once(&daemon, r2, &wire, &format!("life {life}"), priority);
        let of_life = wire.adverts(|a| a.source == OWN && a.at > daemon.since);
        let rising = of_life.windows(2).all(|w| w[0].sequence < w[1].sequence);
        assert!(
            auth.is_empty() || rising,
            "AH sequence numbers rise through crashes"
        );
        daemon.stop();
        wait_for("r2 takes over", 15, || r2.holds_of(&VIPS) == 3);
    }
    let stats = peer.stats_of("VI_1");
    assert!(
        stats.errors().is_empty(),
        "the peer counted errors: {:?}",
        stats.errors()
    );
}

/// kill -9 of the worker: a new one in its place, and nobody notices.
fn kill_once(daemon: &Daemon, r2: &Node, wire: &Capture, what: &str, priority: u8) {
    let r1 = daemon.node;
    let masters = r2.log.count("Entering MASTER");
    let old = daemon.worker();
    assert_ne!(old, daemon.pid, "{what}: a parent and a worker");
    let killed = now();
    daemon.kill_worker();
    assert!(
        right(r1),
        "{what}: at once r1 has {:?}",
        r1.addresses("eth0")
    );
    pause(4000);
    let new = daemon.worker();
    assert!(
        new != old && new != daemon.pid && alive(new),
        "{what}: no new worker"
    );
    assert!(
        right(r1),
        "{what}: afterwards r1 has {:?}",
        r1.addresses("eth0")
    );
    assert_eq!(
        r2.log.count("Entering MASTER"),
        masters,
        "{what}: r2 left Backup"
    );
    let theirs = wire.adverts(|a| a.source != OWN && a.at > killed);
    assert!(theirs.is_empty(), "{what}: r2 spoke: {theirs:?}");
    let after = wire.adverts(|a| a.source == OWN && a.at > killed);
    assert!(
        after.iter().all(|a| a.priority == priority),
        "{what}: {after:?}"
    );
    assert!(after.len() >= 3, "{what}: adverts go on: {after:?}");
}

/// A worker that stops answering is killed and replaced.
fn frozen() {
    let lab = Lab::new(2);
    let (r1, r2) = (lab.r(1), lab.r(2));
    let _peer = r2.start(Kind::Theirs, &config(2, "", 100));
    let daemon = r1.daemonise(Kind::under_test(), &config(2, "", 200), &[]);
    wait_for("r1 is Master", 15, || right(r1) && r2.holds_of(&VIPS) == 0);
    let old = daemon.worker();
    kill(Pid::from_raw(old), Signal::SIGSTOP).unwrap();
    let took = wait_for("the frozen worker is gone", 60, || !alive(old));
    println!("  the parent noticed after {took:?}");
    wait_for("there is a new one", 10, || {
        let new = daemon.worker();
        new != old && new != daemon.pid
    });
    wait_for("r1 alone holds the addresses", 20, || {
        right(r1) && r2.holds_of(&VIPS) == 0
    });
    pause(3000);
    assert!(right(r1) && r2.holds_of(&VIPS) == 0, "and it stays so");
    daemon.stop();
    assert_eq!(r1.holds_of(&VIPS), 0);
}

/// The whole daemon dies while Master; the next start finds what it left.
fn both() {
    let lab = Lab::new(2);
    let (r1, r2) = (lab.r(1), lab.r(2));
    let start = |priority| -> Daemon<'_> {
        r1.daemonise(Kind::under_test(), &config(2, "", priority), &[])
    };
    let daemon = start(200);
    wait_for("r1 is Master", 15, || right(r1));
    daemon.crash();
    assert!(right(r1), "the kernel keeps the addresses");
    let _peer = r2.start(Kind::Theirs, &config(2, "", 150));
    wait_for("r2 is Master", 15, || r2.holds_of(&VIPS) == 3);

    // Weaker than r2 now: it must not keep what it will not own.
    let started = now();
    let daemon = start(100);
    wait_for("leftovers go within an interval", 2, || {
        r1.holds_of(&VIPS) == 0
    });
    println!("  leftovers gone {:?} after the start", now() - started);
    pause(4500);
    assert_eq!(
        (r1.holds_of(&VIPS), r2.holds_of(&VIPS)),
        (0, 3),
        "r2 stays Master"
    );
    daemon.stop();

    // Dead again as Master, and started again with nobody else there.
    let daemon = start(200);
    wait_for("r1 is Master", 15, || right(r1) && r2.holds_of(&VIPS) == 0);
    daemon.crash();
    let daemon = start(200);
    let once = |node: &Node| {
        let mut have = node.addresses("eth0");
        have.sort();
        let before = have.len();
        have.dedup();
        have.len() == before
    };
    wait_for("r1 is Master again", 15, || {
        right(r1) && r2.holds_of(&VIPS) == 0
    });
    assert!(once(r1));
    let (took, _) = daemon.stop();
    assert!(took < Duration::from_secs(5));
    assert_eq!(r1.addresses("eth0"), ["192.0.2.1/24"], "nothing is left");
}
