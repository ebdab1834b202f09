//! The kernel as the witness: how the processes run, what runs around them, and what waits.

use crate::lab::daemon::alive;
use crate::lab::harness::Test;
use crate::lab::{Capture, Daemon, Kind, Lab, Node, now, pause, stays, wait_for};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, Instant};

pub const TESTS: &[Test] = &[
    Test::new("process::settings_of_the_worker", settings).ours_only("it limits realtime unasked"),
    Test::new("process::scripts_run_as_the_daemon_was_started", scripts)
        .ours_only("its new worker starts later"),
    Test::new("process::names", names),
    Test::new("process::umask_of_the_dumps", umask).ours_only("its files are nobody else's"),
    Test::new("process::startup_and_shutdown_scripts", around),
    Test::new("process::their_timeouts", timeouts),
    Test::new("process::child_wait_time", child_wait)
        .ours_only("its parent waits for another reason"),
    Test::new("process::startup_delay", startup_delay),
    Test::new("process::delay_after_boot", delay_after_boot)
        .ours_only("it asks a clock that cannot be set"),
    Test::new("process::up_and_down_delays", delays),
    Test::new("process::announced_on_other_interfaces", elsewhere)
        .ours_only("2.2.7 counts other intervals"),
    Test::new("process::a_unicast_source_after_a_fault", source).ours_only("2.2.7 does not"),
    Test::new("process::an_untracked_interface", untracked),
];

const VIP: &str = "192.0.2.100";

fn config(globals: &str, more: &str) -> String {
    format!(
        "global_defs {{\n router_id lab\n script_user root\n {globals}\n}}\n\
         vrrp_instance VI_1 {{\n interface eth0\n virtual_router_id 51\n \
         priority 100\n version 3\n advert_int 0.2\n {more}\n \
         virtual_ipaddress {{\n {VIP}/24\n }}\n}}\n"
    )
}

/// Field `n` of /proc/PID/stat, as proc(5) numbers them.
fn stat(text: &str, n: usize) -> i64 {
    let rest = text.rsplit_once(") ").expect("a name").1;
    let word = rest.split(' ').nth(n - 3);
    word.and_then(|w| w.trim().parse().ok()).expect("a number")
}

/// What a process is like: nice value, realtime priority, policy, processors, limit of realtime.
#[derive(Clone, Debug, PartialEq)]
struct Manner {
    nice: i64,
    realtime: i64,
    policy: i64,
    cpus: String,
    limit: String,
}

impl Manner {
    fn of(read: impl Fn(&str) -> String) -> Manner {
        let line = |text: String, start: &str| -> String {
            let found = text.lines().find_map(|l| l.strip_prefix(start));
            let words = found.unwrap_or_default().split_whitespace();
            words.collect::<Vec<_>>().join(" ")
        };
        Manner {
            nice: stat(&read("stat"), 19),
            realtime: stat(&read("stat"), 40),
            policy: stat(&read("stat"), 41),
            cpus: line(read("status"), "Cpus_allowed_list:"),
            limit: line(read("limits"), "Max realtime timeout"),
        }
    }

    fn of_process(pid: i32) -> Manner {
        Manner::of(|file| proc_file(pid, file))
    }
}

fn proc_file(pid: i32, file: &str) -> String {
    fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default()
}

fn locked(pid: i32) -> bool {
    let status = proc_file(pid, "status");
    let line = status.lines().find_map(|l| l.strip_prefix("VmLck:"));
    line.is_some_and(|l| !l.trim().starts_with("0 "))
}

/// A daemon that is Master.
fn master<'a>(r1: &'a Node, text: &str) -> Daemon<'a> {
    let daemon = r1.daemonise(Kind::under_test(), text, &[]);
    wait_for("it is Master", 15, || r1.holds(VIP));
    daemon
}

/// Whether this machine lets the test itself do so.
fn allowed(node: &Node, program: &str, arguments: &[&str]) -> bool {
    let done = node.command(program).args(arguments).output();
    done.is_ok_and(|done| done.status.success() && done.stderr.is_empty())
}

/// One keyword at a time; the rest stays as it was.
fn settings() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    let own = Manner::of(|file| r1.run(&format!("cat /proc/self/{file}")));
    let daemon = master(r1, &config("", ""));
    assert_eq!(Manner::of_process(daemon.worker()), own, "without keywords");
    assert!(!locked(daemon.worker()));
    daemon.stop();
    let nice = allowed(r1, "nice", &["-n", "-7", "true"]);
    let realtime = allowed(r1, "chrt", &["--rr", "20", "true"]);
    let cpu = own.cpus.split([',', '-']).next().unwrap_or("0").to_owned();
    let affinity = format!("vrrp_cpu_affinity {cpu}");
    let cases: [(&str, bool, Manner); 5] = [
        (
            "vrrp_priority 7",
            true,
            Manner {
                nice: 7,
                ..own.clone()
            },
        ),
        (
            "vrrp_priority -7",
            nice,
            Manner {
                nice: -7,
                ..own.clone()
            },
        ),
        (
            "vrrp_rt_priority 20",
            realtime,
            Manner {
                realtime: 20,
                policy: 2,
                ..own.clone()
            },
        ),
        (
            &affinity,
            true,
            Manner {
                cpus: cpu.clone(),
                ..own.clone()
            },
        ),
        (
            "vrrp_rlimit_rttime 900000",
            true,
            Manner {
                limit: "900000 unlimited us".into(),
                ..own.clone()
            },
        ),
    ];
    for (keyword, possible, expected) in cases {
        let daemon = master(r1, &config(keyword, ""));
        let (worker, parent) = (daemon.worker(), Manner::of_process(daemon.pid));
        let got = Manner::of_process(worker);
        println!("  {keyword:<28} {got:?}");
        if possible {
            assert_eq!(got, expected, "{keyword}");
        } else {
            let name = keyword.split(' ').next().unwrap_or_default();
            assert_eq!(got, own, "{keyword}");
            assert!(r1.log.text().contains(&format!("cannot set {name}")));
        }
        assert_eq!(parent, own, "the parent stays as it was: {keyword}");
        daemon.stop();
    }
    let daemon = master(r1, &config("vrrp_no_swap", ""));
    assert!(locked(daemon.worker()) && !locked(daemon.pid));
    daemon.stop();
}

const EVERYTHING: &str = "vrrp_priority 5\n vrrp_rt_priority 20\n vrrp_cpu_affinity 0\n \
     vrrp_rlimit_rttime 900000\n vrrp_no_swap";

/// Notify scripts and tracked scripts, also after the worker was replaced.
fn scripts() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    let own = Manner::of(|file| r1.run(&format!("cat /proc/self/{file}")));
    let note = |name: &str| {
        let lines = ["stat", "status", "limits"]
            .map(|file| format!("cat /proc/$$/{file} >/run/{name}.{file}.new\n"))
            .concat();
        // The last one makes it whole.
        let moves = ["stat", "status", "limits"]
            .map(|file| format!("mv /run/{name}.{file}.new /run/{name}.{file}\n"))
            .concat();
        r1.script(name, &format!("#!/bin/sh\n{lines}{moves}"));
    };
    note("told");
    note("tracked");
    let text = config(
        EVERYTHING,
        "notify_master /run/told\n track_script {\n t\n }",
    ) + "vrrp_script t {\n script /run/tracked\n interval 1\n}\n";
    // A script is defined before what tracks it.
    let (instance, script) = text.split_once("vrrp_script").expect("both");
    let (globals, instance) = instance.split_once("vrrp_instance").expect("both");
    let text = format!("{globals}vrrp_script{script}vrrp_instance{instance}");
    let daemon = master(r1, &text);
    for again in [false, true] {
        if again {
            for name in ["told", "tracked"] {
                let _ = fs::remove_file(r1.run.join(format!("{name}.limits")));
            }
            daemon.kill_worker();
            wait_for("a new worker", 15, || daemon.worker() != daemon.pid);
        }
        wait_for("its own nice value", 5, || {
            Manner::of_process(daemon.worker()).nice == 5
        });
        for name in if again {
            &["tracked"][..]
        } else {
            &["told", "tracked"]
        } {
            wait_for(name, 15, || !r1.read(&format!("{name}.limits")).is_empty());
            let got = Manner::of(|file| r1.read(&format!("{name}.{file}")));
            assert_eq!(got, own, "{name}");
        }
    }
}

fn names() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    let both = |globals: &str| {
        let daemon = master(r1, &config(globals, ""));
        let name = |pid| proc_file(pid, "comm").trim().to_owned();
        let names = (name(daemon.pid), name(daemon.worker()));
        daemon.stop();
        names
    };
    let plain = Kind::under_test().name();
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(both(""), pair(plain, plain));
    // As with keepalived: who has no name of his own has the parent's.
    assert_eq!(both("process_name alpha"), pair("alpha", "alpha"));
    assert_eq!(both("vrrp_process_name beta"), pair(plain, "beta"));
    assert_eq!(both("process_names"), pair(plain, "keepalived_vrrp"));
    assert_eq!(
        both("process_names\n vrrp_process_name beta\n process_name alpha"),
        pair("alpha", "beta")
    );
}

fn umask() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    let mode = |globals: &str, arguments: &[&str]| {
        let file = r1.run.join("tmp/keepalived.stats");
        let _ = fs::remove_file(&file);
        let daemon = r1.daemonise(Kind::under_test(), &config(globals, ""), arguments);
        wait_for("it is Master", 15, || r1.holds(VIP));
        daemon.stats();
        let mode = fs::metadata(&file).expect("statistics").mode() & 0o777;
        daemon.stop();
        format!("{mode:o}")
    };
    assert_eq!(mode("umask 027", &[]), "640");
    assert_eq!(mode("umask IRWXG|IRWXO", &[]), "600");
    assert_eq!(mode("umask 0", &[]), "644");
    assert_eq!(mode("umask 0", &["-u", "077"]), "600", "the option wins");
}

/// One before the first advert, the other after the last address has gone; both with arguments.
fn around() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    let wire = lab.capture();
    let look = "sleep 1\nip -o addr show dev eth0";
    let script = |name: &str| {
        let text = format!(
            "#!/bin/sh\n{look} >/run/{name}.new\necho \"$@\" >>/run/{name}.new\nmv /run/{name}.new /run/{name}.out\n"
        );
        r1.script(name, &text)
    };
    let (first, last) = (script("first"), script("last"));
    let globals = format!("startup_script \"{first} one two\"\n shutdown_script \"{last} three\"");
    for foreground in [false, true] {
        let since = now();
        for name in ["first.out", "last.out"] {
            let _ = fs::remove_file(r1.run.join(name));
        }
        let daemon = match foreground {
            true => r1.start(Kind::under_test(), &config(&globals, "")),
            false => r1.daemonise(Kind::under_test(), &config(&globals, ""), &[]),
        };
        wait_for("it is Master", 15, || r1.holds(VIP));
        let started = fs::metadata(r1.run.join("first.out")).expect("it has ended");
        let ended = Duration::new(started.mtime() as u64, started.mtime_nsec() as u32);
        let adverts = wire.adverts(|a| a.at > since);
        assert!(adverts.iter().all(|a| a.at > ended), "an advert before");
        let said = r1.read("first.out");
        assert!(said.ends_with("one two\n") && !said.contains(VIP), "{said}");
        assert_eq!(r1.read("last.out"), "");
        daemon.stop();
        let said = r1.read("last.out");
        assert!(said.ends_with("three\n") && !said.contains(VIP), "{said}");
    }
}

/// A script that hangs is ended with its whole group, and the daemon goes on.
fn timeouts() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    let hang = r1.script(
        "hang",
        "#!/bin/sh\nsleep 100 &\necho $! >>/run/pids\nwait\n",
    );
    let globals = format!(
        "startup_script {hang}\n startup_script_timeout 1\n \
         shutdown_script {hang}\n shutdown_script_timeout 1"
    );
    let daemon = master(r1, &config(&globals, ""));
    let pids = |count: usize| -> bool {
        let text = r1.read("pids");
        let all: Vec<i32> = text.lines().filter_map(|l| l.parse().ok()).collect();
        all.len() == count && all.iter().all(|pid| !alive(*pid))
    };
    wait_for("the startup script is gone", 5, || pids(1));
    let pid = daemon.pid;
    daemon.signal(Signal::SIGTERM);
    wait_for("the daemon ends", 60, || !alive(pid));
    wait_for("so does the shutdown script", 5, || pids(2));
    if Kind::under_test() == Kind::Ours {
        for what in ["startup_script", "shutdown_script"] {
            let line = format!("{what} did not end within 1 s");
            assert!(r1.log.text().contains(&line), "{}", r1.log.text());
        }
    }
}

/// A worker that does not stop is killed then and not before.
fn child_wait() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    let stop = |line: &str, least: u64| {
        let daemon = master(r1, &(line.to_owned() + &config("", "")));
        let worker = daemon.worker();
        kill(Pid::from_raw(worker), Signal::SIGSTOP).expect("a live worker");
        let start = Instant::now();
        daemon.signal(Signal::SIGTERM);
        wait_for("the daemon ends", 60, || !alive(daemon.pid));
        let took = start.elapsed();
        println!("  {line:<20} {took:?}");
        assert!(
            !alive(worker) && took >= Duration::from_secs(least),
            "{line}: {took:?}"
        );
        wait_for("no address is left", 5, || !r1.holds(VIP));
        took
    };
    let short = stop("child_wait_time 1\n", 1);
    let long = stop("child_wait_time 8\n", 8);
    assert!(short < long, "{short:?} is as long as {long:?}");
}

/// Nothing happens for so long; a worker that takes a dead Backup's place does not wait again.
fn startup_delay() {
    let lab = Lab::new(2);
    let (r1, r2) = (lab.r(1), lab.r(2));
    let wire = lab.capture();
    let text = config("vrrp_startup_delay 7.5", "");
    let since = now();
    let daemon = r1.daemonise(Kind::under_test(), &text, &[]);
    wait_for("it is Master", 30, || r1.holds(VIP));
    let first = wire.adverts(|a| a.at > since)[0].at;
    println!("  first advert after {:?}", first - since);
    assert!(first - since >= Duration::from_millis(7500));
    let strong = config("", "").replace("priority 100", "priority 200");
    let _other = r2.start(Kind::under_test(), &strong);
    wait_for("it is Backup", 15, || !r1.holds(VIP) && r2.holds(VIP));
    if Kind::under_test() == Kind::Theirs {
        return;
    }
    let backups = r1.log.count("Entering BACKUP STATE");
    daemon.kill_worker();
    let took = wait_for("the new worker is Backup", 7, || {
        r1.log.count("Entering BACKUP STATE") > backups
    });
    println!("  the new one after {took:?}");
}

/// What a machine says that it has been up.
fn delay_after_boot() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    r1.write("uptime", "100.25 55.00\n");
    r1.run("mount --bind /run/uptime /proc/uptime");
    let wire = lab.capture();
    let since = now();
    let daemon = master(r1, &config("vrrp_delay_after_boot 105.75", ""));
    let waited = wire.adverts(|a| a.at > since)[0].at - since;
    println!("  first advert after {waited:?}");
    assert!(waited >= Duration::from_millis(5500));
    daemon.stop();
    // What is over need not be waited for.
    let daemon = master(r1, &config("vrrp_delay_after_boot 100", ""));
    daemon.stop();
    // The later one counts.
    let since = now();
    let text = "vrrp_delay_after_boot 101\n vrrp_startup_delay 4";
    let _daemon = master(r1, &config(text, ""));
    let waited = wire.adverts(|a| a.at > since)[0].at - since;
    assert!(waited >= Duration::from_secs(4));
}

/// A link must be down, and up, for so long before it counts.
fn delays() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    // A down delay that others would not wait for is cut: they wait for longer than six seconds.
    let slow = config("", "").replace("advert_int 0.2", "advert_int 2");
    let text = "interface_up_down_delays {\n eth0 3 4\n}\n".to_owned() + &slow;
    let daemon = master(r1, &text);
    let faults = || r1.log.count("Entering FAULT STATE");
    let before = faults();
    for _ in 0..3 {
        r1.carrier(false);
        pause(700);
        r1.carrier(true);
        pause(300);
    }
    pause(3500);
    assert!(faults() == before && r1.holds(VIP), "flaps do not count");
    let down = Instant::now();
    r1.carrier(false);
    wait_for("FAULT", 15, || faults() > before);
    let took = down.elapsed();
    println!("  down for {took:?}");
    assert!(took >= Duration::from_millis(2900), "{took:?}");
    wait_for("its address goes", 5, || !r1.holds(VIP));
    let up = Instant::now();
    r1.carrier(true);
    pause(1500);
    r1.carrier(false);
    pause(300);
    r1.carrier(true);
    let fine = r1.log.count("Entering BACKUP STATE");
    wait_for("the fault is over", 20, || {
        r1.log.count("Entering BACKUP STATE") > fine
    });
    let took = up.elapsed();
    println!("  back after {took:?}");
    assert!(
        took >= Duration::from_millis(5600),
        "from the last time on: {took:?}"
    );
    assert_eq!(faults(), before + 1);
    daemon.stop();
}

/// `garp_extra_if`: an address on another interface is announced there again and again.
fn elsewhere() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    lab.switch("br1");
    lab.cable(1, "eth1", "br1", "198.51.100.1/24");
    let there = Capture::start(Some(r1.holder()), "eth1");
    let here = Capture::start(Some(r1.holder()), "eth0");
    let text = config(
        "",
        "garp_master_delay 60\n garp_master_repeat 1\n garp_extra_if all 1",
    )
    .replace(
        " }\n}\n",
        " }\n virtual_ipaddress_excluded {\n 198.51.100.100/24 dev eth1\n 192.0.2.101/24\n }\n}\n",
    );
    let _daemon = master(r1, &text);
    let count = |capture: &Capture, ip: [u8; 4]| {
        let ip = Ipv4Addr::from(ip);
        capture.look(|frames| frames.iter().filter(|f| f.garp() == Some(ip)).count())
    };
    wait_for("five on the other interface", 30, || {
        count(&there, [198, 51, 100, 100]) >= 5
    });
    for ip in [[192, 0, 2, 100], [192, 0, 2, 101]] {
        assert_eq!(count(&here, ip), 1, "none on its own");
        assert_eq!(count(&there, ip), 0);
    }
    let seen: Vec<Duration> = there.look(|frames| {
        let ours = frames.iter().filter(|f| f.garp().is_some());
        ours.map(|f| f.at).collect()
    });
    // The first is the burst of the claim.
    for two in seen[1..].windows(2) {
        assert!(two[1] - two[0] > Duration::from_millis(500), "{seen:?}");
    }
}

/// After a fault the peers of a unicast instance learn where its source is.
fn source() {
    let lab = Lab::new(2);
    let r1 = lab.r(1);
    let text = config(
        "",
        "unicast_src_ip 192.0.2.1\n unicast_peer {\n 192.0.2.2\n }",
    );
    let daemon = master(r1, &text);
    let wire = lab.capture();
    let announced = || {
        let ip = Ipv4Addr::new(192, 0, 2, 1);
        wire.look(|frames| frames.iter().filter(|f| f.garp() == Some(ip)).count())
    };
    r1.carrier(false);
    wait_for("FAULT", 10, || !r1.holds(VIP));
    assert_eq!(announced(), 0);
    r1.carrier(true);
    wait_for("it is Master again", 15, || r1.holds(VIP));
    wait_for("its source is announced", 5, || announced() > 0);
    assert_eq!(announced(), 1);
    daemon.stop();
}

/// An address on another interface: its loss is a fault, unless the line says `no_track`.
fn untracked() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    lab.switch("br1");
    lab.cable(1, "eth1", "br1", "198.51.100.1/24");
    let other = || {
        let all = r1.addresses("eth1");
        all.iter().any(|a| a.starts_with("198.51.100.100/"))
    };
    for (word, faulty) in [("", true), (" no_track", false)] {
        let line = format!("198.51.100.100/24 dev eth1{word}");
        let excluded = format!(" }}\n virtual_ipaddress_excluded {{\n {line}\n }}\n}}\n");
        let daemon = master(r1, &config("", "").replace(" }\n}\n", &excluded));
        wait_for("both addresses", 10, other);
        r1.ip("link set eth1 down");
        if faulty {
            wait_for("FAULT", 10, || !r1.holds(VIP));
        } else {
            stays("it is Master", 1500, || r1.holds(VIP));
        }
        r1.ip("link set eth1 up");
        wait_for("both addresses", 15, || r1.holds(VIP) && other());
        daemon.stop();
        assert!(!other() && !r1.holds(VIP));
    }
}
