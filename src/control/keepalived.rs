//! `keepalived.json`, which OpenWrt's status pages and monitoring read: keepalived's keys, its
//! nesting and its types. It comes without blanks and on one line.

use super::View;
use crate::json::Object;
use crate::notify::Script;
use crate::vrrp::{Address, Counters, InstanceId, InstanceParams, Params, Snapshot};
use core::fmt::{self, Display, Formatter};

/// One instance: `{"data":{…},"stats":{…}}`.
pub(super) fn instance(out: &mut String, view: &View<'_>, id: InstanceId) {
    let params = view.vrrp.instances.get(usize::from(id.0));
    let (Some(params), Some(s)) = (params, view.router.snapshot(id)) else {
        return;
    };
    let mut whole = Object::new(out);
    let mut data = Object::new(whole.key("data"));
    first(&mut data, view, params, &s);
    second(&mut data, params, &s);
    scripts(&mut data, view, id);
    held(&mut data, view, params, &s);
    tracked(&mut data, view.vrrp, params);
    data.plain("auth_type", params.auth_type());
    if params.auth_type() != 0 {
        // Compat: later versions do not show it either.
        data.text("auth_data", "********");
    }
    data.end();
    stats(whole.key("stats"), &s.counters);
    whole.end();
}

fn number(on: bool) -> u8 {
    u8::from(on)
}

fn first(data: &mut Object<'_>, view: &View<'_>, params: &InstanceParams, s: &Snapshot) {
    let (all, garp) = (view.vrrp, &params.garp);
    data.text("iname", &params.name);
    data.plain("dont_track_primary", number(!params.track_primary));
    data.plain("skip_check_adv_addr", number(params.skip_check_adv_addr));
    data.plain("strict_mode", number(params.strict));
    data.text("vmac_ifname", "");
    let iface = all.interfaces.get(usize::from(params.iface.0));
    data.text("ifp_ifname", iface.map_or("", |name| name));
    data.plain("master_priority", s.master.map_or(0, |(_, p)| p));
    match s.last_transition {
        Some(at) => data.plain("last_transition", view.date(at)),
        None => data.plain("last_transition", "0.000000"),
    };
    data.plain("garp_delay", garp.delay);
    data.plain("garp_refresh", garp.refresh);
    data.plain("garp_rep", garp.repeat);
    data.plain("garp_refresh_rep", garp.refresh_repeat);
    data.plain("garp_lower_prio_delay", garp.lower_prio_delay);
    data.plain("garp_lower_prio_rep", garp.lower_prio_repeat);
}

fn second(data: &mut Object<'_>, params: &InstanceParams, s: &Snapshot) {
    data.plain("lower_prio_no_advert", number(params.lower_prio_no_advert));
    data.plain(
        "higher_prio_send_advert",
        number(params.higher_prio_send_advert),
    );
    data.plain("vrid", params.vrid);
    data.plain("base_priority", s.base_priority);
    data.plain("effective_priority", s.effective_priority);
    data.plain("vipset", s.holds_addresses);
    data.plain("promote_secondaries", params.promote_secondaries);
    data.plain("adver_int", params.advert_int);
    data.plain("master_adver_int", s.master_interval);
    data.plain("accept", 1);
    data.plain("nopreempt", !params.preempt);
    data.plain("preempt_delay", params.preempt_delay);
    data.plain("state", s.state as u8);
    data.plain("wantstate", s.wanted as u8);
    data.plain("version", params.version.number());
}

/// A command as keepalived shows it: each word in quotes.
struct Command<'a>(&'a Script);

impl Display for Command<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (n, word) in self.0.argv.iter().enumerate() {
            let gap = if n == 0 { "" } else { " " };
            write!(f, "{gap}'{word}'")?;
        }
        Ok(())
    }
}

fn scripts(data: &mut Object<'_>, view: &View<'_>, id: InstanceId) {
    let scripts = view.notify.instances.get(usize::from(id.0));
    let alert = scripts.is_some_and(|(_, scripts)| scripts.smtp_alert);
    data.plain("smtp_alert", alert);
    data.plain("notify_deleted", false);
    let Some((_, scripts)) = scripts else {
        return;
    };
    for (key, script) in [
        ("script_backup", &scripts.backup),
        ("script_master", &scripts.master),
        ("script_fault", &scripts.fault),
        ("script_stop", &scripts.stop),
        ("script", &scripts.any),
        ("script_master_rx_lower_pri", &scripts.lower_priority),
    ] {
        if let Some(script) = script {
            data.text(key, Command(script));
        }
    }
}

/// An address as keepalived shows it.
struct Held<'a>(&'a Params, &'a Address, bool);

impl Display for Held<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Held(all, a, set) = *self;
        write!(f, "{}", a.address)?;
        let whole = if a.address.is_ipv4() { 32 } else { 128 };
        if a.prefix != whole {
            write!(f, "/{}", a.prefix)?;
        }
        write!(f, " dev {} scope ", all.text(a.iface))?;
        // RT_SCOPE_* of rtnetlink(7).
        match a.scope {
            0 => f.write_str("global"),
            200 => f.write_str("site"),
            253 => f.write_str("link"),
            254 => f.write_str("host"),
            255 => f.write_str("nowhere"),
            other => other.fmt(f),
        }?;
        if let Some(label) = &a.label {
            write!(f, " label {label}")?;
        }
        f.write_str(if set { " set" } else { "" })
    }
}

/// A line that is written by a function.
struct Line<'a, T>(
    &'a Params,
    &'a T,
    fn(&mut String, &T, &Params) -> fmt::Result,
);

impl<T> Display for Line<'_, T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        (self.2)(&mut text, self.1, self.0)?;
        f.write_str(text.trim_start())
    }
}

fn held(data: &mut Object<'_>, view: &View<'_>, params: &InstanceParams, s: &Snapshot) {
    let all = view.vrrp;
    for (key, list) in [("vips", &params.addresses), ("evips", &params.excluded)] {
        if !list.is_empty() {
            data.texts(key, list.iter().map(|a| Held(all, a, s.holds_addresses)));
        }
    }
    if !params.routes.is_empty() {
        let lines = params.routes.iter().map(|l| Line(all, l, view.route));
        data.texts("vroutes", lines);
    }
    if !params.rules.is_empty() {
        let lines = params.rules.iter().map(|l| Line(all, l, view.rule));
        data.texts("vrules", lines);
    }
}

fn tracked(data: &mut Object<'_>, all: &Params, params: &InstanceParams) {
    let Some(tracks) = params.tracks.as_deref() else {
        return;
    };
    if !tracks.interfaces.is_empty() {
        let names = tracks.interfaces.iter().map(|t| all.text(t.id));
        data.texts("track_ifp", names);
    }
    if !tracks.scripts.is_empty() {
        let names = tracks.scripts.iter().map(|t| all.text(t.id));
        data.texts("track_script", names);
    }
}

fn stats(out: &mut String, c: &Counters) {
    let mut stats = Object::new(out);
    for (key, count) in [
        ("advert_rcvd", c.advert_rcvd),
        ("advert_sent", c.advert_sent),
        ("become_master", c.become_master),
        ("release_master", c.release_master),
        ("packet_len_err", c.packet_len_err),
        ("advert_interval_err", c.advert_interval_err),
        ("ip_ttl_err", c.ip_ttl_err),
        ("invalid_type_rcvd", c.invalid_type_rcvd),
        ("addr_list_err", c.addr_list_err),
        ("invalid_authtype", c.invalid_authtype),
        ("authtype_mismatch", c.authtype_mismatch),
        ("auth_failure", c.auth_failure),
        ("auth_ext_missing", 0),
        ("auth_ext_malformed", 0),
        ("auth_ext_unknown_key", 0),
        ("auth_ext_invalid_hmac", 0),
        ("auth_ext_stale", 0),
        ("auth_ext_replay", 0),
        ("pri_zero_rcvd", c.pri_zero_rcvd),
        ("pri_zero_sent", c.pri_zero_sent),
    ] {
        stats.plain(key, count);
    }
    stats.end();
}
