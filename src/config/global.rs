//! `global_defs` becomes [`Global`] and the defaults of instances.

use super::lexer::Word;
use super::script::ScriptUser;
use super::table::{Item, Shape};
use super::value;
use super::walk::{Seen, Walk};
use super::{Global, Process};
use crate::time::Span;
use crate::vrrp::Garp;
use crate::wire::vrrp::{ChecksumForm, GROUP4, GROUP6, Version};
use core::net::IpAddr;

/// What instances inherit.
#[derive(Clone, Debug)]
pub(super) struct Defaults {
    pub version: Version,
    pub group4: IpAddr,
    pub group6: IpAddr,
    pub check_unicast_src: bool,
    pub garp: GarpDefaults,
    pub down_timer_adverts: u8,
    pub lower_prio_no_advert: bool,
    pub higher_prio_send_advert: bool,
    pub owner_ignore_adverts: bool,
    pub skip_check_adv_addr: bool,
    pub checksum: ChecksumForm,
    pub strict: bool,
    pub dynamic_interfaces: bool,
    /// `vrrp_startup_delay`
    pub startup_delay: Span,
    /// `vrrp_delay_after_boot`
    pub delay_after_boot: Span,
    pub script_user: ScriptUser,
    pub security: bool,
}

impl Default for Defaults {
    fn default() -> Self {
        Defaults {
            version: Version::V2,
            group4: IpAddr::V4(GROUP4),
            group6: IpAddr::V6(GROUP6),
            check_unicast_src: false,
            garp: GarpDefaults::default(),
            down_timer_adverts: 3,
            lower_prio_no_advert: false,
            higher_prio_send_advert: false,
            owner_ignore_adverts: false,
            skip_check_adv_addr: false,
            checksum: ChecksumForm::Pseudo,
            strict: false,
            dynamic_interfaces: false,
            startup_delay: Span::ZERO,
            delay_after_boot: Span::ZERO,
            script_user: ScriptUser::Unset,
            security: false,
        }
    }
}

/// `vrrp_garp_*`, as far as written.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct GarpDefaults {
    delay: Option<Span>,
    repeat: Option<u8>,
    refresh: Option<Span>,
    refresh_repeat: Option<u8>,
    lower_prio_delay: Option<Span>,
    lower_prio_repeat: Option<u8>,
    elsewhere: Span,
}

impl GarpDefaults {
    /// The values in force at this point.
    pub(super) fn garp(&self) -> Garp {
        let default = Garp::default();
        let delay = self.delay.unwrap_or(default.delay);
        let repeat = self.repeat.unwrap_or(default.repeat);
        Garp {
            delay,
            repeat,
            refresh: self.refresh.unwrap_or(default.refresh),
            refresh_repeat: self.refresh_repeat.unwrap_or(default.refresh_repeat),
            lower_prio_delay: self.lower_prio_delay.unwrap_or(delay),
            lower_prio_repeat: self.lower_prio_repeat.unwrap_or(repeat),
            elsewhere: self.elsewhere,
        }
    }
    /// `vrrp_min_garp`: what is still at its default becomes the least.
    fn least(&mut self) {
        self.delay.get_or_insert(Span::ZERO);
        self.repeat.get_or_insert(1);
        self.refresh.get_or_insert(Span::ZERO);
        self.refresh_repeat.get_or_insert(1);
    }
}

impl<'a> Walk<'a> {
    /// The first argument as a number that was checked before.
    pub(super) fn number(&self, node: u32) -> u32 {
        let Some(word) = self.args(node).first() else {
            return 0;
        };
        match value::int(self.bytes(*word), 0, i64::from(u32::MAX)) {
            Ok(n) | Err(value::Fault::Trailing(n, _)) => u32::try_from(n).unwrap_or(u32::MAX),
            Err(_) => 0,
        }
    }
    /// The first argument as seconds.
    pub(super) fn seconds(&self, node: u32) -> Span {
        Span::from_secs(u64::from(self.number(node)))
    }
    /// The first argument as a count of packets, at least `min`, at most what a byte holds.
    pub(super) fn packets(&self, node: u32, min: u8) -> u8 {
        u8::try_from(self.number(node)).unwrap_or(u8::MAX).max(min)
    }
    /// The first argument as a decimal number of seconds.
    pub(super) fn timer(&self, node: u32) -> Span {
        let Some(word) = self.args(node).first() else {
            return Span::ZERO;
        };
        let us = match value::decimal(self.bytes(*word), 0, u64::MAX, 6) {
            Ok(us) | Err(value::Fault::Digits(us)) => us,
            Err(value::Fault::Trailing(us, _)) => us.unsigned_abs(),
            Err(_) => 0,
        };
        Span::from_micros(us)
    }
    /// The first argument as on or off; nothing means on.
    pub(super) fn flag(&self, node: u32) -> bool {
        let word = self.args(node).first().copied();
        word.is_none_or(|w| value::boolean(self.bytes(w)).unwrap_or(true))
    }
    /// The first argument.
    pub(super) fn first(&self, node: u32) -> Option<Word> {
        self.args(node).first().copied()
    }
    /// The first argument as an address that was checked before.
    pub(super) fn ip_of(&self, node: u32) -> Option<IpAddr> {
        value::loose_ip(self.bytes(self.first(node)?))
    }

    /// A `global_defs` block.
    pub(super) fn global(&mut self, block: u32, global: &mut Global) {
        let mut seen = Seen::new();
        let mut process = global.process.take().map_or_else(Process::default, |p| *p);
        for node in self.children(Some(block)) {
            if !self.line(node, &mut seen, false) {
                self.refused.insert(node);
                if self.name(node) == "script_user" {
                    self.defaults.script_user = ScriptUser::Unknown;
                }
                continue;
            }
            match self.row(node).map(|r| r.shape) {
                Some(Shape::Words(Item::Mails)) => self.mails(node, global),
                Some(_) if self.process(node, &mut process) => {}
                Some(_) if self.mail_word(node, global) => {}
                Some(Shape::Script) => {
                    self.script(node);
                }
                Some(_) if !self.identity(node, global) => self.vrrp_default(node),
                _ => {}
            }
        }
        self.script_timeouts(block, &mut process);
        global.process = (process != Process::default()).then(|| Box::new(process));
        global.dynamic_interfaces = self.defaults.dynamic_interfaces;
    }

    /// Keywords that say who we are. `false`: it is another one.
    fn identity(&mut self, node: u32, global: &mut Global) -> bool {
        let Some(word) = self.first(node) else {
            return false;
        };
        match self.name(node) {
            "router_id" | "lvs_id" => global.router_id = Some(self.text(word)),
            "state_dump_file" => global.state_dump_file = Some(self.text(word)),
            "json_version" => global.json_wrapped = self.bytes(word) == b"2",
            _ => return false,
        }
        true
    }

    /// What the lines of all files are read with, also those written before it.
    pub(super) fn lookup_paths(&mut self, block: u32) {
        for node in self.children(Some(block)) {
            let Some(word) = self.first(node) else {
                continue;
            };
            match self.name(node) {
                "iproute_usr_dir" => self.names.usr = self.text(word),
                "iproute_etc_dir" => self.names.etc = self.text(word),
                // A wrong one is told of in its turn.
                "default_interface" if value::ifname(self.bytes(word)).is_ok() => {
                    self.default_interface = Some(self.bytes(word));
                }
                _ => {}
            }
        }
    }

    fn vrrp_default(&mut self, node: u32) {
        let mut d = core::mem::take(&mut self.defaults);
        self.vrrp_default_of(node, &mut d);
        self.defaults = d;
    }

    fn vrrp_default_of(&mut self, node: u32, d: &mut Defaults) {
        let version = self.first(node).map(|w| self.bytes(w));
        match self.name(node) {
            "vrrp_version" if version == Some(b"3") => d.version = Version::V3,
            "vrrp_version" => d.version = Version::V2,
            "vrrp_mcast_group4" => d.group4 = self.ip_of(node).unwrap_or(d.group4),
            "vrrp_mcast_group6" => self.group6(node, d),
            "vrrp_check_unicast_src" => d.check_unicast_src = true,
            "vrrp_garp_master_delay" => d.garp.delay = Some(self.seconds(node)),
            "vrrp_garp_master_repeat" => d.garp.repeat = Some(self.packets(node, 1)),
            "vrrp_garp_master_refresh" => d.garp.refresh = Some(self.seconds(node)),
            "vrrp_garp_master_refresh_repeat" => {
                d.garp.refresh_repeat = Some(self.packets(node, 1));
            }
            "vrrp_garp_lower_prio_delay" => d.garp.lower_prio_delay = Some(self.seconds(node)),
            "vrrp_garp_lower_prio_repeat" => d.garp.lower_prio_repeat = Some(self.packets(node, 0)),
            "vrrp_garp_interval" => self.ports.garp = self.timer(node),
            "vrrp_gna_interval" => self.ports.gna = self.timer(node),
            "vrrp_garp_extra_if" | "vrrp_vmac_garp_intvl" => {
                d.garp.elsewhere = self.elsewhere(node);
            }
            "vrrp_startup_delay" => d.startup_delay = self.timer(node),
            "vrrp_delay_after_boot" => d.delay_after_boot = self.timer(node),
            "vrrp_min_garp" if self.flag(node) => d.garp.least(),
            "vrrp_down_timer_adverts" => d.down_timer_adverts = self.packets(node, 1),
            "vrrp_lower_prio_no_advert" => d.lower_prio_no_advert = self.flag(node),
            "vrrp_higher_prio_send_advert" => d.higher_prio_send_advert = self.flag(node),
            "vrrp_owner_ignore_adverts" => d.owner_ignore_adverts = self.flag(node),
            "vrrp_skip_check_adv_addr" => d.skip_check_adv_addr = self.flag(node),
            "vrrp_strict" => {
                d.strict = self.flag(node);
                let at = self.head(node);
                let text = "vrrp_strict: packets to the virtual addresses are not refused yet";
                self.diags.warning(at, text);
            }
            "v3_checksum_as_v2" => d.checksum = ChecksumForm::Plain,
            "dynamic_interfaces" => d.dynamic_interfaces = true,
            "enable_script_security" => d.security = true,
            "script_user" => self.script_user(node, d),
            _ => {}
        }
    }

    /// `[all] SECONDS` of `garp_extra_if`: without `all` it is about VMAC interfaces alone.
    pub(super) fn elsewhere(&mut self, node: u32) -> Span {
        let args = self.args(node);
        let (all, number) = match args {
            [all, number, ..] if self.bytes(*all) == b"all" => (true, *number),
            [number, ..] => (false, *number),
            [] => return Span::ZERO,
        };
        let seconds = match value::int(self.bytes(number), 0, 86_400) {
            Ok(n) | Err(value::Fault::Trailing(n, _)) => u64::try_from(n).unwrap_or(0),
            Err(_) => 0,
        };
        if all || seconds == 0 {
            return Span::from_secs(seconds);
        }
        let text = "without 'all' this is about VMAC interfaces only, of which there are none";
        self.warn(number, text);
        Span::ZERO
    }

    /// How long nothing is done after the start.
    pub(super) fn startup_delay(&self) -> Span {
        let boot = self.defaults.delay_after_boot;
        if boot.is_zero() {
            return self.defaults.startup_delay;
        }
        let uptime = self.outside.read("/proc/uptime").unwrap_or_default();
        let seconds = uptime.split(|b| b.is_ascii_whitespace()).next();
        let up = match value::decimal(seconds.unwrap_or_default(), 0, u64::MAX, 6) {
            Ok(us) => Span::from_micros(us),
            Err(_) => Span::ZERO,
        };
        self.defaults.startup_delay.max(boot - up)
    }

    fn group6(&mut self, node: u32, d: &mut Defaults) {
        let (Some(word), Some(ip)) = (self.first(node), self.ip_of(node)) else {
            return;
        };
        let IpAddr::V6(group) = ip else {
            let text = "vrrp_mcast_group6 is not an IPv6 multicast address".into();
            self.wrong(word, text, None);
            return;
        };
        if group.segments()[0] & 0xf != 2 {
            let text = "this group is not link-local: routers may pass the adverts on";
            self.warn(word, text);
        }
        d.group6 = ip;
    }

    fn script_user(&mut self, node: u32, d: &mut Defaults) {
        let args = self.args(node);
        let Some(user) = args.first().copied() else {
            return;
        };
        d.script_user = match self.user(user, args.get(1).copied(), false) {
            Some(user) => ScriptUser::Set(user),
            None => ScriptUser::Unknown,
        };
    }
}
