//! Whom a datagram is for.

use super::Router;
use crate::time::Instant;
use crate::vrrp::{Action, Family, IfaceId, InstanceId, Note, Params, Reject};
use crate::wire::vrrp::Packet;
use core::net::IpAddr;

/// The instances by key, sorted.
pub(super) fn routes(params: &Params) -> Vec<(u32, InstanceId)> {
    let mut routes: Vec<_> = (0..)
        .map(InstanceId)
        .zip(&params.instances)
        .map(|(id, p)| (route(p.iface, p.family, p.vrid), id))
        .collect();
    routes.sort_unstable();
    routes
}

/// The key of the routing table.
fn route(iface: IfaceId, family: Family, vrid: u8) -> u32 {
    let family = match family {
        Family::V4 => 0,
        Family::V6 => 1,
    };
    u32::from(iface.0) << 16 | family << 8 | u32::from(vrid)
}

impl Router {
    pub(super) fn packet(&mut self, iface: IfaceId, packet: &Packet<'_>, now: Instant) {
        if !self.running {
            return;
        }
        let Some(&vrid) = packet.message.get(1) else {
            self.unrouted.malformed += 1;
            return self.reject(iface, Some(packet.source), Reject::Length);
        };
        let Some(id) = self.addressee(iface, vrid, packet) else {
            if self.anywhere(iface) {
                // All that comes to this host passes there; each interface complains for itself.
                return;
            }
            self.unrouted.unknown_vrid += 1;
            return self.reject(iface, Some(packet.source), Reject::UnknownVrid(vrid));
        };
        if let Some(wish) = self.with(id, now, |i, cx| i.receive(iface, packet, cx)) {
            self.consider(id, wish, now);
        }
    }

    /// Whom an advert that came in on `iface` is for.
    ///
    /// Nearly always the one virtual router of that number. Several may share it there if they use
    /// different groups, or send from different addresses to unicast peers, or from one address to
    /// different peers. If it fits none of them the first one counts and says what is wrong.
    fn addressee(&self, iface: IfaceId, vrid: u8, packet: &Packet<'_>) -> Option<InstanceId> {
        let family = match packet.source {
            IpAddr::V4(_) => Family::V4,
            IpAddr::V6(_) => Family::V6,
        };
        let key = route(iface, family, vrid);
        let from = self.routes.partition_point(|(other, _)| *other < key);
        let shared = self.routes.get(from..)?;
        let mut shared = shared.iter().take_while(|(other, _)| *other == key);
        let mut found = shared.next()?.1;
        let anywhere = self.anywhere(iface);
        let Some(&(_, second)) = shared.next() else {
            // What else arrives there was never meant for it.
            return (!anywhere || self.fit(found, packet) > 0).then_some(found);
        };
        let mut best = self.fit(found, packet);
        for id in core::iter::once(second).chain(shared.map(|(_, id)| *id)) {
            let fit = self.fit(id, packet);
            if fit > best {
                (best, found) = (fit, id);
            }
        }
        (!anywhere || best > 0).then_some(found)
    }

    /// Whether it is the interface that stands for any.
    pub(super) fn anywhere(&self, iface: IfaceId) -> bool {
        let name = self.params.interfaces.get(usize::from(iface.0));
        name.is_some_and(|name| name.is_empty())
    }

    /// How well an advert fits an instance of its number: 0 not at all, 2 it is from a peer.
    fn fit(&self, id: InstanceId, packet: &Packet<'_>) -> u8 {
        let Some((params, instance)) = self.pair(id) else {
            return 0;
        };
        match params.unicast.as_deref() {
            None => u8::from(packet.destination == params.group_address),
            Some(_) if instance.core.source != Some(packet.destination) => 0,
            Some(u) if u.peers.iter().any(|peer| peer.address == packet.source) => 2,
            Some(_) => 1,
        }
    }

    pub(super) fn reject(&mut self, iface: IfaceId, source: Option<IpAddr>, why: Reject) {
        self.out.push(Action::Note(Note::Rejected {
            iface,
            instance: None,
            source,
            why,
        }));
    }
}
