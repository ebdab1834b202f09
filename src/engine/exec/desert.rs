//! A device that left its configured name takes along what we put on it, unless it is gone.

use super::addr::address;
use super::{BATCH, Hands};
use crate::vrrp::{IfaceId, InstanceId};
use crate::wire::rtnetlink::{self, AddrRequest};
use std::rc::Rc;

impl Hands {
    /// The device `index` is no longer `iface`: our addresses on it are taken away there, or they
    /// would stay under its new name beside those of the next Master. To be called before the
    /// interface is reported gone. The kernel's answers concern nobody: sequence number 0.
    pub fn desert(&mut self, iface: IfaceId, index: u32) {
        self.requests.clear();
        let params = Rc::clone(&self.params);
        let mut waiting = 0;
        for instance in (0..self.instances()).filter_map(|at| u16::try_from(at).ok()) {
            let instance = InstanceId(instance);
            for slot in (0..self.jobs.count(instance)).filter_map(|at| u16::try_from(at).ok()) {
                let Some(a) = address(&params, instance, slot) else {
                    continue;
                };
                if a.iface != iface || !self.jobs.ours(instance, slot) {
                    continue;
                }
                let request = AddrRequest {
                    peer: a.peer,
                    ..AddrRequest::new(index, a.address, a.prefix)
                };
                if rtnetlink::del_address(&mut self.requests, 0, &request).is_ok() {
                    waiting += 1;
                }
                if waiting == BATCH {
                    self.send_farewell();
                    waiting = 0;
                }
            }
        }
        if waiting > 0 {
            self.send_farewell();
        }
    }

    fn send_farewell(&mut self) {
        if let Err(e) = self.netlink.send(&self.requests) {
            ::log::error!("cannot take addresses from a renamed interface: {e}");
        }
        self.requests.clear();
    }
}
