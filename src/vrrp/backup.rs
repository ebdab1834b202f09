//! What a Backup remembers and does.

use super::instance::{Core, Cx, Wish};
use super::receive::Advert;
use super::{Action, InstanceParams, Note, Reason, Timer, timing};
use crate::time::{Instant, Span};
use crate::wire::vrrp::Version;
use core::net::IpAddr;

/// Listening to a Master.
pub(super) struct Backup {
    /// When the Master counts as down; the wheel may hold an earlier time and finds out.
    down: Instant,
    /// Whom it listens to, and that router's priority.
    pub master: Option<(IpAddr, u8)>,
    /// v3: the Master's interval (RFC 9568 §6.1, Active_Adver_Interval).
    learnt: Option<Span>,
    /// What it will mean when the timer runs out.
    sign: Sign,
    /// `preempt_delay`.
    hold: Hold,
    /// The timer ran out and nothing was accepted since; the sync group has not agreed yet.
    pub willing: bool,
}

/// Why the down timer will have run out.
#[derive(Clone, Copy)]
enum Sign {
    Silence,
    Left(IpAddr),
    Lower(IpAddr),
}

/// How far `preempt_delay` has come.
#[derive(Clone, Copy)]
enum Hold {
    /// No lower-priority Master was heard.
    Idle,
    /// One was; it is tolerated until then.
    Until(Instant),
    /// Tolerated long enough.
    Over,
}

impl Backup {
    /// The first moment as Backup.
    pub fn begin(heard: Option<Advert>, core: &mut Core, cx: &mut Cx<'_>) -> Self {
        let mut backup = Backup {
            down: cx.now,
            master: None,
            learnt: None,
            sign: Sign::Silence,
            hold: Hold::Idle,
            willing: false,
        };
        if let Some(advert) = heard {
            backup.learn(&advert, cx);
        }
        backup.restart(core, cx);
        backup
    }

    /// The interval of the Master as far as it is known.
    pub fn interval(&self, params: &InstanceParams) -> Span {
        self.learnt.unwrap_or(params.advert_int)
    }

    fn down_interval(&self, core: &Core, params: &InstanceParams) -> Span {
        timing::down(
            params.version,
            core.priority(params),
            self.interval(params),
            params.down_timer_adverts,
        )
    }

    /// When the Master counts as down.
    pub fn down(&self) -> Instant {
        self.down
    }

    /// When the Master it listens to was heard last.
    pub fn heard(&self, core: &Core, params: &InstanceParams) -> Option<Instant> {
        let silence = matches!(self.sign, Sign::Silence) && self.master.is_some();
        silence.then(|| self.down - self.down_interval(core, params))
    }

    /// Until when a Master of lower priority is tolerated.
    pub fn tolerates(&self) -> Option<Instant> {
        match self.hold {
            Hold::Until(end) => Some(end),
            Hold::Idle | Hold::Over => None,
        }
    }

    /// The full down interval from now.
    pub fn restart(&mut self, core: &mut Core, cx: &mut Cx<'_>) {
        let down = cx.now + self.down_interval(core, cx.params);
        self.expect(down, core, cx);
    }

    /// Moves the deadline: the wheel only needs to know of an earlier one.
    fn expect(&mut self, down: Instant, core: &mut Core, cx: &mut Cx<'_>) {
        self.down = down;
        if core.armed(Timer::MasterDown).is_none_or(|at| at > down) {
            core.arm(Timer::MasterDown, down, cx);
        }
    }

    /// Our priority changed: the running timer moves by the difference of the skews.
    pub fn reweigh(&mut self, (from, to): (u8, u8), core: &mut Core, cx: &mut Cx<'_>) {
        let interval = self.interval(cx.params);
        let skew = |priority| timing::skew(cx.params.version, priority, interval);
        let down = self.down + skew(to) - skew(from);
        self.expect(down, core, cx);
    }

    /// A reload. `priorities`: the effective one before and now.
    pub fn reconfigure(
        &mut self,
        was: &InstanceParams,
        priorities: (u8, u8),
        core: &mut Core,
        cx: &mut Cx<'_>,
    ) {
        let is = cx.params;
        if was.version != is.version {
            self.learnt = None;
        }
        if was.preempt_delay != is.preempt_delay || was.preempt != is.preempt {
            self.hold = Hold::Idle;
            core.disarm(Timer::PreemptDelay, cx);
        }
        let timing = |i: &InstanceParams| (i.version, i.advert_int, i.down_timer_adverts);
        if timing(was) != timing(is) {
            self.restart(core, cx);
        } else if priorities.0 != priorities.1 {
            self.reweigh(priorities, core, cx);
        }
    }

    pub fn down_expired(&mut self, core: &mut Core, cx: &mut Cx<'_>) -> Wish {
        if cx.now < self.down {
            core.arm(Timer::MasterDown, self.down, cx);
            return Wish::Stay;
        }
        self.willing = true;
        Wish::Rise(match self.sign {
            Sign::Silence => Reason::MasterSilent(self.down_interval(core, cx.params)),
            Sign::Left(master) => Reason::MasterLeft(master),
            Sign::Lower(master) => Reason::Preempting(master),
        })
    }

    pub fn delay_expired(&mut self) -> Wish {
        self.hold = Hold::Over;
        Wish::Stay
    }

    /// Priority 0. A timer that would run out sooner stays: order among Backups is kept.
    pub fn master_left(&mut self, advert: &Advert, core: &mut Core, cx: &mut Cx<'_>) -> Wish {
        let params = cx.params;
        let skew = timing::skew(params.version, core.priority(params), self.interval(params));
        self.sign = Sign::Left(advert.source);
        self.expect(self.down.min(cx.now + skew), core, cx);
        Wish::Stay
    }

    /// Whether a Master of lower priority is not to be listened to.
    pub fn preempts(&self, advert: &Advert, ours: u8, cx: &Cx<'_>) -> bool {
        let patient = match self.hold {
            Hold::Idle => !cx.params.preempt_delay.is_zero(),
            Hold::Until(end) => cx.now < end,
            Hold::Over => false,
        };
        cx.params.preempt && advert.priority < ours && !patient
    }

    /// The timer goes on and will run out although adverts keep coming.
    pub fn ignore(&mut self, advert: &Advert) -> Wish {
        self.sign = Sign::Lower(advert.source);
        Wish::Stay
    }

    /// A Master to listen to.
    pub fn accept(&mut self, advert: &Advert, core: &mut Core, cx: &mut Cx<'_>) -> Wish {
        if advert.priority >= core.priority(cx.params) {
            self.hold = Hold::Idle;
            core.disarm(Timer::PreemptDelay, cx);
        } else if let (true, Hold::Idle) = (cx.params.preempt, self.hold) {
            let end = cx.now + cx.params.preempt_delay;
            self.hold = Hold::Until(end);
            core.arm(Timer::PreemptDelay, end, cx);
        }
        self.learn(advert, cx);
        self.sign = Sign::Silence;
        self.willing = false;
        self.restart(core, cx);
        Wish::Stay
    }

    /// Remembers the Master; v3 adopts its interval (RFC 9568 §6.4.2).
    fn learn(&mut self, advert: &Advert, cx: &mut Cx<'_>) {
        if cx.params.version == Version::V3 {
            let news = self.learnt != Some(advert.interval)
                || self.master.is_none_or(|(known, _)| known != advert.source);
            if news && advert.interval != cx.params.advert_int {
                cx.out.push(Action::Note(Note::IntervalDiffers(
                    cx.id,
                    advert.source,
                    advert.interval,
                )));
            }
            self.learnt = Some(advert.interval);
        }
        self.master = Some((advert.source, advert.priority));
    }
}
