//! What a kernel and keepalived really said over netlink (little-endian captures).

use crate::{KERNEL, REQUESTS, frames};
use core::net::IpAddr;
use holdfast::wire::netlink::{Ack, Control, Messages};
use holdfast::wire::rtnetlink::{
    self, AddrMsg, AddrRequest, IFA_F_NODAD, IFF_RUNNING, IFF_UP, PROTOCOL_KEEPALIVED, Report,
};

/// The bytes of one row of the capture.
fn row(name: &str) -> Vec<u8> {
    frames(KERNEL).find(|(n, _)| *n == name).expect(name).1
}

/// What the one message of a row reports.
fn report<T>(name: &str, see: impl FnOnce(Option<Report<'_>>) -> T) -> T {
    let bytes = row(name);
    let mut messages = Messages::new(&bytes);
    let message = messages.next().unwrap().unwrap();
    assert_eq!(messages.next(), None, "{name}: one message");
    assert_eq!(message.control(), Ok(None), "{name}");
    see(rtnetlink::parse(&message).unwrap())
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn links_come_and_go() {
    report("create 2", |report| {
        let Some(Report::Link(link)) = report else {
            panic!("{report:?}")
        };
        assert_eq!(
            (link.index, link.name, link.hardware, link.mtu),
            (3, "va", 1, 1500)
        );
        assert_eq!(link.mac, Some([2, 0, 0, 0, 0, 0x0a]));
        assert_eq!(link.flags & (IFF_UP | IFF_RUNNING), 0);
        assert_eq!((link.master, link.link), (None, Some(2)));
    });
    report("up 3", |report| {
        let Some(Report::Link(link)) = report else {
            panic!("{report:?}")
        };
        assert_eq!(link.flags & (IFF_UP | IFF_RUNNING), IFF_UP | IFF_RUNNING);
    });
    report("down 3", |report| {
        let Some(Report::Link(link)) = report else {
            panic!("{report:?}")
        };
        // The other end went down: this one has lost its carrier and is still up.
        assert_eq!(
            (link.name, link.flags & (IFF_UP | IFF_RUNNING)),
            ("vb", IFF_UP)
        );
    });
    report("delete 4", |report| {
        let Some(Report::LinkGone(link)) = report else {
            panic!("{report:?}")
        };
        assert_eq!((link.index, link.name), (3, "va"));
    });
}

#[test]
fn a_port_that_leaves_its_bridge_is_not_gone() {
    report("enslave 2", |report| {
        let Some(Report::Link(link)) = report else {
            panic!("{report:?}")
        };
        assert_eq!((link.name, link.master), ("vb", Some(4)));
    });
    // The bridge's own messages, RTM_NEWLINK and RTM_DELLINK.
    assert_eq!((row("enslave 4")[4], row("leave bridge 2")[4]), (16, 17));
    report("enslave 4", |report| assert_eq!(report, None));
    report("leave bridge 2", |report| assert_eq!(report, None));
}

#[test]
fn addresses_come_and_go() {
    let plain = AddrMsg {
        index: 3,
        address: ip("192.0.2.1"),
        prefix: 24,
        scope: 0,
        flags: 0x80,
        label: "va",
        protocol: None,
    };
    report("add primary 0", |report| {
        assert_eq!(report, Some(Report::Address(plain)))
    });
    let labelled = AddrMsg {
        address: ip("192.0.2.100"),
        flags: 0x81, // secondary
        label: "va:vip",
        protocol: Some(PROTOCOL_KEEPALIVED),
        ..plain
    };
    report("add secondary 0", |report| {
        assert_eq!(report, Some(Report::Address(labelled)))
    });
    report("del secondary 0", |report| {
        assert_eq!(report, Some(Report::AddressGone(labelled)))
    });
    // IFA_ADDRESS is the peer's.
    let peer = AddrMsg {
        address: ip("10.9.8.7"),
        prefix: 32,
        scope: 253,
        ..plain
    };
    report("add peer 0", |report| {
        assert_eq!(report, Some(Report::Address(peer)))
    });
    report("delete 2", |report| {
        assert_eq!(report, Some(Report::AddressGone(peer)))
    });
    report("add v6 0", |report| {
        let Some(Report::Address(address)) = report else {
            panic!("{report:?}")
        };
        assert_eq!((address.index, address.address), (3, ip("2001:db8::13")));
        assert_eq!((address.prefix, address.scope, address.label), (64, 0, ""));
        assert_eq!(address.flags, 0xa2); // permanent, deprecated, nodad
        assert_eq!(address.flags & IFA_F_NODAD, IFA_F_NODAD);
    });
    report("add v6 2", |report| {
        let Some(Report::Address(address)) = report else {
            panic!("{report:?}")
        };
        assert_eq!(
            (address.address, address.scope),
            (ip("fe80::ff:fe00:a"), 253)
        );
    });
    report("down 1", |report| {
        assert!(matches!(report, Some(Report::AddressGone(_))))
    });
}

#[test]
fn dumps_are_several_messages_and_an_end() {
    let (mut links, mut addresses) = (Vec::new(), Vec::new());
    for name in [
        "dump links 0",
        "dump links 1",
        "dump addresses 0",
        "dump addresses 1",
    ] {
        for message in Messages::new(&row(name)) {
            let message = message.unwrap();
            assert_eq!(message.sequence, 7);
            assert!(!message.dump_interrupted());
            match rtnetlink::parse(&message).unwrap() {
                Some(Report::Link(link)) => links.push(link.name.to_string()),
                Some(Report::Address(address)) => addresses.push(address.address.to_string()),
                None => {
                    let done = Control::Done(Ack {
                        sequence: 7,
                        error: 0,
                    });
                    assert_eq!(message.control(), Ok(Some(done)));
                }
                other => panic!("{other:?}"),
            }
        }
    }
    assert_eq!(links, ["lo", "vb", "va", "br0"]);
    assert!(addresses.contains(&"127.0.0.1".to_string()) && addresses.contains(&"::1".to_string()));
    assert!(addresses.contains(&"10.9.8.7".to_string()));
    assert!(
        !addresses.contains(&"192.0.2.100".to_string()),
        "deleted before"
    );
}

#[test]
fn acknowledgements() {
    for (name, sequence, error) in [
        ("ack secondary", 99, 0),
        ("ack 0", 42, 0),
        ("ack exists", 42, 17),
        ("ack deleted", 42, 0),
        ("ack not there", 42, 99),
    ] {
        let bytes = row(name);
        let messages: Vec<_> = Messages::new(&bytes).map(Result::unwrap).collect();
        assert_eq!(messages.len(), 1, "{name}");
        let ack = Control::Ack(Ack { sequence, error });
        assert_eq!(messages[0].control(), Ok(Some(ack)), "{name}");
        assert_eq!(rtnetlink::parse(&messages[0]), Ok(None), "{name}");
    }
}

#[test]
fn every_captured_message_can_be_read() {
    for (name, bytes) in frames(KERNEL) {
        for message in Messages::new(&bytes) {
            let message = message.unwrap_or_else(|why| panic!("{name}: {why}"));
            rtnetlink::parse(&message).unwrap_or_else(|why| panic!("{name}: {why}"));
            message
                .control()
                .unwrap_or_else(|why| panic!("{name}: {why}"));
        }
    }
}

#[test]
fn our_requests_are_those_of_keepalived() {
    let v4 = |text, prefix| AddrRequest::new(3, ip(text), prefix);
    let v6 = |text, prefix| AddrRequest {
        flags: IFA_F_NODAD,
        ..v4(text, prefix)
    };
    let requests = [
        v4("192.0.2.200", 24),
        v4("192.0.2.201", 32),
        AddrRequest {
            broadcast: Some("192.0.2.255".parse().unwrap()),
            scope: 253,
            label: Some("eth0:vip"),
            ..v4("192.0.2.202", 24)
        },
        AddrRequest {
            broadcast: Some("192.0.2.255".parse().unwrap()),
            ..v4("192.0.2.203", 24)
        },
        v6("fe80::13", 64),
        v6("2001:db8::13", 64),
        AddrRequest {
            preferred: Some(0),
            ..v6("2001:db8::14", 64)
        },
    ];
    let mut seen = 0;
    for (name, theirs) in frames(REQUESTS) {
        let (what, address) = name.split_once(' ').unwrap();
        let request = requests.iter().find(|r| r.address == ip(address)).unwrap();
        let sequence = u32::from_ne_bytes(theirs[8..12].try_into().unwrap());
        let mut ours = Vec::new();
        let len = if what == "add" {
            rtnetlink::new_address(&mut ours, sequence, 0, request)
        } else {
            rtnetlink::del_address(&mut ours, sequence, request)
        };
        assert_eq!(len, Ok(theirs.len()), "{name}");
        assert_eq!(ours, theirs, "{name}");
        seen += 1;
    }
    assert_eq!(seen, 14);
}
