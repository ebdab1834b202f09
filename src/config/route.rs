//! Lines of `virtual_routes`, `static_routes`, `virtual_rules` and `static_rules`.
//!
//! Nothing acts on them yet; their words are checked so that mistakes are found all the same.

use super::diag::{Severity, quote};
use super::lexer::Word;
use super::value;
use super::walk::Walk;

/// What stands behind an option's word.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    Nothing,
    /// Any word: a name or a number.
    Word,
    /// A number up to this.
    Number(u32),
    /// `[lock] N`
    Locked,
    /// `[inet|inet6] ADDRESS`
    Address,
    /// An address with or without a prefix, or `default`.
    Prefix,
    Interface,
    /// A time: `N[ms|s|sec|secs]`, perhaps behind `lock`.
    Time,
}
use Takes::{Address, Interface, Locked, Nothing, Number, Prefix, Time};

const ROUTE: &[(&str, Takes)] = &[
    ("to", Prefix),
    ("via", Address),
    ("gw", Address),
    ("or", Address),
    ("dev", Interface),
    ("oif", Interface),
    ("src", Address),
    ("from", Prefix),
    ("table", Takes::Word),
    ("metric", Number(u32::MAX)),
    ("priority", Number(u32::MAX)),
    ("preference", Number(u32::MAX)),
    ("scope", Takes::Word),
    ("protocol", Takes::Word),
    ("tos", Takes::Word),
    ("dsfield", Takes::Word),
    ("onlink", Nothing),
    ("mtu", Locked),
    ("hoplimit", Number(255)),
    ("advmss", Locked),
    ("rtt", Time),
    ("rttvar", Time),
    ("rto_min", Time),
    ("reordering", Locked),
    ("window", Number(u32::MAX)),
    ("cwnd", Locked),
    ("ssthresh", Locked),
    ("initcwnd", Number(u32::MAX)),
    ("initrwnd", Number(u32::MAX)),
    ("features", Takes::Word),
    ("quickack", Number(1)),
    ("congctl", Takes::Word),
    ("realms", Takes::Word),
    ("pref", Takes::Word),
    ("expires", Number(u32::MAX)),
    ("ttl-propagate", Takes::Word),
    ("fastopen_no_cookie", Number(1)),
    ("vrf", Interface),
    ("as", Takes::Word),
    ("add", Nothing),
    ("prepend", Nothing),
    ("append", Nothing),
    ("no_track", Nothing),
    ("track_group", Takes::Word),
    ("inet", Nothing),
    ("inet6", Nothing),
    ("unicast", Nothing),
    ("local", Nothing),
    ("broadcast", Nothing),
    ("anycast", Nothing),
    ("multicast", Nothing),
    ("blackhole", Nothing),
    ("unreachable", Nothing),
    ("prohibit", Nothing),
    ("throw", Nothing),
    ("nat", Nothing),
];

const RULE: &[(&str, Takes)] = &[
    ("not", Nothing),
    ("from", Prefix),
    ("to", Prefix),
    ("iif", Interface),
    ("dev", Interface),
    ("oif", Interface),
    ("tos", Takes::Word),
    ("dsfield", Takes::Word),
    ("fwmark", Takes::Word),
    ("preference", Number(u32::MAX)),
    ("order", Number(u32::MAX)),
    ("priority", Number(u32::MAX)),
    ("realms", Takes::Word),
    ("suppress_prefixlength", Number(128)),
    ("sup_pl", Number(128)),
    ("suppress_ifgroup", Takes::Word),
    ("sup_group", Takes::Word),
    ("tunnel-id", Takes::Word),
    ("uidrange", Takes::Word),
    ("l3mdev", Nothing),
    ("protocol", Takes::Word),
    ("ipproto", Takes::Word),
    ("ip_proto", Takes::Word),
    ("sport", Takes::Word),
    ("dport", Takes::Word),
    ("inet", Nothing),
    ("inet6", Nothing),
    ("no_track", Nothing),
    ("track_group", Takes::Word),
    ("table", Takes::Word),
    ("lookup", Takes::Word),
    ("goto", Number(u32::MAX)),
    ("nop", Nothing),
    ("type", Nothing),
    ("blackhole", Nothing),
    ("unreachable", Nothing),
    ("prohibit", Nothing),
];

/// Words that make a rule do something.
const ACTIONS: [&[u8]; 8] = [
    b"table",
    b"lookup",
    b"l3mdev",
    b"goto",
    b"nop",
    b"blackhole",
    b"unreachable",
    b"prohibit",
];

impl<'a> Walk<'a> {
    /// A route line.
    pub(super) fn route(&mut self, words: &'a [Word]) {
        let mut destination = false;
        let mut rest = words.iter().copied();
        while let Some(word) = rest.next() {
            let name = self.bytes(word);
            if matches!(name, b"nexthop" | b"encap") {
                // What follows has a grammar of its own.
                break;
            }
            match ROUTE.iter().find(|(k, _)| k.as_bytes() == name) {
                Some((known, takes)) => {
                    match *known {
                        "gw" => self.old_word(word, "'gw' is an old word", "write 'via'"),
                        "or" => {
                            self.old_word(word, "'or' is an old word", "write 'nexthop via ...'")
                        }
                        _ => {}
                    }
                    destination |= *known == "to";
                    if !self.operand(word, *takes, &mut rest) {
                        return;
                    }
                }
                None if !destination => {
                    destination = true;
                    if !self.prefixed(word) {
                        return;
                    }
                }
                None => {
                    self.stray(word, ROUTE, "route");
                    return;
                }
            }
        }
        if !destination && let Some(first) = words.first() {
            let text = "this route has no destination; the line is ignored".into();
            self.wrong(*first, text, None);
        }
    }

    /// A rule line.
    pub(super) fn rule(&mut self, words: &'a [Word]) {
        let (mut acts, mut preference) = (false, false);
        let mut rest = words.iter().copied();
        while let Some(word) = rest.next() {
            let name = self.bytes(word);
            let Some((known, takes)) = RULE.iter().find(|(k, _)| k.as_bytes() == name) else {
                self.stray(word, RULE, "rule");
                return;
            };
            acts |= ACTIONS.contains(&name);
            preference |= matches!(*known, "preference" | "order" | "priority");
            if !self.operand(word, *takes, &mut rest) {
                return;
            }
        }
        let Some(first) = words.first().copied() else {
            return;
        };
        if !acts {
            let text = "this rule does nothing; the line is ignored".into();
            self.wrong(
                first,
                text,
                Some("add 'table N', 'goto N', 'blackhole' ..."),
            );
        } else if !preference {
            let text = "this rule has no preference; numbers from 16384 downwards are used";
            self.old_word(first, text, "add 'preference N'");
        }
    }

    fn old_word(&mut self, word: Word, text: &str, hint: &str) {
        let at = self.span(word);
        self.diags
            .error(at, text)
            .severity(Severity::Warning)
            .hint(hint);
    }

    fn stray(&mut self, word: Word, known: &'static [(&'static str, Takes)], what: &str) {
        let bytes = self.bytes(word);
        let near = self.diags.nearest(bytes, known.iter().map(|k| k.0));
        let hint = match near {
            Some(n) => Some(format!("did you mean '{n}'?")),
            None if value::loose_ip(bytes).is_some() => Some(format!("one {what} per line")),
            None => None,
        };
        let text = format!(
            "unknown word {} in a {what}; the line is ignored",
            quote(bytes)
        );
        self.wrong(word, text, hint.as_deref());
    }

    /// What an option takes. `false`: it is not there, or wrong.
    fn operand(
        &mut self,
        option: Word,
        takes: Takes,
        rest: &mut dyn Iterator<Item = Word>,
    ) -> bool {
        if takes == Nothing {
            return true;
        }
        let mut next = rest.next();
        let optional = next.map(|w| self.bytes(w));
        let skip: &[&[u8]] = match takes {
            Locked | Time => &[b"lock"],
            Address => &[b"inet", b"inet6"],
            _ => &[],
        };
        if optional.is_some_and(|o| skip.contains(&o)) {
            next = rest.next();
        }
        let Some(word) = next else {
            let name = quote(self.bytes(option));
            let text = format!("{name} needs a word behind it; the line is ignored");
            self.wrong(option, text, None)
                .class(super::diag::Class::MissingArgument);
            return false;
        };
        let bytes = self.bytes(word);
        let fits = match takes {
            Nothing | Takes::Word => true,
            Number(max) => value::int(bytes, 0, i64::from(max)).is_ok(),
            Locked => value::int(bytes, 0, i64::from(u32::MAX)).is_ok(),
            Address => return self.ip(word).is_some(),
            Prefix => return self.prefixed(word),
            Interface => return self.ifname(word),
            Time => {
                let number = bytes
                    .iter()
                    .take_while(|b| b.is_ascii_digit() || **b == b'.');
                let number = number.count();
                number > 0 && matches!(&bytes[number..], b"" | b"ms" | b"s" | b"sec" | b"secs")
            }
        };
        if !fits {
            let text = format!(
                "{} {} is no number that fits; the line is ignored",
                String::from_utf8_lossy(self.bytes(option)),
                quote(bytes)
            );
            self.wrong(word, text, None);
        }
        fits
    }

    /// `ADDRESS[/PREFIX]`, `default`, `any`, `all`.
    fn prefixed(&mut self, word: Word) -> bool {
        let bytes = self.bytes(word);
        if matches!(bytes, b"default" | b"any" | b"all") {
            return true;
        }
        if bytes == b"default6" {
            self.old_word(word, "'default6' is an old word", "write 'inet6 default'");
            return true;
        }
        let slash = bytes.iter().position(|b| *b == b'/');
        let (base, len) = bytes.split_at(slash.unwrap_or(bytes.len()));
        let fits = value::ip(base).is_some_and(|ip| {
            let most = if ip.is_ipv4() { 32 } else { 128 };
            len.is_empty() || value::int(&len[1..], 0, most).is_ok()
        });
        if !fits {
            let text = format!(
                "{} is not an address with a prefix length; the line is ignored",
                quote(bytes)
            );
            self.wrong(word, text, None);
        }
        fits
    }
}
