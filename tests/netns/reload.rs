//! Reload by SIGHUP: what changes, and what does not move.

use crate::lab::daemon::memory;
use crate::lab::harness::Test;
use crate::lab::random::Random;
use crate::lab::{Capture, Daemon, Kind, Lab, Node, now, pause, stays, wait_for};
use nix::sys::signal::Signal;
use std::fs::File;
use std::net::Ipv4Addr;
use std::process::{Child, Stdio};
use std::time::Duration;

const WORDS: &str = "keepalived words its log in another way";

pub const TESTS: &[Test] = &[
    Test::new("reload::rows_of_vrrp", rows).ours_only(WORDS),
    Test::new("reload::the_first_instance", first).ours_only(WORDS),
    Test::new("reload::unchanged_and_broken", unchanged).ours_only(WORDS),
    Test::new("reload::outlives_the_worker", outlives).ours_only(WORDS),
    Test::new("reload::two_hundred_at_random", chaos).ours_only(WORDS),
];

const OWN: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const DONE: &str = "the new configuration is in force";
const REFUSED: &str = "the running configuration stays";

/// A configuration, part by part.
#[derive(Clone)]
struct Config {
    name: &'static str,
    vrid: u8,
    priority: u8,
    interval: &'static str,
    addresses: Vec<&'static str>,
    script: &'static str,
    more: String,
    inside: String,
}

impl Config {
    fn new() -> Self {
        Config {
            name: "VI_1",
            vrid: 51,
            priority: 150,
            interval: "1",
            addresses: vec!["192.0.2.100/24", "192.0.2.101/24", "198.51.100.1/24"],
            script: "/bin/true",
            more: String::new(),
            inside: String::new(),
        }
    }

    fn text(&self) -> String {
        let Config {
            name,
            vrid,
            priority,
            interval,
            addresses,
            script,
            more,
            inside,
        } = self;
        format!(
            "global_defs {{\n script_user root\n enable_script_security\n \
             vrrp_garp_master_delay 0\n}}\n\
             vrrp_script chk {{\n script \"{script}\"\n interval 1\n weight 10\n}}\n\
             vrrp_instance {name} {{\n state BACKUP\n interface eth0\n virtual_router_id {vrid}\n \
             priority {priority}\n version 3\n advert_int {interval}\n \
             notify /run/notify.sh\n track_script {{\n chk\n }}\n {inside}\n \
             virtual_ipaddress {{\n {}\n }}\n}}\n{more}",
            addresses.join("\n ")
        )
    }
}

/// A router under watch: its addresses, its scripts, what it says.
struct Watched<'a> {
    node: &'a Node,
    daemon: Daemon<'a>,
    wire: &'a Capture,
    monitor: Child,
    done: usize,
}

impl<'a> Watched<'a> {
    fn start(node: &'a Node, wire: &'a Capture, config: &Config) -> Self {
        node.script("notify.sh", "#!/bin/sh\necho \"$@\" >> /run/notified\n");
        let daemon = node.start(Kind::under_test(), &config.text());
        let events = File::create(node.run.join("events")).expect("a file");
        let monitor = node
            .command("ip")
            .args(["-o", "monitor", "address", "route"])
            .stdout(Stdio::from(events))
            .spawn()
            .expect("ip monitor");
        Watched {
            node,
            daemon,
            wire,
            monitor,
            done: 0,
        }
    }

    /// Everything that moved so far.
    fn events(&self) -> Vec<String> {
        let text = self.node.read("events");
        text.lines().map(str::to_owned).collect()
    }

    /// What was notified, without the number in front.
    fn notified(&self) -> Vec<String> {
        let text = self.node.read("notified");
        text.lines().map(str::to_owned).collect()
    }

    /// Gives it another configuration; when that is in force, what moved among addresses.
    fn reload(&mut self, config: &Config) -> Vec<String> {
        self.node.write("keepalived.conf", &config.text());
        self.signal()
    }

    fn signal(&mut self) -> Vec<String> {
        let before = self.events().len();
        self.daemon.signal(Signal::SIGHUP);
        self.done += 1;
        wait_for("the reload", 20, || self.node.log.count(DONE) == self.done);
        // The events of the last requests are on their way.
        pause(300);
        self.events().split_off(before)
    }

    fn adverts(&self, since: Duration) -> Vec<crate::lab::Advert> {
        self.wire.adverts(|a| a.source == OWN && a.at >= since)
    }

    fn says(&self, what: &str, since: Duration, vrid: u8, priority: u8) {
        wait_for(what, 15, || {
            let adverts = self.adverts(since);
            let own = adverts.iter().rev().find(|a| a.vrid == vrid);
            own.is_some_and(|a| a.priority == priority)
        });
    }
}

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        let _ = self.monitor.kill();
        let _ = self.monitor.wait();
    }
}

fn sorted(mut list: Vec<String>) -> Vec<String> {
    list.sort();
    list
}

/// Own address and these.
fn with_own(addresses: &[&str]) -> Vec<String> {
    let all = addresses.iter().chain(&["192.0.2.1/24"]);
    sorted(all.map(|a| (*a).to_owned()).collect())
}

/// One change after the other, on a Master that a Backup listens to all the time.
fn rows() {
    let lab = Lab::new(2);
    let (r1, r2) = (lab.r(1), lab.r(2));
    let wire = lab.capture();
    let mut config = Config::new();
    let mut router = Watched::start(r1, &wire, &config);
    wait_for("r1 is Master", 15, || r1.holds("192.0.2.101"));
    let backup = Config {
        priority: 50,
        ..Config::new()
    };
    let _peer = r2.start(Kind::under_test(), &backup.text());
    router.says("the script counts", Duration::ZERO, 51, 160);
    let told = router.notified().len();

    // Another name moves nothing but the name.
    config.name = "other";
    assert_eq!(router.reload(&config), [""; 0], "a name");
    assert_eq!(router.notified().len(), told);

    // Another address, and only that.
    config.addresses.push("192.0.2.103/24");
    let events = router.reload(&config);
    let of = |events: &[String], address: &str| events.iter().any(|e| e.contains(address));
    assert!(of(&events, "192.0.2.103/24"), "{events:?}");
    assert!(
        !of(&events, "192.0.2.100") && !of(&events, "198.51.100.1/"),
        "{events:?}"
    );
    wait_for("its announcement", 10, || {
        let garp = Ipv4Addr::new(192, 0, 2, 103);
        wire.look(|frames| frames.iter().any(|f| f.garp() == Some(garp)))
    });

    // The first of a subnet goes, the others stay (or are back at once), another subnet is untouched.
    config.addresses = vec!["198.51.100.1/24", "198.51.100.2/24", "192.0.2.101/24"];
    router.reload(&config);
    config.addresses.remove(0);
    let events = router.reload(&config);
    let rest = with_own(&["198.51.100.2/24", "192.0.2.101/24"]);
    wait_for("what stays", 10, || sorted(r1.addresses("eth0")) == rest);
    assert!(!of(&events, "192.0.2.101/24"), "{events:?}");

    // Priority and interval, without leaving the state.
    let since = now();
    config.priority = 170;
    assert_eq!(router.reload(&config), [""; 0], "a priority");
    router.says("another priority", since, 51, 180);
    config.interval = "0.5";
    assert_eq!(router.reload(&config), [""; 0], "an interval");
    wait_for("another interval", 15, || {
        router.adverts(since).iter().any(|a| a.message[5] == 50)
    });

    // The same command at another pace keeps its result; another command is judged anew.
    let since = now();
    config.inside = "preempt_delay 3".to_owned();
    assert_eq!(router.reload(&config), [""; 0], "a delay");
    assert!(router.adverts(since).iter().all(|a| a.priority == 180));
    config.script = "/bin/false";
    assert_eq!(router.reload(&config), [""; 0], "a script");
    router.says("the new script fails", since, 51, 170);

    // Another instance begins; the first does not notice.
    let second = Config {
        name: "second",
        vrid: 52,
        addresses: vec!["203.0.113.1/24"],
        ..Config::new()
    };
    let text = second.text();
    let begin = text.find("vrrp_instance").expect("an instance");
    config.more = text[begin..].to_owned();
    let events = router.reload(&config);
    assert!(
        !of(&events, "192.0.2.101") && !of(&events, "198.51.100.2/"),
        "{events:?}"
    );
    wait_for("the second is Master", 15, || r1.holds("203.0.113.1"));
    // It goes, with a farewell.
    let since = now();
    config.more = String::new();
    let events = router.reload(&config);
    assert!(!r1.holds("203.0.113.1"));
    assert!(
        !of(&events, "192.0.2.101") && !of(&events, "198.51.100.2/"),
        "{events:?}"
    );
    let farewell = router.adverts(since);
    let zero = |vrid| farewell.iter().any(|a| a.vrid == vrid && a.priority == 0);
    assert!(zero(52) && !zero(51), "{farewell:?}");
    wait_for("its script", 10, || {
        let last = router.notified().pop();
        last.is_some_and(|line| line.starts_with("INSTANCE second FAULT"))
    });

    // Routes, rules and static addresses.
    config.inside = "virtual_routes {\n 10.9.0.0/16 via 192.0.2.254 dev eth0\n }".to_owned();
    config.more = "static_ipaddress {\n 10.8.0.1/24 dev eth0\n}\n".to_owned();
    router.reload(&config);
    wait_for("a route", 10, || r1.ip("route").contains("10.9.0.0/16"));
    wait_for("a static address", 10, || r1.holds("10.8.0.1"));
    config.inside = "virtual_routes {\n 10.7.0.0/16 via 192.0.2.254 dev eth0\n }".to_owned();
    let events = router.reload(&config);
    wait_for("another route", 10, || {
        let routes = r1.ip("route");
        routes.contains("10.7.0.0/16") && !routes.contains("10.9.0.0/16")
    });
    assert!(!of(&events, "10.8.0.1"), "{events:?}");
    (config.inside, config.more) = (String::new(), String::new());
    router.reload(&config);
    wait_for("neither", 10, || {
        !r1.ip("route").contains("10.7.0.0/16") && !r1.holds("10.8.0.1")
    });

    // All that time the other one heard its Master.
    assert_eq!(r2.log.count("Entering MASTER"), 0);
    // Another number is another router.
    let since = now();
    config.vrid = 53;
    router.reload(&config);
    wait_for("a farewell", 10, || {
        let mut adverts = router.adverts(since).into_iter();
        adverts.any(|a| a.vrid == 51 && a.priority == 0)
    });
    wait_for("the other number", 15, || {
        let mut adverts = router.adverts(since).into_iter();
        adverts.any(|a| a.vrid == 53 && a.priority > 0)
    });
}

/// What has nothing new moves nothing; what is broken is refused with its place.
fn first() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    let wire = lab.capture();
    let daemon = r1.start(Kind::Ours, "global_defs {\n router_id R1\n}\n");
    let config = Config::new();
    wait_for("it runs", 15, || r1.log.count("no vrrp_instance") == 1);
    r1.write("keepalived.conf", &config.text());
    daemon.signal(Signal::SIGHUP);
    wait_for("it is in force", 15, || r1.log.count(DONE) == 1);
    wait_for("r1 is Master", 15, || r1.holds("192.0.2.101"));
    let announced = || wire.look(|all| all.iter().filter_map(|f| f.garp()).count());
    wait_for("its addresses are announced", 15, || announced() > 0);
    assert!(daemon.alive());
}

fn unchanged() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    let wire = lab.capture();
    let mut config = Config::new();
    let mut router = Watched::start(r1, &wire, &config);
    wait_for("r1 is Master", 15, || r1.holds("192.0.2.101"));
    router.says("the script counts", Duration::ZERO, 51, 160);
    let (told, since) = (router.notified().len(), now());
    for _ in 0..10 {
        assert_eq!(router.signal(), [""; 0], "nothing is new");
    }
    // As many adverts as seconds, and not one more for each reload.
    let (took, adverts) = (now() - since, router.adverts(since));
    let most = took.as_secs() as usize + 3;
    assert!(
        adverts.len() <= most,
        "{} adverts in {took:?}",
        adverts.len()
    );
    assert!(adverts.iter().all(|a| a.priority == 160), "{adverts:?}");
    assert_eq!(router.notified().len(), told);

    // Two signals in a row.
    config.priority = 120;
    r1.write("keepalived.conf", &config.text());
    let events = router.events().len();
    router.daemon.signal(Signal::SIGHUP);
    router.daemon.signal(Signal::SIGHUP);
    router.says("another priority", now(), 51, 130);
    assert_eq!(router.events().len(), events);
    assert!(router.daemon.alive());
    router.done = r1.log.count(DONE);

    for (what, broken) in [
        ("a brace", "vrrp_instance X {\n interface eth0\n"),
        (
            "an error",
            "vrrp_instance X {\n interface eth0\n virtual_router_id 900\n}\n",
        ),
    ] {
        let refused = r1.log.count(REFUSED);
        let mut other = config.clone();
        other.priority = 10;
        other.more = broken.to_owned();
        r1.write("keepalived.conf", &other.text());
        router.daemon.signal(Signal::SIGHUP);
        wait_for(what, 15, || r1.log.count(REFUSED) == refused + 1);
        let since = now();
        stays("nothing moves", 1500, || router.events().len() == events);
        let adverts = router.adverts(since);
        assert!(
            adverts.iter().all(|a| a.priority == 130),
            "{what}: {adverts:?}"
        );
    }
    assert!(r1.log.count("keepalived.conf:") > 0, "the place is said");
    // The way back is open.
    config.priority = 140;
    assert_eq!(router.reload(&config), [""; 0]);
    router.says("the next one", now(), 51, 150);
}

/// A worker that dies after a reload: the next one runs what was accepted, not what is on disk.
fn outlives() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    let wire = lab.capture();
    let mut config = Config::new();
    r1.script("notify.sh", "#!/bin/sh\n");
    let daemon = r1.daemonise(Kind::under_test(), &config.text(), &[]);
    wait_for("r1 is Master", 15, || r1.holds("192.0.2.101"));
    // Now the second instance of the file, with other addresses.
    let mut first = Config::new();
    (first.name, first.vrid) = ("first", 40);
    first.addresses = vec!["203.0.113.9/24"];
    let text = first.text();
    let begin = text.find("vrrp_instance").expect("an instance");
    let second = config.text();
    let at = second.find("vrrp_instance").expect("an instance");
    config.addresses.push("192.0.2.105/24");
    let other = config.text();
    let accepted = format!("{}{}{}", &second[..at], &text[begin..], &other[at..]);
    r1.write("keepalived.conf", &accepted);
    daemon.signal(Signal::SIGHUP);
    wait_for("the reload", 20, || r1.log.count(DONE) == 1);
    wait_for("both are Master", 15, || {
        r1.holds_of(&["203.0.113.9", "192.0.2.105", "192.0.2.100"]) == 3
    });
    r1.write("keepalived.conf", "vrrp_instance { nonsense\n");
    let since = now();
    let old = daemon.worker();
    daemon.kill_worker();
    wait_for("a new worker", 20, || {
        let new = daemon.worker();
        new != old && new != daemon.pid
    });
    wait_for("it speaks for both", 15, || {
        let adverts = wire.adverts(|a| a.source == OWN && a.at > since);
        let speaks = |vrid| adverts.iter().filter(|a| a.vrid == vrid).count() >= 3;
        speaks(40) && speaks(51)
    });
    let lowered = wire.adverts(|a| a.source == OWN && a.at > since && a.priority == 0);
    assert!(lowered.is_empty(), "{lowered:?}");
    assert_eq!(
        r1.holds_of(&["203.0.113.9", "192.0.2.105", "192.0.2.100"]),
        3
    );
    daemon.stop();
    assert_eq!(r1.addresses("eth0"), ["192.0.2.1/24"]);
}

/// A configuration at random, with every address and route in at most one instance; and what the
/// kernel is to have.
fn any(random: &mut Random) -> (String, Vec<String>, Vec<String>) {
    let mut text = String::new();
    let count = 1 + random.below(5) as usize;
    let mut of: Vec<(Vec<String>, Vec<String>)> = vec![Default::default(); count];
    for last in 100..112 {
        let to = random.below(count as u64 + 2) as usize;
        if let Some(instance) = of.get_mut(to) {
            instance.0.push(format!("192.0.2.{last}/24"));
        }
    }
    for second in 1..6 {
        let to = random.below(count as u64 + 2) as usize;
        if let Some(instance) = of.get_mut(to) {
            instance.1.push(format!("10.{second}.0.0/16"));
        }
    }
    let (mut addresses, mut routes) = (vec!["192.0.2.1/24".to_owned()], Vec::new());
    for (at, (own, ways)) in of.iter_mut().enumerate() {
        // One of its own, so that it runs; now and then it is another router.
        own.insert(0, format!("192.0.2.{}/24", 50 + at));
        let vrid = 1 + at as u64 * 8 + random.below(8) / 6;
        let lines: String = ways.iter().map(|r| format!("{r} dev eth0\n ")).collect();
        let some = |name: &str, lines: &str| match lines.trim() {
            "" => String::new(),
            lines => format!(" {name} {{\n {lines}\n }}\n"),
        };
        text += &format!(
            "vrrp_instance V{vrid} {{\n state MASTER\n priority 255\n interface eth0\n \
             version 3\n virtual_router_id {vrid}\n advert_int {}\n garp_master_delay 0\n{}{}}}\n",
            1 + random.below(3),
            some("virtual_ipaddress", &own.join("\n ")),
            some("virtual_routes", &lines),
        );
        addresses.extend(own.iter().cloned());
        routes.extend(ways.iter().cloned());
    }
    (text, sorted(addresses), sorted(routes))
}

/// After each of many reloads the kernel has what it would have after a start, and memory does not
/// grow.
fn chaos() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    let mut random = Random(u64::from(now().subsec_nanos()));
    println!("  seed of the configurations: {}", random.0);
    let (text, ..) = any(&mut random);
    let daemon = r1.start(Kind::under_test(), &text);
    wait_for("its start", 20, || r1.log.count("runs ") > 0);
    pause(500);
    let mut done = 0;
    let mut reload = |text: &str| {
        r1.write("keepalived.conf", text);
        daemon.signal(Signal::SIGHUP);
        done += 1;
        wait_for("the reload", 30, || r1.log.count(DONE) >= done);
    };
    for n in 0..200 {
        let (text, addresses, routes) = any(&mut random);
        reload(&text);
        let ours = || {
            let table = r1.ip("route show proto keepalived");
            let words = table.lines().filter_map(|l| l.split_whitespace().next());
            sorted(words.map(str::to_owned).collect())
        };
        wait_for(
            &format!("the kernel after reload {n} of\n{text}"),
            20,
            || sorted(r1.addresses("eth0")) == addresses && ours() == routes,
        );
    }
    let (one, other) = (any(&mut random).0, any(&mut random).0);
    let mut turns = |count: usize| {
        for _ in 0..count {
            reload(&one);
            reload(&other);
        }
    };
    turns(40);
    let before = memory(daemon.pid);
    turns(120);
    let after = memory(daemon.pid);
    assert!(
        after <= before + 256,
        "{before} kB before, {after} kB after"
    );
    daemon.stop();
    assert_eq!(r1.addresses("eth0"), ["192.0.2.1/24"]);
}
