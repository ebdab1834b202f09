//! Is an advert acceptable? The ordered list of checks, keepalived's order.
//!
//! Pure and without state of its own: what was learnt from earlier packets comes in, what this one
//! teaches goes out. The first check that fails names the counter.

use super::{InstanceParams, OldChecksum, Peer, Reject};
use crate::time::Span;
use crate::wire::ah;
use crate::wire::vrrp::{Auth, ChecksumForm, HEADER_LEN, Packet, Version};
use core::net::IpAddr;

/// An advert that passed all checks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Advert {
    /// Sender.
    pub source: IpAddr,
    /// Sender's priority.
    pub priority: u8,
    /// Sender's interval.
    pub interval: Span,
    /// AH sequence number.
    pub sequence: Option<u32>,
    /// How the checksum was formed.
    pub checksum: ChecksumForm,
}

/// Smallest payload of an Ethernet frame; shorter datagrams arrive padded (IEEE 802.3 §3.2.8).
const ETHERNET_MIN: usize = 46;

/// Judges `packet`; `ours` is the address our adverts come from, `sequence` the highest AH sequence
/// number seen or used so far.
pub(super) fn check(
    packet: &Packet<'_>,
    params: &InstanceParams,
    ours: Option<IpAddr>,
    sequence: u32,
) -> Result<Advert, Reject> {
    let auth = params.authentication();
    if packet.message.len() < HEADER_LEN {
        return Err(Reject::Length);
    }
    // 1. An Authentication Header if and only if it is configured.
    if packet.ah.is_some() != matches!(auth, Auth::Ah(_)) {
        return Err(Reject::AuthMismatch(packet.auth_type()));
    }
    // 2. Length, computed from the packet's own count.
    let around = packet.raw.len().saturating_sub(packet.message.len());
    let expected = around + packet.expected_len(params.version);
    if !fits(packet, packet.raw.len(), expected) {
        return Err(length_or_version(packet, params.version, around));
    }
    // 3. RFC 9568 §7.1: TTL must be 255. A unicast peer may be routers away.
    if packet.ttl != 255 && params.unicast.is_none() {
        return Err(Reject::Ttl(packet.ttl));
    }
    // 4. RFC 9568 §7.1: version.
    if packet.version() != params.version.number() {
        return Err(Reject::Version(packet.version()));
    }
    let interval = packet.interval(params.version);
    if params.version == Version::V2 {
        // 6. RFC 3768 §5.3.6, RFC 2338 §10.
        authentic(packet, auth, sequence)?;
        // RFC 3768 §7.1: the interval must be ours.
        if interval != params.advert_int {
            return Err(Reject::Interval(interval));
        }
    }
    // 7. RFC 9568 §5.2.2: the only type is 1.
    if packet.kind() != ADVERTISEMENT {
        return Err(Reject::Kind(packet.kind()));
    }
    // 8. What the IP header says of the length; a raw socket may still deliver padding.
    if packet.total_length < expected || !fits(packet, packet.raw.len(), packet.total_length) {
        return Err(Reject::Length);
    }
    // RFC 9568 erratum 8301: interval 0 would make the down timer 0. Otherwise v3 learns it.
    if interval.is_zero() {
        return Err(Reject::Interval(interval));
    }
    // RFC 9568 erratum 8299: no addresses, no virtual router. Compat: keepalived elects a Master
    // without addresses, for the sake of its scripts, where none are configured.
    if packet.count() == 0 && !params.addresses.is_empty() {
        return Err(Reject::NoAddresses);
    }
    // 10. Checksum; for v3 over IPv4 several forms are in use (RFC 9568 §5.2.8).
    let form = packet.checksum_form(params.version);
    let Some(checksum) = form.or_else(|| old_form(packet, params)) else {
        return Err(Reject::Checksum);
    };
    // 11. To the group this instance listens to, or to itself.
    let listens_at = match params.unicast {
        None => Some(params.group_address),
        Some(_) => ours,
    };
    if Some(packet.destination) != listens_at {
        return Err(Reject::Destination(packet.destination));
    }
    // 12. Compat: RFC 3768 §7.1 lets every owner ignore adverts; RFC 9568 erratum 8298 and
    // keepalived only on request, so that two owners are settled by election.
    if params.owner_ignore_adverts && params.priority == OWNER {
        return Err(Reject::Owner);
    }
    // 14. Compat: `check_unicast_src`; keepalived looks at it last.
    from_peer(packet, params)?;
    Ok(Advert {
        source: packet.source,
        priority: packet.priority(),
        interval,
        sequence: packet.ah.map(|ah| ah.sequence),
        checksum,
    })
}

/// Priority of the owner of the addresses (RFC 9568 §5.2.4).
pub(super) const OWNER: u8 = 255;
/// The only type of VRRP packet (RFC 9568 §5.2.2).
const ADVERTISEMENT: u8 = 1;

/// Whether the checksum of a unicast advert is the one keepalived sent before 1.3.7.
fn old_form(packet: &Packet<'_>, params: &InstanceParams) -> Option<ChecksumForm> {
    let unicast = params.unicast.as_deref()?;
    let looked_for = params.version == Version::V3
        && packet.source.is_ipv4()
        && unicast.old_checksum != OldChecksum::Never;
    let group = params.old_group();
    (looked_for && packet.names_group(group)).then_some(ChecksumForm::Group(group))
}

/// If only peers are believed: whether the sender is one, and as far away as one may be.
fn from_peer(packet: &Packet<'_>, params: &InstanceParams) -> Result<(), Reject> {
    let Some(unicast) = params.unicast.as_deref().filter(|u| u.check_source) else {
        return Ok(());
    };
    let known = |peer: &&Peer| peer.address == packet.source;
    let peer = unicast.peers.iter().find(known).ok_or(Reject::NotPeer)?;
    if packet.ttl < peer.min_ttl || packet.ttl > peer.max_ttl {
        return Err(Reject::Ttl(packet.ttl));
    }
    Ok(())
}

/// Whether `len` bytes are `expected` ones, perhaps with Ethernet padding behind.
///
/// Over IPv6 the kernel has taken the padding away.
fn fits(packet: &Packet<'_>, len: usize, expected: usize) -> bool {
    len == expected || (packet.source.is_ipv4() && padded(len, expected))
}

/// All VRRP datagrams are a multiple of 4 long and 46 is not, hence the remainder.
fn padded(len: usize, expected: usize) -> bool {
    len > expected && expected < ETHERNET_MIN && (len - expected) % 4 == 2
}

/// The two versions have different lengths; a sound packet of the other one is called what it is.
fn length_or_version(packet: &Packet<'_>, ours: Version, around: usize) -> Reject {
    let other = match ours {
        Version::V2 => Version::V3,
        Version::V3 => Version::V2,
    };
    let said = packet.version();
    let expected = around + packet.expected_len(other);
    if said == other.number() && fits(packet, packet.raw.len(), expected) {
        Reject::Version(said)
    } else {
        Reject::Length
    }
}

/// v2 authentication: type, then password or integrity, SPI and sequence.
fn authentic(packet: &Packet<'_>, auth: Auth, sequence: u32) -> Result<(), Reject> {
    let ours = match auth {
        Auth::None => 0,
        Auth::Pass(_) => 1,
        Auth::Ah(_) => 2,
    };
    match packet.auth_type() {
        said if said > 2 => return Err(Reject::AuthType(said)),
        said if said != ours => return Err(Reject::AuthMismatch(said)),
        _ => {}
    }
    match auth {
        Auth::None => Ok(()),
        Auth::Pass(password) => match packet.auth_data() {
            Some(said) if same(&said, &password) => Ok(()),
            _ => Err(Reject::Password),
        },
        Auth::Ah(key) => {
            let Some(header) = packet.ah else {
                return Err(Reject::AuthMismatch(packet.auth_type()));
            };
            if !ah::verify(packet, &key) {
                return Err(Reject::Icv);
            }
            // Compat: keepalived's SPI is the source address.
            if IpAddr::V4(header.spi.into()) != packet.source {
                return Err(Reject::Spi);
            }
            if header.sequence <= sequence {
                return Err(Reject::Replay(header.sequence));
            }
            Ok(())
        }
    }
}

/// Compares in a time that does not depend on where the difference is.
fn same(a: &[u8; 8], b: &[u8; 8]) -> bool {
    let difference = a.iter().zip(b).fold(0, |sum, (a, b)| sum | (a ^ b));
    core::hint::black_box(difference) == 0
}

/// The addresses of an instance, sorted, to compare an advert's list whatever its order.
#[derive(Debug)]
pub(super) struct AddressList(Box<[IpAddr]>);

impl AddressList {
    pub fn new(params: &InstanceParams) -> Self {
        let mut list: Vec<IpAddr> = params.advertised().collect();
        list.sort_unstable();
        AddressList(list.into())
    }

    /// Whether `packet` lists exactly these (RFC 9568 §7.1: MAY verify).
    pub fn matches(&self, params: &InstanceParams, packet: &Packet<'_>) -> bool {
        if packet.addresses().eq(params.advertised()) {
            return usize::from(packet.count()) == self.0.len();
        }
        // An advert lists at most 255: one bit each, so that a repeated one counts once.
        let mut seen = [0u32; 8];
        let mut count = 0;
        for address in packet.addresses() {
            let Ok(at) = self.0.binary_search(&address) else {
                return false;
            };
            let (word, bit) = (at / 32, 1 << (at % 32));
            match seen.get_mut(word) {
                Some(word) if *word & bit == 0 => *word |= bit,
                _ => return false,
            }
            count += 1;
        }
        count == self.0.len() && count == usize::from(packet.count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_is_only_what_ethernet_adds() {
        assert!(padded(46, 40), "v2, one address");
        assert!(padded(46, 32), "v3, one address");
        assert!(!padded(44, 40), "another address is no padding");
        assert!(!padded(39, 40));
        assert!(!padded(54, 48), "long enough already");
    }

    #[test]
    fn passwords_compare_whole() {
        assert!(same(b"sesame12", b"sesame12"));
        assert!(!same(b"sesame1\0", b"sesame12"));
        assert!(!same(b"\0esame12", b"sesame12"));
    }
}
