//! Two routers that hold nothing but busybox, holdfast's static binary, its configuration, its init
//! script and the modules of IPVS: each boots as a machine of its own (User Mode Linux) on one
//! virtual switch, from the init script to Master and Backup; one dies, the other takes over.
//!
//! `make router`. `HOLDFAST_STATIC=FILE` takes that binary rather than building one.

#![allow(
    missing_docs,
    dead_code,
    clippy::disallowed_methods,
    clippy::unwrap_used
)]

#[path = "static/build.rs"]
mod build;
mod lab;
#[path = "router/machine.rs"]
mod machine;
#[path = "router/root.rs"]
mod root;

use lab::harness::{self, Test};
use machine::{Machine, Switch};
use std::path::{Path, PathBuf};

const TESTS: &[Test] = &[Test::new("router::two_of_them", two_of_them)
    .needs(&["linux.uml", "uml_switch", "busybox", "make"])
    .alone()
    .within(900)];

fn main() -> std::process::ExitCode {
    // Before the namespaces: the build may want the network.
    if given().is_none()
        && build::first(TESTS[0].name)
        && lab::packages::find("linux.uml").is_some()
    {
        build::build(TARGET, "small");
    }
    harness::main(TESTS)
}

const TARGET: &str = "x86_64-unknown-linux-musl";

fn given() -> Option<PathBuf> {
    std::env::var_os("HOLDFAST_STATIC").map(PathBuf::from)
}

fn two_of_them() {
    let here = Path::new(env!("CARGO_TARGET_TMPDIR")).join("router");
    let _ = std::fs::remove_dir_all(&here);
    std::fs::create_dir_all(&here).expect("a folder");
    let binary = given().unwrap_or_else(|| build::path(TARGET, "small"));
    for n in [1, 2] {
        root::assemble(&here.join(format!("r{n}")), n);
        root::equip(&here.join(format!("r{n}")), n, &binary);
        root::holds_nothing_else(&here.join(format!("r{n}")));
    }
    root::assemble(&here.join("r3"), 3);
    let switch = Switch::start(&here);
    let mut one = Machine::boot(&switch, 1);
    let mut two = Machine::boot(&switch, 2);
    // A client: busybox alone.
    let mut client = Machine::boot(&switch, 3);

    elected(&mut one, &mut two);
    serves(&mut one, &mut client);

    // The power of the first fails.
    one.cut();
    two.until("the second takes over", "ip addr show eth0", |s| {
        s.contains("192.0.2.100/24")
    });
    two.until("and says why", LOG, |s| {
        s.contains("(VI_1) Entering MASTER STATE: no advert for")
    });
    client.until("and serves", ASK, |s| s.trim() == "this is r2");

    // It comes back and is the better one.
    let mut one = Machine::boot(&switch, 1);
    one.until("the first is back", "ip addr show eth0", |s| {
        s.contains("192.0.2.100/24")
    });
    two.until("the second lets go", "ip addr show eth0", |s| {
        !s.contains("192.0.2.100")
    });

    // A stop in order leaves nothing; so does switching off.
    assert!(one.run("/etc/init.d/S70holdfast stop").contains("OK"));
    two.until("the second again", "ip addr show eth0", |s| {
        s.contains("192.0.2.100/24")
    });
    assert!(!one.run("ip addr show eth0").contains("192.0.2.100"));
    assert!(!one.run("cat /proc/net/ip_vs").contains("TCP"));
    // What else is there is busybox's own.
    let left = one.run("ls -A /run");
    let mut left = left
        .split_whitespace()
        .filter(|f| !["syslogd.pid", "utmp"].contains(f));
    assert_eq!(left.next(), None, "something is left");
    assert_eq!(one.run("pidof holdfast").trim(), "");
    assert!(one.run(LOG).contains("holdfast["));
    two.off();
    let said = root::log(&two.root);
    assert!(said.contains("stopped"), "{said}");
    one.off();
}

/// What the log of a router says.
const LOG: &str = "cat /var/log/messages";
/// What a client asks the virtual server.
const ASK: &str = "echo | timeout 3 nc 192.0.2.100 80";

/// From the init script to Master and Backup, logged by the facility that is chosen.
fn elected(one: &mut Machine, two: &mut Machine) {
    one.until("the first is Master", "ip addr show eth0", |s| {
        s.contains("192.0.2.100/24")
    });
    one.until("its log says so", LOG, |s| {
        s.contains("(VI_1) Entering MASTER STATE")
    });
    two.until("the second is Backup", LOG, |s| {
        s.contains("(VI_1) Entering BACKUP STATE")
    });
    assert!(!two.run("ip addr show eth0").contains("192.0.2.100"));
    let messages = one.run(LOG);
    let ours: Vec<&str> = messages
        .lines()
        .filter(|l| l.contains("holdfast["))
        .collect();
    assert!(!ours.is_empty(), "{messages}");
    assert!(
        ours.iter().all(|l| l.contains(" local3.")),
        "not -S 3: {ours:#?}"
    );
    assert!(
        one.run("/etc/init.d/S70holdfast status")
            .contains("is running")
    );
}

/// The service on the virtual address, in the kernel of the Master and through it.
fn serves(one: &mut Machine, client: &mut Machine) {
    one.until("IPVS has the service", "cat /proc/net/ip_vs", |s| {
        s.contains("TCP  C0000264:0050 rr") && s.contains("C0000201:1F90      Masq    1")
    });
    client.until("a client reaches it", ASK, |s| s.trim() == "this is r1");
}
