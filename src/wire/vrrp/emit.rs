//! Writing our own adverts.

use super::{
    AUTH_LEN, Auth, ChecksumForm, HEADER_LEN, IPV4_LEN, Outline, PROTOCOL_AH, PROTOCOL_VRRP,
    Version, pseudo_checksum,
};
use crate::time::Span;
use crate::wire::{Error, ah, checksum};
use core::net::{IpAddr, Ipv4Addr};

/// Longest IPv4 datagram [`emit`] writes: 255 addresses, AH and version 2 authentication data.
pub const MAX_IPV4_LEN: usize = IPV4_LEN + ah::LEN + HEADER_LEN + 255 * 4 + AUTH_LEN;

/// Internetwork control, as all routing protocols send (RFC 791 precedence 6).
const TOS: u8 = 0xc0;

/// Writes the advert that `outline` describes to the start of `buf`; returns its length.
///
/// Over IPv4 this is the whole datagram from the IP header on, with IP id 0 ([`set_ip_id`]) and,
/// with [`Auth::Ah`], sequence number and ICV 0 ([`ah::sign`]). Over IPv6 it is the VRRP message
/// alone: the kernel writes that header. At most 255 addresses are listed, as many as the count
/// field can say; addresses of another family than the source are left out.
///
/// `Error::Truncated` if `buf` is too short ([`MAX_IPV4_LEN`] always suffices for IPv4),
/// `Error::IpHeader` if source and destination are of different families.
pub fn emit(outline: &mut Outline<'_>, buf: &mut [u8]) -> Result<usize, Error> {
    let with_ah = matches!(outline.auth, Auth::Ah(_)) && outline.version == Version::V2;
    match (outline.source, outline.destination) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            let at = IPV4_LEN + if with_ah { ah::LEN } else { 0 };
            let len = at + emit_message(outline, buf.get_mut(at..).ok_or(Error::Truncated)?)?;
            let datagram = &mut buf[..len];
            let protocol = if with_ah { PROTOCOL_AH } else { PROTOCOL_VRRP };
            emit_ipv4(datagram, source, destination, outline.ttl, protocol)?;
            if with_ah {
                emit_ah(&mut datagram[IPV4_LEN..at], source);
            }
            Ok(len)
        }
        (IpAddr::V6(_), IpAddr::V6(_)) => emit_message(outline, buf),
        _ => Err(Error::IpHeader),
    }
}

/// Writes the IP id into an IPv4 datagram made by [`emit`] and corrects the header checksum.
///
/// Does nothing to a slice shorter than an IPv4 header.
pub fn set_ip_id(datagram: &mut [u8], id: u16) {
    if let Some(header) = datagram.first_chunk_mut::<IPV4_LEN>() {
        header[4..6].copy_from_slice(&id.to_be_bytes());
        fill_header_checksum(header);
    }
}

/// Sends an advert made by [`emit`] to somebody else: writes the destination and, for version 3
/// over IPv4, the checksum of `form`.
///
/// `advert` is exactly what [`emit`] wrote. Over IPv6 nothing in it depends on the destination
/// (the kernel writes the checksum), nor does it with AH but for the ICV: [`ah::sign`] comes later.
/// `Error::IpHeader` if the addresses are of different families.
pub fn readdress(advert: &mut [u8], to: IpAddr, form: ChecksumForm) -> Result<(), Error> {
    let to = match (to, advert.first().map(|first| first >> 4)) {
        (IpAddr::V4(to), Some(4)) => to,
        // The first nibble of a VRRP message is its version.
        (IpAddr::V6(_), Some(2 | 3)) => return Ok(()),
        _ => return Err(Error::IpHeader),
    };
    let (header, message) = advert
        .split_first_chunk_mut::<IPV4_LEN>()
        .ok_or(Error::Truncated)?;
    header[16..].copy_from_slice(&to.octets());
    fill_header_checksum(header);
    let v3 = message.first().is_some_and(|first| first >> 4 == 3);
    if header[9] != PROTOCOL_VRRP || !v3 {
        return Ok(());
    }
    let from = Ipv4Addr::new(header[12], header[13], header[14], header[15]);
    message.get_mut(6..8).ok_or(Error::Truncated)?.fill(0);
    let sum = sum(form, from.into(), to.into(), message)?;
    message[6..8].copy_from_slice(&sum.to_be_bytes());
    Ok(())
}

fn fill_header_checksum(header: &mut [u8; IPV4_LEN]) {
    header[10..12].fill(0);
    let sum = checksum(&[header.as_slice()]);
    header[10..12].copy_from_slice(&sum.to_be_bytes());
}

/// RFC 791 §3.1, for a datagram that fills the slice.
fn emit_ipv4(
    datagram: &mut [u8],
    source: Ipv4Addr,
    destination: Ipv4Addr,
    ttl: u8,
    protocol: u8,
) -> Result<(), Error> {
    let total = u16::try_from(datagram.len())
        .map_err(|_| Error::IpHeader)?
        .to_be_bytes();
    let header = datagram
        .first_chunk_mut::<IPV4_LEN>()
        .ok_or(Error::Truncated)?;
    header[..2].copy_from_slice(&[0x45, TOS]);
    header[2..4].copy_from_slice(&total);
    header[4..8].fill(0); // id, flags, fragment offset
    header[8] = ttl;
    header[9] = protocol;
    header[12..16].copy_from_slice(&source.octets());
    header[16..20].copy_from_slice(&destination.octets());
    fill_header_checksum(header);
    Ok(())
}

/// RFC 2402 §2; `to` is exactly the header. Compat: keepalived's SPI is the source address.
fn emit_ah(to: &mut [u8], source: Ipv4Addr) {
    to[..4].copy_from_slice(&[PROTOCOL_VRRP, ah::PAYLOAD_LEN, 0, 0]);
    to[4..8].copy_from_slice(&source.octets());
    to[8..].fill(0); // sequence, ICV
}

/// RFC 3768 §5.1, RFC 9568 §5.2: the message with its checksum.
fn emit_message(outline: &mut Outline<'_>, to: &mut [u8]) -> Result<usize, Error> {
    let (mut end, mut count) = (HEADER_LEN, 0u8);
    for address in &mut *outline.addresses {
        match (outline.source, address) {
            (IpAddr::V4(_), IpAddr::V4(a)) => put(to, &mut end, &a.octets())?,
            (IpAddr::V6(_), IpAddr::V6(a)) => put(to, &mut end, &a.octets())?,
            _ => continue,
        }
        count += 1;
        if count == u8::MAX {
            break;
        }
    }
    // Version 2 over IPv4 always carries authentication data; zeros unless PASS (also for AH).
    if outline.version == Version::V2 && outline.source.is_ipv4() {
        let data = if let Auth::Pass(data) = outline.auth {
            data
        } else {
            [0; AUTH_LEN]
        };
        put(to, &mut end, &data)?;
    }
    let message = to.get_mut(..end).ok_or(Error::Truncated)?;
    let (nibble, middle) = match outline.version {
        Version::V2 => (0x21, [auth_type(&outline.auth), seconds(outline.interval)]),
        Version::V3 => (0x31, centiseconds(outline.interval).to_be_bytes()),
    };
    let header = [
        nibble,
        outline.vrid,
        outline.priority,
        count,
        middle[0],
        middle[1],
        0,
        0,
    ];
    message[..HEADER_LEN].copy_from_slice(&header);
    let form = match outline.version {
        Version::V2 => ChecksumForm::Plain,
        Version::V3 => outline.checksum,
    };
    let sum = sum(form, outline.source, outline.destination, message)?;
    message[6..HEADER_LEN].copy_from_slice(&sum.to_be_bytes());
    Ok(end)
}

/// The checksum of a message whose checksum field is 0. Over IPv6 there is one form only.
fn sum(form: ChecksumForm, from: IpAddr, to: IpAddr, message: &[u8]) -> Result<u16, Error> {
    let to = match form {
        ChecksumForm::Plain if from.is_ipv4() => return Ok(checksum(&[message])),
        ChecksumForm::Group(group) if from.is_ipv4() => group.into(),
        ChecksumForm::Pseudo | ChecksumForm::Plain | ChecksumForm::Group(_) => to,
    };
    pseudo_checksum(from, to, message).ok_or(Error::IpHeader)
}

/// Copies `bytes` to `at` and moves it on.
fn put(to: &mut [u8], at: &mut usize, bytes: &[u8]) -> Result<(), Error> {
    let end = *at + bytes.len();
    to.get_mut(*at..end)
        .ok_or(Error::Truncated)?
        .copy_from_slice(bytes);
    *at = end;
    Ok(())
}

/// RFC 2338 §5.3.6; RFC 3768 keeps only 0.
fn auth_type(auth: &Auth) -> u8 {
    match auth {
        Auth::None => 0,
        Auth::Pass(_) => 1,
        Auth::Ah(_) => 2,
    }
}

/// The v2 interval field: the nearest whole second, 1..=255.
fn seconds(interval: Span) -> u8 {
    let nearest = interval.micros().saturating_add(500_000) / 1_000_000;
    u8::try_from(nearest).unwrap_or(u8::MAX).max(1)
}

/// The v3 interval field: the nearest centisecond, 1..=4095, reserved bits zero.
fn centiseconds(interval: Span) -> u16 {
    let nearest = interval.micros().saturating_add(5_000) / 10_000;
    u16::try_from(nearest).unwrap_or(u16::MAX).clamp(1, 0x0fff)
}
