//! Load balancing: virtual servers, their real servers and checkers.

use super::{command, escaped, word};
use crate::check::{
    CheckerParams, Connection, FlushOnStop, Http, HttpVersion, Params, Probe, RealParams,
    ServiceParams, Sorry, SyncParams, Udp, Url,
};
use crate::config::Config;
use crate::config::ipvs::{RECORDS, behind, protocol_name};
use crate::notify::Script;
use crate::time::Span;
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
    match table.sync.as_slice() {
        [one] => sync(out, one, &config.vrrp),
        _ => Ok(()),
    }
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

/// The sync daemon of an instance, where each has its own.
pub(super) fn own_sync(config: &Config, instance: usize) -> Option<&str> {
    let all = &config.check.table.sync;
    let own = |s: &&SyncParams| s.instance.map(usize::from) == Some(instance);
    let found = all.iter().find(own)?;
    (all.len() > 1).then_some(&*found.interface)
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

fn on(on: bool) -> &'static str {
    if on { "on" } else { "off" }
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

fn whole(time: Span) -> bool {
    time.micros() % 1_000_000 == 0
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
            Forward::Nat => return f.write_str("NAT"),
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
    // FILE_CHECK has no word for it.
    let file = |c: &CheckerParams| matches!(c.probe, Probe::File { .. });
    let alpha = checkers.iter().any(|c| file(c) && c.alpha);
    if alpha {
        writeln!(out, "        alpha on")?;
    }
    for c in checkers {
        writeln!(out, "        {} {{", block(&c.probe))?;
        if !file(c) {
            timing(out, c, alpha)?;
        }
        if let Some(to) = &c.connection {
            connection(out, to, p, c.timeout)?;
        }
        probe(out, config, c)?;
        writeln!(out, "        }}")?;
    }
    writeln!(out, "    }}")
}

fn block(probe: &Probe) -> &'static str {
    match probe {
        Probe::Tcp => "TCP_CHECK",
        Probe::Http(http) if http.tls => "SSL_GET",
        Probe::Http(_) => "HTTP_GET",
        Probe::Misc { .. } => "MISC_CHECK",
        Probe::Smtp { .. } => "SMTP_CHECK",
        Probe::Dns { .. } => "DNS_CHECK",
        Probe::Udp(_) => "UDP_CHECK",
        Probe::Ping => "PING_CHECK",
        Probe::File { .. } => "FILE_CHECK",
    }
}

fn timing(out: &mut String, c: &CheckerParams, alpha: bool) -> fmt::Result {
    writeln!(out, "            delay_loop {}", c.delay_loop)?;
    writeln!(out, "            warmup {}", c.warmup)?;
    writeln!(out, "            retry {}", c.retry)?;
    writeln!(
        out,
        "            delay_before_retry {}",
        c.delay_before_retry
    )?;
    if c.alpha != alpha {
        writeln!(out, "            alpha {}", on(c.alpha))?;
    }
    if c.log_all_failures {
        writeln!(out, "            log_all_failures on")?;
    }
    Ok(())
}

fn connection(out: &mut String, c: &Connection, p: &RealParams, timeout: Span) -> fmt::Result {
    if c.address != p.destination.address {
        writeln!(out, "            connect_ip {}", c.address)?;
    }
    if c.port != p.destination.port && c.port != 0 {
        writeln!(out, "            connect_port {}", c.port)?;
    }
    writeln!(out, "            connect_timeout {timeout}")?;
    if let Some(from) = c.from {
        writeln!(out, "            bindto {from}")?;
    }
    if c.from_port != 0 {
        writeln!(out, "            bind_port {}", c.from_port)?;
    }
    if let Some(interface) = &c.interface {
        writeln!(out, "            bind_if {}", word(interface))?;
    }
    if c.mark != 0 {
        writeln!(out, "            fwmark {}", c.mark)?;
    }
    Ok(())
}

fn probe(out: &mut String, config: &Config, c: &CheckerParams) -> fmt::Result {
    match &c.probe {
        Probe::Tcp | Probe::Ping => Ok(()),
        Probe::Http(http) => pages(out, http),
        Probe::Misc { command, dynamic } => {
            if let Some(script) = config.notify.checks.get(usize::from(*command)) {
                writeln!(out, "            misc_path {}", super::command(script))?;
                if let Some(user) = script.user {
                    writeln!(out, "            user {} {}", user.uid, user.gid)?;
                }
            }
            if whole(c.timeout) {
                writeln!(out, "            misc_timeout {}", c.timeout)?;
            }
            match dynamic {
                true => writeln!(out, "            misc_dynamic"),
                false => Ok(()),
            }
        }
        Probe::Smtp { helo } => writeln!(out, "            helo_name {}", word(helo)),
        Probe::Dns { name, kind } => {
            let record = RECORDS.iter().find(|r| r.1 == *kind).map_or("SOA", |r| r.0);
            writeln!(out, "            type {record}")?;
            let name = if name.is_empty() { "." } else { name };
            writeln!(out, "            name {}", word(name))
        }
        Probe::Udp(p) => datagram(out, p),
        Probe::File {
            file,
            weight,
            reverse,
        } => {
            let params = config.vrrp.files.get(usize::from(*file));
            let name = word(params.map_or("", |f| &f.name));
            writeln!(out, "            track_file {name}")?;
            let reverse = if *reverse { "reverse" } else { "noreverse" };
            writeln!(out, "            weight {weight} {reverse}")
        }
    }
}

fn pages(out: &mut String, p: &Http) -> fmt::Result {
    let version = match p.version {
        HttpVersion::V10 => "1.0",
        HttpVersion::V10Close => "1.0C",
        HttpVersion::V11 => "1.1",
    };
    writeln!(out, "            http_protocol {version}")?;
    if let Some(name) = &p.sni {
        writeln!(out, "            sni_name {}", word(name))?;
    }
    if p.fast_recovery {
        writeln!(out, "            fast_recovery on")?;
    }
    p.urls.iter().try_for_each(|url| page(out, url))
}

fn page(out: &mut String, p: &Url) -> fmt::Result {
    writeln!(out, "            url {{")?;
    writeln!(out, "                path {}", word(&p.path))?;
    if let Some(host) = &p.host {
        writeln!(out, "                virtualhost {}", word(host))?;
    }
    if let Some(digest) = p.digest {
        write!(out, "                digest ")?;
        digest.iter().try_for_each(|b| write!(out, "{b:02x}"))?;
        writeln!(out)?;
    }
    write!(out, "                status_code")?;
    for (low, high) in &p.codes {
        match low == high {
            true => write!(out, " {low}")?,
            false => write!(out, " {low}-{high}")?,
        }
    }
    writeln!(out)?;
    if let Some(regex) = &p.regex {
        let pattern = escaped(&regex.pattern);
        writeln!(out, "                regex \"{pattern}\"")?;
        if regex.absent {
            writeln!(out, "                regex_no_match")?;
        }
        if regex.min != 0 {
            writeln!(out, "                regex_min_offset {}", regex.min)?;
        }
        if let Some(max) = regex.max {
            writeln!(out, "                regex_max_offset {max}")?;
        }
    }
    if p.tls_compliant {
        writeln!(out, "                tls_compliant on")?;
    }
    writeln!(out, "            }}")
}

fn datagram(out: &mut String, p: &Udp) -> fmt::Result {
    if !p.payload.is_empty() {
        write!(out, "            payload ")?;
        p.payload.iter().try_for_each(|b| write!(out, "{b:02x}"))?;
        writeln!(out)?;
    }
    if let Some(reply) = &p.reply {
        let blank = if reply.is_empty() { "" } else { " " };
        write!(out, "            require_reply{blank}")?;
        for (value, mask) in reply {
            for shift in [4, 0] {
                match mask >> shift & 0xf {
                    0 => write!(out, "X")?,
                    _ => write!(out, "{:x}", value >> shift & 0xf)?,
                }
            }
        }
        writeln!(out)?;
    }
    writeln!(out, "            min_reply_length {}", p.min)?;
    writeln!(out, "            max_reply_length {}", p.max)
}
