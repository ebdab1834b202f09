//! `keepalived.data`: what is tracked, and what that does.

use crate::vrrp::{Effect, FileParams, Params, ScriptParams, ScriptSnapshot, Track, Tracked};
use core::fmt::{self, Display, Formatter, Write};

/// What one instance tracks, one line each, kind by kind.
pub fn tracked(
    out: &mut impl Write,
    all: &Params,
    list: impl Iterator<Item = (Tracked, Effect)>,
) -> fmt::Result {
    let mut title = "";
    for (what, effect) in list {
        let of = match what {
            Tracked::Interface(..) => "interfaces",
            Tracked::Script(_) => "scripts",
            Tracked::File(..) => "files",
        };
        if title != of {
            title = of;
            writeln!(out, "   Tracked {of} :")?;
        }
        match what {
            Tracked::Interface(track, up) => {
                let level = if up { "up" } else { "down" };
                let name = all.text(track.id);
                writeln!(
                    out,
                    "     {name} {}: {level}, {}",
                    Weight(&track),
                    Words(effect)
                )?;
            }
            Tracked::Script(track) => {
                let name = all.text(track.id);
                writeln!(out, "     {name} {}: {}", Weight(&track), Words(effect))?;
            }
            Tracked::File(track, value) => {
                let name = all.text(track.id);
                let (weight, effect) = (Weight(&track), Words(effect));
                writeln!(out, "     {name} {weight}: value {value}, {effect}")?;
            }
        }
    }
    Ok(())
}

struct Weight<'a, Id>(&'a Track<Id>);

impl<Id> Display for Weight<'_, Id> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let reverse = if self.0.reverse { " reverse" } else { "" };
        write!(f, "weight {}{reverse}", self.0.weight)
    }
}

struct Words(Effect);

impl Display for Words {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Effect::Add(some) => write!(f, "priority {some:+}"),
            Effect::Fault => f.write_str("fault"),
            Effect::Pending => f.write_str("waiting for the first result"),
        }
    }
}

/// One tracked script.
pub fn script(out: &mut impl Write, params: &ScriptParams, s: &ScriptSnapshot) -> fmt::Result {
    writeln!(out, " VRRP Script = {}", params.name)?;
    let timeout = match params.timeout {
        span if span.is_zero() => params.interval,
        span => span,
    };
    writeln!(out, "   Interval = {} sec", params.interval)?;
    writeln!(out, "   Timeout = {timeout} sec")?;
    writeln!(out, "   Rise = {}", params.rise)?;
    writeln!(out, "   Fall = {}", params.fall)?;
    let status = match s.level {
        None => "INIT",
        Some(true) => "GOOD",
        Some(false) => "BAD",
    };
    writeln!(out, "   Status = {status}")?;
    writeln!(out, "   Result = {}", s.count)?;
    if let Some(last) = s.last {
        writeln!(out, "   Last run = {last}")?;
    }
    let state = if s.running { "running" } else { "idle" };
    writeln!(out, "   State = {state}")
}

/// One tracked file.
pub fn file(out: &mut impl Write, params: &FileParams, value: i32) -> fmt::Result {
    writeln!(out, " Track file = {}", params.name)?;
    writeln!(out, "   File = {}", params.path)?;
    writeln!(out, "   Value = {value}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Span;
    use crate::vrrp::{Ended, FileId, IfaceId, Place, ScriptId};

    fn params() -> Params {
        Params {
            interfaces: vec!["eth0".into(), "eth1".into()],
            scripts: vec![ScriptParams {
                name: "chk".into(),
                place: Place::default(),
                interval: Span::from_secs(2),
                timeout: Span::ZERO,
                rise: 2,
                fall: 3,
                init_fail: false,
            }],
            files: vec![FileParams {
                name: "load".into(),
                place: Place::default(),
                path: "/run/load".into(),
                initial: None,
                overwrite: false,
            }],
            ..Params::default()
        }
    }

    fn track<Id>(id: Id, weight: i16, reverse: bool) -> Track<Id> {
        Track {
            id,
            weight,
            reverse,
        }
    }

    #[test]
    fn each_kind_has_its_title_once() {
        let mut out = String::new();
        let list = [
            (
                Tracked::Interface(track(IfaceId(0), 0, false), false),
                Effect::Fault,
            ),
            (
                Tracked::Interface(track(IfaceId(1), -20, true), false),
                Effect::Add(20),
            ),
            (
                Tracked::Script(track(ScriptId(0), 0, false)),
                Effect::Pending,
            ),
            (
                Tracked::File(track(FileId(0), -2, false), 5),
                Effect::Add(-10),
            ),
        ];
        tracked(&mut out, &params(), list.into_iter()).unwrap();
        assert_eq!(
            out,
            "   Tracked interfaces :\n     eth0 weight 0: down, fault\n     \
             eth1 weight -20 reverse: down, priority +20\n   Tracked scripts :\n     \
             chk weight 0: waiting for the first result\n   Tracked files :\n     \
             load weight -2: value 5, priority -10\n"
        );
    }

    #[test]
    fn scripts_and_files() {
        let (mut out, params) = (String::new(), params());
        let s = ScriptSnapshot {
            level: Some(false),
            last: Some(Ended::TimedOut),
            running: true,
            count: 1,
        };
        script(&mut out, &params.scripts[0], &s).unwrap();
        file(&mut out, &params.files[0], -7).unwrap();
        assert_eq!(
            out,
            " VRRP Script = chk\n   Interval = 2 sec\n   Timeout = 2 sec\n   Rise = 2\n   \
             Fall = 3\n   Status = BAD\n   Result = 1\n   Last run = killed, it ran too long\n   \
             State = running\n Track file = load\n   File = /run/load\n   Value = -7\n"
        );
    }
}
