//! The lines of transcripts that concern what is tracked.
//!
//! ```text
//! script chk interval=2 rise=2 fall=3 init_fail
//! file load
//! port eth0 down=0.5 up=3                               (interface_up_down_delays)
//! statics V1 V2                                         (a track_group)
//! track V1 script chk -10 reverse                       (or: iface eth1, file load)
//! @1 < script chk ok                                    (or a status; signal timeout unstarted)
//! @1 < file load 5
//! @1 < source V1 unusable                               (or usable)
//! @1 < statics 0 broken                                 (or whole)
//! @1 < clock chk                                        (a script's or an interface's timer)
//! @1 < status chk                                       (what is known of a script)
//! ```

use crate::script::{Words, find, iface};
use holdfast::time::{Instant, Span};
use holdfast::vrrp::{
    Action, Clock, Ended, Event, FileId, FileParams, IfaceId, Params, Place, PortParams, Router,
    ScriptId, ScriptParams, Track, Tracks,
};

/// A line of the head; false if it is none of ours.
pub fn define(params: &mut Params, words: &Words<'_>) -> Result<bool, String> {
    match words.at(0)? {
        "script" => params.scripts.push(ScriptParams {
            name: words.at(1)?.into(),
            place: Place::default(),
            interval: words.span("interval", Span::from_secs(1))?,
            timeout: Span::ZERO,
            rise: words.get("rise", 1)?,
            fall: words.get("fall", 1)?,
            init_fail: words.has("init_fail"),
        }),
        "file" => params.files.push(FileParams {
            name: words.at(1)?.into(),
            place: Place::default(),
            path: format!("/run/{}", words.at(1)?).into(),
            initial: None,
            overwrite: false,
        }),
        "port" => {
            let iface = iface(params, words.at(1)?);
            params.ports.push(PortParams {
                iface,
                down_delay: words.span("down", Span::ZERO)?,
                up_delay: words.span("up", Span::ZERO)?,
                garp_interval: Span::ZERO,
                gna_interval: Span::ZERO,
                pacing: None,
            });
        }
        "statics" => {
            let members: Result<Vec<_>, _> = words.from(1).map(|n| find(params, n)).collect();
            params.track_groups.push(members?.into());
        }
        "track" => track(params, words)?,
        _ => return Ok(false),
    }
    Ok(true)
}

fn track(params: &mut Params, words: &Words<'_>) -> Result<(), String> {
    fn push<Id>(list: &mut Vec<Track<Id>>, id: Id, words: &Words<'_>) -> Result<(), String> {
        let weight = words.at(4)?;
        list.push(Track {
            id,
            weight: weight.parse().map_err(|_| format!("{weight}: no weight"))?,
            reverse: words.has("reverse"),
        });
        Ok(())
    }
    let instance = usize::from(find(params, words.at(1)?)?.0);
    let (kind, name) = (words.at(2)?, words.at(3)?);
    let (port, script, file) = match kind {
        "iface" => (Some(iface(params, name)), None, None),
        "script" => (None, Some(script(params, name)?), None),
        "file" => (None, None, Some(file(params, name)?)),
        _ => return Err(format!("track {kind}: what?")),
    };
    let tracks = &mut params.instances[instance].tracks;
    let tracks = tracks.get_or_insert_with(|| Box::new(Tracks::default()));
    port.map_or(Ok(()), |id| push(&mut tracks.interfaces, id, words))?;
    script.map_or(Ok(()), |id| push(&mut tracks.scripts, id, words))?;
    file.map_or(Ok(()), |id| push(&mut tracks.files, id, words))
}

fn script(params: &Params, name: &str) -> Result<ScriptId, String> {
    let at = params.scripts.iter().position(|known| *known.name == *name);
    at.map(|at| ScriptId(at as u16))
        .ok_or_else(|| format!("no script {name}"))
}

fn file(params: &Params, name: &str) -> Result<FileId, String> {
    let at = params.files.iter().position(|known| *known.name == *name);
    at.map(|at| FileId(at as u16))
        .ok_or_else(|| format!("no file {name}"))
}

/// An input line as an event; `None` if it is none of ours.
pub fn event(params: &Params, words: &Words<'_>) -> Result<Option<Event<'static>>, String> {
    let number = |text: &str| text.parse().map_err(|_| format!("{text}: no number"));
    Ok(Some(match words.at(2)? {
        "script" => Event::Script {
            script: script(params, words.at(3)?)?,
            ended: match words.at(4)? {
                "ok" => Ended::Exited(0),
                "signal" => Ended::Signaled(9),
                "timeout" => Ended::TimedOut,
                "unstarted" => Ended::NotStarted,
                status => Ended::Exited(number(status)? as u8),
            },
        },
        "file" => Event::File {
            file: file(params, words.at(3)?)?,
            value: number(words.at(4)?)?,
        },
        "source" => Event::Source {
            instance: find(params, words.at(3)?)?,
            usable: words.at(4)? == "usable",
        },
        "statics" => Event::Static {
            group: number(words.at(3)?)? as u16,
            whole: words.at(4)? == "whole",
        },
        "clock" => {
            let name = words.at(3)?;
            let port = params.interfaces.iter().position(|known| **known == *name);
            Event::Clock(match port {
                Some(at) => Clock::Interface(IfaceId(at as u16)),
                None => Clock::Script(script(params, name)?),
            })
        }
        _ => return Ok(None),
    }))
}

/// What is known of a script, on a line.
pub fn status(router: &Router, words: &Words<'_>) -> Result<String, String> {
    let name = words.at(3)?;
    let id = script(router.params(), name)?;
    let s = router.script_snapshot(id).ok_or("no snapshot")?;
    let level = match s.level {
        None => "unknown",
        Some(true) => "up",
        Some(false) => "down",
    };
    let running = if s.running { " running" } else { "" };
    let last = s.last.map_or_else(String::new, |l| format!("; {l}"));
    Ok(format!("{name} {level} count={}{running}{last}", s.count))
}

/// The timers of things that are no instances.
#[derive(Default)]
pub struct Clocks(Vec<(Clock, Instant)>);

impl Clocks {
    pub fn note(&mut self, action: &Action) {
        if let Action::Wake(clock, at) = action {
            self.0.retain(|(known, _)| known != clock);
            self.0.extend(at.map(|at| (*clock, at)));
        }
    }
    /// The one due first.
    pub fn next(&self) -> Option<(Instant, Clock)> {
        let first = self.0.iter().min_by_key(|(_, at)| *at);
        first.map(|(clock, at)| (*at, *clock))
    }
    pub fn take(&mut self, clock: Clock) {
        self.0.retain(|(known, _)| *known != clock);
    }
}
