//! What a seed means: who the routers are, what goes wrong, and what is expected in the end.

use crate::laws;
use crate::outside::{self, Level};
use crate::reach::Reach;
use crate::rng::Rng;
use crate::world::World;
use holdfast::time::{Instant, Span};
use holdfast::vrrp::{
    Address, Event, GroupParams, IfaceId, InstanceId, InstanceParams, Params, Place, timing,
};
use holdfast::wire::vrrp::{Auth, ChecksumForm, Version};
use std::fmt;
use std::net::Ipv4Addr;

/// How the instances of a router belong together.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Groups {
    None,
    /// One group, ranked alike on all routers.
    Alike,
    /// One group, ranked differently.
    Differently,
}

/// One thing that goes wrong, or right again.
#[derive(Clone, Debug)]
enum Act {
    Crash(usize),
    Start(usize),
    Resume(usize),
    Stop(usize),
    Partition(usize, Vec<u8>),
    Link(usize, usize, bool),
    Address(usize, usize, Ipv4Addr),
    Freeze(usize, Span),
    Level(usize, Level),
    Loss(u64),
    Delay(Span),
}

/// Everything a seed decides.
pub struct Plan {
    seed: u64,
    lans: usize,
    routers: Vec<Params>,
    groups: Groups,
    reach: Reach,
    acts: Vec<(Instant, Act)>,
    heal: Instant,
    /// Nodes that stay dead.
    dead: Vec<usize>,
    /// How the levels of what is tracked stay in the end, and when all is known of them.
    levels: Vec<(usize, Level)>,
    known: Instant,
}

const BEGIN: Instant = Instant::from_secs(1000);
/// Longest delay of a packet on the healed network.
const CALM: Span = Span::from_millis(1);

/// What scripts, files and interfaces settle at.
fn last_levels(
    rng: &mut Rng,
    routers: &[Params],
    dead: &[usize],
    tracking: bool,
) -> Vec<(usize, Level)> {
    let mut levels = Vec::new();
    for (n, params) in routers.iter().enumerate().filter(|_| tracking) {
        for _ in 0..4 {
            levels.push((n, outside::any_level(rng, params)));
        }
        // Most have nothing to complain about, and the last of the living has not.
        let last = (0..routers.len()).rev().find(|n| !dead.contains(n));
        if !rng.once_in(3) || last == Some(n) {
            levels.extend(outside::sound_levels(params).into_iter().map(|l| (n, l)));
        }
    }
    levels
}

impl Plan {
    pub fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let count = rng.range(2, 5) as usize;
        let lans = rng.range(1, 2) as usize;
        let groups = match rng.below(8) {
            0..=3 => Groups::None,
            4..=6 => Groups::Alike,
            _ => Groups::Differently,
        };
        let mut routers = routers(&mut rng, count, lans, groups);
        let reach = Reach::of(&mut rng);
        reach.apply(&mut rng, &mut routers);
        let tracking = rng.once_in(3);
        if tracking {
            let slowest = routers.iter().map(longest).max().unwrap_or(Span::ZERO);
            let together = groups == Groups::Alike;
            for params in &mut routers {
                outside::add_tracks(&mut rng, params, together, slowest);
            }
        }
        let slowest = routers.iter().map(longest).max().unwrap_or(Span::ZERO);
        let chaos = slowest.times(rng.range(5, 40));
        let heal = BEGIN + chaos;
        let mut acts = Vec::new();
        for n in 0..count {
            let at = BEGIN + Span::from_micros(rng.below(slowest.micros()));
            acts.push((at, Act::Start(n)));
        }
        for _ in 0..rng.range(0, 30) {
            let at = BEGIN + Span::from_micros(rng.below(chaos.micros()));
            acts.push((at, act(&mut rng, (count, lans), groups, slowest)));
        }
        for _ in 0..if tracking { rng.range(5, 30) } else { 0 } {
            let at = BEGIN + Span::from_micros(rng.below(chaos.micros()));
            let n = rng.below(count as u64) as usize;
            acts.push((at, Act::Level(n, outside::any_level(&mut rng, &routers[n]))));
        }
        acts.sort_by_key(|(at, _)| *at);
        let mut dead: Vec<usize> = (0..count).filter(|_| rng.once_in(5)).collect();
        if dead.len() == count {
            dead.pop();
        }
        let levels = last_levels(&mut rng, &routers, &dead, tracking);
        let scripts = || routers.iter().flat_map(|params| &params.scripts);
        let rows = scripts().map(|s| s.interval.times(u64::from(s.rise.max(s.fall)) + 4));
        let known = heal + rows.max().unwrap_or_default();
        Plan {
            seed,
            lans,
            routers,
            groups,
            reach,
            acts,
            heal,
            dead,
            levels,
            known,
        }
    }

    fn instances(&self) -> usize {
        self.routers[0].instances.len()
    }

    /// 3 × the longest interval + skew + one interval + the longest preempt_delay; with groups twice
    /// that. A little more for the network's own delay and late timers.
    fn bound(&self) -> Span {
        let all = || self.routers.iter().flat_map(|params| &params.instances);
        let longest = all().map(|i| i.advert_int).max().unwrap_or_default();
        let down = all().map(|i| timing::down(i.version, i.priority, longest, 3));
        let delay = all().map(|i| i.preempt_delay).max().unwrap_or_default();
        let once = down.max().unwrap_or_default() + longest + delay;
        once.times(if self.groups == Groups::None { 1 } else { 2 }) + SLACK
    }
}

/// For the packets and timers of one hand-over.
const SLACK: Span = Span::from_millis(5);

fn longest(params: &Params) -> Span {
    let intervals = params.instances.iter().map(|i| i.advert_int);
    intervals.max().unwrap_or(Span::ZERO)
}

fn act(rng: &mut Rng, (count, lans): (usize, usize), groups: Groups, slowest: Span) -> Act {
    let (n, lan) = (
        rng.below(count as u64) as usize,
        rng.below(lans as u64) as usize,
    );
    match rng.below(14) {
        0 | 1 => Act::Crash(n),
        2 => Act::Start(n),
        3 | 4 => Act::Resume(n),
        5 => Act::Stop(n),
        6 | 7 => Act::Partition(lan, (0..count).map(|_| rng.below(3) as u8).collect()),
        8 => Act::Link(n, lan, false),
        9 => Act::Link(n, lan, true),
        10 => {
            // With a group the order of addresses must stay alike on both LANs.
            let third = if groups == Groups::None {
                rng.below(250) as u8
            } else {
                0
            };
            let last = 50 * n as u8 + rng.range(1, 49) as u8;
            Act::Address(n, lan, Ipv4Addr::new(10, lan as u8, third, last))
        }
        11 => Act::Freeze(n, Span::from_micros(rng.below(slowest.micros() * 5))),
        12 => Act::Loss(rng.below(500)),
        _ => Act::Delay(Span::from_micros(rng.range(1, slowest.micros() * 3 / 2))),
    }
}

/// The configurations: one per router, the same instances on each.
fn routers(rng: &mut Rng, count: usize, lans: usize, groups: Groups) -> Vec<Params> {
    let version = rng.pick(&[Version::V2, Version::V3]);
    let instances = rng.range(if groups == Groups::None { 1 } else { 2 }, 3) as usize;
    let auth = match rng.below(4) {
        0 => Auth::Pass(*b"sesame12"),
        1 => Auth::Ah(*b"sesame12"),
        _ => Auth::None,
    };
    let common = match version {
        Version::V2 => Span::from_secs(rng.range(1, 2)),
        Version::V3 => Span::from_centis(rng.pick(&[5, 10, 50, 100])),
    };
    let mixed = version == Version::V3 && rng.once_in(3);
    let ties = rng.once_in(3);
    let owner = groups != Groups::Differently && rng.once_in(6);
    let shuffle = rng.below(count as u64) as usize;
    (0..count)
        .map(|n| {
            let rank = ((n + shuffle) % count) as u8;
            let priority = match rank {
                0 if owner => 255,
                _ if ties => 100 + 50 * (rank % 2),
                _ => 250 - 40 * rank - rng.below(20) as u8,
            };
            let mut model = InstanceParams::new("", IfaceId(0), 1);
            model.version = version;
            model.auth = auth;
            model.advert_int = if mixed {
                Span::from_centis(rng.pick(&[10, 30, 100]))
            } else {
                common
            };
            model.priority = priority;
            model.wants_master = priority == 255 || rng.once_in(4);
            model.preempt = !rng.once_in(4);
            if rng.once_in(4) {
                model.preempt_delay = model.advert_int.times(rng.range(1, 6));
            }
            model.checksum = rng.pick(&[ChecksumForm::Pseudo, ChecksumForm::Plain]);
            model.lower_prio_no_advert = rng.once_in(5);
            // With mixed intervals its parting advert can teach a Backup the wrong one.
            model.higher_prio_send_advert = !mixed && rng.once_in(5);
            model.skip_check_adv_addr = rng.once_in(5);
            model.garp.refresh = Span::from_secs(rng.pick(&[0, 0, 3]));
            router(rng, &model, instances, lans, groups)
        })
        .collect()
}

fn router(
    rng: &mut Rng,
    model: &InstanceParams,
    instances: usize,
    lans: usize,
    groups: Groups,
) -> Params {
    let mut params = Params::default();
    for lan in 0..lans {
        params.interfaces.push(format!("eth{lan}").into());
    }
    for at in 0..instances {
        let mut instance = model.clone();
        let lan = at % lans;
        instance.name = format!("V{at}").into();
        instance.vrid = 51 + at as u8;
        instance.iface = IfaceId(lan as u16);
        if groups == Groups::Differently {
            instance.priority = rng.range(1, 254) as u8;
        }
        for last in 0..3 {
            let address = [10, lan as u8, 255, 100 + 10 * at as u8 + last].into();
            // Sometimes an address lives on the other LAN.
            let home = if last == 2 { lans - 1 } else { lan };
            let address = Address::new(address, 16, IfaceId(home as u16));
            instance.addresses.push(address);
        }
        params.instances.push(instance);
    }
    if groups != Groups::None {
        params.groups.push(GroupParams {
            name: "VG".into(),
            place: Place::default(),
            members: (0..instances).map(|at| InstanceId(at as u16)).collect(),
        });
    }
    params
}

/// Plays a plan; says which law was broken.
pub fn play(plan: &Plan, trace: bool) -> Result<(), String> {
    let mut world = World::new(plan.routers.clone(), plan.lans, plan.seed, trace);
    for (at, act) in &plan.acts {
        world.run(*at);
        world.say(|| format!("== {act:?}"));
        apply(&mut world, act);
        check(&world)?;
    }
    world.run(plan.heal);
    world.say(|| "== heal".into());
    heal(&mut world, plan);
    check(&world)?;
    if plan.groups == Groups::Differently {
        return rest_without_split(&mut world, plan);
    }
    world.run(plan.known + plan.bound());
    check(&world)?;
    settled(&mut world, plan)?;
    stop_all(&mut world)
}

fn check(world: &World) -> Result<(), String> {
    world.broken.clone().map_or(Ok(()), Err)
}

fn apply(world: &mut World, act: &Act) {
    match act {
        Act::Crash(n) => world.crash(*n),
        Act::Start(n) | Act::Resume(n) => {
            if world.nodes[*n].router.is_some() {
                let left = world.nodes[*n].shadows.clone();
                world.crash(*n);
                world.nodes[*n].shadows = left;
            }
            world.start(*n, matches!(act, Act::Resume(_)));
        }
        Act::Stop(n) => {
            world.event(*n, Event::Stop);
            world.nodes[*n].router = None;
        }
        Act::Partition(lan, sides) => world.net.side[*lan].clone_from(sides),
        Act::Link(n, lan, up) => world.set_link(*n, *lan, *up),
        Act::Address(n, lan, address) => world.set_address(*n, *lan, *address),
        Act::Freeze(n, span) => world.nodes[*n].frozen = world.now + *span,
        Act::Level(n, level) => world.set_level(*n, *level),
        Act::Loss(loss) => world.net.loss = *loss,
        Act::Delay(delay) => world.net.delay = *delay,
    }
}

fn heal(world: &mut World, plan: &Plan) {
    world.net.loss = 0;
    world.net.delay = CALM;
    world.calm = true;
    world.forget_flights();
    for (n, level) in &plan.levels {
        world.set_level(*n, *level);
    }
    for n in 0..world.nodes.len() {
        world.nodes[n].frozen = Instant::ZERO;
        for lan in 0..plan.lans {
            world.net.side[lan][n] = 0;
            world.set_link(n, lan, true);
        }
        if plan.dead.contains(&n) {
            world.crash(n);
        } else if world.nodes[n].router.is_none() {
            world.start(n, false);
        }
    }
}

/// From the bound on there is one Master; in the end nothing moves, and the strongest holds it.
fn settled(world: &mut World, plan: &Plan) -> Result<(), String> {
    let instances = plan.instances();
    let together = plan.groups != Groups::None;
    let slowest = plan.routers.iter().map(longest).max().unwrap_or_default();
    let end = world.now + plan.bound() + slowest.times(10);
    let step = slowest.over(7);
    while world.now < end {
        if let Err(why) = laws::one_master(world, instances, together) {
            // A hand-over may be on its way.
            let seen = world.now;
            world.run(seen + SLACK);
            check(world)?;
            laws::one_master(world, instances, together)
                .map_err(|_| format!("@{seen}, healed at {}: {why}", plan.heal))?;
        }
        world.run(world.now + step);
        check(world)?;
    }
    if world.now.since(world.last_tell) < slowest.times(5) {
        return Err(format!("no rest: a state changed at {}", world.last_tell));
    }
    for shadow in world.nodes.iter_mut().flat_map(|node| &mut node.shadows) {
        shadow.sent = 0;
    }
    let span = slowest.times(5);
    world.run(world.now + span);
    check(world)?;
    laws::pace(world, instances, span)?;
    let all = || plan.routers.iter().flat_map(|params| &params.instances);
    if all().all(|instance| instance.preempt) {
        laws::strongest(world, instances)?;
    }
    Ok(())
}

/// Groups ranked differently may disagree for long; once at rest there is no split.
fn rest_without_split(world: &mut World, plan: &Plan) -> Result<(), String> {
    let slowest = plan.routers.iter().map(longest).max().unwrap_or_default();
    let end = world.now + plan.bound().times(10);
    while world.now < end {
        world.run(world.now + slowest);
        check(world)?;
        if world.now.since(world.last_tell.max(plan.known)) > plan.bound() {
            laws::one_master(world, plan.instances(), true)?;
            return stop_all(world);
        }
    }
    Ok(())
}

/// Everyone leaves in order; nothing stays behind.
fn stop_all(world: &mut World) -> Result<(), String> {
    for n in 0..world.nodes.len() {
        world.event(n, Event::Stop);
    }
    check(world)
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let model = &self.routers[0].instances[0];
        write!(
            f,
            "{} routers, {} instances, {} LANs, {:?}, {:?}, {:?}, groups {:?}, {} acts, dead {:?}; ",
            self.routers.len(),
            self.instances(),
            self.lans,
            model.version,
            model.auth,
            self.reach,
            self.groups,
            self.acts.len(),
            self.dead
        )?;
        for (n, params) in self.routers.iter().enumerate() {
            let i = &params.instances[0];
            write!(
                f,
                "node{n}: prio {}{}{} every {} s; ",
                i.priority,
                if i.preempt { "" } else { " nopreempt" },
                if i.preempt_delay.is_zero() {
                    ""
                } else {
                    " delay"
                },
                i.advert_int
            )?;
        }
        Ok(())
    }
}
