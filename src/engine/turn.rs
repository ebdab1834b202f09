//! One turn of the loop.

use super::control::Control;
use super::exec::probe::Probes;
use super::*;
use crate::sys;
use crate::sys::signal::Signal;
use crate::vrrp::{Action, Event, State, Timer, Who};
use std::time::Duration;

impl Engine {
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
                TOKEN_FILES => self.files.ready(),
                TOKEN_IPVS => {
                    if let Some(checks) = &mut self.checks {
                        checks.answered();
                    }
                }
                TOKEN_MAIL | TOKEN_NAMES => self.hands.mail_ready(),
                TOKEN_CONTROL => self.control.connected(),
                token if Control::owns(token) => self.control.ready(token),
                token if Probes::owns(token) => {
                    if let Some(checks) = &mut self.checks {
                        let failed = event.is_error() || event.is_write_closed();
                        checks.ready(token, event.is_writable() && !failed);
                    }
                }
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
        self.take_files(now);
        self.take_timers(now);
        self.more |= self.hands.work(&self.links, now);
        self.work_checks(now);
        self.more |= self
            .hands
            .work_mail(self.poll.registry(), &mut self.buf, now);
        self.work_control(now);
        self.report_groups(now);
        self.more |= self.hands.ports.next_unread(0).is_some();
        self.take_reload(now);
        self.after_work(now)
    }

    /// Gives an event to the room and does what it asks for.
    pub(super) fn tell(&mut self, event: Event<'_>, now: Instant) {
        // A build without VRRP has no use for the room.
        if cfg!(feature = "vrrp") {
            self.router.handle(event, now);
            self.drain(now);
        }
    }

    pub(super) fn drain(&mut self, now: Instant) {
        while let Some(action) = self.router.next_action() {
            if let (Action::Tell(change), Some(checks)) = (&action, &mut self.checks)
                && let Who::Instance(instance) = change.who
            {
                checks.follow(instance.0, change.to == State::Master);
            }
            self.hands.perform(action, &self.router, &self.links, now);
        }
    }

    /// Adverts first: up to a budget per interface, the rest next turn.
    fn take_packets(&mut self, now: Instant) {
        let mut at = 0;
        while let Some(iface) = self.hands.ports.next_unread(at) {
            at = usize::from(iface.0) + 1;
            for _ in 0..ports::BUDGET {
                match self.hands.ports.receive(iface, &mut self.buf) {
                    Some(Ok(got)) => {
                        let event = match got.parse(&self.buf) {
                            Ok(packet) => Event::Packet { iface, packet },
                            Err(why) => Event::Malformed { iface, why },
                        };
                        if cfg!(feature = "vrrp") {
                            self.router.handle(event, now);
                            self.drain(now);
                        }
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
        while let Some((id, _)) = self.hands.wheel.pop(now) {
            let (instance, timer) = match self.hands.ids.slot(id) {
                Some(Slot::Instance(instance, timer)) => (instance, timer),
                Some(Slot::Own(which)) => {
                    self.own_timer(which, now);
                    continue;
                }
                Some(Slot::Clock(clock)) => {
                    self.tell(Event::Clock(clock), now);
                    continue;
                }
                Some(Slot::Checker(checker)) => {
                    if let Some(checks) = &mut self.checks {
                        checks.due(checker);
                    }
                    continue;
                }
                None => continue,
            };
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
                self.beat(now);
            }
            Some(Own::Children) => self.hands.children.tick(now),
            Some(Own::Scripts) => {
                // One that has just ended has not taken too long.
                self.reap(now);
                self.hands.scripts.tick(now);
                self.take_ends(now);
            }
            Some(Own::Files) => {
                self.files.look(now);
                self.tell_files(now);
            }
            Some(Own::Log) => exec::log::retry(now),
            Some(Own::Redump) => self.redump(now),
            // What they are for is looked at in each turn.
            Some(Own::Announce | Own::Mail) => {}
            Some(Own::PutBack) => self.hands.put_back(&self.links, now),
            Some(Own::Retry) => self.hands.retry(),
            Some(Own::Hushed) => self.hands.teller.settle(now),
            Some(Own::Reopen) => self.reopen(now),
            Some(Own::Checks) => {
                if let Some(checks) = &mut self.checks {
                    checks.tick(now);
                }
            }
            Some(Own::Control) => self.control.expire(now),
            Some(Own::Verify) => self.hands.objects.tick(now),
            Some(Own::StopLimit) => {
                log::warn!("stopping without waiting any longer for the kernel or for scripts");
                self.hands.give_up();
            }
            None => {}
        }
    }

    /// Tells the room which groups of static objects became complete or incomplete, and the page
    /// what would have to be taken away.
    fn report_groups(&mut self, now: Instant) {
        while let Some((group, whole)) = self.hands.objects.group_change(&self.links) {
            self.tell(Event::Static { group, whole }, now);
        }
        self.hands.vital.statics(self.hands.objects.held_statics());
    }

    /// What became of tracked scripts.
    fn take_ends(&mut self, now: Instant) {
        while let Some((script, ended)) = self.hands.scripts.next_ended() {
            self.tell(Event::Script { script, ended }, now);
        }
    }

    /// What happened to tracked files.
    fn take_files(&mut self, now: Instant) {
        self.more |= self.files.take(&mut self.buf, now);
        self.tell_files(now);
    }

    /// The values of the files that changed.
    pub(super) fn tell_files(&mut self, now: Instant) {
        while let Some((file, value)) = self.files.next_change() {
            self.tell(Event::File { file, value }, now);
            if let Some(checks) = &mut self.checks {
                checks.file(file.0, value, &mut self.hands, now);
            }
        }
    }

    /// One slice of what virtual servers want.
    fn work_checks(&mut self, now: Instant) {
        if let Some(checks) = &mut self.checks {
            let registry = self.poll.registry();
            self.more |= checks.work(&mut self.hands, registry, &mut self.buf, now);
        }
    }

    /// Programs ended.
    fn reap(&mut self, now: Instant) {
        let checks = &mut self.checks;
        self.hands.reap(now, &mut |pid, exit| {
            if let Some(checks) = checks {
                checks.reaped(pid, exit, now);
            }
        });
    }

    /// Tells the watchdog that the loop turns; once, gives back what only the start needed.
    fn beat(&mut self, now: Instant) {
        self.hands.vital.beat();
        self.supervisor.alive();
        self.control.again(self.poll.registry());
        self.arm_own(Own::Beat, now + BEAT);
        self.beats = self.beats.saturating_add(1);
        if self.beats == SETTLED_BEATS {
            sys::memory::trim_heap();
            self.code.let_go();
        }
    }

    pub(super) fn arm_own(&mut self, which: Own, at: Instant) {
        self.hands.wake(Slot::Own(which as usize), Some(at));
    }

    pub(super) fn is_armed(&self, which: Own) -> bool {
        let id = self.hands.ids.number(Slot::Own(which as usize));
        self.hands.wheel.deadline(id).is_some()
    }

    fn take_signals(&mut self, now: Instant) {
        while let Some(signal) = self.signals.next() {
            match signal {
                Signal::Int if self.how.ignore_int => log::info!("SIGINT ignored"),
                Signal::Term | Signal::Int => self.stop(now),
                Signal::Hup => self.reload_asked = true,
                Signal::Child => {
                    self.reap(now);
                    self.take_ends(now);
                }
                Signal::Usr1 => self.dump_data(),
                Signal::Usr2 => self.dump_stats(false),
                Signal::StatsClear => self.dump_stats(true),
                Signal::Json => self.dump_json(),
                Signal::Tdump => log::info!("the dump of internal timers is not available"),
            }
        }
    }

    /// Begins an orderly stop. Before the start only notes it: the kernel is being asked what an
    /// earlier run left behind, and that must not stay.
    pub(super) fn stop(&mut self, now: Instant) {
        if self.stopping {
            return;
        }
        if !self.started && !self.how.keep_addresses {
            if !self.stop_asked {
                self.stop_asked = true;
                self.arm_own(Own::StopLimit, now + STOP_LIMIT);
            }
            return;
        }
        self.stopping = true;
        (self.pending, self.reload_asked) = (None, false);
        log::info!("stopping");
        self.supervisor.stopping();
        self.hands.stopping(self.how.keep_addresses);
        self.tell(Event::Stop, now);
        self.hands.objects.hold_statics(false);
        self.stop_checks(now);
        self.hands.stop_children(now);
        self.hands.stop_mail(now);
        self.arm_own(Own::StopLimit, now + STOP_LIMIT);
    }

    fn stop_checks(&mut self, now: Instant) {
        if let Some(checks) = &mut self.checks {
            checks.stop(self.how.keep_services, &mut self.hands, now);
            // A last slice comes before the turn ends.
            self.more = true;
        }
    }

    /// Sends lines. A table that is being filled goes first, for some turns: whoever reads the lines
    /// would take the processor, and the first connections wait for the table.
    fn pump_log(&mut self, now: Instant) {
        let filling = self.more && self.checks.as_ref().is_some_and(|c| c.filling());
        if filling && self.log_held < LOG_HELD && exec::log::is_roomy() {
            self.log_held += 1;
            return;
        }
        self.log_held = 0;
        if let Some(at) = exec::log::pump(now, self.poll.registry(), mio::Token(TOKEN_LOG)) {
            self.arm_own(Own::Log, at);
        }
    }

    /// Scripts, the log, and whether it is time to leave.
    fn after_work(&mut self, now: Instant) -> Option<Outcome> {
        if let Some(at) = self.hands.children.deadline() {
            // Not before what is due already: an advert goes first.
            self.arm_own(Own::Children, at.max(now));
        }
        if let Some(at) = self.hands.scripts.deadline() {
            self.arm_own(Own::Scripts, at.max(now));
        }
        if let Some(at) = self.files.look_at() {
            self.arm_own(Own::Files, at);
        }
        for (own, at) in [
            (Own::Announce, self.hands.announce_at()),
            (Own::PutBack, self.hands.jobs.put_back_at()),
            (Own::Retry, self.hands.retry_at),
            (Own::Verify, self.hands.objects.deadline()),
            (Own::Checks, self.checks.as_ref().and_then(|c| c.deadline())),
            (Own::Mail, self.hands.mail_deadline().map(|at| at.max(now))),
            (Own::Control, self.control.deadline()),
        ] {
            if let Some(at) = at {
                self.arm_own(own, at);
            }
        }
        if let Some(at) = self.hands.teller.settle_at() {
            self.arm_own(Own::Hushed, at);
        }
        self.pump_log(now);
        let checks = self.hands.has_given_up() || self.checks.as_ref().is_none_or(|c| c.rested());
        if (self.stopping || self.hands.has_given_up()) && checks && self.hands.rested() {
            self.hands.demote_all(&self.links);
            log::info!("stopped");
            exec::log::flush_for(Span::from_millis(50));
            return Some(Outcome::Stopped);
        }
        None
    }
}
