//! What a router of the packet story watches: scripts, files, delays, and their events.

use holdfast::time::{Instant, Span};
use holdfast::vrrp::{
    Action, Clock, Ended, Event, FileId, FileParams, IfaceId, InstanceId, Params, PortParams,
    ScriptId, ScriptParams, Track, Tracks,
};

/// Scripts and files there are; stories also name some that are not.
const SCRIPTS: u16 = 3;
const FILES: u16 = 2;

/// What the engine would know.
#[derive(Default)]
pub struct Outside {
    clocks: Vec<(Instant, Clock)>,
    running: Vec<ScriptId>,
}

impl Outside {
    /// Follows an action.
    pub fn act(&mut self, action: &Action) {
        match *action {
            Action::Wake(clock, at) => {
                self.clocks.retain(|(_, known)| *known != clock);
                self.clocks.extend(at.map(|at| (at, clock)));
            }
            Action::Run(id) => {
                assert!(id.0 < SCRIPTS);
                assert!(!self.running.contains(&id), "runs twice at a time");
                self.running.push(id);
            }
            _ => {}
        }
    }

    /// Nothing is waited for.
    pub fn stopped(&self) {
        assert!(self.clocks.is_empty(), "{:?}", self.clocks);
    }

    /// The next clock runs out, however late; time is moved there.
    pub fn clock(&mut self, now: &mut Instant) -> Option<Event<'static>> {
        let next = self.clocks.iter().enumerate().min_by_key(|(_, c)| c.0);
        let at = next.map(|(at, _)| at)?;
        let (due, clock) = self.clocks.swap_remove(at);
        *now = (*now).max(due);
        Some(Event::Clock(clock))
    }

    /// Something happens, asked for or not.
    pub fn event(&mut self, [what, which, value]: [u8; 3]) -> Event<'static> {
        let id = u16::from(which);
        match what % 5 {
            0 => {
                let script = ScriptId(id % (SCRIPTS + 1));
                self.running.retain(|known| *known != script);
                let ended = match value {
                    252 => Ended::NotStarted,
                    253 => Ended::TimedOut,
                    254.. => Ended::Signaled(9),
                    // Success as often as failure.
                    status => Ended::Exited(status & 1),
                };
                Event::Script { script, ended }
            }
            1 => Event::File {
                file: FileId(id % (FILES + 1)),
                value: [i32::MIN, i32::MAX, 0, i32::from(value)][usize::from(what / 64)],
            },
            2 => Event::Source {
                instance: InstanceId(id % 9),
                usable: value & 1 == 0,
            },
            3 => Event::Static {
                group: id % 3,
                whole: value & 1 == 0,
            },
            _ => {
                // What runs out is armed no more, however early that is.
                let clock = match which % 3 {
                    0 => Clock::Startup,
                    1 => Clock::Script(ScriptId(u16::from(value) % 4)),
                    _ => Clock::Interface(IfaceId(u16::from(value) % 3)),
                };
                self.clocks.retain(|(_, known)| *known != clock);
                Event::Clock(clock)
            }
        }
    }
}

/// Gives the router something of everything to watch.
pub fn watch(params: &mut Params, settings: u8) {
    for at in 0..SCRIPTS {
        params.scripts.push(ScriptParams {
            name: format!("script{at}").into(),
            place: Default::default(),
            interval: Span::from_millis(u64::from(at) * 700),
            timeout: Span::ZERO,
            rise: u32::from(settings >> at & 3),
            fall: u32::from(at),
            init_fail: at == 2,
        });
    }
    for at in 0..FILES {
        params.files.push(FileParams {
            name: format!("file{at}").into(),
            place: Default::default(),
            path: "/run/file".into(),
            initial: None,
            overwrite: false,
        });
    }
    params.ports.push(PortParams {
        iface: IfaceId(1),
        down_delay: Span::from_secs(3),
        up_delay: Span::from_secs(1),
        garp_interval: Span::ZERO,
        gna_interval: Span::ZERO,
        pacing: None,
    });
    params.track_groups = vec![[0, 1, 1].map(InstanceId).into(), [9].map(InstanceId).into()];
    let weights = [0, 20, -20, 253, i16::MIN, i16::MAX, 0];
    let instances = params.instances.iter_mut().zip(0u16..);
    for ((instance, at), weight) in instances.zip(weights) {
        if at == 4 {
            continue;
        }
        fn track<Id>(id: Id, weight: i16, reverse: bool) -> Vec<Track<Id>> {
            vec![Track {
                id,
                weight,
                reverse,
            }]
        }
        let reverse = settings >> at & 1 != 0;
        instance.tracks = Some(Box::new(Tracks {
            interfaces: track(IfaceId(at % 3), weight, reverse && weight != 0),
            scripts: track(ScriptId(at % (SCRIPTS + 1)), weight, reverse),
            files: track(FileId(at % (FILES + 1)), weight, reverse),
        }));
    }
}
