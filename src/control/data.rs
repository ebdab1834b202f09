//! `keepalived.data` and `keepalived.stats`: instances and groups, in keepalived's shapes.

use super::View;
use crate::time::Instant;
use crate::vrrp::{
    Address, Counters, GroupParams, GroupSnapshot, InstanceParams, Params, Reason, Snapshot,
};
use core::fmt::{self, Write};

/// `keepalived.stats`: the counters of one instance.
pub fn stats(out: &mut impl Write, params: &InstanceParams, c: &Counters) -> fmt::Result {
    writeln!(out, "VRRP Instance: {}", params.name)?;
    section(
        out,
        "Advertisements",
        &[("Received", c.advert_rcvd), ("Sent", c.advert_sent)],
    )?;
    writeln!(out, "  Became master: {}", c.become_master)?;
    writeln!(out, "  Released master: {}", c.release_master)?;
    section(
        out,
        "Packet Errors",
        &[
            ("Length", c.packet_len_err),
            ("TTL", c.ip_ttl_err),
            ("Invalid Type", c.invalid_type_rcvd),
            ("Advertisement Interval", c.advert_interval_err),
            ("Address List", c.addr_list_err),
        ],
    )?;
    section(
        out,
        "Authentication Errors",
        &[
            ("Invalid Type", c.invalid_authtype),
            ("Type Mismatch", c.authtype_mismatch),
            ("Failure", c.auth_failure),
        ],
    )?;
    section(
        out,
        "Priority Zero",
        &[("Received", c.pri_zero_rcvd), ("Sent", c.pri_zero_sent)],
    )?;
    // What keepalived does not count.
    section(
        out,
        "Other Errors",
        &[
            ("Version", c.version_err),
            ("Checksum", c.checksum_err),
            ("Destination", c.destination_err),
            ("Ignored As Owner", c.owner_ignored),
        ],
    )
}

fn section(out: &mut impl Write, title: &str, rows: &[(&str, u64)]) -> fmt::Result {
    writeln!(out, "  {title}:")?;
    for (key, value) in rows {
        writeln!(out, "    {key}: {value}")?;
    }
    Ok(())
}

/// `keepalived.data`: what one instance is configured to do and what it does.
pub fn data(
    out: &mut impl Write,
    all: &Params,
    params: &InstanceParams,
    s: &Snapshot,
    now: Instant,
) -> fmt::Result {
    writeln!(out, " VRRP Instance = {}", params.name)?;
    writeln!(
        out,
        "   Defined at = {}:{}",
        params.place.file, params.place.line
    )?;
    writeln!(out, "   VRRP Version = {}", params.version.number())?;
    writeln!(out, "   State = {}", s.state)?;
    if let Some((address, priority)) = s.master {
        writeln!(out, "   Master router = {address}")?;
        writeln!(out, "   Master priority = {priority}")?;
    }
    writeln!(out, "   Wantstate = {}", s.wanted)?;
    writeln!(out, "   Interface = {}", all.text(params.iface))?;
    if let Some(source) = s.source {
        writeln!(out, "   Using src_ip = {source}")?;
    }
    writeln!(out, "   Multicast address {}", params.group_address)?;
    writeln!(out, "   Virtual Router ID = {}", params.vrid)?;
    writeln!(out, "   Priority = {}", s.base_priority)?;
    writeln!(out, "   Effective priority = {}", s.effective_priority)?;
    let total = i32::from(s.base_priority).saturating_add(s.tracked_priority);
    writeln!(out, "   Total priority = {total}")?;
    writeln!(out, "   Advert interval = {} sec", params.advert_int)?;
    writeln!(out, "   Master advert interval = {} sec", s.master_interval)?;
    writeln!(
        out,
        "   Preempt = {}",
        if params.preempt {
            "enabled"
        } else {
            "disabled"
        }
    )?;
    writeln!(out, "   Preempt delay = {} sec", params.preempt_delay)?;
    if let Some(at) = s.last_transition {
        writeln!(out, "   Last transition = {} sec ago", now.since(at))?;
    }
    writeln!(out, "   VIPs held = {}", s.holds_addresses)?;
    address_lines(out, all, "Virtual IP", &params.addresses)?;
    address_lines(out, all, "Virtual IP Excluded", &params.excluded)
}

/// `keepalived.data`: the routes and rules of an instance.
pub fn routing(out: &mut String, view: &View<'_>, params: &InstanceParams) -> fmt::Result {
    if !params.routes.is_empty() {
        writeln!(out, "   Virtual Routes ({}):", params.routes.len())?;
    }
    for line in &params.routes {
        out.push_str("    ");
        (view.route)(out, line, view.vrrp)?;
        out.push('\n');
    }
    if !params.rules.is_empty() {
        writeln!(out, "   Virtual Rules ({}):", params.rules.len())?;
    }
    for line in &params.rules {
        out.push_str("    ");
        (view.rule)(out, line, view.vrrp)?;
        out.push('\n');
    }
    Ok(())
}

/// `keepalived.data`: what is there as long as the daemon runs.
pub fn statics(out: &mut String, view: &View<'_>) -> fmt::Result {
    let statics = &view.vrrp.statics;
    if !statics.addresses.is_empty() {
        out.push_str("------< Static Addresses >------\n");
    }
    for (a, _) in &statics.addresses {
        let (address, prefix, dev) = (a.address, a.prefix, view.vrrp.text(a.iface));
        writeln!(out, " {address}/{prefix} dev {dev}")?;
    }
    if !statics.routes.is_empty() {
        out.push_str("------< Static Routes >------\n");
    }
    for line in &statics.routes {
        (view.route)(out, line, view.vrrp)?;
        out.push('\n');
    }
    if !statics.rules.is_empty() {
        out.push_str("------< Static Rules >------\n");
    }
    for line in &statics.rules {
        (view.rule)(out, line, view.vrrp)?;
        out.push('\n');
    }
    Ok(())
}

/// `keepalived.data`: everything that keeps the instance from taking part.
pub fn faults(
    out: &mut impl Write,
    all: &Params,
    reasons: impl Iterator<Item = Reason>,
) -> fmt::Result {
    for reason in reasons {
        writeln!(out, "   Fault = {}", all.text(reason))?;
    }
    Ok(())
}

fn address_lines(out: &mut impl Write, all: &Params, title: &str, list: &[Address]) -> fmt::Result {
    writeln!(out, "   {title} ({}):", list.len())?;
    for a in list {
        let (address, prefix, dev) = (a.address, a.prefix, all.text(a.iface));
        writeln!(out, "     {address}/{prefix} dev {dev}")?;
    }
    Ok(())
}

/// `keepalived.data`: one sync group.
pub fn group_data(
    out: &mut impl Write,
    all: &Params,
    params: &GroupParams,
    s: &GroupSnapshot,
) -> fmt::Result {
    writeln!(out, " VRRP Sync Group = {}", params.name)?;
    writeln!(out, "   State = {}", s.state)?;
    for member in &params.members {
        writeln!(out, "   monitor = {}", all.text(*member))?;
    }
    Ok(())
}
