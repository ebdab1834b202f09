//! Lines of `virtual_routes`, `static_routes`, `virtual_rules` and `static_rules`.
//!
//! One reader for both: a word, and what stands behind it. Whatever cannot be used is said at the
//! word and the whole line left out, for half a route leads somewhere else.

mod hop;
mod line;
pub(super) mod print;
mod rule;

use super::diag::{Class, Severity, quote};
use super::lexer::Word;
use super::names::Kind;
use super::value;
use super::walk::Walk;
use crate::vrrp::routing::{self, Prefix};
use crate::vrrp::{IfaceId, Params, RouteLine, RuleLine};
use core::net::IpAddr;

/// A route or rule as written; its interfaces are words.
pub(super) struct Draft<T> {
    pub what: T,
    /// Not `no_track`.
    pub track: bool,
    /// `track_group`
    pub group: Option<Word>,
    /// Where the line begins.
    pub at: Word,
}

/// A route as written.
pub(super) type RouteDraft = Draft<routing::Route<Word>>;
/// A rule as written.
pub(super) type RuleDraft = Draft<routing::Rule<Word>>;

/// A destination or selector: all of a family not known yet, or a prefix.
#[derive(Clone, Copy)]
enum Target {
    All,
    Prefix(Prefix),
}

/// The words of a line, read from left to right.
struct Cursor<'w, 'a> {
    walk: &'w mut Walk<'a>,
    words: &'a [Word],
    at: usize,
    /// IPv6 rather than IPv4, once that is known.
    v6: Option<bool>,
    track: bool,
    group: Option<Word>,
}

impl<'w, 'a> Cursor<'w, 'a> {
    fn new(walk: &'w mut Walk<'a>, words: &'a [Word]) -> Self {
        Cursor {
            walk,
            words,
            at: 0,
            v6: None,
            track: true,
            group: None,
        }
    }

    fn peek(&self) -> Option<&'a [u8]> {
        self.words.get(self.at).map(|w| self.walk.bytes(*w))
    }

    fn next(&mut self) -> Option<Word> {
        let word = self.words.get(self.at).copied()?;
        self.at += 1;
        Some(word)
    }

    /// Passes over a word if it is there.
    fn skip(&mut self, word: &[u8]) -> bool {
        let there = self.peek() == Some(word);
        self.at += usize::from(there);
        there
    }

    /// The word behind `option`.
    fn operand(&mut self, option: Word) -> Option<Word> {
        let next = self.next();
        if next.is_none() {
            let name = quote(self.walk.bytes(option));
            let text = format!("{name} needs a word behind it; the line is ignored");
            self.walk
                .wrong(option, text, None)
                .class(Class::MissingArgument);
        }
        next
    }

    /// Says what is wrong with a word; the line is left out.
    fn wrong<T>(&mut self, word: Word, text: String, hint: Option<&str>) -> Option<T> {
        self.walk
            .wrong(word, format!("{text}; the line is ignored"), hint);
        None
    }

    /// A whole number up to `max`, also in hexadecimal.
    fn number(&mut self, option: Word, max: u64) -> Option<u64> {
        let word = self.operand(option)?;
        let found = number(self.walk.bytes(word)).filter(|n| *n <= max);
        if found.is_none() {
            let text = format!(
                "{} {} is no number that fits",
                String::from_utf8_lossy(self.walk.bytes(option)),
                quote(self.walk.bytes(word))
            );
            return self.wrong(word, text, None);
        }
        found
    }

    fn u32(&mut self, option: Word) -> Option<u32> {
        let n = self.number(option, u32::MAX.into())?;
        u32::try_from(n).ok()
    }

    fn u8(&mut self, option: Word) -> Option<u8> {
        let n = self.number(option, u8::MAX.into())?;
        u8::try_from(n).ok()
    }

    /// One of a few words.
    fn choice<T: Copy>(&mut self, option: Word, known: &[(&'static str, T)]) -> Option<T> {
        let word = self.operand(option)?;
        let bytes = self.walk.bytes(word);
        if let Some((_, value)) = known.iter().find(|(k, _)| k.as_bytes() == bytes) {
            return Some(*value);
        }
        let list = known.iter().map(|k| k.0).collect::<Vec<_>>().join(", ");
        let text = format!(
            "{} {} is none of {list}",
            String::from_utf8_lossy(self.walk.bytes(option)),
            quote(bytes)
        );
        self.wrong(word, text, None)
    }

    /// The number of a name, or a number up to `max`.
    fn named(&mut self, option: Word, kind: Kind, max: u32) -> Option<u32> {
        let word = self.operand(option)?;
        self.name(word, self.walk.bytes(word), kind, max)
    }

    /// The same for part of a word.
    fn name(&mut self, word: Word, bytes: &[u8], kind: Kind, max: u32) -> Option<u32> {
        if let Some(n) = number(bytes) {
            if n <= max.into() {
                return u32::try_from(n).ok();
            }
            let text = format!("{} {} is larger than {max}", kind.text(), quote(bytes));
            return self.wrong(word, text, None);
        }
        let outside = self.walk.outside;
        if let Some(n) = self.walk.names.find(outside, kind, bytes) {
            return Some(n);
        }
        let known = self.walk.names.known(outside, kind);
        let near = self.walk.diags.nearest(bytes, known);
        let hint = near.map(|n| format!("did you mean '{n}'?"));
        let text = format!("unknown {} {}", kind.text(), quote(bytes));
        self.wrong(word, text, hint.as_deref())
    }

    /// An interface's name.
    fn device(&mut self, option: Word) -> Option<Word> {
        let word = self.operand(option)?;
        self.walk.ifname(word).then_some(word)
    }

    /// `[from/]to`, as the kernel keeps them.
    fn realms(&mut self, option: Word) -> Option<u32> {
        let word = self.operand(option)?;
        let bytes = self.walk.bytes(word);
        let limit = u32::from(u16::MAX);
        match bytes.iter().position(|b| *b == b'/') {
            None => self.name(word, bytes, Kind::Realm, limit),
            Some(at) => {
                let from = self.name(word, &bytes[..at], Kind::Realm, limit)?;
                let to = self.name(word, &bytes[at + 1..], Kind::Realm, limit)?;
                Some(from << 16 | to)
            }
        }
    }

    /// The line's family is, or becomes, that of an address in it.
    fn family(&mut self, word: Word, v6: bool) -> Option<()> {
        if *self.v6.get_or_insert(v6) == v6 {
            return Some(());
        }
        let (this, line) = match v6 {
            true => ("IPv6", "IPv4"),
            false => ("IPv4", "IPv6"),
        };
        let bytes = quote(self.walk.bytes(word));
        let text = format!("{bytes} is {this}, but the line is {line}");
        self.wrong(word, text, None)
    }

    /// An address of the line's family.
    fn address(&mut self, option: Word) -> Option<IpAddr> {
        let word = self.operand(option)?;
        let ip = self.walk.ip(word)?;
        self.family(word, ip.is_ipv6())?;
        Some(ip)
    }

    /// A gateway: `[inet|inet6] A`. With its family in front it may be of another one.
    fn gateway(&mut self, option: Word) -> Option<IpAddr> {
        let stated = match self.peek() {
            Some(b"inet") => Some(false),
            Some(b"inet6") => Some(true),
            _ => None,
        };
        let Some(v6) = stated else {
            let word = self.operand(option)?;
            let ip = self.walk.ip(word)?;
            if ip.is_ipv6() && self.v6 == Some(false) {
                let text = format!(
                    "{} is IPv6, but the line is IPv4",
                    quote(self.walk.bytes(word))
                );
                return self.wrong(word, text, Some("write 'via inet6 ...'"));
            }
            self.family(word, ip.is_ipv6())?;
            return Some(ip);
        };
        self.at += 1;
        let word = self.operand(option)?;
        let ip = self.walk.ip(word)?;
        if ip.is_ipv6() != v6 {
            let family = if v6 { "IPv6" } else { "IPv4" };
            let text = format!("{} is not {family}", quote(self.walk.bytes(word)));
            return self.wrong(word, text, None);
        }
        if ip.is_ipv4() && self.v6 == Some(true) {
            let text = "an IPv6 route has no IPv4 gateway".into();
            return self.wrong(word, text, None);
        }
        Some(ip)
    }

    /// `ADDRESS[/PREFIX]`, `default`, `any`, `all`.
    fn target(&mut self, word: Word) -> Option<Target> {
        let bytes = self.walk.bytes(word);
        if matches!(bytes, b"default" | b"any" | b"all") {
            return Some(Target::All);
        }
        if bytes == b"default6" {
            self.old_word(word, "'default6' is an old word", "write 'inet6 default'");
            self.family(word, true)?;
            return Some(Target::All);
        }
        let slash = bytes.iter().position(|b| *b == b'/');
        let (base, len) = bytes.split_at(slash.unwrap_or(bytes.len()));
        let found = value::ip(base).and_then(|ip| {
            let most = if ip.is_ipv4() { 32 } else { 128 };
            let length = match len.is_empty() {
                true => most,
                false => value::int(&len[1..], 0, most).ok()?,
            };
            let length = u8::try_from(length).ok()?;
            Some(Prefix {
                address: ip,
                length,
            })
        });
        let Some(prefix) = found else {
            let text = format!("{} is not an address with a prefix length", quote(bytes));
            return self.wrong(word, text, None);
        };
        self.family(word, prefix.address.is_ipv6())?;
        let network = prefix.network();
        if network != prefix.address {
            let text = format!(
                "{} has bits behind its prefix; {network}/{} is used",
                quote(bytes),
                prefix.length
            );
            self.walk.warn(word, text);
        }
        Some(Target::Prefix(Prefix {
            address: network,
            ..prefix
        }))
    }

    /// `no_track`, `track_group G`. `None`: it is another word.
    fn tracking(&mut self, word: Word) -> Option<Option<()>> {
        match self.walk.bytes(word) {
            b"no_track" => self.track = false,
            b"track_group" => {
                let Some(group) = self.operand(word) else {
                    return Some(None);
                };
                self.group = Some(group);
            }
            _ => return None,
        }
        Some(Some(()))
    }

    /// `protocol P`: a tracked object must be known by its protocol.
    fn protocol(&mut self, stated: Option<(Word, u8)>) -> u8 {
        let ours = routing::PROTOCOL_KEEPALIVED;
        match stated {
            Some((word, other)) if other != ours && self.track => {
                let text = "'protocol' counts only with 'no_track'; keepalived (18) is used";
                self.walk.warn(word, text);
                ours
            }
            Some((_, protocol)) => protocol,
            None => ours,
        }
    }

    fn old_word(&mut self, word: Word, text: &str, hint: &str) {
        let at = self.walk.span(word);
        self.walk
            .diags
            .error(at, text)
            .severity(Severity::Warning)
            .hint(hint);
    }

    fn stray<T>(&mut self, word: Word, known: &[&'static str], what: &str) -> Option<T> {
        let bytes = self.walk.bytes(word);
        let near = self.walk.diags.nearest(bytes, known.iter().copied());
        let hint = match near {
            Some(n) => Some(format!("did you mean '{n}'?")),
            None if value::loose_ip(bytes).is_some() => Some(format!("one {what} per line")),
            None => None,
        };
        let text = format!("unknown word {} in a {what}", quote(bytes));
        self.wrong(word, text, hint.as_deref())
    }
}

impl Walk<'_> {
    /// Route lines with the numbers of their interfaces.
    pub(super) fn routes(
        &mut self,
        drafts: Vec<RouteDraft>,
        params: &mut Params,
    ) -> Vec<RouteLine> {
        let mut out = Vec::with_capacity(drafts.len());
        for draft in drafts {
            let line = self.line_of(self.span(draft.at));
            out.push(RouteLine {
                route: draft.what.map(|word| self.named_interface(word, params)),
                track: draft.track,
                group: None,
                line,
            });
        }
        out
    }

    /// Rule lines with the numbers of their interfaces.
    pub(super) fn rules(&mut self, drafts: Vec<RuleDraft>, params: &mut Params) -> Vec<RuleLine> {
        let mut out = Vec::with_capacity(drafts.len());
        for draft in drafts {
            let line = self.line_of(self.span(draft.at));
            out.push(RuleLine {
                rule: draft.what.map(|word| self.named_interface(word, params)),
                track: draft.track,
                group: None,
                line,
            });
        }
        out
    }

    fn named_interface(&mut self, word: Word, params: &mut Params) -> IfaceId {
        self.exists(word, self.defaults.dynamic_interfaces);
        self.intern(params, word)
    }
}

/// Everything of a family.
fn everything(v6: bool) -> Prefix {
    Prefix {
        address: match v6 {
            true => IpAddr::from([0; 16]),
            false => IpAddr::from([0; 4]),
        },
        length: 0,
    }
}

/// A number in decimal or, with `0x`, in hexadecimal.
pub(super) fn number(bytes: &[u8]) -> Option<u64> {
    let text = core::str::from_utf8(bytes).ok()?;
    match text.strip_prefix("0x").or(text.strip_prefix("0X")) {
        Some(hex) if !hex.starts_with('+') => u64::from_str_radix(hex, 16).ok(),
        None if text.starts_with(|c: char| c.is_ascii_digit()) => text.parse().ok(),
        _ => None,
    }
}
