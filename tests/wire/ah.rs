//! Authentication Header, PASS and unicast: frames captured from keepalived, and forgeries.

use crate::advert::Advert;
use crate::{KEEPALIVED_AUTH, frames};
use holdfast::time::Span;
use holdfast::wire::Error;
use holdfast::wire::ah::{LEN, sign, verify};
use holdfast::wire::vrrp::{Auth, ChecksumForm, IPV4_LEN, PROTOCOL_AH, Packet, set_ip_id};

const SESAME: [u8; 8] = *b"sesame12";
const SHORT: [u8; 8] = *b"short\0\0\0";

/// A captured datagram: its name, what it should say, AH key and sequence number, its bytes.
type Captured = (&'static str, Advert, [u8; 8], u32, Vec<u8>);

/// All of them.
fn captured() -> Vec<Captured> {
    let peer = "192.0.2.2".parse().unwrap();
    let rows: Vec<_> = frames(KEEPALIVED_AUTH)
        .map(|(name, frame)| {
            let numbers: Vec<u32> = name.split(' ').map(|n| n.parse().unwrap()).collect();
            let (vrid, priority) = (numbers[0] as u8, numbers[1] as u8);
            let (advert, key) = match vrid {
                20 => (
                    Advert {
                        auth: Auth::Ah(SESAME),
                        ..Advert::v2(vrid, priority, &["192.0.2.200", "192.0.2.201"])
                    },
                    SESAME,
                ),
                21 => (
                    Advert {
                        auth: Auth::Ah(SHORT),
                        destination: peer,
                        ..Advert::v2(vrid, priority, &["192.0.2.210"])
                    },
                    SHORT,
                ),
                22 => (
                    Advert {
                        interval: Span::from_secs(1),
                        destination: peer,
                        ..Advert::v3(vrid, priority, &["192.0.2.220"], ChecksumForm::Pseudo)
                    },
                    SHORT,
                ),
                23 => (
                    Advert {
                        auth: Auth::Pass(*b"abc\0\0\0\0\0"),
                        interval: Span::from_secs(2),
                        destination: peer,
                        ..Advert::v2(vrid, priority, &["192.0.2.230"])
                    },
                    SHORT,
                ),
                _ => panic!("{name}"),
            };
            (name, advert, key, numbers[2], frame[14..].to_vec())
        })
        .collect();
    assert_eq!(rows.len(), 14);
    rows
}

#[test]
fn our_bytes_are_those_of_keepalived() {
    for (name, advert, key, sequence, datagram) in captured() {
        let mut ours = advert.emit();
        set_ip_id(&mut ours, u16::from_be_bytes([datagram[4], datagram[5]]));
        if matches!(advert.auth, Auth::Ah(_)) {
            assert_eq!(ours[28..IPV4_LEN + LEN], [0; 16], "{name}: not signed yet");
            sign(&mut ours, &key, sequence).unwrap();
        } else {
            let before = ours.clone();
            assert_eq!(sign(&mut ours, &key, 7), Err(Error::AhHeader), "{name}");
            assert_eq!(ours, before, "{name}: untouched");
        }
        assert_eq!(ours, datagram, "{name}");
    }
}

#[test]
fn the_bytes_of_keepalived_are_genuine() {
    for (name, advert, key, sequence, datagram) in captured() {
        let packet = Packet::parse_ipv4(&datagram).unwrap();
        assert_eq!(
            packet.addresses().collect::<Vec<_>>(),
            advert.addresses,
            "{name}"
        );
        assert_eq!(packet.interval(advert.version), advert.interval, "{name}");
        assert_eq!(
            packet.checksum_form(advert.version),
            Some(advert.checksum),
            "{name}"
        );
        assert_eq!(packet.destination, advert.destination, "{name}");
        match (advert.auth, packet.ah) {
            (Auth::Ah(_), Some(ah)) => {
                assert_eq!(
                    (packet.auth_type(), packet.auth_data()),
                    (2, Some([0; 8])),
                    "{name}"
                );
                assert_eq!(
                    ah.spi.to_be_bytes(),
                    [192, 0, 2, 1],
                    "{name}: SPI is the source"
                );
                assert_eq!(ah.sequence, sequence, "{name}");
                assert!(verify(&packet, &key), "{name}");
                assert!(!verify(&packet, b"sesame13"), "{name}: another key");
                assert!(!verify(&packet, &[0; 8]), "{name}: no key");
            }
            (auth, None) => {
                assert!(!verify(&packet, &key), "{name}: nothing to verify");
                if let Auth::Pass(data) = auth {
                    assert_eq!((packet.auth_type(), packet.auth_data()), (1, Some(data)));
                }
            }
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn a_flipped_bit_breaks_the_icv_except_in_mutable_fields() {
    for (name, advert, key, _, datagram) in captured() {
        if !matches!(advert.auth, Auth::Ah(_)) {
            continue;
        }
        for bit in 0..datagram.len() * 8 {
            let mut flipped = datagram.clone();
            flipped[bit / 8] ^= 0x80 >> (bit % 8);
            let genuine = Packet::parse_ipv4(&flipped).is_ok_and(|p| verify(&p, &key));
            // Type of service, fragment fields, header checksum; TTL where unicast.
            let mutable = match bit / 8 {
                1 | 6 | 7 | 10 | 11 => true,
                8 => !advert.destination.is_multicast(),
                _ => false,
            };
            assert_eq!(genuine, mutable, "{name}: byte {} bit {}", bit / 8, bit % 8);
        }
    }
}

#[test]
fn each_sequence_number_has_its_icv() {
    let advert = Advert {
        auth: Auth::Ah(SESAME),
        ..Advert::v2(9, 100, &["192.0.2.9", "192.0.2.10"])
    };
    let mut datagram = advert.emit();
    let mut seen = std::collections::HashSet::new();
    for sequence in [0, 1, 2, 0x7fff_ffff, 0x8000_0000, u32::MAX] {
        // The same buffer again and again, as the prepared packet is used.
        sign(&mut datagram, &SESAME, sequence).unwrap();
        let packet = Packet::parse_ipv4(&datagram).unwrap();
        assert!(verify(&packet, &SESAME));
        let ah = packet.ah.unwrap();
        assert_eq!(ah.sequence, sequence);
        assert!(seen.insert(ah.icv));
    }
}

#[test]
fn conformance_9_protocol_51_then_112_and_96_bits() {
    let advert = Advert {
        auth: Auth::Ah(SESAME),
        ..Advert::v2(9, 100, &["192.0.2.9"])
    };
    let datagram = advert.emit();
    assert_eq!(datagram.len(), 20 + 24 + 8 + 4 + 8);
    assert_eq!(datagram[9], PROTOCOL_AH);
    assert_eq!(
        datagram[20..24],
        [112, 4, 0, 0],
        "next header, length, reserved"
    );
    assert_eq!(datagram[24..28], [192, 0, 2, 1], "SPI");
    assert_eq!(datagram[44 + 4], 2, "authentication type");
    assert_eq!(
        datagram[56..],
        [0; 8],
        "no secret in the authentication data"
    );
    // A version 3 advert knows no authentication, whatever the outline says.
    let v3 = Advert {
        auth: Auth::Ah(SESAME),
        ..Advert::v3(9, 100, &["192.0.2.9"], ChecksumForm::Pseudo)
    };
    assert_eq!((v3.emit().len(), v3.emit()[9]), (20 + 8 + 4, 112));
}

#[test]
fn malformed_headers_are_named() {
    let advert = Advert {
        auth: Auth::Ah(SESAME),
        ..Advert::v2(9, 100, &["192.0.2.9"])
    };
    let good = advert.emit();
    for (at, value) in [(20, 51), (20, 0), (21, 3), (21, 5), (21, 255)] {
        let mut bad = good.clone();
        bad[at] = value;
        assert_eq!(
            Packet::parse_ipv4(&bad).unwrap_err(),
            Error::AhHeader,
            "{at} {value}"
        );
    }
    for len in 20..20 + 24 + 8 {
        assert_eq!(
            Packet::parse_ipv4(&good[..len]).unwrap_err(),
            Error::Truncated,
            "{len}"
        );
    }
    for len in 0..20 + 24 {
        assert_eq!(
            sign(&mut good.clone()[..len], &SESAME, 1),
            Err(Error::AhHeader),
            "{len}"
        );
    }
}

#[test]
fn a_datagram_without_the_header_is_not_signed() {
    // Long enough to hold one.
    let mut plain = Advert::v2(9, 100, &["192.0.2.9"; 9]).emit();
    let before = plain.clone();
    assert_eq!(sign(&mut plain, &SESAME, 1), Err(Error::AhHeader));
    assert_eq!(plain, before);
}

#[test]
fn the_icv_covers_ip_options_and_ends_with_the_total_length() {
    let advert = Advert {
        auth: Auth::Ah(SESAME),
        ..Advert::v2(9, 100, &["192.0.2.9"])
    };
    let plain = advert.emit();
    let mut datagram = plain[..20].to_vec();
    datagram[0] = 0x46;
    datagram[3] += 4;
    datagram.extend([1, 1, 1, 0]);
    datagram.extend(&plain[20..]);
    sign(&mut datagram, &SESAME, 1).unwrap();
    let genuine = |bytes: &[u8]| verify(&Packet::parse_ipv4(bytes).unwrap(), &SESAME);
    assert!(genuine(&datagram));
    for at in 20..24 {
        let mut forged = datagram.clone();
        forged[at] ^= 1;
        assert!(!genuine(&forged), "option byte {at}");
    }
    let mut padded = datagram.clone();
    padded.extend([0; 6]);
    assert!(
        genuine(&padded),
        "what follows the total length is no part of it"
    );
    assert!(
        !genuine(&datagram[..datagram.len() - 1]),
        "less than the total length"
    );
}
