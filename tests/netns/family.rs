//! Both daemons on one network over IPv6, and as unicast peers, each as the stronger router. Their
//! counters must equal what the wire carried, without an error.

use crate::lab::harness::Test;
use crate::lab::{Advert, Advert6, Capture, Daemon, Kind, Lab, Node, now, pause, stays, wait_for};
use std::net::{Ipv4Addr, Ipv6Addr};

/// What the two speak.
struct Speech {
    ipv6: bool,
    unicast: bool,
    version: u8,
    auth: &'static str,
    /// As configured, and in milliseconds.
    interval: (&'static str, u64),
}

const V6: Speech = Speech {
    ipv6: true,
    unicast: false,
    version: 3,
    auth: "",
    interval: ("0.3", 300),
};
const V6_UNICAST: Speech = Speech {
    unicast: true,
    ..V6
};
const UNICAST_V3: Speech = Speech {
    ipv6: false,
    ..V6_UNICAST
};
const UNICAST_V2: Speech = Speech {
    version: 2,
    interval: ("1", 1000),
    ..UNICAST_V3
};
const UNICAST_PASS: Speech = Speech {
    auth: "authentication {\n auth_type PASS\n auth_pass sesame12\n }",
    ..UNICAST_V2
};
const UNICAST_AH: Speech = Speech {
    auth: "authentication {\n auth_type AH\n auth_pass sesame12\n }",
    ..UNICAST_V2
};

pub const TESTS: &[Test] = &[
    Test::new("family::ipv6_ours_stronger", || life(&V6, true)).needs(&["keepalived"]),
    Test::new("family::ipv6_theirs_stronger", || life(&V6, false)).needs(&["keepalived"]),
    Test::new("family::ipv6_unicast_ours", || life(&V6_UNICAST, true)).needs(&["keepalived"]),
    Test::new("family::ipv6_unicast_theirs", || life(&V6_UNICAST, false)).needs(&["keepalived"]),
    Test::new("family::unicast_v3_ours", || life(&UNICAST_V3, true)).needs(&["keepalived"]),
    Test::new("family::unicast_v3_theirs", || life(&UNICAST_V3, false)).needs(&["keepalived"]),
    Test::new("family::unicast_v2_ours", || life(&UNICAST_V2, true)).needs(&["keepalived"]),
    Test::new("family::unicast_v2_theirs", || life(&UNICAST_V2, false)).needs(&["keepalived"]),
    Test::new("family::unicast_pass_ours", || life(&UNICAST_PASS, true)).needs(&["keepalived"]),
    Test::new("family::unicast_ah_ours", || life(&UNICAST_AH, true)).needs(&["keepalived"]),
    Test::new("family::unicast_ah_theirs", || life(&UNICAST_AH, false)).needs(&["keepalived"]),
    Test::new("family::a_deaf_peer_harms_nobody", deaf_peer),
    Test::new("family::a_tentative_source_is_waited_for", tentative),
];

impl Speech {
    fn own(&self, n: usize) -> String {
        match self.ipv6 {
            true => format!("2001:db8::{n}"),
            false => format!("192.0.2.{n}"),
        }
    }

    fn vips(&self) -> [&'static str; 2] {
        match self.ipv6 {
            true => ["fe80::5:100", "2001:db8::100"],
            false => ["192.0.2.100", "192.0.2.101"],
        }
    }

    /// For router `n` of two.
    fn config(&self, n: usize, state: &str, priority: u8) -> String {
        let [one, two] = self.vips();
        let length = if self.ipv6 { 64 } else { 24 };
        let peers = match self.unicast {
            true => format!(
                "unicast_src_ip {}\n unicast_peer {{\n {}\n }}",
                self.own(n),
                self.own(3 - n)
            ),
            false => String::new(),
        };
        format!(
            "global_defs {{\n router_id lab\n}}\n\
             vrrp_instance VI_1 {{\n state {state}\n interface eth0\n virtual_router_id 51\n \
             priority {priority}\n version {}\n advert_int {}\n {}\n {peers}\n \
             virtual_ipaddress {{\n {one}/{length}\n {two}/{length}\n }}\n}}\n",
            self.version, self.interval.0, self.auth
        )
    }

    fn held(&self, node: &Node) -> usize {
        let have = match self.ipv6 {
            true => node.addresses6(),
            false => return node.holds_of(&self.vips()),
        };
        let vips = self.vips();
        vips.iter().filter(|v| have.iter().any(|a| a == *v)).count()
    }

    fn settled_on(&self, what: &str, a: &Node, b: &Node) {
        let patience = 4 * self.interval.1 / 1000 + 10;
        wait_for(what, patience, || self.held(a) == 2 && self.held(b) == 0);
    }
}

/// A lab of two routers that speak it.
fn lab(speech: &Speech) -> Lab {
    let lab = Lab::new(2);
    if speech.ipv6 {
        for n in [1, 2] {
            lab.r(n).ipv6();
            lab.r(n)
                .ip(&format!("addr add {}/64 dev eth0 nodad", speech.own(n)));
        }
    }
    lab
}

/// One daemon and what its interface saw.
struct Side<'a> {
    daemon: Daemon<'a>,
    capture: Capture,
}

impl<'a> Side<'a> {
    fn start(node: &'a Node, kind: Kind, config: &str) -> Side<'a> {
        let capture = Capture::start(Some(node.holder()), "eth0");
        Side {
            daemon: node.start(kind, config),
            capture,
        }
    }

    /// Adverts in and out since it started.
    fn seen(&self) -> (u64, u64) {
        let since = self.daemon.since;
        self.capture.look(|frames| {
            let all = frames
                .iter()
                .filter(|f| f.at > since && (f.advert().is_some() || f.advert6().is_some()));
            let out = all.clone().filter(|f| f.outgoing).count() as u64;
            (all.count() as u64 - out, out)
        })
    }

    /// The counters against the wire.
    fn account(&self) {
        let before = self.seen();
        let stats = self.daemon.stats_of("VI_1");
        pause(20);
        let after = self.seen();
        let who = format!("{} on {}", self.daemon.kind.name(), self.daemon.node.name);
        let (received, sent) = (stats.received, stats.sent);
        println!("  {who}: received {received} of {after:?}, sent {sent}");
        let errors = stats.errors();
        assert!(errors.is_empty(), "{who} counted errors: {errors:?}");
        // What came while it opened its sockets it may have missed.
        let range = before.0.saturating_sub(1)..=after.0;
        assert!(range.contains(&received), "{who}: {range:?}, {stats:?}");
        let range = before.1.saturating_sub(1)..=after.1;
        assert!(range.contains(&sent), "{who}: {range:?}, {stats:?}");
    }

    /// What ours says looks as it should.
    fn judge(&self, speech: &Speech) {
        if self.daemon.kind != Kind::Ours {
            return;
        }
        let six: Vec<Advert6> = self.capture.look(|frames| {
            let all = frames.iter().filter(|f| f.outgoing);
            all.filter_map(|f| f.advert6()).collect()
        });
        for a in &six {
            assert!(a.is_sound() && a.traffic_class == 0xc0, "{a:?}");
            let group = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x12);
            if speech.unicast {
                let own = speech.own(1 + usize::from(a.priority == 100));
                assert_eq!((a.source.to_string(), a.hops), (own, 255));
            } else {
                assert!(a.source.is_unicast_link_local(), "{a:?}");
                assert_eq!((a.destination, a.hops), (group, 255));
            }
        }
        let four: Vec<Advert> = self.capture.adverts(|a| a.outgoing);
        assert_eq!(six.is_empty(), !speech.ipv6);
        assert_eq!(four.is_empty(), speech.ipv6);
        for a in four {
            assert!(!a.destination.is_multicast(), "{a:?}");
        }
    }
}

/// Election, kill -9 and SIGTERM of the stronger, and the fail-back.
fn life(speech: &Speech, ours_first: bool) {
    let ours = Kind::under_test();
    let (first, second) = match ours_first {
        true => (ours, Kind::Theirs),
        false => (Kind::Theirs, ours),
    };
    let lab = lab(speech);
    let (r1, r2) = (lab.r(1), lab.r(2));
    let strong = speech.config(1, "MASTER", 150);
    let weak = speech.config(2, "BACKUP", 100);
    let b = Side::start(r2, second, &weak);
    let a = Side::start(r1, first, &strong);
    speech.settled_on("the stronger is elected", r1, r2);
    stays("one Master", speech.interval.1 * 2, || {
        speech.held(r1) == 2 && speech.held(r2) == 0
    });
    a.account();
    a.judge(speech);
    a.daemon.crash();
    wait_for("the weaker takes over after kill -9", 15, || {
        speech.held(r2) == 2
    });
    assert_eq!(speech.held(r1), 2, "a crash leaves its addresses");
    let a = Side::start(r1, first, &strong);
    speech.settled_on("fail-back after kill -9", r1, r2);
    pause(speech.interval.1 * 2);
    a.account();
    b.account();
    b.judge(speech);
    let stopped = now();
    a.daemon.stop();
    wait_for("the weaker takes over after SIGTERM", 15, || {
        speech.held(r2) == 2
    });
    assert_eq!(speech.held(r1), 0, "a clean exit takes its addresses along");
    let farewells = a.capture.look(|frames| {
        let all = frames.iter().filter(|f| f.outgoing && f.at > stopped);
        let four = |f: &&crate::lab::Frame| f.advert().is_some_and(|a| a.priority == 0);
        let six = |f: &&crate::lab::Frame| f.advert6().is_some_and(|a| a.priority == 0);
        all.filter(|f| four(f) || six(f)).count()
    });
    assert_eq!(farewells, 1, "one advert of priority 0");
    b.account();
}

/// Three peers, of which one cannot be reached at all: the others get every advert, each copy with
/// the same IP identification. Without `interface` it is the routing that decides the way.
fn deaf_peer() {
    let mut lab = Lab::new(2);
    lab.plug("r3", "02:00:00:00:00:03", "192.0.2.3/24");
    let config = "global_defs {\n router_id lab\n}\n\
         vrrp_instance VI_1 {\n state MASTER\n virtual_router_id 51\n \
         priority 150\n advert_int 1\n unicast_src_ip 192.0.2.1\n unicast_ttl 77\n \
         unicast_peer {\n 198.51.100.9\n 192.0.2.2\n 192.0.2.3\n }\n \
         virtual_ipaddress {\n 192.0.2.100/24 dev eth0\n }\n}\n";
    let capture = Capture::start(Some(lab.r(1).holder()), "eth0");
    let _daemon = lab.r(1).start(Kind::under_test(), config);
    let to = |n: u8| capture.adverts(|a| a.destination == Ipv4Addr::new(192, 0, 2, n));
    wait_for("three adverts to each", 20, || {
        to(2).len() >= 3 && to(3).len() >= 3
    });
    let (two, three) = (to(2), to(3));
    for (a, b) in two.iter().zip(&three) {
        assert_eq!((a.ip_id, a.ttl, b.ttl), (b.ip_id, 77, 77));
    }
    assert_eq!(capture.adverts(|a| a.destination.is_multicast()), []);
    let log = lab.r(1).log.text();
    if Kind::under_test() == Kind::Ours {
        assert!(log.contains("advert to 198.51.100.9 not sent"), "{log}");
    }
}

/// A source address whose uniqueness the kernel still checks: nothing is sent before, and then it
/// becomes Master.
fn tentative() {
    let lab = Lab::new(2);
    let r1 = lab.r(1);
    r1.ipv6();
    lab.r(2).ipv6();
    lab.r(2).ip("addr add 2001:db8::2/64 dev eth0 nodad");
    let config = V6_UNICAST.config(1, "MASTER", 150);
    let capture = Capture::start(Some(r1.holder()), "eth0");
    let spoken = || capture.look(|frames| frames.iter().filter_map(|f| f.advert6()).count());
    let _daemon = r1.start(Kind::Ours, &config);
    wait_for("FAULT", 10, || r1.log.text().contains("FAULT"));
    assert_eq!(spoken(), 0);
    r1.sysctl("net/ipv6/conf/eth0/dad_transmits", "2");
    r1.ip("addr add 2001:db8::1/64 dev eth0");
    wait_for("Master", 20, || V6.held(r1) == 2);
    let text = r1.ip("-6 addr show dev eth0 to 2001:db8::1");
    assert!(!text.contains("tentative"), "{text}");
    wait_for("adverts", 10, || spoken() > 2);
    let source: Ipv6Addr = "2001:db8::1".parse().unwrap();
    capture.look(|frames| {
        let all = frames.iter().filter_map(|f| f.advert6());
        assert!(all.clone().all(|a| a.source == source));
    });
    r1.ip("addr del 2001:db8::1/64 dev eth0");
    wait_for("FAULT again", 10, || V6.held(r1) == 0);
}
