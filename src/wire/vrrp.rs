//! VRRP advertisements, versions 2 (RFC 3768, with the authentication of RFC 2338) and 3 (RFC 9568).
//!
//! `Packet` is a structural view of what arrived: it checks lengths only as far as reading needs.
//! Whether an advert is *acceptable* is decided by `crate::vrrp`, in keepalived's order of checks.

use super::{Error, checksum};
use crate::time::Span;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

mod emit;

pub use emit::{MAX_IPV4_LEN, emit, readdress, set_ip_id};

/// VRRP protocol version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Version {
    /// RFC 3768: whole seconds, optional authentication, IPv4 only.
    V2,
    /// RFC 9568: centiseconds, IPv4 and IPv6.
    V3,
}

impl Version {
    /// The number in the packet and in the configuration.
    pub const fn number(self) -> u8 {
        match self {
            Version::V2 => 2,
            Version::V3 => 3,
        }
    }
}

/// How the checksum of a received v3 IPv4 advert was formed, or how ours is to be formed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChecksumForm {
    /// With the IPv4 pseudo-header: what keepalived sends by default for v3.
    Pseudo,
    /// Over the VRRP message alone (RFC 9568 §5.2.8 for IPv4; always for v2).
    Plain,
    /// With an IPv4 pseudo-header that names this group instead of the destination: what
    /// keepalived up to 1.3.6 sends to a unicast peer.
    Group(Ipv4Addr),
}

/// The AH fields of a packet (RFC 2402, transport mode).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ah {
    /// Security parameters index; keepalived puts the source address here.
    pub spi: u32,
    /// Anti-replay sequence number.
    pub sequence: u32,
    /// Integrity check value: the first 96 bits of HMAC-MD5.
    pub icv: [u8; 12],
}

/// A received advertisement: IP facts and the VRRP message, not yet judged.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// Sender.
    pub source: IpAddr,
    /// Group or unicast destination.
    pub destination: IpAddr,
    /// TTL (IPv4) or hop limit (IPv6).
    pub ttl: u8,
    /// Total length as the IP header states it (IPv4).
    pub total_length: usize,
    /// The Authentication Header, if there is one.
    pub ah: Option<Ah>,
    /// The whole datagram from the IP header on (needed for the ICV).
    pub raw: &'a [u8],
    /// From the first VRRP byte to the end of what was received.
    pub message: &'a [u8],
}

/// IP protocol number of VRRP (RFC 9568 §5.1.1.4).
pub const PROTOCOL_VRRP: u8 = 112;
/// IP protocol number of the Authentication Header (RFC 2402).
pub const PROTOCOL_AH: u8 = 51;
/// The IPv4 multicast group of VRRP (RFC 9568 §5.1.1.2).
pub const GROUP4: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 18);
/// The IPv6 multicast group of VRRP (RFC 9568 §5.1.2.2).
pub const GROUP6: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x12);
/// Length of an IPv4 header without options (RFC 791 §3.1).
pub const IPV4_LEN: usize = 20;
/// Length of the fixed VRRP header.
pub const HEADER_LEN: usize = 8;
/// Length of the v2 authentication data, always present in v2 over IPv4 (RFC 3768 §5.3.10).
pub const AUTH_LEN: usize = 8;

impl<'a> Packet<'a> {
    /// Reads an IPv4 datagram as a raw socket delivers it: IP header, perhaps AH, then VRRP.
    ///
    /// `message` reaches to the end of what was received, whatever the IP header states as total
    /// length: which surplus is padding and which a fault is for the VRRP room to say.
    pub fn parse_ipv4(raw: &'a [u8]) -> Result<Self, Error> {
        let (&header, _) = raw
            .split_first_chunk::<IPV4_LEN>()
            .ok_or(Error::Truncated)?;
        let header_len = usize::from(header[0] & 0x0f) * 4;
        if header[0] >> 4 != 4 || header_len < IPV4_LEN {
            return Err(Error::IpHeader);
        }
        let payload = raw.get(header_len..).ok_or(Error::Truncated)?;
        let (ah, message) = match header[9] {
            PROTOCOL_VRRP => (None, payload),
            PROTOCOL_AH => {
                let (ah, message) = Ah::parse(payload)?;
                (Some(ah), message)
            }
            _ => return Err(Error::IpHeader),
        };
        if message.len() < HEADER_LEN {
            return Err(Error::Truncated);
        }
        Ok(Packet {
            source: Ipv4Addr::new(header[12], header[13], header[14], header[15]).into(),
            destination: Ipv4Addr::new(header[16], header[17], header[18], header[19]).into(),
            ttl: header[8],
            total_length: usize::from(u16::from_be_bytes([header[2], header[3]])),
            ah,
            raw,
            message,
        })
    }
    /// Views a VRRP message whose IP header was kept by the kernel: an IPv6 raw socket gives the
    /// addresses and the hop limit separately.
    pub fn parse_message(
        source: IpAddr,
        destination: IpAddr,
        ttl: u8,
        message: &'a [u8],
    ) -> Result<Self, Error> {
        if message.len() < HEADER_LEN {
            return Err(Error::Truncated);
        }
        Ok(Packet {
            source,
            destination,
            ttl,
            total_length: message.len(),
            ah: None,
            raw: message,
            message,
        })
    }
    /// First nibble: the version.
    pub fn version(&self) -> u8 {
        self.message[0] >> 4
    }
    /// Second nibble: 1 for an advertisement.
    pub fn kind(&self) -> u8 {
        self.message[0] & 0x0f
    }
    /// Virtual router identifier.
    pub fn vrid(&self) -> u8 {
        self.message[1]
    }
    /// Sender's priority.
    pub fn priority(&self) -> u8 {
        self.message[2]
    }
    /// Number of addresses the sender says it lists.
    pub fn count(&self) -> u8 {
        self.message[3]
    }
    /// v2: authentication type (0 none, 1 PASS, 2 AH).
    pub fn auth_type(&self) -> u8 {
        self.message[4]
    }
    /// The advertised interval in the units of `version`.
    pub fn interval(&self, version: Version) -> Span {
        match version {
            Version::V2 => Span::from_secs(u64::from(self.message[5])),
            Version::V3 => Span::from_centis(u64::from(
                u16::from_be_bytes([self.message[4], self.message[5]]) & 0x0fff,
            )),
        }
    }
    /// Length of the VRRP message that version, family and count call for.
    pub fn expected_len(&self, version: Version) -> usize {
        let auth = if version == Version::V2 && self.source.is_ipv4() {
            AUTH_LEN
        } else {
            0
        };
        HEADER_LEN + usize::from(self.count()) * address_len(self.source) + auth
    }
    /// The listed addresses, in the sender's order (as many as really are there).
    ///
    /// They are of the sender's family. The authentication data of a version 2 message is never
    /// taken for an address.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> + 'a {
        let size = address_len(self.source);
        let tail = if self.version() == 2 && size == 4 {
            AUTH_LEN
        } else {
            0
        };
        let end = self.message.len().saturating_sub(tail).max(HEADER_LEN);
        self.message[HEADER_LEN..end]
            .chunks_exact(size)
            .take(usize::from(self.count()))
            .map(read_address)
    }
    /// v2: the eight bytes of authentication data: the last eight of the computed length.
    ///
    /// `None` if the message is too short to hold them, or came over IPv6, which has none.
    pub fn auth_data(&self) -> Option<[u8; AUTH_LEN]> {
        if self.source.is_ipv6() {
            return None;
        }
        self.message
            .get(..self.expected_len(Version::V2))?
            .last_chunk()
            .copied()
    }
    /// Which checksum form, if any, the message satisfies (v2 knows `Plain` only).
    ///
    /// Covers exactly the computed length, so padding never counts; a shorter message satisfies
    /// none. Over IPv6 there is only the pseudo-header form (RFC 9568 §5.2.8).
    pub fn checksum_form(&self, version: Version) -> Option<ChecksumForm> {
        let message = self.message.get(..self.expected_len(version))?;
        let with_pseudo = || pseudo_checksum(self.source, self.destination, message) == Some(0);
        let plain = || self.source.is_ipv4() && checksum(&[message]) == 0;
        match version {
            Version::V3 if with_pseudo() => Some(ChecksumForm::Pseudo),
            Version::V2 if self.source.is_ipv6() && with_pseudo() => Some(ChecksumForm::Pseudo),
            _ if plain() => Some(ChecksumForm::Plain),
            _ => None,
        }
    }
    /// Whether the checksum of a v3 message over IPv4 is that of [`ChecksumForm::Group`].
    pub fn names_group(&self, group: Ipv4Addr) -> bool {
        let sound = |message| pseudo_checksum(self.source, group.into(), message) == Some(0);
        let message = self.message.get(..self.expected_len(Version::V3));
        message.is_some_and(sound)
    }
}

/// Size of an address of the same family as `of`.
fn address_len(of: IpAddr) -> usize {
    if of.is_ipv4() { 4 } else { 16 }
}

/// An address from 4 or 16 bytes; anything else cannot come from `chunks_exact(address_len(..))`.
fn read_address(bytes: &[u8]) -> IpAddr {
    if let Ok(octets) = <[u8; 16]>::try_from(bytes) {
        return Ipv6Addr::from(octets).into();
    }
    let mut octets = [0; 4];
    for (to, from) in octets.iter_mut().zip(bytes) {
        *to = *from;
    }
    Ipv4Addr::from(octets).into()
}

/// The checksum with the pseudo-header of the family (IPv4: source, destination, 0, 112, length;
/// IPv6: RFC 8200 §8.1); `None` if the two addresses are of different families.
fn pseudo_checksum(source: IpAddr, destination: IpAddr, message: &[u8]) -> Option<u16> {
    // The longest message, 255 IPv6 addresses, has 4088 bytes.
    let length = u16::try_from(message.len()).ok()?.to_be_bytes();
    match (source, destination) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            let tail = [0, PROTOCOL_VRRP, length[0], length[1]];
            Some(checksum(&[&from.octets(), &to.octets(), &tail, message]))
        }
        (IpAddr::V6(from), IpAddr::V6(to)) => {
            let tail = [0, 0, length[0], length[1], 0, 0, 0, PROTOCOL_VRRP];
            Some(checksum(&[&from.octets(), &to.octets(), &tail, message]))
        }
        _ => None,
    }
}

/// Everything that decides the bytes of an advertisement of ours.
pub struct Outline<'a> {
    /// Version to speak.
    pub version: Version,
    /// Virtual router identifier.
    pub vrid: u8,
    /// Priority to state; 0 gives up.
    pub priority: u8,
    /// Own advertisement interval.
    pub interval: Span,
    /// Addresses to list, in configured order.
    pub addresses: &'a mut dyn Iterator<Item = IpAddr>,
    /// v2 authentication.
    pub auth: Auth,
    /// Source address.
    pub source: IpAddr,
    /// Group or peer.
    pub destination: IpAddr,
    /// TTL to send with.
    pub ttl: u8,
    /// v3 checksum form to use.
    pub checksum: ChecksumForm,
}

/// v2 authentication (RFC 2338 §10).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Auth {
    /// None.
    None,
    /// Eight bytes in clear text.
    Pass([u8; AUTH_LEN]),
    /// HMAC-MD5-96 under this key.
    Ah([u8; AUTH_LEN]),
}

/// Secrets do not belong in logs.
impl core::fmt::Debug for Auth {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Auth::None => "None",
            Auth::Pass(_) => "Pass(********)",
            Auth::Ah(_) => "Ah(********)",
        })
    }
}
