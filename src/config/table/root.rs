//! The root, and the small blocks that stand there.

use super::Shape::{
    Bool, Command, Count, Decimal, Flag, Int, Interface, Ip, Lines, Many, OptWord, Uint, User,
    Weight, Word, Words,
};
use super::parts::{IPVS, TRACK_PROCESSES, VRRP};
use super::{
    BIG, Block, Head, Item, Shape, TIMER_MAX, Written, later, never, old, part, parts, timer, works,
};

pub(super) const ROOT: &[Written] = &[
    works("global_defs", Shape::Block(Block::Global, Head::None), ""),
    part(
        VRRP,
        "vrrp_sync_group",
        Shape::Block(Block::SyncGroup, Head::Name),
        "",
    ),
    part(
        VRRP,
        "vrrp_instance",
        Shape::Block(Block::Instance, Head::Name),
        "",
    ),
    part(
        IPVS,
        "virtual_server",
        Shape::Block(Block::VirtualServer, Head::VirtualServer),
        "",
    ),
    part(
        IPVS,
        "virtual_server_group",
        Lines(Item::Service, Head::Required),
        "",
    ),
    works(
        "vrrp_script",
        Shape::Block(Block::Script, Head::Required),
        "",
    ),
    works(
        "track_file",
        Shape::Block(Block::TrackFile, Head::Required),
        "",
    ),
    old(
        "vrrp_track_file",
        Shape::Block(Block::TrackFile, Head::Required),
        "track_file",
    ),
    part(
        TRACK_PROCESSES,
        "vrrp_track_process",
        Shape::Block(Block::TrackProcess, Head::Required),
        "",
    ),
    part(
        parts::BFD,
        "bfd_instance",
        Shape::Block(Block::Bfd, Head::Required),
        "",
    ),
    works(
        "track_group",
        Shape::Block(Block::TrackGroup, Head::Name),
        "",
    ),
    works(
        "static_ipaddress",
        Lines(Item::StaticAddress, Head::None),
        "",
    ),
    works("static_routes", Lines(Item::Route, Head::None), ""),
    works("static_rules", Lines(Item::Rule, Head::None), ""),
    works("garp_group", Shape::Block(Block::GarpGroup, Head::None), ""),
    later(
        "linkbeat_interfaces",
        Lines(Item::Linkbeat, Head::None),
        "none",
    ),
    later("linkbeat_use_polling", Flag, "off"),
    works(
        "interface_up_down_delays",
        Lines(Item::Delays, Head::None),
        "0 0",
    ),
    part(IPVS, "SSL", Shape::Block(Block::Ssl, Head::None), ""),
    later("net_namespace", Word, "none").args("NAME"),
    later("net_namespace_ipvs", OptWord, "net_namespace").args("[NAME]"),
    never("ipsets", "namespace_with_ipsets", Flag, "off"),
    later("instance", Word, "none").args("NAME"),
    later("use_pid_dir", Flag, "off"),
    works("child_wait_time", Uint(0, 86_400), "5").unit("s"),
];

pub(super) const SCRIPT: &[Written] = &[
    works("script", Command, "required"),
    works("interval", Decimal(0, 4_294_967_295, 3), "1").unit("s"),
    works("timeout", Decimal(0, 4_294_967_295, 3), "interval").unit("s"),
    works("weight", Weight(253), "0"),
    works("rise", Count(1, BIG), "1"),
    works("fall", Count(1, BIG), "1"),
    works("user", User, "script_user"),
    works("init_fail", Flag, "off"),
];

pub(super) const TRACK_FILE: &[Written] = &[
    works("file", Word, "required").args("PATH"),
    works("weight", Weight(254), "1"),
    works("init_file", Many(0, 2), "not written").args("[VALUE] [overwrite]"),
];

pub(super) const TRACK_PROCESS: &[Written] = &[
    part(TRACK_PROCESSES, "process", Many(1, 255), "required")
        .args("COMMAND [PARAM ...]")
        .first(),
    part(TRACK_PROCESSES, "param_match", OptWord, "exact").args("[initial|partial]"),
    part(TRACK_PROCESSES, "weight", Weight(254), "0"),
    part(TRACK_PROCESSES, "quorum", Count(1, 65_535), "1"),
    part(TRACK_PROCESSES, "quorum_max", Count(0, 65_535), "unlimited"),
    part(TRACK_PROCESSES, "fork_delay", timer(1, 3_600_000_000), "0"),
    part(
        TRACK_PROCESSES,
        "terminate_delay",
        timer(1, 3_600_000_000),
        "0",
    ),
    part(TRACK_PROCESSES, "delay", timer(1, 3_600_000_000), "0"),
    part(TRACK_PROCESSES, "full_command", Flag, "off"),
];

pub(super) const BFD: &[Written] = &[
    part(parts::BFD, "neighbor_ip", Ip, "required"),
    part(parts::BFD, "neighbour_ip", Ip, "required"),
    part(parts::BFD, "source_ip", Ip, "the kernel's choice"),
    part(parts::BFD, "min_rx", Decimal(1_000, 4_294_967_000, 3), "10").unit("ms"),
    part(parts::BFD, "min_tx", Decimal(1_000, 4_294_967_000, 3), "10").unit("ms"),
    part(
        parts::BFD,
        "idle_tx",
        Decimal(1_000_000, 4_294_967_000, 3),
        "1000",
    )
    .unit("ms"),
    part(parts::BFD, "multiplier", Uint(1, 255), "5"),
    part(parts::BFD, "passive", Flag, "off"),
    part(parts::BFD, "ttl", Uint(1, 255), "255 (IPv4), 64 (IPv6)"),
    part(
        parts::BFD,
        "hoplimit",
        Uint(1, 255),
        "255 (IPv4), 64 (IPv6)",
    ),
    part(parts::BFD, "max_hops", Int(-1, 255), "0"),
    part(parts::BFD, "multihop", Bool, "off"),
    part(parts::BFD, "weight", Weight(253), "0"),
    part(parts::BFD, "vrrp", Flag, "both"),
    part(parts::BFD, "checker", Flag, "both"),
];

pub(super) const GARP_GROUP: &[Written] = &[
    works("garp_interval", timer(1, TIMER_MAX), "unset"),
    works("gna_interval", timer(1, TIMER_MAX), "unset"),
    works("interface", Interface, "none"),
    works("interfaces", Words(Item::Interfaces), "none"),
];

pub(super) const TRACK_GROUP: &[Written] = &[works("group", Words(Item::Instances), "required")];

pub(super) const SSL: &[Written] = &[
    part(IPVS, "password", Word, "none"),
    part(IPVS, "ca", Word, "none").args("PATH"),
    part(IPVS, "certificate", Word, "none").args("PATH"),
    part(IPVS, "key", Word, "none").args("PATH"),
];
