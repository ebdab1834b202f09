//! Blocks, and what a keyword takes, in words.

use super::{BIG, Block, Head, Item, Row, Shape, State};
use core::fmt;

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Block::Root => "top level",
            Block::Global => "global_defs",
            Block::SyncGroup => "vrrp_sync_group",
            Block::Instance => "vrrp_instance",
            Block::Authentication => "authentication",
            Block::AuthHmac => "auth_hmac",
            Block::Script => "vrrp_script",
            Block::TrackFile => "track_file",
            Block::TrackProcess => "vrrp_track_process",
            Block::Bfd => "bfd_instance",
            Block::GarpGroup => "garp_group",
            Block::TrackGroup => "track_group",
            Block::Ssl => "SSL",
            Block::VirtualServer => "virtual_server",
            Block::RealServer => "real_server",
            Block::Tcp => "TCP_CHECK",
            Block::Http => "HTTP_GET",
            Block::SslGet => "SSL_GET",
            Block::Url | Block::SslUrl => "url",
            Block::Misc => "MISC_CHECK",
            Block::Smtp => "SMTP_CHECK",
            Block::SmtpHost => "host",
            Block::Dns => "DNS_CHECK",
            Block::Udp => "UDP_CHECK",
            Block::Ping => "PING_CHECK",
            Block::File => "FILE_CHECK",
            Block::BfdCheck => "BFD_CHECK",
        })
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Shape::Block(_, head) => write!(f, "{head}{{ }}"),
            Shape::Words(item) => write!(f, "{{ {item} ... }}"),
            Shape::Lines(item, head) => write!(f, "{head}{{ {item} }}"),
            Shape::Flag => Ok(()),
            Shape::Positive => f.write_str("N (from 1)"),
            Shape::Bool => f.write_str("[on|off]"),
            Shape::Uint(min, BIG) | Shape::Count(min, BIG) => write!(f, "N (from {min})"),
            Shape::Uint(min, max) | Shape::Count(min, max) => write!(f, "{min}..{max}"),
            Shape::OptUint(min, max) => write!(f, "[{min}..{max}]"),
            Shape::Int(min, max) => write!(f, "{min}..{max}"),
            Shape::Decimal(min, max, digits) => {
                write!(f, "{}..", Scaled(min, digits))?;
                write!(f, "{}", Scaled(max, digits))
            }
            Shape::Word => f.write_str("WORD"),
            Shape::Short(max) => write!(f, "WORD (up to {max} bytes)"),
            Shape::OptWord => f.write_str("[WORD]"),
            Shape::Many(min, _) => f.write_str(if min == 0 { "[WORD ...]" } else { "WORD ..." }),
            Shape::Interface => f.write_str("INTERFACE"),
            Shape::Ip => f.write_str("IP"),
            Shape::Multicast(true) => f.write_str("IPv4-MULTICAST"),
            Shape::Multicast(false) => f.write_str("IP-MULTICAST"),
            Shape::Choice(words) | Shape::AnyCase(words) => f.write_str(&words.join("|")),
            Shape::Script => f.write_str("COMMAND [USER [GROUP]]"),
            Shape::OptScript => f.write_str("[COMMAND [USER [GROUP]]]"),
            Shape::Command => f.write_str("COMMAND"),
            Shape::User => f.write_str("USER [GROUP]"),
            Shape::Weight(max) => write!(f, "-{max}..{max} [reverse]"),
            Shape::Server => f.write_str("HOST [PORT]"),
            Shape::ExtraIf(min) => write!(f, "[all] {min}..86400"),
            Shape::IpPort => f.write_str("IP [PORT]"),
            Shape::SyncDaemon => {
                f.write_str("INTERFACE [inst NAME] [id N] [maxlen N] [port N] [ttl N] [group IP]")
            }
            Shape::Timeouts => f.write_str("[tcp S] [tcpfin S] [udp S]"),
            Shape::Method => {
                f.write_str("NAT|DR|TUN [type ipip|gue port N|gre] [nocsum|csum|remcsum]")
            }
            Shape::Mask => f.write_str("NETMASK|1..128"),
            Shape::Codes => f.write_str("N[-N] ..."),
            Shape::Digest => f.write_str("32 hex digits"),
            Shape::IncludeCheck => f.write_str("[[+-]read|match|wildcard_match|brace_match ...]"),
            Shape::Regex => f.write_str("PATTERN"),
            Shape::HmacKey => f.write_str("1..255 VALUE"),
            Shape::Fifo => f.write_str("PATH [USER [GROUP]]"),
        }
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match *self {
            Item::Mails => "ADDRESS",
            Item::Instances => "INSTANCE",
            Item::Interfaces => "INTERFACE",
            Item::Address | Item::StaticAddress => "IP[/LEN] [OPTION ...]",
            Item::Route => "ROUTE",
            Item::Rule => "RULE",
            Item::TrackInterface => "INTERFACE [weight -253..253 [reverse]]",
            Item::Track(_, max) => {
                return write!(f, "NAME [weight -{max}..{max} [reverse|noreverse]]");
            }
            Item::Peer => "IP [min_ttl 0..255] [max_ttl 0..255]",
            Item::Service => "IP[-END|/LEN] [PORT] | fwmark N [inet|inet6]",
            Item::Linkbeat => "INTERFACE [MII|ETHTOOL|IOCTL]",
            Item::Delays => "INTERFACE DOWN [UP]",
        })
    }
}

impl Row {
    /// What the keyword takes, in words, with ranges and units.
    pub fn arguments(&self) -> String {
        if !self.words().is_empty() {
            return self.words().to_owned();
        }
        let text = self.shape.to_string();
        match (self.unit(), self.shape) {
            ("", _) => text,
            (unit, Shape::OptUint(min, max)) => format!("[{min}..{max} {unit}]"),
            (unit, _) => match text.strip_prefix("N ") {
                Some(range) => format!("N {unit} {range}"),
                None => format!("{text} {unit}"),
            },
        }
    }

    /// Whether the keyword is supported, in words.
    pub fn support(&self) -> String {
        match self.state {
            State::Works => "supported".to_owned(),
            State::Later("") => "not supported yet".to_owned(),
            State::Later(what) => format!("not supported yet: {what}"),
            State::Absent(what) => format!("not in this build: {what}"),
            State::Never(what) => format!("never (no {what})"),
            State::Idle => "accepted, without effect".to_owned(),
            State::Old(new) => format!("old name of {new}"),
            State::Foreign(why) => format!("accepted: {why}"),
        }
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Head::None => "",
            Head::Name | Head::Required => "NAME ",
            Head::VirtualServer => "IP [PORT]|fwmark N|group NAME ",
            Head::RealServer => "IP [PORT] ",
        })
    }
}

/// A scaled decimal number, printed without trailing zeros.
pub(in crate::config) struct Scaled(pub u64, pub u8);

impl fmt::Display for Scaled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = 10u64.saturating_pow(u32::from(self.1)).max(1);
        let (whole, mut frac) = (self.0 / unit, self.0 % unit);
        let mut digits = usize::from(self.1);
        write!(f, "{whole}")?;
        if frac == 0 {
            return Ok(());
        }
        while frac % 10 == 0 {
            frac /= 10;
            digits -= 1;
        }
        write!(f, ".{frac:0digits$}")
    }
}
