//! The normal form: the effective configuration as a keepalived.conf that loads to the same.

mod checks;
mod ipvs;
mod parts;

use super::Config;
use super::address::FLAGS;
use super::route::print as route;
use super::table;
use crate::notify::{Script, Scripts};
use crate::vrrp::{Address, Family, InstanceId, InstanceParams, Params};
use crate::wire::vrrp::{Auth, ChecksumForm, GROUP4, GROUP6, Version};
use core::fmt::{self, Write};
use core::net::IpAddr;
use parts::{follows, ports, processes, to_peers, tracked};

/// The effective configuration with all defaults filled in.
///
/// Text only: a password with bytes that are no UTF-8 shows U+FFFD there; [`print_bytes`] is exact.
pub fn print(config: &Config) -> String {
    let text = marked(config);
    match text.contains(is_mark) {
        true => text.replace(is_mark, "\u{fffd}"),
        false => text,
    }
}

/// What [`print`] says, byte for byte as it must be written to a file.
pub fn print_bytes(config: &Config) -> Vec<u8> {
    let text = marked(config);
    if !text.contains(is_mark) {
        return text.into_bytes();
    }
    let mut out = Vec::with_capacity(text.len());
    let mut buffer = [0; 4];
    for c in text.chars() {
        match u8::try_from(u32::from(c).wrapping_sub(MARKS)) {
            Ok(byte) => out.push(byte),
            Err(_) => out.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes()),
        }
    }
    out
}

/// Characters of the last private plane stand for bytes that are no UTF-8 until they are written.
const MARKS: u32 = 0x10_fe00;

fn is_mark(c: char) -> bool {
    u32::from(c).wrapping_sub(MARKS) < 0x100
}

fn marked(config: &Config) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = all(&mut out, config);
    out
}

fn all(out: &mut String, config: &Config) -> fmt::Result {
    global(out, config)?;
    tracked(out, config)?;
    ports(out, &config.vrrp)?;
    for (i, group) in config.vrrp.groups.iter().enumerate() {
        writeln!(out, "\nvrrp_sync_group {} {{", word(&group.name))?;
        writeln!(out, "    group {{")?;
        for id in &group.members {
            if let Some(member) = config.vrrp.instances.get(usize::from(id.0)) {
                writeln!(out, "        {}", word(&member.name))?;
            }
        }
        writeln!(out, "    }}")?;
        if group.members.iter().any(|m| weighs(config, *m)) {
            writeln!(out, "    sync_group_tracking_weight")?;
        }
        if let Some((_, s)) = config.notify.groups.get(i) {
            scripts(out, s)?;
        }
        writeln!(out, "}}")?;
    }
    for (i, instance) in config.vrrp.instances.iter().enumerate() {
        let s = config.notify.instances.get(i).map(|n| &n.1);
        one(out, instance, &config.vrrp, s)?;
    }
    statics(out, &config.vrrp)?;
    ipvs::services(out, config)
}

/// Whether a member of a group follows something with a weight.
fn weighs(config: &Config, id: InstanceId) -> bool {
    let instance = config.vrrp.instances.get(usize::from(id.0));
    instance.and_then(|p| p.tracks.as_ref()).is_some_and(|t| {
        t.interfaces.iter().any(|t| t.weight != 0)
            || t.scripts.iter().any(|t| t.weight != 0)
            || t.files.iter().any(|t| t.weight != 0)
    })
}

fn global(out: &mut String, config: &Config) -> fmt::Result {
    let g = &config.global;
    writeln!(out, "global_defs {{")?;
    if let Some(id) = &g.router_id {
        writeln!(out, "    router_id {}", word(id))?;
    }
    if !g.notification_email.is_empty() {
        writeln!(out, "    notification_email {{")?;
        for mail in &g.notification_email {
            writeln!(out, "        {}", word(mail))?;
        }
        writeln!(out, "    }}")?;
    }
    if let Some(from) = &g.notification_email_from {
        writeln!(out, "    notification_email_from {}", word(from))?;
    }
    if let Some((host, port)) = &g.smtp_server {
        writeln!(out, "    smtp_server {} {port}", word(host))?;
    }
    if let Some(timeout) = g.smtp_connect_timeout {
        writeln!(out, "    smtp_connect_timeout {timeout}")?;
    }
    if let Some(name) = &g.smtp_helo_name {
        writeln!(out, "    smtp_helo_name {}", word(name))?;
    }
    for (keyword, set) in [
        ("no_email_faults", g.no_email_faults),
        ("no_checker_emails", g.no_checker_emails),
    ] {
        if set {
            writeln!(out, "    {keyword}")?;
        }
    }
    if g.dynamic_interfaces {
        writeln!(out, "    dynamic_interfaces")?;
    }
    if let Some(path) = &g.state_dump_file {
        writeln!(out, "    state_dump_file {}", word(path))?;
    }
    if g.json_wrapped {
        writeln!(out, "    json_version 2")?;
    }
    if !config.vrrp.startup_delay.is_zero() {
        writeln!(out, "    vrrp_startup_delay {}", config.vrrp.startup_delay)?;
    }
    if config.notify.security {
        writeln!(out, "    enable_script_security")?;
    }
    ipvs::globals(out, config)?;
    let process = g.process.as_deref();
    if let Some(process) = process {
        processes(out, process)?;
    }
    writeln!(out, "}}")?;
    match process.and_then(|p| p.child_wait) {
        Some(wait) => writeln!(out, "\nchild_wait_time {wait}"),
        None => Ok(()),
    }
}

fn one(out: &mut String, p: &InstanceParams, params: &Params, s: Option<&Scripts>) -> fmt::Result {
    let name =
        |i: crate::vrrp::IfaceId| params.interfaces.get(usize::from(i.0)).map_or("", |n| &**n);
    writeln!(out, "\nvrrp_instance {} {{", word(&p.name))?;
    writeln!(
        out,
        "    state {}",
        if p.wants_master { "MASTER" } else { "BACKUP" }
    )?;
    if !name(p.iface).is_empty() {
        writeln!(out, "    interface {}", word(name(p.iface)))?;
    }
    writeln!(out, "    virtual_router_id {}", p.vrid)?;
    writeln!(out, "    priority {}", p.priority)?;
    writeln!(
        out,
        "    version {}",
        if p.version == Version::V2 { 2 } else { 3 }
    )?;
    writeln!(out, "    advert_int {}", p.advert_int)?;
    sources(out, p)?;
    writeln!(
        out,
        "    {}",
        if p.preempt { "preempt" } else { "nopreempt" }
    )?;
    if !p.preempt_delay.is_zero() {
        writeln!(out, "    preempt_delay {}", p.preempt_delay)?;
    }
    if p.strict {
        writeln!(out, "    strict_mode on")?;
    }
    if p.promote_secondaries {
        writeln!(out, "    promote_secondaries")?;
    }
    if !p.track_primary {
        writeln!(out, "    dont_track_primary")?;
    }
    conduct(out, p)?;
    auth(out, &p.auth)?;
    holdings(out, p, params)?;
    if let Some(tracks) = &p.tracks {
        follows(out, tracks, params)?;
    }
    if let Some(s) = s {
        scripts(out, s)?;
    }
    writeln!(out, "}}")
}

/// From where to where the adverts go.
fn sources(out: &mut String, p: &InstanceParams) -> fmt::Result {
    if p.family == Family::V6 {
        writeln!(out, "    native_ipv6")?;
    }
    if let Some(source) = p.source {
        let keyword = match p.unicast {
            Some(_) => "unicast_src_ip",
            None => "mcast_src_ip",
        };
        writeln!(out, "    {keyword} {source}")?;
    }
    let usual = match p.family {
        Family::V4 => IpAddr::V4(GROUP4),
        Family::V6 => IpAddr::V6(GROUP6),
    };
    if p.unicast.is_none() || p.group_address != usual {
        writeln!(out, "    mcast_dst_ip {}", p.group_address)?;
    }
    if let Some(unicast) = &p.unicast {
        to_peers(out, unicast)?;
    }
    Ok(())
}

/// How the virtual router behaves, and how it announces itself.
fn conduct(out: &mut String, p: &InstanceParams) -> fmt::Result {
    let on = |b: bool| if b { "on" } else { "off" };
    writeln!(out, "    skip_check_adv_addr {}", on(p.skip_check_adv_addr))?;
    writeln!(
        out,
        "    owner_ignore_adverts {}",
        on(p.owner_ignore_adverts)
    )?;
    writeln!(
        out,
        "    lower_prio_no_advert {}",
        on(p.lower_prio_no_advert)
    )?;
    writeln!(
        out,
        "    higher_prio_send_advert {}",
        on(p.higher_prio_send_advert)
    )?;
    writeln!(out, "    down_timer_adverts {}", p.down_timer_adverts)?;
    writeln!(
        out,
        "    v3_checksum_as_v2 {}",
        on(p.checksum == ChecksumForm::Plain)
    )?;
    writeln!(out, "    garp_master_delay {}", p.garp.delay)?;
    writeln!(out, "    garp_master_repeat {}", p.garp.repeat)?;
    writeln!(out, "    garp_master_refresh {}", p.garp.refresh)?;
    writeln!(
        out,
        "    garp_master_refresh_repeat {}",
        p.garp.refresh_repeat
    )?;
    writeln!(out, "    garp_lower_prio_delay {}", p.garp.lower_prio_delay)?;
    writeln!(
        out,
        "    garp_lower_prio_repeat {}",
        p.garp.lower_prio_repeat
    )?;
    if !p.garp.elsewhere.is_zero() {
        writeln!(out, "    garp_extra_if all {}", p.garp.elsewhere)?;
    }
    Ok(())
}

fn auth(out: &mut String, auth: &Auth) -> fmt::Result {
    let (kind, key) = match auth {
        Auth::None => return Ok(()),
        Auth::Pass(key) => ("PASS", key),
        Auth::Ah(key) => ("AH", key),
    };
    writeln!(out, "    authentication {{")?;
    writeln!(out, "        auth_type {kind}")?;
    writeln!(out, "        auth_pass {}", word(&password(key)))?;
    writeln!(out, "    }}")
}

/// The eight bytes as text. One that was cut inside a character is completed with any character
/// that begins alike: it will be cut again at the same byte.
fn password(key: &[u8; 8]) -> String {
    let len = key.iter().rposition(|b| *b != 0).map_or(0, |i| i + 1);
    let mut bytes = key[..len].to_vec();
    for _ in 0..3 {
        if core::str::from_utf8(&bytes).is_ok() || len < 8 {
            break;
        }
        bytes.push(0x80);
    }
    if let Ok(text) = String::from_utf8(bytes) {
        return text;
    }
    let mark = |b: &u8| char::from_u32(MARKS + u32::from(*b)).unwrap_or_default();
    let mut out = String::new();
    for chunk in key[..len].utf8_chunks() {
        out.push_str(chunk.valid());
        out.extend(chunk.invalid().iter().map(mark));
    }
    out
}

/// What it has while it is Master.
fn holdings(out: &mut String, p: &InstanceParams, params: &Params) -> fmt::Result {
    let name =
        |i: crate::vrrp::IfaceId| params.interfaces.get(usize::from(i.0)).map_or("", |n| &**n);
    addresses(out, "virtual_ipaddress", &p.addresses, p, &name)?;
    addresses(out, "virtual_ipaddress_excluded", &p.excluded, p, &name)?;
    if p.addresses.is_empty() {
        writeln!(out, "    no_virtual_ipaddress")?;
    }
    route::routes(out, "virtual_routes", &p.routes, params, 4)?;
    route::rules(out, "virtual_rules", &p.rules, params, 4)?;
    Ok(())
}

/// What is there as long as the daemon runs.
fn statics(out: &mut String, params: &Params) -> fmt::Result {
    for (n, members) in params.track_groups.iter().enumerate() {
        writeln!(out, "\ntrack_group {} {{", route::group(n))?;
        writeln!(out, "    group {{")?;
        for id in members {
            if let Some(member) = params.instances.get(usize::from(id.0)) {
                writeln!(out, "        {}", word(&member.name))?;
            }
        }
        writeln!(out, "    }}\n}}")?;
    }
    if !params.statics.addresses.is_empty() {
        writeln!(out, "\nstatic_ipaddress {{")?;
        for (a, group) in &params.statics.addresses {
            let name = params.interfaces.get(usize::from(a.iface.0));
            write!(out, "    {}/{}", a.address, a.prefix)?;
            write!(out, " dev {}", word(name.map_or("", |n| n)))?;
            options(out, a)?;
            if let Some(group) = group {
                write!(out, " track_group {}", route::group(usize::from(*group)))?;
            }
            writeln!(out)?;
        }
        writeln!(out, "}}")?;
    }
    route::routes(out, "static_routes", &params.statics.routes, params, 0)?;
    route::rules(out, "static_rules", &params.statics.rules, params, 0)
}

fn addresses<'n>(
    out: &mut String,
    keyword: &str,
    list: &[Address],
    p: &InstanceParams,
    name: &dyn Fn(crate::vrrp::IfaceId) -> &'n str,
) -> fmt::Result {
    if list.is_empty() {
        return Ok(());
    }
    writeln!(out, "    {keyword} {{")?;
    for a in list {
        write!(out, "        {}/{}", a.address, a.prefix)?;
        if a.iface != p.iface {
            write!(out, " dev {}", word(name(a.iface)))?;
        }
        options(out, a)?;
        writeln!(out)?;
    }
    writeln!(out, "    }}")
}

/// Everything of an address line behind address and interface.
fn options(out: &mut String, a: &Address) -> fmt::Result {
    if a.scope != 0 {
        write!(out, " scope {}", a.scope)?;
    }
    if let Some(label) = &a.label {
        write!(out, " label {}", word(label))?;
    }
    if let Some(broadcast) = a.broadcast {
        write!(out, " brd {broadcast}")?;
    }
    if let Some(peer) = a.peer {
        write!(out, " peer {peer}")?;
    }
    for (flag, bit) in FLAGS {
        if a.flags & bit != 0 {
            write!(out, " {flag}")?;
        }
    }
    if a.dad {
        write!(out, " -nodad")?;
    }
    match a.preferred {
        _ if a.address.is_ipv4() => {}
        Some(seconds) => write!(out, " preferred_lft {seconds}")?,
        None => write!(out, " preferred_lft forever")?,
    }
    if !a.track {
        write!(out, " no_track")?;
    }
    Ok(())
}

fn scripts(out: &mut String, s: &Scripts) -> fmt::Result {
    let all = [
        ("notify_master", &s.master),
        ("notify_backup", &s.backup),
        ("notify_fault", &s.fault),
        ("notify_stop", &s.stop),
        ("notify", &s.any),
        ("notify_master_rx_lower_pri", &s.lower_priority),
    ];
    for (keyword, script) in all {
        if let Some(script) = script {
            write!(out, "    {keyword} {}", command(script))?;
            if let Some(user) = script.user {
                write!(out, " {} {}", user.uid, user.gid)?;
            }
            writeln!(out)?;
        }
    }
    if s.smtp_alert {
        writeln!(out, "    smtp_alert on")?;
    }
    Ok(())
}

/// A command for the shell-like tokenizer: one word in double quotes, its words in single quotes
/// where they need it.
fn command(script: &Script) -> String {
    let mut out = String::from("\"");
    for (i, arg) in script.argv.iter().enumerate() {
        if i > 0 {
            out.push(' ');
        }
        let plain = !arg.is_empty()
            && arg
                .bytes()
                .all(|b| b.is_ascii_graphic() && !b"'\"\\".contains(&b));
        if !plain {
            out.push('\'');
        }
        // Two passes read it.
        out.push_str(&escaped(&escaped(arg)));
        if !plain {
            out.push('\'');
        }
    }
    out.push('"');
    out
}

/// What the shell-like tokenizer reads as this between quotes of either kind.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\'' | '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() => {
                let mut buffer = [0; 4];
                for b in c.encode_utf8(&mut buffer).bytes() {
                    out.push_str(&format!("\\x{b:02x}"));
                }
            }
            c => out.push(c),
        }
    }
    out
}

/// A word, in quotes if the plain tokenizer needs them.
pub(super) fn word(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_graphic() && !b"\"{}#!\\$".contains(&b);
    let starts = text.bytes().next().is_some_and(|b| !b"@~$'".contains(&b));
    let directive = table::INCLUDES.contains(&text) || text == "include_check";
    match starts && !directive && text.bytes().all(plain) {
        true => text.to_owned(),
        false => format!("\"{text}\""),
    }
}
