//! A check room with one checker of each kind, and servers that answer what the bytes say.

use super::peak;
use holdfast::check::{
    Action, CheckerId, CheckerParams, Connection, Event, Got, Http, HttpVersion, Params, Probe,
    RealId, RealParams, Regex, Room, ServiceId, ServiceParams, Udp, Url,
};
use holdfast::time::{Instant, Span};
use holdfast::wire::ipvs::{Destination, Forward, Key, TCP};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// Steps of one story.
const STEPS: usize = 300;
/// Actions that no single event needs.
const ACTIONS: usize = 64;
/// Bytes that the room never holds beside what it has from the start: seven checkers, one of which
/// keeps a window for its pattern.
const HELD: usize = 512 * 1024;

/// A checker of 192.0.2.1 port 80.
pub fn checker(probe: Probe) -> CheckerParams {
    let connection = Connection {
        address: IpAddr::from([192, 0, 2, 1]),
        port: 80,
        from: None,
        from_port: 0,
        interface: None,
        mark: 0,
    };
    CheckerParams {
        real: RealId(0),
        alpha: false,
        delay_loop: Span::from_secs(1),
        warmup: Span::from_secs(1),
        retry: 1,
        delay_before_retry: Span::from_secs(1),
        timeout: Span::from_secs(5),
        log_all_failures: true,
        connection: (!matches!(probe, Probe::Misc { .. })).then_some(connection),
        probe,
    }
}

fn pages() -> Probe {
    let url = |digest, regex| Url {
        path: "/".into(),
        host: None,
        digest,
        codes: vec![(200, 299)],
        regex,
        sni: None,
        tls_compliant: false,
    };
    let regex = Regex {
        pattern: "l+o".into(),
        absent: false,
        min: 2,
        max: None,
    };
    Probe::Http(Box::new(Http {
        tls: true,
        version: HttpVersion::V11,
        urls: vec![url(Some([0; 16]), None), url(None, Some(Box::new(regex)))],
        fast_recovery: true,
    }))
}

fn params() -> Params {
    let probes = [
        Probe::Tcp,
        pages(),
        Probe::Smtp { helo: "x".into() },
        Probe::Dns {
            name: "".into(),
            kind: 6,
        },
        Probe::Udp(Box::new(Udp {
            payload: vec![],
            reply: Some(vec![(b'x', 0xff)]),
            min: 0,
            max: 255,
        })),
        Probe::Ping,
        Probe::Misc {
            command: 0,
            dynamic: true,
        },
    ];
    let address = IpAddr::from([192, 0, 2, 1]);
    Params {
        services: vec![service(address)],
        reals: vec![RealParams {
            name: "[192.0.2.1]:tcp:80".into(),
            service: ServiceId(0),
            destination: Destination {
                address,
                port: 80,
                forward: Forward::Nat,
                weight: 1,
                upper: 0,
                lower: 0,
            },
            inhibit: false,
            checkers: 0..probes.len() as u16,
            line: 1,
        }],
        checkers: probes.into_iter().map(checker).collect(),
        ..Params::default()
    }
}

fn service(address: IpAddr) -> ServiceParams {
    ServiceParams {
        name: "[192.0.2.1]:tcp:80".into(),
        keys: vec![Key::Address {
            protocol: TCP,
            address,
            port: 80,
        }],
        scheduler: "rr".into(),
        flags: 0,
        persistence: 0,
        netmask: u32::MAX,
        engine: None,
        reals: 0..1,
        sorry: None,
        quorum: 1,
        hysteresis: 0,
        omega: false,
        ha_suspend: false,
    }
}

/// The engine's side: timers, sockets and programs of checkers.
struct World {
    room: Room,
    now: Instant,
    timers: BTreeMap<u16, Instant>,
    /// Open, and whether connected.
    open: BTreeMap<u16, bool>,
    programs: BTreeSet<u16>,
}

/// Lives the bytes as a story: one byte says what happens, to whom; answers are what follows.
pub fn story(data: &[u8]) {
    let params = params();
    let checkers = params.checkers.len() as u16;
    let mut world = World {
        room: Room::new(params, 4),
        now: Instant::from_secs(1),
        timers: BTreeMap::new(),
        open: BTreeMap::new(),
        programs: BTreeSet::new(),
    };
    world.event(Event::Start { seed: 7 });
    let ((), held) = peak::peak_of(|| {
        let mut rest = data;
        for _ in 0..STEPS {
            let Some((what, more)) = rest.split_first() else {
                break;
            };
            rest = more;
            let id = u16::from(what >> 3) % checkers;
            world.happens(what & 7, id, &mut rest);
        }
    });
    assert!(held < HELD, "{held} bytes");
    world.event(Event::Stop);
    assert!(world.timers.is_empty() && world.open.is_empty() && world.programs.is_empty());
}

impl World {
    fn happens(&mut self, what: u8, id: u16, rest: &mut &[u8]) {
        if what <= 1 {
            return self.tick();
        }
        let runs = self.programs.contains(&id);
        let got = match what {
            2 | 3 if self.open.get(&id) == Some(&false) => {
                self.open.insert(id, true);
                Got::Connected
            }
            2..=5 if self.open.get(&id) == Some(&true) => {
                let length = rest.split_off_first().map_or(0, |b| usize::from(*b));
                let (data, more) = rest.split_at(length.min(rest.len()));
                *rest = more;
                if what == 5 {
                    Got::Closed
                } else {
                    Got::Data(data)
                }
            }
            4 if runs && self.programs.remove(&id) => {
                Got::Exited(rest.split_off_first().copied().unwrap_or(0))
            }
            5 if runs && self.programs.remove(&id) => Got::Signaled(9),
            6 => {
                self.programs.remove(&id);
                Got::Failed(111)
            }
            7 if self.open.get(&id) == Some(&false) => Got::TlsFailed(40),
            _ => Got::Closed,
        };
        self.event(Event::Got(CheckerId(id), got));
    }

    /// The next timer, wherever it is.
    fn tick(&mut self) {
        let next = self.timers.iter().min_by_key(|(_, at)| **at);
        let (&id, &at) = next.expect("somebody always waits for something");
        self.timers.remove(&id);
        self.now = self.now.max(at);
        self.event(Event::Timer(CheckerId(id)));
    }

    fn event(&mut self, event: Event<'_>) {
        let stop = matches!(event, Event::Stop);
        self.room.handle(event, self.now);
        for count in 0.. {
            assert!(count < ACTIONS, "no end of actions");
            let Some(action) = self.room.next_action() else {
                break;
            };
            self.act(action);
        }
        for id in self.open.keys().chain(&self.programs) {
            assert!(self.timers.contains_key(id), "{id} waits without a timer");
        }
        assert!(stop || !self.timers.is_empty());
        // One speaks TLS, and has a place apart.
        assert!(self.open.len() <= 4 + 1 && self.programs.len() <= 4);
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Arm(id, at) => {
                assert!(at >= self.now);
                self.timers.insert(id.0, at);
            }
            Action::Disarm(id) => {
                self.timers.remove(&id.0);
            }
            Action::Open(id) => assert_eq!(self.open.insert(id.0, false), None),
            Action::Spawn(id) => assert!(self.programs.insert(id.0)),
            Action::Send(id) => {
                assert_eq!(self.open.get(&id.0), Some(&true));
                assert!(!self.room.outgoing(id).is_empty());
            }
            Action::Close(id) => {
                let socket = self.open.remove(&id.0).is_some();
                assert!(socket || self.programs.remove(&id.0));
            }
            Action::Table(_) | Action::Tell(_) | Action::Note(_) => {}
            #[allow(unreachable_patterns, reason = "the room may come to want more")]
            _ => {}
        }
    }
}
