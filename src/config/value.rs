//! Single words become values. Nothing is reported here.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Why a word is no number of the kind wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It does not begin with a number.
    NotANumber,
    /// A number and then something else; what the number would be, and where the rest begins.
    Trailing(i64, usize),
    /// Outside the range.
    Range,
    /// More digits behind the point than count; the rounded value.
    Digits(u64),
}

fn sign(bytes: &[u8]) -> (usize, bool) {
    let lead = bytes.iter().take_while(|b| b.is_ascii_whitespace()).count();
    match bytes.get(lead) {
        Some(b'+') => (lead + 1, false),
        Some(b'-') => (lead + 1, true),
        _ => (lead, false),
    }
}

/// A whole number between `min` and `max`.
pub(super) fn int(bytes: &[u8], min: i64, max: i64) -> Result<i64, Fault> {
    let (start, negative) = sign(bytes);
    let digits = &bytes[start..];
    let len = digits.iter().take_while(|b| b.is_ascii_digit()).count();
    if len == 0 {
        return Err(Fault::NotANumber);
    }
    let mut value: i64 = 0;
    for d in &digits[..len] {
        value = value.saturating_mul(10).saturating_add(i64::from(d - b'0'));
    }
    let value = if negative { -value } else { value };
    if value < min || value > max {
        return Err(match len == digits.len() {
            true => Fault::Range,
            false => Fault::NotANumber,
        });
    }
    if len < digits.len() {
        return Err(Fault::Trailing(value, start + len));
    }
    Ok(value)
}

/// A decimal number scaled by 10^digits, between `min` and `max` in that unit.
pub(super) fn decimal(bytes: &[u8], min: u64, max: u64, digits: u8) -> Result<u64, Fault> {
    let (start, negative) = sign(bytes);
    let mut value: u64 = 0;
    let (mut any, mut point, mut places, mut round) = (false, false, 0, None);
    let mut i = start;
    while let Some(b) = bytes.get(i) {
        match b {
            b'0'..=b'9' if point && places == digits => {
                round = Some(round.unwrap_or(*b >= b'5'));
                any = true;
            }
            b'0'..=b'9' => {
                value = value.saturating_mul(10).saturating_add(u64::from(b - b'0'));
                places += u8::from(point);
                any = true;
            }
            b'.' if !point => point = true,
            _ => break,
        }
        i += 1;
    }
    if !any {
        return Err(Fault::NotANumber);
    }
    while places < digits {
        value = value.saturating_mul(10);
        places += 1;
    }
    value = value.saturating_add(u64::from(round == Some(true)));
    let ends = i == bytes.len();
    if negative && value > 0 || value < min || value > max {
        return Err(if ends {
            Fault::Range
        } else {
            Fault::NotANumber
        });
    }
    match (ends, round) {
        (false, _) => Err(Fault::Trailing(i64::try_from(value).unwrap_or(i64::MAX), i)),
        (true, Some(_)) => Err(Fault::Digits(value)),
        (true, None) => Ok(value),
    }
}

/// `on`, `true`, `yes`, `off`, `false`, `no`.
pub(super) fn boolean(bytes: &[u8]) -> Option<bool> {
    match bytes {
        b"on" | b"true" | b"yes" => Some(true),
        b"off" | b"false" | b"no" => Some(false),
        _ => None,
    }
}

/// An IPv4 address as inet_pton reads it.
pub(super) fn ipv4(bytes: &[u8]) -> Option<Ipv4Addr> {
    core::str::from_utf8(bytes).ok()?.parse().ok()
}

/// An IP address.
pub(super) fn ip(bytes: &[u8]) -> Option<IpAddr> {
    let text = core::str::from_utf8(bytes).ok()?;
    match text.contains(':') {
        true => text.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        false => text.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
    }
}

/// An address of which keepalived ignores what follows `/` or `-`.
pub(super) fn loose_ip(bytes: &[u8]) -> Option<IpAddr> {
    let len = bytes
        .iter()
        .position(|b| matches!(b, b'/' | b'-'))
        .unwrap_or(bytes.len());
    ip(&bytes[..len])
}

/// Bytes as text. What is no UTF-8 is most likely Latin-1, and stays distinguishable that way.
pub(super) fn text(bytes: &[u8]) -> Box<str> {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        out.extend(chunk.invalid().iter().map(|b| match b {
            0xa0.. => char::from(*b),
            _ => char::REPLACEMENT_CHARACTER,
        }));
    }
    out.into()
}

/// Longest name an interface can have.
pub(super) const IFNAME: usize = 15;

/// Whether the kernel takes this for the name of an interface, or why not.
pub(super) fn ifname(bytes: &[u8]) -> Result<(), &'static str> {
    Err(match bytes {
        b"" => "is empty",
        b if core::str::from_utf8(b).is_err() => "is no UTF-8 text",
        b if b.len() > IFNAME => "is longer than 15 characters",
        b if b.contains(&b'/') || b.iter().any(u8::is_ascii_whitespace) => "holds '/' or a blank",
        _ => return Ok(()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers() {
        assert_eq!(int(b"255", 1, 255), Ok(255));
        assert_eq!(int(b"+7", 1, 255), Ok(7));
        assert_eq!(int(b"300", 1, 255), Err(Fault::Range));
        assert_eq!(int(b"-1", 1, 255), Err(Fault::Range));
        assert_eq!(int(b"high", 1, 255), Err(Fault::NotANumber));
        assert_eq!(int(b"100x", 1, 255), Err(Fault::Trailing(100, 3)));
        assert_eq!(int(b"99999999999999999999999", 1, 255), Err(Fault::Range));
    }

    #[test]
    fn decimal_numbers() {
        assert_eq!(decimal(b"0.5", 1, 255_000_000, 6), Ok(500_000));
        assert_eq!(decimal(b".5", 1, 255_000_000, 6), Ok(500_000));
        assert_eq!(decimal(b"1.", 1, 255_000_000, 6), Ok(1_000_000));
        assert_eq!(decimal(b"0", 1, 255_000_000, 6), Err(Fault::Range));
        assert_eq!(decimal(b"-1", 0, 255_000_000, 6), Err(Fault::Range));
        assert_eq!(
            decimal(b"1s", 1, 255_000_000, 6),
            Err(Fault::Trailing(1_000_000, 1))
        );
        assert_eq!(decimal(b"0.0000015", 1, 255, 6), Err(Fault::Digits(2)));
        assert_eq!(decimal(b".", 0, 255, 6), Err(Fault::NotANumber));
    }
}
