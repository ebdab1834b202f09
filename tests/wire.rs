//! Bytes against values: captured frames, tables, and bytes nobody would send.

#![allow(clippy::unwrap_used)]

#[path = "wire/advert.rs"]
mod advert;
#[path = "wire/ah.rs"]
mod ah;
#[path = "wire/announce.rs"]
mod announce;
#[path = "wire/conformance.rs"]
mod conformance;
#[cfg(target_endian = "little")]
#[path = "wire/kernel.rs"]
mod kernel;
#[path = "wire/live.rs"]
mod live;
#[path = "wire/netlink.rs"]
mod netlink;
#[path = "wire/reception.rs"]
mod reception;
#[path = "wire/robust.rs"]
mod robust;
#[path = "wire/routes.rs"]
mod routes;
#[path = "wire/unicast.rs"]
mod unicast;

/// The lines of a `.hex` file: name and bytes. Lines starting with `#` are comments.
fn frames(text: &'static str) -> impl Iterator<Item = (&'static str, Vec<u8>)> {
    text.lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| {
            let (name, hex) = line.split_once('\t').expect("name, tab, hex");
            (name, bytes(hex))
        })
}

/// Bytes from hexadecimal text; spaces are skipped.
fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_digit(16).unwrap() as u8)
        .collect();
    assert!(
        digits.len().is_multiple_of(2),
        "odd number of digits in {hex}"
    );
    digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

/// Frames captured from keepalived.
const KEEPALIVED: &str = include_str!("wire/keepalived.hex");
/// Authenticated and unicast frames captured from keepalived.
const KEEPALIVED_AUTH: &str = include_str!("wire/keepalived-auth.hex");
/// Netlink messages captured from a kernel (little-endian).
const KERNEL: &str = include_str!("wire/kernel.hex");
/// Address requests captured from keepalived (little-endian).
const REQUESTS: &str = include_str!("wire/requests.hex");
