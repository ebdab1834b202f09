//! The virtual LANs: routers, their timers and addresses, and packets on their way.

use crate::laws;
use crate::outside::{Level, Outside};
use crate::reach::{self, Copy};
use crate::rng::Rng;
use holdfast::time::{Instant, Span};
use holdfast::vrrp::{
    Action, Clock, Event, FileId, GroupId, IfaceId, InstanceId, Link, Params, Router, ScriptId,
    State, TIMERS, Timer, Who,
};
use holdfast::wire::vrrp::Auth;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::Ipv4Addr;

/// What exec and the kernel would know of an instance.
#[derive(Clone, Default)]
pub struct Shadow {
    /// What the wheel holds.
    pub armed: [Option<Instant>; TIMERS],
    /// Whether the addresses are there.
    pub held: bool,
    /// The state last told.
    pub told: Option<State>,
    /// The watchdog's page.
    pub last_advert: Option<Instant>,
    pub sequence: u32,
    /// Adverts sent since somebody set it to 0.
    pub sent: u64,
    /// Rounds of announcements beside those at a take-over, likewise.
    pub announced: u64,
}

/// One router: what survives a crash of the daemon, and the daemon.
pub struct Node {
    pub params: Params,
    pub up: Vec<bool>,
    pub address: Vec<Ipv4Addr>,
    pub router: Option<Router>,
    pub shadows: Vec<Shadow>,
    pub group_told: Vec<State>,
    /// How late its timers are served.
    late: Span,
    /// Serves nothing until then.
    pub frozen: Instant,
    /// What is tracked.
    pub outside: Outside,
}

/// What a router is to be told of next.
#[derive(Clone, Copy)]
enum Due {
    Timer(InstanceId, Timer),
    Clock(Clock),
    End(ScriptId),
}

/// How bad the network is.
pub struct Net {
    /// Packets lost of a thousand.
    pub loss: u64,
    /// Longest delay.
    pub delay: Span,
    /// Per LAN and node: the side of the partition it is on.
    pub side: Vec<Vec<u8>>,
}

/// A packet on its way.
struct Flight {
    at: Instant,
    order: u64,
    to: usize,
    lan: usize,
    copy: Copy,
}

impl PartialEq for Flight {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.order) == (other.at, other.order)
    }
}
impl Eq for Flight {}
impl PartialOrd for Flight {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Flight {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

pub struct World {
    pub now: Instant,
    pub nodes: Vec<Node>,
    pub net: Net,
    /// Last change of state anywhere.
    pub last_tell: Instant,
    /// The first law broken.
    pub broken: Option<String>,
    /// Scripts are quick from now on.
    pub calm: bool,
    flights: BinaryHeap<Reverse<Flight>>,
    order: u64,
    rng: Rng,
    trace: bool,
}

/// More events than any stretch of time has.
const STEPS: u32 = 1_000_000;

impl World {
    pub fn new(params: Vec<Params>, lans: usize, seed: u64, trace: bool) -> Self {
        let mut rng = Rng::new(seed ^ 0x0077_6f72_6c64);
        let nodes: Vec<Node> = params
            .into_iter()
            .enumerate()
            .map(|(n, params)| Node {
                up: vec![true; lans],
                address: (0..lans).map(|lan| reach::home(n, lan)).collect(),
                router: None,
                shadows: vec![Shadow::default(); params.instances.len()],
                group_told: vec![State::Init; params.groups.len()],
                late: Span::from_micros(rng.below(300)),
                frozen: Instant::ZERO,
                outside: Outside::new(&params),
                params,
            })
            .collect();
        World {
            now: Instant::from_secs(1000),
            net: Net {
                loss: 0,
                delay: Span::from_millis(1),
                side: vec![vec![0; nodes.len()]; lans],
            },
            nodes,
            last_tell: Instant::ZERO,
            broken: None,
            calm: false,
            flights: BinaryHeap::new(),
            order: 0,
            rng,
            trace,
        }
    }

    pub fn say(&self, text: impl FnOnce() -> String) {
        if self.trace {
            println!("@{} {}", self.now, text());
        }
    }

    fn link(&self, n: usize, lan: usize) -> Link {
        let node = &self.nodes[n];
        Link {
            index: 2 + lan as u32,
            up: node.up.get(lan).copied().unwrap_or(node.outside.aux),
            ipv4: node.address.get(lan).copied(),
            ipv6: node.address.get(lan).map(|&own| reach::link_local(own)),
            ..Link::default()
        }
    }

    /// Something tracked changes, or stays.
    pub fn set_level(&mut self, n: usize, level: Level) {
        let node = &mut self.nodes[n];
        match level {
            Level::Aux(up) if up != node.outside.aux => {
                node.outside.aux = up;
                self.report_link(n, self.nodes[n].up.len());
            }
            Level::Aux(_) => {}
            Level::Script(at, good) => node.outside.good[at] = good,
            Level::File(at, value) => {
                node.outside.values[at] = value;
                let file = FileId(at as u16);
                self.event(n, Event::File { file, value });
            }
        }
    }

    /// Starts the daemon on a node; with `resume` as its watchdog does after a death.
    pub fn start(&mut self, n: usize, resume: bool) {
        let node = &mut self.nodes[n];
        let mut router = Router::new(node.params.clone());
        let mut left = Vec::new();
        for shadow in &mut node.shadows {
            left.push(std::mem::take(shadow));
        }
        node.group_told.fill(State::Init);
        node.frozen = Instant::ZERO;
        node.outside.begin(&node.params);
        for lan in 0..node.params.interfaces.len() {
            let (iface, link) = (IfaceId(lan as u16), self.link(n, lan));
            router.handle(Event::Interface { iface, link }, self.now);
        }
        for (file, &value) in (0..).map(FileId).zip(&self.nodes[n].outside.values) {
            router.handle(Event::File { file, value }, self.now);
        }
        for (id, left) in (0..).map(InstanceId).zip(&left) {
            let interval = router.params().instances[usize::from(id.0)].advert_int;
            let fresh = |last| self.now.since(last) < interval.times(2);
            if let (true, Some(State::Master), Some(last_advert)) =
                (resume, left.told, left.last_advert.filter(|&at| fresh(at)))
            {
                let (instance, sequence) = (id, left.sequence);
                self.nodes[n].shadows[usize::from(id.0)].sequence = sequence;
                self.nodes[n].outside.trusting[usize::from(id.0)] = true;
                self.say(|| format!("node{n}: resumes instance {}", id.0));
                router.handle(
                    Event::Resume {
                        instance,
                        last_advert,
                        sequence,
                    },
                    self.now,
                );
            }
        }
        self.nodes[n].router = Some(router);
        self.event(n, Event::Start);
    }

    /// The daemon is gone without a word.
    pub fn crash(&mut self, n: usize) {
        self.nodes[n].router = None;
        for shadow in &mut self.nodes[n].shadows {
            shadow.armed = [None; TIMERS];
            shadow.held = false;
        }
    }

    pub fn set_link(&mut self, n: usize, lan: usize, up: bool) {
        if self.nodes[n].up[lan] != up {
            self.nodes[n].up[lan] = up;
            self.report_link(n, lan);
        }
    }

    pub fn set_address(&mut self, n: usize, lan: usize, address: Ipv4Addr) {
        self.nodes[n].address[lan] = address;
        self.report_link(n, lan);
    }

    fn report_link(&mut self, n: usize, lan: usize) {
        let (iface, link) = (IfaceId(lan as u16), self.link(n, lan));
        self.event(n, Event::Interface { iface, link });
    }

    /// Hands an event to a router and does what it asks for.
    pub fn event(&mut self, n: usize, event: Event<'_>) {
        let Some(mut router) = self.nodes[n].router.take() else {
            return;
        };
        router.handle(event, self.now);
        while let Some(action) = router.next_action() {
            self.say(|| format!("node{n}: {}", router.params().text(action)));
            self.act(n, &router, action);
        }
        if let Err(why) = laws::after_event(&self.nodes[n], &router) {
            self.break_law(n, why);
        }
        self.nodes[n].router = Some(router);
    }

    pub fn break_law(&mut self, n: usize, why: String) {
        let at = self.now;
        self.say(|| format!("node{n}: LAW BROKEN: {why}"));
        self.broken
            .get_or_insert_with(|| format!("@{at} node{n}: {why}"));
    }

    fn act(&mut self, n: usize, router: &Router, action: Action) {
        let now = self.now;
        let Node {
            outside, params, ..
        } = &mut self.nodes[n];
        if let Err(why) = outside.act(action, params, now, self.calm, &mut self.rng) {
            self.break_law(n, why);
        }
        match action {
            Action::Advertise {
                instance,
                priority,
                sequence,
                ..
            } => self.send(n, router, instance, priority, sequence),
            Action::Claim { instance, .. } => self.shadow(n, instance).held = true,
            Action::Release(instance) => self.shadow(n, instance).held = false,
            Action::Announce { instance, .. }
            | Action::AnnounceAgain { instance, .. }
            | Action::AnnounceElsewhere(instance) => {
                if let Action::Announce { repeat, .. } | Action::AnnounceAgain { repeat, .. } =
                    action
                {
                    self.shadow(n, instance).announced += u64::from(repeat);
                }
                if !self.shadow(n, instance).held {
                    self.break_law(n, format!("announces without addresses: {action:?}"));
                }
            }
            Action::Arm(instance, timer, at) => {
                self.shadow(n, instance).armed[timer as usize] = Some(at.max(now));
            }
            Action::Disarm(instance, timer) => {
                self.shadow(n, instance).armed[timer as usize] = None;
            }
            Action::Tell(transition) => {
                self.last_tell = now;
                let told = match transition.who {
                    Who::Instance(id) => self
                        .shadow(n, id)
                        .told
                        .replace(transition.to)
                        .unwrap_or(State::Init),
                    Who::Group(GroupId(at)) => std::mem::replace(
                        &mut self.nodes[n].group_told[usize::from(at)],
                        transition.to,
                    ),
                };
                if told != transition.from || transition.from == transition.to {
                    self.break_law(n, format!("was {told}, tells {transition:?}"));
                }
            }
            Action::AnnounceSource(id) => {
                let params = &self.nodes[n].params.instances[usize::from(id.0)];
                if params.unicast.is_none() {
                    self.break_law(n, format!("multicast, but {action:?}"));
                }
            }
            Action::Note(_) | Action::Wake(..) | Action::Run(_) => {}
        }
    }

    fn shadow(&mut self, n: usize, instance: InstanceId) -> &mut Shadow {
        &mut self.nodes[n].shadows[usize::from(instance.0)]
    }

    fn send(&mut self, n: usize, router: &Router, id: InstanceId, priority: u8, sequence: u32) {
        let template = router.outline(id).expect("an advert needs a source");
        let now = self.now;
        if let Auth::Ah(_) = template.params.authentication()
            && sequence <= self.shadow(n, id).sequence
        {
            self.break_law(n, format!("AH sequence {sequence} is not new"));
        }
        let shadow = self.shadow(n, id);
        shadow.sequence = sequence;
        shadow.sent += 1;
        shadow.last_advert = Some(now);
        let lan = usize::from(template.params.iface.0);
        if !self.nodes[n].up[lan] {
            return;
        }
        let copies = reach::copies(&template, priority, sequence);
        let reached = (0..self.nodes.len()).flat_map(|to| copies.iter().map(move |c| (to, c)));
        for (to, copy) in reached {
            let side = &self.net.side[lan];
            if to == n || side[to] != side[n] || self.rng.below(1000) < self.net.loss {
                continue;
            }
            let source = self.nodes[to].params.instances[usize::from(id.0)].source;
            if !copy.to.is_multicast() && source != Some(copy.to) {
                continue;
            }
            let delay = Span::from_micros(20 + self.rng.below(self.net.delay.micros()));
            self.order += 1;
            self.flights.push(Reverse(Flight {
                at: now + delay,
                order: self.order,
                to,
                lan,
                copy: copy.clone(),
            }));
        }
    }

    /// When and which timer of a node is served next.
    fn next_due(&self, n: usize) -> Option<(Instant, Due)> {
        let node = &self.nodes[n];
        node.router.as_ref()?;
        let mut next: Option<(Instant, Due)> = None;
        for (id, shadow) in (0..).map(InstanceId).zip(&node.shadows) {
            for timer in Timer::ALL {
                if let Some(at) = shadow.armed[timer as usize]
                    && next.is_none_or(|(best, ..)| at < best)
                {
                    next = Some((at, Due::Timer(id, timer)));
                }
            }
        }
        let clock = node.outside.next_clock();
        let end = node.outside.next_end();
        for (at, due) in clock
            .map(|(at, clock)| (at, Due::Clock(clock)))
            .into_iter()
            .chain(end.map(|(at, id)| (at, Due::End(id))))
        {
            if next.is_none_or(|(best, ..)| at < best) {
                next = Some((at, due));
            }
        }
        next.map(|(at, due)| ((at + node.late).max(node.frozen), due))
    }

    /// Lets time pass.
    pub fn run(&mut self, until: Instant) {
        let mut steps = 0;
        loop {
            steps += 1;
            if steps > STEPS {
                self.break_law(0, format!("{STEPS} events and no end"));
                return;
            }
            let timer = (0..self.nodes.len())
                .filter_map(|n| self.next_due(n).map(|(at, ..)| (at, n)))
                .min();
            let flight = self.flights.peek().map(|Reverse(flight)| flight.at);
            let next = timer.map(|(at, _)| at).into_iter().chain(flight).min();
            let Some(at) = next.filter(|&at| at <= until) else {
                break;
            };
            self.now = self.now.max(at);
            // Packets before timers.
            if flight == Some(at) {
                self.deliver();
            } else if let Some((_, n)) = timer
                && let Some((_, due)) = self.next_due(n)
            {
                self.serve(n, due);
            }
            if self.broken.is_some() {
                return;
            }
        }
        self.now = self.now.max(until);
    }

    fn serve(&mut self, n: usize, due: Due) {
        match due {
            Due::Timer(id, name) => {
                self.shadow(n, id).armed[name as usize] = None;
                self.say(|| format!("node{n}: * timer {} {name}", id.0));
                self.event(n, Event::Timer(id, name));
            }
            Due::Clock(clock) => {
                self.nodes[n].outside.take_clock(clock);
                self.say(|| format!("node{n}: * {clock:?}"));
                self.event(n, Event::Clock(clock));
            }
            Due::End(script) => {
                let Node {
                    outside, params, ..
                } = &mut self.nodes[n];
                let ended = outside.end(script, &params.scripts[usize::from(script.0)]);
                self.say(|| format!("node{n}: * script {} {ended}", script.0));
                self.event(n, Event::Script { script, ended });
            }
        }
    }

    /// What is on its way for long gets lost.
    pub fn forget_flights(&mut self) {
        self.flights.clear();
    }

    fn deliver(&mut self) {
        let Some(Reverse(mut flight)) = self.flights.pop() else {
            return;
        };
        let node = &self.nodes[flight.to];
        if !node.up[flight.lan] || node.router.is_none() {
            return;
        }
        if node.frozen > self.now {
            flight.at = node.frozen;
            self.flights.push(Reverse(flight));
            return;
        }
        let packet = flight.copy.packet();
        self.say(|| {
            let (source, priority) = (packet.source, packet.priority());
            format!(
                "node{}: < advert vrid={} prio={priority} from={source}",
                flight.to,
                packet.vrid()
            )
        });
        let iface = IfaceId(flight.lan as u16);
        self.event(flight.to, Event::Packet { iface, packet });
    }
}
