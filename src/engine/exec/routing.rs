//! Routes, rules and static addresses: from the table of [`super::route`] to the kernel and back.

use super::route::{Answer, Op, SEQUENCES, What};
use super::{Hands, SLICE};
use crate::engine::links::Links;
use crate::sys;
use crate::time::Instant;
use crate::vrrp::routing::RuleAction;
use crate::vrrp::{Address, IfaceId, InstanceId};
use crate::wire;
use crate::wire::rtnetlink::route::{Resolve as _, RouteMsg};
use crate::wire::rtnetlink::rule::{del_rule, new_rule};
use crate::wire::rtnetlink::{self, AddrMsg, AddrRequest, route};
use core::fmt;

/// errno EINVAL: the request could not even be written.
const EINVAL: i32 = 22;

impl Hands {
    /// Sends one batch of requests; the kernel works them off before send returns.
    pub(super) fn send_objects(&mut self, links: &Links, now: Instant) {
        self.requests.clear();
        for _ in 0..self.batch {
            let Some(op) = self.objects.next_op(links) else {
                break;
            };
            let Some(what) = self.objects.what(op.object) else {
                continue;
            };
            if write(&mut self.requests, op, what, links).is_err() {
                self.object_answered(op.seq, EINVAL, links, now);
            }
        }
        if self.requests.is_empty() {
            return;
        }
        let begin = sys::now();
        if let Err(e) = self.netlink.send(&self.requests) {
            ::log::error!("cannot send route requests to the kernel: {e}");
            self.objects.lose_answers();
        }
        if sys::now().since(begin) > SLICE {
            self.batch = (self.batch / 2).max(1);
        }
    }

    /// The kernel's answer to a request of [`Hands::send_objects`].
    pub(super) fn object_answered(&mut self, seq: u32, errno: i32, links: &Links, now: Instant) {
        let answer = self.objects.ack(seq, errno, now);
        if !self.objects.busy() {
            for at in 0..self.params.instances.len() {
                let instance = InstanceId(at as u16);
                if self.objects.has_any(instance) {
                    self.record_held(instance);
                }
            }
        }
        let (Answer::Restored(object) | Answer::Refused(Op { object, .. }, _)) = answer else {
            return;
        };
        let Some(what) = self.objects.what(object) else {
            return;
        };
        let owner = self.objects.owner(object);
        let text = Named(what, links);
        match answer {
            Answer::Refused(op, errno) => {
                self.teller.object_refused(owner, op.add, &text, errno, now);
            }
            _ => self.teller.object_restored(owner, &text, now),
        }
    }

    /// What the page must know after an instance came to rest.
    pub(super) fn record_held(&self, instance: InstanceId) {
        let held = self.jobs.held(instance) + self.objects.held(instance);
        self.vital.held(instance, held);
    }

    /// Whether an answer belongs here.
    pub(super) fn is_object(seq: u32) -> bool {
        seq & SEQUENCES != 0
    }

    /// The kernel lists or reports an address that may be a static one.
    pub(super) fn static_address(
        &mut self,
        iface: IfaceId,
        message: &AddrMsg<'_>,
        present: bool,
        now: Instant,
    ) {
        let (address, prefix) = (message.address, message.prefix);
        if present {
            let ours = !self.tags || message.protocol == Some(rtnetlink::PROTOCOL_KEEPALIVED);
            self.objects.address_found(iface, address, prefix, ours);
        } else {
            self.objects.address_gone(iface, address, prefix, now);
        }
        self.objects.address_changed(now);
    }

    /// The kernel reports that a route is gone. `port`: who had it deleted.
    pub fn route_gone(&mut self, message: &RouteMsg, port: u32, links: &Links, now: Instant) {
        if port != self.netlink.port() {
            self.objects.route_gone(message, links, now);
        }
    }

    /// The kernel reports that a rule is gone.
    pub fn rule_gone(&mut self, port: u32, now: Instant) {
        if port != self.netlink.port() {
            self.objects.rule_gone(now);
        }
    }
}

/// Appends one request.
fn write(buf: &mut Vec<u8>, op: Op, what: What<'_>, links: &Links) -> Result<usize, wire::Error> {
    match (what, op.add) {
        (What::Address(a), true) => {
            rtnetlink::new_address(buf, op.seq, 0, &request(a, true, links))
        }
        (What::Address(a), false) => rtnetlink::del_address(buf, op.seq, &request(a, false, links)),
        (What::Route(line), true) => route::new_route(buf, op.seq, &line.route, links),
        (What::Route(line), false) => route::del_route(buf, op.seq, &line.route, links),
        (What::Rule(line), true) => new_rule(buf, op.seq, &line.rule, links),
        (What::Rule(line), false) => del_rule(buf, op.seq, &line.rule, links),
    }
}

fn request<'r>(a: &'r Address, add: bool, links: &Links) -> AddrRequest<'r> {
    let nodad = match a.address.is_ipv6() && !a.dad {
        true => rtnetlink::IFA_F_NODAD,
        false => 0,
    };
    AddrRequest {
        scope: a.scope,
        peer: a.peer,
        broadcast: a.broadcast,
        // A label on a delete would have to match; the address alone selects it.
        label: if add { a.label.as_deref() } else { None },
        protocol: Some(rtnetlink::PROTOCOL_KEEPALIVED),
        flags: a.flags | nodad,
        preferred: a.preferred,
        ..AddrRequest::new(links.index(a.iface), a.address, a.prefix)
    }
}

/// An object in words, for a message.
struct Named<'n>(What<'n>, &'n Links);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Named(what, links) = self;
        match what {
            What::Address(a) => {
                let dev = links.name(a.iface);
                write!(f, "address {}/{} on {dev}", a.address, a.prefix)
            }
            What::Route(line) => {
                let r = &line.route;
                write!(
                    f,
                    "route to {}/{}",
                    r.destination.address, r.destination.length
                )?;
                if let Some(via) = r.hop.via {
                    write!(f, " via {via}")?;
                }
                if let Some(device) = r.hop.device {
                    write!(f, " dev {}", links.name(device))?;
                }
                write!(f, " (line {})", line.line)
            }
            What::Rule(line) => {
                write!(f, "rule {}", line.rule.priority)?;
                if let RuleAction::Table(table) = line.rule.action {
                    write!(f, " to table {}", table.number(*links))?;
                }
                write!(f, " (line {})", line.line)
            }
        }
    }
}
