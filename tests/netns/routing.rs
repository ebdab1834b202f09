//! Routes, rules, static objects and switches: the kernel is the witness.

use crate::lab::harness::Test;
use crate::lab::{Kind, Lab, Node, pause, stays, wait_for};
use std::fmt::Write as _;

pub const TESTS: &[Test] = &[
    Test::new("routing::every_word_of_a_route", route_words),
    Test::new("routing::every_word_of_a_rule", rule_words),
    Test::new("routing::as_keepalived_does", as_theirs).needs(&["keepalived"]),
    Test::new("routing::removed_by_someone_else", removed)
        .ours_only("it yields instead of putting back"),
    Test::new("routing::one_route_of_two_instances", shared),
    Test::new("routing::interface_down_and_up", down_and_up),
    Test::new("routing::static_objects", statics),
    Test::new("routing::promote_secondaries", promote).ours_only("it sets it for good"),
    Test::new("routing::killed", killed).ours_only("its parent restarts later"),
];

const VIP: &str = "192.0.2.100";

fn config(priority: u8, inside: &str) -> String {
    format!(
        "global_defs {{\n dynamic_interfaces\n}}\n{}",
        instance("VI_1", 51, VIP, priority, inside)
    )
}

fn instance(name: &str, vrid: u8, address: &str, priority: u8, inside: &str) -> String {
    format!(
        "vrrp_instance {name} {{\n interface eth0\n virtual_router_id {vrid}\n \
         priority {priority}\n version 3\n advert_int 0.2\n \
         virtual_ipaddress {{\n {address}/24\n }}\n{inside}\n}}\n"
    )
}

fn block(keyword: &str, lines: &[&str]) -> String {
    let mut out = format!(" {keyword} {{\n");
    for line in lines {
        let _ = writeln!(out, "  {line}");
    }
    out + " }\n"
}

/// A second interface, and one to route over IPv6.
fn wires(node: &Node) {
    node.ip("link add d0 type veth peer name d1");
    node.ip("link set d1 up");
    node.sysctl("net/ipv6/conf/all/disable_ipv6", "0");
    node.sysctl("net/ipv6/conf/eth0/disable_ipv6", "1");
    node.sysctl("net/ipv6/conf/d0/disable_ipv6", "0");
    node.ip("addr add 198.51.100.1/24 dev d0");
    node.ip("link set d0 up");
    node.ip("addr add 2001:db8:9::1/64 dev d0 nodad");
}

/// All routes, and all rules, of both families.
fn tables(node: &Node) -> String {
    let mut out = String::new();
    for what in ["-4 -d route show table all", "-6 -d route show table all"] {
        out += &node.ip(what);
    }
    for what in ["-4 -d rule", "-6 -d rule"] {
        out += &node.ip(what);
    }
    // Local and connected routes come with addresses; the lab's are the same throughout.
    out.lines()
        .filter(|l| !l.contains("proto kernel"))
        .map(|l| l.replace('\t', " ").replace(" table main", ""))
        .map(|l| format!("{}\n", l.trim_end()))
        .collect()
}

/// Each row: a line of the configuration, and what the kernel says then.
fn witness(keyword: &str, rows: &[(&str, &str)]) {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    wires(r1);
    let before = tables(r1);
    let lines: Vec<&str> = rows.iter().map(|r| r.0).collect();
    let daemon = r1.start(Kind::under_test(), &config(100, &block(keyword, &lines)));
    wait_for("it is Master", 10, || r1.holds(VIP));
    let mut wrong = String::new();
    let last = rows.last().expect("rows").1;
    let start = std::time::Instant::now();
    while !tables(r1).contains(last) && start.elapsed().as_secs() < 5 {
        pause(50);
    }
    pause(300);
    let during = tables(r1);
    for (line, effect) in rows {
        let seen = during
            .lines()
            .any(|l| effect.split(" .. ").all(|part| l.contains(part)));
        if !seen {
            let _ = writeln!(wrong, "{line}: no {effect:?}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}\nin\n{during}");
    daemon.stop();
    assert_eq!(tables(r1), before, "restored exactly");
}

fn route_words() {
    witness(
        "virtual_routes",
        &[
            (
                "10.1.0.0/16 via 192.0.2.9",
                "unicast 10.1.0.0/16 via 192.0.2.9 dev eth0 proto keepalived scope global",
            ),
            (
                "to 10.2.0.0/16 dev d0",
                "10.2.0.0/16 dev d0 proto keepalived",
            ),
            (
                "10.3.0.0/16 oif d0 src 192.0.2.100",
                "10.3.0.0/16 dev d0 .. src 192.0.2.100",
            ),
            (
                "10.4.0.0/16 dev d0 table 1000",
                "10.4.0.0/16 dev d0 table 1000",
            ),
            (
                "10.5.0.0/16 dev d0 metric 77",
                "10.5.0.0/16 dev d0 .. metric 77",
            ),
            (
                "10.6.0.0/16 dev d0 scope link",
                "10.6.0.0/16 dev d0 .. scope link",
            ),
            (
                "10.7.0.0/16 dev d0 protocol static no_track",
                "10.7.0.0/16 dev d0 proto static",
            ),
            ("10.8.0.0/16 dev d0 tos 0x10", "10.8.0.0/16 tos .. dev d0"),
            (
                "10.9.0.0/16 via 203.0.113.1 dev d0 onlink",
                "10.9.0.0/16 via 203.0.113.1 dev d0 .. onlink",
            ),
            (
                "10.10.0.0/16 dev d0 mtu lock 1400",
                "10.10.0.0/16 dev d0 .. mtu lock 1400",
            ),
            (
                "10.11.0.0/16 dev d0 advmss 1000",
                "10.11.0.0/16 .. advmss 1000",
            ),
            ("10.12.0.0/16 dev d0 rtt 1s", "10.12.0.0/16 .. rtt 1s"),
            (
                "10.13.0.0/16 dev d0 rttvar 200ms",
                "10.13.0.0/16 .. rttvar 200ms",
            ),
            (
                "10.14.0.0/16 dev d0 rto_min 300ms",
                "10.14.0.0/16 .. rto_min 300ms",
            ),
            (
                "10.15.0.0/16 dev d0 reordering 5",
                "10.15.0.0/16 .. reordering 5",
            ),
            (
                "10.16.0.0/16 dev d0 window 6000",
                "10.16.0.0/16 .. window 6000",
            ),
            (
                "10.17.0.0/16 dev d0 cwnd lock 9",
                "10.17.0.0/16 .. cwnd lock 9",
            ),
            (
                "10.18.0.0/16 dev d0 ssthresh 8",
                "10.18.0.0/16 .. ssthresh 8",
            ),
            (
                "10.19.0.0/16 dev d0 initcwnd 7",
                "10.19.0.0/16 .. initcwnd 7",
            ),
            (
                "10.20.0.0/16 dev d0 initrwnd 6",
                "10.20.0.0/16 .. initrwnd 6",
            ),
            (
                "10.21.0.0/16 dev d0 features ecn",
                "10.21.0.0/16 .. features ecn",
            ),
            (
                "10.22.0.0/16 dev d0 quickack 1",
                "10.22.0.0/16 .. quickack 1",
            ),
            (
                "10.23.0.0/16 dev d0 congctl reno",
                "10.23.0.0/16 .. congctl reno",
            ),
            (
                "10.24.0.0/16 dev d0 hoplimit 9",
                "10.24.0.0/16 .. hoplimit 9",
            ),
            (
                "10.25.0.0/16 dev d0 fastopen_no_cookie 1",
                "10.25.0.0/16 .. fastopen_no_cookie 1",
            ),
            (
                "10.26.0.0/16 nexthop via 192.0.2.9 weight 3 nexthop dev d0 weight 2",
                "nexthop via 192.0.2.9 dev eth0 weight 3",
            ),
            (
                "10.27.0.0/16 via inet6 fe80::9 dev d0",
                "10.27.0.0/16 via inet6 fe80::9 dev d0",
            ),
            (
                "blackhole 10.28.0.0/16",
                "blackhole 10.28.0.0/16 proto keepalived",
            ),
            (
                "unreachable 10.29.0.0/16",
                "unreachable 10.29.0.0/16 proto keepalived",
            ),
            (
                "prohibit 10.30.0.0/16",
                "prohibit 10.30.0.0/16 proto keepalived",
            ),
            (
                "throw 10.31.0.0/16 table 1000",
                "throw 10.31.0.0/16 table 1000 proto keepalived",
            ),
            (
                "local 10.32.0.1 dev d0 scope host table local",
                "local 10.32.0.1 dev d0 table local proto keepalived",
            ),
            (
                "default via 192.0.2.9 table 1001",
                "default via 192.0.2.9 dev eth0 table 1001",
            ),
            (
                "10.33.0.0/16 dev d0 table 1002 add",
                "10.33.0.0/16 dev d0 table 1002",
            ),
            (
                "10.33.0.0/16 dev eth0 table 1002 append",
                "10.33.0.0/16 dev eth0 table 1002",
            ),
            (
                "10.33.0.0/16 via 192.0.2.9 table 1002 prepend",
                "10.33.0.0/16 via 192.0.2.9 dev eth0 table 1002",
            ),
            (
                "2001:db8:1::/48 via 2001:db8:9::2 dev d0",
                "2001:db8:1::/48 via 2001:db8:9::2 dev d0 proto keepalived",
            ),
            (
                "2001:db8:2::/48 dev d0 pref high metric 5",
                "2001:db8:2::/48 dev d0 .. metric 5 pref high",
            ),
            (
                "2001:db8:3::/48 dev d0 expires 600",
                "2001:db8:3::/48 dev d0 .. expires",
            ),
            (
                "2001:db8:4::/48 nexthop via 2001:db8:9::3 dev d0 nexthop via 2001:db8:9::4 dev d0",
                "nexthop via 2001:db8:9::4 dev d0",
            ),
            (
                "inet6 default via 2001:db8:9::5 dev d0 table 1003",
                "default via 2001:db8:9::5 dev d0 table 1003",
            ),
            (
                "unreachable 2001:db8:5::/48",
                "unreachable 2001:db8:5::/48 dev lo proto keepalived",
            ),
        ],
    );
}

fn rule_words() {
    witness(
        "virtual_rules",
        &[
            (
                "from 10.1.0.0/16 table 1000 preference 100",
                "100: from 10.1.0.0/16 lookup 1000 proto keepalived",
            ),
            (
                "to 10.1.0.0/16 lookup main order 101",
                "101: from all to 10.1.0.0/16 lookup main proto keepalived",
            ),
            (
                "not from 10.2.0.0/16 table 5 priority 102",
                "102: not from 10.2.0.0/16 lookup 5",
            ),
            (
                "iif d0 table 5 preference 103",
                "103: from all iif d0 lookup 5",
            ),
            (
                "oif d0 table 5 preference 104",
                "104: from all oif d0 lookup 5",
            ),
            (
                "tos 0x10 table 5 preference 105",
                "105: from all tos .. lookup 5",
            ),
            (
                "fwmark 0x20/0xff table 5 preference 106",
                "106: from all fwmark 0x20/0xff lookup 5",
            ),
            (
                "fwmark 33 table 5 preference 107",
                "107: from all fwmark 0x21 lookup 5",
            ),
            (
                "from 10.3.0.0/16 realms 3/4 table 5 preference 108",
                "108: from 10.3.0.0/16 lookup 5 realms 3/4",
            ),
            (
                "table main suppress_prefixlength 8 preference 109",
                "109: from all lookup main suppress_prefixlength 8",
            ),
            (
                "table main suppress_ifgroup 7 preference 110",
                "110: from all lookup main suppress_ifgroup 7",
            ),
            (
                "tunnel-id 77 table 5 preference 111",
                "111: from all tun_id 77 lookup 5",
            ),
            (
                "uidrange 5-9 table 5 preference 112",
                "112: from all uidrange 5-9 lookup 5",
            ),
            (
                "l3mdev preference 113",
                "113: from all lookup [l3mdev-table]",
            ),
            (
                "protocol static no_track table 5 preference 114",
                "114: from all lookup 5 proto static",
            ),
            (
                "ipproto tcp sport 1-5 dport 80-90 table 5 preference 115",
                "115: from all ipproto tcp sport 1-5 dport 80-90 lookup 5",
            ),
            ("goto 120 preference 116", "116: from all goto 120"),
            ("nop preference 120", "120: from all nop"),
            (
                "blackhole from 10.4.0.0/16 preference 121",
                "121: from 10.4.0.0/16 blackhole",
            ),
            (
                "type unreachable from 10.5.0.0/16 preference 122",
                "122: from 10.5.0.0/16 unreachable",
            ),
            (
                "prohibit from 10.6.0.0/16 preference 123",
                "123: from 10.6.0.0/16 prohibit",
            ),
            (
                "from 2001:db8::/32 table 5 preference 124",
                "124: from 2001:db8::/32 lookup 5 proto keepalived",
            ),
            (
                "inet6 from all iif d0 table 5 preference 125",
                "125: from all iif d0 lookup 5",
            ),
            (
                "from 10.7.0.0/16 table 5",
                "16384: from 10.7.0.0/16 lookup 5 proto keepalived",
            ),
        ],
    );
}

/// Both daemons make the same of the same file.
fn as_theirs() {
    let lines = [
        "10.1.0.0/16 via 192.0.2.9",
        "10.2.0.0/16 dev d0 metric 7 mtu lock 1400 advmss 1000 hoplimit 9",
        "10.3.0.0/16 dev d0 src 192.0.2.100 scope link",
        "10.4.0.0/16 via 203.0.113.1 dev d0 onlink table 1000",
        "10.5.0.0/16 dev d0 rtt 1s rttvar 500ms rto_min 300ms reordering 5 window 6000",
        "10.6.0.0/16 dev d0 rtt 8000 rttvar 4000 cwnd lock 9 ssthresh 8 initcwnd 7 initrwnd 6",
        "10.7.0.0/16 dev d0 features ecn quickack 1 congctl reno",
        "10.8.0.0/16 dev d0 tos 0x10",
        "10.9.0.0/16 nexthop via 192.0.2.9 weight 3 nexthop via 192.0.2.10 dev eth0 weight 2",
        "10.10.0.0/16 dev d0 realms 3/4",
        "10.11.0.0/16 dev d0 protocol static no_track",
        "blackhole 10.12.0.0/16",
        "unreachable 10.13.0.0/16 metric 5",
        "prohibit 10.14.0.0/16 table 1000",
        "throw 10.15.0.0/16 table 1000",
        "10.16.0.0/16 dev d0 append",
        "10.17.0.0/16 dev d0 add",
        "default via 192.0.2.9 table 1001",
        "2001:db8:1::/48 via 2001:db8:9::2 dev d0",
        "2001:db8:2::/48 dev d0 pref high metric 5",
        "2001:db8:4::/48 dev d0 mtu 1300",
        "unreachable 2001:db8:5::/48",
    ];
    let rules = [
        "from 10.1.0.0/16 table 1000 preference 100",
        "to 10.1.0.0/16 lookup main order 101",
        "not from 10.2.0.0/16 table 5 priority 102",
        "iif d0 table 5 preference 103",
        "fwmark 0x20/0xff table 5 preference 106",
        "from 10.3.0.0/16 realms 3/4 table 5 preference 108",
        "table main suppress_prefixlength 8 preference 109",
        "table main suppress_ifgroup 7 preference 110",
        "uidrange 5-9 table 5 preference 112",
        "l3mdev preference 113",
        "ipproto 6 sport 1-5 dport 80-90 table 5 preference 115",
        "goto 120 preference 116",
        "nop preference 120",
        "blackhole from 10.4.0.0/16 preference 121",
        "unreachable from 10.5.0.0/16 preference 122",
        "prohibit from 10.6.0.0/16 preference 123",
        "from 2001:db8::/32 table 5 preference 124",
        "from 10.7.0.0/16 table 5",
    ];
    let text = config(
        100,
        &(block("virtual_routes", &lines) + &block("virtual_rules", &rules)),
    );
    let mut seen = Vec::new();
    let lab = Lab::new(2);
    for (kind, r1) in [(Kind::Theirs, lab.r(1)), (Kind::Ours, lab.r(2))] {
        wires(r1);
        let before = tables(r1);
        let daemon = r1.start(kind, &text);
        wait_for("it is Master", 10, || r1.holds(VIP));
        wait_for("the last rule is there", 5, || {
            tables(r1).contains("from 10.7.0.0/16 lookup 5")
        });
        pause(500);
        seen.push(tables(r1));
        daemon.stop();
        assert_eq!(tables(r1), before, "{} leaves nothing", kind.name());
    }
    let differences: Vec<(&str, &str)> = seen[0]
        .lines()
        .zip(seen[1].lines())
        .filter(|(theirs, ours)| theirs != ours)
        .collect();
    assert!(
        differences.is_empty() && seen[0].lines().count() == seen[1].lines().count(),
        "theirs and ours: {differences:#?}"
    );
}

fn removed() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    wires(r1);
    let inside = block(
        "virtual_routes",
        &[
            "10.1.0.0/16 via 192.0.2.9",
            "10.2.0.0/16 dev d0 no_track",
            "10.3.0.0/16 dev d0 src 192.0.2.100",
            "2001:db8:1::/48 dev d0",
        ],
    ) + &block(
        "virtual_rules",
        &[
            "from 10.1.0.0/16 table 5 preference 100",
            "from 10.2.0.0/16 table 5 preference 101 no_track",
            "from 2001:db8::/32 table 5 preference 102",
        ],
    );
    let daemon = r1.start(Kind::under_test(), &config(100, &inside));
    wait_for("all is in place", 10, || {
        tables(r1).contains("from 2001:db8::/32 lookup 5")
    });
    let all = tables(r1);
    let wire = lab.capture();
    for route in ["-4 route del 10.1.0.0/16", "-6 route del 2001:db8:1::/48"] {
        r1.ip(route);
        wait_for("it is put back", 5, || tables(r1) == all);
    }
    for rule in ["-4 rule del pref 100", "-6 rule del pref 102"] {
        r1.ip(rule);
        wait_for("it is put back", 5, || tables(r1) == all);
    }
    // The kernel takes a route along with its preferred source, and says nothing.
    r1.ip("addr del 192.0.2.100/24 dev eth0");
    wait_for("address and route are put back", 5, || tables(r1) == all);
    // Removed again and again: put back, but not each time at once.
    for _ in 0..10 {
        let _ = r1
            .command("ip")
            .args(["route", "del", "10.1.0.0/16"])
            .output();
        pause(100);
    }
    wait_for("it is put back", 5, || tables(r1) == all);
    // What is not tracked stays away.
    r1.ip("-4 route del 10.2.0.0/16");
    r1.ip("-4 rule del pref 101");
    stays("what is not tracked stays away", 1500, || {
        let now = tables(r1);
        !now.contains("10.2.0.0/16 dev d0") && !now.contains("101:")
    });
    assert!(wire.adverts(|a| a.priority == 0).is_empty(), "still Master");
    daemon.stop();
}

fn shared() {
    let lab = Lab::new(2);
    let (r1, r2) = (lab.r(1), lab.r(2));
    wires(r1);
    let inside = block("virtual_routes", &["10.1.0.0/16 via 192.0.2.9"])
        + &block(
            "virtual_rules",
            &["from 10.1.0.0/16 table 5 preference 100"],
        );
    let text = config(100, &inside) + &instance("VI_2", 52, "192.0.2.101", 100, &inside);
    let daemon = r1.start(Kind::under_test(), &text);
    let both = || {
        let now = tables(r1);
        (
            now.matches("10.1.0.0/16 via").count(),
            now.matches("from 10.1.0.0/16").count(),
        )
    };
    wait_for("both are Master", 10, || {
        r1.holds(VIP) && r1.holds("192.0.2.101")
    });
    wait_for("there is one of each", 5, || both() == (1, 1));
    // A stronger router takes one of the two.
    let other = r2.start(Kind::under_test(), &config(200, ""));
    wait_for("it gives one away", 10, || !r1.holds(VIP));
    stays("the other one still has them", 1500, || both() == (1, 1));
    other.stop();
    wait_for("it is back", 10, || r1.holds(VIP));
    assert_eq!(both(), (1, 1));
    daemon.stop();
    assert_eq!(both(), (0, 0));
}

fn down_and_up() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    wires(r1);
    let inside = block(
        "virtual_routes",
        &[
            "10.1.0.0/16 via 192.0.2.9",
            "10.2.0.0/16 dev d0",
            "10.3.0.0/16 dev d0 table 1000 no_track",
        ],
    );
    let before = tables(r1);
    let daemon = r1.start(Kind::under_test(), &config(100, &inside));
    let last = "10.3.0.0/16 dev d0 table 1000";
    wait_for("all is in place", 10, || tables(r1).contains(last));
    let all = tables(r1);
    r1.admin(false);
    wait_for("nothing is left in a fault", 5, || {
        !tables(r1).contains("proto keepalived")
    });
    r1.admin(true);
    wait_for("all is back", 15, || tables(r1) == all);
    // The interface a route leads over counts as the instance's own.
    r1.ip("link set d0 down");
    wait_for("a fault", 5, || !r1.holds(VIP));
    r1.ip("link set d0 up");
    wait_for("all is back again", 15, || {
        let now = tables(r1);
        ["10.1.0.0/16 via", "10.2.0.0/16 dev", last]
            .iter()
            .all(|part| now.contains(part))
    });
    r1.ip("link del d0");
    wait_for("a fault", 5, || !r1.holds(VIP));
    wires(r1);
    wait_for("all is back at last", 15, || tables(r1).contains(last));
    daemon.stop();
    assert_eq!(tables(r1), before);
}

fn statics() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    wires(r1);
    let before = (tables(r1), r1.addresses("d0"));
    let text = config(100, "")
        + "track_group G {\n group {\n VI_1\n }\n}\n"
        + "static_ipaddress {\n 203.0.113.1/24 dev d0 label d0:x track_group G\n \
           198.51.100.1/24 dev d0\n}\n"
        + "static_routes {\n 10.1.0.0/16 via 203.0.113.9 dev d0 track_group G\n}\n"
        + "static_rules {\n from 10.1.0.0/16 table 5 preference 100\n}\n";
    let daemon = r1.start(Kind::under_test(), &text);
    let whole = || {
        let now = tables(r1);
        now.contains("10.1.0.0/16 via 203.0.113.9 dev d0 proto keepalived")
            && now.contains("100: from 10.1.0.0/16 lookup 5")
            && r1.addresses("d0").len() == 2
    };
    wait_for("all is in place", 5, whole);
    assert!(r1.ip("addr show dev d0").contains("d0:x"));
    wait_for("it is Master", 10, || r1.holds(VIP));
    r1.ip("addr del 203.0.113.1/24 dev d0");
    wait_for("address and route are put back", 5, whole);
    r1.ip("route del 10.1.0.0/16");
    wait_for("the route is put back", 5, whole);
    r1.ip("rule del pref 100");
    wait_for("the rule is put back", 5, whole);
    daemon.stop();
    // The one that was there before stays.
    assert_eq!((tables(r1), r1.addresses("d0")), before);
}

fn promote() {
    let path = "net/ipv4/conf/eth0/promote_secondaries";
    let lab = Lab::new(2);
    let (r1, r2) = (lab.r(1), lab.r(2));
    let value = || r1.run(&format!("cat /proc/sys/{path}")).trim().to_owned();
    for former in ["0", "1"] {
        r1.sysctl(path, former);
        let daemon = r1.start(Kind::under_test(), &config(100, "promote_secondaries"));
        wait_for("it is Master", 10, || r1.holds(VIP));
        assert_eq!(value(), "1", "while Master");
        let other = r2.start(Kind::under_test(), &config(200, ""));
        wait_for("it is Backup", 10, || !r1.holds(VIP));
        wait_for("restored", 5, || value() == former);
        other.stop();
        wait_for("it is Master again", 10, || r1.holds(VIP) && value() == "1");
        daemon.stop();
        assert_eq!(value(), former, "restored exactly");
    }
    // A dead worker's successor knows what was there before.
    r1.sysctl(path, "0");
    let daemon = r1.daemonise(Kind::under_test(), &config(100, "promote_secondaries"), &[]);
    wait_for("it is Master", 10, || r1.holds(VIP) && value() == "1");
    daemon.kill_worker();
    wait_for("another one is Master", 10, || {
        daemon.worker() != daemon.pid && r1.holds(VIP) && value() == "1"
    });
    pause(500);
    daemon.stop();
    assert_eq!(value(), "0", "restored exactly after a crash");
}

fn killed() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    wires(r1);
    let before = (tables(r1), r1.addresses("d0"));
    let inside = block(
        "virtual_routes",
        &[
            "10.1.0.0/16 via 192.0.2.9",
            "10.2.0.0/16 dev d0 add",
            "2001:db8:1::/48 dev d0",
        ],
    ) + &block(
        "virtual_rules",
        &["from 10.1.0.0/16 table 5 preference 100"],
    );
    let text = config(100, &inside)
        + "static_ipaddress {\n 203.0.113.1/24 dev d0\n}\n"
        + "static_routes {\n 10.5.0.0/16 via 203.0.113.9\n}\n";
    let daemon = r1.daemonise(Kind::under_test(), &text, &[]);
    let full = || {
        let now = tables(r1);
        [
            "10.1.0.0/16 via",
            "10.2.0.0/16 dev d0",
            "10.5.0.0/16 via",
            "100: from",
        ]
        .iter()
        .all(|part| now.contains(part))
    };
    wait_for("all is in place", 10, full);
    let all = tables(r1);
    daemon.kill_worker();
    stays("the routes of a resumed Master stay", 1500, || {
        tables(r1) == all
    });
    daemon.stop();
    assert_eq!((tables(r1), r1.addresses("d0")), before, "nothing is left");
    // Everything dies; the next start finds what was left, and takes it away before it is Master.
    let daemon = r1.daemonise(Kind::under_test(), &text, &[]);
    wait_for("all is in place", 10, full);
    daemon.crash();
    assert_eq!(tables(r1), all, "nobody takes it away");
    let slow = text.replace("advert_int 0.2", "advert_int 5");
    let daemon = r1.daemonise(Kind::under_test(), &slow, &[]);
    wait_for("what was left is gone", 5, || {
        !tables(r1).contains("10.1.0.0/16 via") && !tables(r1).contains("100: from")
    });
    daemon.stop();
    assert_eq!((tables(r1), r1.addresses("d0")), before);
}
