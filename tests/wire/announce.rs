//! Gratuitous ARP and unsolicited neighbour advertisements.

use crate::{KEEPALIVED, frames};
use holdfast::wire::neighbor::{garp, unsolicited_na};

#[test]
fn announcements_equal_those_of_keepalived() {
    let (mut arp, mut na) = (0, 0);
    for (name, frame) in frames(KEEPALIVED) {
        let words: Vec<&str> = name.split(' ').collect();
        let mac = frame[6..12].try_into().unwrap();
        match words[0] {
            "garp" => {
                assert_eq!(
                    garp(mac, words[2].parse().unwrap()).to_vec(),
                    frame,
                    "{name}"
                );
                arp += 1;
            }
            "na" => {
                let ip = u128::from_str_radix(words[2], 16).unwrap().into();
                assert_eq!(unsolicited_na(mac, ip, false).to_vec(), frame, "{name}");
                na += 1;
            }
            _ => {}
        }
    }
    assert_eq!((arp, na), (10, 4));
}

#[test]
fn garp_is_a_broadcast_request_for_the_address_itself() {
    // Conformance row 59.
    let mac = [0x00, 0x00, 0x5e, 0x00, 0x01, 0x33];
    let frame = garp(mac, "198.51.100.7".parse().unwrap());
    assert_eq!(frame[..6], [0xff; 6], "to everybody");
    assert_eq!(frame[6..12], mac, "from the announced hardware address");
    assert_eq!(frame[12..14], [0x08, 0x06], "ARP");
    assert_eq!(
        frame[14..22],
        [0, 1, 8, 0, 6, 4, 0, 1],
        "Ethernet, IPv4, 6, 4, request"
    );
    assert_eq!(frame[22..28], mac, "sender hardware address");
    assert_eq!(frame[28..32], [198, 51, 100, 7], "sender protocol address");
    assert_eq!(frame[32..38], [0xff; 6], "target hardware address");
    assert_eq!(frame[38..42], [198, 51, 100, 7], "target protocol address");
}

#[test]
fn the_router_flag_and_nothing_else_but_the_checksum_changes() {
    let mac = [2, 0, 0, 0, 0, 0x0a];
    let ip = "fe80::13".parse().unwrap();
    let (host, router) = (
        unsolicited_na(mac, ip, false),
        unsolicited_na(mac, ip, true),
    );
    assert_eq!((host[58], router[58]), (0x20, 0xa0));
    // The checksum is bytes 56 and 57; taking 0x8000 from it may borrow.
    let changed = (0..86).filter(|&i| host[i] != router[i]);
    assert!(changed.clone().eq([56, 58]) || changed.eq([56, 57, 58]));
}

#[test]
fn row_60_an_unsolicited_advertisement_field_by_field() {
    let mac = [0x02, 0, 0, 0, 0, 0x0a];
    let ip: core::net::Ipv6Addr = "2001:db8::13".parse().unwrap();
    let frame = unsolicited_na(mac, ip, true);
    assert_eq!(frame[..6], [0x33, 0x33, 0, 0, 0, 1], "to all nodes");
    assert_eq!(frame[6..12], mac);
    assert_eq!(frame[12..14], [0x86, 0xdd], "IPv6");
    assert_eq!(frame[20..22], [58, 255], "ICMPv6, hop limit 255");
    assert_eq!(frame[22..38], ip.octets(), "from the address itself");
    let all_nodes: core::net::Ipv6Addr = "ff02::1".parse().unwrap();
    assert_eq!(frame[38..54], all_nodes.octets());
    assert_eq!(frame[54..56], [136, 0], "neighbour advertisement, code 0");
    assert_eq!(frame[58], 0xa0, "router and override, not solicited");
    assert_eq!(frame[59..62], [0; 3], "reserved");
    assert_eq!(frame[62..78], ip.octets(), "target");
    assert_eq!(frame[78..80], [2, 1], "target link-layer address, 8 bytes");
    assert_eq!(frame[80..], mac);
    // RFC 4443 §2.3, summed up here: pseudo-header and message give all ones.
    let mut sum: u32 = 32 + 58;
    for pair in frame[22..].chunks(2) {
        sum += u32::from(pair[0]) << 8 | u32::from(pair[1]);
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    assert_eq!(sum, 0xffff);
}
