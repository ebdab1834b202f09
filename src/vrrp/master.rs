//! What a Master remembers and does.

use super::instance::{Core, Cx, Wish};
use super::receive::{Advert, OWNER};
use super::{Action, InstanceParams, Note, Reason, Timer};
use crate::time::{Instant, Span};
use core::net::IpAddr;

/// Holding the addresses.
pub(super) struct Master {
    /// When the next advert is due.
    due: Instant,
    answers: Answers,
    /// Another owner that does not yield to our higher address.
    rival: Option<Rival>,
}

/// Adverts sent out of turn in one interval: what a stranger can make us send is bounded.
struct Answers {
    since: Instant,
    given: u8,
}

/// Answers per advertisement interval; the first one is always immediate (RFC 9568 §6.4.3).
const ANSWERS: u8 = 3;

/// Compat: two owners. keepalived gives in after two own adverts and 1.2 intervals.
struct Rival {
    since: Instant,
    adverts: u8,
}

impl Master {
    /// The first moment as Master: advert, then addresses with their first announcements, then
    /// the timers. RFC 9568 §6.4.2.
    pub fn begin(core: &mut Core, cx: &mut Cx<'_>) -> Self {
        let garp = &cx.params.garp;
        core.advertise(core.priority(cx.params), cx);
        cx.out.push(Action::Claim {
            instance: cx.id,
            repeat: garp.repeat,
        });
        let due = cx.phase.join(cx.now);
        core.arm(Timer::Advert, due, cx);
        if !garp.delay.is_zero() && garp.repeat > 0 {
            core.arm(Timer::SecondBurst, cx.now + garp.delay, cx);
        }
        if !garp.refresh.is_zero() && garp.refresh_repeat > 0 {
            core.arm(Timer::Refresh, cx.now + garp.delay + garp.refresh, cx);
        }
        if !garp.elsewhere.is_zero() && cx.params.lives_elsewhere() {
            core.arm(Timer::Elsewhere, cx.now + garp.elsewhere, cx);
        }
        Master {
            due,
            answers: Answers {
                since: cx.now,
                given: 0,
            },
            rival: None,
        }
    }

    /// A reload. `news`: the adverts say something else from now on; `adds`: more is held.
    pub fn reconfigure(
        &mut self,
        was: &InstanceParams,
        (news, adds): (bool, bool),
        core: &mut Core,
        cx: &mut Cx<'_>,
    ) {
        let (garp, before) = (&cx.params.garp, &was.garp);
        if news {
            self.due = cx.now;
            core.arm(Timer::Advert, self.due, cx);
        }
        if adds {
            cx.out.push(Action::Claim {
                instance: cx.id,
                repeat: garp.repeat,
            });
            if !garp.delay.is_zero() && garp.repeat > 0 {
                core.arm(Timer::SecondBurst, cx.now + garp.delay, cx);
            }
        }
        if (garp.refresh, garp.refresh_repeat) != (before.refresh, before.refresh_repeat) {
            core.disarm(Timer::Refresh, cx);
            if !garp.refresh.is_zero() && garp.refresh_repeat > 0 {
                core.arm(Timer::Refresh, cx.now + garp.refresh, cx);
            }
        }
        let elsewhere = !garp.elsewhere.is_zero() && cx.params.lives_elsewhere();
        if !elsewhere {
            core.disarm(Timer::Elsewhere, cx);
        } else if garp.elsewhere != before.elsewhere || core.armed(Timer::Elsewhere).is_none() {
            core.arm(Timer::Elsewhere, cx.now + garp.elsewhere, cx);
        }
    }

    pub fn advert_due(&mut self, core: &mut Core, cx: &mut Cx<'_>) -> Wish {
        core.advertise(core.priority(cx.params), cx);
        if let Some(rival) = &mut self.rival {
            rival.adverts = rival.adverts.saturating_add(1);
        }
        self.due = cx.phase.next(self.due, cx.now);
        core.arm(Timer::Advert, self.due, cx);
        Wish::Stay
    }

    pub fn second_burst(&mut self, cx: &mut Cx<'_>) -> Wish {
        cx.out.push(Action::AnnounceAgain {
            instance: cx.id,
            repeat: cx.params.garp.repeat,
        });
        Wish::Stay
    }

    pub fn refresh(&mut self, core: &mut Core, cx: &mut Cx<'_>) -> Wish {
        let garp = &cx.params.garp;
        cx.out.push(Action::Announce {
            instance: cx.id,
            repeat: garp.refresh_repeat,
        });
        core.arm(Timer::Refresh, cx.now + garp.refresh, cx);
        Wish::Stay
    }

    /// Compat: `garp_extra_if`.
    pub fn elsewhere(&mut self, core: &mut Core, cx: &mut Cx<'_>) -> Wish {
        cx.out.push(Action::AnnounceElsewhere(cx.id));
        core.arm(Timer::Elsewhere, cx.now + cx.params.garp.elsewhere, cx);
        Wish::Stay
    }

    pub fn lower_burst(&mut self, cx: &mut Cx<'_>) -> Wish {
        cx.out.push(Action::Announce {
            instance: cx.id,
            repeat: cx.params.garp.lower_prio_repeat,
        });
        Wish::Stay
    }

    /// Whoever waits for us must hear us now: an advert out of turn, the timer anew.
    pub fn answer(&mut self, core: &mut Core, cx: &mut Cx<'_>) -> Wish {
        if self.answers.allow(cx.now, cx.params.advert_int) {
            self.speak(core, cx);
        }
        Wish::Stay
    }

    fn speak(&mut self, core: &mut Core, cx: &mut Cx<'_>) {
        core.advertise(core.priority(cx.params), cx);
        self.due = cx.phase.after(cx.now);
        core.arm(Timer::Advert, self.due, cx);
    }

    /// Somebody else is the better Master.
    pub fn outranked(
        &mut self,
        advert: &Advert,
        ours: u8,
        core: &mut Core,
        cx: &mut Cx<'_>,
    ) -> Wish {
        if cx.params.higher_prio_send_advert {
            core.advertise(ours, cx);
        }
        let reason = if advert.priority > ours {
            Reason::Higher(advert.source, advert.priority)
        } else {
            Reason::HigherAddress(advert.source)
        };
        Wish::Yield(reason, *advert)
    }

    /// A Master that should not be one: answer, and let the switches learn again where we are.
    pub fn lower(&mut self, advert: &Advert, core: &mut Core, cx: &mut Cx<'_>) -> Wish {
        if let Some(sequence) = advert.sequence {
            // Compat: one above the peer's, so that it hears our next one.
            core.sequence = sequence.saturating_add(1);
        }
        if self.rival_stays(advert, core, cx) {
            core.demoted = true;
            return Wish::Yield(Reason::Higher(advert.source, advert.priority), *advert);
        }
        cx.out.push(Action::Note(Note::LowerMaster(
            cx.id,
            advert.source,
            advert.priority,
            core.priority(cx.params),
        )));
        if !self.answers.allow(cx.now, cx.params.advert_int) {
            return Wish::Stay;
        }
        if !cx.params.lower_prio_no_advert {
            self.speak(core, cx);
        }
        core.lower_burst(cx);
        Wish::Burst
    }

    /// An authentic advert whose AH sequence number is not above ours.
    ///
    /// Two Masters that count and send in step would never hear each other (found by simulation).
    /// So the one with the higher address steps ahead and says so; what replayed packets can cause is
    /// bounded like any answer.
    pub fn out_of_step(&mut self, source: IpAddr, core: &mut Core, cx: &mut Cx<'_>) {
        if Some(source) < core.source && self.answers.allow(cx.now, cx.params.advert_int) {
            core.sequence = core.sequence.saturating_add(1);
            self.speak(core, cx);
        }
    }

    /// Whether another owner, of a lower address, has had its chance to yield.
    fn rival_stays(&mut self, advert: &Advert, core: &Core, cx: &Cx<'_>) -> bool {
        if advert.priority != OWNER || core.priority(cx.params) != OWNER {
            return false;
        }
        let rival = self.rival.get_or_insert(Rival {
            since: cx.now,
            adverts: 0,
        });
        let longest: Span = advert.interval.max(cx.params.advert_int);
        rival.adverts >= 2 && cx.now.since(rival.since) >= longest.times(6).over(5)
    }
}

impl Answers {
    fn allow(&mut self, now: Instant, interval: Span) -> bool {
        if now.since(self.since) >= interval {
            self.since = now;
            self.given = 0;
        }
        if self.given >= ANSWERS {
            return false;
        }
        self.given += 1;
        true
    }
}
