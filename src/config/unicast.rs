//! Which family an instance speaks, and whether to peers or to a group.

use super::diag::{Severity, quote};
use super::instance::Draft;
use super::lexer::Word;
use super::source::Span as At;
use super::value;
use super::walk::Walk;
use crate::vrrp::{Family, OldChecksum, Peer, Unicast};
use core::net::IpAddr;

/// What was written about unicast.
#[derive(Debug)]
pub(super) struct Peers {
    /// The peers, and where each stands.
    pub list: Vec<(Peer, Word)>,
    /// Where the first unicast keyword stands.
    pub word: Option<At>,
    pub ttl: Option<(u8, At)>,
    pub check: bool,
    pub fault_without: bool,
    pub old_checksum: OldChecksum,
}

impl Peers {
    pub(super) const NONE: Peers = Peers {
        list: Vec::new(),
        word: None,
        ttl: None,
        check: false,
        fault_without: false,
        old_checksum: OldChecksum::Detect,
    };

    /// Whether adverts go to peers rather than to a group.
    pub(super) fn used(&self) -> bool {
        !self.list.is_empty() || self.fault_without
    }
}

fn family(ip: IpAddr) -> Family {
    match ip {
        IpAddr::V4(_) => Family::V4,
        IpAddr::V6(_) => Family::V6,
    }
}

fn name(family: Family) -> &'static str {
    match family {
        Family::V4 => "IPv4",
        Family::V6 => "IPv6",
    }
}

impl<'a> Walk<'a> {
    /// Whether an address has the family of the instance, which the first one decides; says so.
    pub(super) fn fits(&mut self, d: &mut Draft, ip: IpAddr, at: At, held: bool) -> bool {
        let new = family(ip);
        let Some((family, first)) = d.family else {
            d.family = Some((new, at));
            return true;
        };
        if new == family {
            return true;
        }
        let text = format!(
            "this address is not {}, which {} decides; it is ignored",
            name(family),
            self.other(first, at)
        );
        let diag = self.diags.error(at, text);
        if held {
            diag.hint("put it into virtual_ipaddress_excluded");
        }
        false
    }

    /// `native_ipv6`.
    pub(super) fn native_ipv6(&mut self, d: &mut Draft, at: At) {
        match d.family {
            None => d.family = Some((Family::V6, at)),
            Some((Family::V6, _)) => {}
            Some((Family::V4, first)) => {
                let line = self.other(first, at);
                let text = format!("native_ipv6 does not fit the IPv4 address on {line}; ignored");
                self.diags.error(at, text);
            }
        }
    }

    /// Keywords about unicast that take no list. `false`: it is another one.
    pub(super) fn unicast_word(&mut self, node: u32, name: &str, d: &mut Draft) -> bool {
        let at = self.head(node);
        let first = self.first(node);
        match name {
            "unicast_ttl" => {
                let ttl = u8::try_from(self.number(node)).unwrap_or(u8::MAX);
                d.peers.ttl = Some((ttl, first.map_or(at, |w| self.span(w))));
            }
            "check_unicast_src" => d.peers.check = true,
            "unicast_fault_no_peer" => d.peers.fault_without = true,
            "old_unicast_checksum" => {
                d.peers.old_checksum = match first.map(|w| (w, self.bytes(w))) {
                    None => OldChecksum::Always,
                    Some((_, b"never")) => OldChecksum::Never,
                    Some((word, other)) => {
                        let text = format!(
                            "old_unicast_checksum {}: only 'never' can stand",
                            quote(other)
                        );
                        self.wrong(word, text, None);
                        return true;
                    }
                };
            }
            _ => return false,
        }
        d.peers.word.get_or_insert(at);
        true
    }

    /// The lines of `unicast_peer`.
    pub(super) fn unicast_peer(&mut self, node: u32, d: &mut Draft) {
        d.peers.word.get_or_insert(self.head(node));
        for child in self.children(Some(node)) {
            self.item(child, super::table::Item::Peer);
            let words = self.all(child);
            let Some(first) = words.first().copied().filter(|_| !self.broken(words)) else {
                continue;
            };
            let at = self.span(first);
            let Some(address) = value::loose_ip(self.bytes(first)) else {
                continue;
            };
            if !self.fits(d, address, at, false) {
                continue;
            }
            if let Some((_, before)) = d.peers.list.iter().find(|p| p.0.address == address) {
                let line = self.other(self.span(*before), at);
                let text = format!("peer {address} is on {line} already; ignored");
                self.wrong(first, text, None);
                continue;
            }
            let peer = self.peer(address, &words[1..], d);
            d.peers.list.push((peer, first));
        }
    }

    /// `[min_ttl N] [max_ttl N]`, as far as it makes sense.
    fn peer(&mut self, address: IpAddr, options: &[Word], d: &mut Draft) -> Peer {
        let mut peer = Peer::new(address);
        for pair in options.chunks(2) {
            let number = pair
                .get(1)
                .and_then(|w| value::int(self.bytes(*w), 0, 255).ok());
            let Some(ttl) = number.and_then(|n| u8::try_from(n).ok()) else {
                break;
            };
            match self.bytes(pair[0]) {
                b"min_ttl" => peer.min_ttl = ttl,
                b"max_ttl" => peer.max_ttl = ttl,
                _ => break,
            }
            d.peers.check = true;
        }
        if peer.min_ttl > peer.max_ttl
            && let Some(word) = options.first().copied()
        {
            let text = format!(
                "min_ttl {} is above max_ttl {}: nothing from {address} counts",
                peer.min_ttl, peer.max_ttl
            );
            self.warn(word, text);
        }
        peer
    }

    /// Unicast operation, if that is what was written.
    pub(super) fn unicast(&mut self, d: &Draft) -> Option<Box<Unicast>> {
        let peers = &d.peers;
        if let Some((_, at)) = peers
            .list
            .iter()
            .find(|p| Some(p.0.address) == d.source.map(|s| s.0))
        {
            let at = self.span(*at);
            self.diags
                .warning(at, "this peer is our own unicast_src_ip");
        }
        if !peers.used() {
            if let Some(at) = peers.word {
                let text = "a unicast keyword without unicast_peer: multicast is used";
                self.diags.error(at, text).severity(Severity::Warning);
            }
            return None;
        }
        let ttl = match peers.ttl {
            Some((0, at)) => {
                let text = "with unicast_ttl 0 nothing would leave; 255 is used";
                self.diags.warning(at, text);
                u8::MAX
            }
            Some((ttl, _)) => ttl,
            None => u8::MAX,
        };
        if let Some((_, at)) = d.destination {
            let text = "mcast_dst_ip does nothing with unicast peers";
            self.diags.error(at, text).severity(Severity::Warning);
        }
        Some(Box::new(Unicast {
            peers: peers.list.iter().map(|p| p.0).collect(),
            ttl,
            check_source: peers.check || self.defaults.check_unicast_src,
            fault_without_peer: peers.fault_without,
            old_checksum: peers.old_checksum,
        }))
    }

    /// The same VRID twice, on an interface to a group, or to the same peer; says so. Only the
    /// first router runs.
    pub(super) fn same_router(&mut self, d: &Draft, vrid: u8, group: IpAddr) -> bool {
        let interface = d.interface.map_or(&b""[..], |w| self.bytes(w));
        let keys: Vec<_> = match d.peers.used() {
            false => vec![(interface, None, vrid, group)],
            true => {
                let source = d.source.map(|s| s.0);
                let from = if source.is_some() {
                    &b""[..]
                } else {
                    interface
                };
                let peers = d.peers.list.iter();
                let unspecified = IpAddr::V6(core::net::Ipv6Addr::UNSPECIFIED);
                peers
                    .map(|p| (from, source.or(Some(unspecified)), vrid, p.0.address))
                    .collect()
            }
        };
        let taken = keys.iter().find_map(|key| self.routers.get(key));
        let Some((first, there)) = taken else {
            for key in keys {
                self.routers.insert(key, (d.name.clone(), d.at));
            }
            return false;
        };
        let whereabouts = match (d.peers.used(), d.interface) {
            (false, Some(interface)) => format!(" on {}", self.text(interface)),
            _ => " to the same peer".to_owned(),
        };
        let at = d.vrid.map_or(d.at, |v| v.1);
        let text = format!(
            "virtual_router_id {vrid}{whereabouts} is already used by vrrp_instance {first} ({}); {} \
             does not run",
            self.other(*there, at),
            d.name
        );
        self.diags.error(at, text);
        true
    }
}
