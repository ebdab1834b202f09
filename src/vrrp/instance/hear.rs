//! What an instance makes of a datagram: judged, counted, learnt from, then handled.

use super::{Core, Cx, Input, Instance, Role, Wish};
use crate::vrrp::receive::{self, AddressList, Advert};
use crate::vrrp::{Action, IfaceId, Note, Reject, Unicast};
use crate::wire::vrrp::{ChecksumForm, Packet, Version};
use core::net::IpAddr;

/// Peers whose form of checksum is remembered as said.
const NAMED: usize = 4;

impl Instance {
    /// A datagram for this virtual router arrived.
    pub fn receive(&mut self, iface: IfaceId, packet: &Packet<'_>, cx: &mut Cx<'_>) -> Wish {
        // RFC 9568 §6.4.1: Initialize hears nothing. Compat: nor does keepalived's FAULT.
        if matches!(self.role, Role::Init | Role::Fault) {
            return Wish::Stay;
        }
        // Looped back, or a router with our address: never a peer.
        if Some(packet.source) == self.core.source {
            cx.out
                .push(Action::Note(Note::OwnAddress(cx.id, packet.source)));
            return Wish::Stay;
        }
        let ours = self.core.source;
        match receive::check(packet, cx.params, ours, self.core.sequence) {
            Ok(advert) => {
                let master = matches!(self.role, Role::Master(_));
                self.core.accepted(&advert, cx);
                self.core.compare(&self.list, packet, master, cx);
                self.handle(Input::Advert(advert), cx)
            }
            Err(why) => {
                self.core.counters.reject(why);
                if let (Reject::Replay(_), Role::Master(master)) = (why, &mut self.role) {
                    master.out_of_step(packet.source, &mut self.core, cx);
                }
                cx.out.push(Action::Note(match (why, &cx.params.unicast) {
                    (Reject::NotPeer | Reject::Ttl(_), Some(_)) => {
                        Note::NoPeer(cx.id, packet.source, packet.ttl)
                    }
                    _ => Note::Rejected {
                        iface,
                        instance: Some(cx.id),
                        source: Some(packet.source),
                        why,
                    },
                }));
                Wish::Stay
            }
        }
    }
}

impl Core {
    /// Which unicast peers, by position, want the old form of checksum; empty: none does.
    pub fn old_peers(&self) -> &[bool] {
        self.old.as_deref().map_or(&[], |old| &**old)
    }

    /// Counts an accepted advert and learns what does not depend on the state.
    fn accepted(&mut self, advert: &Advert, cx: &mut Cx<'_>) {
        self.counters.advert_rcvd += 1;
        self.counters.pri_zero_rcvd += u64::from(advert.priority == 0);
        if let Some(sequence) = advert.sequence {
            self.sequence = sequence;
        }
        let peer = (advert.source, advert.checksum);
        let ipv4_v3 = cx.params.version == Version::V3 && advert.source.is_ipv4();
        if ipv4_v3 && !self.named.contains(&peer) {
            self.named.truncate(NAMED - 1);
            self.named.insert(0, peer);
            cx.out
                .push(Action::Note(Note::PeerChecksum(cx.id, peer.0, peer.1)));
            if let (ChecksumForm::Group(_), Some(unicast)) = (peer.1, &cx.params.unicast) {
                self.answer_old(peer.0, unicast);
            }
        }
    }

    /// Compat: who sends the old form of checksum gets it from now on, for good. keepalived changes
    /// to it for all peers.
    fn answer_old(&mut self, peer: IpAddr, unicast: &Unicast) {
        if let Some(at) = unicast.peers.iter().position(|p| p.address == peer) {
            let old = self
                .old
                .get_or_insert_with(|| Box::new(vec![false; unicast.peers.len()].into()));
            if let Some(old) = old.get_mut(at).filter(|old| !**old) {
                *old = true;
                self.revision = self.revision.wrapping_add(1);
            }
        }
    }

    /// Compares the address list. RFC 9568 §7.1 allows it; a difference never discards the advert.
    fn compare(&mut self, list: &AddressList, packet: &Packet<'_>, master: bool, cx: &mut Cx<'_>) {
        let before = self.checked.filter(|(sender, _)| *sender == packet.source);
        if before.is_some() && cx.params.skip_check_adv_addr && !master {
            return;
        }
        // Compat: RFC 9568 §5.2.9 (erratum 8300) wants a link-local address first over IPv6;
        // keepalived takes any, and configurations rely on it.
        let same = list.matches(cx.params, packet);
        if !same {
            self.counters.addr_list_err += 1;
            if before.is_none_or(|(_, same)| same) {
                cx.out
                    .push(Action::Note(Note::AddressList(cx.id, packet.source)));
            }
        }
        self.checked = Some((packet.source, same));
    }
}
