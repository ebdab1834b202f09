//! What the kernel says: answers to our requests, notifications, dumps.

use super::outside::plain;
use super::*;
use crate::sys;
use crate::vrrp::{Event, IfaceId, Link};
use crate::wire::netlink::{Control, Messages};
use crate::wire::rtnetlink::{self, Report};

/// Errors taken from the command socket in one turn.
const ERRORS: usize = 4;

impl Engine {
    /// Acks of our own requests.
    pub(super) fn take_answers(&mut self, now: Instant) {
        let mut errors = 0;
        // Read to the end even after an error: there is no second edge for what is left, and the
        // kernel drops further answers until the queue was empty once.
        while errors < ERRORS {
            match self.hands.netlink.recv(&mut self.buf) {
                Ok(Some(len)) => {
                    for message in Messages::new(&self.buf[..len]) {
                        let Ok(message) = message else { break };
                        if let Ok(Some(Control::Ack(ack))) = message.control() {
                            self.hands
                                .answered(ack.sequence, ack.error, &self.links, now);
                        }
                    }
                }
                Ok(None) => break,
                Err(e) => {
                    errors += 1;
                    log::warn!(
                        "answers of the kernel were lost ({}): asking again",
                        plain(&e)
                    );
                    self.hands.jobs.lose_answers();
                    self.hands.objects.lose_answers();
                    self.schedule_redump(now);
                }
            }
        }
    }

    /// Links and addresses as they change.
    pub(super) fn take_notifications(&mut self, now: Instant) {
        for _ in 0..NOTIFICATIONS {
            match self.monitor.recv(&mut self.buf) {
                Ok(Some(len)) => self.notified(len, now),
                Ok(None) => {
                    self.monitor_unread = false;
                    break;
                }
                Err(e) => {
                    // Once per dump: a storm loses notifications again and again.
                    if !self.interrupted && !self.is_armed(Own::Redump) {
                        log::warn!(
                            "notifications of the kernel were lost ({}): asking for everything",
                            plain(&e)
                        );
                    }
                    self.schedule_redump(now);
                }
            }
        }
        self.more |= self.monitor_unread;
        self.report_links(now);
    }

    fn notified(&mut self, len: usize, now: Instant) {
        let mut done = false;
        for message in Messages::new(&self.buf[..len]) {
            let Ok(message) = message else {
                log::warn!("malformed netlink message of {len} bytes ignored");
                break;
            };
            self.interrupted |= message.dump_interrupted();
            if let Ok(Some(Control::Done(end) | Control::Ack(end))) = message.control() {
                // Refused (EBUSY, ENOMEM …): what was listed so far is no truth.
                self.interrupted |= end.error != 0;
                done = true;
                continue;
            }
            match rtnetlink::parse(&message) {
                Ok(Some(Report::Link(l))) => {
                    self.links.link(l.index, l.name, l.flags, l.mac);
                    self.links.vrf(l.index, l.table);
                    if let Some(pending) = &mut self.pending {
                        pending.links.link(l.index, l.name, l.flags, l.mac);
                        pending.links.vrf(l.index, l.table);
                    }
                }
                Ok(Some(Report::LinkGone(l))) => {
                    self.links.link_gone(l.index);
                    if let Some(pending) = &mut self.pending {
                        pending.links.link_gone(l.index);
                    }
                }
                Ok(Some(Report::Address(a))) => {
                    if let Some(pending) = &mut self.pending {
                        pending.address_seen(&a, true);
                    }
                    self.hands
                        .address_seen(&a, true, &mut self.links, self.started, now);
                    if let Some(checks) = &mut self.checks {
                        checks.local(a.address, true, &mut self.hands, now);
                    }
                }
                Ok(Some(Report::AddressGone(a))) => {
                    if let Some(pending) = &mut self.pending {
                        pending.address_seen(&a, false);
                    }
                    self.hands
                        .address_seen(&a, false, &mut self.links, self.started, now);
                    if let Some(checks) = &mut self.checks {
                        checks.local(a.address, false, &mut self.hands, now);
                    }
                }
                Ok(Some(Report::RouteGone(r))) => {
                    self.hands.route_gone(&r, message.port, &self.links, now);
                }
                Ok(Some(Report::RuleGone)) => self.hands.rule_gone(message.port, now),
                Ok(None) => {}
                Err(e) => log::warn!("notification of the kernel ignored: {e}"),
            }
        }
        if done {
            self.dumped(now);
        }
    }

    /// A dump came to its end: ask for the next part, or draw the conclusions.
    fn dumped(&mut self, now: Instant) {
        match self.dump {
            Dump::Links => return self.request(Dump::Addresses),
            Dump::Addresses => self.dump = Dump::Idle,
            Dump::Idle => return,
        }
        let whole = !self.interrupted;
        if !self.interrupted {
            self.links.end_redump();
            // First what went with its interface: nobody took that away.
            self.report_links(now);
            let links = &self.links;
            let exists = |iface| links.is_up(iface);
            let missing = self.hands.jobs.restore_missing(exists);
            if missing > 0 {
                log::warn!("virtual addresses had been removed unnoticed: {missing} put back");
            }
        } else if !self.started && self.start_dumps < START_DUMPS {
            return self.redump(now);
        } else {
            // Somebody changes the tables faster than they can be listed. Notifications tell the
            // changes; what they might have missed is looked for later.
            self.interrupted = false;
            self.schedule_redump(now);
        }
        self.report_links(now);
        if let Some(pending) = &mut self.pending {
            pending.dumped(whole);
        }
        if !self.started {
            self.begin(now);
        }
    }

    /// Tells the room which interfaces changed.
    pub(super) fn report_links(&mut self, now: Instant) {
        // Half of the first dump is no truth: wait for its end. Later ones only add to what is known.
        if !self.started && self.dump != Dump::Idle {
            return;
        }
        while let Some((iface, index)) = self.links.next_departed() {
            self.hands.desert(iface, index);
        }
        while let Some((iface, link)) = self.links.next_change() {
            self.link_changed(iface, link, now);
        }
        while let Some((instance, usable)) = self.links.next_source() {
            self.tell(Event::Source { instance, usable }, now);
        }
    }

    fn link_changed(&mut self, iface: IfaceId, mut link: Link, now: Instant) {
        if link.index == 0 {
            self.hands.jobs.interface_gone(iface);
        }
        self.hands.objects.link(iface, &self.links, now);
        self.hands.promote_link(iface, &self.links);
        if self.links.is_up(iface) {
            self.hands.interface_up(iface);
        }
        let name = self.links.name(iface);
        let registry = self.poll.registry();
        if let Err(e) = self.hands.ports.follow(iface, name, link, registry) {
            self.hands.teller.open_failed(iface, name, &e, now);
            // Deaf and mute is as good as not there: it must not come to think that it is alone.
            link = Link::default();
            self.arm_own(Own::Reopen, now + REOPEN_DELAY);
        }
        self.tell(Event::Interface { iface, link }, now);
    }

    /// Tries again to open what could not be opened.
    pub(super) fn reopen(&mut self, now: Instant) {
        let mut at = 0;
        while let Some(iface) = self.hands.ports.next_closed(at) {
            at = usize::from(iface.0) + 1;
            let link = self.links.get(iface);
            if link.index != 0 {
                self.link_changed(iface, link, now);
            }
        }
    }

    pub(super) fn schedule_redump(&mut self, now: Instant) {
        if self.dump != Dump::Idle {
            self.interrupted = true;
        } else if !self.is_armed(Own::Redump) {
            self.arm_own(Own::Redump, now + REDUMP_DELAY);
        }
    }

    /// Only when no address job runs: otherwise the answer would be stale.
    pub(super) fn redump(&mut self, now: Instant) {
        if self.dump != Dump::Idle || self.stopping {
            return;
        }
        if self.hands.jobs.busy() {
            self.schedule_redump(now);
            return;
        }
        self.links.begin_redump();
        self.hands.jobs.doubt();
        self.hands.objects.doubt(now);
        self.request(Dump::Links);
    }

    pub(super) fn request(&mut self, dump: Dump) {
        self.dump = dump;
        let mut request = Vec::new();
        let made = match dump {
            Dump::Links => {
                self.interrupted = false;
                self.start_dumps = self.start_dumps.saturating_add(1);
                rtnetlink::dump_links(&mut request, 1)
            }
            Dump::Addresses => rtnetlink::dump_addresses(&mut request, 2),
            Dump::Idle => return,
        };
        let sent = made.map_err(|e| io::Error::other(e.to_string()));
        if let Err(e) = sent.and_then(|_| self.monitor.send(&request)) {
            log::error!("cannot ask the kernel for its interfaces: {}", plain(&e));
            self.dump = Dump::Idle;
            self.schedule_redump(sys::now());
        }
    }
}
