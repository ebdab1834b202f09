//! Putting addresses in place: requests to the kernel, its answers, and what it says unasked.

use super::addr::{Answer, Gone, Op, Whose, address};
use super::{BATCH, Hands, SLICE};
use crate::engine::links::Links;
use crate::sys;
use crate::time::{Instant, Span};
use crate::vrrp::{Address, IfaceId};
use crate::wire::netlink;
use crate::wire::rtnetlink::{self, AddrMsg, AddrRequest, IFA_F_DADFAILED, IFA_F_TENTATIVE};
use std::rc::Rc;

/// errno EINVAL: the request could not even be written.
const EINVAL: i32 = 22;
/// Longest pause before what the kernel refused is asked for again.
const RETRY_MOST: Span = Span::from_secs(320);

impl Hands {
    /// Sends one batch of address requests; the kernel works them off before send returns. Only the
    /// last is to be acknowledged: failures are always told, in order.
    pub(super) fn send_requests(&mut self, links: &Links, now: Instant) {
        self.requests.clear();
        let params = Rc::clone(&self.params);
        let (mut sent, mut last) = (0, None);
        while sent < self.batch {
            let Some(op) = self.jobs.next_op() else { break };
            let Some(a) = address(&params, op.instance, op.slot) else {
                continue;
            };
            let at = self.requests.len();
            match write(&mut self.requests, op, a, links.get(a.iface).index) {
                Ok(_) => {
                    if let Some(before) = last.replace(at) {
                        netlink::unacknowledged(&mut self.requests[before..]);
                    }
                }
                Err(_) => self.answer(op.seq, EINVAL, links, now),
            }
            sent += 1;
        }
        self.jobs.rotate();
        if self.requests.is_empty() {
            return;
        }
        let begin = sys::now();
        if let Err(e) = self.netlink.send(&self.requests) {
            ::log::error!("cannot send address requests to the kernel: {e}");
            self.jobs.lose_answers();
        }
        let took = sys::now().since(begin);
        if took > SLICE {
            self.batch = (self.batch / 2).max(1);
        } else if took.times(2) < SLICE {
            self.batch = (self.batch * 2).min(BATCH);
        }
    }

    /// The kernel's answer to one request: `errno` 0 is success, of all before it too that it has
    /// not complained about.
    pub fn answered(&mut self, seq: u32, errno: i32, links: &Links, now: Instant) {
        if Self::is_object(seq) {
            return self.object_answered(seq, errno, links, now);
        }
        while let Some(before) = self.jobs.before(seq) {
            self.answer(before, 0, links, now);
        }
        self.answer(seq, errno, links, now);
    }

    fn answer(&mut self, seq: u32, errno: i32, links: &Links, now: Instant) {
        let params = Rc::clone(&self.params);
        match self.jobs.ack(seq, errno) {
            Answer::Noted => {}
            Answer::Appeared(instance, slot) => {
                if let Some(a) = address(&params, instance, slot)
                    && self.announcements.appeared(instance, slot, a, now)
                {
                    self.announce(a.iface, a.address, links);
                }
            }
            Answer::Refused { op, errno, known } => {
                if op.add && self.retry_at.is_none() {
                    self.retry_at = Some(now + self.retry_delay);
                    self.retry_delay = self.retry_delay.times(2).min(RETRY_MOST);
                }
                if let Some(a) = address(&params, op.instance, op.slot).filter(|_| !known) {
                    let dev = links.name(a.iface);
                    self.teller.address_refused(op, a, errno, dev, now);
                }
            }
        }
    }

    /// Asks once more for what the kernel refused.
    pub fn retry(&mut self) {
        self.retry_at = None;
        self.jobs.retry();
    }

    /// Puts back what others take away again and again.
    pub fn put_back(&mut self, links: &Links, now: Instant) {
        self.jobs.put_back(|iface| links.is_up(iface), now);
    }

    /// The kernel lists or reports an address.
    pub fn address_seen(
        &mut self,
        message: &AddrMsg<'_>,
        present: bool,
        links: &mut Links,
        started: bool,
        now: Instant,
    ) {
        let usable = message.flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED) == 0;
        links.address(message.index, message.address, present, usable);
        let Some(iface) = links.by_index(message.index) else {
            return;
        };
        self.static_address(iface, message, present, now);
        let (address, prefix) = (message.address, message.prefix);
        if present {
            let whose = self.whose(message.protocol, started);
            self.jobs.found(iface, address, prefix, whose);
            return;
        }
        // An interface that is set down loses its IPv6 addresses: they return when it does.
        let up = links.is_up(iface);
        match self.jobs.vanished(iface, address, prefix, up, now) {
            Gone::Noted => {}
            Gone::Back(instance) | Gone::Later(instance) => {
                self.teller.address_vanished(instance, address, now);
            }
        }
    }

    fn whose(&self, protocol: Option<u8>, started: bool) -> Whose {
        match protocol {
            protocol if self.tags && protocol != Some(rtnetlink::PROTOCOL_KEEPALIVED) => {
                Whose::Others
            }
            _ if started => Whose::Ours,
            _ => Whose::Leftover,
        }
    }

    /// An interface is up (again): what belongs there is put there.
    pub fn interface_up(&mut self, iface: IfaceId) {
        self.jobs.restore_missing(|other| other == iface);
    }
}

/// Appends the request for one address; returns its length.
fn write(buf: &mut Vec<u8>, op: Op, a: &Address, index: u32) -> Result<usize, crate::wire::Error> {
    let nodad = match a.address.is_ipv6() && !a.dad {
        true => rtnetlink::IFA_F_NODAD,
        false => 0,
    };
    let request = AddrRequest {
        scope: a.scope,
        broadcast: a.broadcast,
        // A label on a delete would have to match; the address alone selects it.
        label: if op.add { a.label.as_deref() } else { None },
        protocol: Some(rtnetlink::PROTOCOL_KEEPALIVED),
        peer: a.peer,
        flags: a.flags | nodad,
        preferred: a.preferred,
        ..AddrRequest::new(index, a.address, a.prefix)
    };
    if op.add {
        rtnetlink::new_address(buf, op.seq, 0, &request)
    } else {
        rtnetlink::del_address(buf, op.seq, &request)
    }
}
