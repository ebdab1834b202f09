//! One policy rule.

use super::{Cursor, Kind, RuleDraft, Target, number};
use crate::config::diag::quote;
use crate::config::lexer::Word;
use crate::config::walk::Walk;
use crate::vrrp::routing::{Prefix, Rule, RuleAction, Table};

/// Every word a rule can have, to suggest one.
const WORDS: &[&str] = &[
    "not",
    "from",
    "to",
    "iif",
    "dev",
    "oif",
    "tos",
    "dsfield",
    "fwmark",
    "preference",
    "order",
    "priority",
    "realms",
    "suppress_prefixlength",
    "sup_pl",
    "suppress_ifgroup",
    "sup_group",
    "tunnel-id",
    "uidrange",
    "l3mdev",
    "protocol",
    "ipproto",
    "ip_proto",
    "sport",
    "dport",
    "inet",
    "inet6",
    "no_track",
    "track_group",
    "table",
    "lookup",
    "goto",
    "nop",
    "type",
    "blackhole",
    "unreachable",
    "prohibit",
];

/// Protocol numbers people write by name; others are looked up in /etc/protocols.
const PROTOCOLS: [(&str, u8); 12] = [
    ("icmp", 1),
    ("igmp", 2),
    ("ipip", 4),
    ("tcp", 6),
    ("udp", 17),
    ("gre", 47),
    ("esp", 50),
    ("ah", 51),
    ("ipv6-icmp", 58),
    ("ospf", 89),
    ("vrrp", 112),
    ("sctp", 132),
];

/// What a line says beside the rule itself.
#[derive(Default)]
struct Said {
    action: Option<Word>,
    preference: Option<u32>,
    protocol: Option<(Word, u8)>,
    goto: Option<Word>,
}

impl<'a> Walk<'a> {
    /// A rule line; says what is wrong with it.
    pub(in crate::config) fn rule(&mut self, words: &'a [Word]) -> Option<RuleDraft> {
        let first = words.first().copied()?;
        Cursor::new(self, words).rule(first)
    }
}

impl Cursor<'_, '_> {
    fn rule(mut self, first: Word) -> Option<RuleDraft> {
        let mut said = Said::default();
        let mut rule: Rule<Word> = Rule::new(false, RuleAction::Nop);
        while let Some(word) = self.next() {
            let name = self.walk.bytes(word);
            if let Some(done) = self.tracking(word) {
                done?;
            } else if self.action(word, name, &mut rule, &mut said)? {
                if let Some(before) = said.action.replace(word) {
                    let text = format!(
                        "{} is one action too many after {}",
                        quote(name),
                        quote(self.walk.bytes(before))
                    );
                    return self.wrong(word, text, None);
                }
            } else if !self.selector(word, name, &mut rule, &mut said)?
                && !self.packet(word, name, &mut rule)?
            {
                return self.stray(word, WORDS, "rule");
            }
        }
        self.complete(first, rule, &said)
    }

    fn action(
        &mut self,
        word: Word,
        name: &[u8],
        rule: &mut Rule<Word>,
        said: &mut Said,
    ) -> Option<bool> {
        rule.action = match name {
            b"table" | b"lookup" => {
                RuleAction::Table(Table::Id(self.named(word, Kind::Table, u32::MAX)?))
            }
            b"l3mdev" => RuleAction::L3mdev,
            b"goto" => {
                said.goto = Some(word);
                RuleAction::Goto(self.u32(word)?)
            }
            b"nop" => RuleAction::Nop,
            b"type"
                if matches!(
                    self.peek(),
                    Some(b"blackhole" | b"unreachable" | b"prohibit")
                ) =>
            {
                return Some(false);
            }
            b"blackhole" => RuleAction::Blackhole,
            b"unreachable" => RuleAction::Unreachable,
            b"prohibit" => RuleAction::Prohibit,
            _ => return Some(false),
        };
        Some(true)
    }

    /// What the rule is and which routes it fits.
    fn selector(
        &mut self,
        word: Word,
        name: &[u8],
        rule: &mut Rule<Word>,
        said: &mut Said,
    ) -> Option<bool> {
        match name {
            b"not" => rule.invert = true,
            b"type" => {
                if self.peek().is_none() {
                    self.operand(word)?;
                }
            }
            b"inet" => self.family(word, false)?,
            b"inet6" => self.family(word, true)?,
            b"from" => rule.source = self.selected(word)?,
            b"to" => rule.destination = self.selected(word)?,
            b"iif" | b"dev" => rule.input = Some(self.device(word)?),
            b"oif" => rule.output = Some(self.device(word)?),
            b"preference" | b"order" | b"priority" => said.preference = Some(self.u32(word)?),
            b"realms" => rule.realms = self.realms(word)?,
            b"suppress_prefixlength" | b"sup_pl" => {
                let length = self.number(word, 128)?;
                rule.suppress_prefix = u32::try_from(length).ok();
            }
            b"suppress_ifgroup" | b"sup_group" => {
                rule.suppress_group = Some(self.named(word, Kind::Group, u32::MAX)?);
            }
            b"protocol" => {
                let protocol = self.named(word, Kind::Protocol, 255)? as u8;
                said.protocol = Some((word, protocol));
            }
            _ => return Some(false),
        }
        Some(true)
    }

    /// Which packets it fits.
    fn packet(&mut self, word: Word, name: &[u8], rule: &mut Rule<Word>) -> Option<bool> {
        match name {
            b"tos" | b"dsfield" => rule.tos = self.named(word, Kind::Field, 255)? as u8,
            b"fwmark" => (rule.mark, rule.mask) = self.mark(word)?,
            b"tunnel-id" => rule.tunnel = Some(self.number(word, u64::MAX)?),
            b"uidrange" => {
                let (first, last) = self.range(word, u32::MAX)?;
                rule.users = Some((first, last));
            }
            b"ipproto" | b"ip_proto" => rule.ip_protocol = Some(self.ip_protocol(word)?),
            b"sport" => rule.source_ports = Some(self.ports(word)?),
            b"dport" => rule.destination_ports = Some(self.ports(word)?),
            _ => return Some(false),
        }
        Some(true)
    }

    /// `P`, or everything.
    fn selected(&mut self, option: Word) -> Option<Option<Prefix>> {
        let word = self.operand(option)?;
        Some(match self.target(word)? {
            Target::All => None,
            Target::Prefix(prefix) => Some(prefix),
        })
    }

    /// `M[/MASK]`
    fn mark(&mut self, option: Word) -> Option<(Option<u32>, Option<u32>)> {
        let word = self.operand(option)?;
        let bytes = self.walk.bytes(word);
        let mut parts = bytes.splitn(2, |b| *b == b'/');
        let mut part = || {
            let part = parts.next()?;
            Some(number(part).and_then(|n| u32::try_from(n).ok()))
        };
        match (part(), part()) {
            (Some(Some(mark)), None) => Some((Some(mark), None)),
            (Some(Some(mark)), Some(Some(mask))) => Some((Some(mark), Some(mask))),
            _ => {
                let text = format!("fwmark {} is no number that fits", quote(bytes));
                self.wrong(word, text, None)
            }
        }
    }

    /// `A-B`
    fn range(&mut self, option: Word, max: u32) -> Option<(u32, u32)> {
        let word = self.operand(option)?;
        let bytes = self.walk.bytes(word);
        let limit = |part: Option<&[u8]>| {
            let n = number(part?).and_then(|n| u32::try_from(n).ok())?;
            (n <= max).then_some(n)
        };
        let mut parts = bytes.splitn(2, |b| *b == b'-');
        let (first, last) = (limit(parts.next()), limit(parts.next()));
        match (first, last) {
            (Some(first), Some(last)) if first <= last => Some((first, last)),
            (first, _) => {
                let text = format!(
                    "{} {} is no range up to {max}",
                    String::from_utf8_lossy(self.walk.bytes(option)),
                    quote(bytes)
                );
                let hint = first
                    .filter(|_| !bytes.contains(&b'-'))
                    .map(|n| format!("write '{n}-{n}'"));
                self.wrong(word, text, hint.as_deref())
            }
        }
    }

    fn ports(&mut self, option: Word) -> Option<(u16, u16)> {
        let (first, last) = self.range(option, u16::MAX.into())?;
        Some((u16::try_from(first).ok()?, u16::try_from(last).ok()?))
    }

    fn ip_protocol(&mut self, option: Word) -> Option<u8> {
        let word = self.operand(option)?;
        let bytes = self.walk.bytes(word);
        if let Some(n) = number(bytes).and_then(|n| u8::try_from(n).ok()) {
            return Some(n);
        }
        if let Some((_, n)) = PROTOCOLS.iter().find(|p| p.0.as_bytes() == bytes) {
            return Some(*n);
        }
        let file = self.walk.outside.read("/etc/protocols").unwrap_or_default();
        let found = String::from_utf8_lossy(&file).lines().find_map(|line| {
            let mut words = line.split('#').next()?.split_ascii_whitespace();
            let (name, n) = (words.next()?, words.next()?.parse().ok()?);
            (name.as_bytes() == bytes || words.any(|w| w.as_bytes() == bytes)).then_some(n)
        });
        if found.is_none() {
            let near = self.walk.diags.nearest(bytes, PROTOCOLS.map(|p| p.0));
            let hint = near.map(|n| format!("did you mean '{n}'?"));
            let text = format!("unknown IP protocol {}", quote(bytes));
            return self.wrong(word, text, hint.as_deref());
        }
        found
    }

    /// What follows from the words together.
    fn complete(mut self, first: Word, mut rule: Rule<Word>, said: &Said) -> Option<RuleDraft> {
        if said.action.is_none() {
            let hint = "add 'table N', 'goto N', 'blackhole' ...";
            return self.wrong(first, "this rule does nothing".into(), Some(hint));
        }
        rule.v6 = self.v6.unwrap_or(false);
        rule.priority = match said.preference {
            Some(preference) => preference,
            None => {
                let text = "this rule has no preference; numbers from 16384 downwards are used";
                self.old_word(first, text, "add 'preference N'");
                let next = &mut self.walk.names.preferences[usize::from(rule.v6)];
                let preference = *next;
                *next = preference.saturating_sub(1).max(1);
                preference
            }
        };
        if let (RuleAction::Goto(to), Some(word)) = (rule.action, said.goto)
            && to <= rule.priority
        {
            let text = format!(
                "'goto' leads only to a later rule, behind preference {}",
                rule.priority
            );
            return self.wrong(word, text, None);
        }
        rule.protocol = self.protocol(said.protocol);
        Some(RuleDraft {
            what: rule,
            track: self.track,
            group: self.group,
            at: first,
        })
    }
}
