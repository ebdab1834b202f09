//! The same with IPv6 addresses: processes die, and the kernel has more to say than was heard.

use crate::lab::daemon::alive;
use crate::lab::harness::Test;
use crate::lab::{Advert6, Capture, Daemon, Kind, Lab, Node, now, pause, stays, wait_for};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::time::Duration;

pub const TESTS: &[Test] = &[
    Test::new("crash6::worker_killed", worker)
        .needs(&["keepalived"])
        .ours_only("its new worker starts as Backup and so gives the addresses away"),
    Test::new("crash6::parent_and_worker", both).needs(&["keepalived"]),
    Test::new("crash6::notifications_lost", lost).ours_only("it does not look again"),
];

/// The first is what adverts list first; then one of each kind, and one of the other family.
const VIPS: [&str; 4] = [
    "fe80::5:100/64",
    "2001:db8::100/64",
    "2001:db8::101/128",
    "192.0.2.100/24",
];

fn config(priority: u8, interval: &str) -> String {
    let [one, two, three, four] = VIPS;
    format!(
        "vrrp_instance VI_1 {{\n state BACKUP\n interface eth0\n virtual_router_id 51\n \
         priority {priority}\n version 3\n advert_int {interval}\n \
         virtual_ipaddress {{\n {one}\n {two}\n {three}\n }}\n \
         virtual_ipaddress_excluded {{\n {four}\n }}\n}}\n"
    )
}

/// Every address of eth0 with its length, in order; but the node's own link-local one.
fn have(node: &Node) -> Vec<String> {
    let text = node.ip("-o addr show dev eth0");
    let found = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        words.find(|w| w.starts_with("inet"))?;
        words.next().map(str::to_owned)
    });
    let mut all: Vec<String> = found.filter(|a| !a.starts_with("fe80::ff:")).collect();
    all.sort();
    all
}

fn holds(node: &Node) -> usize {
    let all = have(node);
    VIPS.iter().filter(|v| all.iter().any(|a| a == *v)).count()
}

/// All of ours, each once, beside its own.
fn right(node: &Node, own: &[String]) -> bool {
    let mut expected = own.to_vec();
    expected.extend(VIPS.map(str::to_owned));
    expected.sort();
    have(node) == expected
}

fn lab() -> Lab {
    let lab = Lab::new(2);
    for n in [1, 2] {
        lab.r(n).ipv6();
    }
    lab
}

fn adverts(wire: &Capture, of: impl Fn(&Advert6) -> bool) -> Vec<Advert6> {
    wire.look(|frames| {
        let all = frames.iter().filter_map(|f| f.advert6());
        all.filter(|a| of(a)).collect()
    })
}

/// Three lives: the new worker goes on where the old one stopped, and the other router sees nothing.
fn worker() {
    let lab = lab();
    let (r1, r2) = (lab.r(1), lab.r(2));
    let own = have(r1);
    let wire = lab.capture();
    let peer = r2.start(Kind::Theirs, &config(100, "1"));
    for life in 1..=3 {
        // An owner need not wait to be elected.
        let priority = if life == 2 { 200 } else { 255 };
        let daemon = r1.daemonise(Kind::Ours, &config(priority, "1"), &[]);
        wait_for("r1 is Master", 20, || right(r1, &own) && holds(r2) == 0);
        let masters = r2.log.count("Entering MASTER");
        pause(300 * life);
        let (old, killed) = (daemon.worker(), now());
        daemon.kill_worker();
        stays("every address stays", 4000, || right(r1, &own));
        let new = daemon.worker();
        assert!(new != old && new != daemon.pid && alive(new), "life {life}");
        assert_eq!(r2.log.count("Entering MASTER"), masters, "life {life}");
        wait_for("adverts go on", 10, || {
            let after = adverts(&wire, |a| a.at > killed);
            assert!(after.iter().all(|a| a.priority == priority), "{after:?}");
            after.len() >= 3
        });
        daemon.stop();
        assert_eq!(have(r1), own, "nothing is left");
        wait_for("r2 takes over", 15, || holds(r2) == 4);
    }
    let stats = peer.stats_of("VI_1");
    assert!(stats.errors().is_empty(), "{:?}", stats.errors());
}

/// Everything dies; the next start finds what was left: takes it away, or uses it.
fn both() {
    let lab = lab();
    let (r1, r2) = (lab.r(1), lab.r(2));
    let own = have(r1);
    let start =
        |priority| -> Daemon<'_> { r1.daemonise(Kind::under_test(), &config(priority, "1"), &[]) };
    let daemon = start(200);
    wait_for("r1 is Master", 20, || right(r1, &own));
    daemon.crash();
    assert!(right(r1, &own), "the kernel keeps the addresses");
    let _peer = r2.start(Kind::Theirs, &config(150, "1"));
    wait_for("r2 is Master", 20, || holds(r2) == 4);
    let daemon = start(100);
    wait_for("leftovers go", 10, || have(r1) == own);
    stays("r2 is Master", 4500, || holds(r1) == 0 && holds(r2) == 4);
    daemon.stop();

    let daemon = start(200);
    wait_for("r1 is Master", 20, || right(r1, &own) && holds(r2) == 0);
    daemon.crash();
    let daemon = start(200);
    wait_for("r1 is Master again", 20, || {
        right(r1, &own) && holds(r2) == 0
    });
    daemon.stop();
    assert_eq!(have(r1), own, "nothing is left");
}

/// More notifications than the socket holds, and behind them the loss of addresses and a new route:
/// nobody says so, and yet all is put right.
fn lost() {
    let lab = lab();
    let r1 = lab.r(1);
    r1.ip("link add d0 type veth peer name d1");
    let own = have(r1);
    let daemon = r1.start(Kind::Ours, &config(200, "0.5"));
    wait_for("it is Master", 20, || right(r1, &own));
    pause(1500);
    let freeze = |signal| kill(Pid::from_raw(daemon.pid), signal).expect("it lives");
    freeze(Signal::SIGSTOP);
    let lines = |word: &str, count: u32| -> String {
        (0..count)
            .map(|n| format!("addr {word} 172.16.{}.{}/32 dev d0\n", n / 250, 1 + n % 250))
            .collect()
    };
    let path = r1.write("flood", &(lines("add", 4000) + &lines("del", 4000)));
    r1.ip(&format!("-force -batch {path}"));
    for address in [VIPS[0], VIPS[1], VIPS[3]] {
        r1.ip(&format!("addr del {address} dev eth0"));
    }
    assert_eq!(holds(r1), 1);
    let since = now();
    let wire = lab.capture();
    freeze(Signal::SIGCONT);
    wait_for("all is put back", 20, || right(r1, &own));
    wait_for("it is said", 5, || {
        r1.log.text().contains("removed unnoticed: 3 put back")
    });
    // It was silent for longer than others would have waited; nobody was there.
    wait_for("adverts go on", 10, || {
        adverts(&wire, |a| a.at > since).len() > 3
    });
    stays("it is right", 1500, || right(r1, &own));
    let (took, _) = daemon.stop();
    assert!(took < Duration::from_secs(5));
    assert_eq!(have(r1), own, "nothing is left");
}
