//! The daemon under attack: forged adverts, lost notifications, workers killed at bad moments.
//!
//! `cargo test --test attack [-- FILTER]`.

#![allow(missing_docs, clippy::disallowed_methods, clippy::unwrap_used)]

mod lab;

use lab::daemon::{alive, descriptors, memory};
use lab::harness::{self, Test};
use lab::random::Random;
use lab::{Forge, Injector, Kind, Lab, Node, pause, stage, stays, wait_for};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

const TESTS: &[Test] = &[
    Test::new("attack::forged_adverts_change_nothing", forged)
        .ours_only("only its own figures are known"),
    Test::new("attack::lost_notifications_are_made_good", lost)
        .ours_only("it does not ask again after ENOBUFS"),
    Test::new(
        "attack::an_interface_back_under_its_index_is_heard",
        same_index,
    )
    .ours_only("it is told of both changes at once"),
    Test::new("attack::dead_workers_leave_no_address", dead_workers)
        .ours_only("its addresses stay when it is stopped in the pause"),
    Test::new(
        "attack::a_stop_at_the_start_leaves_no_address",
        stop_at_start,
    )
    .ours_only("it stops before it has looked"),
    Test::new("attack::an_address_of_somebody_else_stays", own_address)
        .ours_only("it takes it away"),
];

fn main() -> std::process::ExitCode {
    harness::main(TESTS)
}

fn config(instances: u8, interface: &str, interval: &str, priority: u8) -> String {
    (1..=instances)
        .map(|n| {
            format!(
                "vrrp_instance VI_{n} {{\n state BACKUP\n interface {interface}\n \
                 virtual_router_id {n}\n version 3\n priority {priority}\n \
                 advert_int {interval}\n virtual_ipaddress {{\n 10.{n}.0.1/24\n }}\n}}\n"
            )
        })
        .collect()
}

/// Virtual addresses on an interface.
fn held(node: &Node, interface: &str) -> usize {
    let all = node.addresses(interface);
    all.iter().filter(|a| a.starts_with("10.")).count()
}

fn signal(pid: i32, signal: Signal) {
    kill(Pid::from_raw(pid), signal).unwrap();
}

const ROUTERS: u8 = 10;

/// One frame that no router may take for the word of a Master; each is wrong in one way.
fn noise(random: &mut Random) -> Vec<u8> {
    let vrid = 1 + random.below(u64::from(ROUTERS)) as u8;
    let vip = Ipv4Addr::new(10, vrid, 0, 1);
    let mut forge = Forge::v3(vrid, 1 + random.below(255) as u8, 10, &[vip]);
    let mut byte = || random.below(256) as u8;
    match byte() % 10 {
        0 => forge.ttl = byte() % 255,
        1 => forge.checksum_flip = u16::from(byte()) | 1,
        2 => forge.cut = Some(usize::from(byte() % 12)),
        3 => forge.surplus = 4 + 4 * usize::from(byte() % 8),
        4 => forge.kind = 2 + byte() % 14,
        5 => forge.version = 4 + byte() % 12,
        6 => forge.count = Some(2 + byte() % 254),
        7 => forge.vrid = 100 + byte() % 100,
        // Sound, but of a lower priority than either router has.
        8 => forge.priority = 1 + byte() % 50,
        _ => {
            let mut frame = forge.frame();
            frame.truncate(14 + usize::from(byte()) % (frame.len() - 14));
            frame.iter_mut().skip(34).for_each(|b| *b = byte());
            // Whatever it says: not version 3.
            if let Some(first) = frame.get_mut(34) {
                *first &= 0xcf;
            }
            return frame;
        }
    }
    forge.frame()
}

/// Thousands of forged adverts: nobody changes state, nothing grows, the log stays short.
fn forged() {
    let lab = Lab::new(2);
    let (r1, r2) = (lab.r(1), lab.r(2));
    let all = usize::from(ROUTERS);
    let master = r1.start(Kind::under_test(), &config(ROUTERS, "eth0", "0.3", 200));
    wait_for("all addresses", 20, || held(r1, "eth0") == all);
    let backup = r2.start(Kind::under_test(), &config(ROUTERS, "eth0", "0.3", 100));
    wait_for("the Backups", 20, || r2.log.count("Entering BACKUP") == all);
    pause(500);
    let before = [&master, &backup].map(|d| (descriptors(d.worker()), memory(d.worker())));
    let lines = [r1, r2].map(|r| r.log.lines().len());
    let injector = lab.injector();
    let mut random = Random(1);
    let start = Instant::now();
    let mut sent = 0;
    while start.elapsed() < Duration::from_secs(5) {
        for _ in 0..25 {
            injector.send(&noise(&mut random));
            sent += 1;
        }
        pause(4);
    }
    println!("  {sent} forged frames");
    assert!(sent > 1000);
    pause(500);
    assert_eq!((held(r1, "eth0"), held(r2, "eth0")), (all, 0));
    assert_eq!(r2.log.count("Entering MASTER"), 0, "{}", r2.log.text());
    assert_eq!(r1.log.count("Entering MASTER"), all, "{}", r1.log.text());
    for (daemon, (fds, kib)) in [&master, &backup].into_iter().zip(before) {
        assert_eq!(descriptors(daemon.worker()), fds);
        let grown = memory(daemon.worker()).saturating_sub(kib);
        assert!(grown < 512, "{grown} KiB more");
    }
    for (router, before) in [r1, r2].into_iter().zip(lines) {
        let said = router.log.lines().len() - before;
        println!("  {}: {said} lines", router.name);
        assert!(said < 300, "{}", router.log.text());
    }
}

/// The worker sleeps while more happens than its socket holds; meanwhile an address is taken away
/// and an interface goes.
fn lost() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    r1.ip("link add eth1 type veth peer name far1");
    r1.ip("link set far1 up");
    r1.ip("link set eth1 up");
    r1.ip("addr add 198.51.100.1/24 dev eth1");
    let text = config(2, "eth0", "0.3", 100).replacen(
        "interface eth0\n virtual_router_id 2",
        "interface eth1\n virtual_router_id 2",
        1,
    );
    let daemon = r1.start(Kind::under_test(), &text);
    wait_for("both Masters", 20, || {
        held(r1, "eth0") + held(r1, "eth1") == 2
    });
    let fds = descriptors(daemon.worker());
    signal(daemon.worker(), Signal::SIGSTOP);
    let batch: String = (0..6000)
        .flat_map(|n| ["add", "del"].map(|what| (n, what)))
        .map(|(n, what)| {
            format!(
                "addr {what} 172.16.{}.{}/32 dev far1\n",
                n / 250,
                n % 250 + 1
            )
        })
        .collect();
    let path = r1.write("storm", &batch);
    r1.ip(&format!("-batch {path}"));
    r1.ip("addr del 10.1.0.1/24 dev eth0");
    r1.ip("link del eth1");
    signal(daemon.worker(), Signal::SIGCONT);
    wait_for("the loss is noticed", 10, || {
        r1.log.count("notifications of the kernel were lost") > 0
    });
    wait_for("the address is put back", 10, || held(r1, "eth0") == 1);
    wait_for("the other interface is missed", 10, || {
        r1.log
            .count("(VI_2) Entering FAULT STATE: interface eth1 does not exist")
            > 0
    });
    assert_eq!(
        descriptors(daemon.worker()),
        fds - 1,
        "its socket is closed"
    );
    assert_eq!(r1.log.count("(VI_1) Entering"), 2, "{}", r1.log.text());
    let (_, status) = daemon.stop();
    assert_eq!(status.and_then(|s| s.code()), Some(0));
    assert_eq!(held(r1, "eth0"), 0);
}

/// Gone and back between two looks, with the same index: the old socket hears nothing any more.
fn same_index() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    let plug = || {
        r1.ip("link add eth1 index 77 type veth peer name far1");
        r1.ip("link set far1 up");
        r1.ip("link set eth1 up");
        r1.ip("addr add 192.0.2.10/24 dev eth1");
    };
    plug();
    let daemon = r1.start(Kind::under_test(), &config(1, "eth1", "0.3", 100));
    wait_for("the Master", 20, || held(r1, "eth1") == 1);
    let fds = descriptors(daemon.worker());
    signal(daemon.worker(), Signal::SIGSTOP);
    r1.ip("link del eth1");
    plug();
    signal(daemon.worker(), Signal::SIGCONT);
    wait_for("Master again", 20, || {
        r1.log.count("Entering MASTER") == 2 && held(r1, "eth1") == 1
    });
    assert_eq!(descriptors(daemon.worker()), fds);
    let injector = stage::in_network(r1.holder(), || Injector::new("far1"));
    let stronger = Forge::v3(1, 250, 30, &[Ipv4Addr::new(10, 1, 0, 1)]).frame();
    wait_for("it hears a stronger one", 10, || {
        injector.send(&stronger);
        pause(50);
        r1.log.count("with higher priority 250") > 0
    });
}

/// A worker killed as Master holds its addresses in the kernel: whatever ends the daemon then, they go.
fn dead_workers() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    let text = config(3, "eth0", "1", 100);
    let start = |arguments: &[&str]| {
        let daemon = r1.daemonise(Kind::under_test(), &text, arguments);
        wait_for("three addresses", 20, || held(r1, "eth0") == 3);
        wait_for("a Master", 20, || r1.log.count("Entering MASTER") > 0);
        daemon
    };
    // Twice: the second time the next start waits for a second.
    let daemon = start(&[]);
    let first = daemon.worker();
    daemon.kill_worker();
    wait_for("the second worker", 10, || {
        ![first, daemon.pid].contains(&daemon.worker())
    });
    pause(200);
    daemon.kill_worker();
    wait_for("the pause", 10, || daemon.worker() == daemon.pid);
    assert_eq!(held(r1, "eth0"), 3, "the kernel keeps them");
    daemon.stop();
    assert_eq!(held(r1, "eth0"), 0, "{}", r1.log.text());

    let daemon = start(&["-R"]);
    daemon.kill_worker();
    wait_for("the end", 10, || !alive(daemon.pid));
    assert_eq!(held(r1, "eth0"), 0, "{}", r1.log.text());

    // A worker that does not answer while stopping is killed.
    let daemon = start(&[]);
    signal(daemon.worker(), Signal::SIGSTOP);
    daemon.stop();
    assert_eq!(held(r1, "eth0"), 0, "{}", r1.log.text());

    // The fourth early death: a pause of 4 s, in which others may take over. An owner with a long
    // interval is Master at once, and takes its place again after shorter pauses.
    let owner = config(3, "eth0", "5", 255).replace("BACKUP", "MASTER");
    let daemon = r1.daemonise(Kind::under_test(), &owner, &[]);
    let mut dead = vec![daemon.pid];
    for _ in 0..4 {
        wait_for("a worker", 10, || !dead.contains(&daemon.worker()));
        wait_for("its addresses", 10, || held(r1, "eth0") == 3);
        pause(200);
        dead.push(daemon.worker());
        daemon.kill_worker();
    }
    wait_for("nothing is held in the pause", 3, || held(r1, "eth0") == 0);
    wait_for("so it says", 3, || {
        r1.log.count("starting another in 4 s") == 1
    });
    daemon.stop();

    let daemon = start(&["-R", "-V"]);
    daemon.kill_worker();
    wait_for("the end", 10, || !alive(daemon.pid));
    stays("-V keeps them", 300, || held(r1, "eth0") == 3);
}

/// TERM at every moment of the first milliseconds, with leftovers of an earlier life there.
fn stop_at_start() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    let fast = config(2, "eth0", "0.03", 100);
    let text = config(2, "eth0", "1", 100);
    let mut orderly = 0;
    for round in 0..20 {
        if held(r1, "eth0") < 2 {
            let before = r1.start_with(Kind::under_test(), &fast, &["-n", "-V"]);
            wait_for("leftovers", 20, || held(r1, "eth0") == 2);
            before.stop();
        }
        let daemon = r1.start(Kind::under_test(), &text);
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_micros(500 * round) {
            std::hint::spin_loop();
        }
        // Before it has set up its signals TERM ends it like any program.
        if daemon.stop().1.and_then(|s| s.code()) == Some(0) {
            orderly += 1;
            assert_eq!(held(r1, "eth0"), 0, "round {round}: {}", r1.log.text());
        }
    }
    println!("  {orderly} of 20 had come to their signals");
    assert!(orderly > 0);
}

/// An address that is the router's own by somebody else's hand is not taken for a leftover, nor taken
/// away at the end; kernels before 5.18 do not remember whose it is.
fn own_address() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    if holdfast::sys::kernel_version() < (5, 18) {
        println!("  this kernel does not tell whose an address is: nothing to see");
        return;
    }
    let own = ["192.0.2.1/24".to_owned()];
    let same = |priority, state: &str| {
        config(1, "eth0", "0.1", priority)
            .replace("10.1.0.1/24", "192.0.2.1/24")
            .replace("BACKUP", state)
    };
    // By mistake: it has no other address to send from. (It says so, unless the cable is slower.)
    let daemon = r1.start(Kind::under_test(), &same(100, "BACKUP"));
    wait_for("a fault", 10, || r1.log.count("Entering FAULT") == 1);
    pause(200);
    daemon.stop();
    assert_eq!(r1.addresses("eth0"), own);
    // The owner of the address, its cable out at the start.
    r1.carrier(false);
    let daemon = r1.start(Kind::under_test(), &same(255, "MASTER"));
    wait_for("it sees the cable", 10, || {
        r1.log.count("Entering FAULT") == 2
    });
    assert_eq!(r1.addresses("eth0"), own);
    r1.carrier(true);
    wait_for("the owner is Master", 10, || {
        r1.log.count("Entering MASTER") == 1
    });
    daemon.stop();
    assert_eq!(r1.addresses("eth0"), own);
}
