//! `vrrp_instance`: its statements become a draft; what follows from several of them is decided
//! when all files are read ([`super::vrrp`]).

use super::address::Line;
use super::diag::quote;
use super::lexer::Word;
use super::route::{RouteDraft, RuleDraft};
use super::source::Span as At;
use super::table::{Item, Shape};
use super::track::Tracked;
use super::unicast::Peers;
use super::walk::{Seen, Walk};
use crate::notify::Scripts;
use crate::time::Span;
use crate::vrrp::{Family, Garp, InstanceParams};
use crate::wire::vrrp::{ChecksumForm, Version};
use core::net::IpAddr;
use std::collections::BTreeMap;

/// A block `authentication` as written.
#[derive(Clone, Copy, Debug)]
pub(super) struct AuthDraft {
    pub at: At,
    /// `auth_type` is AH rather than PASS.
    pub ah: Option<bool>,
    pub password: Option<[u8; 8]>,
}

/// An instance as written.
pub(super) struct Draft {
    pub name: Box<str>,
    /// The keyword `vrrp_instance`.
    pub at: At,
    /// The name.
    pub name_at: At,
    pub interface: Option<Word>,
    /// It was written, but cannot be used.
    pub interface_bad: bool,
    pub vrid: Option<(u8, At)>,
    /// It was written, but cannot be used.
    pub vrid_bad: bool,
    pub priority: Option<u8>,
    pub state: Option<(bool, At)>,
    pub version: Option<(Version, At)>,
    pub advert_int: Option<(Span, At)>,
    pub source: Option<(IpAddr, At)>,
    pub destination: Option<(IpAddr, At)>,
    pub nopreempt: Option<At>,
    pub preempt_delay: Option<(Span, At)>,
    pub auth: Option<AuthDraft>,
    /// What is tracked.
    pub tracks: Vec<Tracked>,
    pub hmac: bool,
    pub addresses: Vec<Line>,
    /// Where each advertised address stands.
    pub held: BTreeMap<IpAddr, At>,
    pub excluded: Vec<Line>,
    pub no_addresses: bool,
    pub routes: Vec<RouteDraft>,
    pub rules: Vec<RuleDraft>,
    pub promote_secondaries: bool,
    pub peers: Peers,
    /// The family, and what decided it.
    pub family: Option<(Family, At)>,
    pub track_primary: bool,
    pub strict: Option<bool>,
    pub garp: Garp,
    pub down_timer_adverts: Option<u8>,
    pub lower_prio_no_advert: Option<bool>,
    pub higher_prio_send_advert: Option<bool>,
    pub owner_ignore_adverts: Option<bool>,
    pub skip_check_adv_addr: Option<bool>,
    pub checksum: Option<ChecksumForm>,
    pub scripts: Scripts,
    /// `smtp_alert`
    pub alert: Option<bool>,
    /// `lvs_sync_daemon_interface`
    pub sync: Option<Word>,
    /// Its `}` is missing.
    pub torn: bool,
    /// Filled in by the resolver.
    pub params: Option<InstanceParams>,
}

impl<'a> Walk<'a> {
    /// A `vrrp_instance` block.
    pub(super) fn instance(&mut self, block: u32) -> Option<Draft> {
        let name = self.first(block)?;
        let mut draft = self.draft(block, name);
        let mut seen = Seen::new();
        for node in self.children(Some(block)) {
            let Some(row) = self.row(node) else {
                continue;
            };
            if !self.line(node, &mut seen, false) {
                match row.name {
                    "priority" => draft.priority = Some(100),
                    "virtual_router_id" => draft.vrid_bad = draft.vrid.is_none(),
                    "interface" => draft.interface_bad = draft.interface.is_none(),
                    _ => {}
                }
                continue;
            }
            match row.shape {
                Shape::Script => self.instance_script(node, row.name, &mut draft.scripts),
                Shape::Lines(item, _) => self.lines(node, item, row.name, &mut draft),
                Shape::Block(..) if row.name == "authentication" => {
                    draft.auth = Some(self.authentication(node));
                }
                Shape::Block(..) => {
                    draft.hmac = true;
                    self.generic(node);
                }
                _ => {
                    let _ = self.who(node, row.name, &mut draft)
                        || self.unicast_word(node, row.name, &mut draft)
                        || self.announcements(node, row.name, &mut draft)
                        || self.conduct(node, row.name, &mut draft);
                }
            }
        }
        Some(draft)
    }

    /// An instance of which nothing is known but its name.
    fn draft(&self, block: u32, name: Word) -> Draft {
        Draft {
            name: self.text(name),
            at: self.head(block),
            name_at: self.span(name),
            interface: None,
            interface_bad: false,
            vrid: None,
            vrid_bad: false,
            priority: None,
            state: None,
            version: None,
            advert_int: None,
            source: None,
            destination: None,
            nopreempt: None,
            preempt_delay: None,
            auth: None,
            tracks: Vec::new(),
            hmac: false,
            addresses: Vec::new(),
            held: BTreeMap::new(),
            excluded: Vec::new(),
            no_addresses: false,
            routes: Vec::new(),
            rules: Vec::new(),
            promote_secondaries: false,
            peers: Peers::NONE,
            family: None,
            track_primary: true,
            strict: None,
            garp: self.defaults.garp.garp(),
            down_timer_adverts: None,
            lower_prio_no_advert: None,
            higher_prio_send_advert: None,
            owner_ignore_adverts: None,
            skip_check_adv_addr: None,
            checksum: None,
            scripts: Scripts::default(),
            alert: None,
            sync: None,
            torn: self.node(block).torn,
            params: None,
        }
    }

    /// Keywords that say who the virtual router is.
    fn who(&mut self, node: u32, name: &str, d: &mut Draft) -> bool {
        let Some(word) = self.first(node) else {
            return false;
        };
        let at = self.span(word);
        match name {
            "state" => self.state(word, d),
            "interface" => d.interface = Some(word),
            "lvs_sync_daemon_interface" | "lvs_sync_daemon_inteface" => {
                d.sync = Some(word);
            }
            "virtual_router_id" => {
                d.vrid = u8::try_from(self.number(node)).ok().map(|v| (v, at));
                d.vrid_bad = false;
            }
            "priority" => d.priority = u8::try_from(self.number(node)).ok(),
            "advert_int" => d.advert_int = Some((self.timer(node), at)),
            "mcast_src_ip" | "unicast_src_ip" => {
                if name == "unicast_src_ip" {
                    d.peers.word.get_or_insert(self.head(node));
                }
                let ip = self.ip_of(node).filter(|ip| self.fits(d, *ip, at, false));
                d.source = ip.map(|ip| (ip, at)).or(d.source);
            }
            "mcast_dst_ip" => {
                let ip = self.ip_of(node).filter(|ip| self.fits(d, *ip, at, false));
                d.destination = ip.map(|ip| (ip, at)).or(d.destination);
            }
            "version" => {
                let version = match self.bytes(word) {
                    b"3" => Version::V3,
                    _ => Version::V2,
                };
                d.version = Some((version, at));
            }
            _ => return false,
        }
        true
    }

    /// `state`: MASTER stays MASTER, as in keepalived.
    fn state(&mut self, word: Word, d: &mut Draft) {
        let bytes = self.bytes(word);
        let at = self.span(word);
        let master = match bytes {
            b"MASTER" => true,
            b"BACKUP" => false,
            other => {
                let upper = other.to_ascii_uppercase();
                let hint = match upper.as_slice() {
                    b"MASTER" | b"BACKUP" => {
                        format!("write '{}' in capitals", String::from_utf8_lossy(&upper))
                    }
                    b"SLAVE" => "write 'BACKUP'".into(),
                    _ => "MASTER or BACKUP".into(),
                };
                let text = format!("unknown state {}; BACKUP is used", quote(other));
                self.wrong(word, text, Some(&hint));
                false
            }
        };
        if let Some((was, before)) = d.state {
            let line = self.other(before, at);
            let kept = if was || master { "MASTER" } else { "BACKUP" };
            let text = format!("'state' given twice (first on {line}); {kept} counts");
            self.diags.warning(at, text);
        }
        if d.state.is_none_or(|(was, _)| !was) {
            d.state = Some((master, at));
        }
    }

    /// Gratuitous ARP and neighbour advertisements.
    fn announcements(&mut self, node: u32, name: &str, d: &mut Draft) -> bool {
        match name {
            "garp_master_delay" => d.garp.delay = self.seconds(node),
            "garp_master_repeat" => d.garp.repeat = self.packets(node, 1),
            "garp_master_refresh" => d.garp.refresh = self.seconds(node),
            "garp_master_refresh_repeat" => d.garp.refresh_repeat = self.packets(node, 1),
            "garp_lower_prio_delay" => d.garp.lower_prio_delay = self.seconds(node),
            "garp_extra_if" | "vmac_garp_intvl" => d.garp.elsewhere = self.elsewhere(node),
            "garp_lower_prio_repeat" => d.garp.lower_prio_repeat = self.packets(node, 0),
            _ => return false,
        }
        true
    }

    /// Keywords that say how the virtual router behaves.
    fn conduct(&mut self, node: u32, name: &str, d: &mut Draft) -> bool {
        let at = self.head(node);
        match name {
            "nopreempt" => d.nopreempt = Some(at),
            "preempt" => d.nopreempt = None,
            "preempt_delay" => d.preempt_delay = Some((self.timer(node), at)),
            "promote_secondaries" => d.promote_secondaries = true,
            "dont_track_primary" => d.track_primary = false,
            "no_virtual_ipaddress" => d.no_addresses = true,
            "native_ipv6" => self.native_ipv6(d, at),
            "smtp_alert" => d.alert = Some(self.alert(node)),
            "strict_mode" => d.strict = Some(self.flag(node)),
            "lower_prio_no_advert" => d.lower_prio_no_advert = Some(self.flag(node)),
            "higher_prio_send_advert" => d.higher_prio_send_advert = Some(self.flag(node)),
            "owner_ignore_adverts" => d.owner_ignore_adverts = Some(self.flag(node)),
            "skip_check_adv_addr" => d.skip_check_adv_addr = Some(self.flag(node)),
            "down_timer_adverts" => d.down_timer_adverts = Some(self.packets(node, 1)),
            "v3_checksum_as_v2" => {
                d.checksum = Some(match self.flag(node) {
                    true => ChecksumForm::Plain,
                    false => ChecksumForm::Pseudo,
                });
            }
            _ => return false,
        }
        true
    }

    /// `notify…` of an instance or group.
    pub(super) fn instance_script(&mut self, node: u32, name: &str, scripts: &mut Scripts) {
        let script = self.script(node);
        let slot = match name {
            "notify_master" => &mut scripts.master,
            "notify_backup" => &mut scripts.backup,
            "notify_fault" => &mut scripts.fault,
            "notify_stop" => &mut scripts.stop,
            "notify" => &mut scripts.any,
            "notify_master_rx_lower_pri" => &mut scripts.lower_priority,
            _ => return,
        };
        *slot = script.map(Box::new);
    }

    fn lines(&mut self, node: u32, item: Item, name: &str, d: &mut Draft) {
        if matches!(item, Item::TrackInterface | Item::Track(..)) {
            return self.tracked(node, item, &mut d.tracks);
        }
        if item == Item::Peer {
            return self.unicast_peer(node, d);
        }
        for child in self.children(Some(node)) {
            match item {
                Item::Address => {
                    let Some(line) = self.address(child) else {
                        continue;
                    };
                    if name == "virtual_ipaddress" {
                        self.own_address(line, d);
                    } else {
                        d.excluded.push(line);
                    }
                }
                Item::Route => {
                    let line = self.route_of(child);
                    self.no_group(line.as_ref().and_then(|l| l.group));
                    d.routes.extend(line);
                }
                Item::Rule => {
                    let line = self.rule_of(child);
                    self.no_group(line.as_ref().and_then(|l| l.group));
                    d.rules.extend(line);
                }
                _ => self.item(child, item),
            }
        }
    }

    /// An advertised address: one family, no doubles.
    fn own_address(&mut self, line: Line, d: &mut Draft) {
        let at = line.at;
        let place = self.span(at);
        if !self.fits(d, line.address, place, true) {
            return;
        }
        if let Some(first) = d.held.get(&line.address).copied() {
            let before = self.other(first, self.span(at));
            let text = format!("{} is on {before} already; ignored", quote(self.bytes(at)));
            self.wrong(at, text, None);
            return;
        }
        if let IpAddr::V6(address) = line.address
            && d.addresses.is_empty()
            && address.segments()[0] & 0xffc0 != 0xfe80
        {
            let text = "the first IPv6 address must be link-local (RFC 9568 5.2.9)";
            self.diags.warning(place, text);
        }
        d.held.insert(line.address, self.span(at));
        d.addresses.push(line);
    }

    fn authentication(&mut self, block: u32) -> AuthDraft {
        let mut auth = AuthDraft {
            at: self.head(block),
            ah: None,
            password: None,
        };
        let mut seen = Seen::new();
        for node in self.children(Some(block)) {
            if !self.line(node, &mut seen, false) {
                continue;
            }
            let Some(word) = self.first(node) else {
                continue;
            };
            let bytes = self.bytes(word);
            match (self.name(node), bytes) {
                ("auth_type", b"PASS") => auth.ah = Some(false),
                ("auth_type", b"AH") => auth.ah = Some(true),
                ("auth_type", other) => {
                    let text = format!("auth_type {} is unknown: PASS or AH", quote(other));
                    let hint = match other.to_ascii_uppercase().as_slice() {
                        b"PASS" => Some("write 'PASS' in capitals"),
                        b"AH" => Some("write 'AH' in capitals"),
                        _ => None,
                    };
                    self.wrong(word, text, hint);
                }
                ("auth_pass", password) => {
                    let mut key = [0; 8];
                    let len = password.len().min(8);
                    key[..len].copy_from_slice(&password[..len]);
                    auth.password = Some(key);
                    if password.len() > 8 {
                        let text = "auth_pass has more than 8 characters; only the first 8 count";
                        self.warn(word, text);
                    }
                }
                _ => {}
            }
        }
        auth
    }
}
