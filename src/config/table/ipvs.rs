//! `virtual_server` and `real_server`.

use super::Shape::{
    AnyCase, Bool, Choice, Count, Flag, IpPort, Mask, Method, OptUint, Script, Uint, Word,
};
use super::{Block, Head, Row, Shape, TIMER_MAX, foreign, idle, later, timer};

/// The schedulers of IPVS.
pub(super) const SCHEDULERS: &[&str] = &[
    "rr", "wrr", "lc", "wlc", "lblc", "sh", "mh", "dh", "fo", "ovf", "lblcr", "sed", "nq", "twos",
];
const MAX_WEIGHT: u32 = 2_147_483_647;
/// The longest persistence: 31 days.
const MONTH: u32 = 2_678_400;

pub(super) static VIRTUAL_SERVER: &[Row] = &[
    later("delay_loop", timer(1, TIMER_MAX), "60"),
    later("lb_algo", Choice(SCHEDULERS), "wlc"),
    later("lvs_sched", Choice(SCHEDULERS), "wlc"),
    later("lb_kind", Method, "NAT"),
    later("lvs_method", Method, "NAT"),
    later(
        "persistence_timeout",
        OptUint(1, MONTH),
        "off; 360 without a number",
    ),
    later("protocol", AnyCase(&["TCP", "UDP", "SCTP"]), "UDP"),
    later(
        "real_server",
        Shape::Block(Block::RealServer, Head::RealServer),
        "at least one",
    ),
    later("persistence_granularity", Mask, "255.255.255.255"),
    later("persistence_engine", Word, "none"),
    later("ops", Flag, "off"),
    later("flag-1", Flag, "off"),
    later("flag-2", Flag, "off"),
    later("flag-3", Flag, "off"),
    later("sh-port", Flag, "off"),
    later("sh-fallback", Flag, "off"),
    later("mh-port", Flag, "off"),
    later("mh-fallback", Flag, "off"),
    idle("hashed", Flag, ""),
    later("ha_suspend", Flag, "off"),
    later("ip_family", Choice(&["inet", "inet6"]), "deduced"),
    later("smtp_alert", Bool, "off"),
    later("virtualhost", Word, "none"),
    later("alpha", Flag, "off"),
    later("omega", Flag, "off"),
    later("quorum", Count(1, MAX_WEIGHT), "1"),
    later("hysteresis", Count(0, MAX_WEIGHT), "0"),
    later("quorum_up", Script, "none"),
    later("quorum_down", Script, "none"),
    later("inhibit_on_failure", Flag, "off"),
    later("weight", Count(1, MAX_WEIGHT), "1"),
    later("retry", Uint(1, u32::MAX), "per checker"),
    later("delay_before_retry", timer(0, TIMER_MAX), "per checker"),
    later("warmup", timer(0, TIMER_MAX), "delay_loop"),
    later("connect_timeout", timer(1, TIMER_MAX), "5"),
    later("sorry_server", IpPort, "none"),
    later("sorry_server_inhibit", Flag, "off"),
    later("sorry_server_lvs_method", Method, "lvs_method"),
    later("snmp_name", Word, "none"),
    foreign(
        "nat_mask",
        Word,
        "it went away with keepalived 1.2; remove it",
    ),
];

pub(super) static REAL_SERVER: &[Row] = &[
    later("weight", Count(0, MAX_WEIGHT), "1"),
    later("notify_down", Script, "none"),
    later("notify_up", Script, "none"),
    later("lvs_method", Method, "the virtual server's"),
    foreign(
        "lb_kind",
        Method,
        "here keepalived knows it as 'lvs_method' only",
    ),
    later("inhibit_on_failure", Bool, "the virtual server's"),
    later("uthreshold", Count(0, u32::MAX), "0"),
    later("lthreshold", Count(0, u32::MAX), "0"),
    later("alpha", Bool, "the virtual server's"),
    later("retry", Uint(1, u32::MAX), "the virtual server's"),
    later(
        "delay_before_retry",
        timer(0, TIMER_MAX),
        "the virtual server's",
    ),
    later("warmup", timer(0, TIMER_MAX), "the virtual server's"),
    later(
        "connect_timeout",
        timer(1, TIMER_MAX),
        "the virtual server's",
    ),
    later("delay_loop", timer(1, TIMER_MAX), "the virtual server's"),
    later("smtp_alert", Bool, "on"),
    later("virtualhost", Word, "the virtual server's"),
    later("snmp_name", Word, "none"),
    later("TCP_CHECK", Shape::Block(Block::Tcp, Head::None), ""),
    later("HTTP_GET", Shape::Block(Block::Http, Head::None), ""),
    later("SSL_GET", Shape::Block(Block::SslGet, Head::None), ""),
    later("MISC_CHECK", Shape::Block(Block::Misc, Head::None), ""),
    later("SMTP_CHECK", Shape::Block(Block::Smtp, Head::None), ""),
    later("DNS_CHECK", Shape::Block(Block::Dns, Head::None), ""),
    later("UDP_CHECK", Shape::Block(Block::Udp, Head::None), ""),
    later("PING_CHECK", Shape::Block(Block::Ping, Head::None), ""),
    later("FILE_CHECK", Shape::Block(Block::File, Head::None), ""),
    later("BFD_CHECK", Shape::Block(Block::BfdCheck, Head::None), ""),
];
