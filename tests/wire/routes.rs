//! Requests about routes and rules, and what is read of reports about them.

use holdfast::wire::netlink::Messages;
use holdfast::wire::rtnetlink::route::{Prefix, Resolve, Route, Table, del_route, new_route};
use holdfast::wire::rtnetlink::rule::{Rule, RuleAction, del_rule, new_rule};
use holdfast::wire::rtnetlink::{self, Report};
use std::net::IpAddr;

/// Interface n has index n and is called `ifN`; 9 is a VRF with table 900.
struct Names;

impl Resolve<u8> for Names {
    fn index(&self, device: u8) -> u32 {
        device.into()
    }
    fn name(&self, device: u8) -> &str {
        ["if0", "if1", "if2"][usize::from(device)]
    }
    fn table(&self, device: u8) -> u32 {
        if device == 9 { 900 } else { 0 }
    }
}

fn route(to: &str, length: u8) -> Route<u8> {
    Route::new(Prefix {
        address: to.parse().unwrap(),
        length,
    })
}

/// What a request to delete looks like, read as the report about it.
fn gone(route: &Route<u8>) -> rtnetlink::route::RouteMsg {
    let mut bytes = Vec::new();
    del_route(&mut bytes, 7, route, &Names).unwrap();
    let message = Messages::new(&bytes).next().unwrap().unwrap();
    match rtnetlink::parse(&message).unwrap() {
        Some(Report::RouteGone(message)) => message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_report_is_known_again() {
    let mut plain = route("10.1.2.3", 16);
    plain.hop.via = Some("192.0.2.1".parse().unwrap());
    plain.hop.device = Some(1);
    let seen = gone(&plain);
    let network: IpAddr = "10.1.0.0".parse().unwrap();
    assert_eq!(
        seen.destination.address, network,
        "no bits behind the prefix"
    );
    assert_eq!((seen.table, seen.index, seen.protocol), (254, 1, 18));
    assert!(seen.may_be(&plain, &Names));
    let changes: [fn(&mut Route<u8>); 7] = [
        |r| r.table = Table::Id(5),
        |r| r.table = Table::Vrf(9),
        |r| r.metric = Some(3),
        |r| r.tos = 8,
        |r| r.kind = 6,
        |r| r.hop.device = Some(2),
        |r| r.hop.via = Some("192.0.2.2".parse().unwrap()),
    ];
    for (n, change) in changes.iter().enumerate() {
        let mut other = plain.clone();
        change(&mut other);
        assert!(!seen.may_be(&other, &Names), "change {n}");
        assert!(gone(&other).may_be(&other, &Names), "change {n}");
    }
    let six = route("2001:db8::", 32);
    assert!(gone(&six).may_be(&six, &Names));
    assert!(!gone(&six).may_be(&plain, &Names));
}

/// As linux/rtnetlink.h lays out `10.1.0.0/16 via 192.0.2.9 dev IF5 table 1000 metric 7`.
#[test]
#[cfg(target_endian = "little")]
fn a_request_byte_for_byte() {
    let mut r = route("10.1.0.0", 16);
    r.hop.via = Some("192.0.2.9".parse().unwrap());
    r.hop.device = Some(5);
    r.table = Table::Id(1000);
    r.metric = Some(7);
    let mut bytes = Vec::new();
    assert_eq!(new_route(&mut bytes, 9, &r, &Names), Ok(68));
    let expected = [
        68, 0, 0, 0, 24, 0, 5, 4, 9, 0, 0, 0, 0, 0, 0,
        0, // header: NEWROUTE, CREATE|ACK|REQUEST
        2, 16, 0, 0, 0, 18, 0, 1, 0, 0, 0, 0, // rtmsg
        8, 0, 1, 0, 10, 1, 0, 0, // DST
        8, 0, 15, 0, 0xe8, 3, 0, 0, // TABLE
        8, 0, 6, 0, 7, 0, 0, 0, // PRIORITY
        8, 0, 4, 0, 5, 0, 0, 0, // OIF
        8, 0, 5, 0, 192, 0, 2, 9, // GATEWAY
    ];
    assert_eq!(bytes, expected);
}

#[test]
#[cfg(target_endian = "little")]
fn a_rule_byte_for_byte() {
    let mut r: Rule<u8> = Rule::new(false, RuleAction::Table(Table::Id(5)));
    r.priority = 100;
    r.input = Some(1);
    let mut bytes = Vec::new();
    new_rule(&mut bytes, 9, &r, &Names).unwrap();
    let expected = [
        52, 0, 0, 0, 32, 0, 5, 6, 9, 0, 0, 0, 0, 0, 0, 0, // NEWRULE, CREATE|EXCL|ACK|REQUEST
        2, 0, 0, 0, 5, 0, 0, 1, 0, 0, 0, 0, // fib_rule_hdr
        8, 0, 6, 0, 100, 0, 0, 0, // PRIORITY
        8, 0, 3, 0, b'i', b'f', b'1', 0, // IIFNAME
        5, 0, 21, 0, 18, 0, 0, 0, // PROTOCOL
    ];
    assert_eq!(bytes, expected);
    bytes.clear();
    del_rule(&mut bytes, 9, &r, &Names).unwrap();
    let message = Messages::new(&bytes).next().unwrap().unwrap();
    assert_eq!(rtnetlink::parse(&message), Ok(Some(Report::RuleGone)));
}

/// Whatever stands in it, a report is read or refused.
#[test]
fn broken_reports_are_refused() {
    let mut r = route("10.1.0.0", 16);
    r.hop.via = Some("fe80::1".parse().unwrap());
    r.hop.device = Some(1);
    r.metric = Some(7);
    let mut bytes = Vec::new();
    del_route(&mut bytes, 7, &r, &Names).unwrap();
    for at in 16..bytes.len() {
        for value in [0, 1, 3, 5, 18, 255] {
            let mut broken = bytes.clone();
            broken[at] = value;
            for message in Messages::new(&broken).flatten() {
                let _ = rtnetlink::parse(&message);
            }
        }
        let mut short = bytes[..at].to_vec();
        short[..4].copy_from_slice(&(at as u32).to_ne_bytes());
        for message in Messages::new(&short).flatten() {
            let _ = rtnetlink::parse(&message);
        }
    }
}
