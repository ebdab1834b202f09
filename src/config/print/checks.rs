//! The checkers of a real server.

use super::{escaped, word};
use crate::check::{CheckerParams, Connection, Http, HttpVersion, Probe, RealParams, Udp, Url};
use crate::config::Config;
use crate::config::ipvs::RECORDS;
use crate::time::Span;
use core::fmt::{self, Write};

pub(super) fn whole(time: Span) -> bool {
    time.micros().is_multiple_of(1_000_000)
}

pub(super) fn on(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

/// All checkers of a real server.
pub(super) fn checks(
    out: &mut String,
    config: &Config,
    p: &RealParams,
    checkers: &[CheckerParams],
) -> fmt::Result {
    // FILE_CHECK has no word for it.
    let file = |c: &CheckerParams| matches!(c.probe, Probe::File { .. });
    let alpha = checkers.iter().any(|c| file(c) && c.alpha);
    if alpha {
        writeln!(out, "        alpha on")?;
    }
    for c in checkers {
        writeln!(out, "        {} {{", c.probe.name())?;
        if !file(c) {
            timing(out, c, alpha)?;
        }
        if let Some(to) = &c.connection {
            connection(out, to, p, c.timeout)?;
        }
        probe(out, config, c)?;
        writeln!(out, "        }}")?;
    }
    Ok(())
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
    let names = || p.urls.iter().map(|url| &url.sni);
    match names().next() {
        Some(Some(first)) if names().all(|name| name.as_ref() == Some(first)) => {
            writeln!(out, "            sni_name {}", word(first))?;
        }
        _ if names().any(Option::is_some) => writeln!(out, "            enable_sni on")?,
        _ => {}
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
