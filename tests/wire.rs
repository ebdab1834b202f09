//! Bytes against values: captured frames, tables, and bytes nobody would send.

#![allow(clippy::unwrap_used)]

#[path = "wire/advert.rs"]
mod advert;
#[path = "wire/announce.rs"]
mod announce;

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
