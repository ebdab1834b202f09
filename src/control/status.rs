//! `status`: one line for each thing, or one JSON object for all of them.

use super::report::{Part, Report};
use super::{Joined, View, code, state};
use crate::check::{RealId, Room, ServiceId};
use crate::json::{self, Object};
use crate::vrrp::{FileId, GroupId, InstanceId, ScriptId, Snapshot, State};
use core::fmt::{self, Display, Write};

/// Nothing invisible reaches a terminal, and a tab always separates.
struct Clean<'o>(&'o mut String);

impl Write for Clean<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let clean = |c| if json::unseen(c) { '\u{fffd}' } else { c };
        self.0.extend(text.chars().map(clean));
        Ok(())
    }
}

/// A line: what it is about and its parts; an empty one is `-`.
fn row(out: &mut String, kind: &str, parts: &[&dyn Display]) -> fmt::Result {
    out.push_str(kind);
    for part in parts {
        out.push('\t');
        let from = out.len();
        write!(Clean(out), "{part}")?;
        if out.len() == from {
            out.push('-');
        }
    }
    out.push('\n');
    Ok(())
}

const NONE: &str = "-";

pub(super) fn text(
    r: &mut Report,
    part: Part,
    view: &View<'_>,
    wanted: Option<&str>,
) -> fmt::Result {
    match part {
        Part::Head if wanted.is_none() => daemon(&mut r.out, view),
        Part::Head => Ok(()),
        Part::Instance(id) => instance(r, view, id, wanted),
        Part::Group(id) => group(r, view, id, wanted),
        Part::Script(id) => script(r, view, id, wanted),
        Part::File(id) => file(r, view, id, wanted),
        Part::Service(id) => service(r, view, id, wanted),
        Part::Real(id) => real(r, view, id, wanted),
        Part::Tail => tail(r, wanted),
    }
}

fn tail(r: &mut Report, wanted: Option<&str>) -> fmt::Result {
    if let (Some(name), false) = (wanted, r.found) {
        r.status = code::UNKNOWN;
        writeln!(Clean(&mut r.out), "{}", Nothing(name))?;
    }
    Ok(())
}

/// What is said of a name that nothing has.
pub(super) struct Nothing<'a>(pub &'a str);

impl Display for Nothing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.0;
        write!(
            f,
            "nothing here is called '{name}'; 'holdfast status' shows all names"
        )
    }
}

fn daemon(out: &mut String, view: &View<'_>) -> fmt::Result {
    let about = view.about;
    let version = env!("CARGO_PKG_VERSION");
    let (up, loaded) = (view.ago(about.started), view.ago(about.loaded));
    let parts: [&dyn Display; 5] = [&version, &about.pid, &up, &about.file, &loaded];
    row(out, "daemon", &parts)
}

/// Why something is as it is, in a few words.
struct Because<'a>(&'a View<'a>, InstanceId, &'a Snapshot);

impl Display for Because<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Because(view, id, s) = *self;
        let mut reasons = view.router.reasons(id).peekable();
        if matches!(s.state, State::Fault | State::Init) && reasons.peek().is_some() {
            for (n, reason) in reasons.enumerate() {
                let gap = if n == 0 { "" } else { "; " };
                write!(f, "{gap}{}", view.vrrp.text(reason))?;
            }
            return Ok(());
        }
        match s.why {
            Some(why) => view.vrrp.text(why).fmt(f),
            None => Ok(()),
        }
    }
}

fn instance(r: &mut Report, view: &View<'_>, id: InstanceId, wanted: Option<&str>) -> fmt::Result {
    let Some((p, s)) = r.instance(view, id, wanted) else {
        return Ok(());
    };
    let since = s.last_transition.map(|at| view.ago(at).to_string());
    let master = match (s.state, s.master) {
        (State::Master, _) => "self".to_owned(),
        (_, Some((address, priority))) => format!("{address}/{priority}"),
        (_, None) => NONE.to_owned(),
    };
    let parts: [&dyn Display; 8] = [
        &p.name,
        &s.state,
        &since.as_deref().unwrap_or(NONE),
        &s.effective_priority,
        &view.vrrp.text(p.iface),
        &p.vrid,
        &master,
        &Because(view, id, &s),
    ];
    row(&mut r.out, "instance", &parts)
}

fn group(r: &mut Report, view: &View<'_>, id: GroupId, wanted: Option<&str>) -> fmt::Result {
    let Some((p, s)) = r.group(view, id, wanted) else {
        return Ok(());
    };
    let since = s.last_transition.map(|at| view.ago(at).to_string());
    let members = Joined(p.members.iter().map(|m| view.vrrp.text(*m)), ",");
    let since = since.as_deref().unwrap_or(NONE);
    let parts: [&dyn Display; 4] = [&p.name, &s.state, &since, &members];
    row(&mut r.out, "group", &parts)
}

fn script(r: &mut Report, view: &View<'_>, id: ScriptId, wanted: Option<&str>) -> fmt::Result {
    let Some((p, s)) = r.script(view, id, wanted) else {
        return Ok(());
    };
    let last = s.last.map_or(NONE.to_owned(), |last| last.to_string());
    let parts: [&dyn Display; 3] = [&p.name, &state::script(&s), &last];
    row(&mut r.out, "script", &parts)
}

fn file(r: &mut Report, view: &View<'_>, id: FileId, wanted: Option<&str>) -> fmt::Result {
    let Some((p, value)) = r.file(view, id, wanted) else {
        return Ok(());
    };
    let parts: [&dyn Display; 3] = [&p.name, &value, &p.path];
    row(&mut r.out, "file", &parts)
}

fn service(r: &mut Report, view: &View<'_>, id: ServiceId, wanted: Option<&str>) -> fmt::Result {
    let Some((p, s)) = r.service(view, id, wanted) else {
        return Ok(());
    };
    let sorry = match (p.sorry, s.sorry) {
        (None, _) => NONE,
        (_, true) => "answers",
        (_, false) => "idle",
    };
    let parts: [&dyn Display; 6] = [
        &p.name,
        &state::up(s.up),
        &s.alive,
        &p.quorum,
        &p.scheduler,
        &sorry,
    ];
    row(&mut r.out, "service", &parts)
}

/// What the checkers that fail say.
struct Failing<'a>(&'a Room, RealId);

impl Display for Failing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failing = state::checkers(self.0, self.1).filter(|(_, c)| !c.up);
        for (n, (id, c)) in failing.enumerate() {
            let gap = if n == 0 { "" } else { "; " };
            let params = self.0.params().checkers.get(usize::from(id.0));
            let name = params.map_or("", |p| p.probe.name());
            match c.tried {
                true => write!(f, "{gap}{name}: {}", c.why)?,
                false => write!(f, "{gap}{name}: not tried yet")?,
            }
        }
        Ok(())
    }
}

fn real(r: &mut Report, view: &View<'_>, id: RealId, wanted: Option<&str>) -> fmt::Result {
    let Some((room, p, s)) = r.real(view, id, wanted) else {
        return Ok(());
    };
    let line = s.line.map_or(NONE.to_owned(), |weight| weight.to_string());
    let parts: [&dyn Display; 6] = [
        &room.params().text(p.service),
        &p.name,
        &state::up(s.alive),
        &s.weight,
        &line,
        &Failing(room, id),
    ];
    row(&mut r.out, "real", &parts)
}

/// How far the JSON object is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    list: usize,
    /// Something is in the list already.
    filled: bool,
    /// A virtual server's list of real servers is open, and this many are in it.
    reals: Option<usize>,
}

const LISTS: [&str; 5] = ["instances", "groups", "scripts", "files", "virtual_servers"];

/// Goes on to a list, closing what is before it.
fn go_to(r: &mut Report, list: usize) {
    while r.place.list < list {
        if r.place.list > 0 {
            r.out.push(']');
        }
        if let Some(name) = LISTS.get(r.place.list) {
            let _ = write!(r.out, ",\"{name}\":[");
        }
        r.place.list += 1;
        r.place.filled = false;
    }
}

/// Before one more in a list.
fn comma(r: &mut Report) {
    if core::mem::replace(&mut r.place.filled, true) {
        r.out.push(',');
    }
}

/// After the last real server of a virtual one.
fn leave(r: &mut Report) {
    if r.place.reals.take().is_some() {
        r.out.push_str("]}");
    }
}

pub(super) fn json(r: &mut Report, part: Part, view: &View<'_>, wanted: Option<&str>) {
    match part {
        Part::Head => {
            r.out.push_str("{\"daemon\":");
            let about = view.about;
            let mut o = Object::new(&mut r.out);
            o.text("version", env!("CARGO_PKG_VERSION"));
            o.plain("pid", about.pid);
            o.plain("uptime", view.ago(about.started));
            o.text("config", &about.file);
            o.plain("loaded", view.date(about.loaded));
            o.end();
        }
        Part::Instance(id) => json_instance(r, view, id, wanted),
        Part::Group(id) => json_group(r, view, id, wanted),
        Part::Script(id) => json_script(r, view, id, wanted),
        Part::File(id) => json_file(r, view, id, wanted),
        Part::Service(id) => json_service(r, view, id, wanted),
        Part::Real(id) => json_real(r, view, id, wanted),
        Part::Tail => {
            leave(r);
            go_to(r, LISTS.len() + 1);
            r.out.push_str("}\n");
            if wanted.is_some() && !r.found {
                r.status = code::UNKNOWN;
            }
        }
    }
}

fn json_instance(r: &mut Report, view: &View<'_>, id: InstanceId, wanted: Option<&str>) {
    go_to(r, 1);
    let Some((p, s)) = r.instance(view, id, wanted) else {
        return;
    };
    comma(r);
    let mut o = Object::new(&mut r.out);
    o.text("name", &p.name).text("state", s.state);
    o.maybe_plain("since", s.last_transition.map(|at| view.date(at)));
    o.plain("priority", s.effective_priority);
    o.plain("base_priority", s.base_priority);
    o.plain("tracked_priority", s.tracked_priority);
    o.text("interface", view.vrrp.text(p.iface));
    o.plain("vrid", p.vrid).plain("version", p.version.number());
    o.maybe("source", s.source);
    o.maybe("master", s.master.map(|(address, _)| address));
    o.maybe_plain("master_priority", s.master.map(|(_, priority)| priority));
    o.maybe_plain("last_advert", s.heard.map(|at| view.date(at)));
    o.plain("holds_addresses", s.holds_addresses);
    let all = p.addresses.iter().chain(&p.excluded);
    o.texts("addresses", all.map(|a| Prefixed(a.address, a.prefix)));
    o.maybe("why", s.why.map(|why| view.vrrp.text(why)));
    let reasons = view.router.reasons(id);
    o.texts("faults", reasons.map(|reason| view.vrrp.text(reason)));
    o.plain("adverts_received", s.counters.advert_rcvd);
    o.plain("adverts_sent", s.counters.advert_sent);
    o.plain("became_master", s.counters.become_master);
    o.plain("released_master", s.counters.release_master);
    o.end();
}

struct Prefixed(core::net::IpAddr, u8);

impl Display for Prefixed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.0, self.1)
    }
}

fn json_group(r: &mut Report, view: &View<'_>, id: GroupId, wanted: Option<&str>) {
    go_to(r, 2);
    let Some((p, s)) = r.group(view, id, wanted) else {
        return;
    };
    comma(r);
    let mut o = Object::new(&mut r.out);
    o.text("name", &p.name).text("state", s.state);
    o.maybe_plain("since", s.last_transition.map(|at| view.date(at)));
    o.texts("members", p.members.iter().map(|m| view.vrrp.text(*m)));
    o.end();
}

fn json_script(r: &mut Report, view: &View<'_>, id: ScriptId, wanted: Option<&str>) {
    go_to(r, 3);
    let Some((p, s)) = r.script(view, id, wanted) else {
        return;
    };
    comma(r);
    let mut o = Object::new(&mut r.out);
    o.text("name", &p.name).text("state", state::script(&s));
    o.maybe("last", s.last).plain("running", s.running);
    o.end();
}

fn json_file(r: &mut Report, view: &View<'_>, id: FileId, wanted: Option<&str>) {
    go_to(r, 4);
    let Some((p, value)) = r.file(view, id, wanted) else {
        return;
    };
    comma(r);
    let mut o = Object::new(&mut r.out);
    o.text("name", &p.name).text("path", &p.path);
    o.plain("value", value);
    o.end();
}

fn json_service(r: &mut Report, view: &View<'_>, id: ServiceId, wanted: Option<&str>) {
    leave(r);
    let Some(room) = view.check else {
        return;
    };
    let params = room.params().services.get(usize::from(id.0));
    let (Some(p), Some(s)) = (params, room.service(id)) else {
        return;
    };
    go_to(r, 5);
    let named = |real: &crate::check::RealParams| {
        wanted.is_some_and(|wanted| state::is(&real.name, wanted))
    };
    let range = usize::from(p.reals.start)..usize::from(p.reals.end);
    let reals = room.params().reals.get(range).unwrap_or_default();
    r.inside = r.meant(&p.name, wanted);
    // A real server that is asked for comes with the service it belongs to.
    if !r.inside && !reals.iter().any(named) {
        return;
    }
    r.fault(r.inside && !s.up);
    comma(r);
    let mut o = Object::new(&mut r.out);
    o.text("name", &p.name).text("state", state::up(s.up));
    o.plain("alive", s.alive).plain("quorum", p.quorum);
    o.plain("hysteresis", p.hysteresis);
    o.text("scheduler", &p.scheduler);
    o.plain("in_table", s.present).plain("sorry", s.sorry);
    o.plain("suspended", s.suspended);
    o.key("real_servers").push('[');
    r.place.reals = Some(0);
}

fn json_real(r: &mut Report, view: &View<'_>, id: RealId, wanted: Option<&str>) {
    let Some(before) = r.place.reals else {
        return;
    };
    let Some((room, p, s)) = r.real(view, id, wanted) else {
        return;
    };
    if before > 0 {
        r.out.push(',');
    }
    r.place.reals = Some(before.saturating_add(1));
    let mut o = Object::new(&mut r.out);
    o.text("name", &p.name).text("state", state::up(s.alive));
    o.plain("weight", s.weight);
    o.maybe_plain("table_weight", s.line);
    let out = o.key("checkers");
    out.push('[');
    for (n, (id, c)) in state::checkers(room, id).enumerate() {
        if n > 0 {
            out.push(',');
        }
        let params = room.params().checkers.get(usize::from(id.0));
        let mut o = Object::new(out);
        o.text("check", params.map_or("", |p| p.probe.name()));
        o.text("state", state::up(c.up)).plain("tried", c.tried);
        o.text("last", c.why).plain("failures", c.fails);
        o.maybe_plain("since", c.since.map(|at| view.date(at)));
        o.maybe_plain("next", c.due.map(|due| super::Ago(due.since(view.now))));
        o.end();
    }
    out.push(']');
    o.end();
}
