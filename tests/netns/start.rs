//! Starting, signals, stopping: what an administrator and an init script see.

use crate::lab::daemon::{alive, settled};
use crate::lab::harness::Test;
use crate::lab::{Forge, Kind, Lab, Node, now, pause, stays, wait_for};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::net::Ipv4Addr;
use std::process::Output;

pub const TESTS: &[Test] = &[
    Test::new("start::missing_interface_waits_in_fault", missing_interface),
    Test::new("start::sound_parts_run_beside_mistakes", mistakes)
        .ours_only("it does not run with an unknown interface"),
    Test::new("start::exit_statuses", statuses).ours_only("2.2.7 has other exit statuses"),
    Test::new("start::background_and_pid_files", background),
    Test::new("start::signals", signals).ours_only("it reloads on SIGHUP"),
    Test::new("start::empty", empty).ours_only("what it does without a file is its own"),
    Test::new("start::leaves_addresses_on_request", keeps_addresses),
    Test::new("start::stops_in_order", stops_in_order),
];

fn instance(name: &str, interface: &str, vrid: u8, address: &str) -> String {
    format!(
        "vrrp_instance {name} {{\n interface {interface}\n virtual_router_id {vrid}\n priority 100\n \
         version 3\n advert_int 0.2\n virtual_ipaddress {{\n {address}/24\n }}\n}}\n"
    )
}

fn one() -> String {
    instance("VI_1", "eth0", 51, "192.0.2.100")
}

fn run(node: &Node, arguments: &[&str]) -> (i32, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = node
        .command(&Kind::under_test().program())
        .args(arguments)
        .output()
        .expect("running it");
    let text = String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr);
    (status.code().unwrap_or(-1), text)
}

fn missing_interface() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    let dynamic = "global_defs {\n dynamic_interfaces\n}\n";
    let config = dynamic.to_owned()
        + &instance("VI_here", "eth0", 51, "192.0.2.100")
        + &instance("VI_later", "eth7", 52, "198.51.100.100");
    let daemon = r1.start(Kind::under_test(), &config);
    wait_for("the sound one is Master", 10, || r1.holds("192.0.2.100"));
    assert!(
        r1.log.count("eth7") > 0,
        "nothing is said of eth7:\n{}",
        r1.log.text()
    );
    assert_eq!(daemon.stats_of("VI_later").sent, 0);

    lab.switch("br7");
    lab.cable(1, "eth7", "br7", "198.51.100.1/24");
    let inside = || {
        r1.addresses("eth7")
            .iter()
            .any(|a| a.starts_with("198.51.100.100/"))
    };
    wait_for("it comes alive with its interface", 10, inside);
    assert!(daemon.stats_of("VI_later").sent > 0);

    r1.ip("link del eth7");
    pause(1000);
    assert!(
        daemon.alive() && r1.holds("192.0.2.100"),
        "the other one is untouched"
    );
    lab.cable(1, "eth7", "br7", "198.51.100.1/24");
    wait_for(
        "and again after the interface was deleted and made anew",
        10,
        inside,
    );
    daemon.stop();
    assert!(!inside() && !r1.holds("192.0.2.100"));
}

fn mistakes() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    let wrong = |n: u8, interface: &str, priority: &str| {
        let address = format!("192.0.2.{}", 99 + n);
        instance(&format!("VI_{n}"), interface, 50 + n, &address).replace("priority 100", priority)
    };
    let config = [
        "global_defs {\n router_idd lab\n}\n".to_owned(),
        wrong(1, "eth0", "prioritty 100"),
        wrong(3, "eth0", "priority 300"),
        wrong(4, "eth9", "priority 100"),
        wrong(5, "eth0", "priority 100"),
    ]
    .concat();
    // The last brace is missing.
    let config = config.trim_end().trim_end_matches('}');
    let _daemon = r1.start(Kind::under_test(), config);
    wait_for("what is sound runs", 10, || {
        r1.holds("192.0.2.100") && r1.holds("192.0.2.102")
    });
    let text = r1.log.text() + &r1.read("output");
    let path = "/run/keepalived.conf:";
    let places = [
        ("keepalived.conf:2:2", "router_id"),
        ("keepalived.conf:7:2", "priority"),
        ("keepalived.conf:17:", "priority"),
        ("keepalived.conf:25:", "eth9"),
    ];
    for (place, word) in places {
        let line = text.lines().find(|l| l.contains(place));
        let line = line.unwrap_or_else(|| panic!("no message at {place} in\n{text}"));
        let at = text.find(line).expect("found above");
        let near: String = text[at..].lines().take(5).collect::<Vec<_>>().join("\n");
        assert!(near.contains(word), "nothing of {word} in\n{near}");
    }
    assert!(text.contains(path));
    assert!(
        r1.log.text().contains("FAULT"),
        "the one without its interface says so"
    );
}

fn statuses() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    let check = |name: &str, text: &str| {
        let path = r1.write(name, text);
        run(r1, &["-t", "-f", &path])
    };
    assert_eq!(
        check("good.conf", &one()),
        (0, String::new()),
        "a sound file, and nothing to say"
    );
    let expect = |name: &str, text: &str, status: i32| {
        let (found, said) = check(name, text);
        assert_eq!(found, status, "{name}: {said}");
        assert!(
            said.contains(&format!("/run/{name}:")),
            "{name} names its place: {said}"
        );
        assert!(said.lines().all(|l| l.chars().count() <= 200), "{said}");
    };
    expect("unknown.conf", &one().replace("priority", "prioritty"), 5);
    expect(
        "range.conf",
        &one().replace("priority 100", "priority 300"),
        5,
    );
    expect("zero.conf", &one().replace("priority 100", "priority 0"), 5);
    expect("brace.conf", one().trim_end().trim_end_matches('}'), 5);
    expect("interface.conf", &one().replace("eth0", "eth9"), 5);
    expect(
        "quote.conf",
        &one().replace("interface eth0", "interface \u{201c}eth0\u{201d}"),
        5,
    );
    let scripts = one().replace("priority 100", "priority 100\n notify /bin/true");
    expect("script.conf", &scripts, 6);
    assert_eq!(
        run(r1, &["-t", "-f", "/run/none.conf"]).0,
        4,
        "a missing file"
    );
    let (status, said) = run(r1, &["-n", "-f", "/run/none.conf"]);
    assert_eq!(status, 6, "{said}");
    // The log's reader may be a moment behind.
    wait_for("it names the file", 10, || {
        said.contains("/run/none.conf") || r1.log.text().contains("/run/none.conf")
    });
    assert_eq!(run(r1, &["--no-such-option"]).0, 1);
    let (status, said) = run(r1, &["-v"]);
    assert!(status == 0 && said.contains("oldfast"), "{said}");
    let (status, said) = run(r1, &["--help"]);
    assert!(
        status == 0 && said.lines().all(|l| l.chars().count() <= 80),
        "{said}"
    );
    let good = r1.write("good.conf", &one());
    let (status, said) = run(r1, &["-t", "-d", "-f", &good]);
    assert!(
        status == 0 && said.contains("VI_1") && said.contains("51"),
        "{said}"
    );
}

fn background() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    let daemon = r1.daemonise(Kind::under_test(), &one(), &[]);
    wait_for("it is Master", 10, || r1.holds("192.0.2.100"));
    let worker = r1.pid_in("worker.pid").expect("the worker's pid file");
    assert_eq!(worker, daemon.worker(), "-r names the worker");
    assert_ne!(worker, daemon.pid, "-p names the parent");
    assert_eq!(r1.read("parent.pid"), format!("{}\n", daemon.pid));

    let (status, said) = run(
        r1,
        &[
            "-f",
            "/run/keepalived.conf",
            "-P",
            "-l",
            "-p",
            "/run/parent.pid",
            "-r",
            "/run/worker.pid",
        ],
    );
    pause(300);
    let told = said + &r1.log.text();
    assert!(
        told.contains("already running"),
        "a second start: {status} {told}"
    );
    assert_eq!(status, 0, "{told}");
    if Kind::under_test() == Kind::Ours {
        assert!(told.contains(&daemon.pid.to_string()), "which pid: {told}");
    }
    assert!(
        daemon.alive() && alive(worker) && r1.holds("192.0.2.100"),
        "the first one goes on"
    );
    daemon.stop();
    assert!(!alive(worker), "the worker went first");
    assert!(r1.pid_in("parent.pid").is_none() && r1.pid_in("worker.pid").is_none());
    assert!(!r1.holds("192.0.2.100"));

    // A pid file left by a crash stops nobody; ours are locked, so not even one with the pid of
    // some process that lives.
    let stale = if Kind::under_test() == Kind::Ours {
        "1\n"
    } else {
        "999999\n"
    };
    r1.write("parent.pid", stale);
    let daemon = r1.daemonise(Kind::under_test(), &one(), &[]);
    wait_for("it is Master again", 10, || r1.holds("192.0.2.100"));
    daemon.stop();
}

fn signals() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    let wire = lab.capture();
    let daemon = r1.daemonise(Kind::under_test(), &one(), &[]);
    wait_for("it is Master", 10, || r1.holds("192.0.2.100"));
    let worker = daemon.worker();
    let from = now();
    for pid in [daemon.pid, worker] {
        let lines = r1.log.count("reload");
        kill(Pid::from_raw(pid), Signal::SIGHUP).unwrap();
        wait_for("it says what it thinks of SIGHUP", 5, || {
            r1.log.count("reload") > lines
        });
    }
    for pid in [daemon.pid, worker] {
        for (signal, file) in [
            (Signal::SIGUSR1, "tmp/keepalived.data"),
            (Signal::SIGUSR2, "tmp/keepalived.stats"),
        ] {
            let _ = std::fs::remove_file(r1.run.join(file));
            kill(Pid::from_raw(pid), signal).unwrap();
            settled(&r1.run.join(file));
            assert!(r1.read(file).contains("VI_1"), "{file}: {}", r1.read(file));
        }
    }
    for number in [36, 37, 63, 64, 10, 12, 13] {
        r1.run(&format!("kill -{number} {}", daemon.pid));
        r1.run(&format!("kill -{number} {worker}"));
    }
    stays("nothing of this moves it", 1000, || {
        daemon.worker() == worker && daemon.alive() && r1.holds("192.0.2.100")
    });
    let adverts = wire.adverts(|a| a.at > from);
    assert!(
        adverts.len() >= 5 && adverts.iter().all(|a| a.priority == 100),
        "{adverts:?}"
    );
    daemon.signal(Signal::SIGINT);
    wait_for("SIGINT stops it", 5, || !daemon.alive() && !alive(worker));
    assert!(!r1.holds("192.0.2.100"));
    assert_eq!(
        wire.adverts(|a| a.priority == 0).len(),
        1,
        "with one goodbye"
    );

    // TERM to the worker alone: a clean exit, and a new one in its place.
    let daemon = r1.daemonise(Kind::under_test(), &one(), &[]);
    wait_for("it is Master", 10, || r1.holds("192.0.2.100"));
    let worker = daemon.worker();
    kill(Pid::from_raw(worker), Signal::SIGTERM).unwrap();
    wait_for("a new worker", 10, || {
        let new = daemon.worker();
        new != worker && new != daemon.pid
    });
    wait_for("it is Master again", 10, || r1.holds("192.0.2.100"));
    daemon.stop();
}

/// No -f and no file: it warns, runs, and stops.
fn empty() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    if std::path::Path::new("/etc/keepalived").is_dir() {
        r1.run("mount -t tmpfs none /etc/keepalived");
    }
    let mut child = r1
        .command(&Kind::under_test().program())
        .args(["-n", "-D"])
        .spawn()
        .expect("starting it");
    wait_for("it says that there is nothing", 5, || {
        r1.log.count("keepalived.conf") > 0
    });
    pause(500);
    assert!(child.try_wait().unwrap().is_none(), "it waits for SIGHUP");
    kill(Pid::from_raw(child.id() as i32), Signal::SIGTERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

fn keeps_addresses() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    let wire = lab.capture();
    let daemon = r1.start_with(Kind::under_test(), &one(), &["-n", "-P", "-D", "-V"]);
    wait_for("it is Master", 10, || r1.holds("192.0.2.100"));
    daemon.stop();
    assert!(r1.holds("192.0.2.100"), "-V leaves the addresses");
    assert!(
        wire.adverts(|a| a.priority == 0).is_empty(),
        "and says no goodbye"
    );
}

/// TERM: the goodbye first, then the addresses; nothing afterwards, and exit status 0.
fn stops_in_order() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    let wire = lab.capture();
    let daemon = r1.start(Kind::under_test(), &one());
    wait_for("it is Master", 10, || r1.holds("192.0.2.100"));
    let (took, status) = daemon.stop();
    println!("  SIGTERM to exit: {took:?}");
    assert_eq!(status.and_then(|s| s.code()), Some(0));
    assert_eq!(r1.addresses("eth0"), ["192.0.2.1/24"]);
    pause(500);
    let adverts = wire.adverts(|_| true);
    assert_eq!(
        adverts.last().map(|a| a.priority),
        Some(0),
        "the goodbye is the last"
    );
    assert_eq!(adverts.iter().filter(|a| a.priority == 0).count(), 1);
    let end = adverts.last().unwrap().at;
    let later = wire.look(|all| {
        all.iter()
            .filter(|f| f.garp().is_some() && f.at > end)
            .count()
    });
    assert_eq!(later, 0, "no announcement after the goodbye");

    // As Backup: nothing is sent at all.
    let wire = lab.capture();
    let injector = lab.injector();
    let stronger = Forge::v3(51, 200, 20, &[Ipv4Addr::new(192, 0, 2, 100)]).frame();
    let daemon = r1.start(Kind::under_test(), &one());
    for _ in 0..20 {
        injector.send(&stronger);
        pause(100);
    }
    daemon.stop();
    assert!(
        wire.adverts(|a| !a.outgoing).is_empty(),
        "a Backup leaves in silence"
    );
}
