//! `promote_secondaries`: a switch of the interface, set while an instance that wants it is Master.
//!
//! Without it the kernel takes all addresses of a subnet away when the first one goes.

use super::Hands;
use crate::engine::links::Links;
use crate::engine::outside::plain;
use crate::sys;
use crate::vrrp::{IfaceId, InstanceId, Kept, Params};

/// One interface.
#[derive(Clone, Copy, Debug, Default)]
struct Switch {
    /// Instances that hold it.
    holders: u16,
    /// We have set it, and it was not set before.
    ours: bool,
}

/// The switches of all interfaces.
#[derive(Debug)]
pub struct Promote {
    switches: Vec<Switch>,
    /// Per instance: it holds its interface's switch.
    holds: Vec<bool>,
    /// Some switch is to be put back.
    waiting: bool,
}

impl Promote {
    /// Nothing set.
    pub fn new(params: &Params) -> Self {
        Promote {
            switches: vec![Switch::default(); params.interfaces.len()],
            holds: vec![false; params.instances.len()],
            waiting: false,
        }
    }
}

impl Hands {
    /// A reload: who holds a switch goes on holding it, unless it is not configured any longer.
    /// `params` are the new ones already.
    pub(super) fn reload_promotions(&mut self, kept: &Kept, links: &Links) {
        let old = core::mem::replace(&mut self.promote, Promote::new(&self.params));
        self.promote.waiting = old.waiting;
        for (is, was) in kept.interfaces.pairs() {
            let was = old.switches.get(usize::from(was));
            let switch = self.promote.switches.get_mut(usize::from(is));
            if let Some((switch, was)) = switch.zip(was) {
                switch.ours = was.ours;
            }
        }
        for (is, was) in kept.instances.pairs() {
            if old.holds.get(usize::from(was)).is_some_and(|held| *held) {
                self.promote(InstanceId(is), true, links);
            }
        }
        let free = |switch: &Switch| switch.ours && switch.holders == 0;
        self.promote.waiting |= self.promote.switches.iter().any(free);
    }

    /// An earlier worker may have died with switches set: what it had set was not set before.
    pub(in crate::engine) fn inherit_promotions(&mut self) {
        for at in 0..self.params.instances.len() {
            let instance = InstanceId(at as u16);
            if self.vital.was_promoted(instance) {
                let iface = usize::from(self.iface(instance).0);
                if let Some(switch) = self.promote.switches.get_mut(iface) {
                    switch.ours = true;
                    self.promote.waiting = true;
                }
            }
        }
    }

    /// An instance becomes Master, or no longer is.
    pub(super) fn promote(&mut self, instance: InstanceId, hold: bool, links: &Links) {
        let at = usize::from(instance.0);
        if !self
            .params
            .instances
            .get(at)
            .is_some_and(|i| i.promote_secondaries)
        {
            return;
        }
        let iface = self.iface(instance);
        let Promote {
            switches,
            holds,
            waiting,
        } = &mut self.promote;
        let (Some(held), Some(switch)) =
            (holds.get_mut(at), switches.get_mut(usize::from(iface.0)))
        else {
            return;
        };
        if core::mem::replace(held, hold) == hold {
            return;
        }
        if hold {
            switch.holders = switch.holders.saturating_add(1);
            if !switch.ours {
                switch.ours = set(links.name(iface), true);
            }
            self.vital.promoted(instance, switch.ours);
        } else {
            switch.holders = switch.holders.saturating_sub(1);
            *waiting |= switch.holders == 0;
        }
    }

    /// Puts back what nobody holds any longer, once no address of ours is being deleted.
    pub(in crate::engine) fn demote(&mut self, links: &Links) {
        if !self.promote.waiting || self.jobs.busy() {
            return;
        }
        self.promote.waiting = false;
        for at in 0..self.promote.switches.len() {
            let switch = &mut self.promote.switches[at];
            if switch.holders == 0 && core::mem::take(&mut switch.ours) {
                set(links.name(IfaceId(at as u16)), false);
            }
        }
        for (at, held) in self.promote.holds.iter().enumerate() {
            let iface = usize::from(self.params.instances[at].iface.0);
            let free = self.promote.switches.get(iface).is_none_or(|s| !s.ours);
            if !held && free {
                self.vital.promoted(InstanceId(at as u16), false);
            }
        }
    }

    /// An interface came or went: a new one of the same name has switches of its own.
    pub(in crate::engine) fn promote_link(&mut self, iface: IfaceId, links: &Links) {
        use crate::wire::rtnetlink::route::Resolve as _;
        let Some(switch) = self.promote.switches.get_mut(usize::from(iface.0)) else {
            return;
        };
        if links.index(iface) == 0 {
            switch.ours = false;
        } else if switch.holders > 0 && !switch.ours {
            switch.ours = set(links.name(iface), true);
        }
    }

    /// The daemon ends.
    pub(in crate::engine) fn demote_all(&mut self, links: &Links) {
        for (at, switch) in self.promote.switches.iter_mut().enumerate() {
            if core::mem::take(&mut switch.ours) {
                set(links.name(IfaceId(at as u16)), false);
            }
        }
        for at in 0..self.params.instances.len() {
            self.vital.promoted(InstanceId(at as u16), false);
        }
    }
}

/// Sets the switch; whether that changed it.
fn set(interface: &str, on: bool) -> bool {
    let path = format!("/proc/sys/net/ipv4/conf/{interface}/promote_secondaries");
    let value = if on { "1" } else { "0" };
    match sys::file::switch(&path, value) {
        Ok(changed) => changed,
        // It went with its interface.
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => false,
        Err(e) => {
            ::log::warn!("cannot set {path} to {value}: {}", plain(&e));
            false
        }
    }
}
