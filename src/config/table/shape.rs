//! What a keyword takes, in words.

use super::{BIG, Head, Shape};
use core::fmt;

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Shape::Block(_, head) => write!(f, "{head}{{ }}"),
            Shape::Words(_) => f.write_str("{ words }"),
            Shape::Lines(_, head) => write!(f, "{head}{{ lines }}"),
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
            Shape::Word | Shape::Short(_) => f.write_str("WORD"),
            Shape::OptWord => f.write_str("[WORD]"),
            Shape::Many(min, _) => f.write_str(if min == 0 { "[WORD ...]" } else { "WORD ..." }),
            Shape::Interface => f.write_str("INTERFACE"),
            Shape::Ip => f.write_str("IP"),
            Shape::Multicast(_) => f.write_str("MULTICAST-IP"),
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
            Shape::Timeouts => f.write_str("[tcp N] [tcpfin N] [udp N]"),
            Shape::Method => f.write_str("NAT|DR|TUN [type ipip|gue port N|gre] [csum]"),
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
