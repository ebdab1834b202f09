//! The root, and the small blocks that stand there.

use super::Shape::{
    Bool, Command, Count, Decimal, Flag, Int, Interface, Ip, Lines, Many, OptWord, Uint, User,
    Weight, Word, Words,
};
use super::{Block, Head, Item, Row, Shape, TIMER_MAX, later, later_as, never, old, timer, works};

pub(super) static ROOT: &[Row] = &[
    works("global_defs", Shape::Block(Block::Global, Head::None), ""),
    works(
        "vrrp_sync_group",
        Shape::Block(Block::SyncGroup, Head::Name),
        "",
    ),
    works(
        "vrrp_instance",
        Shape::Block(Block::Instance, Head::Name),
        "",
    ),
    later_as(
        "load balancing",
        "virtual_server",
        Shape::Block(Block::VirtualServer, Head::VirtualServer),
        "",
    ),
    later_as(
        "load balancing",
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
    later_as(
        "process tracking",
        "vrrp_track_process",
        Shape::Block(Block::TrackProcess, Head::Required),
        "",
    ),
    later_as(
        "BFD",
        "bfd_instance",
        Shape::Block(Block::Bfd, Head::Required),
        "",
    ),
    later(
        "track_group",
        Shape::Block(Block::TrackGroup, Head::Name),
        "",
    ),
    later(
        "static_ipaddress",
        Lines(Item::StaticAddress, Head::None),
        "",
    ),
    later("static_routes", Lines(Item::Route, Head::None), ""),
    later("static_rules", Lines(Item::Rule, Head::None), ""),
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
    later_as(
        "load balancing",
        "SSL",
        Shape::Block(Block::Ssl, Head::None),
        "",
    ),
    later("net_namespace", Word, "none"),
    later("net_namespace_ipvs", OptWord, "net_namespace"),
    never("ipsets", "namespace_with_ipsets", Flag, "off"),
    later("instance", Word, "none"),
    later("use_pid_dir", Flag, "off"),
    later("child_wait_time", Uint(0, 86_400), "5"),
];

pub(super) static SCRIPT: &[Row] = &[
    works("script", Command, "required"),
    works("interval", Decimal(0, 4_294_967_295, 3), "1"),
    works("timeout", Decimal(0, 4_294_967_295, 3), "interval"),
    works("weight", Weight(253), "0"),
    works("rise", Count(1, 65_535), "1"),
    works("fall", Count(1, 65_535), "1"),
    works("user", User, "script_user"),
    works("init_fail", Flag, "off"),
];

pub(super) static TRACK_FILE: &[Row] = &[
    works("file", Word, "required"),
    works("weight", Weight(254), "1"),
    works("init_file", Many(0, 2), "no"),
];

pub(super) static TRACK_PROCESS: &[Row] = &[
    later("process", Many(1, 255), "required").first(),
    later("param_match", OptWord, "exact"),
    later("weight", Weight(254), "0"),
    later("quorum", Count(1, 65_535), "1"),
    later("quorum_max", Count(0, 65_535), "unlimited"),
    later("fork_delay", timer(1, 3_600_000_000), "0"),
    later("terminate_delay", timer(1, 3_600_000_000), "0"),
    later("delay", timer(1, 3_600_000_000), "0"),
    later("full_command", Flag, "off"),
];

pub(super) static BFD: &[Row] = &[
    later("neighbor_ip", Ip, "required"),
    later("neighbour_ip", Ip, "required"),
    later("source_ip", Ip, "the kernel's choice"),
    later("min_rx", Decimal(1_000, 4_294_967_000, 3), "10"),
    later("min_tx", Decimal(1_000, 4_294_967_000, 3), "10"),
    later("idle_tx", Decimal(1_000_000, 4_294_967_000, 3), "1000"),
    later("multiplier", Uint(1, 255), "5"),
    later("passive", Flag, "off"),
    later("ttl", Uint(1, 255), "255 (IPv4), 64 (IPv6)"),
    later("hoplimit", Uint(1, 255), "255 (IPv4), 64 (IPv6)"),
    later("max_hops", Int(-1, 255), "0"),
    later("multihop", Bool, "off"),
    later("weight", Weight(253), "0"),
    later("vrrp", Flag, "on"),
    later("checker", Flag, "on"),
];

pub(super) static GARP_GROUP: &[Row] = &[
    works("garp_interval", timer(1, TIMER_MAX), "unset"),
    works("gna_interval", timer(1, TIMER_MAX), "unset"),
    works("interface", Interface, ""),
    works("interfaces", Words(Item::Interfaces), ""),
];

pub(super) static TRACK_GROUP: &[Row] = &[later("group", Words(Item::Instances), "required")];

pub(super) static SSL: &[Row] = &[
    later("password", Word, "none"),
    later("ca", Word, "none"),
    later("certificate", Word, "none"),
    later("key", Word, "none"),
];
