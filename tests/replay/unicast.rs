//! What an instance line says of unicast.

use crate::script::Words;
use holdfast::vrrp::{OldChecksum, Peer, Unicast};
use std::net::Ipv6Addr;

/// The IPv6 multicast group of VRRP (RFC 9568 §5.1.2.2).
pub const GROUP6: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x12);

/// `peer=ADDRESS` or `peer=ADDRESS/MIN_TTL/MAX_TTL`, any number; `unicast` if there is none.
/// unicast_ttl= check_src fault_no_peer old_sum=never|always
pub fn unicast(words: &Words<'_>) -> Result<Option<Box<Unicast>>, String> {
    let mut peers = Vec::new();
    for text in words.all("peer") {
        let mut parts = text.split('/');
        let address = parts.next().and_then(|text| text.parse().ok());
        let mut peer = Peer::new(address.ok_or("peer=?")?);
        let mut bounds = parts.map(|text| text.parse().map_err(|_| format!("{text}: no TTL")));
        peer.min_ttl = bounds.next().unwrap_or(Ok(0))?;
        peer.max_ttl = bounds.next().unwrap_or(Ok(255))?;
        peers.push(peer);
    }
    if peers.is_empty() && !words.has("unicast") {
        return Ok(None);
    }
    Ok(Some(Box::new(Unicast {
        peers,
        ttl: words.get("unicast_ttl", 255)?,
        check_source: words.has("check_src"),
        fault_without_peer: words.has("fault_no_peer"),
        old_checksum: match words.value("old_sum") {
            Some("never") => OldChecksum::Never,
            Some("always") => OldChecksum::Always,
            _ => OldChecksum::Detect,
        },
    })))
}
