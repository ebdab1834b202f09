//! FRR's vrrpd as the other router: version 3 over IPv4 and IPv6, as the weaker and the stronger.

use crate::lab::harness::Test;
use crate::lab::{Capture, Kind, Lab, Node, now, packages, pause, stage, wait_for};
use std::fs;
use std::process::{Child, Stdio};
use std::time::Duration;

pub const TESTS: &[Test] = &[
    Test::new("frr::ipv4_ours_stronger", || ours_stronger(false)).needs(NEEDS),
    Test::new("frr::ipv4_theirs_stronger", || theirs_stronger(false)).needs(NEEDS),
    Test::new("frr::ipv6_ours_stronger", || ours_stronger(true)).needs(NEEDS),
    Test::new("frr::ipv6_theirs_stronger", || theirs_stronger(true)).needs(NEEDS),
];

const NEEDS: &[&str] = &["vrrpd", "vtysh"];
const INTERVAL: Duration = Duration::from_millis(300);

fn vip(ipv6: bool) -> &'static str {
    if ipv6 { "fe80::5:100" } else { "192.0.2.100" }
}

/// zebra and vrrpd of one router.
struct Frr {
    children: Vec<Child>,
}

impl Frr {
    /// Its virtual router lives on a macvlan with the virtual MAC and the address.
    fn start(node: &Node, ipv6: bool, priority: u8) -> Frr {
        let (mac, length, word) = match ipv6 {
            true => ("00:00:5e:00:02:33", 64, "ipv6"),
            false => ("00:00:5e:00:01:33", 24, "ip"),
        };
        let vip = vip(ipv6);
        node.ip("link add vrrp-51 link eth0 type macvlan mode bridge");
        node.ip(&format!("link set dev vrrp-51 address {mac}"));
        if ipv6 {
            node.sysctl("net/ipv6/conf/vrrp-51/disable_ipv6", "0");
            node.sysctl("net/ipv6/conf/vrrp-51/accept_dad", "0");
        }
        node.ip(&format!("addr add {vip}/{length} dev vrrp-51"));
        node.ip("link set dev vrrp-51 up");
        let config = format!(
            "hostname {}\nlog file /run/frr/log debugging\ninterface eth0\n \
             vrrp 51 version 3\n vrrp 51 priority {priority}\n \
             vrrp 51 advertisement-interval 300\n vrrp 51 {word} {vip}\n!\n",
            node.name
        );
        let path = node.write("frr.conf", &config);
        fs::create_dir_all(node.run.join("frr")).expect("its /run/frr");
        // It gives up root for a user of its own.
        if !one_of_many() {
            std::process::exit(stage::skip("FRR changes its user: run as root"));
        }
        node.run("chown frr:frr /run/frr");
        let mut frr = Frr {
            children: Vec::new(),
        };
        for program in ["zebra", "vrrpd"] {
            let file = packages::find(program).unwrap_or_else(|| program.into());
            let pid = format!("/run/frr/{program}.pid");
            let mut command = node.command(&file);
            command.args(["-f", &path, "-i", &pid, "-z", "/run/frr/zserv.api"]);
            command.args(["-P", "0", "--vty_socket", "/run/frr"]);
            let output = fs::File::create(node.run.join(format!("{program}.out")));
            let output = output.expect("a file for its output");
            let error = output.try_clone().expect("one more descriptor");
            command.stdin(Stdio::null()).stdout(output).stderr(error);
            frr.children.push(command.spawn().expect("starting FRR"));
            let start = std::time::Instant::now();
            while program == "zebra" && !node.run.join("frr/zserv.api").exists() {
                let said = || [node.read("zebra.out"), node.read("frr/log")].concat();
                assert!(start.elapsed().as_secs() < 15, "zebra: {}", said());
                pause(20);
            }
        }
        frr
    }
}

/// The number behind a word of FRR's own account of its virtual router.
fn counted(node: &Node, ipv6: bool, word: &str) -> u64 {
    let mut command = node.command("vtysh");
    command.args([
        "--vty_socket",
        "/run/frr",
        "-c",
        "show vrrp interface eth0 51 json",
    ]);
    let done = command.output().expect("vtysh");
    let text = String::from_utf8_lossy(&done.stdout);
    let family = if ipv6 { "\"v6\"" } else { "\"v4\"" };
    let of = text.split_once(family).map_or("", |(_, rest)| rest);
    let rest = of
        .split_once(&format!("\"{word}\":"))
        .map_or("", |(_, rest)| rest);
    let digits = rest
        .trim_start()
        .split(|c: char| !c.is_ascii_digit())
        .next();
    let number = digits.and_then(|d| d.parse().ok());
    number.unwrap_or_else(|| panic!("no {word} in {text}"))
}

/// Whether there are other users here than this one.
fn one_of_many() -> bool {
    let map = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    !map.trim().ends_with(" 1")
}

impl Drop for Frr {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn ours(ipv6: bool) -> String {
    let (vip, length) = (vip(ipv6), if ipv6 { 64 } else { 24 });
    format!(
        "global_defs {{\n router_id lab\n}}\n\
         vrrp_instance VI_1 {{\n state BACKUP\n interface eth0\n virtual_router_id 51\n \
         priority 150\n version 3\n advert_int 0.3\n \
         virtual_ipaddress {{\n {vip}/{length}\n }}\n}}\n"
    )
}

fn lab(ipv6: bool) -> Lab {
    let lab = Lab::new(2);
    if ipv6 {
        lab.r(1).ipv6();
        lab.r(2).ipv6();
    }
    lab
}

/// Whether router `n` advertised since; priority 0 apart.
fn speaks(capture: &Capture, priority: u8, since: Duration) -> bool {
    capture.look(|frames| {
        frames.iter().filter(|f| f.at > since).any(|f| {
            f.advert().is_some_and(|a| a.priority == priority)
                || f.advert6().is_some_and(|a| a.priority == priority)
        })
    })
}

fn holds(node: &Node, ipv6: bool) -> bool {
    match ipv6 {
        true => node.addresses6().iter().any(|a| a == vip(true)),
        false => node.holds(vip(false)),
    }
}

/// Neither side sees anything wrong with the other's adverts.
fn sound(daemon: &crate::lab::Daemon<'_>, least: u64) {
    let stats = daemon.stats_of("VI_1");
    assert!(stats.errors().is_empty(), "{:?}", stats.errors());
    assert!(stats.received >= least, "{stats:?}");
}

/// FRR has taken every advert of ours, and complains of none.
fn heard(daemon: &crate::lab::Daemon<'_>, node: &Node, ipv6: bool) {
    // One may still be on its way.
    let before = daemon.stats_of("VI_1").sent.saturating_sub(1);
    let taken = counted(node, ipv6, "adverRx");
    let after = daemon.stats_of("VI_1").sent;
    assert!(
        before > 0 && (before..=after).contains(&taken),
        "{before} {taken} {after}"
    );
    let log = node.read("frr/log");
    let complaint = log
        .lines()
        .find(|l| l.contains("nvalid") || l.contains("mismatch"));
    assert_eq!(complaint, None);
}

/// FRR is Master, yields to ours, and takes over when ours leaves.
fn ours_stronger(ipv6: bool) {
    let lab = lab(ipv6);
    let capture = lab.capture();
    let _frr = Frr::start(lab.r(2), ipv6, 100);
    wait_for("FRR is Master", 30, || {
        speaks(&capture, 100, Duration::ZERO)
    });
    let daemon = lab.r(1).start(Kind::under_test(), &ours(ipv6));
    wait_for("ours takes over", 15, || holds(lab.r(1), ipv6));
    pause(1000);
    let since = now();
    pause(1500);
    assert!(speaks(&capture, 150, since), "ours does not speak");
    assert!(!speaks(&capture, 100, since), "FRR does not yield");
    sound(&daemon, 1);
    heard(&daemon, lab.r(2), ipv6);
    let since = now();
    daemon.stop();
    wait_for("FRR takes over", 15, || speaks(&capture, 100, since));
    assert!(!holds(lab.r(1), ipv6));
    assert!(speaks(&capture, 0, since), "no farewell");
}

/// Ours is Master, yields to FRR, and takes over when FRR dies.
fn theirs_stronger(ipv6: bool) {
    let lab = lab(ipv6);
    let capture = lab.capture();
    let daemon = lab.r(1).start(Kind::under_test(), &ours(ipv6));
    wait_for("ours is Master", 15, || holds(lab.r(1), ipv6));
    let frr = Frr::start(lab.r(2), ipv6, 200);
    wait_for("ours yields", 30, || {
        speaks(&capture, 200, Duration::ZERO) && !holds(lab.r(1), ipv6)
    });
    pause(1000);
    let since = now();
    pause(1500);
    assert!(speaks(&capture, 200, since), "FRR does not speak");
    assert!(!speaks(&capture, 150, since), "ours does not yield");
    sound(&daemon, 5);
    let least = counted(lab.r(2), ipv6, "adverTx").saturating_sub(1);
    sound(&daemon, least);
    let killed = now();
    drop(frr);
    wait_for("ours takes over", 15, || holds(lab.r(1), ipv6));
    assert!(now() - killed > INTERVAL * 2, "too early");
    sound(&daemon, 5);
}
