//! `keepalived_check.data`: virtual servers, real servers and checkers.

use super::View;
use crate::check::{CheckerId, Probe, RealId, Room, ServiceId};
use core::fmt::{self, Write};

/// One virtual server, without its real servers.
pub(super) fn service(out: &mut String, room: &Room, id: ServiceId) -> fmt::Result {
    let params = room.params().services.get(usize::from(id.0));
    let (Some(p), Some(s)) = (params, room.service(id)) else {
        return Ok(());
    };
    writeln!(out, " Virtual server = {}", p.name)?;
    writeln!(out, "   lvs_sched = {}", p.scheduler)?;
    if p.persistence != 0 {
        writeln!(out, "   persistence timeout = {}", p.persistence)?;
    }
    writeln!(
        out,
        "   quorum = {}, hysteresis = {}",
        p.quorum, p.hysteresis
    )?;
    writeln!(out, "   omega = {}", yes(p.omega))?;
    writeln!(out, "   In the table = {}", yes(s.present))?;
    writeln!(out, "   Quorum = {}", if s.up { "UP" } else { "DOWN" })?;
    writeln!(out, "   Weight alive = {}", s.alive)?;
    if s.suspended {
        writeln!(out, "   Checkers rest (ha_suspend)")?;
    }
    if let Some(sorry) = &p.sorry {
        let to = sorry.destination;
        let state = if s.sorry { "answers" } else { "idle" };
        writeln!(
            out,
            "   Sorry server = [{}]:{} {state}",
            to.address, to.port
        )?;
    }
    Ok(())
}

/// One real server with its checkers.
pub(super) fn real(out: &mut String, room: &Room, id: RealId, view: &View<'_>) -> fmt::Result {
    let params = room.params().reals.get(usize::from(id.0));
    let (Some(p), Some(s)) = (params, room.real(id)) else {
        return Ok(());
    };
    writeln!(out, "   Real server = {}", p.name)?;
    writeln!(out, "     Alive = {}", yes(s.alive))?;
    writeln!(out, "     Weight = {}", s.weight)?;
    match s.line {
        Some(weight) => writeln!(out, "     Weight in the table = {weight}")?,
        None => writeln!(out, "     Not in the table")?,
    }
    if p.inhibit {
        writeln!(out, "     Inhibit on failure = yes")?;
    }
    for at in p.checkers.clone() {
        checker(out, room, CheckerId(at), view)?;
    }
    Ok(())
}

fn checker(out: &mut String, room: &Room, id: CheckerId, view: &View<'_>) -> fmt::Result {
    let params = room.params().checkers.get(usize::from(id.0));
    let (Some(p), Some(s)) = (params, room.checker(id)) else {
        return Ok(());
    };
    writeln!(out, "     {}", p.probe.name())?;
    if let Some(to) = &p.connection {
        writeln!(out, "       Connection = [{}]:{}", to.address, to.port)?;
    }
    if let Probe::Http(http) = &p.probe {
        for url in &http.urls {
            writeln!(out, "       Url = {}", url.path)?;
        }
    }
    writeln!(out, "       Delay loop = {} sec", p.delay_loop)?;
    writeln!(out, "       Timeout = {} sec", p.timeout)?;
    writeln!(out, "       Retry = {}", p.retry)?;
    writeln!(
        out,
        "       Delay before retry = {} sec",
        p.delay_before_retry
    )?;
    writeln!(out, "       Alpha = {}", yes(p.alpha))?;
    let state = match (s.tried, s.up) {
        (false, _) => "not tried yet",
        (true, true) => "succeeds",
        (true, false) => "fails",
    };
    writeln!(out, "       State = {state}")?;
    writeln!(out, "       Last result = {}", s.why)?;
    if let Some(since) = s.since {
        writeln!(out, "       Since = {} sec", view.ago(since))?;
    }
    if let Some(due) = s.due {
        writeln!(
            out,
            "       Next try in = {} sec",
            super::Ago(due.since(view.now))
        )?;
    }
    Ok(())
}

fn yes(on: bool) -> &'static str {
    if on { "yes" } else { "no" }
}
