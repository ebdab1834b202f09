//! One turn of the loop.

use super::*;
use crate::sys;
use crate::sys::signal::Signal;
use crate::vrrp::{Event, IfaceId, TIMERS, Timer};
use crate::wire::netlink::{Control, Messages};
use crate::wire::rtnetlink::{self, Report};
use crate::wire::vrrp::Packet;
use std::time::Duration;

/// The timers of an instance, by number.
const TIMER: [Timer; TIMERS] = [
    Timer::Advert,
    Timer::MasterDown,
    Timer::PreemptDelay,
    Timer::SecondBurst,
    Timer::Refresh,
    Timer::LowerPrioBurst,
];

impl Engine<'_> {
    /// Sleeps until something happens.
    pub(super) fn wait(&mut self, events: &mut Events) -> io::Result<()> {
        let timeout = if self.more {
            Some(Duration::ZERO)
        } else {
            self.arm();
            None
        };
        match self.poll.poll(events, timeout) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => Ok(()),
            other => other,
        }
    }

    /// Sets the clock to the earliest deadline, if that changed.
    fn arm(&mut self) {
        let next = self.hands.wheel.next_deadline();
        if next != self.armed {
            let done = match next {
                Some(at) => self.timer.arm(at),
                None => self.timer.disarm(),
            };
            if let Err(e) = done {
                log::error!("cannot set the timer: {e}");
            }
            self.armed = next;
        }
    }

    /// Serves what is ready, in order of class.
    pub(super) fn turn(&mut self, events: &Events) -> Option<Outcome> {
        let now = sys::now();
        self.more = false;
        let (mut signals, mut command) = (false, false);
        for event in events {
            match event.token().0 {
                TOKEN_SIGNALS => signals = true,
                TOKEN_COMMAND => command = true,
                TOKEN_MONITOR => self.monitor_unread = true,
                // It fired: whatever is next must be armed anew.
                TOKEN_TIMER => self.armed = None,
                TOKEN_LOG => exec::log::on_writable(),
                token => self.hands.ports.ready(token),
            }
        }
        if signals {
            self.take_signals(now);
        }
        self.take_packets(now);
        if command {
            self.take_answers(now);
        }
        if self.monitor_unread {
            self.take_notifications(now);
        }
        self.take_timers(now);
        self.more |= self.hands.work(&self.links, now);
        self.more |= self.hands.ports.next_unread(0).is_some();
        self.after_work(now)
    }

    /// Gives an event to the room and does what it asks for.
    pub(super) fn tell(&mut self, event: Event<'_>, now: Instant) {
        self.router.handle(event, now);
        self.drain(now);
    }

    fn drain(&mut self, now: Instant) {
        while let Some(action) = self.router.next_action() {
            self.hands.perform(action, &self.router, now);
        }
    }

    /// Adverts first: up to a budget per interface, the rest next turn.
    fn take_packets(&mut self, now: Instant) {
        let mut at = 0;
        while let Some(iface) = self.hands.ports.next_unread(at) {
            at = usize::from(iface.0) + 1;
            for _ in 0..ports::BUDGET {
                match self.hands.ports.receive(iface, &mut self.buf) {
                    Some(Ok(len)) => {
                        let bytes = &self.buf[..len.min(self.buf.len())];
                        let event = match Packet::parse_ipv4(bytes) {
                            Ok(packet) => Event::Packet { iface, packet },
                            Err(why) => Event::Malformed { iface, why },
                        };
                        self.router.handle(event, now);
                        self.drain(now);
                    }
                    Some(Err(e)) => self.hands.receive_failed(iface, &self.links, &e, now),
                    None => break,
                }
            }
        }
        self.undefer(now);
    }

    /// Fires the Master-down timers whose predecessors in the socket have been read.
    fn undefer(&mut self, now: Instant) {
        let mut at = 0;
        while let Some(d) = self.deferred.get(at).copied() {
            let iface = self.hands.iface(d.instance);
            let left = d.until.wrapping_sub(self.hands.ports.read_count(iface));
            // The counter passes `until`: the difference wraps to something huge.
            if !self.hands.ports.unread(iface) || left == 0 || left > QUEUE_LIMIT {
                self.deferred.swap_remove(at);
                self.tell(Event::Timer(d.instance, Timer::MasterDown), now);
            } else {
                at += 1;
            }
        }
    }

    fn take_timers(&mut self, now: Instant) {
        let instances = self.hands.instances();
        while let Some((id, _)) = self.hands.wheel.pop(now) {
            let id = id as usize;
            if id >= instances * TIMERS {
                self.own_timer(id - instances * TIMERS, now);
                continue;
            }
            let instance = InstanceId((id / TIMERS) as u16);
            let timer = TIMER[id % TIMERS];
            if timer == Timer::MasterDown {
                let iface = self.hands.iface(instance);
                if self.hands.ports.unread(iface) {
                    let until = self.hands.ports.read_count(iface).wrapping_add(QUEUE_LIMIT);
                    self.deferred.push(Deferred { instance, until });
                    continue;
                }
            }
            self.tell(Event::Timer(instance, timer), now);
        }
    }

    fn own_timer(&mut self, which: usize, now: Instant) {
        match ALL_OWN.get(which) {
            Some(Own::Beat) => {
                self.hands.vital.beat();
                self.arm_own(Own::Beat, now + BEAT);
            }
            Some(Own::Children) => self.hands.children.tick(now),
            Some(Own::Log) => exec::log::retry(now),
            Some(Own::Redump) => self.redump(),
            Some(Own::Hushed) => self.hands.teller.settle(now),
            Some(Own::StopLimit) => {
                log::warn!("stopping without waiting any longer for the kernel or for scripts");
                self.hands.give_up();
            }
            None => {}
        }
    }

    pub(super) fn arm_own(&mut self, which: Own, at: Instant) {
        let id = self.hands.instances() * TIMERS + which as usize;
        self.hands.wheel.arm(id as u32, at);
    }

    fn take_signals(&mut self, now: Instant) {
        while let Some(signal) = self.signals.next() {
            match signal {
                Signal::Int if self.setup.ignore_int => log::info!("SIGINT ignored"),
                Signal::Term | Signal::Int => self.stop(now),
                Signal::Hup => log::warn!(
                    "reload is not available yet: the running configuration stays; restart to change it"
                ),
                Signal::Child => self.hands.reap(now),
                Signal::Usr1 => self.dump_data(now),
                Signal::Usr2 => self.dump_stats(false),
                Signal::StatsClear => self.dump_stats(true),
                Signal::Json => self.dump_json(),
                Signal::Tdump => log::info!("the dump of internal timers is not available"),
            }
        }
    }

    /// Begins an orderly stop.
    fn stop(&mut self, now: Instant) {
        if self.stopping {
            return;
        }
        self.stopping = true;
        log::info!("stopping");
        self.hands.stopping(self.setup.keep_addresses);
        self.tell(Event::Stop, now);
        self.hands.stop_children(now);
        self.arm_own(Own::StopLimit, now + STOP_LIMIT);
    }

    /// Acks of our own requests.
    fn take_answers(&mut self, now: Instant) {
        loop {
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
                    log::warn!("answers of the kernel were lost ({e}): asking again");
                    self.hands.jobs.lose_answers();
                    self.schedule_redump(now);
                    break;
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
                    log::warn!(
                        "notifications of the kernel were lost ({e}): asking for everything"
                    );
                    self.schedule_redump(now);
                    break;
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
            if let Ok(Some(Control::Done(_) | Control::Ack(_))) = message.control() {
                done = true;
                continue;
            }
            match rtnetlink::parse(&message) {
                Ok(Some(Report::Link(l))) => self.links.link(l.index, l.name, l.flags, l.mac),
                Ok(Some(Report::LinkGone(l))) => self.links.link_gone(l.index),
                Ok(Some(Report::Address(a))) => {
                    self.hands
                        .address_seen(&a, true, &mut self.links, self.started, now);
                }
                Ok(Some(Report::AddressGone(a))) => {
                    self.hands
                        .address_seen(&a, false, &mut self.links, self.started, now);
                }
                Ok(None) => {}
                Err(e) => log::warn!("notification of the kernel ignored: {e}"),
            }
        }
        if done {
            self.dumped(now);
        }
    }

    /// A dump came to its end: ask for the next part, or begin.
    fn dumped(&mut self, now: Instant) {
        match self.dump {
            Dump::Links => self.request(Dump::Addresses),
            Dump::Addresses if self.interrupted => {
                self.dump = Dump::Idle;
                self.redump();
            }
            Dump::Addresses => {
                self.dump = Dump::Idle;
                self.report_links(now);
                if !self.started {
                    self.begin(now);
                }
            }
            Dump::Idle => {}
        }
    }

    /// Tells the room which interfaces changed.
    fn report_links(&mut self, now: Instant) {
        // Half a dump is no truth: wait for its end.
        if self.dump != Dump::Idle {
            return;
        }
        while let Some((iface, link)) = self.links.next_change() {
            self.link_changed(iface, link, now);
        }
    }

    fn link_changed(&mut self, iface: IfaceId, link: crate::vrrp::Link, now: Instant) {
        let name = self.links.name(iface);
        if let Err(e) = self
            .hands
            .ports
            .follow(iface, name, link, self.poll.registry())
        {
            log::error!("interface {name}: cannot open the VRRP sockets: {e}");
        }
        if link.index == 0 {
            self.hands.jobs.interface_gone(iface);
        }
        self.tell(Event::Interface { iface, link }, now);
    }

    fn schedule_redump(&mut self, now: Instant) {
        self.arm_own(Own::Redump, now + REDUMP_DELAY);
    }

    /// Only when no address job runs: otherwise the answer would be stale.
    fn redump(&mut self) {
        if self.dump != Dump::Idle {
            return;
        }
        if self.hands.jobs.busy() {
            self.schedule_redump(sys::now());
            return;
        }
        self.interrupted = false;
        self.links.begin_redump();
        self.request(Dump::Links);
    }

    pub(super) fn request(&mut self, dump: Dump) {
        self.dump = dump;
        let mut request = Vec::new();
        let made = match dump {
            Dump::Links => rtnetlink::dump_links(&mut request, 1),
            Dump::Addresses => rtnetlink::dump_addresses(&mut request, 2),
            Dump::Idle => return,
        };
        let sent = made.map_err(|e| io::Error::other(e.to_string()));
        if let Err(e) = sent.and_then(|_| self.monitor.send(&request)) {
            log::error!("cannot ask the kernel for its interfaces: {e}");
            self.dump = Dump::Idle;
        }
    }

    /// Scripts, the log, and whether it is time to leave.
    fn after_work(&mut self, now: Instant) -> Option<Outcome> {
        if let Some(at) = self.hands.children.deadline() {
            self.arm_own(Own::Children, at);
        }
        if let Some(at) = self.hands.teller.settle_at() {
            self.arm_own(Own::Hushed, at);
        }
        if let Some(at) = exec::log::pump(now, self.poll.registry(), mio::Token(TOKEN_LOG)) {
            self.arm_own(Own::Log, at);
        }
        if self.stopping && self.hands.rested() {
            log::info!("stopped");
            exec::log::flush_for(Span::from_millis(50));
            return Some(Outcome::Stopped);
        }
        None
    }
}
