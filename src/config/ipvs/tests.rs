//! What the normal form does not show: names, numbers and flags as the rooms get them.

use crate::check::{CheckerParams, Probe, RealId, RealParams, ServiceId, ServiceParams};
use crate::config::memory::Memory;
use crate::config::{Config, Loaded, Options, load};
use crate::wire::ipvs::{
    Forward, Key, SCTP, SVC_ONE_PACKET, SVC_PERSISTENT, SVC_SCHED1, SVC_SCHED2, TCP, Tunnel,
};
use core::fmt::Write as _;

fn loaded(text: &str) -> Loaded {
    let mut memory = Memory::new();
    memory.file("/x.conf", text);
    load(&memory, "/x.conf", &Options::default())
}

fn config(text: &str) -> Config {
    loaded(text).config
}

fn address(protocol: u8, address: &str, port: u16) -> Key {
    let address = address.parse().expect("an address");
    Key::Address {
        protocol,
        address,
        port,
    }
}

#[test]
fn services_have_keys_names_and_flags() {
    let found = config(
        "virtual_server 10.0.0.1 80 {\nlb_algo sh\nsh-port\nsh-fallback\nprotocol sctp\n\
         persistence_granularity 255.255.0.0\nreal_server 10.1.0.1 8080 { }\n}\n\
         virtual_server fwmark 3 {\nops\nreal_server 2001:db8::1 { }\n}\n\
         virtual_server group G {\nprotocol TCP\nreal_server 10.1.0.1 { }\n}\n\
         virtual_server_group G {\n10.0.0.7-8 80\nfwmark 5\n}\n",
    );
    let [sctp, mark, group] = found.check.services.as_slice() else {
        panic!("{:?}", found.check.services);
    };
    assert_eq!(&*sctp.name, "[10.0.0.1]:sctp:80");
    assert_eq!(sctp.keys, [address(SCTP, "10.0.0.1", 80)]);
    assert_eq!(sctp.flags, SVC_PERSISTENT | SVC_SCHED1 | SVC_SCHED2);
    assert_eq!(sctp.netmask.to_ne_bytes(), [255, 255, 0, 0]);
    assert_eq!((sctp.persistence, &sctp.reals), (360, &(0..1)));
    assert_eq!(&*mark.name, "FWM 3");
    assert_eq!(mark.keys, [Key::Mark { mark: 3, v6: true }]);
    assert_eq!((mark.flags, mark.netmask), (SVC_ONE_PACKET, 128));
    assert_eq!(&*group.name, "[G]:0");
    let marked = Key::Mark { mark: 5, v6: false };
    let keys = ["10.0.0.7", "10.0.0.8"].map(|ip| address(TCP, ip, 80));
    assert_eq!(group.keys, [keys[0], keys[1], marked]);
    assert_eq!((group.netmask, &group.reals), (u32::MAX, &(2..3)));
    let names: Vec<&str> = found.check.reals.iter().map(|r| &*r.name).collect();
    let want = [
        "[10.1.0.1]:sctp:8080",
        "[2001:db8::1]:none:0",
        "[10.1.0.1]:tcp:0",
    ];
    assert_eq!(names, want);
    let scripts: Vec<&str> = found.notify.reals.iter().map(|r| &*r.name).collect();
    assert_eq!(scripts, want);
    assert_eq!(found.notify.services.len(), 3);
}

/// Ranges stay right when something before was left out.
#[test]
fn what_is_left_out_leaves_no_gap() {
    let one = "protocol TCP\nreal_server 10.1.0.1 80 { MISC_CHECK { misc_path /bin/true } }\n";
    let found = config(&format!(
        "track_file a {{\nfile /a\n}}\ntrack_file b {{\nfile /b\n}}\n\
         virtual_server 10.0.0.1 80 {{\n{one}}}\nvirtual_server 10.0.0.1 80 {{\n{one}}}\n\
         virtual_server group NO {{\n{one}}}\nvirtual_server 10.0.0.2 80 {{\n{one}\
         real_server 2001:db8::1 80 {{ TCP_CHECK {{ }} }}\n\
         real_server 10.1.0.2 80 {{\nlvs_method TUN type gue port 9\nTCP_CHECK {{ }}\n\
         FILE_CHECK {{ track_file b }}\n}}\n}}\n"
    ));
    let check = &found.check;
    assert_eq!(check.services.len(), 2);
    assert_eq!(check.services[1].reals, 1..3);
    let owners: Vec<ServiceId> = check.reals.iter().map(|r| r.service).collect();
    assert_eq!(owners, [0, 1, 1].map(ServiceId));
    assert_eq!(check.reals[2].checkers, 2..4);
    let owners: Vec<RealId> = check.checkers.iter().map(|c| c.real).collect();
    assert_eq!(owners, [0, 1, 2, 2].map(RealId));
    let tunnel = Tunnel {
        kind: 1,
        port: 9,
        flags: 0,
    };
    assert_eq!(check.reals[2].destination.forward, Forward::Tunnel(tunnel));
    let misc = |command| Probe::Misc {
        command,
        dynamic: false,
    };
    assert_eq!(check.checkers[1].probe, misc(1));
    assert_eq!(found.notify.checks.len(), 2);
    // Of the two files one is followed.
    assert_eq!(found.vrrp.files.len(), 1);
    let Probe::File { file: 0, .. } = check.checkers[3].probe else {
        panic!("{:?}", check.checkers[3]);
    };
}

#[test]
fn groups_are_counted_out_to_a_bound() {
    let body = "protocol TCP\nreal_server 10.1.0.1 80 { }\n";
    let text = |len| {
        format!(
            "virtual_server_group G {{\n10.0.0.0/{len} 80\n}}\nvirtual_server group G {{\n{body}}}\n"
        )
    };
    let found = config(&text(16)).check;
    assert_eq!(found.services[0].keys.len(), 65_536);
    assert!(config(&text(15)).check.services.is_empty());
    assert!(config(&text(0)).check.services.is_empty());
}

/// Numbers have 16 bits.
#[test]
fn a_service_too_many_is_left_out() {
    let mut text = String::new();
    for n in 0..3 {
        writeln!(text, "virtual_server 10.0.0.{n} 80 {{\nprotocol TCP").expect("a String");
        for real in 0..30_000 {
            let (a, b) = (real / 250, real % 250 + 1);
            writeln!(text, "real_server 10.1.{a}.{b} 80 {{ }}").expect("a String");
        }
        writeln!(text, "}}").expect("a String");
    }
    text.push_str("virtual_server 10.0.0.9 80 {\nprotocol TCP\nreal_server 10.1.0.1 80 { }\n}\n");
    let check = loaded(&text).config.check;
    let reals: Vec<_> = check.services.iter().map(|s| s.reals.clone()).collect();
    assert_eq!(reals, [0..30_000, 30_000..60_000, 60_000..60_001]);
    assert_eq!(check.reals.len(), 60_001);
}

/// Routers have little memory.
#[test]
fn parameters_stay_small() {
    assert!(
        size_of::<ServiceParams>() <= 208,
        "{}",
        size_of::<ServiceParams>()
    );
    assert!(size_of::<RealParams>() <= 96, "{}", size_of::<RealParams>());
    assert!(
        size_of::<CheckerParams>() <= 176,
        "{}",
        size_of::<CheckerParams>()
    );
}
