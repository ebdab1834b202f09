//! One router and one cable to this program, with nothing between that costs anything.

use crate::lab::{Capture, Daemon, Injector, Kind, Node, sh, wait_for};
use std::fs;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU32, Ordering};

/// This program's end of the cable.
const SINK: &str = "sink0";
/// The router's address.
pub const ROUTER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

/// Once, before the first cable: no IPv6 chatter of the kernel's own.
pub fn prepare() {
    for of in ["all", "default"] {
        let _ = fs::write(format!("/proc/sys/net/ipv6/conf/{of}/disable_ipv6"), "1");
    }
    sh("ip link set lo up");
}

/// The router; the cable goes when this does.
pub struct Wire {
    node: Node,
}

impl Wire {
    pub fn new() -> Wire {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let node = Node::new(&format!("m{}", MADE.fetch_add(1, Ordering::Relaxed)));
        let holder = node.holder();
        sh(&format!(
            "ip link add {SINK} address 02:00:00:00:00:f0 type veth peer name eth0 \
             address 02:00:00:00:00:01 netns {holder}"
        ));
        sh(&format!("ip link set {SINK} up"));
        node.ip("link set lo up");
        node.ip(&format!("addr add {ROUTER}/24 dev eth0"));
        node.ip("link set eth0 up");
        Wire { node }
    }

    /// Runs a daemon as it runs on a router: in the background, all its processes.
    pub fn start(&self, kind: Kind, config: &str) -> Daemon<'_> {
        self.node.daemonise(kind, config, &[])
    }

    /// Everything on the cable from now on.
    pub fn capture(&self) -> Capture {
        Capture::start(None, SINK)
    }

    /// The other router's voice.
    pub fn injector(&self) -> Injector {
        Injector::new(SINK)
    }

    /// The process that holds the router's namespaces.
    pub fn holder(&self) -> u32 {
        self.node.holder()
    }

    /// How many IPv4 addresses the router's interface has.
    pub fn held(&self) -> usize {
        self.node.addresses("eth0").len()
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        sh(&format!("ip link del {SINK}"));
    }
}

/// Waits until so many virtual routers are seen advertising, then forgets what was seen.
pub fn wait_for_masters(capture: &Capture, count: usize) {
    wait_for(&format!("{count} Masters"), 30, || {
        let mut seen = [false; 256];
        for advert in capture.adverts(|a| a.source == ROUTER) {
            seen[usize::from(advert.vrid)] = true;
        }
        seen.iter().filter(|s| **s).count() >= count
    });
    capture.clear();
}

/// The middle value; of an even number the lower of the two.
pub fn median(values: Vec<i64>) -> i64 {
    percentile(&values, 50)
}

/// The value that so many percent of all do not exceed.
pub fn percentile(values: &[i64], percent: usize) -> i64 {
    assert!(!values.is_empty(), "nothing was measured");
    let mut values = values.to_vec();
    values.sort_unstable();
    values[(values.len() * percent).div_ceil(100).max(1) - 1]
}
