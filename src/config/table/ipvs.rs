//! `virtual_server` and `real_server`.

use super::Shape::{
    AnyCase, Bool, Choice, Count, Flag, IpPort, Mask, Method, OptUint, Script, Uint, Word,
};
use super::State::Never;
use super::parts::IPVS;
use super::{Block, Head, Shape, TIMER_MAX, Written, foreign, idle, part, timer};

/// The schedulers of IPVS.
pub(super) const SCHEDULERS: &[&str] = &[
    "rr", "wrr", "lc", "wlc", "lblc", "sh", "mh", "dh", "fo", "ovf", "lblcr", "sed", "nq", "twos",
];
const MAX_WEIGHT: u32 = 2_147_483_647;
/// The longest persistence: 31 days.
const MONTH: u32 = 2_678_400;

pub(super) const VIRTUAL_SERVER: &[Written] = &[
    part(IPVS, "delay_loop", timer(1, TIMER_MAX), "60"),
    part(IPVS, "lb_algo", Choice(SCHEDULERS), "wlc"),
    part(IPVS, "lvs_sched", Choice(SCHEDULERS), "wlc"),
    part(IPVS, "lb_kind", Method, "NAT"),
    part(IPVS, "lvs_method", Method, "NAT"),
    part(
        IPVS,
        "persistence_timeout",
        OptUint(1, MONTH),
        "off; 360 without a number",
    )
    .unit("s"),
    part(IPVS, "protocol", AnyCase(&["TCP", "UDP", "SCTP"]), "UDP"),
    part(
        IPVS,
        "real_server",
        Shape::Block(Block::RealServer, Head::RealServer),
        "at least one",
    ),
    part(IPVS, "persistence_granularity", Mask, "one address"),
    part(IPVS, "persistence_engine", Word, "none").args("NAME"),
    part(IPVS, "ops", Flag, "off"),
    part(IPVS, "flag-1", Flag, "off"),
    part(IPVS, "flag-2", Flag, "off"),
    part(IPVS, "flag-3", Flag, "off"),
    part(IPVS, "sh-port", Flag, "off"),
    part(IPVS, "sh-fallback", Flag, "off"),
    part(IPVS, "mh-port", Flag, "off"),
    part(IPVS, "mh-fallback", Flag, "off"),
    idle("hashed", Flag, ""),
    part(IPVS, "ha_suspend", Flag, "off"),
    part(IPVS, "ip_family", Choice(&["inet", "inet6"]), "deduced"),
    part(
        IPVS,
        "smtp_alert",
        Bool,
        "smtp_alert_checker, smtp_alert, else off",
    ),
    part(IPVS, "virtualhost", Word, "none"),
    part(IPVS, "alpha", Flag, "off"),
    part(IPVS, "omega", Flag, "off"),
    part(IPVS, "quorum", Count(1, MAX_WEIGHT), "1"),
    part(IPVS, "hysteresis", Count(0, MAX_WEIGHT), "0"),
    part(IPVS, "quorum_up", Script, "none"),
    part(IPVS, "quorum_down", Script, "none"),
    part(IPVS, "inhibit_on_failure", Flag, "off"),
    part(IPVS, "weight", Count(1, MAX_WEIGHT), "1"),
    part(IPVS, "retry", Uint(1, u32::MAX), "per checker"),
    part(
        IPVS,
        "delay_before_retry",
        timer(0, TIMER_MAX),
        "per checker",
    ),
    part(IPVS, "warmup", timer(0, TIMER_MAX), "delay_loop"),
    part(IPVS, "connect_timeout", timer(1, TIMER_MAX), "5"),
    part(IPVS, "sorry_server", IpPort, "none"),
    part(IPVS, "sorry_server_inhibit", Flag, "off"),
    part(IPVS, "sorry_server_lvs_method", Method, "lvs_method"),
    part(Never("SNMP"), "snmp_name", Word, "none"),
    foreign(
        "nat_mask",
        Word,
        "it went away with keepalived 1.2; remove it",
    ),
];

pub(super) const REAL_SERVER: &[Written] = &[
    part(IPVS, "weight", Count(0, MAX_WEIGHT), "the virtual server's"),
    part(IPVS, "notify_down", Script, "none"),
    part(IPVS, "notify_up", Script, "none"),
    part(IPVS, "lvs_method", Method, "the virtual server's"),
    foreign(
        "lb_kind",
        Method,
        "here keepalived knows it as 'lvs_method' only",
    ),
    part(IPVS, "inhibit_on_failure", Bool, "the virtual server's"),
    part(IPVS, "uthreshold", Count(0, u32::MAX), "0"),
    part(IPVS, "lthreshold", Count(0, u32::MAX), "0"),
    part(IPVS, "alpha", Bool, "the virtual server's"),
    part(IPVS, "retry", Uint(1, u32::MAX), "the virtual server's"),
    part(
        IPVS,
        "delay_before_retry",
        timer(0, TIMER_MAX),
        "the virtual server's",
    ),
    part(IPVS, "warmup", timer(0, TIMER_MAX), "the virtual server's"),
    part(
        IPVS,
        "connect_timeout",
        timer(1, TIMER_MAX),
        "the virtual server's",
    ),
    part(
        IPVS,
        "delay_loop",
        timer(1, TIMER_MAX),
        "the virtual server's",
    ),
    part(
        IPVS,
        "smtp_alert",
        Bool,
        "smtp_alert_checker, smtp_alert, else on",
    ),
    part(IPVS, "virtualhost", Word, "the virtual server's"),
    part(Never("SNMP"), "snmp_name", Word, "none"),
    part(IPVS, "TCP_CHECK", Shape::Block(Block::Tcp, Head::None), ""),
    part(IPVS, "HTTP_GET", Shape::Block(Block::Http, Head::None), ""),
    part(IPVS, "SSL_GET", Shape::Block(Block::SslGet, Head::None), ""),
    part(
        IPVS,
        "MISC_CHECK",
        Shape::Block(Block::Misc, Head::None),
        "",
    ),
    part(
        IPVS,
        "SMTP_CHECK",
        Shape::Block(Block::Smtp, Head::None),
        "",
    ),
    part(IPVS, "DNS_CHECK", Shape::Block(Block::Dns, Head::None), ""),
    part(IPVS, "UDP_CHECK", Shape::Block(Block::Udp, Head::None), ""),
    part(
        IPVS,
        "PING_CHECK",
        Shape::Block(Block::Ping, Head::None),
        "",
    ),
    part(
        IPVS,
        "FILE_CHECK",
        Shape::Block(Block::File, Head::None),
        "",
    ),
    part(
        IPVS,
        "BFD_CHECK",
        Shape::Block(Block::BfdCheck, Head::None),
        "",
    ),
];
