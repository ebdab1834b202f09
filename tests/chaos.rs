//! Chaos: three routers in one network, and everything that can happen to them, by the dice.
//!
//! Cables are pulled, interfaces deleted, renamed and made anew, addresses and routes taken away by
//! a stranger, the kernel's notifications flooded, daemons frozen, workers killed, networks split,
//! scripts made to fail. After each round the network is healed: then exactly one Master per virtual
//! router, the kernels hold what the configuration says, and nothing has grown.
//!
//! `CHAOS_SEED=n` replays a schedule, `CHAOS_SECONDS=n` says how long (300). Prints both.

#![allow(missing_docs, clippy::disallowed_methods, clippy::unwrap_used)]

mod lab;

use lab::daemon::{descriptors, memory};
use lab::harness::{self, Test};
use lab::random::Random;
use lab::{Daemon, Kind, Lab, Node, now, pause, wait_for};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::process::Stdio;
use std::time::Duration;

const TESTS: &[Test] = &[Test::new("chaos::after_it_all_one_master_each", chaos)
    .ours_only("it dies of some of this")
    .within(2 * 3600)
    .alone()];

fn main() -> std::process::ExitCode {
    harness::main(TESTS)
}

const ROUTERS: usize = 3;
const VIRTUAL: u8 = 6;
/// One more, over IPv6.
const SIXTH: &str = "2001:db8:7::";
/// Addresses of one virtual router.
const ADDRESSES: u8 = 4;
/// Things that happen in one round.
const EVENTS: u64 = 25;

/// What a virtual router is made of, beside its addresses.
fn special(n: u8, router: usize) -> String {
    let peers: String = (1..=ROUTERS)
        .filter(|r| *r != router)
        .map(|r| format!("  192.0.2.{r}\n"))
        .collect();
    match n {
        1 => " track_script {\n  check\n }\n".to_owned(),
        2 => " track_script {\n  check weight -150\n }\n".to_owned(),
        3 => " virtual_routes {\n  198.51.3.0/24 via 192.0.2.9 dev eth0\n }\n \
               virtual_rules {\n  from 10.3.0.0/24 lookup 77 priority 777\n }\n"
            .to_owned(),
        4 => format!(" unicast_src_ip 192.0.2.{router}\n unicast_peer {{\n{peers} }}\n"),
        _ => String::new(),
    }
}

/// The priority of a virtual router on a router: each router is the first choice of some.
fn priority(n: u8, router: usize) -> usize {
    50 + 50 * ((router + usize::from(n)) % ROUTERS)
}

/// Who is Master when all is well.
fn favourite(n: u8) -> usize {
    (1..=ROUTERS).max_by_key(|r| priority(n, *r)).unwrap()
}

fn interface(n: u8) -> &'static str {
    if n == VIRTUAL { "eth1" } else { "eth0" }
}

fn config(router: usize) -> String {
    let mut text = String::from(
        "vrrp_script check {\n script \"/bin/sh /run/check.sh\"\n interval 1\n}\n\
         vrrp_sync_group VG {\n group {\n  VI_3\n  VI_5\n }\n}\n",
    );
    for n in 1..=VIRTUAL {
        let lines: String = (1..=ADDRESSES)
            .map(|a| format!("  10.{n}.0.{a}/24\n"))
            .collect();
        text += &format!(
            "vrrp_instance VI_{n} {{\n state BACKUP\n interface {}\n virtual_router_id {n}\n \
             version 3\n priority {}\n advert_int 0.2\n garp_master_delay 1\n \
             virtual_ipaddress {{\n{lines} }}\n{}}}\n",
            interface(n),
            priority(if n == 5 { 3 } else { n }, router),
            special(n, router)
        );
    }
    let lines: String = (1..=ADDRESSES)
        .map(|a| format!("  {SIXTH}{a}/64\n"))
        .collect();
    text + &format!(
        "vrrp_instance VI_V6 {{\n state BACKUP\n interface eth0\n virtual_router_id 7\n \
         version 3\n priority {}\n advert_int 0.2\n garp_master_delay 1\n \
         virtual_ipaddress {{\n  fe80::7:7/64\n{lines} }}\n}}\n",
        priority(7, router)
    )
}

/// One thing that happens.
#[derive(Clone, Copy, Debug)]
enum Happening {
    Carrier(u64),
    Admin(u64),
    Split(u64),
    Recreate,
    Rename(u64),
    TakeAddress(u8, u8),
    TakeRoute,
    Flood(u64),
    Freeze(u64),
    Kill,
    Fail(u64),
    Quiet(u64),
}

fn happening(random: &mut Random) -> Happening {
    let pause = |r: &mut Random| r.between(20, 1500);
    match random.below(14) {
        0 | 1 => Happening::Carrier(pause(random)),
        2 => Happening::Admin(pause(random)),
        3 => Happening::Split(pause(random)),
        4 => Happening::Recreate,
        5 => Happening::Rename(pause(random)),
        6 | 7 => {
            let n = random.between(1, u64::from(VIRTUAL) + 1) as u8;
            Happening::TakeAddress(n, random.between(1, u64::from(ADDRESSES) + 1) as u8)
        }
        8 => Happening::TakeRoute,
        9 => Happening::Flood(random.between(100, 1000)),
        10 => Happening::Freeze(pause(random)),
        11 => Happening::Kill,
        12 => Happening::Fail(random.between(500, 3000)),
        _ => Happening::Quiet(pause(random)),
    }
}

struct Town<'a> {
    lab: &'a Lab,
    daemons: Vec<Daemon<'a>>,
}

impl<'a> Town<'a> {
    fn new(lab: &'a Lab) -> Town<'a> {
        let daemons = (1..=ROUTERS)
            .map(|r| {
                let node = lab.r(r);
                node.ipv6();
                node.script("check.sh", "#!/bin/sh\n[ ! -e /run/broken ]\n");
                node.daemonise(Kind::under_test(), &config(r), &[])
            })
            .collect();
        Town { lab, daemons }
    }

    fn node(&self, router: usize) -> &Node {
        self.lab.r(router)
    }

    /// What may fail: the thing to be taken away is perhaps not there.
    fn try_ip(&self, router: usize, line: &str) {
        let mut command = self.node(router).command("ip");
        let done = command
            .args(line.split_whitespace())
            .stderr(Stdio::null())
            .stdout(Stdio::null())
            .status();
        done.unwrap();
    }

    fn worker(&self, router: usize, signal: Signal) {
        let daemon = &self.daemons[router - 1];
        let worker = daemon.worker();
        if worker != daemon.pid {
            let _ = kill(Pid::from_raw(worker), signal);
        }
    }

    fn act(&self, router: usize, what: Happening) {
        let node = self.node(router);
        match what {
            Happening::Carrier(ms) => {
                node.carrier(false);
                pause(ms);
                node.carrier(true);
            }
            Happening::Admin(ms) => {
                node.admin(false);
                pause(ms);
                node.admin(true);
            }
            Happening::Split(ms) => {
                node.reachable(false);
                pause(ms);
                node.reachable(true);
            }
            Happening::Recreate => {
                node.ip("link del eth1");
                self.lab
                    .cable(router, "eth1", "br1", &format!("203.0.113.{router}/24"));
            }
            Happening::Rename(ms) => {
                node.ip("link set eth1 down");
                node.ip("link set eth1 name other");
                node.ip("link set other up");
                pause(ms);
                node.ip("link set other down");
                node.ip("link set other name eth1");
                node.ip("link set eth1 up");
            }
            Happening::TakeAddress(2, a) => {
                self.try_ip(router, &format!("addr del {SIXTH}{a}/64 dev eth0"));
            }
            Happening::TakeAddress(n, a) => {
                self.try_ip(
                    router,
                    &format!("addr del 10.{n}.0.{a}/24 dev {}", interface(n)),
                );
            }
            Happening::TakeRoute => {
                self.try_ip(router, "route del 198.51.3.0/24");
                self.try_ip(router, "rule del priority 777");
            }
            Happening::Flood(count) => self.flood(router, count),
            Happening::Freeze(ms) => {
                self.worker(router, Signal::SIGSTOP);
                pause(ms);
                self.worker(router, Signal::SIGCONT);
            }
            Happening::Kill => self.worker(router, Signal::SIGKILL),
            Happening::Fail(ms) => {
                node.write("broken", "");
                pause(ms);
                std::fs::remove_file(node.run.join("broken")).unwrap();
            }
            Happening::Quiet(ms) => pause(ms),
        }
    }

    /// Many notifications at once, of addresses that are nobody's.
    fn flood(&self, router: usize, count: u64) {
        let lines = |word: &str| -> String {
            (0..count)
                .map(|n| format!("addr {word} 172.16.{}.{}/32 dev lo\n", n / 250, 1 + n % 250))
                .collect()
        };
        let node = self.node(router);
        let path = node.write("flood", &(lines("add") + &lines("del")));
        self.try_ip(router, &format!("-force -batch {path}"));
    }

    /// What each virtual router's addresses look like on a router: how many of them are there.
    fn held(&self, router: usize, n: u8) -> usize {
        let prefix = format!("10.{n}.0.");
        let all = self.node(router).addresses(interface(n));
        all.iter().filter(|a| a.starts_with(&prefix)).count()
    }

    fn held6(&self, router: usize) -> usize {
        let all = self.node(router).addresses6();
        all.iter().filter(|a| a.starts_with(SIXTH)).count()
    }

    /// The virtual route and the virtual rule: both there, neither, or (`None`) one of them.
    fn way(&self, router: usize) -> Option<bool> {
        let route = self.node(router).ip("route show 198.51.3.0/24");
        let rule = self.node(router).ip("rule show").contains("lookup 77");
        (route.trim().is_empty() != rule).then_some(rule)
    }

    /// All as configured: the favourite has everything, the others nothing.
    fn whole(&self) -> bool {
        (1..=VIRTUAL).all(|n| {
            (1..=ROUTERS).all(|r| {
                let mine = r == favourite(if n == 5 { 3 } else { n });
                let want = if mine { usize::from(ADDRESSES) } else { 0 };
                self.held(r, n) == want && (n != 3 || self.way(r) == Some(mine))
            })
        }) && (1..=ROUTERS).all(|r| {
            let want = if r == favourite(7) { ADDRESSES } else { 0 };
            self.held6(r) == usize::from(want)
        })
    }

    fn report(&self) -> String {
        let mut text = String::new();
        for r in 1..=ROUTERS {
            let node = self.node(r);
            text += &format!("--- r{r}\n{}{}", node.ip("-o addr"), node.ip("route"));
            let log = node.log.text();
            let lines: Vec<&str> = log.lines().collect();
            let from = lines.len().saturating_sub(80);
            lines[from..].iter().for_each(|l| text += &format!("{l}\n"));
        }
        text
    }

    /// Descriptors and KiB of every worker.
    fn sizes(&self) -> Vec<(usize, u64)> {
        let workers = self.daemons.iter().map(Daemon::worker);
        workers.map(|w| (descriptors(w), memory(w))).collect()
    }

    fn wait_until_whole(&self, round: u64) {
        let start = now();
        while !self.whole() {
            assert!(
                now() - start < Duration::from_secs(90),
                "round {round}: not healed\n{}",
                self.report()
            );
            pause(100);
        }
    }
}

fn environment(name: &str, default: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.and_then(|t| t.parse().ok()).unwrap_or(default)
}

/// One round: the same seed and number give the same things in the same order.
fn round(town: &Town<'_>, seed: u64, number: u64) {
    let mut random = Random(seed ^ number.wrapping_mul(0x5851_f42d_4c95_7f2d));
    let plan: Vec<(usize, Happening)> = (0..EVENTS)
        .map(|_| {
            let router = random.between(1, ROUTERS as u64 + 1) as usize;
            (router, happening(&mut random))
        })
        .collect();
    // Each router has its own fate; they meet as the machine lets them.
    std::thread::scope(|scope| {
        for router in 1..=ROUTERS {
            let plan = &plan;
            scope.spawn(move || {
                for (_, what) in plan.iter().filter(|(r, _)| *r == router) {
                    town.act(router, *what);
                }
            });
        }
    });
}

fn chaos() {
    let seconds = environment("CHAOS_SECONDS", 300);
    let default = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(1, |t| t.as_secs() % 1_000_000);
    let seed = environment("CHAOS_SEED", default);
    println!("  CHAOS_SEED={seed} CHAOS_SECONDS={seconds}");
    let lab = Lab::new(ROUTERS as u8);
    lab.switch("br1");
    for r in 1..=ROUTERS {
        lab.cable(r, "eth1", "br1", &format!("203.0.113.{r}/24"));
    }
    let town = Town::new(&lab);
    town.wait_until_whole(0);
    let begun = now();
    let mut number = 0;
    let mut first = Vec::new();
    while now() - begun < Duration::from_secs(seconds) {
        number += 1;
        round(&town, seed, number);
        town.wait_until_whole(number);
        // A worker that was killed starts small: the second round is the measure.
        if number == 2 {
            first = town.sizes();
        }
    }
    println!(
        "  {number} rounds of {EVENTS}; sizes {first:?} -> {:?}",
        town.sizes()
    );
    for (before, after) in first.iter().zip(town.sizes()) {
        assert!(
            after.0 <= before.0 + 2,
            "descriptors: {before:?} -> {after:?}"
        );
        assert!(after.1 <= before.1 + 256, "memory: {before:?} -> {after:?}");
    }
    for daemon in town.daemons {
        let node = daemon.node;
        daemon.stop();
        let left = node.ip("-o addr");
        let ours = [" 10.", SIXTH];
        assert!(
            !ours.iter().any(|o| left.contains(o)),
            "left behind: {left}"
        );
        wait_for("no route is left", 5, || {
            !node.ip("route").contains("198.51.")
        });
    }
}
