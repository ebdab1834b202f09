//! busybox syslogd as the reader of /dev/log: its queue takes ten lines.

use crate::lab::harness::Test;
use crate::lab::{Capture, Forge, Injector, Kind, Lab, Node, now, pause, wait_for};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fmt::Write;
use std::net::Ipv4Addr;
use std::process::{Child, Stdio};
use std::time::Duration;

pub const TESTS: &[Test] = &[
    Test::new("syslog::facility_and_burst", burst).needs(&["busybox"]),
    Test::new("syslog::stopped_killed_restarted", outages)
        .needs(&["busybox"])
        .ours_only("it waits for a syslogd that does not read"),
];

const INSTANCES: u8 = 150;

fn config() -> String {
    let mut text = String::new();
    for n in 1..=INSTANCES {
        writeln!(
            text,
            "vrrp_instance I{n:03} {{\n interface eth0\n virtual_router_id {n}\n priority 100\n \
             version 3\n advert_int 0.3\n garp_master_delay 0\n garp_master_repeat 1\n \
             virtual_ipaddress {{\n 10.1.0.{n}/32\n }}\n}}"
        )
        .unwrap();
    }
    text
}

/// A syslogd behind r1's /dev/log, writing /run/messages.
struct Syslogd(Child);

impl Syslogd {
    fn start(node: &Node) -> Syslogd {
        node.run("rm -f /dev/log");
        let child = node
            .command("busybox")
            .args(["syslogd", "-n", "-O", "/run/messages", "-l", "8"])
            .stdin(Stdio::null())
            .spawn()
            .expect("starting syslogd");
        wait_for("syslogd listens", 5, || node.run("ls /dev").contains("log"));
        Syslogd(child)
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.0.id() as i32), signal).expect("our own child");
    }
}

impl Drop for Syslogd {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Instances that have a line with all of `words` in the log.
fn told(node: &Node, words: &[&str]) -> usize {
    let text = node.read("messages");
    (1..=INSTANCES)
        .filter(|n| {
            let name = format!("I{n:03}");
            text.lines()
                .any(|l| l.contains(&name) && words.iter().all(|w| l.contains(w)))
        })
        .count()
}

fn burst() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    let _syslogd = Syslogd::start(r1);
    let _daemon = r1.start_with(
        Kind::under_test(),
        &config(),
        &["-n", "-P", "-D", "-S", "3"],
    );
    let all = usize::from(INSTANCES);
    wait_for("150 instances became Backup, and say so", 20, || {
        told(r1, &["BACKUP"]) == all
    });
    wait_for("150 instances became Master, and say so", 20, || {
        told(r1, &["MASTER"]) == all
    });
    let text = r1.read("messages");
    let own: Vec<&str> = text
        .lines()
        .filter(|l| l.contains("I0") || l.contains("I1"))
        .collect();
    println!("  {} lines", own.len());
    assert!(own.len() >= 2 * all);
    let strange: Vec<&&str> = own.iter().filter(|l| !l.contains("local3.")).collect();
    assert!(strange.is_empty(), "not under local3: {strange:?}");
    assert!(!text.contains("lost"), "lines were lost: {text}");
}

/// The widest gap between adverts of VRID 1 since `from`.
fn gap(wire: &Capture, from: Duration) -> Duration {
    let all = wire.adverts(|a| a.vrid == 1 && a.at > from && !a.outgoing);
    let mut times: Vec<Duration> = vec![from];
    times.extend(all.iter().map(|a| a.at));
    times.push(now());
    times
        .windows(2)
        .map(|w| w[1] - w[0])
        .max()
        .expect("two at least")
}

/// All instances but the first become Backup and Master again, `rounds` times.
fn flap(node: &Node, injector: &Injector, rounds: usize) {
    let held = || {
        node.addresses("eth0")
            .iter()
            .filter(|a| a.starts_with("10.1."))
            .count()
    };
    for _ in 0..rounds {
        wait_for("all are Backup", 20, || {
            for n in 2..=INSTANCES {
                let vip = [Ipv4Addr::new(10, 1, 0, n)];
                injector.send(&Forge::v3(n, 200, 30, &vip).frame());
            }
            held() == 1
        });
        wait_for("all are Master", 20, || held() == usize::from(INSTANCES));
    }
}

fn outages() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    let wire = lab.capture();
    let injector = lab.injector();
    let syslogd = Syslogd::start(r1);
    let daemon = r1.start_with(
        Kind::under_test(),
        &config(),
        &["-n", "-P", "-D", "-S", "3"],
    );
    let all = usize::from(INSTANCES);
    wait_for("all instances became Master, and say so", 20, || {
        told(r1, &["MASTER"]) == all
    });

    // Stopped: it holds the socket and does not read.
    let from = now();
    syslogd.signal(Signal::SIGSTOP);
    flap(r1, &injector, 6);
    assert!(
        gap(&wire, from) < Duration::from_millis(900),
        "gap {:?} while stopped",
        gap(&wire, from)
    );
    let lines = r1.read("messages").lines().count();
    syslogd.signal(Signal::SIGCONT);
    wait_for("lines come again", 20, || {
        r1.read("messages").lines().count() > lines
    });
    wait_for("it says how many were lost", 20, || {
        let text = r1.read("messages");
        text.lines()
            .any(|l| l.contains("lost") && l.chars().any(|c| c.is_ascii_digit()))
    });

    // Killed: nobody is there for a while.
    let from = now();
    drop(syslogd);
    flap(r1, &injector, 1);
    pause(500);
    assert!(
        gap(&wire, from) < Duration::from_millis(900),
        "gap {:?} while gone",
        gap(&wire, from)
    );
    r1.write("messages", "");
    let _syslogd = Syslogd::start(r1);
    flap(r1, &injector, 1);
    wait_for("it found the new one", 30, || {
        told(r1, &["MASTER"]) >= all - 1
    });
    assert!(
        gap(&wire, from) < Duration::from_millis(900),
        "gap {:?}",
        gap(&wire, from)
    );
    daemon.stop();
}
