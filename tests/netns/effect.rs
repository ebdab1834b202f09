//! The kernel as the witness: what each word of an address line does, and the announcements.

use crate::lab::frames::checksum6;
use crate::lab::harness::Test;
use crate::lab::{Kind, Lab, Node, pause, wait_for};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

pub const TESTS: &[Test] = &[
    Test::new("effect::words_of_address_lines", words),
    Test::new("effect::neighbour_advertisements_of_a_host", || {
        advertisements(false)
    }),
    Test::new("effect::neighbour_advertisements_of_a_router", || {
        advertisements(true)
    }),
    Test::new("effect::announcements_are_paced", paced),
    Test::new("effect::what_others_remove_is_put_back", put_back)
        .ours_only("it yields and comes back instead"),
    Test::new("effect::without_ipv6_it_says_so", disabled).ours_only("its own words"),
];

fn config(lines: &[&str], more: &str) -> String {
    let lines: String = lines.iter().map(|l| format!(" {l}\n")).collect();
    format!(
        "global_defs {{\n router_id lab\n}}\n\
         vrrp_instance VI_1 {{\n state MASTER\n interface eth0\n virtual_router_id 51\n \
         priority 150\n version 3\n advert_int 0.1\n {more}\n \
         virtual_ipaddress {{\n 192.0.2.100/24\n }}\n \
         virtual_ipaddress_excluded {{\n{lines} }}\n}}\n"
    )
}

/// What `ip -j addr` says of one address: the text of its object.
fn of(node: &Node, address: &str) -> Option<String> {
    let text = node.ip("-j -d addr show dev eth0");
    let at = text.find(&format!("\"local\":\"{address}\""))?;
    let from = text[..at].rfind('{')?;
    let to = at + text[at..].find('}')?;
    Some(text[from..to].to_owned())
}

/// Line, the address it makes, and what the kernel then says of it; `!`: does not say.
const WORDS: &[(&str, &str, &[&str])] = &[
    ("192.0.2.101", "192.0.2.101", &["\"prefixlen\":32"]),
    (
        "192.0.2.102/24",
        "192.0.2.102",
        &["\"prefixlen\":24", "!broadcast"],
    ),
    (
        "192.0.2.103/24 brd 192.0.2.255",
        "192.0.2.103",
        &["\"broadcast\":\"192.0.2.255\""],
    ),
    (
        "192.0.2.104/24 label eth0:vip",
        "192.0.2.104",
        &["\"label\":\"eth0:vip\""],
    ),
    (
        "192.0.2.105/32 scope link",
        "192.0.2.105",
        &["\"scope\":\"link\""],
    ),
    (
        "192.0.2.106 peer 198.51.100.6",
        "192.0.2.106",
        &["\"address\":\"198.51.100.6\""],
    ),
    (
        "192.0.2.108/28 noprefixroute",
        "192.0.2.108",
        &["\"noprefixroute\":true"],
    ),
    (
        "2001:db8::101",
        "2001:db8::101",
        &["\"prefixlen\":128", "\"nodad\":true"],
    ),
    (
        "2001:db8::102/64",
        "2001:db8::102",
        &["\"prefixlen\":64", "\"scope\":\"global\""],
    ),
    ("2001:db8::103/64 -nodad", "2001:db8::103", &["!nodad"]),
    (
        "2001:db8::104/64 preferred_lft 0",
        "2001:db8::104",
        &["\"deprecated\":true"],
    ),
    ("2001:db8::105/64 home", "2001:db8::105", &["\"home\":true"]),
    (
        "2001:db8::106/64 noprefixroute",
        "2001:db8::106",
        &["\"noprefixroute\":true"],
    ),
    ("fe80::5:1/64", "fe80::5:1", &["\"scope\":\"link\""]),
];

fn words() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    r1.ipv6();
    let before = r1.ip("-o addr show dev eth0").lines().count();
    let lines: Vec<&str> = WORDS.iter().map(|w| w.0).collect();
    let daemon = r1.start(Kind::under_test(), &config(&lines, ""));
    for (line, address, words) in WORDS {
        wait_for(line, 10, || of(r1, address).is_some());
        let said = of(r1, address).unwrap_or_default();
        println!("  {line:<36} {said}");
        for word in *words {
            match word.strip_prefix('!') {
                Some(word) => assert!(!said.contains(word), "{line}: {said}"),
                None => assert!(said.contains(word), "{line}: no {word} in {said}"),
            }
        }
    }
    daemon.stop();
    let after = r1.ip("-o addr show dev eth0");
    assert_eq!(after.lines().count(), before, "{after}");
}

/// Of the first burst: five of each address, as they should look.
fn advertisements(forwarding: bool) {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    r1.ipv6();
    r1.sysctl(
        "net/ipv6/conf/eth0/forwarding",
        if forwarding { "1" } else { "0" },
    );
    let vip: Ipv6Addr = "2001:db8::101".parse().unwrap();
    let capture = lab.capture();
    let _daemon = r1.start(Kind::under_test(), &config(&["2001:db8::101/64"], ""));
    let seen = || {
        capture.look(|frames| {
            let all = frames.iter().filter(|f| f.unsolicited_na() == Some(vip));
            all.map(|f| f.bytes.clone()).collect::<Vec<_>>()
        })
    };
    wait_for("five of them", 15, || seen().len() >= 5);
    let mac = [2, 0, 0, 0, 0, 1];
    let mut frame = vec![0x33, 0x33, 0, 0, 0, 1];
    frame.extend(mac);
    frame.extend([0x86, 0xdd, 0x60, 0, 0, 0, 0, 32, 58, 255]);
    let all: Ipv6Addr = "ff02::1".parse().unwrap();
    frame.extend(vip.octets());
    frame.extend(all.octets());
    let flags = if forwarding { 0xa0 } else { 0x20 };
    let mut message = vec![136, 0, 0, 0, flags, 0, 0, 0];
    message.extend(vip.octets());
    message.extend([2, 1]);
    message.extend(mac);
    let sum = checksum6(vip, all, 58, &message);
    message[2..4].copy_from_slice(&sum.to_be_bytes());
    frame.extend(message);
    for got in seen() {
        assert_eq!(got, frame, "forwarding {forwarding}");
    }
}

/// With intervals no frame comes sooner after the one before it, and each address has its five.
fn paced() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    r1.ipv6();
    let lines = ["192.0.2.101/24", "2001:db8::101/64", "2001:db8::102/64"];
    let text = config(&lines, "garp_master_delay 60").replace(
        "router_id lab\n",
        "router_id lab\n vrrp_garp_interval 0.1\n vrrp_gna_interval 0.05\n",
    );
    let capture = lab.capture();
    let _daemon = r1.start(Kind::under_test(), &text);
    let garps = || -> Vec<(Duration, Ipv4Addr)> {
        capture.look(|frames| {
            frames
                .iter()
                .filter_map(|f| Some((f.at, f.garp()?)))
                .collect()
        })
    };
    let advertisements = || -> Vec<(Duration, Ipv6Addr)> {
        let ours = |a: &Ipv6Addr| a.segments()[0] == 0x2001;
        capture.look(|frames| {
            let all = frames
                .iter()
                .filter_map(|f| Some((f.at, f.unsolicited_na()?)));
            all.filter(|a| ours(&a.1)).collect()
        })
    };
    wait_for("ten of each family", 30, || {
        garps().len() >= 10 && advertisements().len() >= 10
    });
    pause(400);
    let (four, six) = (garps(), advertisements());
    assert_eq!((four.len(), six.len()), (10, 10));
    // The stamps are the receiver's; the timer is exact to far less than this.
    let slack = Duration::from_millis(2);
    for two in four.windows(2) {
        assert!(
            two[1].0 - two[0].0 + slack >= Duration::from_millis(100),
            "{four:?}"
        );
    }
    for two in six.windows(2) {
        assert!(
            two[1].0 - two[0].0 + slack >= Duration::from_millis(50),
            "{six:?}"
        );
    }
    for last in [100, 101] {
        let of = four.iter().filter(|f| f.1.octets()[3] == last).count();
        assert_eq!(of, 5, "192.0.2.{last}");
    }
}

/// Once at once; against one that is quicker, once a second.
fn put_back() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    r1.ipv6();
    let lines = ["2001:db8::101/64", "192.0.2.101/24"];
    let daemon = r1.start(Kind::Ours, &config(&lines, ""));
    let there = |address| of(r1, address).is_some();
    for address in ["2001:db8::101", "192.0.2.101"] {
        wait_for("the addresses", 10, || there(address));
        pause(1100);
        let length = if address.contains(':') { 64 } else { 24 };
        r1.ip(&format!("addr del {address}/{length} dev eth0"));
        wait_for("it is back", 10, || there(address));
    }
    // Somebody fights for it, as fast as he can, for three seconds.
    let capture = lab.capture();
    let begin = std::time::Instant::now();
    let mut removed = 0;
    while begin.elapsed() < Duration::from_secs(3) {
        if there("192.0.2.101") {
            r1.ip("addr del 192.0.2.101/24 dev eth0");
            removed += 1;
        }
    }
    let seconds = begin.elapsed().as_secs() + 2;
    assert!((2..=seconds).contains(&removed), "{removed} in {seconds} s");
    let announced = capture.look(|frames| {
        let ip = Ipv4Addr::new(192, 0, 2, 101);
        frames.iter().filter(|f| f.garp() == Some(ip)).count() as u64
    });
    // The second burst of the start may fall into it.
    assert!(announced <= seconds + 5, "{announced} announcements");
    wait_for("it is back in the end", 10, || there("192.0.2.101"));
    assert_eq!(daemon.stats_of("VI_1").became_master, 1);
    // Set down and up again it loses its IPv6 addresses, and gets them back.
    r1.admin(false);
    pause(300);
    r1.admin(true);
    wait_for("all are back", 20, || {
        there("192.0.2.101") && there("2001:db8::101")
    });
}

/// IPv6 is switched off on the interface: one clear line, the rest works.
fn disabled() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    let _daemon = r1.start(Kind::Ours, &config(&["2001:db8::101/64"], ""));
    wait_for("the line", 10, || {
        r1.log.text().contains("IPv6 is disabled")
    });
    wait_for("the IPv4 address", 10, || r1.holds("192.0.2.100"));
    pause(1500);
    let lines = r1.log.text().matches("IPv6 is disabled").count();
    assert_eq!(lines, 1);
    // Switched on it is asked for again, after a while.
    r1.ipv6();
    wait_for("the address", 30, || of(r1, "2001:db8::101").is_some());
}
