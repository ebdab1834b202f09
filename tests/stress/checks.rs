//! Many servers to be checked: what VRRP feels of it, and what a low limit of descriptors does.
//!
//! The kernel need not have IPVS: servers are checked all the same.

use crate::lab::daemon::descriptors;
use crate::lab::stage::in_network;
use crate::lab::{Kind, Lab, Node, pause, wait_for};
use crate::{INTERVAL, NEIGHBOURS, gaps, neighbours};
use std::collections::BTreeSet;
use std::net::{IpAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const PORT: u16 = 80;

/// All addresses 10.9.0.0/16 of a machine, as servers; and which were asked, since last forgotten.
struct Servers {
    asked: Arc<Mutex<BTreeSet<IpAddr>>>,
}

impl Servers {
    fn start(node: &Node) -> Servers {
        node.ip("route add local 10.9.0.0/16 dev lo");
        let bind = || TcpListener::bind(("0.0.0.0", PORT)).expect("all servers' port");
        let listener = in_network(node.holder(), bind);
        let asked: Arc<Mutex<BTreeSet<IpAddr>>> = Arc::default();
        let list = asked.clone();
        std::thread::spawn(move || {
            while let Ok((_, peer)) = listener.accept() {
                // Who asks an address of its own does so from that address.
                list.lock().expect("nobody panics").insert(peer.ip());
            }
        });
        Servers { asked }
    }

    fn forget(&self) {
        self.asked.lock().expect("nobody panics").clear();
    }

    fn count(&self) -> usize {
        self.asked.lock().expect("nobody panics").len()
    }
}

/// Virtual servers of ten real servers each, asked every second.
fn balanced(services: usize, more: &str) -> String {
    let real = |address: &str| {
        format!(
            " real_server {address} {PORT} {{\n  TCP_CHECK {{\n   connect_timeout 2\n   \
             retry 0\n  }}\n }}\n"
        )
    };
    let mut text = String::new();
    for s in 1..=services {
        text += &format!(
            "virtual_server 198.51.100.{s} 80 {{\n delay_loop 1\n lb_algo rr\n lb_kind NAT\n \
             protocol TCP\n"
        );
        for r in 1..=10 {
            text += &real(&format!("10.9.{s}.{r}"));
        }
        more.split_whitespace().for_each(|a| text += &real(a));
        text += "}\n";
    }
    text
}

/// Adverts at a tenth of a second keep their pace while a thousand servers are asked each second.
pub fn beside_masters() {
    let lab = Lab::new(1);
    let node = lab.r(1);
    let servers = Servers::start(node);
    let config = neighbours("MASTER", 150) + &balanced(100, "");
    let daemon = node.start_with(Kind::under_test(), &config, &["-n", "-D"]);
    wait_for("every server to be asked", 60, || servers.count() == 1000);
    pause(2000);
    for attempt in 1.. {
        let capture = lab.capture();
        servers.forget();
        let stalled = oversleep(Duration::from_secs(8));
        let worst = gaps(&capture).into_iter().max().expect("fifty of them");
        let (asked, limit) = (servers.count(), INTERVAL * 3 / 2 + stalled);
        println!(
            "  attempt {attempt}: largest gap {} ms of {} allowed ({} of it the machine's), \
             {asked} servers asked",
            worst.as_millis(),
            limit.as_millis(),
            stalled.as_millis()
        );
        assert_eq!(asked, 1000, "some were not asked in eight seconds");
        if worst <= limit {
            break;
        }
        assert!(attempt < 3, "{} Masters wait for the checks", NEIGHBOURS);
    }
    for stats in daemon.stats() {
        assert_eq!((stats.became_master, stats.released_master), (1, 0));
    }
    daemon.stop();
}

/// By how much this machine lets somebody oversleep who does nothing else.
fn oversleep(window: Duration) -> Duration {
    const STEP: Duration = Duration::from_millis(20);
    let start = Instant::now();
    let mut worst = Duration::ZERO;
    while start.elapsed() < window {
        let before = Instant::now();
        std::thread::sleep(STEP);
        worst = worst.max(before.elapsed().saturating_sub(STEP));
    }
    worst
}

/// With 64 descriptors for three hundred servers, some of whom never answer, all are asked again and
/// again, and no attempt fails for want of a descriptor.
pub fn few_descriptors() {
    let lab = Lab::new(1);
    let node = lab.r(1);
    let servers = Servers::start(node);
    // Nobody has these: whoever connects waits.
    let config = balanced(30, "192.0.2.200 192.0.2.201");
    let program = Kind::under_test().program();
    let path = node.write("keepalived.conf", &config);
    let mut child = node
        .command("setpriv")
        .args([
            "--bounding-set",
            "-sys_resource",
            "--inh-caps",
            "-sys_resource",
        ])
        .args(["prlimit", "--nofile=64:64", &program])
        .args(["-f", &path, "-n", "-C", "-D"])
        .spawn()
        .expect("starting a daemon");
    let pid = child.id().cast_signed();
    wait_for("every server to be asked", 60, || servers.count() == 300);
    let mut most = 0;
    for _ in 0..3 {
        servers.forget();
        wait_for("every server to be asked again", 60, || {
            most = most.max(descriptors(pid));
            servers.count() == 300
        });
    }
    println!("  at most {most} descriptors of 64");
    assert!(most > 16, "it is the daemon's descriptors that are counted");
    assert!(most < 64, "there were some to spare");
    let text = node.log.text();
    assert!(!text.contains("Too many open files"), "{text}");
    assert!(!text.contains("10.9."), "a good server failed: {text}");
    child.kill().expect("our own child");
    child.wait().expect("our own child");
}
