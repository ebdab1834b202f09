//! Tracked scripts, interfaces and files beside keepalived, each router in turn being the one that
//! tracks.

use crate::lab::harness::Test;
use crate::lab::{Daemon, Kind, Lab, Node, now, pause, sh, stays, wait_for};
use std::net::Ipv4Addr;
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

pub const TESTS: &[Test] = &[
    Test::new("tracking::script_ours_stronger", || moves(&SCRIPT, true)).needs(&["keepalived"]),
    Test::new("tracking::script_theirs_stronger", || moves(&SCRIPT, false)).needs(&["keepalived"]),
    Test::new("tracking::script_weighted_ours_stronger", || {
        moves(&SCRIPT_WEIGHT, true)
    })
    .needs(&["keepalived"]),
    Test::new("tracking::script_weighted_theirs_stronger", || {
        moves(&SCRIPT_WEIGHT, false)
    })
    .needs(&["keepalived"]),
    Test::new("tracking::script_adds_ours_stronger", || {
        moves(&SCRIPT_ADDS, true)
    })
    .needs(&["keepalived"]),
    Test::new("tracking::opens_a_file", || moves(&OPENS, true)).needs(&["keepalived"]),
    Test::new("tracking::interface_ours_stronger", || {
        moves(&INTERFACE, true)
    })
    .needs(&["keepalived"]),
    Test::new("tracking::interface_theirs_stronger", || {
        moves(&INTERFACE, false)
    })
    .needs(&["keepalived"]),
    Test::new("tracking::interface_weighted_ours_stronger", || {
        moves(&INTERFACE_WEIGHT, true)
    })
    .needs(&["keepalived"]),
    Test::new("tracking::interface_weighted_theirs_stronger", || {
        moves(&INTERFACE_WEIGHT, false)
    })
    .needs(&["keepalived"]),
    Test::new("tracking::file_ours_stronger", || moves(&FILE, true)).needs(&["keepalived"]),
    Test::new("tracking::file_weighted_ours_stronger", || {
        moves(&FILE_WEIGHT, true)
    })
    .needs(&["keepalived"]),
    Test::new("tracking::file_comes_and_goes", file_life),
    Test::new("tracking::file_initial_value", initial_value)
        .ours_only("it has no new worker beside the old parent"),
    Test::new("tracking::member_of_a_group_ours_stronger", || group(true)).needs(&["keepalived"]),
    Test::new("tracking::member_of_a_group_theirs_stronger", || {
        group(false)
    })
    .needs(&["keepalived"]),
    Test::new("tracking::nopreempt_ours_stronger", || nopreempt(true)).needs(&["keepalived"]),
    Test::new("tracking::nopreempt_theirs_stronger", || nopreempt(false)).needs(&["keepalived"]),
    Test::new("tracking::hanging_script_is_killed", hanging),
    Test::new("tracking::lower_priority_script", lower_priority)
        .ours_only("it runs it for each advert"),
];

const VIP: &str = "192.0.2.100";

/// Something tracked.
struct Tracked {
    /// Blocks beside the instance.
    blocks: &'static str,
    /// Blocks of the instance.
    lines: &'static str,
    /// Own priority; the other router has 100.
    priority: u8,
    /// Makes it good or bad.
    set: fn(&Node, bool),
    /// Priority while bad; `None`: it cannot take part.
    bad: Option<u8>,
}

fn flag(node: &Node, good: bool) {
    if good {
        node.write("good", "");
    } else {
        std::fs::remove_file(node.run.join("good")).expect("the flag");
    }
}

fn cable(node: &Node, good: bool) {
    let state = if good { "up" } else { "down" };
    sh(&format!("ip link set p-{}-eth1 {state}", node.name));
}

const CHECK: &str = "vrrp_script chk {\n script \"/bin/test -e /run/good\"\n interval 1\n rise 1\n \
                     fall 1\n}\n";
const SCRIPT: Tracked = Tracked {
    blocks: CHECK,
    lines: "track_script {\n chk\n }",
    priority: 150,
    set: flag,
    bad: None,
};
const SCRIPT_WEIGHT: Tracked = Tracked {
    lines: "track_script {\n chk weight -60\n }",
    bad: Some(90),
    ..SCRIPT
};
const SCRIPT_ADDS: Tracked = Tracked {
    lines: "track_script {\n chk weight 60\n }",
    priority: 90,
    bad: Some(90),
    ..SCRIPT
};
const OPENS: Tracked = Tracked {
    blocks: "vrrp_script chk {\n script \"</run/good\"\n interval 1\n}\n",
    ..SCRIPT
};
const INTERFACE: Tracked = Tracked {
    blocks: "",
    lines: "track_interface {\n eth1\n }",
    priority: 150,
    set: cable,
    bad: None,
};
const INTERFACE_WEIGHT: Tracked = Tracked {
    lines: "track_interface {\n eth1 weight -60\n }",
    bad: Some(90),
    ..INTERFACE
};
const FILE: Tracked = Tracked {
    blocks: "track_file f {\n file /run/value\n weight 0\n}\n",
    lines: "track_file {\n f\n }",
    priority: 150,
    set: |node, good| {
        node.write("value", if good { "0\n" } else { "1\n" });
    },
    bad: None,
};
const FILE_WEIGHT: Tracked = Tracked {
    blocks: "track_file f {\n file /run/value\n weight 2\n}\n",
    set: |node, good| {
        node.write("value", if good { "0\n" } else { "-30\n" });
    },
    bad: Some(90),
    ..FILE
};

/// Below a user namespace / belongs to nobody, and nothing below it is to be trusted.
fn globals() -> String {
    let trusted = std::fs::metadata("/").is_ok_and(|m| m.uid() == 0);
    let security = if trusted {
        "enable_script_security"
    } else {
        ""
    };
    format!("global_defs {{\n {security}\n script_user root\n}}\n")
}

fn instance(priority: u8, more: &str) -> String {
    format!(
        "vrrp_instance VI_1 {{\n state BACKUP\n interface eth0\n virtual_router_id 51\n \
         priority {priority}\n version 3\n advert_int 0.2\n {more}\n \
         virtual_ipaddress {{\n {VIP}/24\n }}\n}}\n"
    )
}

fn tracking(what: &Tracked, more: &str) -> String {
    let lines = format!("{}\n {more}", what.lines);
    globals() + what.blocks + &instance(what.priority, &lines)
}

/// Nobody counted an error.
fn clean(daemons: &[&Daemon<'_>]) {
    for daemon in daemons {
        for stats in daemon.stats() {
            let name = daemon.kind.name();
            assert!(stats.errors().is_empty(), "{name}: {:?}", stats.errors());
        }
    }
}

/// Two routers on two switches, and who is started on which.
fn stage(ours_stronger: bool) -> (Lab, [Kind; 2]) {
    let lab = Lab::new(2);
    lab.switch("br1");
    lab.cable(1, "eth1", "br1", "198.51.100.1/24");
    lab.cable(2, "eth1", "br1", "198.51.100.2/24");
    let ours = Kind::under_test();
    let kinds = if ours_stronger {
        [ours, Kind::Theirs]
    } else {
        [Kind::Theirs, ours]
    };
    (lab, kinds)
}

/// What is tracked fails and recovers: the addresses go to the other router and come back.
fn moves(what: &Tracked, ours_stronger: bool) {
    let (lab, [first, second]) = stage(ours_stronger);
    let (r1, r2) = (lab.r(1), lab.r(2));
    let on = |a: &Node, b: &Node| a.holds(VIP) && !b.holds(VIP);
    let wire = lab.capture();
    (what.set)(r1, true);
    let a = r1.start(first, &tracking(what, ""));
    let b = r2.start(second, &instance(100, ""));
    wait_for("r1 is Master", 15, || on(r1, r2));
    let own = Ipv4Addr::new(192, 0, 2, 1);
    for _ in 0..2 {
        wire.clear();
        let faults = r1.log.count("Entering FAULT STATE");
        (what.set)(r1, false);
        let took = wait_for("r2 takes over", 15, || on(r2, r1));
        println!("  r2 took over after {took:?}");
        stays("and stays", 1500, || on(r2, r1));
        match what.bad {
            None => assert!(r1.log.count("Entering FAULT STATE") > faults, "no fault"),
            Some(priority) => {
                assert_eq!(r1.log.count("Entering FAULT STATE"), faults, "a fault");
                let told = wire.adverts(|a| a.source == own && a.priority == priority);
                assert!(!told.is_empty(), "{priority} was never said");
            }
        }
        (what.set)(r1, true);
        wait_for("r1 is Master again", 15, || on(r1, r2));
        stays("and stays", 1000, || on(r1, r2));
    }
    clean(&[&a, &b]);
    a.stop();
    wait_for("r2 takes over from who stops", 10, || on(r2, r1));
}

/// Written, replaced, moved away, deleted; its folder deleted and made again; a FIFO in its place.
fn file_life() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    let wire = lab.capture();
    let folder = r1.run.join("state");
    let config = "track_file f {\n file /run/state/value\n weight 1\n}\n".to_owned()
        + &instance(100, "track_file {\n f\n }");
    // Theirs wants the folder at the start; ours does not mind.
    if Kind::under_test() == Kind::Theirs {
        std::fs::create_dir(&folder).expect("a folder");
    }
    let daemon = r1.start(Kind::under_test(), &config);
    wait_for("it is Master", 15, || r1.holds(VIP));
    let says = |what: &str, priority: u8| {
        let since = now();
        wait_for(what, 10, || {
            wire.adverts(|a| a.at > since)
                .last()
                .is_some_and(|a| a.priority == priority)
        });
    };
    says("at first it counts as 0", 100);
    let put = |text: &str| std::fs::write(folder.join("value"), text).expect("the file");
    std::fs::create_dir_all(&folder).expect("a folder");
    put("7\n");
    says("it is found", 107);
    put("0x10");
    says("it changes", 116);
    put("99999999999");
    pause(500);
    says("no number of 32 bits changes nothing", 116);
    std::fs::write(folder.join("new"), "-20").expect("another file");
    std::fs::rename(folder.join("new"), folder.join("value")).expect("a rename");
    says("it is replaced", 80);
    std::fs::remove_file(folder.join("value")).expect("the file");
    says("it is gone", 100);
    if Kind::under_test() == Kind::Ours {
        put("5");
        says("it is back", 105);
        std::fs::remove_dir_all(&folder).expect("the folder");
        says("its folder is gone", 100);
        std::fs::create_dir(&folder).expect("a folder");
        put("6");
        says("its folder is back", 106);
        put("8");
        says("and watched", 108);
        std::fs::remove_file(folder.join("value")).expect("the file");
        r1.run("mkfifo /run/state/value");
        says("a FIFO counts as nothing", 100);
        std::fs::rename(folder.join("value"), folder.join("fifo")).expect("the FIFO");
        std::os::unix::fs::symlink("/dev/zero", folder.join("value")).expect("a link");
        pause(1200);
        says("so does a device", 100);
    }
    // A flood of events around it is no harm.
    for n in 0..3000 {
        std::fs::write(folder.join(format!("other{}", n % 7)), "x").expect("another file");
    }
    let _ = std::fs::remove_file(folder.join("value"));
    put("9");
    says("it is seen among thousands", 109);
    assert!(daemon.alive());
    daemon.stop();
}

/// `init_file` writes at the start of the daemon, not at that of a new worker.
fn initial_value() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    let wire = lab.capture();
    let config = "track_file f {\n file /run/value\n weight 1\n init_file 11 overwrite\n}\n\
                  track_file g {\n file /run/other\n weight 1\n init_file 22\n}\n"
        .to_owned()
        + &instance(100, "track_file {\n f\n g\n }");
    r1.write("value", "99\n");
    r1.write("other", "1\n");
    let daemon = r1.daemonise(Kind::under_test(), &config, &[]);
    wait_for("it is Master", 15, || r1.holds(VIP));
    let says = |priority: u8| {
        let since = now();
        wait_for(&format!("{priority}"), 10, || {
            wire.adverts(|a| a.at > since)
                .last()
                .is_some_and(|a| a.priority == priority)
        });
    };
    assert_eq!(r1.read("value").trim(), "11");
    says(112);
    r1.write("value", "50\n");
    says(151);
    daemon.kill_worker();
    says(151);
    assert_eq!(r1.read("value").trim(), "50");
    daemon.stop();
}

/// One member's script fails: the whole group goes.
fn group(ours_stronger: bool) {
    let (lab, [first, second]) = stage(ours_stronger);
    let (r1, r2) = (lab.r(1), lab.r(2));
    let config = |priority: u8, tracks: &str| {
        let mut text =
            globals() + CHECK + "vrrp_sync_group G {\n group {\n outside\n inside\n }\n}\n";
        for (name, interface, vrid, address, more) in [
            ("outside", "eth0", 51, VIP, ""),
            ("inside", "eth1", 52, "198.51.100.100", tracks),
        ] {
            text += &format!(
                "vrrp_instance {name} {{\n interface {interface}\n virtual_router_id {vrid}\n \
                 priority {priority}\n version 3\n advert_int 0.3\n {more}\n \
                 virtual_ipaddress {{\n {address}/24\n }}\n}}\n"
            );
        }
        text
    };
    let held = |node: &Node| {
        let inside = node.addresses("eth1");
        (
            node.holds(VIP),
            inside.iter().any(|a| a.starts_with("198.51.100.100/")),
        )
    };
    let on = |a: &Node, b: &Node| held(a) == (true, true) && held(b) == (false, false);
    flag(r1, true);
    flag(r2, true);
    let a = r1.start(first, &config(150, "track_script {\n chk\n }"));
    let b = r2.start(second, &config(100, "track_script {\n chk\n }"));
    wait_for("both are on r1", 15, || on(r1, r2));
    for _ in 0..2 {
        flag(r1, false);
        wait_for("a failing script moves both", 15, || on(r2, r1));
        stays("they stay together", 1500, || on(r2, r1));
        flag(r1, true);
        wait_for("both come back", 15, || on(r1, r2));
    }
    // Both cannot: nobody has the addresses.
    flag(r2, false);
    flag(r1, false);
    wait_for("nobody", 15, || {
        held(r1) == (false, false) && held(r2) == (false, false)
    });
    flag(r2, true);
    wait_for("both on r2", 15, || on(r2, r1));
    clean(&[&a, &b]);
}

/// With `nopreempt` a recovered router waits until it is needed.
fn nopreempt(ours_stronger: bool) {
    let (lab, [first, second]) = stage(ours_stronger);
    let (r1, r2) = (lab.r(1), lab.r(2));
    let on = |a: &Node, b: &Node| a.holds(VIP) && !b.holds(VIP);
    flag(r1, true);
    let a = r1.start(first, &tracking(&SCRIPT, "nopreempt"));
    wait_for("r1 is Master", 15, || r1.holds(VIP));
    let b = r2.start(second, &instance(100, "nopreempt"));
    stays("r1 remains Master", 1000, || on(r1, r2));
    flag(r1, false);
    wait_for("r2 takes over", 15, || on(r2, r1));
    flag(r1, true);
    wait_for("r1 is sound again", 15, || {
        r1.log.count("Entering BACKUP STATE") >= 2
    });
    stays("it does not take over", 2500, || on(r2, r1));
    r2.carrier(false);
    wait_for("now it is needed", 10, || r1.holds(VIP));
    r2.carrier(true);
    stays("and keeps it", 2000, || on(r1, r2));
    clean(&[&a, &b]);
}

/// A script that hangs, with a child that ignores SIGTERM: a failure, and nothing of it is left.
fn hanging() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    let script = r1.script(
        "hang.sh",
        "#!/bin/sh\ntest -e /run/good && exit 0\n\
         (trap '' TERM; while :; do sleep 0.1; done) &\n\
         echo begin >>/run/begun\nexec sleep 1000\n",
    );
    let config = globals()
        + &format!("vrrp_script chk {{\n script {script}\n interval 1\n timeout 1\n}}\n")
        + &instance(100, "track_script {\n chk\n }");
    flag(r1, true);
    let daemon = r1.start(Kind::under_test(), &config);
    wait_for("it is Master", 15, || r1.holds(VIP));
    flag(r1, false);
    wait_for("it is in Fault", 15, || !r1.holds(VIP));
    pause(6000);
    let hanging = || {
        let all = std::fs::read_dir("/proc").expect("/proc");
        all.flatten()
            .filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok())
            .filter(|line| line.starts_with(b"sleep\x001000"))
            .count()
    };
    assert!(hanging() <= 1, "two runs at once");
    assert!(r1.read("begun").lines().count() >= 2, "it is tried again");
    flag(r1, true);
    wait_for("it is Master again", 15, || r1.holds(VIP));
    if Kind::under_test() == Kind::Ours {
        // Theirs leaves what ignores SIGTERM.
        wait_for("nothing of it is left", 10, || {
            let all = std::fs::read_dir("/proc").expect("/proc");
            !all.flatten()
                .filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok())
                .any(|line| line.windows(7).any(|w| w == b"hang.sh") || line.starts_with(b"sleep"))
        });
    }
    flag(r1, false);
    wait_for("it is in Fault", 15, || !r1.holds(VIP));
    wait_for("one hangs", 15, || hanging() == 1);
    let (took, _) = daemon.stop();
    println!("  stopped after {took:?} while a script hung");
    wait_for("the stop took it along", 5, || hanging() == 0);
}

/// `notify_master_rx_lower_pri` runs when somebody weaker claims to be Master; a flood of such
/// adverts is no flood of programs.
fn lower_priority() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    let script = r1.script("lower.sh", "#!/bin/sh\necho \"lower $#\" >>/run/told\n");
    let config = globals() + &instance(100, &format!("notify_master_rx_lower_pri {script}"));
    let _daemon = r1.start(Kind::under_test(), &config);
    wait_for("it is Master", 15, || r1.holds(VIP));
    assert_eq!(r1.read("told"), "");
    let injector = lab.injector();
    let vip = [VIP.parse().expect("an address")];
    let weak = crate::lab::Forge::v3(51, 50, 20, &vip).frame();
    injector.send(&weak);
    wait_for("it is told", 10, || r1.read("told") == "lower 0\n");
    let start = now();
    while now() - start < Duration::from_secs(2) {
        injector.send(&weak);
        pause(2);
    }
    pause(500);
    let told = r1.read("told").lines().count();
    println!("  run {told} times in a flood of 2 s");
    assert!((2..=8).contains(&told), "{told}");
    assert!(r1.holds(VIP));
}
