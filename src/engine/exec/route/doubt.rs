//! What may have gone, and when it is asked for again.

use super::object::{At, Object, Slot};
use super::{Objects, What, what};
use crate::engine::links::Links;
use crate::time::{Instant, Span};
use crate::vrrp::IfaceId;
use crate::wire::rtnetlink::route::{Resolve as _, RouteMsg};
use core::net::IpAddr;

/// The kernel reports the parts of one event one after the other: wait for the last.
pub(super) const SETTLE: Span = Span::from_millis(50);
/// An object is put back no more often than this.
pub(super) const EVERY: Span = Span::from_secs(1);

impl Objects {
    /// Asks soon whether an object is still there, but no more often than [`EVERY`].
    pub(super) fn suspect(&mut self, id: u16, now: Instant) {
        let object = &mut self.objects[usize::from(id)];
        if object.wanted == 0 {
            return;
        }
        let at = object.next.max(now + SETTLE);
        let at = object.due.map_or(at, |due| due.min(at));
        object.due = Some(at);
        self.deadline = earlier(self.deadline, at);
    }

    /// Notifications were lost: anything may have gone.
    pub fn doubt(&mut self, now: Instant) {
        for id in 0..self.objects.len() {
            if self.kept(id) {
                self.suspect(id as u16, now);
            }
        }
    }

    pub(super) fn kept(&self, id: usize) -> bool {
        self.objects
            .get(id)
            .and_then(|object| what(&self.params, object))
            .is_some_and(What::kept)
    }

    /// An interface changed.
    pub fn link(&mut self, iface: IfaceId, links: &Links, now: Instant) {
        self.changed = true;
        let exists = links.index(iface) != 0;
        let up = links.is_up(iface);
        for id in 0..self.objects.len() {
            let object = &mut self.objects[id];
            let Some(what) = what(&self.params, object) else {
                continue;
            };
            let on_it = match what {
                What::Address(a) => a.iface == iface,
                // One without an interface may lead over any.
                What::Route(line) => {
                    let mut devices = line.route.devices().peekable();
                    devices.peek().is_none() || devices.any(|d| d == iface)
                }
                What::Rule(_) => false,
            };
            if !on_it {
                continue;
            }
            let own = !matches!(what, What::Route(l) if l.route.devices().next().is_none());
            if !exists && own && !matches!(object.slot, Slot::Adding | Slot::Deleting) {
                object.slot = Slot::Absent;
            } else if exists && up {
                self.suspect(id as u16, now);
            }
        }
    }

    /// An address went or came, perhaps the preferred source of a route or the way to its gateway.
    pub fn address_changed(&mut self, now: Instant) {
        for id in 0..self.objects.len() {
            let object = &self.objects[id];
            if matches!(object.at, At::Route(..)) && self.kept(id) {
                self.suspect(id as u16, now);
            }
        }
    }

    /// The kernel lists or reports a static address; `ours` by its tag.
    pub fn address_found(&mut self, iface: IfaceId, address: IpAddr, prefix: u8, ours: bool) {
        if let Some(object) = self.address(iface, address, prefix)
            && object.slot == Slot::Absent
        {
            object.slot = if ours { Slot::Present } else { Slot::Foreign };
            object.vouched = ours;
            self.changed = true;
        }
    }

    /// A static address is gone.
    pub fn address_gone(&mut self, iface: IfaceId, address: IpAddr, prefix: u8, now: Instant) {
        let Some(object) = self.address(iface, address, prefix) else {
            return;
        };
        if matches!(object.slot, Slot::Present | Slot::Foreign) {
            object.slot = Slot::Absent;
            // What somebody else had put there was never ours to miss, but is from now on.
            object.vouched = true;
            let params = &self.params;
            let found = |o: &Object| match what(params, o) {
                Some(What::Address(a)) => (a.iface, a.address) == (iface, address),
                _ => false,
            };
            if let Some(id) = self.objects.iter().position(found) {
                self.suspect(id as u16, now);
            }
        }
    }

    pub(super) fn address(
        &mut self,
        iface: IfaceId,
        address: IpAddr,
        prefix: u8,
    ) -> Option<&mut Object> {
        let params = &self.params;
        // They come first, and are few.
        self.objects
            .iter_mut()
            .map_while(|o| match what(params, o) {
                Some(What::Address(a)) => Some((a, o)),
                _ => None,
            })
            .find(|(a, _)| (a.iface, a.address, a.prefix) == (iface, address, prefix))
            .map(|(_, o)| o)
    }

    /// A route is gone, by whatever hand.
    pub fn route_gone(&mut self, message: &RouteMsg, links: &Links, now: Instant) {
        for id in 0..self.objects.len() {
            let object = &self.objects[id];
            if object.slot == Slot::Present
                && let Some(what @ What::Route(line)) = what(&self.params, object)
                && what.kept()
                && message.may_be(&line.route, links)
            {
                self.suspect(id as u16, now);
            }
        }
    }

    /// Some rule is gone, by whatever hand. Rules are few and seldom change: ask for all.
    pub fn rule_gone(&mut self, now: Instant) {
        for id in 0..self.objects.len() {
            let object = &self.objects[id];
            if matches!(object.at, At::Rule(..)) && self.kept(id) {
                self.suspect(id as u16, now);
            }
        }
    }

    /// When [`Objects::tick`] has something to do.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Asks for what is due.
    pub fn tick(&mut self, now: Instant) {
        let mut next = None;
        for id in 0..self.objects.len() {
            let object = &mut self.objects[id];
            let Some(due) = object.due else { continue };
            if due > now {
                next = earlier(next, due);
                continue;
            }
            object.due = None;
            if object.wanted == 0 {
                continue;
            }
            object.next = now + EVERY;
            if object.slot == Slot::Present {
                object.slot = Slot::Unknown;
            }
            self.enqueue_addition(id as u16);
        }
        self.deadline = next;
    }
}

pub(super) fn earlier(a: Option<Instant>, b: Instant) -> Option<Instant> {
    Some(a.map_or(b, |a| a.min(b)))
}
