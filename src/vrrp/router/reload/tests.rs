use super::*;
use crate::time::Span;
use crate::vrrp::{
    Address, Clock, Ended, Event, FileParams, GroupParams, IfaceId, Place, ScriptParams, Timer,
    Track, Tracks,
};

const ETH0: IfaceId = IfaceId(0);

fn instance(name: &str, vrid: u8) -> InstanceParams {
    let mut i = InstanceParams::new(name, ETH0, vrid);
    let address = core::net::IpAddr::from([10, 0, vrid, 1]);
    i.addresses.push(Address::new(address, 24, ETH0));
    i
}

fn params(instances: Vec<InstanceParams>) -> Params {
    Params {
        interfaces: vec!["eth0".into()],
        instances,
        ..Params::default()
    }
}

fn up() -> Link {
    Link {
        index: 7,
        up: true,
        ipv4: Some([192, 0, 2, 1].into()),
        ..Link::default()
    }
}

fn drain(router: &mut Router) -> Vec<Action> {
    core::iter::from_fn(|| router.next_action()).collect()
}

/// Started, and Master of all as soon as nobody spoke; what time it is then.
fn masters(params: &Params) -> (Router, Instant) {
    let mut router = Router::new(params.clone());
    let (iface, link) = (ETH0, up());
    let start = Instant::from_secs(100);
    router.handle(Event::Interface { iface, link }, start);
    router.handle(Event::Start, start);
    drain(&mut router);
    let now = Instant::from_secs(110);
    for at in 0..params.instances.len() {
        let id = InstanceId(at as u16);
        router.handle(Event::Timer(id, Timer::MasterDown), now);
    }
    drain(&mut router);
    (router, now)
}

/// Both halves; what was asked for in each.
fn reload(
    router: &mut Router,
    old: &Params,
    new: &Params,
    now: Instant,
) -> (Vec<Action>, Vec<Action>) {
    let kept = Kept::new(old, new, &|a, b| a == b);
    router.part(&kept, now);
    let first = drain(router);
    let world = World {
        links: vec![up(); new.interfaces.len()],
        usable: vec![true; new.instances.len()],
        ..World::default()
    };
    router.reload(new.clone(), &kept, world, now);
    (first, drain(router))
}

fn state(router: &Router, at: u16) -> State {
    router.snapshot(InstanceId(at)).unwrap().state
}

#[test]
fn nothing_new_asks_for_nothing() {
    let old = params(vec![instance("A", 1), instance("B", 2)]);
    let (mut router, now) = masters(&old);
    let before = router.snapshot(InstanceId(0)).unwrap();
    let mut new = old.clone();
    new.instances.swap(0, 1);
    new.instances[0].name = "another".into();
    let asked = reload(&mut router, &old, &new, now);
    assert_eq!(asked, (vec![], vec![]));
    let after = router.snapshot(InstanceId(1)).unwrap();
    assert_eq!(format!("{after:?}"), format!("{before:?}"));
}

#[test]
fn whoever_goes_says_goodbye_and_whoever_comes_begins() {
    let old = params(vec![instance("A", 1), instance("B", 2)]);
    let (mut router, now) = masters(&old);
    let new = params(vec![instance("C", 3), instance("B", 2)]);
    let (first, second) = reload(&mut router, &old, &new, now);
    let a = InstanceId(0);
    assert!(
        matches!(first[0], Action::Advertise { instance, priority: 0, .. } if instance == a),
        "{first:?}"
    );
    assert!(first.contains(&Action::Release(a)));
    let told = |t: &Action| matches!(t, Action::Tell(t) if t.to == State::Fault);
    assert_eq!(first.iter().filter(|t| told(t)).count(), 1);
    assert_eq!(state(&router, 0), State::Backup);
    assert_eq!(state(&router, 1), State::Master);
    let about_b = |a: &&Action| match a {
        Action::Arm(id, ..) | Action::Release(id) => *id == InstanceId(1),
        Action::Advertise { .. } | Action::Claim { .. } => true,
        _ => false,
    };
    assert_eq!(second.iter().find(about_b), None, "{second:?}");
}

#[test]
fn a_master_says_at_once_what_is_new_and_stays() {
    let old = params(vec![instance("A", 1)]);
    let a = InstanceId(0);
    let change = |change: &dyn Fn(&mut InstanceParams)| {
        let (mut router, now) = masters(&old);
        let mut new = old.clone();
        change(&mut new.instances[0]);
        let (first, second) = reload(&mut router, &old, &new, now);
        assert_eq!(first, [], "nobody goes");
        assert_eq!(state(&router, 0), State::Master);
        let told = second.iter().any(|x| matches!(x, Action::Tell(_)));
        assert!(!told, "{second:?}");
        (second.contains(&Action::Arm(a, Timer::Advert, now)), second)
    };
    assert!(change(&|i| i.priority = 50).0);
    assert!(change(&|i| i.advert_int = Span::from_secs(2)).0);
    assert!(change(&|i| i.auth = crate::wire::vrrp::Auth::Pass(*b"sesame12")).0);
    assert!(!change(&|i| i.preempt = false).0);
    let (speaks, asked) = change(&|i| i.addresses[0].address = [10, 0, 9, 9].into());
    assert!(speaks && asked.iter().any(|x| matches!(x, Action::Claim { .. })));
    let (speaks, asked) = change(&|i| i.addresses.clear());
    assert!(speaks && !asked.iter().any(|x| matches!(x, Action::Claim { .. })));
}

#[test]
fn a_backup_waits_as_long_as_it_is_to_wait_now() {
    let old = params(vec![instance("A", 1)]);
    let mut router = Router::new(old.clone());
    let now = Instant::from_secs(100);
    let (iface, link) = (ETH0, up());
    router.handle(Event::Interface { iface, link }, now);
    router.handle(Event::Start, now);
    drain(&mut router);
    let mut new = old.clone();
    new.instances[0].advert_int = Span::from_millis(100);
    let (_, asked) = reload(&mut router, &old, &new, now);
    let soon = |x: &Action| match x {
        Action::Arm(_, Timer::MasterDown, at) => at.since(now) < Span::from_secs(1),
        _ => false,
    };
    assert!(asked.iter().any(soon), "{asked:?}");
    assert_eq!(state(&router, 0), State::Backup);
}

fn group(name: &str, members: &[u16]) -> GroupParams {
    GroupParams {
        name: name.into(),
        place: Place::default(),
        members: members.iter().copied().map(InstanceId).collect(),
    }
}

#[test]
fn groups_are_made_anew_around_states_that_stay() {
    let mut old = params(vec![instance("A", 1), instance("B", 2)]);
    old.groups = vec![group("G", &[0, 1])];
    let (mut router, now) = masters(&old);
    assert_eq!(state(&router, 1), State::Master);
    // A third one joins: it goes along.
    let mut new = params(vec![instance("A", 1), instance("B", 2), instance("C", 3)]);
    new.groups = vec![group("G", &[0, 1, 2])];
    let (first, second) = reload(&mut router, &old, &new, now);
    assert_eq!(first, []);
    assert_eq!(state(&router, 2), State::Master);
    let told: Vec<Who> = second
        .iter()
        .filter_map(|x| match x {
            Action::Tell(t) => Some(t.who),
            _ => None,
        })
        .collect();
    assert_eq!(told, [Who::Instance(InstanceId(2))]);
    // One leaves the configuration, and does not take the others along.
    let (first, second) = reload(&mut router, &new, &old, now);
    assert!(first.contains(&Action::Release(InstanceId(2))));
    assert_eq!(second, []);
    assert_eq!(
        (state(&router, 0), state(&router, 1)),
        (State::Master, State::Master)
    );
    // No group any longer: nobody is told anything.
    let bare = params(old.instances.clone());
    let (first, second) = reload(&mut router, &old, &bare, now);
    assert_eq!((first, second), (vec![], vec![]));
    // A new one of Masters is Master.
    reload(&mut router, &bare, &old, now);
    let snapshot = router.group_snapshot(GroupId(0)).unwrap();
    assert_eq!(snapshot.state, State::Master);
}

fn script(name: &str) -> ScriptParams {
    ScriptParams {
        name: name.into(),
        place: Place::default(),
        interval: Span::from_secs(5),
        timeout: Span::ZERO,
        rise: 3,
        fall: 3,
        init_fail: false,
    }
}

#[test]
fn scripts_and_files_keep_what_is_known() {
    let mut old = params(vec![instance("A", 1)]);
    old.scripts = vec![script("S")];
    old.files = vec![FileParams {
        name: "F".into(),
        place: Place::default(),
        path: "/f".into(),
        initial: None,
        overwrite: false,
    }];
    let track = |id| Track {
        id,
        weight: 0,
        reverse: false,
    };
    let tracks = |scripts: u16| Tracks {
        scripts: (0..scripts).map(|at| track(ScriptId(at))).collect(),
        ..Tracks::default()
    };
    old.instances[0].tracks = Some(Box::new(tracks(1)));
    let mut router = Router::new(old.clone());
    let now = Instant::from_secs(100);
    let (iface, link) = (ETH0, up());
    router.handle(Event::Interface { iface, link }, now);
    router.handle(Event::Start, now);
    let ended = Ended::Exited(0);
    let id = ScriptId(0);
    router.handle(Event::Script { script: id, ended }, now);
    drain(&mut router);
    assert_eq!(state(&router, 0), State::Backup);
    // Another pace: the level stays, and the next run comes no later than that.
    let mut new = old.clone();
    new.scripts[0].interval = Span::from_secs(2);
    new.scripts[0].rise = 1;
    new.scripts.push(script("T"));
    new.instances[0].tracks = Some(Box::new(tracks(2)));
    let kept = Kept::new(&old, &new, &|a, b| a == b);
    router.part(&kept, now);
    let world = World {
        links: vec![up()],
        usable: vec![true],
        broken: Vec::new(),
        files: vec![4],
    };
    router.reload(new.clone(), &kept, world, now);
    let asked = drain(&mut router);
    let wake = Action::Wake(Clock::Script(id), Some(now + Span::from_secs(2)));
    assert!(asked.contains(&wake), "{asked:?}");
    assert!(
        asked.contains(&Action::Run(ScriptId(1))),
        "the new one runs"
    );
    assert_eq!(router.script_snapshot(id).unwrap().level, Some(true));
    assert_eq!(router.file_value(crate::vrrp::FileId(0)), Some(4));
    assert_eq!(state(&router, 0), State::Backup, "no result is no fault");
    let ended = Ended::Exited(1);
    let script = ScriptId(1);
    router.handle(Event::Script { script, ended }, now);
    assert_eq!(state(&router, 0), State::Fault);
}

#[test]
fn any_reload_at_any_time_is_safe() {
    let mut random = 88_172_645_463_325_252u64;
    let mut dice = |sides: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % sides
    };
    let mut make = || {
        let mut list = Vec::new();
        for vrid in 1..8 {
            if dice(3) > 0 {
                let mut i = instance("V", vrid);
                i.priority = 100 + dice(3) as u8;
                i.advert_int = Span::from_secs(1 + dice(2));
                list.push(i);
            }
        }
        let mut made = params(list);
        let count = made.instances.len() as u16;
        if count > 2 && dice(2) == 0 {
            made.groups = vec![group("G", &[0, count - 1])];
        }
        (made, dice(4))
    };
    let (mut old, _) = make();
    let (mut router, mut now) = masters(&old);
    for _ in 0..300 {
        let (new, fate) = make();
        reload(&mut router, &old, &new, now);
        for at in 0..new.instances.len() {
            let id = InstanceId(at as u16);
            now += Span::from_millis(700);
            router.handle(Event::Timer(id, Timer::MasterDown), now);
            router.handle(Event::Timer(id, Timer::Advert), now);
            drain(&mut router);
        }
        if fate == 0 {
            let link = Link::default();
            router.handle(Event::Interface { iface: ETH0, link }, now);
            let link = up();
            router.handle(Event::Interface { iface: ETH0, link }, now);
            drain(&mut router);
        }
        for group in &new.groups {
            let states: Vec<State> = group.members.iter().map(|m| state(&router, m.0)).collect();
            assert!(states.windows(2).all(|w| w[0] == w[1]), "{states:?}");
        }
        old = new;
    }
    router.handle(Event::Stop, now);
    assert_eq!(state(&router, 0), State::Init);
}
