//! Drafts of instances and groups become the VRRP room's parameters.

use super::diag::Severity;
use super::instance::Draft;
use super::lexer::Word;
use super::source::Span as At;
use super::walk::Walk;
use crate::time::Span;
use crate::vrrp::{Address, Family, IfaceId, InstanceParams, Params, Place};
use crate::wire::vrrp::{Auth, Version};

/// Addresses one advert can list: its count is a byte.
const MAX_ADDRESSES: usize = 255;

impl<'a> Walk<'a> {
    /// What follows from an instance's statements together.
    pub(super) fn settle(&mut self, d: &mut Draft, params: &mut Params) {
        self.own_interface(d);
        let mut runs = self.identified(d);
        self.owner(d);
        let version = self.version(d);
        self.strictness(d);
        let interval = self.interval(d, version);
        let auth = self.auth(d, version);
        self.count(d, version, &mut runs);
        self.not_yet(d, &mut runs);
        if let Some(word) = d.interface {
            self.exists(word, self.defaults.dynamic_interfaces);
        }
        let (Some(interface), Some((vrid, _)), true) = (d.interface, d.vrid, runs) else {
            return;
        };
        let group = d.destination.map_or(self.defaults.group4, |g| g.0);
        if self.same_router(d, interface, (vrid, group)) {
            return;
        }
        let iface = self.intern(params, interface);
        let mut p = InstanceParams::new(&d.name, iface, vrid);
        p.place = self.place(d.at);
        p.version = version;
        p.family = Family::V4;
        p.priority = d.priority.unwrap_or(100);
        p.wants_master = d.state.is_some_and(|s| s.0);
        p.advert_int = interval;
        p.source = d.source.map(|s| s.0);
        p.group_address = group;
        p.preempt = d.nopreempt.is_none();
        p.preempt_delay = d.preempt_delay.map_or(Span::ZERO, |p| p.0);
        p.auth = auth;
        p.garp = d.garp;
        p.track_primary = d.track_primary;
        self.inherit(d, &mut p);
        p.addresses = self.addresses(&d.addresses, iface, params);
        p.excluded = self.addresses(&d.excluded, iface, params);
        p.routes = self.routes(core::mem::take(&mut d.routes), params);
        p.rules = self.rules(core::mem::take(&mut d.rules), params);
        p.promote_secondaries = d.promote_secondaries;
        d.params = Some(p);
    }

    /// Interface and VRID.
    fn identified(&mut self, d: &Draft) -> bool {
        let name = &d.name;
        let mut runs = true;
        if d.vrid.is_none() {
            if !d.vrid_bad {
                let text = format!("vrrp_instance {name} has no virtual_router_id; it cannot run");
                self.diags.error(d.at, text);
            }
            runs = false;
        }
        if d.interface.is_none() && d.unicast.is_none() {
            if !d.interface_bad {
                let text = format!("vrrp_instance {name} has no interface; it cannot run");
                self.diags.error(d.at, text);
            }
            runs = false;
        }
        if let Some(word) = d.interface
            && self.bytes(word) == b"lo"
        {
            self.wrong(
                word,
                "the loopback interface cannot carry VRRP".into(),
                None,
            );
            runs = false;
        }
        runs
    }

    /// The number of an interface name.
    pub(super) fn intern(&mut self, params: &mut Params, word: Word) -> IfaceId {
        let bytes = self.bytes(word);
        if let Some(index) = self.interfaces.get(bytes) {
            return *index;
        }
        let Ok(index) = u16::try_from(params.interfaces.len()) else {
            let text = "more than 65536 interfaces are named; the first one is used".into();
            self.wrong(word, text, None);
            return IfaceId(0);
        };
        let index = IfaceId(index);
        params.interfaces.push(self.text(word));
        self.interfaces.insert(bytes, index);
        index
    }

    pub(super) fn place(&self, at: At) -> Place {
        Place {
            file: self.sources.path(at.file).into(),
            line: self.line_of(at),
        }
    }

    /// What an instance does not say comes from global_defs.
    fn inherit(&self, d: &Draft, p: &mut InstanceParams) {
        let from = &self.defaults;
        p.checksum = d.checksum.unwrap_or(from.checksum);
        p.skip_check_adv_addr = d.skip_check_adv_addr.unwrap_or(from.skip_check_adv_addr);
        p.owner_ignore_adverts = d.owner_ignore_adverts.unwrap_or(from.owner_ignore_adverts);
        p.lower_prio_no_advert = d.lower_prio_no_advert.unwrap_or(from.lower_prio_no_advert);
        p.higher_prio_send_advert = d
            .higher_prio_send_advert
            .unwrap_or(from.higher_prio_send_advert);
        p.down_timer_adverts = d.down_timer_adverts.unwrap_or(from.down_timer_adverts);
    }

    pub(super) fn addresses(
        &mut self,
        lines: &[super::address::Line],
        own: IfaceId,
        params: &mut Params,
    ) -> Vec<Address> {
        let mut out = Vec::with_capacity(lines.len());
        let mut said = false;
        for line in lines {
            let iface = match line.dev {
                Some(dev) => {
                    self.exists(dev, self.defaults.dynamic_interfaces);
                    self.intern(params, dev)
                }
                None => own,
            };
            if !said {
                said = self.outside_of_networks(line, params, iface);
            }
            out.push(Address {
                scope: line.scope,
                label: line.label.clone(),
                broadcast: line.broadcast,
                ..Address::new(line.address, line.prefix, iface)
            });
        }
        out
    }

    /// An address that no network of its interface holds; says so.
    fn outside_of_networks(
        &mut self,
        line: &super::address::Line,
        params: &Params,
        iface: IfaceId,
    ) -> bool {
        let Some(name) = params.interfaces.get(usize::from(iface.0)) else {
            return false;
        };
        let family = |n: &(core::net::IpAddr, u8)| n.0.is_ipv4() == line.address.is_ipv4();
        let mut networks = self.outside.networks(name).unwrap_or_default();
        networks.retain(family);
        let holds = |n: &(core::net::IpAddr, u8)| same_network(n.0, line.address, n.1);
        if networks.is_empty() || networks.iter().any(holds) {
            return false;
        }
        let text = format!("{} is in no network of {name}", line.address);
        let at = self.span(line.at);
        self.diags.warning(at, text);
        true
    }

    /// Priority, state and preemption depend on each other.
    fn owner(&mut self, d: &mut Draft) {
        let master = d.state.filter(|s| s.0);
        if d.priority.is_none() && master.is_some() {
            d.priority = Some(255);
            let (_, at) = master.unwrap_or_default();
            let text = "state MASTER without priority makes this the owner: priority 255";
            self.diags.warning(at, text).hint("write a priority");
        }
        let owner = d.priority == Some(255);
        if owner && d.state.is_none() {
            d.state = Some((true, d.at));
        }
        self.useless_weights(d);
        let why = match (master, owner) {
            (Some((_, at)), _) => format!("'state MASTER' (line {})", self.line_of(at)),
            (None, true) => "priority 255".to_owned(),
            (None, false) => String::new(),
        };
        if let Some(at) = d.nopreempt
            && !why.is_empty()
        {
            let text = format!("nopreempt does nothing with {why}; it is ignored");
            self.diags
                .error(at, text)
                .severity(Severity::Warning)
                .hint("write 'state BACKUP' on all routers");
            d.nopreempt = None;
        }
        if let Some((_, at)) = d.preempt_delay {
            let why = match d.nopreempt {
                Some(_) => "nopreempt",
                None if d.state.is_some_and(|s| s.0) => "state MASTER",
                None => return,
            };
            let text = format!("preempt_delay does nothing with {why}; it is ignored");
            self.diags.error(at, text).severity(Severity::Warning);
            d.preempt_delay = None;
        }
    }

    fn version(&mut self, d: &mut Draft) -> Version {
        let v6 = d.ipv6.is_some() || d.source.is_some_and(|s| s.0.is_ipv6());
        match (d.version, v6) {
            (Some((Version::V2, at)), true) => {
                let text = "version 2 carries no IPv6 addresses; version 3 is used";
                self.diags.error(at, text);
                Version::V3
            }
            (_, true) => Version::V3,
            (Some((version, _)), false) => version,
            (None, false) => self.defaults.version,
        }
    }

    /// Strict mode: what the RFC does not allow is refused or corrected (behaviour of keepalived).
    fn strictness(&mut self, d: &mut Draft) {
        if !d.strict.unwrap_or(self.defaults.strict) {
            return;
        }
        if let Some(at) = d.unicast {
            self.diags
                .error(at, "vrrp_strict forbids unicast_peer")
                .hint("remove vrrp_strict, or the peers");
        }
        let owner = d.priority == Some(255);
        if let Some((master, at)) = d.state
            && master != owner
        {
            let text = match master {
                true => "vrrp_strict: only the owner (priority 255) can be MASTER; BACKUP is used",
                false => "vrrp_strict: the owner (priority 255) must be MASTER; MASTER is used",
            };
            self.diags.error(at, text).severity(Severity::Warning);
            d.state = Some((owner, at));
        }
        if let Some(auth) = d.auth.take() {
            let text = "vrrp_strict knows no authentication; it is ignored";
            self.diags.error(auth.at, text).severity(Severity::Warning);
        }
        if let Some((_, at)) = d.preempt_delay.take() {
            let text = "vrrp_strict knows no preempt_delay; it is ignored";
            self.diags.error(at, text).severity(Severity::Warning);
        }
        d.no_addresses = false;
        d.garp.lower_prio_delay = Span::ZERO;
        d.garp.lower_prio_repeat = 0;
        d.down_timer_adverts = Some(3);
        d.lower_prio_no_advert = Some(true);
        d.higher_prio_send_advert = Some(false);
        d.owner_ignore_adverts = Some(true);
    }

    fn interval(&mut self, d: &Draft, version: Version) -> Span {
        let Some((asked, at)) = d.advert_int else {
            return Span::from_secs(1);
        };
        let us = asked.micros();
        let (unit, most) = match version {
            Version::V2 => (1_000_000, 255_000_000),
            Version::V3 => (10_000, 40_950_000),
        };
        let rounded = us
            .saturating_add(unit / 2)
            .checked_div(unit)
            .unwrap_or(1)
            .max(1)
            .saturating_mul(unit)
            .min(most);
        let got = Span::from_micros(rounded);
        if rounded != us {
            let text = match version {
                Version::V2 => {
                    format!("advert_int {asked}: VRRPv2 carries whole seconds only; {got} is used")
                }
                Version::V3 => format!(
                    "advert_int {asked}: VRRPv3 carries hundredths of a second up to 40.95; {got} is used"
                ),
            };
            let diag = self.diags.error(at, text);
            if version == Version::V2 {
                diag.hint("write 'version 3' for shorter intervals");
            }
        }
        got
    }

    fn auth(&mut self, d: &mut Draft, version: Version) -> Auth {
        let Some(auth) = d.auth else {
            return Auth::None;
        };
        let warn = |w: &mut Self, text: &str| {
            w.diags.error(auth.at, text).severity(Severity::Warning);
        };
        if version == Version::V3 {
            warn(self, "VRRPv3 has no authentication; it is ignored");
            return Auth::None;
        }
        if d.hmac {
            warn(
                self,
                "auth_hmac replaces this authentication; it is ignored",
            );
            return Auth::None;
        }
        match (auth.ah, auth.password) {
            (Some(true), Some(key)) => {
                let owner = d.priority == Some(255);
                if let Some((true, at)) = d.state
                    && !owner
                {
                    let text = "AH cannot start as MASTER: the sequence number must be learnt first; \
                                BACKUP is used";
                    self.diags.error(at, text).severity(Severity::Warning);
                    d.state = Some((false, at));
                }
                Auth::Ah(key)
            }
            (Some(false), Some(key)) => Auth::Pass(key),
            (Some(_), None) => {
                warn(
                    self,
                    "auth_type without auth_pass; there is no authentication",
                );
                Auth::None
            }
            (None, Some(_)) => {
                warn(
                    self,
                    "auth_pass without a known auth_type; there is no authentication",
                );
                Auth::None
            }
            (None, None) => Auth::None,
        }
    }

    /// How many addresses there are.
    fn count(&mut self, d: &mut Draft, version: Version, runs: &mut bool) {
        if d.addresses.is_empty() && !d.no_addresses && *runs && !d.torn {
            let name = d.name.clone();
            let strict = d.strict.unwrap_or(self.defaults.strict);
            if version == Version::V3 || strict {
                let mode = if strict { "vrrp_strict" } else { "VRRPv3" };
                let text = format!(
                    "vrrp_instance {name} has no virtual address, which {mode} does not allow"
                );
                self.diags.error(d.at, text);
                *runs = false;
            } else {
                let text = format!("vrrp_instance {name} has no virtual address");
                self.diags.error(d.at, text).severity(Severity::Warning);
            }
        }
        if d.addresses.len() > MAX_ADDRESSES {
            let at = self.span(d.addresses[MAX_ADDRESSES].at);
            let text = format!(
                "an advert lists at most {MAX_ADDRESSES} addresses; {} are written, the rest is held \
                 but not advertised",
                d.addresses.len()
            );
            self.diags.error(at, text);
            let mut rest = d.addresses.split_off(MAX_ADDRESSES);
            rest.append(&mut d.excluded);
            d.excluded = rest;
        }
    }

    /// What cannot run yet is said once and left out.
    fn not_yet(&mut self, d: &Draft, runs: &mut bool) {
        if let (None, Some(at)) = (d.unicast, d.unicast_word) {
            let text = "a unicast keyword without unicast_peer: multicast is used";
            self.diags.error(at, text).severity(Severity::Warning);
        }
        let name = &d.name;
        let missing = match (d.unicast, d.ipv6) {
            (Some(at), _) => Some((at, "unicast peers are")),
            (None, Some(at)) => Some((at, "IPv6 is")),
            (None, None) => d.source.filter(|s| s.0.is_ipv6()).map(|s| (s.1, "IPv6 is")),
        };
        if let Some((at, what)) = missing {
            let text = format!("{what} not supported yet: vrrp_instance {name} does not run");
            self.diags.error(at, text).ours();
            *runs = false;
        }
        if let Some((ip, at)) = d.destination
            && ip.is_ipv6()
            && *runs
        {
            self.diags
                .error(at, "an IPv6 group does not fit IPv4 addresses");
            *runs = false;
        }
    }
}

fn same_network(a: core::net::IpAddr, b: core::net::IpAddr, prefix: u8) -> bool {
    use core::net::IpAddr::{V4, V6};
    let (difference, width) = match (a, b) {
        (V4(a), V4(b)) => (u128::from(u32::from(a) ^ u32::from(b)), 32),
        (V6(a), V6(b)) => (u128::from(a) ^ u128::from(b), 128),
        _ => return false,
    };
    let host = width - u32::from(prefix).min(width);
    difference.checked_shr(host).unwrap_or(0) == 0
}
