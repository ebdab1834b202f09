//! What exec needs to build the packets of an instance.

use super::{Address, InstanceParams, OldChecksum, Unicast};
use crate::time::Span;
use crate::wire::vrrp::{ChecksumForm, Outline};
use core::net::IpAddr;

/// The multicast TTL (RFC 9568 §5.1.1.3).
const TTL: u8 = 255;

/// Everything an advert says but its priority and sequence.
#[derive(Clone, Copy, Debug)]
pub struct Template<'a> {
    /// The instance's parameters.
    pub params: &'a InstanceParams,
    /// Address to send from.
    pub source: IpAddr,
    /// Changes when a prepared packet must be built anew.
    pub revision: u32,
    /// Unicast peers that want the old form of checksum, by position.
    pub(super) old: &'a [bool],
}

/// Who gets a copy of an advert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The group or a peer.
    pub address: IpAddr,
    /// v3 over IPv4: how the checksum of this copy is formed.
    pub checksum: ChecksumForm,
}

impl<'a> Template<'a> {
    /// Who gets an advert, in order: the group, or each unicast peer. Empty if there is no peer.
    ///
    /// All copies have the same IP id and AH sequence. Make the first with [`Template::outline`] and
    /// each further one from it with [`crate::wire::vrrp::readdress`], then set id and sign; or make
    /// each with [`Template::outline_to`].
    pub fn destinations(&self) -> impl Iterator<Item = Destination> + 'a {
        let Template { params, old, .. } = *self;
        let peers = params.unicast.as_deref().map(|unicast| {
            let form = move |(at, peer): (usize, &super::Peer)| Destination {
                address: peer.address,
                checksum: form(params, unicast, old.get(at).copied().unwrap_or_default()),
            };
            unicast.peers.iter().enumerate().map(form)
        });
        let group = match params.unicast {
            None => Some(self.group()),
            Some(_) => None,
        };
        group.into_iter().chain(peers.into_iter().flatten())
    }

    /// The one group, or the first unicast peer.
    pub fn destination(&self) -> IpAddr {
        self.first().address
    }

    fn first(&self) -> Destination {
        self.destinations().next().unwrap_or_else(|| self.group())
    }

    fn group(&self) -> Destination {
        Destination {
            address: self.params.group_address,
            checksum: self.params.checksum,
        }
    }

    /// TTL or hop limit to send with.
    pub fn ttl(&self) -> u8 {
        self.params.unicast.as_deref().map_or(TTL, |u| u.ttl)
    }

    /// How often adverts go.
    pub fn interval(&self) -> Span {
        self.params.advert_int
    }

    /// All addresses the instance holds as Master: advertised, then excluded.
    pub fn held(&self) -> impl Iterator<Item = &'a Address> + 'a {
        self.params.addresses.iter().chain(&self.params.excluded)
    }

    /// Lends the outline of an advert of this priority to the first destination, for
    /// [`crate::wire::vrrp::emit`].
    pub fn outline<R>(&self, priority: u8, build: impl FnOnce(&mut Outline<'_>) -> R) -> R {
        self.outline_to(self.first(), priority, build)
    }

    /// Lends the outline of an advert of this priority to one of the destinations.
    pub fn outline_to<R>(
        &self,
        to: Destination,
        priority: u8,
        build: impl FnOnce(&mut Outline<'_>) -> R,
    ) -> R {
        let params = self.params;
        build(&mut Outline {
            version: params.version,
            vrid: params.vrid,
            priority,
            interval: params.advert_int,
            addresses: &mut params.advertised(),
            auth: params.authentication(),
            source: self.source,
            destination: to.address,
            ttl: self.ttl(),
            checksum: to.checksum,
        })
    }
}

/// How the checksum for a peer is formed, one that is `old` perhaps.
fn form(params: &InstanceParams, unicast: &Unicast, old: bool) -> ChecksumForm {
    let old = match unicast.old_checksum {
        OldChecksum::Always => true,
        OldChecksum::Detect => old,
        OldChecksum::Never => false,
    };
    match params.checksum {
        ChecksumForm::Pseudo if old => ChecksumForm::Group(params.old_group()),
        configured => configured,
    }
}
