//! Load balancing: virtual servers, their real servers and checkers.

use super::checks::{checks, on, whole};
use super::{command, word};
use crate::check::{
    CheckerParams, FlushOnStop, Params, Probe, RealParams, ServiceParams, Sorry, SyncParams,
};
use crate::config::Config;
use crate::config::ipvs::{behind, protocol_name};
use crate::notify::Script;
use crate::vrrp;
use crate::wire::ipvs::{Forward, Key, SVC_ONE_PACKET, SVC_SCHED1, SVC_SCHED2, SVC_SCHED3, Tunnel};
use core::fmt::{self, Write};
use core::net::IpAddr;
use std::collections::BTreeSet;

/// Flags and their keywords.
const FLAGS: [(&str, u32); 4] = [
    ("ops", SVC_ONE_PACKET),
    ("flag-1", SVC_SCHED1),
    ("flag-2", SVC_SCHED2),
    ("flag-3", SVC_SCHED3),
];

/// `lvs_*` of global_defs.
pub(super) fn globals(out: &mut String, config: &Config) -> fmt::Result {
    let table = &config.check.table;
    if table.timeouts.iter().any(|t| *t != 0) {
        write!(out, "    lvs_timeouts")?;
        for (name, seconds) in ["tcp", "tcpfin", "udp"].iter().zip(table.timeouts) {
            if seconds != 0 {
                write!(out, " {name} {seconds}")?;
            }
        }
        writeln!(out)?;
    }
    if table.flush {
        writeln!(out, "    lvs_flush")?;
    }
    match table.flush_on_stop {
        FlushOnStop::No => {}
        FlushOnStop::All => writeln!(out, "    lvs_flush_on_stop")?,
        FlushOnStop::Services => writeln!(out, "    lvs_flush_on_stop VS")?,
    }
    if table.init_notifies {
        writeln!(out, "    rs_init_notifies")?;
    }
    let mut all = table.sync.iter();
    all.try_for_each(|one| sync(out, one, &config.vrrp))
}

fn sync(out: &mut String, p: &SyncParams, params: &vrrp::Params) -> fmt::Result {
    write!(out, "    lvs_sync_daemon {}", word(&p.interface))?;
    let instance = p
        .instance
        .and_then(|i| params.instances.get(usize::from(i)));
    if let Some(instance) = instance {
        write!(out, " inst {}", word(&instance.name))?;
    }
    write!(out, " id {}", p.id)?;
    let numbers = [
        ("maxlen", p.maxlen),
        ("port", p.port),
        ("ttl", u16::from(p.ttl)),
    ];
    for (name, number) in numbers.into_iter().filter(|n| n.1 != 0) {
        write!(out, " {name} {number}")?;
    }
    if let Some(group) = p.group {
        write!(out, " group {group}")?;
    }
    writeln!(out)
}

/// Everything behind the instances.
pub(super) fn services(out: &mut String, config: &Config) -> fmt::Result {
    let check = &config.check;
    if let Some(tls) = &check.tls {
        writeln!(out, "\nSSL {{")?;
        let lines = [
            ("password", &tls.password),
            ("ca", &tls.ca),
            ("certificate", &tls.certificate),
            ("key", &tls.key),
        ];
        for (name, value) in lines {
            if let Some(value) = value {
                writeln!(out, "    {name} {}", word(value))?;
            }
        }
        writeln!(out, "}}")?;
    }
    let mut named = BTreeSet::new();
    for service in &check.services {
        if let Some(name) = group_name(service)
            && named.insert(name)
        {
            group(out, name, &service.keys)?;
        }
    }
    for n in 0..check.services.len() {
        one(out, config, n)?;
    }
    Ok(())
}

/// The group a virtual server is of: `[NAME]:0` is not what an address looks like.
fn group_name(service: &ServiceParams) -> Option<&str> {
    service.name.strip_prefix('[')?.strip_suffix("]:0")
}

fn group(out: &mut String, name: &str, keys: &[Key]) -> fmt::Result {
    writeln!(out, "\nvirtual_server_group {} {{", word(name))?;
    let mut run: Option<(IpAddr, IpAddr, u16)> = None;
    for key in keys {
        if let Key::Address { address, port, .. } = *key {
            match &mut run {
                Some((_, last, of)) if *of == port && next(*last) == Some(address) => {
                    *last = address;
                }
                _ => {
                    range(out, run.take())?;
                    run = Some((address, address, port));
                }
            }
            continue;
        }
        range(out, run.take())?;
        if let Key::Mark { mark, v6 } = *key {
            writeln!(out, "    fwmark {mark} {}", family(v6))?;
        }
    }
    range(out, run)?;
    writeln!(out, "}}")
}

fn next(ip: IpAddr) -> Option<IpAddr> {
    Some(behind(ip, 1)).filter(|next| *next != ip)
}

fn range(out: &mut String, run: Option<(IpAddr, IpAddr, u16)>) -> fmt::Result {
    match run {
        None => Ok(()),
        Some((first, last, port)) if first == last => writeln!(out, "    {first} {port}"),
        Some((first, last, port)) => writeln!(out, "    {first}-{last} {port}"),
    }
}

fn family(v6: bool) -> &'static str {
    if v6 { "inet6" } else { "inet" }
}

fn one(out: &mut String, config: &Config, n: usize) -> fmt::Result {
    let Params {
        services,
        reals,
        checkers,
        ..
    } = &config.check;
    let Some(p) = services.get(n) else {
        return Ok(());
    };
    let all = usize::from(p.reals.start)..usize::from(p.reals.end);
    let reals = reals.get(all.clone()).unwrap_or_default();
    let method = reals
        .first()
        .map_or(Forward::Nat, |r| r.destination.forward);
    head(out, p)?;
    // What MISC_CHECK has in place of a timeout of whole seconds.
    let mine = reals.iter().flat_map(|r| own(checkers, r));
    let part = |c: &&CheckerParams| matches!(c.probe, Probe::Misc { .. }) && !whole(c.timeout);
    if let Some(checker) = mine.clone().find(part) {
        writeln!(out, "    delay_loop {}", checker.timeout)?;
    }
    writeln!(out, "    lb_algo {}", word(&p.scheduler))?;
    writeln!(out, "    lb_kind {}", Method(method))?;
    protocol(out, p)?;
    stays(out, p)?;
    for (name, bit) in FLAGS {
        if p.flags & bit != 0 {
            writeln!(out, "    {name}")?;
        }
    }
    if p.quorum > 1 {
        writeln!(out, "    quorum {}", p.quorum)?;
    }
    if p.hysteresis > 0 {
        writeln!(out, "    hysteresis {}", p.hysteresis)?;
    }
    for (name, set) in [("omega", p.omega), ("ha_suspend", p.ha_suspend)] {
        if set {
            writeln!(out, "    {name}")?;
        }
    }
    if let Some(scripts) = config.notify.services.get(n) {
        script(out, 4, "quorum_up", scripts.quorum_up.as_deref())?;
        script(out, 4, "quorum_down", scripts.quorum_down.as_deref())?;
        writeln!(out, "    smtp_alert {}", on(scripts.smtp_alert))?;
    }
    if let Some(last) = &p.sorry {
        sorry(out, last, method)?;
    }
    for (i, r) in all.zip(reals) {
        real(out, config, i, r, method)?;
    }
    writeln!(out, "}}")
}

fn own<'c>(checkers: &'c [CheckerParams], r: &RealParams) -> &'c [CheckerParams] {
    let all = usize::from(r.checkers.start)..usize::from(r.checkers.end);
    checkers.get(all).unwrap_or_default()
}

fn head(out: &mut String, p: &ServiceParams) -> fmt::Result {
    write!(out, "\nvirtual_server ")?;
    match (group_name(p), p.keys.first()) {
        (Some(name), _) => write!(out, "group {}", word(name))?,
        (None, Some(Key::Address { address, port, .. })) => write!(out, "{address} {port}")?,
        (None, Some(Key::Mark { mark, .. })) => write!(out, "fwmark {mark}")?,
        (None, None) => {}
    }
    writeln!(out, " {{")
}

fn protocol(out: &mut String, p: &ServiceParams) -> fmt::Result {
    if let (None, Some(Key::Mark { v6, .. })) = (group_name(p), p.keys.first()) {
        return writeln!(out, "    ip_family {}", family(*v6));
    }
    let mut addresses = p.keys.iter().filter_map(|key| match key {
        Key::Address { protocol, .. } => Some(protocol_name(*protocol)),
        Key::Mark { .. } => None,
    });
    // A group of marks has no protocol, but names one.
    let name = addresses.next().unwrap_or("udp");
    writeln!(out, "    protocol {}", name.to_ascii_uppercase())
}

/// Persistence.
fn stays(out: &mut String, p: &ServiceParams) -> fmt::Result {
    if p.persistence > 0 {
        writeln!(out, "    persistence_timeout {}", p.persistence)?;
    }
    let v6 = match p.keys.first() {
        Some(Key::Address { address, .. }) => address.is_ipv6(),
        Some(Key::Mark { v6, .. }) => *v6,
        None => false,
    };
    if v6 && p.netmask != 128 {
        writeln!(out, "    persistence_granularity {}", p.netmask)?;
    } else if !v6 && p.netmask != u32::MAX {
        let mask = IpAddr::from(p.netmask.to_ne_bytes());
        writeln!(out, "    persistence_granularity {mask}")?;
    }
    match &p.engine {
        Some(engine) => writeln!(out, "    persistence_engine {}", word(engine)),
        None => Ok(()),
    }
}

/// `lb_kind` with its options.
struct Method(Forward);

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tunnel { kind, port, flags } = match self.0 {
            // Only the kernel says "local", and never a configuration.
            Forward::Nat | Forward::Local => return f.write_str("NAT"),
            Forward::Direct => return f.write_str("DR"),
            Forward::Tunnel(tunnel) => tunnel,
        };
        match kind {
            1 => write!(f, "TUN type gue port {port}")?,
            2 => f.write_str("TUN type gre")?,
            _ => f.write_str("TUN type ipip")?,
        }
        match flags {
            1 => f.write_str(" csum"),
            2 => f.write_str(" remcsum"),
            _ => Ok(()),
        }
    }
}

fn sorry(out: &mut String, p: &Sorry, method: Forward) -> fmt::Result {
    let d = &p.destination;
    writeln!(out, "    sorry_server {} {}", d.address, d.port)?;
    if p.inhibit {
        writeln!(out, "    sorry_server_inhibit")?;
    }
    match d.forward == method {
        true => Ok(()),
        false => writeln!(out, "    sorry_server_lvs_method {}", Method(d.forward)),
    }
}

fn script(out: &mut String, indent: usize, name: &str, script: Option<&Script>) -> fmt::Result {
    let Some(script) = script else {
        return Ok(());
    };
    write!(out, "{:indent$}{name} {}", "", command(script))?;
    match script.user {
        Some(user) => writeln!(out, " {} {}", user.uid, user.gid),
        None => writeln!(out),
    }
}

fn real(
    out: &mut String,
    config: &Config,
    index: usize,
    p: &RealParams,
    method: Forward,
) -> fmt::Result {
    let d = &p.destination;
    writeln!(out, "    real_server {} {} {{", d.address, d.port)?;
    writeln!(out, "        weight {}", d.weight)?;
    if d.forward != method {
        writeln!(out, "        lvs_method {}", Method(d.forward))?;
    }
    writeln!(out, "        inhibit_on_failure {}", on(p.inhibit))?;
    for (name, n) in [("uthreshold", d.upper), ("lthreshold", d.lower)] {
        if n != 0 {
            writeln!(out, "        {name} {n}")?;
        }
    }
    if let Some(scripts) = config.notify.reals.get(index) {
        script(out, 8, "notify_up", scripts.up.as_deref())?;
        script(out, 8, "notify_down", scripts.down.as_deref())?;
        writeln!(out, "        smtp_alert {}", on(scripts.smtp_alert))?;
    }
    let checkers = own(&config.check.checkers, p);
    checks(out, config, p, checkers)?;
    writeln!(out, "    }}")
}
