//! One virtual router: state × event.
//!
//! An instance answers an event with what it does by itself and a [`Wish`]. Whether the wish is
//! granted is decided by the router, because a sync group may object.

mod hear;

use super::backup::Backup;
use super::master::Master;
use super::outbox::Outbox;
use super::receive::{AddressList, Advert, OWNER};
use super::timing::Phase;
use super::{
    Action, Counters, InstanceId, InstanceParams, Note, Reason, State, TIMERS, Timer, Transition,
    Who, track,
};
use crate::time::Instant;
use crate::wire::vrrp::{Auth, ChecksumForm};
use core::net::IpAddr;

/// What an instance gets lent while it handles something.
pub(super) struct Cx<'a> {
    pub id: InstanceId,
    pub params: &'a InstanceParams,
    pub now: Instant,
    /// Shared by all Masters of this interval.
    pub phase: &'a mut Phase,
    pub out: &'a mut Outbox,
}

/// What can happen to an instance.
pub(super) enum Input {
    Timer(Timer),
    Advert(Advert),
}

/// What an instance would like after an event.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Wish {
    /// Nothing.
    Stay,
    /// That the other members of its sync group announce their addresses too.
    Burst,
    /// To become Master.
    Rise(Reason),
    /// To leave Master for the sender of this advert.
    Yield(Reason, Advert),
}

/// The state, with the data only that state needs.
enum Role {
    Init,
    Fault,
    Backup(Backup),
    Master(Master),
}

/// What outlives a change of state.
pub(super) struct Core {
    /// What the engine's wheel holds for us.
    /// [`Instant::FAR`]: nothing.
    armed: [Instant; TIMERS],
    pub counters: Counters,
    /// Last AH sequence number sent or accepted (one counter, as in keepalived).
    pub sequence: u32,
    revision: u32,
    /// Address our adverts come from; the last one known.
    pub source: Option<IpAddr>,
    /// What all that is tracked adds to the priority, together.
    pub sum: i32,
    /// An owner that stepped back from another one that would not.
    pub demoted: bool,
    pub last_transition: Option<Instant>,
    /// Why; for reports alone.
    pub why: Option<Reason>,
    /// Peers whose checksum form was named.
    named: Vec<(IpAddr, ChecksumForm)>,
    /// See [`Core::old_peers`]; made when the first one is found.
    old: Option<Box<Box<[bool]>>>,
    /// Sender whose address list was looked at, and whether it was ours.
    checked: Option<(IpAddr, bool)>,
}

/// One virtual router.
pub(super) struct Instance {
    role: Role,
    pub core: Core,
    list: AddressList,
}

impl Instance {
    pub fn new(params: &InstanceParams) -> Self {
        Instance {
            role: Role::Init,
            core: Core {
                armed: [Instant::FAR; TIMERS],
                counters: Counters::default(),
                sequence: 0,
                revision: 0,
                source: None,
                sum: 0,
                demoted: false,
                last_transition: None,
                why: None,
                named: Vec::new(),
                checked: None,
                old: None,
            },
            list: AddressList::new(params),
        }
    }

    pub fn state(&self) -> State {
        match self.role {
            Role::Init => State::Init,
            Role::Fault => State::Fault,
            Role::Backup(_) => State::Backup,
            Role::Master(_) => State::Master,
        }
    }

    /// The Backup's data, if it is one.
    pub fn backup(&self) -> Option<&Backup> {
        match &self.role {
            Role::Backup(backup) => Some(backup),
            _ => None,
        }
    }

    /// State × event.
    pub fn handle(&mut self, input: Input, cx: &mut Cx<'_>) -> Wish {
        let core = &mut self.core;
        if let Input::Timer(timer) = input
            && !core.expired(timer, cx)
        {
            return Wish::Stay;
        }
        let ours = core.priority(cx.params);
        match (&mut self.role, input) {
            // RFC 9568 §6.4.2 (Active_Down_Timer fires); RFC 3768 §6.4.2.
            (Role::Backup(b), Input::Timer(Timer::MasterDown)) => b.down_expired(core, cx),
            (Role::Backup(b), Input::Timer(Timer::PreemptDelay)) => b.delay_expired(),
            // RFC 9568 §6.4.2 (priority 0: the timer becomes Skew_Time).
            (Role::Backup(b), Input::Advert(a)) if a.priority == 0 => b.master_left(&a, core, cx),
            // RFC 9568 §6.4.2 (lower priority and Preempt_Mode: discard, the timer goes on).
            (Role::Backup(b), Input::Advert(a)) if b.preempts(&a, ours, cx) => b.ignore(&a),
            // RFC 9568 §6.4.2 (Preempt_Mode off, or priority not lower: learn and restart).
            (Role::Backup(b), Input::Advert(a)) => b.accept(&a, core, cx),

            // RFC 9568 §6.4.3 (Adver_Timer fires).
            (Role::Master(m), Input::Timer(Timer::Advert)) => m.advert_due(core, cx),
            // RFC 9568 §8.2.1 and §8.2.2 say when; how often is keepalived's.
            (Role::Master(m), Input::Timer(Timer::SecondBurst)) => m.second_burst(cx),
            (Role::Master(m), Input::Timer(Timer::Refresh)) => m.refresh(core, cx),
            (Role::Master(m), Input::Timer(Timer::LowerPrioBurst)) => m.lower_burst(cx),
            (Role::Master(m), Input::Timer(Timer::Elsewhere)) => m.elsewhere(core, cx),
            // RFC 9568 §6.4.3 (priority 0: advert at once, restart Adver_Timer).
            (Role::Master(m), Input::Advert(a)) if a.priority == 0 => m.answer(core, cx),
            // RFC 9568 §6.4.3 (higher priority, or equal and a higher address: yield).
            (Role::Master(m), Input::Advert(a)) if core.outranked(&a, ours) => {
                m.outranked(&a, ours, core, cx)
            }
            // RFC 9568 §6.4.3 (lower priority, or equal and a lower address: assert the role).
            (Role::Master(m), Input::Advert(a)) => m.lower(&a, core, cx),

            // Ignored because these states have no such timer: it expired as it was disarmed.
            (Role::Backup(_) | Role::Master(_), Input::Timer(_)) => Wish::Stay,
            // Ignored because neither takes part; `receive` lets no advert come here.
            (Role::Init | Role::Fault, Input::Timer(_) | Input::Advert(_)) => Wish::Stay,
        }
    }

    /// What is tracked adds up to `sum` from now on.
    ///
    /// Compat: a Master says so with its next advert, no sooner; a Backup waits the shorter or
    /// longer for it at once.
    pub fn weigh(&mut self, sum: i32, cx: &mut Cx<'_>) {
        let from = self.core.priority(cx.params);
        self.core.sum = sum;
        let to = self.core.priority(cx.params);
        if from == to {
            return;
        }
        cx.out.push(Action::Note(Note::Priority(cx.id, from, to)));
        if let Role::Backup(backup) = &mut self.role {
            backup.reweigh((from, to), &mut self.core, cx);
        }
    }

    /// Becomes Master. RFC 9568 §6.4.1 (owner) and §6.4.2: advert, addresses, announcements, timer.
    pub fn enter_master(&mut self, reason: Reason, cx: &mut Cx<'_>) {
        let from = self.leave(cx);
        self.speaks_again(from, cx);
        self.core.demoted = false;
        self.core.counters.become_master += 1;
        self.role = Role::Master(Master::begin(&mut self.core, cx));
        self.core.tell(from, State::Master, reason, cx);
    }

    /// Becomes Backup, having `heard` whoever is Master now. No priority 0: the other one is there.
    pub fn enter_backup(&mut self, reason: Reason, heard: Option<Advert>, cx: &mut Cx<'_>) {
        let from = self.leave(cx);
        self.speaks_again(from, cx);
        self.role = Role::Backup(Backup::begin(heard, &mut self.core, cx));
        self.core.tell(from, State::Backup, reason, cx);
    }

    /// Cannot take part. Compat: a Master says so with priority 0, as keepalived does.
    pub fn enter_fault(&mut self, reason: Reason, cx: &mut Cx<'_>) {
        self.give_up(cx);
        let from = self.leave(cx);
        self.core.demoted = false;
        self.role = Role::Fault;
        self.core.tell(from, State::Fault, reason, cx);
    }

    /// Stops. RFC 9568 §6.4.2 and §6.4.3 (Shutdown): only a Master says goodbye.
    pub fn enter_init(&mut self, reason: Reason, cx: &mut Cx<'_>) {
        self.give_up(cx);
        let from = self.leave(cx);
        self.core.demoted = false;
        self.role = Role::Init;
        self.core.tell(from, State::Init, reason, cx);
    }

    /// A reload: other parameters than `was`, the same state. `adds`: it holds something new.
    ///
    /// Compat: no state changes by itself. A Master says what has changed with an advert at once.
    pub fn reconfigure(&mut self, was: &InstanceParams, adds: bool, cx: &mut Cx<'_>) {
        let is = cx.params;
        let core = &mut self.core;
        self.list = AddressList::new(is);
        core.checked = None;
        if was.unicast != is.unicast {
            core.old = None;
        }
        let from = core.priority(was);
        core.demoted &= was.priority == is.priority;
        let to = core.priority(is);
        if from != to {
            cx.out.push(Action::Note(Note::Priority(cx.id, from, to)));
        }
        let news = from != to || !states_same(was, is);
        if news {
            core.revision = core.revision.wrapping_add(1);
        }
        match &mut self.role {
            Role::Master(master) => master.reconfigure(was, (news, adds), core, cx),
            Role::Backup(backup) => backup.reconfigure(was, (from, to), core, cx),
            Role::Init | Role::Fault => {}
        }
    }

    /// Its timer ran out but the sync group objects: wait another down interval.
    pub fn wait_for_group(&mut self, cx: &mut Cx<'_>) {
        if let Role::Backup(backup) = &mut self.role {
            backup.restart(&mut self.core, cx);
        }
    }

    /// Another member of the sync group met a lower-priority Master.
    pub fn burst_with_group(&mut self, cx: &mut Cx<'_>) {
        if let Role::Master(_) = self.role {
            self.core.lower_burst(cx);
        }
    }

    /// Compat: after a fault the peers of a unicast instance learn anew where its source is.
    fn speaks_again(&self, from: State, cx: &mut Cx<'_>) {
        if from == State::Fault && cx.params.unicast.is_some() {
            cx.out.push(Action::AnnounceSource(cx.id));
        }
    }

    /// One advert of priority 0 if Master.
    fn give_up(&mut self, cx: &mut Cx<'_>) {
        if let Role::Master(_) = self.role {
            self.core.advertise(0, cx);
        }
    }

    /// Leaves the present state; returns it.
    fn leave(&mut self, cx: &mut Cx<'_>) -> State {
        let from = self.state();
        if from == State::Master {
            self.core.counters.release_master += 1;
            cx.phase.leave();
            cx.out.push(Action::Release(cx.id));
        }
        self.core.disarm_all(cx);
        from
    }
}

/// Whether the adverts of both say the same to the same routers, but for the priority.
fn states_same(a: &InstanceParams, b: &InstanceParams) -> bool {
    let said = |i: &InstanceParams| {
        (
            i.version,
            i.advert_int,
            i.authentication(),
            i.checksum,
            i.source,
            i.group_address,
        )
    };
    let sent = |i: &InstanceParams| {
        let unicast = i.unicast.as_deref();
        unicast.map(|u| {
            let peers: Vec<IpAddr> = u.peers.iter().map(|p| p.address).collect();
            (peers, u.ttl, u.old_checksum)
        })
    };
    said(a) == said(b) && sent(a) == sent(b) && a.advertised().eq(b.advertised())
}

impl Core {
    /// Effective priority.
    pub fn priority(&self, params: &InstanceParams) -> u8 {
        if self.demoted {
            OWNER - 1
        } else {
            track::effective(params.priority, self.sum)
        }
    }

    /// Whether a Master of priority `ours` yields to the sender.
    ///
    /// RFC 9568 §6.4.3: addresses compare as unsigned integers in network byte order.
    fn outranked(&self, advert: &Advert, ours: u8) -> bool {
        advert.priority > ours || (advert.priority == ours && Some(advert.source) > self.source)
    }

    pub fn arm(&mut self, timer: Timer, at: Instant, cx: &mut Cx<'_>) {
        self.armed[timer as usize] = at;
        cx.out.push(Action::Arm(cx.id, timer, at));
    }

    pub fn armed(&self, timer: Timer) -> Option<Instant> {
        Some(self.armed[timer as usize]).filter(|at| *at != Instant::FAR)
    }

    pub fn disarm(&mut self, timer: Timer, cx: &mut Cx<'_>) {
        if std::mem::replace(&mut self.armed[timer as usize], Instant::FAR) != Instant::FAR {
            cx.out.push(Action::Disarm(cx.id, timer));
        }
    }

    fn disarm_all(&mut self, cx: &mut Cx<'_>) {
        for timer in Timer::ALL {
            self.disarm(timer, cx);
        }
    }

    /// Whether an expiry is one we wait for; a late duplicate is not, an early one is armed again.
    fn expired(&mut self, timer: Timer, cx: &mut Cx<'_>) -> bool {
        match self.armed(timer) {
            Some(at) if at > cx.now => {
                self.arm(timer, at, cx);
                false
            }
            Some(_) => {
                self.armed[timer as usize] = Instant::FAR;
                true
            }
            None => false,
        }
    }

    /// One advert, now.
    pub fn advertise(&mut self, priority: u8, cx: &mut Cx<'_>) {
        let sequence = match cx.params.authentication() {
            // RFC 2402 §3.3.2: never again from 0 under the same key; it stays at its end.
            Auth::Ah(_) => {
                self.sequence = self.sequence.saturating_add(1);
                self.sequence
            }
            Auth::None | Auth::Pass(_) => 0,
        };
        self.counters.advert_sent += 1;
        self.counters.pri_zero_sent += u64::from(priority == 0);
        cx.out.push(Action::Advertise {
            instance: cx.id,
            priority,
            sequence,
            revision: self.revision,
        });
    }

    /// Announces after a lower-priority Master was heard, now and once more later.
    pub fn lower_burst(&mut self, cx: &mut Cx<'_>) {
        let garp = &cx.params.garp;
        if garp.lower_prio_repeat == 0 {
            return;
        }
        cx.out.push(Action::Announce {
            instance: cx.id,
            repeat: garp.lower_prio_repeat,
        });
        if !garp.lower_prio_delay.is_zero() && self.armed(Timer::LowerPrioBurst).is_none() {
            self.arm(Timer::LowerPrioBurst, cx.now + garp.lower_prio_delay, cx);
        }
    }

    /// Our source address is another one from now on.
    pub fn set_source(&mut self, source: Option<IpAddr>) {
        if source.is_some() && source != self.source {
            self.source = source;
            self.revision = self.revision.wrapping_add(1);
        }
    }

    pub fn revision(&self) -> u32 {
        self.revision
    }

    fn tell(&mut self, from: State, to: State, reason: Reason, cx: &mut Cx<'_>) {
        self.last_transition = Some(cx.now);
        self.why = Some(reason);
        self.checked = None;
        cx.out.push(Action::Tell(Transition {
            who: Who::Instance(cx.id),
            from,
            to,
            priority: self.priority(cx.params),
            reason,
        }));
    }
}
