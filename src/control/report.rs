//! A text about everything, written piece by piece.

use super::{View, code, data, explain, keepalived, servers, state, status, track};
use crate::check::{RealId, Room, ServiceId};
use crate::vrrp::{Counters, FileId, GroupId, InstanceId, ScriptId};
use core::fmt;

/// What a report is.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// `keepalived.data`
    Data,
    /// `keepalived_check.data`
    Checks,
    /// `keepalived.stats`, of these counters.
    Stats(Vec<Counters>),
    /// `keepalived.json`
    Json,
    /// `status`, as text: one line each, parts separated by tabs.
    Status {
        /// This alone.
        name: Option<Box<str>>,
    },
    /// `status`, as JSON.
    StatusJson {
        /// This alone.
        name: Option<Box<str>>,
    },
    /// `explain`
    Explain {
        /// This.
        name: Box<str>,
    },
}

/// A piece of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Head,
    Instance(InstanceId),
    Group(GroupId),
    Script(ScriptId),
    File(FileId),
    Service(ServiceId),
    /// One of the service before.
    Real(RealId),
    Tail,
}

/// A report that is being written.
#[derive(Debug)]
pub struct Report {
    what: What,
    part: Part,
    pub(super) out: String,
    pub(super) status: u8,
    /// Something of the name was there.
    pub(super) found: bool,
    /// The service before was meant.
    pub(super) inside: bool,
    /// JSON: where it is.
    pub(super) place: status::Place,
}

impl Report {
    /// Nothing is written yet.
    pub fn new(what: What) -> Self {
        Report {
            what,
            part: Part::Head,
            out: String::new(),
            status: code::OK,
            found: false,
            inside: false,
            place: status::Place::default(),
        }
    }

    /// Writes one piece; whether more is to come.
    pub fn step(&mut self, view: &View<'_>) -> bool {
        let part = self.part;
        // Writing to a String cannot fail.
        let _ = self.write(part, view);
        self.part = next(part, view);
        part != Part::Tail
    }

    /// Begins again: what it was about has changed.
    pub fn restart(&mut self) {
        let what = core::mem::replace(&mut self.what, What::Data);
        *self = Report::new(what);
    }

    /// The text and an exit status.
    pub fn done(self) -> (String, u8) {
        (self.out, self.status)
    }

    /// What is written so far.
    pub fn len(&self) -> usize {
        self.out.len()
    }

    /// Nothing is written.
    pub fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    fn write(&mut self, part: Part, view: &View<'_>) -> fmt::Result {
        // Lent out for the call: a report does not look at itself.
        let what = core::mem::replace(&mut self.what, What::Data);
        let done = match &what {
            What::Data => dump(&mut self.out, part, view),
            What::Checks => checks(&mut self.out, part, view),
            What::Stats(counters) => stats(&mut self.out, counters, part, view),
            What::Json => {
                self.json(part, view);
                Ok(())
            }
            What::Status { name } => status::text(self, part, view, name.as_deref()),
            What::StatusJson { name } => {
                status::json(self, part, view, name.as_deref());
                Ok(())
            }
            What::Explain { name } => explain::part(self, part, view, name),
        };
        self.what = what;
        done
    }

    fn json(&mut self, part: Part, view: &View<'_>) {
        let wrapped = view.about.wrapped;
        match part {
            Part::Head => self.out.push_str(if wrapped { "{\"vrrp\":[" } else { "[" }),
            Part::Instance(id) => {
                if id.0 > 0 {
                    self.out.push(',');
                }
                keepalived::instance(&mut self.out, view, id);
            }
            Part::Tail => self.out.push_str(match wrapped {
                true => "],\"track_process\":[]}",
                false => "]",
            }),
            _ => {}
        }
    }

    /// Whether this is to be shown.
    pub(super) fn meant(&mut self, name: &str, wanted: Option<&str>) -> bool {
        let meant = wanted.is_none_or(|wanted| state::is(name, wanted));
        self.found |= meant;
        meant
    }

    /// Something is wrong with what is shown.
    pub(super) fn fault(&mut self, is: bool) {
        if is {
            self.status = code::FAULT;
        }
    }
}

/// What comes after a piece.
fn next(part: Part, view: &View<'_>) -> Part {
    let none = (0, 0, 0, 0);
    let counts = view.vrrp;
    let (i, g, s, f) = match part {
        Part::Head => none,
        Part::Instance(id) => (id.0.saturating_add(1), 0, 0, 0),
        Part::Group(id) => (u16::MAX, id.0.saturating_add(1), 0, 0),
        Part::Script(id) => (u16::MAX, u16::MAX, id.0.saturating_add(1), 0),
        Part::File(id) => (u16::MAX, u16::MAX, u16::MAX, id.0.saturating_add(1)),
        Part::Service(id) => return below(id, view),
        Part::Real(id) => return beside(id, view),
        Part::Tail => return Part::Tail,
    };
    let within = |at: u16, count: usize| usize::from(at) < count;
    if within(i, counts.instances.len()) {
        Part::Instance(InstanceId(i))
    } else if within(g, counts.groups.len()) {
        Part::Group(GroupId(g))
    } else if within(s, counts.scripts.len()) {
        Part::Script(ScriptId(s))
    } else if within(f, counts.files.len()) {
        Part::File(FileId(f))
    } else {
        service(0, view)
    }
}

fn service(at: u16, view: &View<'_>) -> Part {
    let count = view.check.map_or(0, |room| room.params().services.len());
    match usize::from(at) < count {
        true => Part::Service(ServiceId(at)),
        false => Part::Tail,
    }
}

/// The first real server of a service, or the next service.
fn below(id: ServiceId, view: &View<'_>) -> Part {
    let of = view.check.map(Room::params);
    let of = of.and_then(|p| p.services.get(usize::from(id.0)));
    match of.map(|p| &p.reals).filter(|reals| !reals.is_empty()) {
        Some(reals) => Part::Real(RealId(reals.start)),
        None => service(id.0.saturating_add(1), view),
    }
}

/// The next real server of the same service, or the next service.
fn beside(id: RealId, view: &View<'_>) -> Part {
    let params = view.check.map(Room::params);
    let whose = params.and_then(|p| Some(p.reals.get(usize::from(id.0))?.service));
    let Some(whose) = whose else {
        return Part::Tail;
    };
    let reals = params.and_then(|p| p.services.get(usize::from(whose.0)));
    let next = id.0.saturating_add(1);
    match reals.is_some_and(|p| p.reals.contains(&next)) {
        true => Part::Real(RealId(next)),
        false => service(whose.0.saturating_add(1), view),
    }
}

fn dump(out: &mut String, part: Part, view: &View<'_>) -> fmt::Result {
    let all = view.vrrp;
    match part {
        Part::Head => {
            data::statics(out, view)?;
            out.push_str("------< VRRP Topology >------\n");
        }
        Part::Instance(id) => {
            let params = all.instances.get(usize::from(id.0));
            if let (Some(params), Some(s)) = (params, view.router.snapshot(id)) {
                data::data(out, all, params, &s, view.now)?;
                data::routing(out, view, params)?;
                data::faults(out, all, view.router.reasons(id))?;
                track::tracked(out, all, view.router.tracked(id))?;
            }
        }
        Part::Group(id) => {
            if id.0 == 0 {
                out.push_str("------< VRRP Sync groups >------\n");
            }
            let params = all.groups.get(usize::from(id.0));
            if let (Some(params), Some(s)) = (params, view.router.group_snapshot(id)) {
                data::group_data(out, all, params, &s)?;
            }
        }
        Part::Script(id) => {
            if id.0 == 0 {
                out.push_str("------< VRRP Scripts >------\n");
            }
            let params = all.scripts.get(usize::from(id.0));
            if let (Some(params), Some(s)) = (params, view.router.script_snapshot(id)) {
                track::script(out, params, &s)?;
            }
        }
        Part::File(id) => {
            if id.0 == 0 {
                out.push_str("------< VRRP Track files >------\n");
            }
            let params = all.files.get(usize::from(id.0));
            if let (Some(params), Some(value)) = (params, view.router.file_value(id)) {
                track::file(out, params, value)?;
            }
        }
        Part::Service(_) | Part::Real(_) | Part::Tail => {}
    }
    Ok(())
}

fn checks(out: &mut String, part: Part, view: &View<'_>) -> fmt::Result {
    let Some(room) = view.check else {
        return Ok(());
    };
    match part {
        Part::Head => {
            out.push_str("------< LVS Topology >------\n");
            Ok(())
        }
        Part::Service(id) => servers::service(out, room, id),
        Part::Real(id) => servers::real(out, room, id, view),
        _ => Ok(()),
    }
}

fn stats(out: &mut String, counters: &[Counters], part: Part, view: &View<'_>) -> fmt::Result {
    let Part::Instance(id) = part else {
        return Ok(());
    };
    let at = usize::from(id.0);
    match (view.vrrp.instances.get(at), counters.get(at)) {
        (Some(params), Some(counters)) => data::stats(out, params, counters),
        _ => Ok(()),
    }
}
