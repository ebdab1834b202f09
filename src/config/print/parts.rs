//! Parts of the normal form: processes, what is tracked, interfaces, peers.

use super::{command, word};
use crate::config::{Config, Process};
use crate::vrrp::{IfaceId, OldChecksum, Params, PortParams, Tracks, Unicast};
use core::fmt::{self, Write};

/// How the processes run.
pub(super) fn processes(out: &mut String, p: &Process) -> fmt::Result {
    if let Some(nice) = p.nice {
        writeln!(out, "    vrrp_priority {nice}")?;
    }
    if p.no_swap {
        writeln!(out, "    vrrp_no_swap")?;
    }
    if let Some(priority) = p.realtime {
        writeln!(out, "    vrrp_rt_priority {priority}")?;
    }
    if let Some(us) = p.rttime {
        writeln!(out, "    vrrp_rlimit_rttime {us}")?;
    }
    if !p.cpus.is_empty() {
        let cpus: Vec<String> = p.cpus.iter().map(u16::to_string).collect();
        writeln!(out, "    vrrp_cpu_affinity {}", cpus.join(" "))?;
    }
    if let Some(mask) = p.umask {
        writeln!(out, "    umask 0{mask:o}")?;
    }
    if let Some(name) = &p.parent_name {
        writeln!(out, "    process_name {}", word(name))?;
    }
    if let Some(name) = &p.worker_name {
        writeln!(out, "    vrrp_process_name {}", word(name))?;
    }
    for (keyword, script) in [("startup", &p.startup), ("shutdown", &p.shutdown)] {
        if let Some((script, timeout)) = script {
            write!(out, "    {keyword}_script {}", command(script))?;
            if let Some(user) = script.user {
                write!(out, " {} {}", user.uid, user.gid)?;
            }
            writeln!(out, "\n    {keyword}_script_timeout {timeout}")?;
        }
    }
    Ok(())
}

/// The scripts and files that are tracked.
pub(super) fn tracked(out: &mut String, config: &Config) -> fmt::Result {
    for (p, script) in config.vrrp.scripts.iter().zip(&config.notify.tracked) {
        writeln!(out, "\nvrrp_script {} {{", word(&p.name))?;
        writeln!(out, "    script {}", command(script))?;
        if let Some(user) = script.user {
            writeln!(out, "    user {} {}", user.uid, user.gid)?;
        }
        writeln!(out, "    interval {}", p.interval)?;
        if !p.timeout.is_zero() {
            writeln!(out, "    timeout {}", p.timeout)?;
        }
        writeln!(out, "    rise {}", p.rise)?;
        writeln!(out, "    fall {}", p.fall)?;
        if p.init_fail {
            writeln!(out, "    init_fail")?;
        }
        writeln!(out, "}}")?;
    }
    for p in &config.vrrp.files {
        writeln!(out, "\ntrack_file {} {{", word(&p.name))?;
        writeln!(out, "    file {}", word(&p.path))?;
        if let Some(initial) = p.initial {
            let overwrite = if p.overwrite { " overwrite" } else { "" };
            writeln!(out, "    init_file {initial}{overwrite}")?;
        }
        writeln!(out, "}}")?;
    }
    Ok(())
}

/// The settings of interfaces.
pub(super) fn ports(out: &mut String, params: &Params) -> fmt::Result {
    let name = |i: IfaceId| word(params.interfaces.get(usize::from(i.0)).map_or("", |n| n));
    let delayed = |p: &&PortParams| !p.down_delay.is_zero() || !p.up_delay.is_zero();
    if params.ports.iter().any(|p| delayed(&p)) {
        writeln!(out, "\ninterface_up_down_delays {{")?;
        for p in params.ports.iter().filter(delayed) {
            writeln!(out, "    {} {} {}", name(p.iface), p.down_delay, p.up_delay)?;
        }
        writeln!(out, "}}")?;
    }
    for (i, p) in params.ports.iter().enumerate() {
        let shared = |o: &&PortParams| o.pacing == p.pacing;
        let first = p.pacing.is_none() || !params.ports[..i].iter().any(|o| shared(&o));
        if p.garp_interval.is_zero() && p.gna_interval.is_zero() || !first {
            continue;
        }
        writeln!(out, "\ngarp_group {{")?;
        if !p.garp_interval.is_zero() {
            writeln!(out, "    garp_interval {}", p.garp_interval)?;
        }
        if !p.gna_interval.is_zero() {
            writeln!(out, "    gna_interval {}", p.gna_interval)?;
        }
        writeln!(out, "    interfaces {{")?;
        match p.pacing {
            None => writeln!(out, "        {}", name(p.iface))?,
            Some(_) => {
                for o in params.ports.iter().filter(shared) {
                    writeln!(out, "        {}", name(o.iface))?;
                }
            }
        }
        writeln!(out, "    }}\n}}")?;
    }
    Ok(())
}

/// What an instance follows.
pub(super) fn follows(out: &mut String, tracks: &Tracks, params: &Params) -> fmt::Result {
    let one = |out: &mut String, name: String, weight: i16, reverse: bool| {
        let reverse = if reverse { " reverse" } else { "" };
        writeln!(out, "        {name} weight {weight}{reverse}")
    };
    if !tracks.interfaces.is_empty() {
        writeln!(out, "    track_interface {{")?;
        for t in &tracks.interfaces {
            let name = params.interfaces.get(usize::from(t.id.0));
            one(out, word(name.map_or("", |n| n)), t.weight, t.reverse)?;
        }
        writeln!(out, "    }}")?;
    }
    if !tracks.scripts.is_empty() {
        writeln!(out, "    track_script {{")?;
        for t in &tracks.scripts {
            let script = params.scripts.get(usize::from(t.id.0));
            let name = word(script.map_or("", |s| &s.name));
            one(out, name, t.weight, t.reverse)?;
        }
        writeln!(out, "    }}")?;
    }
    if !tracks.files.is_empty() {
        writeln!(out, "    track_file {{")?;
        for t in &tracks.files {
            let file = params.files.get(usize::from(t.id.0));
            let name = word(file.map_or("", |f| &f.name));
            one(out, name, t.weight, t.reverse)?;
        }
        writeln!(out, "    }}")?;
    }
    Ok(())
}

/// Unicast operation.
pub(super) fn to_peers(out: &mut String, unicast: &Unicast) -> fmt::Result {
    if !unicast.peers.is_empty() {
        writeln!(out, "    unicast_peer {{")?;
        for peer in &unicast.peers {
            write!(out, "        {}", peer.address)?;
            if peer.min_ttl != 0 {
                write!(out, " min_ttl {}", peer.min_ttl)?;
            }
            if peer.max_ttl != u8::MAX {
                write!(out, " max_ttl {}", peer.max_ttl)?;
            }
            writeln!(out)?;
        }
        writeln!(out, "    }}")?;
    }
    writeln!(out, "    unicast_ttl {}", unicast.ttl)?;
    if unicast.check_source {
        writeln!(out, "    check_unicast_src")?;
    }
    if unicast.fault_without_peer {
        writeln!(out, "    unicast_fault_no_peer")?;
    }
    match unicast.old_checksum {
        OldChecksum::Detect => Ok(()),
        OldChecksum::Never => writeln!(out, "    old_unicast_checksum never"),
        OldChecksum::Always => writeln!(out, "    old_unicast_checksum"),
    }
}
