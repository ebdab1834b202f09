//! A small network on one machine, for system tests, the demonstration and measurements.
//!
//! [`stage`] gives the program namespaces of its own; [`Lab`] builds a switch (a bridge) with
//! routers and clients on it; [`Daemon`] runs holdfast or keepalived in one of them; [`Capture`]
//! and [`Forge`] read and write the wire; [`harness`] runs tests, each in a lab of its own.

#![allow(
    dead_code,
    unused_imports,
    missing_docs,
    clippy::disallowed_methods,
    clippy::unwrap_used
)]

pub mod capture;
pub mod daemon;
pub mod frames;
pub mod harness;
pub mod node;
pub mod packages;
pub mod prober;
pub mod random;
pub mod secure;
pub mod smtp;
pub mod smtpd;
pub mod stage;
pub mod stats;
pub mod syslog;

pub use capture::{Capture, Injector};
pub use daemon::{Daemon, Kind};
pub use frames::{Advert, Advert6, Forge, Frame};
pub use node::Node;
pub use prober::Prober;
pub use stats::Stats;

use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

/// Exit status of a test that cannot run here.
pub const SKIP_STATUS: i32 = 77;

/// Wall-clock time, comparable with the stamps of captured frames.
pub fn now() -> Duration {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .expect("after 1970")
}

/// Version of the running kernel, as (6, 1).
pub fn kernel() -> (u32, u32) {
    let text = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let mut numbers = text
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|n| n.parse().ok());
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

/// Sleeps.
pub fn pause(milliseconds: u64) {
    std::thread::sleep(Duration::from_millis(milliseconds));
}

/// Polls until `condition` holds; panics with `what` after `seconds`.
#[track_caller]
pub fn wait_for(what: &str, seconds: u64, mut condition: impl FnMut() -> bool) -> Duration {
    let start = Instant::now();
    loop {
        if condition() {
            return start.elapsed();
        }
        assert!(
            start.elapsed() < Duration::from_secs(seconds),
            "not within {seconds} s: {what}"
        );
        pause(10);
    }
}

/// Polls for so long that `condition` holds all the while.
#[track_caller]
pub fn stays(what: &str, milliseconds: u64, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(milliseconds) {
        assert!(
            condition(),
            "no longer so after {:?}: {what}",
            start.elapsed()
        );
        pause(20);
    }
}

/// Runs a command line (split at blanks) and returns its output; panics if it fails.
#[track_caller]
pub fn sh(line: &str) -> String {
    let mut words = line.split_whitespace();
    let mut command = Command::new(words.next().expect("a command"));
    command.args(words);
    output(&mut command, line)
}

#[track_caller]
fn output(command: &mut Command, what: &str) -> String {
    let done = command.output().unwrap_or_else(|e| panic!("{what}: {e}"));
    assert!(
        done.status.success(),
        "{what}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
    String::from_utf8_lossy(&done.stdout).into_owned()
}

/// The switch and what is plugged into it. The process that makes it is the switch.
pub struct Lab {
    nodes: Vec<Node>,
}

/// The interface of the switch that sees and sends everything.
pub const TAP: &str = "tap0";

impl Lab {
    /// A switch with `routers` routers r1, r2, … (192.0.2.1, .2, …; interface eth0,
    /// 02:00:00:00:00:01, …).
    pub fn new(routers: u8) -> Lab {
        std::fs::write("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1").ok();
        std::fs::write("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1").ok();
        for line in [
            "ip link add br0 type bridge mcast_snooping 0",
            "ip link add tap0 address 02:00:00:00:00:f0 type veth peer name tap1",
        ] {
            let done = Command::new("ip")
                .args(line.split(' ').skip(1))
                .output()
                .expect("ip");
            if !done.status.success() {
                let said = String::from_utf8_lossy(&done.stderr)
                    .trim()
                    .replace('\n', " ");
                std::process::exit(stage::skip(&format!(
                    "this kernel refuses `{line}` ({said}): modprobe bridge veth, as root"
                )));
            }
        }
        for line in [
            "ip link set lo up",
            "ip link set br0 up",
            "ip link set tap1 master br0 up",
            "ip link set tap0 up",
        ] {
            sh(line);
        }
        let mut lab = Lab { nodes: Vec::new() };
        for n in 1..=routers {
            lab.plug(
                &format!("r{n}"),
                &format!("02:00:00:00:00:{n:02x}"),
                &format!("192.0.2.{n}/24"),
            );
        }
        lab
    }

    /// Plugs one more machine in.
    pub fn plug(&mut self, name: &str, mac: &str, address: &str) -> &Node {
        let node = Node::new(name);
        let port = node.port();
        let holder = node.holder();
        sh(&format!(
            "ip link add {port} type veth peer name eth0 address {mac} netns {holder}"
        ));
        sh(&format!("ip link set {port} master br0 up"));
        node.ip("link set lo up");
        node.ip(&format!("addr add {address} dev eth0"));
        node.ip("link set eth0 up");
        self.nodes.push(node);
        self.nodes.last().expect("just pushed")
    }

    /// Router `n`, from 1.
    pub fn r(&self, n: usize) -> &Node {
        &self.nodes[n - 1]
    }

    /// A machine by name.
    pub fn node(&self, name: &str) -> &Node {
        self.nodes
            .iter()
            .find(|n| n.name == name)
            .expect("a machine of this name")
    }

    /// Everything on the switch from now on.
    pub fn capture(&self) -> Capture {
        Capture::start(None, TAP)
    }

    /// Sends from the switch.
    pub fn injector(&self) -> Injector {
        Injector::new(TAP)
    }

    /// A second switch.
    pub fn switch(&self, name: &str) {
        sh(&format!("ip link add {name} type bridge mcast_snooping 0"));
        sh(&format!("ip link set {name} up"));
    }

    /// One more cable: an interface of router `n` to a switch, with an address of its own.
    pub fn cable(&self, n: usize, interface: &str, switch: &str, address: &str) {
        let node = self.r(n);
        let (port, holder) = (format!("p-{}-{interface}", node.name), node.holder());
        let mac = format!(
            "02:00:00:00:{:02x}:{n:02x}",
            interface.bytes().last().unwrap_or(0)
        );
        sh(&format!(
            "ip link add {port} type veth peer name {interface} address {mac} netns {holder}"
        ));
        sh(&format!("ip link set {port} master {switch} up"));
        node.ip(&format!("addr add {address} dev {interface}"));
        node.ip(&format!("link set {interface} up"));
    }
}
