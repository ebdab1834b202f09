//! Reception rows of the VRRP conformance list: what a faulty packet tells. What to do about it is
//! the VRRP room's.

use crate::advert::Advert;
use core::net::IpAddr;
use holdfast::time::Span;
use holdfast::wire::vrrp::{ChecksumForm, HEADER_LEN, IPV4_LEN, Packet, Version};
use holdfast::wire::{Error, checksum};

/// The datagram of an IPv4 advert, changed; its plain checksum is set right again.
fn forged(advert: &Advert, change: impl Fn(&mut Vec<u8>)) -> Vec<u8> {
    let mut datagram = advert.emit();
    change(&mut datagram);
    datagram[26..28].fill(0);
    let sum = checksum(&[&datagram[IPV4_LEN..]]);
    datagram[26..28].copy_from_slice(&sum.to_be_bytes());
    datagram
}

#[test]
fn row_21_22_26_34_fields_are_told_as_they_are() {
    let advert = Advert::v2(1, 100, &["192.0.2.9"]);
    for value in 0..=255 {
        let datagram = forged(&advert, |d| d[20] = value);
        let packet = Packet::parse_ipv4(&datagram).unwrap();
        assert_eq!((packet.version(), packet.kind()), (value >> 4, value & 15));
        let datagram = forged(&advert, |d| d[21] = value);
        assert_eq!(Packet::parse_ipv4(&datagram).unwrap().vrid(), value);
        let datagram = forged(&advert, |d| d[22] = value);
        assert_eq!(Packet::parse_ipv4(&datagram).unwrap().priority(), value);
        let datagram = forged(&advert, |d| d[24] = value);
        assert_eq!(Packet::parse_ipv4(&datagram).unwrap().auth_type(), value);
        let datagram = forged(&advert, |d| d[8] = value);
        assert_eq!(Packet::parse_ipv4(&datagram).unwrap().ttl, value);
    }
}

#[test]
fn row_23_count_and_length_disagree() {
    let advert = Advert::v2(1, 100, &["192.0.2.9"]);
    let datagram = forged(&advert, |d| d[23] = 255);
    let packet = Packet::parse_ipv4(&datagram).unwrap();
    assert_eq!(packet.expected_len(Version::V2), 8 + 4 * 255 + 8);
    assert_eq!(packet.expected_len(Version::V3), 8 + 4 * 255);
    assert!(
        packet
            .addresses()
            .eq(["192.0.2.9".parse::<IpAddr>().unwrap()])
    );
    assert_eq!(
        (packet.auth_data(), packet.checksum_form(Version::V2)),
        (None, None)
    );
    // Count 0: nothing is listed, and the first bytes behind the header are the password.
    let datagram = forged(&advert, |d| d[23] = 0);
    let packet = Packet::parse_ipv4(&datagram).unwrap();
    assert_eq!(
        (packet.expected_len(Version::V2), packet.addresses().count()),
        (16, 0)
    );
    assert_eq!(packet.auth_data(), Some([192, 0, 2, 9, 0, 0, 0, 0]));
    // Shorter than a header, whatever follows from that.
    for len in 0..IPV4_LEN + HEADER_LEN {
        let cut = Packet::parse_ipv4(&advert.emit()[..len]).map(|p| p.vrid());
        assert_eq!(cut, Err(Error::Truncated), "{len}");
    }
    for len in 0..HEADER_LEN {
        let (from, to) = ("fe80::1".parse().unwrap(), "ff02::12".parse().unwrap());
        let cut = Packet::parse_message(from, to, 255, &[0x31; HEADER_LEN][..len]);
        assert_eq!(cut.unwrap_err(), Error::Truncated);
    }
}

#[test]
fn row_24_padding_never_counts() {
    for (advert, form) in [
        (Advert::v2(1, 100, &["192.0.2.9"]), ChecksumForm::Plain),
        (
            Advert::v3(1, 100, &["192.0.2.9"], ChecksumForm::Plain),
            ChecksumForm::Plain,
        ),
        (
            Advert::v3(1, 100, &["192.0.2.9"], ChecksumForm::Pseudo),
            ChecksumForm::Pseudo,
        ),
    ] {
        let mut datagram = advert.emit();
        let len = datagram.len();
        datagram.extend([0x5a; 14]);
        let packet = Packet::parse_ipv4(&datagram).unwrap();
        assert_eq!(packet.total_length, len, "as stated");
        assert_eq!(
            packet.message.len(),
            len - 20 + 14,
            "to the end of what came"
        );
        assert_eq!(packet.expected_len(advert.version), len - 20);
        assert_eq!(packet.checksum_form(advert.version), Some(form));
        assert_eq!(packet.addresses().collect::<Vec<_>>(), advert.addresses);
    }
}

#[test]
fn row_25_a_wrong_checksum_is_seen_in_every_field() {
    // Also 0x1234, which keepalived 2.4.3 lets pass with v3_checksum_as_v2.
    for advert in [
        Advert::v2(1, 100, &["192.0.2.9"]),
        Advert::v3(1, 100, &["192.0.2.9"], ChecksumForm::Plain),
    ] {
        let mut datagram = advert.emit();
        datagram[26..28].copy_from_slice(&[0x12, 0x34]);
        assert_eq!(
            Packet::parse_ipv4(&datagram)
                .unwrap()
                .checksum_form(advert.version),
            None
        );
        datagram[26..28].fill(0);
        assert_eq!(
            Packet::parse_ipv4(&datagram)
                .unwrap()
                .checksum_form(advert.version),
            None
        );
    }
}

#[test]
fn row_31_interval_zero_can_be_told() {
    let advert = Advert::v3(1, 100, &["192.0.2.9"], ChecksumForm::Plain);
    let datagram = forged(&advert, |d| d[24..26].fill(0));
    let packet = Packet::parse_ipv4(&datagram).unwrap();
    assert_eq!(packet.interval(Version::V3), Span::ZERO);
    assert_eq!(packet.checksum_form(Version::V3), Some(ChecksumForm::Plain));
    let datagram = forged(&Advert::v2(1, 100, &["192.0.2.9"]), |d| d[25] = 0);
    assert_eq!(
        Packet::parse_ipv4(&datagram).unwrap().interval(Version::V2),
        Span::ZERO
    );
}

#[test]
fn row_34_reserved_bits_are_no_part_of_the_interval() {
    let advert = Advert::v3(1, 100, &["192.0.2.9"], ChecksumForm::Plain);
    for reserved in 1..16u8 {
        let datagram = forged(&advert, |d| d[24] |= reserved << 4);
        let packet = Packet::parse_ipv4(&datagram).unwrap();
        assert_eq!(packet.interval(Version::V3), Span::from_centis(50));
        assert_eq!(packet.checksum_form(Version::V3), Some(ChecksumForm::Plain));
    }
}

#[test]
fn row_34_strange_sources_can_be_viewed() {
    for source in [
        [0, 0, 0, 0],
        [224, 0, 0, 18],
        [255, 255, 255, 255],
        [127, 0, 0, 1],
    ] {
        let datagram = forged(&Advert::v2(1, 100, &["192.0.2.9"]), |d| {
            d[12..16].copy_from_slice(&source)
        });
        assert_eq!(
            Packet::parse_ipv4(&datagram).unwrap().source,
            IpAddr::from(source)
        );
    }
}

#[test]
fn ip_options_are_stepped_over() {
    let plain = Advert::v3(1, 100, &["192.0.2.9"], ChecksumForm::Pseudo).emit();
    for words in 1..=10usize {
        let mut datagram = plain[..20].to_vec();
        datagram[0] = 0x45 + words as u8;
        datagram.extend(vec![1; words * 4]);
        datagram.extend(&plain[20..]);
        let packet = Packet::parse_ipv4(&datagram).unwrap();
        assert_eq!(packet.message, &plain[20..]);
        assert_eq!(
            packet.checksum_form(Version::V3),
            Some(ChecksumForm::Pseudo)
        );
        assert_eq!(packet.raw.len(), datagram.len());
    }
    for (first, why) in [
        (0x44, Error::IpHeader),
        (0x40, Error::IpHeader),
        (0x55, Error::IpHeader),
        (0x65, Error::IpHeader),
        (0x4f, Error::Truncated),
    ] {
        let mut datagram = plain.clone();
        datagram[0] = first;
        assert_eq!(
            Packet::parse_ipv4(&datagram).unwrap_err(),
            why,
            "{first:#x}"
        );
    }
    let mut other = plain.clone();
    other[9] = 6;
    assert_eq!(
        Packet::parse_ipv4(&other).unwrap_err(),
        Error::IpHeader,
        "another protocol"
    );
}
