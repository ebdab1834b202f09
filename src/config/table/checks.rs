//! The checkers inside `real_server`.

use super::Shape::{
    AnyCase, Bool, Choice, Codes, Command, Count, Digest, Flag, Interface, Ip, Many, OptWord,
    Regex, Uint, User, Weight, Word,
};
use super::{Block, Head, Row, Shape, TIMER_MAX, foreign, later, old, timer};

/// Keywords of the connection group.
macro_rules! connection {
    ($($row:expr),* $(,)?) => {
        &[
            later("connect_port", Uint(1, 65_535), "the real server's"),
            later("connect_timeout", timer(1, TIMER_MAX), "the real server's"),
            later("connect_ip", Ip, "the real server's"),
            later("bindto", Ip, "none"),
            later("bind_port", Uint(1, 65_535), "none"),
            later("bind_if", Interface, "none"),
            later("fwmark", Count(0, u32::MAX), "0"),
            $($row),*
        ]
    };
}

/// Keywords of the timing group.
macro_rules! timing {
    ($then:ident, $($row:expr),* $(,)?) => {
        $then![
            later("delay_before_retry", timer(0, TIMER_MAX), "1"),
            later("retry", Uint(0, u32::MAX), "1"),
            later("delay_loop", timer(1, TIMER_MAX), "the real server's"),
            later("warmup", timer(0, TIMER_MAX), "delay_loop"),
            later("alpha", Bool, "the real server's"),
            later("log_all_failures", Bool, "off"),
            $($row),*
        ]
    };
}

macro_rules! alone {
    ($($row:expr),* $(,)?) => { &[$($row),*] };
}

const RETRY: &str = "the old name of 'retry'; write that";

pub(super) static TCP: &[Row] = timing!(
    connection,
    foreign("nb_get_retry", Count(0, u32::MAX), RETRY)
);

pub(super) static HTTP: &[Row] = timing!(
    connection,
    old("nb_get_retry", Count(0, u32::MAX), "retry"),
    later("url", Shape::Block(Block::Url, Head::None), "at least one"),
    later("virtualhost", Word, "the real server's"),
    later(
        "http_protocol",
        Choice(&["1.0", "1.0C", "1.0c", "1.1"]),
        "1.0"
    ),
    later("enable_sni", Bool, "off"),
    later("sni_name", OptWord, "virtualhost"),
    later("fast_recovery", Bool, "off"),
);

pub(super) static SSL_GET: &[Row] = timing!(
    connection,
    old("nb_get_retry", Count(0, u32::MAX), "retry"),
    later(
        "url",
        Shape::Block(Block::SslUrl, Head::None),
        "at least one"
    ),
    later("virtualhost", Word, "the real server's"),
    later(
        "http_protocol",
        Choice(&["1.0", "1.0C", "1.0c", "1.1"]),
        "1.0"
    ),
    later("enable_sni", Bool, "off"),
    later("sni_name", OptWord, "virtualhost"),
    later("fast_recovery", Bool, "off"),
    later("tls_compliant", Bool, "off"),
);

macro_rules! url {
    ($($row:expr),* $(,)?) => {
        &[
            later("path", Word, "required"),
            later("digest", Digest, "none"),
            later("status_code", Codes, "200-299").adds(),
            later("virtualhost", Word, "the checker's"),
            later("regex", Regex, "none"),
            later("regex_no_match", Flag, "off"),
            later("regex_options", Many(1, 255), "none").adds(),
            later("regex_min_offset", Count(0, u32::MAX), "0"),
            later("regex_max_offset", Count(0, u32::MAX), "none"),
            later("regex_stack", Many(2, 2), "default"),
            $($row),*
        ]
    };
}

pub(super) static URL: &[Row] = url!();
pub(super) static SSL_URL: &[Row] = url!(later("tls_compliant", Bool, "off"));

pub(super) static MISC: &[Row] = timing!(
    alone,
    later("misc_path", Command, "required"),
    later(
        "misc_timeout",
        Count(0, u32::MAX),
        "delay_loop of the virtual server"
    ),
    later("misc_dynamic", Flag, "off"),
    later("user", User, "script_user"),
    foreign("nb_get_retry", Count(0, u32::MAX), RETRY),
);

pub(super) static SMTP: &[Row] = timing!(
    connection,
    later("helo_name", Word, "smtpchecker.keepalived.org"),
    old(
        "host",
        Shape::Block(Block::SmtpHost, Head::None),
        "connect_ip and connect_port"
    ),
    foreign("nb_get_retry", Count(0, u32::MAX), RETRY),
);

pub(super) static SMTP_HOST: &[Row] = connection!();

pub(super) static DNS: &[Row] = timing!(
    connection,
    later(
        "type",
        AnyCase(&[
            "A", "NS", "CNAME", "SOA", "MX", "TXT", "AAAA", "RRSIG", "DNSKEY"
        ]),
        "SOA",
    ),
    later("name", Word, ".").first(),
    foreign("nb_get_retry", Count(0, u32::MAX), RETRY),
);

pub(super) static UDP: &[Row] = timing!(
    connection,
    later("payload", Many(1, 255), "random"),
    later("require_reply", Many(0, 255), "off"),
    later("min_reply_length", Count(0, 65_535), "0"),
    later("max_reply_length", Count(0, 65_535), "255"),
    foreign("nb_get_retry", Count(0, u32::MAX), RETRY),
);

pub(super) static PING: &[Row] = timing!(
    connection,
    foreign("nb_get_retry", Count(0, u32::MAX), RETRY)
);

pub(super) static FILE: &[Row] = &[
    later("track_file", Word, "required"),
    later("weight", Weight(2_147_483_647), "the track_file's"),
];

pub(super) static BFD_CHECK: &[Row] = &[
    later("name", Word, "required"),
    later("alpha", Bool, "the real server's"),
];
