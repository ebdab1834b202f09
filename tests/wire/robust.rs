//! Bytes nobody would send: whatever they are, every parser answers and none reads outside.

use crate::{KEEPALIVED, KEEPALIVED_AUTH, KERNEL, REQUESTS, frames};
use core::net::IpAddr;
use core::ops::Range;
use holdfast::wire::ah;
use holdfast::wire::netlink::{Attributes, Messages};
use holdfast::wire::rtnetlink::{self, Report};
use holdfast::wire::vrrp::{Packet, Version, set_ip_id};

/// xorshift64*: the same bytes on every machine and in every run.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }
    /// A number below `n`, or 0.
    fn below(&mut self, n: usize) -> usize {
        if n == 0 {
            0
        } else {
            (self.next() % n as u64) as usize
        }
    }
}

/// Changes some bytes: flips, extreme values, cuts, repeats, growth.
fn mutate(dice: &mut Dice, bytes: &mut Vec<u8>) {
    for _ in 0..=dice.below(4) {
        let at = dice.below(bytes.len());
        let n = dice.below(20);
        match dice.below(8) {
            0 | 1 if !bytes.is_empty() => bytes[at] ^= 1 << dice.below(8),
            2 if !bytes.is_empty() => bytes[at] = [0, 1, 0x7f, 0x80, 0xfe, 0xff][dice.below(6)],
            3 if !bytes.is_empty() => bytes[at] = dice.next() as u8,
            4 => bytes.truncate(at),
            5 => bytes.extend((0..n).map(|_| dice.next() as u8)),
            6 => {
                let end = (at + n).min(bytes.len());
                bytes.extend_from_within(at..end);
            }
            _ => {
                let end = (at + n).min(bytes.len());
                bytes.drain(at..end);
            }
        }
    }
}

/// Whether `part` lies inside `whole`.
fn inside(part: &[u8], whole: &[u8]) -> bool {
    let (part, whole): (Range<_>, Range<_>) = (part.as_ptr_range(), whole.as_ptr_range());
    part.is_empty() || (whole.start <= part.start && part.end <= whole.end)
}

/// Every question a packet can be asked.
fn ask(packet: &Packet<'_>, bytes: &[u8]) {
    assert!(packet.message.len() >= 8 && inside(packet.message, bytes));
    assert!(inside(packet.raw, bytes));
    let _ = (
        packet.version(),
        packet.kind(),
        packet.vrid(),
        packet.priority(),
    );
    let (size, auth) = if packet.source.is_ipv4() {
        (4, 8)
    } else {
        (16, 0)
    };
    let count = usize::from(packet.count());
    assert_eq!(packet.expected_len(Version::V3), 8 + count * size);
    assert_eq!(packet.expected_len(Version::V2), 8 + count * size + auth);
    let listed = packet
        .addresses()
        .inspect(|a| assert_eq!(a.is_ipv4(), size == 4))
        .count();
    assert!(listed <= count && 8 + listed * size <= packet.message.len());
    for version in [Version::V2, Version::V3] {
        let long_enough = packet.message.len() >= packet.expected_len(version);
        assert!(packet.checksum_form(version).is_none() || long_enough);
        let _ = packet.interval(version);
    }
    let long_enough = packet.message.len() >= packet.expected_len(Version::V2);
    assert_eq!(packet.auth_data().is_some(), long_enough && size == 4);
    assert!(!ah::verify(packet, b"no such ") || packet.ah.is_some());
}

/// Shows the bytes to every parser of datagrams.
fn datagram(bytes: &mut [u8]) {
    if let Ok(packet) = Packet::parse_ipv4(bytes) {
        ask(&packet, bytes);
    }
    let (from, to): (IpAddr, IpAddr) = ("fe80::1".parse().unwrap(), "ff02::12".parse().unwrap());
    if let Ok(packet) = Packet::parse_message(from, to, 255, bytes) {
        ask(&packet, bytes);
    }
    let _ = ah::sign(bytes, b"no such ", 1);
    set_ip_id(bytes, 1);
}

/// Walks attributes as deep as they can be read as nested.
fn walk(attributes: Attributes<'_>, whole: &[u8], depth: usize) {
    let mut failed = false;
    for attribute in attributes {
        assert!(!failed, "the walk goes on after an error");
        let Ok(attribute) = attribute else {
            failed = true;
            continue;
        };
        assert!(inside(attribute.payload, whole));
        assert!(attribute.text().len() <= attribute.payload.len());
        let _ = (attribute.u8(), attribute.u16(), attribute.u32());
        if depth > 0 {
            walk(attribute.nested(), whole, depth - 1);
        }
    }
}

/// Shows the bytes to every parser of netlink.
fn messages(bytes: &[u8]) {
    let mut failed = false;
    for message in Messages::new(bytes) {
        assert!(!failed, "the walk goes on after an error");
        let Ok(message) = message else {
            failed = true;
            continue;
        };
        assert!(inside(message.payload, bytes));
        let _ = message.control();
        match rtnetlink::parse(&message) {
            Ok(Some(Report::Link(link) | Report::LinkGone(link))) => {
                assert!(inside(link.name.as_bytes(), bytes));
            }
            Ok(Some(Report::Address(address) | Report::AddressGone(address))) => {
                assert!(inside(address.label.as_bytes(), bytes));
            }
            _ => {}
        }
        if let Ok((_, attributes)) = message.fixed::<8>() {
            walk(attributes, bytes, 3);
        }
        if let Ok((_, attributes)) = message.fixed::<16>() {
            walk(attributes, bytes, 3);
        }
    }
}

/// Shows `rounds` mutations of the seeds to `see`.
fn storm(seed: u64, rounds: usize, seeds: &[Vec<u8>], mut see: impl FnMut(&mut Vec<u8>)) {
    let mut dice = Dice(seed);
    let mut bytes = Vec::new();
    for _ in 0..rounds {
        bytes.clear();
        bytes.extend_from_slice(&seeds[dice.below(seeds.len())]);
        mutate(&mut dice, &mut bytes);
        see(&mut bytes);
    }
}

#[test]
fn adverts() {
    let seeds: Vec<_> = frames(KEEPALIVED)
        .chain(frames(KEEPALIVED_AUTH))
        .map(|(_, f)| f[14..].to_vec())
        .collect();
    let mut read = 0;
    storm(1, 200_000, &seeds, |bytes| {
        read += usize::from(Packet::parse_ipv4(bytes).is_ok());
        datagram(bytes);
    });
    assert!(
        read > 20_000,
        "the storm is too wild to say anything: {read}"
    );
}

#[test]
fn netlink() {
    let all = frames(KERNEL)
        .chain(frames(REQUESTS))
        .map(|(_, bytes)| bytes);
    // The long link messages take most of the time and say least.
    let seeds: Vec<_> = all.filter(|bytes| bytes.len() < 1000).collect();
    let mut read = 0;
    storm(2, 200_000, &seeds, |bytes| {
        let seen = |m: &Result<_, _>| m.as_ref().is_ok_and(|m| rtnetlink::parse(m).is_ok());
        read += usize::from(Messages::new(bytes).any(|m| seen(&m)));
        messages(bytes);
    });
    assert!(
        cfg!(target_endian = "big") || read > 20_000,
        "too wild to say anything: {read}"
    );
}

#[test]
fn long_netlink() {
    let seeds: Vec<_> = frames(KERNEL).map(|(_, bytes)| bytes).collect();
    storm(3, 20_000, &seeds, |bytes| messages(bytes));
}

#[test]
fn noise() {
    let mut dice = Dice(4);
    let mut bytes = Vec::new();
    for _ in 0..50_000 {
        bytes.clear();
        for _ in 0..dice.below(100) {
            bytes.push(dice.next() as u8);
        }
        datagram(&mut bytes);
        messages(&bytes);
    }
}
