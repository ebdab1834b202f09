//! Netlink framing and requests, in whatever byte order the machine has.

use core::net::IpAddr;
use holdfast::wire::Error;
use holdfast::wire::netlink::{
    Ack, Attribute, Attributes, Builder, Control, HEADER_LEN, Message, Messages, NLM_F_ACK,
    NLM_F_CREATE, NLM_F_DUMP, NLM_F_DUMP_INTR, NLM_F_EXCL, NLM_F_REQUEST,
};
use holdfast::wire::rtnetlink::{self, AddrRequest, Report};

/// The only message in `bytes`.
fn only(bytes: &[u8]) -> Message<'_> {
    let mut messages = Messages::new(bytes);
    let message = messages.next().unwrap().unwrap();
    assert_eq!(messages.next(), None);
    message
}

/// All attributes behind a fixed structure of 8 bytes.
fn attributes<'a>(message: &Message<'a>) -> Vec<Attribute<'a>> {
    message
        .fixed::<8>()
        .unwrap()
        .1
        .map(Result::unwrap)
        .collect()
}

#[test]
fn what_was_built_can_be_read() {
    let mut buf = Vec::new();
    for sequence in 1..=3 {
        let mut message = Builder::begin(&mut buf, 0x21, NLM_F_REQUEST, sequence);
        message.bytes(&[1, 2, 3]);
        message.attr_u8(1, 7);
        message.attr_u16(2, 0x1234);
        message.attr_u32(3, 0xdead_beef);
        message.attr_text(4, "va:vip");
        let outer = message.begin_nest(5);
        message.attr(6, &[]);
        let inner = message.begin_nest(7);
        message.attr_u8(8, 9);
        message.end_nest(inner);
        message.end_nest(outer);
        assert_eq!(message.end(), Ok(16 + 4 + 8 + 8 + 8 + 12 + 4 + 4 + 4 + 8));
    }
    let mut sequences = Vec::new();
    for message in Messages::new(&buf) {
        let message = message.unwrap();
        assert_eq!(
            (message.kind, message.flags, message.port),
            (0x21, NLM_F_REQUEST, 0)
        );
        sequences.push(message.sequence);
        let (fixed, attributes) = message.fixed::<3>().unwrap();
        assert_eq!(fixed, &[1, 2, 3]);
        let all: Vec<_> = attributes.map(Result::unwrap).collect();
        assert_eq!(
            all.iter().map(|a| a.kind).collect::<Vec<_>>(),
            [1, 2, 3, 4, 5]
        );
        assert_eq!(all[0].u8(), Ok(7));
        assert_eq!(all[1].u16(), Ok(0x1234));
        assert_eq!(all[2].u32(), Ok(0xdead_beef));
        assert_eq!(
            (all[3].text(), all[3].payload),
            ("va:vip", &b"va:vip\0"[..])
        );
        let nested: Vec<_> = all[4].nested().map(Result::unwrap).collect();
        assert_eq!((nested[0].kind, nested[0].payload), (6, &[][..]));
        assert_eq!(nested[1].nested().next().unwrap().unwrap().u8(), Ok(9));
        // The wrong size is an error, not a guess.
        assert_eq!(all[0].u32(), Err(Error::Netlink));
        assert_eq!(all[2].u8(), Err(Error::Netlink));
    }
    assert_eq!(sequences, [1, 2, 3]);
}

#[test]
fn an_unfinished_message_leaves_no_trace() {
    let mut buf = vec![1, 2, 3, 4];
    let mut message = Builder::begin(&mut buf, 16, 0, 1);
    message.attr(1, &[0; 100]);
    drop(message);
    assert_eq!(buf, [1, 2, 3, 4]);
    // An attribute's length has 16 bits, and so has a nest's.
    let mut message = Builder::begin(&mut buf, 16, 0, 1);
    message.attr(1, &[0; 0xfffb]);
    assert!(message.end().is_ok());
    buf.truncate(4);
    let mut message = Builder::begin(&mut buf, 16, 0, 1);
    message.attr(1, &[0; 0xfffc]);
    assert_eq!(message.end(), Err(Error::Netlink));
    assert_eq!(buf, [1, 2, 3, 4]);
    let mut message = Builder::begin(&mut buf, 16, 0, 1);
    let nest = message.begin_nest(1);
    message.attr(1, &[0; 0x8000]);
    message.attr(1, &[0; 0x8000]);
    message.end_nest(nest);
    assert_eq!(message.end(), Err(Error::Netlink));
    assert_eq!(buf, [1, 2, 3, 4]);
}

/// A header with this length, then these bytes.
fn raw(len: u32, kind: u16, flags: u16, payload: &[u8]) -> Vec<u8> {
    let mut bytes = len.to_ne_bytes().to_vec();
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(flags.to_ne_bytes());
    bytes.extend(9u32.to_ne_bytes());
    bytes.extend(8u32.to_ne_bytes());
    bytes.extend(payload);
    bytes
}

#[test]
fn contradicting_lengths_end_the_walk() {
    for len in [0, 1, 15, 25, 100, u32::MAX - 3, u32::MAX - 2, u32::MAX] {
        let bytes = raw(len, 16, 0, &[0; 8]);
        let seen: Vec<_> = Messages::new(&bytes).collect();
        assert_eq!(seen, [Err(Error::Netlink)], "{len}");
    }
    // A good one, then rubbish shorter than a header.
    let mut bytes = raw(24, 16, 0, &[0; 8]);
    bytes.push(0);
    let seen: Vec<_> = Messages::new(&bytes).collect();
    assert!(seen.len() == 2 && seen[0].is_ok() && seen[1] == Err(Error::Netlink));
    // The padding of the last message may be missing.
    let message = only(&raw(21, 16, 0, &[1, 2, 3, 4, 5])[..]).payload.to_vec();
    assert_eq!(message, [1, 2, 3, 4, 5]);
    assert_eq!(Messages::new(&[]).next(), None);
    for len in [0u16, 3, 9, u16::MAX] {
        let mut bytes = len.to_ne_bytes().to_vec();
        bytes.extend([1, 0, 0, 0, 0, 0]);
        let seen: Vec<_> = Attributes::new(&bytes).collect();
        assert_eq!(seen, [Err(Error::Netlink)], "{len}");
    }
    assert_eq!(Attributes::new(&[0, 0]).next(), Some(Err(Error::Netlink)));
}

#[test]
fn control_messages() {
    let ack = |error| Control::Ack(Ack { sequence: 9, error });
    for (number, error) in [(0, 0), (-17, 17), (-99, 99), (i32::MIN, i32::MAX), (5, 0)] {
        let bytes = raw(20, 2, 0, &i32::to_ne_bytes(number));
        assert_eq!(only(&bytes).control(), Ok(Some(ack(error))), "{number}");
    }
    assert_eq!(only(&raw(18, 2, 0, &[0; 2])).control(), Err(Error::Netlink));
    let done = |error| Ok(Some(Control::Done(Ack { sequence: 9, error })));
    assert_eq!(only(&raw(16, 3, 2, &[])).control(), done(0));
    assert_eq!(
        only(&raw(20, 3, 2, &(-4i32).to_ne_bytes())).control(),
        done(4)
    );
    assert_eq!(only(&raw(18, 3, 2, &[0; 2])).control(), Err(Error::Netlink));
    assert_eq!(only(&raw(16, 1, 0, &[])).control(), Ok(Some(Control::Noop)));
    assert_eq!(
        only(&raw(16, 4, 0, &[])).control(),
        Ok(Some(Control::Overrun))
    );
    assert_eq!(only(&raw(16, 20, 0, &[])).control(), Ok(None));
    let bytes = raw(16, 3, 2 | NLM_F_DUMP_INTR, &[]);
    assert!(only(&bytes).dump_interrupted());
    assert!(!only(&raw(16, 3, 2, &[])).dump_interrupted());
}

#[test]
fn requests_carry_what_was_asked() {
    let address: IpAddr = "192.0.2.100".parse().unwrap();
    let request = AddrRequest {
        scope: 253,
        peer: Some("192.0.2.101".parse().unwrap()),
        broadcast: Some("192.0.2.255".parse().unwrap()),
        label: Some("eth0:vip"),
        protocol: Some(18),
        flags: 0x202,
        preferred: Some(0),
        ..AddrRequest::new(0x0102_0304, address, 24)
    };
    let mut buf = Vec::new();
    let len = rtnetlink::new_address(&mut buf, 5, NLM_F_CREATE | NLM_F_EXCL, &request).unwrap();
    assert_eq!(len, buf.len());
    let message = only(&buf);
    assert_eq!((message.kind, message.sequence), (20, 5));
    assert_eq!(
        message.flags,
        NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL
    );
    let (fixed, _) = message.fixed::<8>().unwrap();
    assert_eq!(fixed[..4], [2, 24, 0, 253]);
    assert_eq!(fixed[4..], 0x0102_0304u32.to_ne_bytes());
    let find = |kind| {
        attributes(&message)
            .into_iter()
            .find(|a| a.kind == kind)
            .unwrap()
    };
    assert_eq!(find(2).payload, [192, 0, 2, 100]);
    assert_eq!(find(1).payload, [192, 0, 2, 101]);
    assert_eq!(find(4).payload, [192, 0, 2, 255]);
    assert_eq!(find(3).text(), "eth0:vip");
    assert_eq!(find(11).u8(), Ok(18));
    assert_eq!(find(8).u32(), Ok(0x202));
    assert_eq!(
        find(6).payload,
        [[0; 4], [0xff; 4], [0; 4], [0; 4]].concat()
    );
    // A kernel that tells of it tells the same.
    let Ok(Some(Report::Address(told))) = rtnetlink::parse(&message) else {
        panic!()
    };
    assert_eq!(
        (told.index, told.address, told.prefix),
        (0x0102_0304, address, 24)
    );
    assert_eq!(
        (told.scope, told.flags, told.label),
        (253, 0x202, "eth0:vip")
    );
    assert_eq!(told.protocol, Some(18));
}

#[test]
fn a_delete_says_which_prefix_it_means() {
    // Without IFA_ADDRESS the kernel would take any prefix.
    let mut buf = Vec::new();
    let request = AddrRequest {
        label: Some("eth0:vip"),
        protocol: Some(18),
        ..AddrRequest::new(3, "192.0.2.100".parse().unwrap(), 24)
    };
    rtnetlink::del_address(&mut buf, 6, &request).unwrap();
    let message = only(&buf);
    assert_eq!(
        (message.kind, message.flags),
        (21, NLM_F_REQUEST | NLM_F_ACK)
    );
    let seen: Vec<_> = attributes(&message)
        .iter()
        .map(|a| (a.kind, a.payload))
        .collect();
    assert_eq!(
        seen,
        [(2, &[192, 0, 2, 100][..]), (1, &[192, 0, 2, 100][..])]
    );
    buf.clear();
    let peer = AddrRequest {
        peer: Some("10.0.0.9".parse().unwrap()),
        ..request
    };
    rtnetlink::del_address(&mut buf, 6, &peer).unwrap();
    assert_eq!(attributes(&only(&buf))[1].payload, [10, 0, 0, 9]);
}

#[test]
fn labels_have_1_to_15_bytes() {
    let mut buf = vec![7];
    for label in ["", "sixteen-bytes-16"] {
        let request = AddrRequest {
            label: Some(label),
            ..AddrRequest::new(3, "192.0.2.100".parse().unwrap(), 24)
        };
        assert_eq!(
            rtnetlink::new_address(&mut buf, 1, 0, &request),
            Err(Error::Netlink)
        );
        assert_eq!(buf, [7]);
    }
    let request = AddrRequest {
        label: Some("fifteen-bytes-x"),
        ..AddrRequest::new(3, "192.0.2.100".parse().unwrap(), 24)
    };
    assert!(rtnetlink::new_address(&mut buf, 1, 0, &request).is_ok());
}

#[test]
fn dump_requests() {
    let mut buf = Vec::new();
    assert_eq!(rtnetlink::dump_links(&mut buf, 1), Ok(HEADER_LEN + 16));
    assert_eq!(rtnetlink::dump_addresses(&mut buf, 2), Ok(HEADER_LEN + 8));
    let kinds: Vec<_> = Messages::new(&buf)
        .map(Result::unwrap)
        .map(|m| {
            (
                m.kind,
                m.flags,
                m.sequence,
                m.payload.iter().all(|b| *b == 0),
            )
        })
        .collect();
    let flags = NLM_F_REQUEST | NLM_F_DUMP;
    assert_eq!(kinds, [(18, flags, 1, true), (22, flags, 2, true)]);
}

#[test]
fn reports_that_lack_what_they_must_have() {
    // No address at all; an address of the wrong size; a structure cut short.
    for (kind, payload) in [
        (20, vec![2, 24, 0, 0, 1, 0, 0, 0]),
        (21, vec![2, 24, 0, 0, 1, 0, 0]),
        (16, vec![0; 15]),
        (17, vec![]),
    ] {
        let bytes = raw(16 + payload.len() as u32, kind, 0, &payload);
        assert_eq!(
            rtnetlink::parse(&only(&bytes)),
            Err(Error::Netlink),
            "{kind}"
        );
    }
    for (family, size) in [(2, 16), (10, 4), (2, 3), (10, 0)] {
        let mut buf = Vec::new();
        let mut message = Builder::begin(&mut buf, 20, 0, 1);
        message.bytes(&[family, 24, 0, 0, 1, 0, 0, 0]);
        message.attr(2, &vec![1; size]);
        message.end().unwrap();
        assert_eq!(
            rtnetlink::parse(&only(&buf)),
            Err(Error::Netlink),
            "{family} {size}"
        );
    }
    // Other families and other messages do not concern us.
    let bytes = raw(24, 20, 0, &[129, 0, 0, 0, 1, 0, 0, 0]);
    assert_eq!(rtnetlink::parse(&only(&bytes)), Ok(None));
    assert_eq!(rtnetlink::parse(&only(&raw(16, 24, 0, &[]))), Ok(None));
}

#[test]
fn index_0_is_no_link() {
    // A tunnel bound to no device says IFLA_LINK 0.
    let mut buf = Vec::new();
    for (link, master) in [(0u32, 0u32), (2, 4)] {
        let mut message = Builder::begin(&mut buf, 16, 0, 1);
        message.bytes(&[0; 16]);
        message.attr_u32(5, link);
        message.attr_u32(10, master);
        message.attr(1, &[10, 0, 0, 1]); // a tunnel's hardware address has four bytes
        message.end().unwrap();
    }
    let seen: Vec<_> = Messages::new(&buf)
        .map(|m| match rtnetlink::parse(&m.unwrap()) {
            Ok(Some(Report::Link(link))) => (link.link, link.master, link.mac),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(seen, [(None, None, None), (Some(2), Some(4), None)]);
}

/// A link, or an address, whose last attributes are `end`.
fn ended_by(kind: u16, end: &[u8]) -> Vec<u8> {
    let mut buf = Vec::new();
    let mut message = Builder::begin(&mut buf, kind, 0, 1);
    if kind == 16 {
        message.bytes(&[0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        message.attr_text(3, "eth0");
        message.attr_u32(10, 7);
    } else {
        message.bytes(&[2, 24, 0, 0, 1, 0, 0, 0]);
        message.attr(2, &[192, 0, 2, 1]);
    }
    message.bytes(end);
    message.end().unwrap();
    buf
}

#[test]
fn an_empty_attribute_left_in_the_other_byte_order() {
    // The end of RTM_NEWLINK from Linux 6.18 to a big-endian program under qemu-user 7.2:
    // 0004803e was turned over, IFLA_DPLL_PIN behind it was not.
    let [l0, l1] = 4u16.swap_bytes().to_ne_bytes();
    let [k0, k1] = 0x8041u16.swap_bytes().to_ne_bytes();
    let forgotten = [l0, l1, k0, k1];
    let bytes = ended_by(16, &forgotten);
    let Ok(Some(Report::Link(link))) = rtnetlink::parse(&only(&bytes)) else {
        panic!("a link ends so")
    };
    assert_eq!((link.name, link.master), ("eth0", Some(7)));
    // Anything longer could have held a value, and nothing else ends so.
    let mut longer = forgotten.to_vec();
    longer.extend([0; 4]);
    for (kind, end) in [(16, &longer[..]), (20, &forgotten)] {
        let bytes = ended_by(kind, end);
        assert_eq!(rtnetlink::parse(&only(&bytes)), Err(Error::Netlink));
    }
    for len in [1, 2, 3, 5, 6, 7] {
        let attributes = Attributes::new(&longer[..len]).but_a_bare_end();
        let seen: Vec<_> = attributes.collect();
        assert_eq!(seen, [Err(Error::Netlink)], "{len}");
    }
}
