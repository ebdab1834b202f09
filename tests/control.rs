//! What `status`, `explain` and the dumps say, word for word: the files in `tests/control/`, which
//! `UPDATE=1` writes anew. `openwrt.json` is what OpenWrt's status pages read.

#![allow(missing_docs, clippy::unwrap_used)]

use holdfast::check::{CheckerId, Event as Check, Got, Room};
use holdfast::config::{self, Config, Outside, Stat, route_line, rule_line};
use holdfast::control::{About, Report, View, What};
use holdfast::time::Instant;
use holdfast::vrrp::{Action, Ended, Event, FileId, IfaceId, Link, Router, ScriptId, Timer};
use std::fmt::Write;
use std::rc::Rc;

struct World;

impl Outside for World {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let path = path.strip_prefix('/').unwrap_or(path);
        std::fs::read(path).map_err(|e| e.to_string())
    }
    fn glob(&self, pattern: &str) -> Vec<String> {
        vec![pattern.to_owned()]
    }
    fn stat(&self, _: &str, _: bool) -> Option<Stat> {
        Some(Stat {
            mode: 0o755,
            uid: 0,
            gid: 0,
            file: true,
            dir: false,
        })
    }
    fn link(&self, _: &str) -> Option<String> {
        None
    }
    fn user(&self, _: &str) -> Option<(u32, u32)> {
        Some((0, 0))
    }
    fn group(&self, _: &str) -> Option<u32> {
        Some(0)
    }
    fn own_user(&self) -> (u32, u32) {
        (0, 0)
    }
    fn interface(&self, _: &str) -> Option<bool> {
        Some(true)
    }
    fn hostname(&self) -> String {
        "r1".to_owned()
    }
    fn env(&self, _: &str) -> Option<String> {
        None
    }
}

/// A router that has been running for a minute.
struct Machine {
    config: Config,
    router: Router,
    room: Room,
    about: About,
    now: Instant,
    timers: Vec<(Instant, holdfast::vrrp::InstanceId, Timer)>,
}

impl Machine {
    fn new() -> Machine {
        let loaded = config::load(&World, "tests/control/sample.conf", &Default::default());
        let mut said = String::new();
        loaded.diags.render(&mut said, false).unwrap();
        assert!(loaded.config.vrrp.instances.len() == 3, "{said}");
        let config = loaded.config;
        let mut machine = Machine {
            router: Router::new(Rc::new(config.vrrp.clone())),
            room: Room::new(config.check.clone(), 10),
            about: About {
                pid: 123,
                started: Instant::from_secs(1000),
                loaded: Instant::from_secs(1000),
                file: "/etc/keepalived/keepalived.conf".into(),
                wrapped: false,
            },
            now: Instant::from_secs(1000),
            config,
            timers: Vec::new(),
        };
        machine.begin();
        machine
    }

    fn tell(&mut self, event: Event<'_>) {
        self.router.handle(event, self.now);
        while let Some(action) = self.router.next_action() {
            match action {
                Action::Arm(id, timer, at) => {
                    self.timers.retain(|t| (t.1, t.2) != (id, timer));
                    self.timers.push((at, id, timer));
                }
                Action::Disarm(id, timer) => self.timers.retain(|t| (t.1, t.2) != (id, timer)),
                _ => {}
            }
        }
    }

    fn until(&mut self, end: Instant) {
        while let Some(next) = self.timers.iter().copied().min_by_key(|t| t.0)
            && next.0 <= end
        {
            self.timers.retain(|t| *t != next);
            self.now = self.now.max(next.0);
            self.tell(Event::Timer(next.1, next.2));
        }
        self.now = end;
    }

    fn interface(&mut self, name: &str, up: bool, address: [u8; 4]) {
        let at = self
            .config
            .vrrp
            .interfaces
            .iter()
            .position(|n| **n == *name);
        let iface = IfaceId(at.unwrap() as u16);
        let link = Link {
            index: u32::from(iface.0) + 2,
            up,
            ipv4: Some(address.into()),
            ..Link::default()
        };
        self.tell(Event::Interface { iface, link });
    }

    fn begin(&mut self) {
        self.interface("eth0", true, [192, 0, 2, 1]);
        self.interface("eth1", true, [198, 51, 100, 2]);
        self.interface("eth2", true, [10, 0, 0, 1]);
        let (file, value) = (FileId(0), 5);
        self.tell(Event::File { file, value });
        self.tell(Event::Start);
        let (script, ended) = (ScriptId(0), Ended::Exited(0));
        self.tell(Event::Script { script, ended });
        self.check(Check::Start { seed: 1 });
        self.attempt(0, Got::Connected);
        self.attempt(1, Got::Failed(111));
        self.until(Instant::from_secs(1100));
    }

    /// The next try of a checker, and what comes of it.
    fn attempt(&mut self, id: u16, got: Got<'_>) {
        let id = CheckerId(id);
        let due = self.room.checker(id).and_then(|c| c.due);
        self.until(due.unwrap().max(self.now));
        self.check(Check::Timer(id));
        self.check(Check::Got(id, got));
    }

    fn check(&mut self, event: Check<'_>) {
        self.room.handle(event, self.now);
        while self.room.next_action().is_some() {}
    }

    fn view(&self) -> View<'_> {
        View {
            about: &self.about,
            vrrp: &self.config.vrrp,
            router: &self.router,
            notify: &self.config.notify,
            check: Some(&self.room),
            route: route_line,
            rule: rule_line,
            now: self.now,
            wall: (1_700_000_000, 250_000),
        }
    }

    fn report(&self, what: What) -> (String, u8) {
        let mut report = Report::new(what);
        while report.step(&self.view()) {}
        report.done()
    }

    fn explain(&self, names: &[&str]) -> String {
        let mut all = String::new();
        for name in names {
            let name = Box::from(*name);
            let (text, status) = self.report(What::Explain { name });
            writeln!(all, "{text}= {status}").unwrap();
        }
        all
    }
}

#[track_caller]
fn golden(name: &str, text: &str) {
    let path = format!("tests/control/{name}");
    if std::env::var("UPDATE").is_ok_and(|v| v == "1") {
        std::fs::write(&path, text).unwrap();
    }
    let want = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(want == text, "{path} says:\n{want}\nbut it is:\n{text}");
}

const NAMES: [&str; 10] = [
    "lan",
    "wan",
    "alone",
    "inside_and_outside",
    "uplink",
    "load",
    "192.0.2.100:80",
    "FWM 5",
    "[192.0.2.12]:tcp:80",
    "nobody",
];

#[test]
fn a_router_that_is_well() {
    let machine = Machine::new();
    golden("openwrt.json", &machine.report(What::Json).0);
    let (text, status) = machine.report(What::Status { name: None });
    golden("status.txt", &text);
    assert_eq!(status, 1, "a virtual server has no quorum");
    let (text, status) = machine.report(What::StatusJson { name: None });
    golden("status.json", &text);
    assert_eq!(status, 1);
    golden("explain.txt", &machine.explain(&NAMES));
    golden("data.txt", &machine.report(What::Data).0);
    golden("check.txt", &machine.report(What::Checks).0);
}

#[test]
fn a_router_in_trouble() {
    let mut machine = Machine::new();
    machine.interface("eth2", false, [10, 0, 0, 1]);
    machine.until(Instant::from_secs(1103));
    machine.attempt(0, Got::Failed(110));
    golden("trouble.txt", &machine.explain(&NAMES));
    for (name, wrong) in [("lan", 1), ("alone", 0), ("192.0.2.12", 1), ("nobody", 2)] {
        for what in [
            What::Status {
                name: Some(name.into()),
            },
            What::StatusJson {
                name: Some(name.into()),
            },
        ] {
            let (text, status) = machine.report(what);
            assert_eq!(status, wrong, "{name}: {text}");
        }
    }
}

/// What is asked of a report in the middle of another configuration.
#[test]
fn a_report_that_begins_again_says_the_same() {
    let machine = Machine::new();
    let name = None;
    let mut report = Report::new(What::StatusJson { name: name.clone() });
    for _ in 0..5 {
        assert!(report.step(&machine.view()));
    }
    report.restart();
    while report.step(&machine.view()) {}
    assert_eq!(report.done(), machine.report(What::StatusJson { name }));
}

#[test]
fn json_version_2_wraps_the_array() {
    let mut machine = Machine::new();
    let plain = machine.report(What::Json).0;
    machine.about.wrapped = true;
    let wrapped = machine.report(What::Json).0;
    assert_eq!(
        wrapped,
        format!("{{\"vrrp\":{plain},\"track_process\":[]}}")
    );
}
