//! Transmission rows of the VRRP conformance list: the bytes of our adverts.

use crate::advert::Advert;
use core::net::{IpAddr, Ipv4Addr};
use holdfast::time::Span;
use holdfast::wire::vrrp::{Auth, ChecksumForm, GROUP4, Packet, Version, set_ip_id};
use holdfast::wire::{Error, checksum};

/// `count` different IPv4 addresses.
fn many(count: u16) -> Vec<IpAddr> {
    (0..count)
        .map(|n| Ipv4Addr::new(198, 51, (n >> 8) as u8, n.to_le_bytes()[0]).into())
        .collect()
}

/// An IPv6 advert with these addresses.
fn v6(addresses: Vec<IpAddr>) -> Advert {
    Advert {
        source: "fe80::1".parse().unwrap(),
        destination: "ff02::12".parse().unwrap(),
        addresses,
        ..Advert::v3(6, 100, &[], ChecksumForm::Pseudo)
    }
}

#[test]
fn row_1_protocol_group_and_ttl() {
    for advert in [
        Advert::v2(1, 100, &["192.0.2.9"]),
        Advert::v3(1, 100, &["192.0.2.9"], ChecksumForm::Pseudo),
    ] {
        let datagram = advert.emit();
        assert_eq!(datagram[9], 112);
        assert_eq!(datagram[16..20], [224, 0, 0, 18]);
        assert_eq!(datagram[8], 255);
        assert_eq!(IpAddr::from(GROUP4), advert.destination);
    }
}

#[test]
fn row_3_the_source_is_the_one_given() {
    for source in ["192.0.2.1", "10.0.0.9", "203.0.113.254"] {
        let source: Ipv4Addr = source.parse().unwrap();
        let advert = Advert {
            source: source.into(),
            ..Advert::v2(1, 100, &["192.0.2.9"])
        };
        assert_eq!(advert.emit()[12..16], source.octets());
    }
}

#[test]
fn row_5_version_and_type_share_the_first_byte() {
    assert_eq!(Advert::v2(1, 100, &["192.0.2.9"]).emit()[20], 0x21);
    let v3 = Advert::v3(1, 100, &["192.0.2.9"], ChecksumForm::Plain);
    assert_eq!(v3.emit()[20], 0x31);
    assert_eq!(v6(vec!["fe80::9".parse().unwrap()]).emit()[0], 0x31);
}

#[test]
fn row_6_count_and_configured_order() {
    for count in [1, 20, 21, 255] {
        // Neither sorted nor reversed.
        let mut addresses = many(count);
        addresses.rotate_left(usize::from(count) / 3);
        let advert = Advert {
            addresses: addresses.clone(),
            ..Advert::v2(1, 100, &[])
        };
        let datagram = advert.emit();
        assert_eq!(datagram.len(), 20 + 8 + 4 * usize::from(count) + 8);
        assert_eq!(u16::from(datagram[23]), count);
        let packet = Packet::parse_ipv4(&datagram).unwrap();
        assert_eq!(packet.addresses().collect::<Vec<_>>(), addresses);
        assert_eq!(packet.total_length, datagram.len());
        assert_eq!(packet.checksum_form(Version::V2), Some(ChecksumForm::Plain));
    }
    // The field cannot say 256: the first 255 are listed, in version 3 and over IPv6 as well.
    let advert = Advert {
        addresses: many(256),
        ..Advert::v2(1, 100, &[])
    };
    assert_eq!(
        (advert.emit()[23], advert.emit().len()),
        (255, 20 + 8 + 4 * 255 + 8)
    );
    let long = v6((0..300u128)
        .map(|n| IpAddr::from(n.to_be_bytes()))
        .collect());
    assert_eq!((long.emit()[3], long.emit().len()), (255, 8 + 16 * 255));
    // A frame of 1500 bytes holds 90 IPv6 addresses.
    assert!(v6(vec!["fe80::9".parse().unwrap(); 90]).emit().len() + 40 <= 1500);
    assert!(v6(vec!["fe80::9".parse().unwrap(); 91]).emit().len() + 40 > 1500);
}

#[test]
fn addresses_of_the_other_family_are_not_listed() {
    let mixed = Advert::v2(1, 100, &["192.0.2.9", "2001:db8::1", "192.0.2.10"]);
    let datagram = mixed.emit();
    assert_eq!(datagram[23], 2);
    assert_eq!(datagram[28..36], [192, 0, 2, 9, 192, 0, 2, 10]);
    let mixed = v6(vec![
        "192.0.2.9".parse().unwrap(),
        "fe80::9".parse().unwrap(),
    ]);
    assert_eq!((mixed.emit()[3], mixed.emit().len()), (1, 24));
    let nowhere = Advert {
        destination: "ff02::12".parse().unwrap(),
        ..Advert::v2(1, 1, &["192.0.2.9"])
    };
    assert_eq!(nowhere.emit_into(&mut [0; 100]), Err(Error::IpHeader));
}

#[test]
fn row_7_no_authentication_is_eight_zero_bytes() {
    let datagram = Advert::v2(1, 100, &["192.0.2.9"]).emit();
    assert_eq!(datagram[24], 0);
    assert_eq!(datagram.len(), 40);
    assert_eq!(datagram[32..], [0; 8]);
}

#[test]
fn row_8_pass_is_type_1_and_eight_bytes() {
    let advert = Advert {
        auth: Auth::Pass(*b"abc\0\0\0\0\0"),
        ..Advert::v2(1, 100, &["192.0.2.9"])
    };
    let datagram = advert.emit();
    assert_eq!(datagram[24], 1);
    assert_eq!(&datagram[32..], b"abc\0\0\0\0\0");
    let packet = Packet::parse_ipv4(&datagram).unwrap();
    assert_eq!(packet.auth_data(), Some(*b"abc\0\0\0\0\0"));
    assert_eq!(packet.addresses().count(), 1, "the password is no address");
    // Version 3 has no authentication; the outline cannot bring it in.
    let v3 = Advert {
        auth: advert.auth,
        ..Advert::v3(1, 100, &["192.0.2.9"], ChecksumForm::Plain)
    };
    assert_eq!(v3.emit().len(), 32);
}

#[test]
fn row_8_the_password_is_the_end_of_the_computed_length() {
    let advert = Advert {
        auth: Auth::Pass(*b"sesame12"),
        ..Advert::v2(1, 100, &["192.0.2.9"])
    };
    let mut padded = advert.emit();
    padded.extend([0xee; 6]);
    assert_eq!(
        Packet::parse_ipv4(&padded).unwrap().auth_data(),
        Some(*b"sesame12")
    );
}

#[test]
fn row_10_interval_of_version_3() {
    for (millis, field) in [
        (40_950, 4095),
        (10, 1),
        (500, 50),
        (1_000, 100),
        (2_550, 255),
        (2_560, 256),
        (0, 1),
        (14, 1),
        (15, 2),
        (40_960, 4095),
        (u64::MAX / 1000, 4095),
    ] {
        let advert = Advert {
            interval: Span::from_millis(millis),
            ..Advert::v3(1, 100, &["192.0.2.9"], ChecksumForm::Plain)
        };
        let datagram = advert.emit();
        assert_eq!(
            u16::from_be_bytes([datagram[24], datagram[25]]),
            field,
            "{millis} ms"
        );
        let packet = Packet::parse_ipv4(&datagram).unwrap();
        assert_eq!(
            packet.interval(Version::V3),
            Span::from_centis(u64::from(field))
        );
    }
}

#[test]
fn interval_of_version_2() {
    for (millis, field) in [
        (1_000, 1),
        (1_499, 1),
        (1_500, 2),
        (2_000, 2),
        (255_000, 255),
        (256_000, 255),
        (0, 1),
    ] {
        let advert = Advert {
            interval: Span::from_millis(millis),
            ..Advert::v2(1, 100, &["192.0.2.9"])
        };
        let datagram = advert.emit();
        assert_eq!(datagram[25], field, "{millis} ms");
        let packet = Packet::parse_ipv4(&datagram).unwrap();
        assert_eq!(
            packet.interval(Version::V2),
            Span::from_secs(u64::from(field))
        );
    }
}

#[test]
fn row_11_checksum_of_version_2_knows_no_pseudo_header() {
    // Two different sources: the same message.
    let a = Advert::v2(1, 100, &["192.0.2.9"]).emit();
    let other = "203.0.113.77".parse().unwrap();
    let b = Advert {
        source: other,
        ..Advert::v2(1, 100, &["192.0.2.9"])
    }
    .emit();
    assert_eq!(a[20..], b[20..]);
    assert_eq!(checksum(&[&a[20..]]), 0);
    // By hand: 2101 6401 0001 c000 0209 and zeros.
    let sum: u32 = 0x2101 + 0x6401 + 0x0001 + 0xc000 + 0x0209;
    let folded = (sum & 0xffff) + (sum >> 16);
    assert_eq!(
        u32::from(u16::from_be_bytes([a[26], a[27]])),
        0xffff - folded
    );
    // Even when the outline asks for a pseudo-header.
    let c = Advert {
        checksum: ChecksumForm::Pseudo,
        ..Advert::v2(1, 100, &["192.0.2.9"])
    };
    assert_eq!(c.emit(), a);
}

#[test]
fn row_12_checksum_over_ipv6_has_the_pseudo_header() {
    let advert = v6(vec!["fe80::9".parse().unwrap()]);
    let (IpAddr::V6(from), IpAddr::V6(to)) = (advert.source, advert.destination) else {
        panic!()
    };
    for form in [ChecksumForm::Pseudo, ChecksumForm::Plain] {
        let message = Advert {
            checksum: form,
            ..advert.clone()
        }
        .emit();
        let tail = [0, 0, 0, 24, 0, 0, 0, 112];
        assert_eq!(
            checksum(&[&from.octets(), &to.octets(), &tail, &message]),
            0
        );
        let packet =
            Packet::parse_message(advert.source, advert.destination, 255, &message).unwrap();
        assert_eq!(
            packet.checksum_form(Version::V3),
            Some(ChecksumForm::Pseudo)
        );
        let moved = Packet::parse_message("fe80::2".parse().unwrap(), to.into(), 255, &message);
        assert_eq!(moved.unwrap().checksum_form(Version::V3), None);
    }
}

#[test]
fn row_13_both_forms_of_version_3_are_told_apart() {
    for form in [ChecksumForm::Pseudo, ChecksumForm::Plain] {
        let datagram = Advert::v3(1, 100, &["192.0.2.9"], form).emit();
        let packet = Packet::parse_ipv4(&datagram).unwrap();
        assert_eq!(packet.checksum_form(Version::V3), Some(form));
        let tail = [192, 0, 2, 1, 224, 0, 0, 18, 0, 112, 0, 12];
        let with_pseudo = checksum(&[&tail, &datagram[20..]]) == 0;
        assert_eq!(with_pseudo, form == ChecksumForm::Pseudo);
        assert_eq!(
            checksum(&[&datagram[20..]]) == 0,
            form == ChecksumForm::Plain
        );
    }
}

#[test]
fn row_14_unicast_changes_destination_ttl_and_pseudo_header() {
    let peer: Ipv4Addr = "192.0.2.2".parse().unwrap();
    let advert = Advert {
        destination: peer.into(),
        ttl: 64,
        ..Advert::v3(1, 100, &["192.0.2.9"], ChecksumForm::Pseudo)
    };
    let datagram = advert.emit();
    assert_eq!((datagram[8], &datagram[16..20]), (64, &peer.octets()[..]));
    let tail = [192, 0, 2, 1, 192, 0, 2, 2, 0, 112, 0, 12];
    assert_eq!(checksum(&[&tail, &datagram[20..]]), 0);
}

#[test]
fn row_18_ip_header() {
    let mut datagram = Advert::v2(1, 100, &["192.0.2.9"]).emit();
    for id in [0, 1, 2, 0x1234, u16::MAX] {
        let message = datagram[20..].to_vec();
        set_ip_id(&mut datagram, id);
        assert_eq!(
            datagram[..2],
            [0x45, 0xc0],
            "version, header length, type of service"
        );
        assert_eq!(datagram[2..4], [0, 40], "total length");
        assert_eq!(datagram[4..6], id.to_be_bytes());
        assert_eq!(datagram[6..8], [0, 0], "no fragment, and DF not set");
        assert_eq!(checksum(&[&datagram[..20]]), 0, "header checksum");
        assert_eq!(datagram[20..], message, "the message is as it was");
    }
    for len in 0..20 {
        let mut short = vec![0xa5; len];
        set_ip_id(&mut short, 1);
        assert_eq!(short, vec![0xa5; len]);
    }
}

#[test]
fn version_2_over_ipv6_has_no_authentication_data() {
    // No standard knows it; what is read and what is written agree all the same.
    let advert = Advert {
        version: Version::V2,
        ..v6(vec!["fe80::9".parse().unwrap()])
    };
    let message = advert.emit();
    assert_eq!(message.len(), 8 + 16);
    let packet = Packet::parse_message(advert.source, advert.destination, 255, &message).unwrap();
    assert_eq!(
        (packet.expected_len(Version::V2), packet.auth_data()),
        (24, None)
    );
    assert_eq!(
        packet.checksum_form(Version::V2),
        Some(ChecksumForm::Pseudo)
    );
    let elsewhere = Packet::parse_message(advert.source, advert.source, 255, &message).unwrap();
    assert_eq!(elsewhere.checksum_form(Version::V2), None);
}

#[test]
fn the_plain_form_is_no_form_over_ipv6() {
    let advert = v6(vec!["fe80::9".parse().unwrap()]);
    let mut message = advert.emit();
    message[6..8].fill(0);
    let sum = checksum(&[&message]);
    message[6..8].copy_from_slice(&sum.to_be_bytes());
    let packet = Packet::parse_message(advert.source, advert.destination, 255, &message).unwrap();
    assert_eq!(packet.checksum_form(Version::V3), None);
}
