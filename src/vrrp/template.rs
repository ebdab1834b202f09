//! What exec needs to build the packets of an instance.

use super::{Address, InstanceParams};
use crate::time::Span;
use crate::wire::vrrp::Outline;
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
}

impl<'a> Template<'a> {
    /// Where adverts go.
    pub fn destination(&self) -> IpAddr {
        self.params.group_address
    }

    /// How often they go.
    pub fn interval(&self) -> Span {
        self.params.advert_int
    }

    /// All addresses the instance holds as Master: advertised, then excluded.
    pub fn held(&self) -> impl Iterator<Item = &'a Address> + 'a {
        self.params.addresses.iter().chain(&self.params.excluded)
    }

    /// Lends the outline of an advert of this priority, for [`crate::wire::vrrp::emit`].
    pub fn outline<R>(&self, priority: u8, build: impl FnOnce(&mut Outline<'_>) -> R) -> R {
        let params = self.params;
        build(&mut Outline {
            version: params.version,
            vrid: params.vrid,
            priority,
            interval: params.advert_int,
            addresses: &mut params.advertised(),
            auth: params.authentication(),
            source: self.source,
            destination: params.group_address,
            ttl: TTL,
            checksum: params.checksum,
        })
    }
}
