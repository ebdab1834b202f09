//! `explain`: why something is as it is, and what will come next, in sentences.

use super::report::{Part, Report};
use super::status::Nothing;
use super::{Ago, Joined, View, code, state};
use crate::check::{CheckerId, CheckerSnapshot, Probe, RealId, Room, ServiceId};
use crate::vrrp::{
    Effect, Ended, FileId, GroupId, InstanceId, InstanceParams, ScriptId, Snapshot, State, Tracked,
};
use core::fmt::{self, Display, Formatter, Write};

pub(super) fn part(r: &mut Report, part: Part, view: &View<'_>, wanted: &str) -> fmt::Result {
    match part {
        Part::Head => Ok(()),
        Part::Instance(id) => instance(r, view, id, wanted),
        Part::Group(id) => group(r, view, id, wanted),
        Part::Script(id) => script(r, view, id, wanted),
        Part::File(id) => file(r, view, id, wanted),
        Part::Service(id) => service(r, view, id, wanted),
        Part::Real(id) => real(r, view, id, wanted),
        Part::Tail if r.found => Ok(()),
        Part::Tail => {
            r.status = code::UNKNOWN;
            writeln!(r.out, "{}", Nothing(wanted))
        }
    }
}

/// How long something has been so, as the end of a sentence.
struct Since<'a>(&'a View<'a>, Option<crate::time::Instant>);

impl Display for Since<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.1 {
            Some(at) => write!(f, ", for {} s", self.0.ago(at)),
            None => Ok(()),
        }
    }
}

fn instance(r: &mut Report, view: &View<'_>, id: InstanceId, wanted: &str) -> fmt::Result {
    let Some((p, s)) = r.instance(view, id, Some(wanted)) else {
        return Ok(());
    };
    let (out, all) = (&mut r.out, view.vrrp);
    let since = Since(view, s.last_transition);
    writeln!(out, "vrrp_instance {} is {}{since}", p.name, s.state)?;
    if let Some(why) = s.why {
        writeln!(out, "  because: {}", all.text(why))?;
    }
    for reason in view.router.reasons(id) {
        writeln!(out, "  fault: {}", all.text(reason))?;
    }
    priority(out, view, id, &s)?;
    master(out, view, p, &s)?;
    let (place, number) = (&p.place, p.version.number());
    writeln!(
        out,
        "  configured: {}:{}, interface {}, virtual router {}, version {number}, an advert each {} s",
        place.file,
        place.line,
        all.text(p.iface),
        p.vrid,
        p.advert_int
    )?;
    let (count, more) = (p.addresses.len(), p.excluded.len());
    let held = if s.holds_addresses {
        "held"
    } else {
        "not held"
    };
    writeln!(out, "  addresses: {count} and {more} excluded, {held}")?;
    for (at, group) in all.groups.iter().enumerate() {
        let state = view.router.group_snapshot(GroupId(at as u16));
        if let (true, Some(state)) = (group.members.contains(&id), state) {
            writeln!(out, "  sync group: {}, {}", group.name, state.state)?;
        }
    }
    write!(out, "  next: ")?;
    instance_next(out, view, p, &s)?;
    out.push('\n');
    Ok(())
}

/// The arithmetic of the effective priority.
fn priority(out: &mut String, view: &View<'_>, id: InstanceId, s: &Snapshot) -> fmt::Result {
    write!(out, "  priority: {}", s.base_priority)?;
    if s.tracked_priority != 0 {
        write!(out, " {:+} tracked", s.tracked_priority)?;
    }
    let sum = i32::from(s.base_priority).saturating_add(s.tracked_priority);
    if sum != i32::from(s.effective_priority) {
        write!(out, " = {sum}, taken as {}", s.effective_priority)?;
    } else if s.tracked_priority != 0 {
        write!(out, " = {sum}")?;
    }
    out.push('\n');
    for (what, effect) in view.router.tracked(id) {
        tracked(out, view, what, effect)?;
    }
    Ok(())
}

fn tracked(out: &mut String, view: &View<'_>, what: Tracked, effect: Effect) -> fmt::Result {
    let all = view.vrrp;
    let (weight, reverse) = match what {
        Tracked::Interface(track, up) => {
            let level = if up { "up" } else { "down" };
            write!(out, "    interface {} is {level}", all.text(track.id))?;
            (track.weight, track.reverse)
        }
        Tracked::Script(track) => {
            let s = view.router.script_snapshot(track.id);
            let level = s.as_ref().map_or("INIT", state::script);
            write!(out, "    script {} is {level}", all.text(track.id))?;
            (track.weight, track.reverse)
        }
        Tracked::File(track, value) => {
            write!(out, "    file {} holds {value}", all.text(track.id))?;
            (track.weight, track.reverse)
        }
    };
    let reverse = if reverse { " reverse" } else { "" };
    write!(out, ", weight {weight}{reverse}: ")?;
    match effect {
        Effect::Add(0) => writeln!(out, "adds nothing"),
        Effect::Add(some) => writeln!(out, "adds {some:+}"),
        Effect::Fault => writeln!(out, "is a fault"),
        Effect::Pending => writeln!(out, "waits for its first result"),
    }
}

fn master(out: &mut String, view: &View<'_>, p: &InstanceParams, s: &Snapshot) -> fmt::Result {
    match (s.state, s.master) {
        (State::Master, _) => {
            write!(out, "  master: this router")?;
            if let Some(source) = s.source {
                write!(out, ", as {source}")?;
            }
            out.push('\n');
            Ok(())
        }
        (State::Backup, Some((address, priority))) => {
            write!(out, "  master: {address} with priority {priority}")?;
            if let Some(at) = s.heard {
                write!(out, ", last advert {} s ago", view.ago(at))?;
            }
            if s.master_interval != p.advert_int {
                write!(out, ", it sends one each {} s", s.master_interval)?;
            }
            out.push('\n');
            Ok(())
        }
        (State::Backup, None) => writeln!(out, "  master: none heard yet"),
        (State::Init | State::Fault, _) => Ok(()),
    }
}

fn instance_next(
    out: &mut String,
    view: &View<'_>,
    p: &InstanceParams,
    s: &Snapshot,
) -> fmt::Result {
    let left = |at: crate::time::Instant| Ago(at.since(view.now));
    match s.state {
        State::Init => write!(out, "it begins when what it waits for is there"),
        State::Fault => write!(
            out,
            "when the last fault is gone it is BACKUP, and stands for election"
        ),
        State::Master => {
            if let Some(at) = s.next_advert {
                write!(out, "an advert in {} s; ", left(at))?;
            }
            match s.effective_priority {
                255 => write!(out, "as owner of the addresses it yields to nobody"),
                priority => write!(
                    out,
                    "it yields to a priority above {priority}, or the same and a higher address"
                ),
            }
        }
        State::Backup => {
            let Some(at) = s.down else {
                return Ok(());
            };
            let lower = s.master.filter(|(_, of)| *of < s.effective_priority);
            match (lower, s.tolerates) {
                (Some(_), Some(end)) if end > view.now => {
                    write!(
                        out,
                        "it takes over from the lower priority in {} s",
                        left(end)
                    )
                }
                (Some(_), _) if !p.preempt => write!(
                    out,
                    "nopreempt: it takes over only if no advert comes for {} s",
                    left(at)
                ),
                _ => write!(out, "it takes over if no advert comes for {} s", left(at)),
            }
        }
    }
}

fn group(r: &mut Report, view: &View<'_>, id: GroupId, wanted: &str) -> fmt::Result {
    let Some((p, s)) = r.group(view, id, Some(wanted)) else {
        return Ok(());
    };
    let (out, all) = (&mut r.out, view.vrrp);
    let since = Since(view, s.last_transition);
    writeln!(out, "vrrp_sync_group {} is {}{since}", p.name, s.state)?;
    for member in &p.members {
        let Some(of) = view.router.snapshot(*member) else {
            continue;
        };
        write!(out, "  {} is {}", all.text(*member), of.state)?;
        match of.why {
            Some(why) => writeln!(out, ": {}", all.text(why))?,
            None => out.push('\n'),
        }
        for reason in view.router.reasons(*member) {
            writeln!(out, "    fault: {}", all.text(reason))?;
        }
        if s.state == State::Backup && of.wanted == State::Master {
            writeln!(out, "    would be MASTER, but waits for the others")?;
        }
    }
    Ok(())
}

fn script(r: &mut Report, view: &View<'_>, id: ScriptId, wanted: &str) -> fmt::Result {
    let Some((p, s)) = r.script(view, id, Some(wanted)) else {
        return Ok(());
    };
    let out = &mut r.out;
    writeln!(out, "vrrp_script {} is {}", p.name, state::script(&s))?;
    let last: Option<Ended> = s.last;
    match last {
        Some(last) => writeln!(out, "  last run: {last}")?,
        None => writeln!(out, "  last run: none has ended yet")?,
    }
    writeln!(
        out,
        "  runs each {} s, rise {}, fall {}",
        p.interval, p.rise, p.fall
    )?;
    if s.running {
        writeln!(out, "  it runs at this moment")?;
    }
    users(
        out,
        view,
        |tracked| matches!(tracked, Tracked::Script(t) if t.id == id),
    )
}

fn file(r: &mut Report, view: &View<'_>, id: FileId, wanted: &str) -> fmt::Result {
    let Some((p, value)) = r.file(view, id, Some(wanted)) else {
        return Ok(());
    };
    let out = &mut r.out;
    writeln!(out, "track_file {} ({}) holds {value}", p.name, p.path)?;
    users(
        out,
        view,
        |tracked| matches!(tracked, Tracked::File(t, _) if t.id == id),
    )
}

/// The instances that track something, and what it does to them.
fn users(out: &mut String, view: &View<'_>, is: impl Fn(Tracked) -> bool) -> fmt::Result {
    let ids = (0..view.vrrp.instances.len()).map(|at| InstanceId(at as u16));
    for id in ids {
        for (what, effect) in view.router.tracked(id).filter(|(what, _)| is(*what)) {
            writeln!(out, "  {}:", view.vrrp.text(id))?;
            tracked(out, view, what, effect)?;
        }
    }
    Ok(())
}

fn service(r: &mut Report, view: &View<'_>, id: ServiceId, wanted: &str) -> fmt::Result {
    let Some((p, s)) = r.service(view, id, Some(wanted)) else {
        return Ok(());
    };
    let out = &mut r.out;
    writeln!(out, "virtual_server {} is {}", p.name, state::up(s.up))?;
    let quorum = u64::from(p.quorum);
    let hysteresis = u64::from(p.hysteresis);
    if s.up {
        let least = quorum.saturating_sub(hysteresis).max(1);
        writeln!(
            out,
            "  weight alive: {}; below {least} it goes down",
            s.alive
        )?;
    } else {
        let most = quorum.saturating_add(hysteresis);
        writeln!(
            out,
            "  weight alive: {}; from {most} on it comes up",
            s.alive
        )?;
    }
    if s.suspended {
        writeln!(out, "  its checkers rest: its address is on another router")?;
    }
    if !s.present {
        writeln!(out, "  it is not in the table of IPVS")?;
    }
    match (p.sorry, s.sorry) {
        (Some(sorry), true) => {
            let to = sorry.destination;
            writeln!(
                out,
                "  the sorry server [{}]:{} answers",
                to.address, to.port
            )?;
        }
        (Some(_), false) => writeln!(out, "  its sorry server is idle")?,
        (None, _) => {}
    }
    if p.reals.is_empty() {
        writeln!(out, "  it has no real server")?;
    }
    Ok(())
}

fn real(r: &mut Report, view: &View<'_>, id: RealId, wanted: &str) -> fmt::Result {
    let Some((room, p, s)) = r.real(view, id, Some(wanted)) else {
        return Ok(());
    };
    let inside = r.inside;
    let (out, indent) = (&mut r.out, if inside { "  " } else { "" });
    write!(out, "{indent}real_server {}", p.name)?;
    if !inside {
        write!(out, " of virtual_server {}", room.params().text(p.service))?;
    }
    write!(out, " is {}, weight {}", state::up(s.alive), s.weight)?;
    if s.weight != p.destination.weight {
        write!(out, " (configured {})", p.destination.weight)?;
    }
    match s.line {
        Some(weight) if weight == s.weight => writeln!(out, ", in the table")?,
        Some(weight) => writeln!(out, ", in the table with weight {weight}")?,
        None => writeln!(out, ", not in the table")?,
    }
    if p.checkers.is_empty() {
        writeln!(out, "{indent}  nothing checks it")?;
    }
    for (id, s) in state::checkers(room, id) {
        checker(out, view, room, (id, s), indent)?;
    }
    Ok(())
}

/// Whom a checker asks, and for what.
struct Target<'a>(&'a crate::check::CheckerParams);

impl Display for Target<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.probe.name())?;
        if let Some(to) = &self.0.connection {
            match to.port {
                0 => write!(f, " to {}", to.address)?,
                port => write!(f, " to {} port {port}", to.address)?,
            }
        }
        if let Probe::Http(http) = &self.0.probe {
            write!(
                f,
                " for {}",
                Joined(http.urls.iter().map(|u| &u.path), ", ")
            )?;
        }
        Ok(())
    }
}

fn checker(
    out: &mut String,
    view: &View<'_>,
    room: &Room,
    (id, s): (CheckerId, CheckerSnapshot),
    indent: &str,
) -> fmt::Result {
    let Some(p) = room.params().checkers.get(usize::from(id.0)) else {
        return Ok(());
    };
    write!(out, "{indent}  {}: ", Target(p))?;
    match (s.tried, s.up) {
        (false, true) => write!(out, "not tried yet, taken for well")?,
        (false, false) => write!(out, "not tried yet, taken for failed (alpha)")?,
        (true, true) => write!(out, "succeeds")?,
        (true, false) => write!(out, "fails: {}", s.why)?,
    }
    write!(out, "{}", Since(view, s.since))?;
    if s.fails > 0 {
        let left = p.retry.saturating_sub(s.fails).saturating_add(1);
        let why = s.why;
        write!(
            out,
            "; failed {} times since ({why}), {left} more and it is down",
            s.fails
        )?;
    }
    if s.delta != 0 {
        write!(out, "; adds {:+} to the weight", s.delta)?;
    }
    match (s.running, s.queued, s.due) {
        (true, ..) => writeln!(out, "; a try goes on"),
        (_, true, _) => writeln!(out, "; the next try waits for a free place"),
        (.., Some(due)) => writeln!(out, "; next try in {} s", Ago(due.since(view.now))),
        (.., None) => writeln!(out),
    }
}
