//! Arguments that name something defined elsewhere, and a few with a grammar of their own.

use super::diag::{Severity, quote};
use super::lexer::Word;
use super::table::Defined;
use super::value;
use super::walk::Walk;
use std::collections::BTreeMap;

/// Options of `lvs_sync_daemon` that take a number: least and most.
const SYNC_NUMBERS: [(&str, i64, i64); 4] = [
    ("id", 0, 255),
    ("maxlen", 1, 65_507),
    ("port", 1, 65_535),
    ("ttl", 1, 255),
];

impl<'a> Walk<'a> {
    /// `IFNAME [[inst] NAME] [id N] [maxlen N] [port N] [ttl N] [group IP]`.
    pub(super) fn sync_daemon(&mut self, args: &'a [Word]) -> bool {
        let Some((interface, rest)) = args.split_first() else {
            return false;
        };
        let mut valid = self.ifname(*interface);
        let mut named = false;
        let mut rest = rest.iter().copied();
        while let Some(word) = rest.next() {
            let name = self.bytes(word);
            let number = SYNC_NUMBERS.iter().find(|(k, ..)| k.as_bytes() == name);
            match (name, number) {
                (_, Some((option, least, most))) => {
                    let next = rest.next();
                    let fits =
                        next.is_some_and(|n| value::int(self.bytes(n), *least, *most).is_ok());
                    if !fits {
                        let text = format!("{option} needs a number from {least} to {most}");
                        self.wrong(next.unwrap_or(word), text, None);
                        valid = false;
                    }
                }
                (b"group", _) => {
                    let next = rest.next();
                    if let Some(next) = next {
                        valid &= self.ip(next).is_some();
                    } else {
                        self.wrong(word, "group needs an address".into(), None);
                        valid = false;
                    }
                }
                (b"inst", _) => {
                    self.references.extend(rest.next());
                    named = true;
                }
                _ if !named => {
                    self.references.push(word);
                    named = true;
                }
                _ if value::int(name, 0, 255).is_ok() => {
                    let write = format!("write 'id {}'", String::from_utf8_lossy(name));
                    self.wrong(
                        word,
                        "a number without 'id' is the old form".into(),
                        Some(&write),
                    )
                    .severity(Severity::Warning);
                }
                _ => {
                    let text = format!("unknown option {} is ignored", quote(name));
                    self.wrong(word, text, None);
                }
            }
        }
        valid
    }

    /// Names of instances that do not exist, wherever they may stand.
    pub(super) fn unknown_instances<T>(&mut self, names: &BTreeMap<Box<str>, T>) {
        for word in core::mem::take(&mut self.references) {
            let name = self.text(word);
            if names.contains_key(&name) {
                continue;
            }
            let known = names.keys().map(|k| &**k);
            let near = self.diags.nearest(name.as_bytes(), known);
            let hint = near.map(|n| format!("did you mean '{n}'?"));
            let text = format!("there is no vrrp_instance {}", quote(name.as_bytes()));
            self.wrong(word, text, hint.as_deref());
        }
    }

    /// The name of a track_file or bfd_instance in a checker.
    pub(super) fn defined_name(&mut self, node: u32, kind: Defined) {
        let Some(word) = self.first(node) else {
            return;
        };
        let name = self.bytes(word);
        if let Some(thing) = self.defined.get(&(kind, name)) {
            if let Some(index) = thing.index {
                self.definitions.name(kind, index);
            }
            return;
        }
        let block = match kind {
            Defined::Bfd => "bfd_instance",
            _ => "track_file",
        };
        let text = match self.everywhere.get(&(kind, name)) {
            Some(there) => format!(
                "{block} {} is defined only on {}",
                quote(name),
                self.other(*there, self.span(word))
            ),
            None => format!("{block} {} is not defined", quote(name)),
        };
        self.wrong(word, text, Some("it must be defined before it is used"));
    }

    /// `ID VALUE` of auth_hmac.
    pub(super) fn hmac_key(&mut self, args: &[Word]) -> bool {
        let Some(key) = args.get(1).copied() else {
            self.wrong(args[0], "key needs an id and a value".into(), None);
            return false;
        };
        let bytes = self.bytes(key);
        let len = match bytes {
            [b'f', b'i', b'l', b'e', b':', ..] => return true,
            [b'h', b'e', b'x', b':', digits @ ..] => {
                if digits.len() % 2 != 0 || !digits.iter().all(u8::is_ascii_hexdigit) {
                    self.wrong(
                        key,
                        "the key holds something else than pairs of hex digits".into(),
                        None,
                    );
                    return false;
                }
                digits.len() / 2
            }
            bytes => bytes.len(),
        };
        if !(32..=64).contains(&len) {
            let text = format!("the key has {len} bytes; it must have 32 to 64");
            self.wrong(key, text, None);
            return false;
        }
        true
    }

    /// `IFNAME [MII|ETHTOOL|IOCTL]`.
    pub(super) fn linkbeat(&mut self, words: &[Word]) {
        let how = words.get(1).copied();
        if let Some(word) = how
            && !matches!(self.bytes(word), b"MII" | b"ETHTOOL" | b"IOCTL")
        {
            let text = format!(
                "unknown way {}: MII, ETHTOOL or IOCTL",
                quote(self.bytes(word))
            );
            self.wrong(word, text, None);
        }
    }

    /// `IFNAME DOWN [UP]`.
    pub(super) fn delays(&mut self, words: &[Word]) {
        if words.len() < 2
            && let Some(first) = words.first()
        {
            self.wrong(*first, "a delay in seconds is missing".into(), None);
        }
        for word in words.iter().skip(1).take(2) {
            if value::decimal(self.bytes(*word), 0, 255_000_000, 6).is_err() {
                let text = format!(
                    "{} is no number of seconds up to 255",
                    quote(self.bytes(*word))
                );
                self.wrong(*word, text, None);
            }
        }
    }
}
