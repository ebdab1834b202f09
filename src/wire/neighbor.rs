//! Announcements of addresses: gratuitous ARP (RFC 826) and the unsolicited neighbour
//! advertisement (RFC 4861 §4.4), each as the whole Ethernet frame.

use super::checksum;
use core::net::{Ipv4Addr, Ipv6Addr};

/// Length of a gratuitous ARP frame, without Ethernet padding.
pub const GARP_LEN: usize = 42;
/// Length of an unsolicited neighbour advertisement frame.
pub const NA_LEN: usize = 86;

/// Everybody on the link.
const BROADCAST: [u8; 6] = [0xff; 6];
/// Ethernet address of [`ALL_NODES`] (RFC 2464 §7).
const ALL_NODES_MAC: [u8; 6] = [0x33, 0x33, 0, 0, 0, 1];
/// All IPv6 nodes on the link (RFC 4291 §2.7.1).
const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
/// ARP: Ethernet, IPv4, address lengths 6 and 4, operation 1 (request).
const ARP_REQUEST: [u8; 8] = [0, 1, 0x08, 0, 6, 4, 0, 1];
const ETHERTYPE_ARP: [u8; 2] = [0x08, 0x06];
const ETHERTYPE_IPV6: [u8; 2] = [0x86, 0xdd];
const ICMPV6: u8 = 58;
const NEIGHBOR_ADVERTISEMENT: u8 = 136;
/// R flag: the sender is a router.
const ROUTER: u8 = 0x80;
/// O flag: replace what you knew.
const OVERRIDE: u8 = 0x20;

/// A gratuitous ARP request that says `ip` is at `mac`.
///
/// Sender and target protocol address are both `ip`. Compat: the target hardware address is the
/// broadcast address, as keepalived sends it; receivers ignore it.
pub fn garp(mac: [u8; 6], ip: Ipv4Addr) -> [u8; GARP_LEN] {
    let mut frame = [0; GARP_LEN];
    frame[..6].copy_from_slice(&BROADCAST);
    frame[6..12].copy_from_slice(&mac);
    frame[12..14].copy_from_slice(&ETHERTYPE_ARP);
    frame[14..22].copy_from_slice(&ARP_REQUEST);
    frame[22..28].copy_from_slice(&mac);
    frame[28..32].copy_from_slice(&ip.octets());
    frame[32..38].copy_from_slice(&BROADCAST);
    frame[38..].copy_from_slice(&ip.octets());
    frame
}

/// An unsolicited neighbour advertisement to all nodes that says `ip` is at `mac`.
///
/// Solicited clear, Override set, Router as told. Compat: the IPv6 source is `ip` itself.
pub fn unsolicited_na(mac: [u8; 6], ip: Ipv6Addr, router: bool) -> [u8; NA_LEN] {
    let mut frame = [0; NA_LEN];
    frame[..6].copy_from_slice(&ALL_NODES_MAC);
    frame[6..12].copy_from_slice(&mac);
    frame[12..14].copy_from_slice(&ETHERTYPE_IPV6);
    frame[14] = 0x60; // version 6, traffic class 0, flow label 0
    frame[18..20].copy_from_slice(&[0, 32]); // payload length
    frame[20] = ICMPV6;
    frame[21] = 255; // hop limit (RFC 4861 §7.1.2)
    frame[22..38].copy_from_slice(&ip.octets());
    frame[38..54].copy_from_slice(&ALL_NODES.octets());
    frame[54] = NEIGHBOR_ADVERTISEMENT;
    frame[58] = if router { ROUTER | OVERRIDE } else { OVERRIDE };
    frame[62..78].copy_from_slice(&ip.octets());
    frame[78..80].copy_from_slice(&[2, 1]); // option: target link-layer address, 8 bytes
    frame[80..].copy_from_slice(&mac);
    let sum = checksum(&[
        &frame[22..54],
        &[0, 0, 0, 32, 0, 0, 0, ICMPV6],
        &frame[54..],
    ]);
    frame[56..58].copy_from_slice(&sum.to_be_bytes());
    frame
}
