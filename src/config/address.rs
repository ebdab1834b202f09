//! Address lines: `ADDRESS[/PREFIX] [option …]`.

use super::diag::quote;
use super::lexer::Word;
use super::names::Kind;
use super::value;
use super::walk::Walk;
use crate::vrrp::{Address, IfaceId};
use core::net::{IpAddr, Ipv4Addr};

/// An address line that can be used.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub address: IpAddr,
    pub prefix: u8,
    pub dev: Option<Word>,
    pub scope: u8,
    pub label: Option<Box<str>>,
    pub broadcast: Option<Ipv4Addr>,
    pub peer: Option<IpAddr>,
    /// IFA_F_* bits
    pub flags: u32,
    /// `-nodad`
    pub dad: bool,
    /// `preferred_lft`; the inner `None`: for ever.
    pub preferred: Option<Option<u32>>,
    /// Not `no_track`.
    pub track: bool,
    /// `track_group`, which only a static address has.
    pub group: Option<Word>,
    /// The address itself.
    pub at: Word,
}

/// Options that are bits of an address (`IFA_F_*`, linux/if_addr.h).
pub(super) const FLAGS: [(&str, u32); 4] = [
    ("home", 0x10),
    ("mngtmpaddr", 0x100),
    ("noprefixroute", 0x200),
    ("autojoin", 0x400),
];

/// What a line means on its interface.
pub(super) fn meaning(line: &Line, iface: IfaceId) -> Address {
    let host = line.address.is_ipv6() && line.prefix == 128;
    Address {
        scope: line.scope,
        label: line.label.clone(),
        broadcast: line.broadcast,
        peer: line.peer,
        flags: line.flags,
        dad: line.dad,
        // An address without a network would be a bad source: as in keepalived.
        preferred: line.preferred.unwrap_or(host.then_some(0)),
        track: line.track,
        ..Address::new(line.address, line.prefix, iface)
    }
}

/// Options and whether they take a word.
const OPTIONS: [(&str, bool); 16] = [
    ("dev", true),
    ("brd", true),
    ("broadcast", true),
    ("scope", true),
    ("label", true),
    ("peer", true),
    ("preferred_lft", true),
    ("track_group", true),
    ("home", false),
    ("-nodad", false),
    ("nodad", false),
    ("mngtmpaddr", false),
    ("noprefixroute", false),
    ("autojoin", false),
    ("no_track", false),
    ("use_vmac", false),
];

impl<'a> Walk<'a> {
    /// Reads an address line; says what is wrong with it.
    pub(super) fn address(&mut self, node: u32) -> Option<Line> {
        let words = self.all(node);
        let first = words.first().copied()?;
        if self.broken(words) {
            return None;
        }
        let bytes = self.bytes(first);
        let slash = bytes.iter().position(|b| *b == b'/');
        let Some(address) = value::ip(&bytes[..slash.unwrap_or(bytes.len())]) else {
            self.no_address(first, bytes, slash);
            return None;
        };
        let full = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match slash {
            None => full,
            Some(at) => self.prefix(first, at, full),
        };
        let mut line = Line {
            address,
            prefix,
            dev: None,
            scope: 0,
            label: None,
            broadcast: None,
            peer: None,
            flags: 0,
            dad: false,
            preferred: None,
            track: true,
            group: None,
            at: first,
        };
        let mut rest = words[1..].iter().copied();
        let mut said = false;
        while let Some(word) = rest.next() {
            if !self.option(&mut line, word, &mut rest, &mut said) {
                return None;
            }
        }
        if line.peer.is_some() {
            if slash.is_some() {
                let text = "an address with a peer has no prefix length; it is ignored";
                self.wrong(first, text.into(), None);
            }
            if line.broadcast.take().is_some() {
                let text = "an address with a peer has no broadcast address; that is ignored";
                self.wrong(first, text.into(), None);
            }
            line.prefix = full;
        }
        Some(line)
    }

    fn no_address(&mut self, first: Word, bytes: &[u8], slash: Option<usize>) {
        let base = &bytes[..slash.unwrap_or(bytes.len())];
        let digits = base
            .iter()
            .all(|b| b.is_ascii_digit() || *b == b'.' || *b == b':');
        let hint = match digits || base.contains(&b':') {
            true => None,
            false => Some("names are not resolved here"),
        };
        let text = format!("{} is not an IP address; the line is ignored", quote(bytes));
        self.wrong(first, text, hint);
    }

    fn prefix(&mut self, first: Word, slash: usize, full: u8) -> u8 {
        let bytes = self.bytes(first);
        let len = &bytes[slash + 1..];
        if let Ok(n) = value::int(len, 0, i64::from(full)) {
            return u8::try_from(n).unwrap_or(full);
        }
        let span = self.span(first).part(slash, bytes.len() - slash);
        let mask = value::ipv4(len);
        // Compat: "/24," is 24.
        let digits = len.iter().take_while(|b| b.is_ascii_digit()).count();
        let used = value::int(&len[..digits], 0, i64::from(full)).ok();
        let used = used.and_then(|n| u8::try_from(n).ok()).unwrap_or(full);
        let (text, hint) = match mask {
            Some(mask) => {
                let bits = u32::from(mask);
                let ones = bits.leading_ones();
                let text = format!(
                    "a prefix length is expected after '/', not a netmask; /{used} is used"
                );
                let hint = (bits.count_ones() == ones).then(|| format!("write /{ones}"));
                (text, hint)
            }
            None => {
                let text = format!(
                    "prefix length {} is no number up to {full}; /{used} is used",
                    quote(len)
                );
                (text, None)
            }
        };
        let diag = self.diags.error(span, text);
        if let Some(hint) = hint {
            diag.hint(hint);
        }
        used
    }

    /// One option with its word. `false`: the line must be left out.
    fn option(
        &mut self,
        line: &mut Line,
        word: Word,
        rest: &mut dyn Iterator<Item = Word>,
        said: &mut bool,
    ) -> bool {
        let name = self.bytes(word);
        let Some((known, takes)) = OPTIONS.iter().find(|(k, _)| k.as_bytes() == name).copied()
        else {
            if !core::mem::replace(said, true) {
                self.unknown_option(word, name);
            }
            return true;
        };
        let argument = if takes { rest.next() } else { None };
        let Some(argument) = argument.or((!takes).then_some(word)) else {
            let text = format!("'{known}' needs a word behind it; the line is ignored");
            self.wrong(word, text, None);
            return false;
        };
        match known {
            "dev" if line.dev.is_some() => {
                self.wrong(word, "'dev' given twice; the line is ignored".into(), None);
                false
            }
            "dev" => {
                line.dev = Some(argument);
                self.ifname(argument)
            }
            "brd" | "broadcast" => self.broadcast(line, word, argument),
            "scope" | "peer" | "preferred_lft" => {
                self.or_without(line, known, argument);
                true
            }
            "label" => self.label(line, argument),
            "track_group" => {
                line.group = Some(argument);
                true
            }
            "-nodad" => {
                line.dad = true;
                true
            }
            "nodad" => true,
            "no_track" => {
                line.track = false;
                true
            }
            known => {
                if let Some((_, bit)) = FLAGS.iter().find(|f| f.0 == known) {
                    line.flags |= bit;
                } else if self.once(known) {
                    let at = self.span(word);
                    let text = format!("address option '{known}' is not supported yet (ignored)");
                    self.diags.warning(at, text);
                }
                true
            }
        }
    }

    /// An option whose faults cost the option, not the address.
    fn or_without(&mut self, line: &mut Line, known: &str, argument: Word) {
        match known {
            "scope" => self.scope(line, argument),
            "peer" => self.other_end(line, argument),
            _ => self.preferred(line, argument),
        }
    }

    fn unknown_option(&mut self, word: Word, name: &[u8]) {
        let hint = match value::loose_ip(name) {
            Some(_) => Some("one address per line".to_owned()),
            None => self
                .diags
                .nearest(name, OPTIONS.map(|o| o.0))
                .map(|n| format!("did you mean '{n}'?")),
        };
        let text = format!("unknown option {} is ignored", quote(name));
        self.wrong(word, text, hint.as_deref());
    }

    fn broadcast(&mut self, line: &mut Line, word: Word, argument: Word) -> bool {
        let bytes = self.bytes(argument);
        let IpAddr::V4(address) = line.address else {
            let text = "IPv6 has no broadcast addresses; the line is ignored".into();
            self.wrong(word, text, None);
            return false;
        };
        let host = u32::MAX.checked_shr(u32::from(line.prefix)).unwrap_or(0);
        let found = match bytes {
            b"+" | b"-" if line.prefix > 30 => {
                let text = format!(
                    "'{}' needs a prefix of at most /30; no broadcast is set",
                    quote(bytes).trim_matches('\'')
                );
                self.wrong(argument, text, None);
                return true;
            }
            b"+" => Some(Ipv4Addr::from(u32::from(address) | host)),
            b"-" => Some(Ipv4Addr::from(u32::from(address) & !host)),
            other => value::ipv4(other),
        };
        if found.is_none() {
            let text = format!("{} is not an IPv4 address", quote(bytes));
            self.wrong(argument, text, None);
            return false;
        }
        line.broadcast = found;
        true
    }

    fn scope(&mut self, line: &mut Line, argument: Word) {
        let bytes = self.bytes(argument);
        let scope = match bytes {
            b"global" => Some(0),
            b"site" => Some(200),
            b"link" => Some(253),
            b"host" => Some(254),
            b"nowhere" => Some(255),
            other => value::int(other, 0, 255).ok().or_else(|| {
                let outside = self.outside;
                let found = self.names.find(outside, Kind::Scope, other);
                found.map(i64::from)
            }),
        };
        match scope.and_then(|s| u8::try_from(s).ok()) {
            Some(scope) if line.address.is_ipv4() => line.scope = scope,
            Some(_) => {
                self.wrong(
                    argument,
                    "an IPv6 address has no scope to set; ignored".into(),
                    None,
                );
            }
            None => {
                let names = ["global", "site", "link", "host", "nowhere"];
                let near = self
                    .diags
                    .nearest(bytes, names)
                    .map(|n| format!("did you mean '{n}'?"));
                let text = format!("unknown scope {}; it is ignored", quote(bytes));
                self.wrong(argument, text, near.as_deref());
            }
        }
    }

    /// `peer ADDRESS`: one that cannot be used is left out, and the address stays, as with
    /// keepalived: both routers of a pair must advertise the same.
    fn other_end(&mut self, line: &mut Line, argument: Word) {
        let bytes = self.bytes(argument);
        let found = value::loose_ip(bytes).filter(|_| !bytes.contains(&b'/'));
        let text = match found {
            Some(peer) if peer.is_ipv4() == line.address.is_ipv4() => {
                line.peer = Some(peer);
                return;
            }
            Some(_) => "the peer is of the other family; it is ignored".into(),
            None => format!("peer {} is not an IP address; it is ignored", quote(bytes)),
        };
        self.wrong(argument, text, None);
    }

    /// `preferred_lft SECONDS|forever`
    fn preferred(&mut self, line: &mut Line, argument: Word) {
        let bytes = self.bytes(argument);
        let seconds = value::int(bytes, 0, i64::from(u32::MAX) - 1).ok();
        let lifetime = match seconds.and_then(|s| u32::try_from(s).ok()) {
            Some(seconds) => Some(seconds),
            None if bytes == b"forever" => None,
            None => {
                let text = format!(
                    "preferred_lft {} is neither seconds nor 'forever'; it is ignored",
                    quote(bytes)
                );
                self.wrong(argument, text, None);
                return;
            }
        };
        if line.address.is_ipv4() {
            let text = "preferred_lft is for IPv6 addresses; ignored".into();
            self.wrong(argument, text, None);
        } else {
            line.preferred = Some(lifetime);
        }
    }

    fn label(&mut self, line: &mut Line, argument: Word) -> bool {
        let bytes = self.bytes(argument);
        if core::str::from_utf8(bytes).is_err() {
            self.wrong(
                argument,
                "a label that is no UTF-8 text is left out".into(),
                None,
            );
        } else if bytes.len() > value::IFNAME {
            let text = "a label has at most 15 characters; the line is ignored".into();
            self.wrong(argument, text, None);
            return false;
        } else if line.address.is_ipv4() {
            line.label = Some(self.text(argument));
        } else {
            self.wrong(
                argument,
                "an IPv6 address has no label; ignored".into(),
                None,
            );
        }
        true
    }
}
