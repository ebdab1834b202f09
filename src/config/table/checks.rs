//! The checkers inside `real_server`.

use super::Shape::{
    AnyCase, Bool, Choice, Codes, Command, Count, Digest, Flag, Interface, Ip, Many, OptWord,
    Regex, Uint, User, Weight, Word,
};
use super::parts::IPVS;
use super::{Block, Head, Shape, TIMER_MAX, Written, foreign, old, part, timer};

/// Keywords of the connection group.
macro_rules! connection {
    ($($row:expr),* $(,)?) => {
        &[
            part(IPVS, "connect_port", Uint(1, 65_535), "the real server\'s"),
            part(IPVS, "connect_timeout", timer(1, TIMER_MAX), "the real server\'s"),
            part(IPVS, "connect_ip", Ip, "the real server\'s"),
            part(IPVS, "bindto", Ip, "none"),
            part(IPVS, "bind_port", Uint(1, 65_535), "none"),
            part(IPVS, "bind_if", Interface, "none"),
            part(IPVS, "fwmark", Count(0, u32::MAX), "0"),
            $($row),*
        ]
    };
}

/// Keywords of the timing group.
macro_rules! timing {
    ($then:ident, $($row:expr),* $(,)?) => {
        $then![
            part(IPVS, "delay_before_retry", timer(0, TIMER_MAX), "the real server's, else 1 (HTTP_GET, SSL_GET: 3; DNS_CHECK: delay_loop)"),
            part(IPVS, "retry", Uint(0, u32::MAX), "the real server's, else 1 (MISC_CHECK: 0; DNS_CHECK: 3)"),
            part(IPVS, "delay_loop", timer(1, TIMER_MAX), "the real server\'s"),
            part(IPVS, "warmup", timer(0, TIMER_MAX), "the real server's, else delay_loop"),
            part(IPVS, "alpha", Bool, "the real server\'s"),
            part(IPVS, "log_all_failures", Bool, "off"),
            $($row),*
        ]
    };
}

macro_rules! alone {
    ($($row:expr),* $(,)?) => { &[$($row),*] };
}

const RETRY: &str = "the old name of 'retry'; write that";

pub(super) const TCP: &[Written] = timing!(
    connection,
    foreign("nb_get_retry", Count(0, u32::MAX), RETRY)
);

pub(super) const HTTP: &[Written] = timing!(
    connection,
    old("nb_get_retry", Count(0, u32::MAX), "retry"),
    part(
        IPVS,
        "url",
        Shape::Block(Block::Url, Head::None),
        "at least one"
    ),
    part(IPVS, "virtualhost", Word, "the real server's"),
    part(
        IPVS,
        "http_protocol",
        Choice(&["1.0", "1.0C", "1.0c", "1.1"]),
        "1.0"
    ),
    part(IPVS, "enable_sni", Bool, "off"),
    part(IPVS, "sni_name", OptWord, "virtualhost"),
    part(IPVS, "fast_recovery", Bool, "off"),
);

pub(super) const SSL_GET: &[Written] = timing!(
    connection,
    old("nb_get_retry", Count(0, u32::MAX), "retry"),
    part(
        IPVS,
        "url",
        Shape::Block(Block::SslUrl, Head::None),
        "at least one"
    ),
    part(IPVS, "virtualhost", Word, "the real server's"),
    part(
        IPVS,
        "http_protocol",
        Choice(&["1.0", "1.0C", "1.0c", "1.1"]),
        "1.0"
    ),
    part(IPVS, "enable_sni", Bool, "off"),
    part(IPVS, "sni_name", OptWord, "virtualhost"),
    part(IPVS, "fast_recovery", Bool, "off"),
    part(IPVS, "tls_compliant", Bool, "off"),
);

macro_rules! url {
    ($($row:expr),* $(,)?) => {
        &[
            part(IPVS, "path", Word, "required"),
            part(IPVS, "digest", Digest, "none"),
            part(IPVS, "status_code", Codes, "200-299").adds(),
            part(IPVS, "virtualhost", Word, "the checker's"),
            part(IPVS, "regex", Regex, "none"),
            part(IPVS, "regex_no_match", Flag, "off"),
            part(IPVS, "regex_options", Many(1, 255), "none").args("OPTION ...").adds(),
            part(IPVS, "regex_min_offset", Count(0, u32::MAX), "0"),
            part(IPVS, "regex_max_offset", Count(0, u32::MAX), "none"),
            part(IPVS, "regex_stack", Many(2, 2), "the library's").args("START MAX"),
            $($row),*
        ]
    };
}

pub(super) const URL: &[Written] = url!();
pub(super) const SSL_URL: &[Written] = url!(part(IPVS, "tls_compliant", Bool, "off"));

pub(super) const MISC: &[Written] = timing!(
    alone,
    part(IPVS, "misc_path", Command, "required"),
    part(
        IPVS,
        "misc_timeout",
        Count(0, u32::MAX),
        "delay_loop of the virtual server"
    )
    .unit("s"),
    part(IPVS, "misc_dynamic", Flag, "off"),
    part(IPVS, "user", User, "script_user"),
    foreign("nb_get_retry", Count(0, u32::MAX), RETRY),
);

pub(super) const SMTP: &[Written] = timing!(
    connection,
    part(IPVS, "helo_name", Word, "smtpchecker.keepalived.org"),
    old(
        "host",
        Shape::Block(Block::SmtpHost, Head::None),
        "connect_ip and connect_port"
    ),
    foreign("nb_get_retry", Count(0, u32::MAX), RETRY),
);

pub(super) const SMTP_HOST: &[Written] = connection!();

pub(super) const DNS: &[Written] = timing!(
    connection,
    part(
        IPVS,
        "type",
        AnyCase(&[
            "A", "NS", "CNAME", "SOA", "MX", "TXT", "AAAA", "RRSIG", "DNSKEY"
        ]),
        "SOA",
    ),
    part(IPVS, "name", Word, ".").first(),
    foreign("nb_get_retry", Count(0, u32::MAX), RETRY),
);

pub(super) const UDP: &[Written] = timing!(
    connection,
    part(IPVS, "payload", Many(1, 255), "random").args("HEX ..."),
    part(IPVS, "require_reply", Many(0, 255), "off").args("[HEX ...]"),
    part(IPVS, "min_reply_length", Count(0, 65_535), "0").unit("bytes"),
    part(IPVS, "max_reply_length", Count(0, 65_535), "255").unit("bytes"),
    foreign("nb_get_retry", Count(0, u32::MAX), RETRY),
);

pub(super) const PING: &[Written] = timing!(
    connection,
    foreign("nb_get_retry", Count(0, u32::MAX), RETRY)
);

pub(super) const FILE: &[Written] = &[
    part(IPVS, "track_file", Word, "required").args("NAME"),
    part(IPVS, "weight", Weight(2_147_483_647), "the track_file's"),
];

pub(super) const BFD_CHECK: &[Written] = &[
    part(IPVS, "name", Word, "required").args("NAME"),
    part(IPVS, "alpha", Bool, "the real server\'s"),
];
