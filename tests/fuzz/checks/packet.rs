//! VRRP datagrams: every question a packet can be asked, and a router that lives on them.
//!
//! The input is read as a story: a first byte with settings, then one step after another. Beside raw
//! bytes it can ask for adverts with sound lengths and checksums, since those cannot be guessed.

use super::outside::{self, Outside};
use holdfast::time::{Instant, Span};
use holdfast::vrrp::{
    Action, Address, Event, Family, GroupId, GroupParams, IfaceId, InstanceId, InstanceParams,
    Link, Params, Peer, REASONS, Router, State, TIMERS, Timer, Transition, Unicast, Who,
};
use holdfast::wire::ah;
use holdfast::wire::vrrp::{
    Auth, ChecksumForm, MAX_IPV4_LEN, Outline, Packet, Version, emit, readdress, set_ip_id,
};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Interfaces the router has.
const IFACES: u16 = 2;
/// Steps of one story.
const STEPS: usize = 200;
/// Actions that no single event needs.
const ACTIONS: usize = 200;

/// Reads the bytes as a datagram, then as a story.
pub fn check(data: &[u8]) {
    let mut copy = data.to_vec();
    datagram(&mut copy);
    let mut bytes = Bytes(data);
    let mut world = World::new(bytes.byte());
    for _ in 0..STEPS {
        if bytes.0.is_empty() {
            break;
        }
        world.step(&mut bytes);
    }
    world.event(Event::Stop);
    for at in 0..world.shadows.len() {
        assert_eq!(world.state(at), State::Init, "stopped is stopped");
    }
    world.outside.stopped();
}

/// What is left of the input; zeros behind its end.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        *first
    }
    fn take(&mut self, len: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(len.min(self.0.len()));
        self.0 = rest;
        taken
    }
}

/// Shows the bytes to every reader of datagrams.
fn datagram(bytes: &mut [u8]) {
    if let Ok(packet) = Packet::parse_ipv4(bytes) {
        ask(&packet, bytes);
    }
    let (from, to) = (
        Ipv6Addr::LOCALHOST.into(),
        "ff02::12".parse().expect("IPv6"),
    );
    if let Ok(packet) = Packet::parse_message(from, to, 255, bytes) {
        ask(&packet, bytes);
    }
    let key = *b"some key";
    if ah::sign(bytes, &key, 7).is_ok() {
        let len = u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes();
        bytes[2..4].copy_from_slice(&len);
        let signed = ah::sign(bytes, &key, 7);
        let packet = Packet::parse_ipv4(bytes);
        if let (Ok(()), Ok(packet), 0..65_536) = (signed, packet, bytes.len()) {
            assert!(ah::verify(&packet, &key), "what was signed is sound");
            assert_eq!(packet.ah.map(|ah| ah.sequence), Some(7));
        }
    }
    set_ip_id(bytes, 1);
}

/// Every question a packet can be asked.
fn ask(packet: &Packet<'_>, bytes: &[u8]) {
    assert!(packet.message.len() >= 8);
    for part in [packet.message, packet.raw] {
        let (part, whole) = (part.as_ptr_range(), bytes.as_ptr_range());
        assert!(whole.start <= part.start && part.end <= whole.end);
    }
    let _ = (
        packet.kind(),
        packet.vrid(),
        packet.priority(),
        packet.auth_type(),
    );
    let ipv4 = packet.source.is_ipv4();
    let (size, auth) = if ipv4 { (4, 8) } else { (16, 0) };
    let count = usize::from(packet.count());
    assert_eq!(packet.expected_len(Version::V3), 8 + count * size);
    assert_eq!(packet.expected_len(Version::V2), 8 + count * size + auth);
    let listed = packet.addresses().filter(|a| a.is_ipv4() == ipv4).count();
    assert_eq!(listed, packet.addresses().count());
    assert!(listed <= count && 8 + listed * size <= packet.message.len());
    for version in [Version::V2, Version::V3] {
        let whole = packet.message.len() >= packet.expected_len(version);
        assert!(whole || packet.checksum_form(version).is_none());
        assert!(packet.interval(version) <= Span::from_secs(255));
    }
    let whole = packet.message.len() >= packet.expected_len(Version::V2);
    assert_eq!(packet.auth_data().is_some(), whole && ipv4);
    assert!(packet.ah.is_some() || !ah::verify(packet, b"some key"));
}

/// What the engine and the kernel would know of an instance.
#[derive(Clone, Default)]
struct Shadow {
    armed: [Option<Instant>; TIMERS],
    held: bool,
    told: Option<State>,
    sequence: u32,
}

struct World {
    router: Router,
    now: Instant,
    shadows: Vec<Shadow>,
    groups: Vec<State>,
    links: [Link; IFACES as usize],
    outside: Outside,
}

impl World {
    fn new(settings: u8) -> World {
        let params = params(settings);
        let mut world = World {
            shadows: vec![Shadow::default(); params.instances.len()],
            groups: vec![State::Init; params.groups.len()],
            router: Router::new(params),
            now: Instant::from_secs(1000),
            links: [Link::default(); IFACES as usize],
            outside: Outside::default(),
        };
        for iface in 0..IFACES {
            world.link(iface, 0b0111);
        }
        if settings & 1 == 0 {
            world.event(Event::Start);
        }
        world
    }

    fn state(&self, at: usize) -> State {
        self.router.note_vital(InstanceId(at as u16)).0
    }

    fn step(&mut self, bytes: &mut Bytes<'_>) {
        let step = bytes.byte();
        let iface = IfaceId(u16::from(step >> 7));
        match step & 0x0f {
            0 => {
                let len = usize::from(bytes.byte());
                self.raw(iface, bytes.take(len));
            }
            1 => {
                let len = usize::from(bytes.byte());
                let from = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, u16::from(bytes.byte()));
                let to = "ff02::12".parse().expect("IPv6");
                let message = bytes.take(len);
                match Packet::parse_message(from.into(), to, bytes.byte(), message) {
                    Ok(packet) => self.event(Event::Packet { iface, packet }),
                    Err(why) => self.event(Event::Malformed { iface, why }),
                }
            }
            2 => self.now += Span::from_millis(u64::from(bytes.byte()) * 10),
            3 => self.link(u16::from(step >> 7), bytes.byte()),
            4 => self.event(Event::Start),
            5 if bytes.byte() == 0 => self.event(Event::Stop),
            6 => {
                let instance = InstanceId(u16::from(bytes.byte()));
                self.event(Event::Resume {
                    instance,
                    last_advert: self.now,
                    sequence: u32::from(bytes.byte()) << (step >> 4),
                });
            }
            7 => self.router.clear_counters(),
            8..=11 => self.advert(bytes),
            12 => {
                let what = [bytes.byte(), bytes.byte(), bytes.byte()];
                let event = self.outside.event(what);
                self.event(event);
            }
            13 => {
                if let Some(event) = self.outside.clock(&mut self.now) {
                    self.event(event);
                }
            }
            _ => self.timer(),
        }
    }

    fn raw(&mut self, iface: IfaceId, bytes: &[u8]) {
        match Packet::parse_ipv4(bytes) {
            Ok(packet) => {
                ask(&packet, bytes);
                self.event(Event::Packet { iface, packet });
            }
            Err(why) => self.event(Event::Malformed { iface, why }),
        }
    }

    /// The next timer runs out, however late.
    fn timer(&mut self) {
        let mut next: Option<(Instant, usize, Timer)> = None;
        for (n, shadow) in self.shadows.iter().enumerate() {
            for timer in Timer::ALL {
                if let Some(at) = shadow.armed[timer as usize]
                    && next.is_none_or(|(best, ..)| at < best)
                {
                    next = Some((at, n, timer));
                }
            }
        }
        if let Some((at, n, timer)) = next {
            self.now = self.now.max(at);
            self.shadows[n].armed[timer as usize] = None;
            self.event(Event::Timer(InstanceId(n as u16), timer));
        }
    }

    fn link(&mut self, iface: u16, bits: u8) {
        let link = Link {
            index: u32::from(bits & 1) * (2 + u32::from(iface) + 8 * u32::from(bits >> 6)),
            up: bits & 2 != 0,
            ipv4: (bits & 4 != 0).then_some(Ipv4Addr::new(10, 0, iface as u8, 50 + (bits >> 4))),
            ipv6: (bits & 8 == 0).then_some(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 50)),
            ..Link::default()
        };
        self.links[usize::from(iface)] = link;
        let iface = IfaceId(iface);
        self.event(Event::Interface { iface, link });
    }

    /// An advert as another router would send it to one of ours, with at most a few faults.
    fn advert(&mut self, bytes: &mut Bytes<'_>) {
        let at = usize::from(bytes.byte()) % self.shadows.len();
        let (last, priority, sequence) = (bytes.byte(), bytes.byte(), bytes.byte());
        let (differ, flip, bit) = (bytes.byte(), bytes.byte(), bytes.byte());
        let ours = &self.router.params().instances[at];
        let mut theirs = ours.clone();
        if differ & 1 != 0 {
            theirs.advert_int = Span::from_millis(u64::from(bit) * 100);
        }
        if differ & 2 != 0 {
            theirs.addresses.truncate(usize::from(bit));
        }
        if differ & 4 != 0 {
            theirs.checksum = match theirs.unicast {
                None => ChecksumForm::Plain,
                Some(_) => ChecksumForm::Group(theirs.old_group()),
            };
        }
        if differ & 8 != 0 {
            theirs.auth = [Auth::None, Auth::Pass([bit; 8]), Auth::Ah([bit; 8])][at % 3];
        }
        let source: IpAddr = match ours.family {
            Family::V4 => [10, 0, ours.iface.0 as u8, last].into(),
            Family::V6 => Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, u16::from(last)).into(),
        };
        let iface = ours.iface;
        let mut buffer = [0; MAX_IPV4_LEN];
        let mut outline = Outline {
            version: theirs.version,
            vrid: theirs.vrid,
            priority,
            interval: theirs.advert_int,
            addresses: &mut theirs.advertised(),
            auth: theirs.authentication(),
            source,
            destination: match theirs.unicast {
                None => theirs.group_address,
                Some(_) => theirs.source.expect("a unicast instance of ours has one"),
            },
            ttl: if differ & 16 != 0 { bit } else { 255 },
            checksum: theirs.checksum,
        };
        let (to, ttl) = (outline.destination, outline.ttl);
        let len = emit(&mut outline, &mut buffer).expect("a large enough buffer");
        let datagram = &mut buffer[..len];
        if differ & 32 != 0 {
            datagram[usize::from(flip) % len] ^= bit;
        }
        if let Auth::Ah(key) = theirs.authentication() {
            let sequence = u32::from(sequence) << (differ >> 6);
            let _ = ah::sign(datagram, &key, sequence);
        }
        if source.is_ipv4() {
            self.raw(iface, &buffer[..len]);
        } else if let Ok(packet) = Packet::parse_message(source, to, ttl, &buffer[..len]) {
            self.event(Event::Packet { iface, packet });
        }
    }

    /// Hands an event over, does what is asked for, and looks at the laws.
    fn event(&mut self, event: Event<'_>) {
        self.router.handle(event, self.now);
        let mut count = 0;
        while let Some(action) = self.router.next_action() {
            assert!(!format!("{}", self.router.params().text(action)).is_empty());
            self.act(action);
            count += 1;
        }
        assert!(count <= ACTIONS, "{count} actions");
        assert_eq!(self.router.next_action(), None);
        self.laws();
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Advertise {
                instance,
                priority,
                sequence,
                ..
            } => self.sends(instance, priority, sequence),
            Action::Claim { instance, .. } => self.shadow(instance).held = true,
            Action::Release(instance) => self.shadow(instance).held = false,
            Action::Announce { instance, repeat } | Action::AnnounceAgain { instance, repeat } => {
                assert!(self.shadow(instance).held, "announces what it has not");
                assert!(repeat > 0);
            }
            Action::Arm(instance, timer, at) => {
                self.shadow(instance).armed[timer as usize] = Some(at);
            }
            Action::Disarm(instance, timer) => {
                self.shadow(instance).armed[timer as usize] = None;
            }
            Action::Tell(Transition { who, from, to, .. }) => {
                assert_ne!(from, to);
                let told = match who {
                    Who::Instance(id) => self.shadow(id).told.replace(to).unwrap_or(State::Init),
                    Who::Group(GroupId(at)) => {
                        std::mem::replace(&mut self.groups[usize::from(at)], to)
                    }
                };
                assert_eq!(told, from, "{who:?}");
            }
            Action::AnnounceElsewhere(instance) => {
                assert!(self.shadow(instance).held, "announces what it has not");
            }
            Action::AnnounceSource(instance) => {
                let params = &self.router.params().instances[usize::from(instance.0)];
                assert!(params.unicast.is_some());
            }
            Action::Wake(..) | Action::Run(_) => self.outside.act(&action),
            Action::Note(_) => {}
        }
    }

    fn shadow(&mut self, instance: InstanceId) -> &mut Shadow {
        &mut self.shadows[usize::from(instance.0)]
    }

    /// Our own adverts can be built, and read as what they are.
    fn sends(&mut self, id: InstanceId, priority: u8, sequence: u32) {
        let template = self.router.outline(id).expect("an advert needs a source");
        let params = template.params;
        let mut buffer = [0; MAX_IPV4_LEN];
        let emitted = template.outline(priority, |outline| emit(outline, &mut buffer));
        let len = emitted.expect("an advert that fits");
        let signed = matches!(params.authentication(), Auth::Ah(_));
        if let Auth::Ah(key) = params.authentication() {
            ah::sign(&mut buffer[..len], &key, sequence).expect("an advert to sign");
        }
        let bytes = &buffer[..len];
        let packet = match template.source {
            IpAddr::V4(_) => Packet::parse_ipv4(bytes),
            IpAddr::V6(_) => {
                Packet::parse_message(template.source, template.destination(), 255, bytes)
            }
        };
        let packet = packet.expect("our own advert");
        ask(&packet, bytes);
        assert_eq!((packet.vrid(), packet.priority()), (params.vrid, priority));
        assert_eq!(packet.source, template.source);
        assert!(packet.addresses().eq(params.advertised()));
        let old = params.unicast.is_some() && packet.names_group(params.old_group());
        assert!(old || packet.checksum_form(params.version).is_some());
        assert_eq!(packet.total_length, len);
        let last = template.destinations().last().expect("a destination");
        let mut copy = bytes.to_vec();
        readdress(&mut copy, last.address, last.checksum).expect("a copy");
        assert!(packet.source.is_ipv6() || copy[16..20] == octets(last.address));
        if signed {
            let before = std::mem::replace(&mut self.shadow(id).sequence, sequence);
            assert!(sequence > before, "AH sequence {sequence} after {before}");
        }
    }

    /// What holds after every event.
    fn laws(&self) {
        for (n, shadow) in self.shadows.iter().enumerate() {
            let state = self.state(n);
            let id = InstanceId(n as u16);
            let snapshot = self.router.snapshot(id).expect("an instance");
            assert_eq!(snapshot.state, state);
            let reasons = self.router.reasons(id).count();
            assert_eq!(snapshot.reasons.len(), reasons.min(REASONS));
            assert!(reasons == 0 || matches!(state, State::Init | State::Fault));
            assert!(reasons > 0 || state != State::Fault);
            let owner = snapshot.base_priority == 255;
            assert!(owner || snapshot.effective_priority < 255);
            assert!(snapshot.effective_priority > 0);
            assert!(self.router.tracked(id).count() <= 3);
            assert_eq!(shadow.held, state == State::Master, "{n} is {state}");
            assert_eq!(shadow.told.unwrap_or(State::Init), state, "{n}");
            let armed = |timer: Timer| shadow.armed[timer as usize].is_some();
            for timer in Timer::ALL.into_iter().filter(|&timer| armed(timer)) {
                let of_backup = matches!(timer, Timer::MasterDown | Timer::PreemptDelay);
                let fits = match state {
                    State::Init | State::Fault => false,
                    State::Backup => of_backup,
                    State::Master => !of_backup,
                };
                assert!(fits, "{n} is {state} and has timer {timer} armed");
            }
            match state {
                State::Init | State::Fault => {}
                State::Backup => assert!(armed(Timer::MasterDown), "{n} waits for nothing"),
                State::Master => assert!(armed(Timer::Advert), "{n} waits for nothing"),
            }
        }
        let groups = &self.router.params().groups;
        for (n, (group, told)) in groups.iter().zip(&self.groups).enumerate() {
            let snapshot = self.router.group_snapshot(GroupId(n as u16));
            assert_eq!(snapshot.map(|s| s.state), Some(*told));
            for member in &group.members {
                assert_eq!(self.state(usize::from(member.0)), *told, "together");
            }
        }
    }
}

fn over_ipv6(mut instance: InstanceParams) -> InstanceParams {
    instance.version = Version::V3;
    instance.family = Family::V6;
    instance.group_address = "ff02::12".parse().expect("IPv6");
    let local = address("fe80::100".parse().expect("IPv6"), IfaceId(1));
    instance.addresses.insert(0, local);
    instance
}

/// One instance of each kind; `settings` varies them.
fn params(settings: u8) -> Params {
    let on = |bit: u8| settings >> bit & 1 != 0;
    let instance = |name: &str, iface: u16, vrid: u8, priority: u8| {
        let iface = IfaceId(iface);
        let mut instance = InstanceParams::new(name, iface, vrid);
        instance.priority = priority;
        instance.skip_check_adv_addr = on(1);
        instance.wants_master = on(2);
        instance.preempt = !on(3);
        instance.owner_ignore_adverts = on(4);
        instance.track_primary = !on(5);
        instance.lower_prio_no_advert = on(6);
        instance.higher_prio_send_advert = on(7);
        for last in 0..vrid {
            instance
                .addresses
                .push(address([10, 0, iface.0 as u8, 100 + last].into(), iface));
        }
        instance
    };
    let mut plain = instance("plain", 0, 1, 100);
    plain.preempt_delay = Span::from_secs(2);
    let mut pass = instance("pass", 0, 2, 150);
    pass.auth = Auth::Pass(*b"password");
    pass.garp.refresh = Span::from_secs(1);
    let mut ah = instance("ah", 0, 3, 100);
    ah.auth = Auth::Ah(*b"an AHkey");
    let mut third = instance("v3", 1, 3, 90);
    third.version = Version::V3;
    third.advert_int = Span::from_millis(500);
    third
        .excluded
        .push(address([192, 168, 0, 1].into(), IfaceId(0)));
    let mut owner = instance("owner", 1, 4, 255);
    owner.version = Version::V3;
    owner.checksum = ChecksumForm::Plain;
    let sixth = over_ipv6(instance("v6", 1, 3, 100));
    let mut mate = instance("mate", 1, 5, 120);
    mate.down_timer_adverts = 1;
    mate.garp.lower_prio_delay = Span::ZERO;
    let group = |name: &str, members: [u16; 2]| GroupParams {
        name: name.into(),
        place: Default::default(),
        members: members.map(InstanceId).into(),
    };
    mate.garp.elsewhere = Span::from_secs(1);
    let mut instances = vec![plain, pass, ah, third, owner, sixth, mate];
    instances.extend(unicast(on(1), instance));
    let mut params = Params {
        interfaces: ["eth0".into(), "eth1".into(), "".into()].into(),
        instances,
        groups: vec![group("G1", [2, 3]), group("G2", [1, 6])],
        ..Params::default()
    };
    outside::watch(&mut params, settings);
    params
}

/// Instances that speak to peers: two of one VRID and address with different peers, one over IPv6,
/// one without an interface.
fn unicast(
    check_source: bool,
    instance: impl Fn(&str, u16, u8, u8) -> InstanceParams,
) -> Vec<InstanceParams> {
    let peers = |peers: &[&str]| {
        let peer = |text: &&str| Peer {
            min_ttl: 10,
            ..Peer::new(text.parse().expect("an address"))
        };
        Some(Box::new(Unicast {
            peers: peers.iter().map(peer).collect(),
            check_source,
            ..Unicast::default()
        }))
    };
    let mut list = Vec::new();
    for (name, iface, mate) in [
        ("uni", 1, "10.0.1.2"),
        ("twin", 1, "10.0.1.3"),
        ("any", 2, "10.0.2.4"),
    ] {
        let mut one = instance(name, iface, 6, 100);
        one.version = Version::V3;
        one.source = Some([10, 0, 1, 50].into());
        one.unicast = peers(&[mate, "198.51.100.7"]);
        list.push(one);
    }
    let mut six = instance("uni6", 1, 6, 100);
    (six.version, six.family) = (Version::V3, Family::V6);
    six.source = Some("fe80::50".parse().expect("IPv6"));
    six.addresses[0].address = "fe80::100".parse().expect("IPv6");
    six.unicast = peers(&["fe80::2"]);
    list.push(six);
    list
}

fn octets(address: IpAddr) -> [u8; 4] {
    match address {
        IpAddr::V4(address) => address.octets(),
        IpAddr::V6(_) => [0; 4],
    }
}

fn address(address: IpAddr, iface: IfaceId) -> Address {
    Address::new(address, 24, iface)
}
