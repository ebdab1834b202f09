//! `vrrp_instance`, `vrrp_sync_group` and what stands in them.

use super::Shape::{
    Bool, Choice, Count, ExtraIf, Flag, HmacKey, Interface, Ip, Lines, Many, Multicast, OptScript,
    OptUint, OptWord, Positive, Script, Uint, Word, Words,
};
use super::parts::{BFD, FIFO, MAIL, TRACK_PROCESSES, VMAC};
use super::{
    BIG, Block, Defined, Head, Item, Shape, Written, foreign, idle, later, old, part, timer, works,
};

pub(super) const SYNC_GROUP: &[Written] = &[
    works("group", Words(Item::Instances), "required"),
    works("notify_master", Script, "none"),
    works("notify_backup", Script, "none"),
    works("notify_fault", Script, "none"),
    works("notify_stop", Script, "none"),
    works("notify", Script, "none"),
    part(
        MAIL,
        "smtp_alert",
        Bool,
        "smtp_alert_vrrp, smtp_alert, else off",
    ),
    works(
        "track_interface",
        Lines(Item::TrackInterface, Head::None),
        "",
    ),
    works(
        "track_script",
        Lines(Item::Track(Defined::Script, 253), Head::None),
        "",
    ),
    works(
        "track_file",
        Lines(Item::Track(Defined::File, 254), Head::None),
        "",
    ),
    part(
        TRACK_PROCESSES,
        "track_process",
        Lines(Item::Track(Defined::Process, 254), Head::None),
        "",
    ),
    part(
        BFD,
        "track_bfd",
        Lines(Item::Track(Defined::Bfd, 253), Head::None),
        "",
    ),
    old("global_tracking", Flag, "sync_group_tracking_weight"),
    works("sync_group_tracking_weight", Flag, "off"),
    part(
        FIFO,
        "notify_priority_changes",
        Bool,
        "vrrp_notify_priority_changes",
    ),
];

pub(super) const INSTANCE: &[Written] = &[
    works("state", Word, "BACKUP").args("MASTER|BACKUP").adds(),
    works("interface", Interface, "required"),
    works("virtual_router_id", Uint(1, 255), "required"),
    works("priority", Uint(1, 255), "100 (255 with state MASTER)"),
    works("advert_int", timer(10_000, 255_000_000), "1"),
    works("mcast_src_ip", Ip, "the interface's"),
    works("nopreempt", Flag, "off"),
    part(
        MAIL,
        "smtp_alert",
        Bool,
        "smtp_alert_vrrp, smtp_alert, else off",
    ),
    old(
        "lvs_sync_daemon_interface",
        Interface,
        "lvs_sync_daemon (in global_defs)",
    ),
    works(
        "authentication",
        Shape::Block(Block::Authentication, Head::None),
        "none",
    ),
    works("virtual_ipaddress", Lines(Item::Address, Head::None), ""),
    works(
        "virtual_ipaddress_excluded",
        Lines(Item::Address, Head::None),
        "",
    ),
    works("no_virtual_ipaddress", Flag, "off"),
    works("version", Choice(&["2", "3"]), "vrrp_version"),
    works("native_ipv6", Flag, "off"),
    works("dont_track_primary", Flag, "off"),
    works(
        "track_interface",
        Lines(Item::TrackInterface, Head::None),
        "",
    ),
    works(
        "track_script",
        Lines(Item::Track(Defined::Script, 253), Head::None),
        "",
    ),
    works(
        "track_file",
        Lines(Item::Track(Defined::File, 254), Head::None),
        "",
    ),
    part(
        TRACK_PROCESSES,
        "track_process",
        Lines(Item::Track(Defined::Process, 254), Head::None),
        "",
    ),
    part(
        BFD,
        "track_bfd",
        Lines(Item::Track(Defined::Bfd, 253), Head::None),
        "",
    ),
    works("preempt", Flag, "on"),
    works("preempt_delay", timer(0, 1_000_000_000), "0"),
    works("accept", Flag, "on"),
    later("no_accept", Flag, "off"),
    works("promote_secondaries", Flag, "off"),
    works("virtual_routes", Lines(Item::Route, Head::None), ""),
    works("virtual_rules", Lines(Item::Rule, Head::None), ""),
    works("notify_master", Script, "none"),
    works("notify_backup", Script, "none"),
    works("notify_fault", Script, "none"),
    works("notify_stop", Script, "none"),
    works("notify", Script, "none"),
    later("notify_deleted", OptScript, "off"),
    works("notify_master_rx_lower_pri", Script, "none"),
    part(
        FIFO,
        "notify_priority_changes",
        Bool,
        "vrrp_notify_priority_changes",
    ),
    works("garp_master_delay", Count(0, BIG), "vrrp_garp_master_delay").unit("s"),
    works("garp_master_repeat", Positive, "vrrp_garp_master_repeat"),
    works(
        "garp_master_refresh",
        Count(0, BIG),
        "vrrp_garp_master_refresh",
    )
    .unit("s"),
    works(
        "garp_master_refresh_repeat",
        Positive,
        "vrrp_garp_master_refresh_repeat",
    ),
    works(
        "garp_lower_prio_delay",
        Count(0, BIG),
        "vrrp_garp_lower_prio_delay",
    )
    .unit("s"),
    works(
        "garp_lower_prio_repeat",
        Count(0, BIG),
        "vrrp_garp_lower_prio_repeat",
    ),
    works("garp_extra_if", ExtraIf(0), "vrrp_garp_extra_if").unit("s"),
    old("vmac_garp_intvl", ExtraIf(0), "garp_extra_if").unit("s"),
    works("lower_prio_no_advert", Bool, "vrrp_lower_prio_no_advert"),
    works(
        "higher_prio_send_advert",
        Bool,
        "vrrp_higher_prio_send_advert",
    ),
    works("owner_ignore_adverts", Bool, "vrrp_owner_ignore_adverts"),
    works("skip_check_adv_addr", Bool, "vrrp_skip_check_adv_addr"),
    works("strict_mode", Bool, "vrrp_strict"),
    works(
        "down_timer_adverts",
        Count(1, 100),
        "vrrp_down_timer_adverts",
    ),
    later(
        "timer_expired_backup",
        OptUint(1, 254),
        "off; 254 without a number",
    ),
    old(
        "thread_timer_expired",
        OptUint(1, 254),
        "timer_expired_backup",
    ),
    works(
        "v3_checksum_as_v2",
        Bool,
        "v3_checksum_as_v2 of global_defs",
    ),
    later("track_src_ip", Flag, "off"),
    works("mcast_dst_ip", Multicast(false), "vrrp_mcast_group4 or 6"),
    later("vrf", Interface, "none"),
    later("kernel_rx_buf_size", Count(0, BIG), "vrrp_rx_bufs_policy").unit("bytes"),
    old(
        "linkbeat_use_polling",
        Flag,
        "linkbeat_use_polling (outside every block)",
    ),
    idle("debug", Count(0, 4), "0"),
    later(
        "auth_hmac",
        Shape::Block(Block::AuthHmac, Head::None),
        "none",
    ),
    works("unicast_src_ip", Ip, "the interface's"),
    works("unicast_peer", Lines(Item::Peer, Head::None), ""),
    works("unicast_ttl", Uint(0, 255), "255"),
    works("check_unicast_src", Flag, "vrrp_check_unicast_src"),
    works("unicast_fault_no_peer", Flag, "off"),
    works("old_unicast_checksum", OptWord, "detected").args("[never]"),
    part(VMAC, "use_vmac", Many(0, 255), "off")
        .args("[[name] INTERFACE] [MAC] [netlink_notify_msg] [group N]"),
    part(VMAC, "use_vmac_addr", Flag, "off"),
    part(VMAC, "vmac_xmit_base", Flag, "off"),
    later("use_ipvlan", Many(0, 255), "off")
        .args("[[name] INTERFACE] [IP] [bridge|private|vepa] [group N]"),
    foreign(
        "lvs_sync_daemon_inteface",
        Interface,
        "an old misspelling; write 'lvs_sync_daemon_interface', or better 'lvs_sync_daemon' in global_defs",
    ),
];

pub(super) const AUTHENTICATION: &[Written] = &[
    works("auth_type", Word, "none").args("PASS|AH"),
    works("auth_pass", Word, "none"),
];

pub(super) const AUTH_HMAC: &[Written] = &[
    later("key", HmacKey, "required").adds(),
    later("active_key", Uint(1, 255), "required"),
    later("time_window", Uint(1, 300), "3 x advert_int, at least 5").unit("s"),
    later("anti_replay", Choice(&["time", "monotonic"]), "time"),
    later(
        "mode",
        Choice(&["enforce", "permissive", "receive-only"]),
        "enforce",
    ),
];
