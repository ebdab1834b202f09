//! Drafts of instances and groups become the VRRP room's parameters.

use super::diag::Severity;
use super::instance::Draft;
use super::lexer::Word;
use super::source::Span as At;
use super::walk::Walk;
use crate::time::Span;
use crate::vrrp::{Family, IfaceId, InstanceParams, Params, Place};
use crate::wire::vrrp::{Auth, Version};
use core::net::IpAddr;

impl<'a> Walk<'a> {
    /// What follows from an instance's statements together.
    pub(super) fn settle(&mut self, d: &mut Draft, params: &mut Params) {
        self.own_interface(d);
        let mut runs = self.identified(d);
        self.owner(d);
        let family = d.family.map_or(Family::V4, |f| f.0);
        let version = self.version(d, family);
        runs &= self.strictness(d);
        let interval = self.interval(d, version);
        let auth = self.auth(d, version);
        runs = self.count(d, version, runs);
        let group = self.group_address(d, family);
        let unicast = self.unicast(d);
        if let Some(word) = d.interface {
            self.exists(word, self.defaults.dynamic_interfaces);
        }
        let (Some((vrid, _)), true) = (d.vrid, runs) else {
            return;
        };
        if self.same_router(d, vrid, group) {
            return;
        }
        let iface = match d.interface {
            Some(word) => self.intern(params, word),
            None => self.intern_name(params, b"", "".into()),
        };
        let mut p = InstanceParams::new(&d.name, iface, vrid);
        p.place = self.place(d.at);
        p.version = version;
        p.family = family;
        p.unicast = unicast;
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
        p.addresses = self.held(&d.addresses, iface, params);
        p.excluded = self.held(&d.excluded, iface, params);
        p.routes = self.routes(core::mem::take(&mut d.routes), params);
        p.rules = self.rules(core::mem::take(&mut d.rules), params);
        p.promote_secondaries = d.promote_secondaries;
        // An instance that was torn apart may have lost its addresses.
        p.strict = d.strict.unwrap_or(self.defaults.strict) && !p.addresses.is_empty();
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
        if d.interface.is_none() && !d.peers.used() {
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
        let (bytes, name) = (self.bytes(word), self.text(word));
        if !self.interfaces.contains_key(bytes) && params.interfaces.len() > usize::from(u16::MAX) {
            let text = "more than 65536 interfaces are named; the first one is used".into();
            self.wrong(word, text, None);
        }
        self.intern_name(params, bytes, name)
    }

    /// The number of a name, the first one's if there are too many.
    pub(super) fn intern_name(
        &mut self,
        params: &mut Params,
        bytes: &'a [u8],
        name: Box<str>,
    ) -> IfaceId {
        if let Some(index) = self.interfaces.get(bytes) {
            return *index;
        }
        let Ok(index) = u16::try_from(params.interfaces.len()) else {
            return IfaceId(0);
        };
        let index = IfaceId(index);
        params.interfaces.push(name);
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
            (Some((_, at)), _) => {
                let here = d.nopreempt.unwrap_or(d.at);
                format!("'state MASTER' ({})", self.other(at, here))
            }
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

    fn version(&mut self, d: &mut Draft, family: Family) -> Version {
        match (d.version, family) {
            (Some((Version::V2, at)), Family::V6) => {
                let text = "version 2 carries no IPv6 addresses; version 3 is used";
                self.diags.error(at, text);
                Version::V3
            }
            (_, Family::V6) => Version::V3,
            (Some((version, _)), Family::V4) => version,
            (None, Family::V4) => self.defaults.version,
        }
    }

    /// Strict mode: what the RFC does not allow is refused or corrected (behaviour of keepalived).
    ///
    /// `false`: the instance cannot run.
    fn strictness(&mut self, d: &mut Draft) -> bool {
        if !d.strict.unwrap_or(self.defaults.strict) {
            return true;
        }
        let unicast = d.peers.word.filter(|_| d.peers.used());
        if let Some(at) = unicast {
            let text = format!("vrrp_strict forbids unicast_peer; {} does not run", d.name);
            self.diags
                .error(at, text)
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
        unicast.is_none()
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

    /// Where adverts to a group go.
    fn group_address(&mut self, d: &Draft, family: Family) -> IpAddr {
        let usual = match family {
            Family::V4 => self.defaults.group4,
            Family::V6 => self.defaults.group6,
        };
        match d.destination {
            Some((ip, _)) if ip.is_ipv4() == usual.is_ipv4() => ip,
            Some((_, at)) => {
                let text =
                    format!("this group does not fit the family of the instance; {usual} is used");
                self.diags.error(at, text);
                usual
            }
            None => usual,
        }
    }
}
