//! One advert, several destinations; the checksum of keepalived before 1.3.7.

use crate::advert::Advert;
use core::net::{IpAddr, Ipv4Addr};
use holdfast::time::{Instant, Span};
use holdfast::vrrp::{
    Address, Event, Family, IfaceId, InstanceId, InstanceParams, Link, OldChecksum, Params, Peer,
    Router, Unicast,
};
use holdfast::wire::ah::{sign, verify};
use holdfast::wire::vrrp::{
    Auth, ChecksumForm, GROUP4, Packet, Version, emit, readdress, set_ip_id,
};
use holdfast::wire::{Error, checksum};

const KEY: [u8; 8] = *b"sesame12";

/// A unicast advert of each kind that there is over IPv4.
fn kinds() -> Vec<Advert> {
    let first = "198.51.100.2".parse().unwrap();
    let mut all = Vec::new();
    for auth in [Auth::None, Auth::Pass(KEY), Auth::Ah(KEY)] {
        all.push(Advert {
            auth,
            destination: first,
            ttl: 64,
            ..Advert::v2(51, 100, &["192.0.2.9", "192.0.2.10"])
        });
    }
    for form in [
        ChecksumForm::Pseudo,
        ChecksumForm::Plain,
        ChecksumForm::Group(GROUP4),
    ] {
        all.push(Advert {
            destination: first,
            ..Advert::v3(51, 100, &["192.0.2.9"], form)
        });
    }
    all
}

#[test]
fn a_copy_for_another_peer_is_what_would_have_been_written_for_it() {
    let forms = [
        ChecksumForm::Pseudo,
        ChecksumForm::Plain,
        ChecksumForm::Group(GROUP4),
    ];
    for first in kinds() {
        for to in ["203.0.113.255", "10.0.0.1", "224.0.0.18"] {
            for form in forms {
                let second = Advert {
                    destination: to.parse().unwrap(),
                    checksum: form,
                    ..first.clone()
                };
                let (mut copy, mut wanted) = (first.emit(), second.emit());
                readdress(&mut copy, second.destination, form).unwrap();
                assert_eq!(copy, wanted, "{second:?}");
                for bytes in [&mut copy, &mut wanted] {
                    set_ip_id(bytes, 77);
                    assert_eq!(checksum(&[&bytes[..20]]), 0, "IP header of {second:?}");
                }
                if let Auth::Ah(key) = second.auth {
                    sign(&mut copy, &key, 5).unwrap();
                    sign(&mut wanted, &key, 5).unwrap();
                    let packet = Packet::parse_ipv4(&copy).unwrap();
                    assert!(verify(&packet, &key), "{to}");
                }
                assert_eq!(copy, wanted);
            }
        }
    }
}

/// Row 14: with AH the header's destination is covered, so each copy has its own ICV; the TTL is not
/// covered in unicast.
#[test]
fn copies_with_ah_differ_in_destination_and_integrity_only() {
    let first = kinds()
        .into_iter()
        .find(|a| a.auth == Auth::Ah(KEY))
        .unwrap();
    let mut one = first.emit();
    let mut two = one.clone();
    readdress(&mut two, "203.0.113.5".parse().unwrap(), first.checksum).unwrap();
    for copy in [&mut one, &mut two] {
        set_ip_id(copy, 1);
        sign(copy, &KEY, 9).unwrap();
    }
    let differ: Vec<usize> = (0..one.len()).filter(|&at| one[at] != two[at]).collect();
    let allowed = |at: &usize| matches!(at, 10..=11 | 16..=19 | 32..=43);
    assert!(differ.iter().all(allowed), "{differ:?}");
    assert!(differ.iter().any(|at| *at >= 32), "another ICV");
    // On its way to the peer routers count it down.
    two[8] = 3;
    assert!(verify(&Packet::parse_ipv4(&two).unwrap(), &KEY));
    two[19] ^= 1;
    assert!(!verify(&Packet::parse_ipv4(&two).unwrap(), &KEY));
}

#[test]
fn over_ipv6_all_copies_are_the_same() {
    let advert = Advert {
        source: "fe80::1".parse().unwrap(),
        destination: "fe80::2".parse().unwrap(),
        ..Advert::v3(51, 100, &["fe80::9", "2001:db8::9"], ChecksumForm::Pseudo)
    };
    let before = advert.emit();
    let mut copy = before.clone();
    readdress(&mut copy, "2001:db8::7".parse().unwrap(), advert.checksum).unwrap();
    assert_eq!(copy, before, "the kernel writes header and checksum");
    let v4: IpAddr = Ipv4Addr::LOCALHOST.into();
    assert_eq!(
        readdress(&mut copy, v4, advert.checksum),
        Err(Error::IpHeader)
    );
    assert_eq!(copy, before);
}

/// The old form, summed up here by hand: pseudo-header of source, 224.0.0.18, 112 and length.
#[test]
fn the_old_form_names_the_group() {
    let group = Ipv4Addr::new(224, 0, 0, 18);
    let advert = Advert {
        destination: "192.0.2.2".parse().unwrap(),
        checksum: ChecksumForm::Group(group),
        ..Advert::v3(51, 100, &["192.0.2.9"], ChecksumForm::Pseudo)
    };
    let bytes = advert.emit();
    let words = [
        0xc000, 0x0201, 0xe000, 0x0012, 0, 112, 12, // pseudo-header
        0x3133, 0x6401, 0x0032, 0xc000, 0x0209, // message
    ];
    let mut sum: u32 = words.iter().sum();
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    assert_eq!(bytes[26..28], (!sum as u16).to_be_bytes());

    let packet = Packet::parse_ipv4(&bytes).unwrap();
    assert_eq!(
        packet.checksum_form(Version::V3),
        None,
        "no form of today's"
    );
    assert!(packet.names_group(group));
    assert!(!packet.names_group(Ipv4Addr::new(224, 0, 0, 99)));
    for at in 20..bytes.len() {
        let mut wrong = bytes.clone();
        wrong[at] ^= 1;
        let packet = Packet::parse_ipv4(&wrong).unwrap();
        assert!(!packet.names_group(group), "byte {at}");
    }
    // To the group itself it is the form of today.
    let to_group = Advert {
        destination: group.into(),
        ..advert
    };
    let bytes = to_group.emit();
    let packet = Packet::parse_ipv4(&bytes).unwrap();
    assert_eq!(
        packet.checksum_form(Version::V3),
        Some(ChecksumForm::Pseudo)
    );
}

/// Whatever the bytes are: no panic, and nothing changes that is no advert.
#[test]
fn rubbish_is_refused() {
    let to: IpAddr = Ipv4Addr::LOCALHOST.into();
    for first in kinds() {
        let whole = first.emit();
        for len in 0..28 {
            let mut cut = whole[..len].to_vec();
            let done = readdress(&mut cut, to, first.checksum);
            assert!(len >= 20 || done.is_err(), "{len} bytes");
        }
    }
    for byte in 0..=u8::MAX {
        for len in 0..64 {
            let mut bytes = vec![byte; len];
            let _ = readdress(&mut bytes, to, ChecksumForm::Pseudo);
            let _ = readdress(&mut bytes, "::1".parse().unwrap(), ChecksumForm::Plain);
        }
    }
}

/// A started router on eth0 (192.0.2.1): unicast instances of each way to form the checksum.
fn speaking_to(peers: &[Peer]) -> Router {
    let mut instances = Vec::new();
    for (old, form) in [
        (OldChecksum::Detect, ChecksumForm::Pseudo),
        (OldChecksum::Always, ChecksumForm::Pseudo),
        (OldChecksum::Always, ChecksumForm::Plain),
    ] {
        let mut instance = InstanceParams::new("V", IfaceId(0), 51 + instances.len() as u8);
        instance.version = Version::V3;
        instance.checksum = form;
        let address = Address::new([192, 0, 2, 9].into(), 24, IfaceId(0));
        instance.addresses.push(address);
        instance.unicast = Some(Box::new(Unicast {
            peers: peers.to_vec(),
            ttl: 61,
            old_checksum: old,
            ..Unicast::default()
        }));
        instances.push(instance);
    }
    let params = Params {
        interfaces: vec!["eth0".into()],
        instances,
        ..Params::default()
    };
    let mut router = Router::new(params);
    let link = Link {
        index: 2,
        up: true,
        ipv4: Some([192, 0, 2, 1].into()),
        ..Link::default()
    };
    let (iface, start) = (IfaceId(0), Instant::from_secs(1));
    router.handle(Event::Interface { iface, link }, start);
    router.handle(Event::Start, start);
    router
}

/// What the machine says of its destinations, end to end: rows 1, 2 and 14.
#[test]
fn the_machine_tells_who_gets_which_copy() {
    let peers = ["198.51.100.2", "198.51.100.3", "192.0.2.4"];
    let peers = peers.map(|text| Peer::new(text.parse().unwrap()));
    let mut router = speaking_to(&peers);
    let (iface, start) = (IfaceId(0), Instant::from_secs(1));
    let old = ChecksumForm::Group(GROUP4);
    for (at, form) in [ChecksumForm::Pseudo, old, ChecksumForm::Plain]
        .iter()
        .enumerate()
    {
        let template = router.outline(InstanceId(at as u16)).unwrap();
        let to: Vec<_> = template.destinations().collect();
        assert!(
            to.iter()
                .map(|d| d.address)
                .eq(peers.iter().map(|p| p.address))
        );
        assert!(to.iter().all(|d| d.checksum == *form), "{to:?}");
        let mut copy = [0; 64];
        let len = template.outline(100, |o| emit(o, &mut copy)).unwrap();
        let mut copy = copy[..len].to_vec();
        for to in to {
            readdress(&mut copy, to.address, to.checksum).unwrap();
            let mut wanted = [0; 64];
            template
                .outline_to(to, 100, |o| emit(o, &mut wanted))
                .unwrap();
            assert_eq!(copy, wanted[..len]);
            let packet = Packet::parse_ipv4(&copy).unwrap();
            assert_eq!((packet.destination, packet.ttl), (to.address, 61));
        }
    }
    // One peer sends the old form: it alone gets it back, in packets made anew.
    let before = router.outline(InstanceId(0)).unwrap().revision;
    let theirs = Advert {
        source: peers[1].address,
        destination: [192, 0, 2, 1].into(),
        interval: Span::from_secs(1),
        checksum: old,
        ..Advert::v3(51, 200, &["192.0.2.9"], ChecksumForm::Pseudo)
    };
    let bytes = theirs.emit();
    let packet = Packet::parse_ipv4(&bytes).unwrap();
    router.handle(Event::Packet { iface, packet }, start);
    let template = router.outline(InstanceId(0)).unwrap();
    assert_ne!(template.revision, before);
    let forms: Vec<_> = template.destinations().map(|d| d.checksum).collect();
    assert_eq!(forms, [ChecksumForm::Pseudo, old, ChecksumForm::Pseudo]);
}

/// Rows 2, 3 and 68: over IPv6 adverts go to ff02::12 with hop limit 255, from the link-local address
/// of the interface, and list the addresses of their own family.
#[test]
fn row_2_an_ipv6_instance_sends_to_its_group() {
    use holdfast::wire::vrrp::GROUP6;
    let iface = IfaceId(0);
    let mut instance = InstanceParams::new("V6", iface, 13);
    (instance.version, instance.family) = (Version::V3, Family::V6);
    instance.group_address = GROUP6.into();
    for (list, text) in [
        (&mut instance.addresses, "fe80::13"),
        (&mut instance.excluded, "192.0.2.13"),
    ] {
        list.push(Address::new(text.parse().unwrap(), 64, iface));
    }
    let mut router = Router::new(Params {
        interfaces: vec!["eth0".into()],
        instances: vec![instance],
        ..Params::default()
    });
    let mut link = Link {
        index: 2,
        up: true,
        ipv4: Some([192, 0, 2, 1].into()),
        ..Link::default()
    };
    let start = Instant::from_secs(1);
    router.handle(Event::Interface { iface, link }, start);
    router.handle(Event::Start, start);
    assert!(
        router.outline(InstanceId(0)).is_none(),
        "nothing to send from"
    );
    link.ipv6 = Some("fe80::a".parse().unwrap());
    router.handle(Event::Interface { iface, link }, start);
    let template = router.outline(InstanceId(0)).unwrap();
    let to: Vec<_> = template.destinations().map(|to| to.address).collect();
    assert_eq!(to, ["ff02::12".parse::<IpAddr>().unwrap()]);
    assert_eq!(template.ttl(), 255);
    assert_eq!(template.source, "fe80::a".parse::<IpAddr>().unwrap());
    assert_eq!(template.held().count(), 2);
    let mut bytes = [0; 64];
    let len = template.outline(100, |o| emit(o, &mut bytes)).unwrap();
    assert_eq!((len, bytes[..4].to_vec()), (24, vec![0x31, 13, 100, 1]));
}
