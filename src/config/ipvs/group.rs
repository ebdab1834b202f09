//! `virtual_server_group`: addresses, ranges of them, and firewall marks.

use super::{Found, Services};
use crate::config::diag::quote;
use crate::config::lexer::Word;
use crate::config::value;
use crate::config::walk::Walk;
use crate::wire::ipvs::Key;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::collections::BTreeSet;

/// Services that all groups together may be counted out to.
const MOST: u64 = 65_536;

/// A group by its block.
pub(in crate::config) struct Group {
    node: u32,
    /// Its addresses are all IPv4, or all IPv6; once a virtual server has asked.
    family: Option<Option<bool>>,
    /// What it lists, and how many keys that is; once a virtual server has asked.
    entries: Option<(Vec<Entry>, u64)>,
}

/// A line of a group.
#[derive(Clone, Copy)]
enum Entry {
    Addresses(IpAddr, IpAddr, u16),
    Mark(u32, bool),
}

impl Entry {
    /// How many keys it stands for.
    fn keys(&self) -> u64 {
        match self {
            Entry::Addresses(first, last, _) => count(*first, *last),
            Entry::Mark(..) => 1,
        }
    }
}

/// Why a word is no range of addresses.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::config) enum Fault {
    /// It begins with no address.
    Address,
    /// Its end is not an end of it.
    End,
    /// The network has bits behind its length.
    Host,
}

/// First and last address of `IP`, `IP-END`, `IP-IP` or `IP/LEN`.
pub(in crate::config) fn range(bytes: &[u8]) -> Result<(IpAddr, IpAddr), Fault> {
    use IpAddr::{V4, V6};
    let cut = bytes.iter().position(|b| matches!(b, b'-' | b'/'));
    let base = &bytes[..cut.unwrap_or(bytes.len())];
    let first = value::ip(base).ok_or(Fault::Address)?;
    let Some(cut) = cut else {
        return Ok((first, first));
    };
    let (sign, rest) = (bytes[cut], &bytes[cut + 1..]);
    let number = |most| {
        let n = value::int(rest, 0, most).map_err(|_| Fault::End)?;
        u32::try_from(n).map_err(|_| Fault::End)
    };
    let last = match (sign, first, value::ip(rest)) {
        (b'-', _, Some(last)) => last,
        (b'-', V4(ip), None) => V4((u32::from(ip) & !0xff | number(255)?).into()),
        (b'-', V6(ip), None) => {
            let end = core::str::from_utf8(rest).map_err(|_| Fault::End)?;
            let end = u16::from_str_radix(end, 16).map_err(|_| Fault::End)?;
            V6((u128::from(ip) & !0xffff | u128::from(end)).into())
        }
        (_, V4(ip), _) => {
            let host = u32::MAX.checked_shr(number(32)?).unwrap_or(0);
            if u32::from(ip) & host != 0 {
                return Err(Fault::Host);
            }
            V4((u32::from(ip) | host).into())
        }
        (_, V6(ip), _) => {
            let host = u128::MAX.checked_shr(number(128)?).unwrap_or(0);
            if u128::from(ip) & host != 0 {
                return Err(Fault::Host);
            }
            V6((u128::from(ip) | host).into())
        }
    };
    match last.is_ipv4() == first.is_ipv4() && first <= last {
        true => Ok((first, last)),
        false => Err(Fault::End),
    }
}

/// How many addresses there are from one to the other.
fn count(first: IpAddr, last: IpAddr) -> u64 {
    let n = match (first, last) {
        (IpAddr::V4(a), IpAddr::V4(b)) => u128::from(u32::from(b).saturating_sub(u32::from(a))),
        (IpAddr::V6(a), IpAddr::V6(b)) => u128::from(b).saturating_sub(u128::from(a)),
        _ => 0,
    };
    u64::try_from(n).unwrap_or(u64::MAX).saturating_add(1)
}

/// The address so many behind another.
pub(in crate::config) fn behind(ip: IpAddr, n: u64) -> IpAddr {
    match ip {
        IpAddr::V4(ip) => {
            let n = u32::try_from(n).unwrap_or(u32::MAX);
            IpAddr::V4(Ipv4Addr::from(u32::from(ip).saturating_add(n)))
        }
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from(u128::from(ip).saturating_add(n.into()))),
    }
}

impl<'a> Walk<'a> {
    /// A `virtual_server_group`: remembers its name and place.
    pub(in crate::config) fn service_group(&mut self, node: u32, services: &mut Services<'a>) {
        let Some(name) = self.first(node) else {
            return;
        };
        let bytes = self.bytes(name);
        if let Some(first) = services.groups.get(bytes) {
            let at = self.span(name);
            let line = self.other(self.head(first.node), at);
            let text = format!(
                "virtual_server_group {} is already defined on {line}; this one is ignored",
                quote(bytes)
            );
            self.diags.error(at, text);
            return;
        }
        let group = Group {
            node,
            family: None,
            entries: None,
        };
        services.groups.insert(bytes, group);
    }

    /// The family of all addresses of a group, if it has any and they agree.
    pub(super) fn group_family(&self, services: &mut Services<'a>, name: &[u8]) -> Option<bool> {
        let group = services.groups.get_mut(name)?;
        let node = group.node;
        *group.family.get_or_insert_with(|| self.family_of(node))
    }

    fn family_of(&self, node: u32) -> Option<bool> {
        let mut families = self.children(Some(node)).filter_map(|line| {
            let word = self.all(line).first().copied()?;
            range(self.bytes(word)).ok().map(|r| r.0.is_ipv4())
        });
        let first = families.next()?;
        families.all(|v4| v4 == first).then_some(first)
    }

    /// What a group lists. Marks of no family are of `v4`, if the group's own addresses do not say.
    fn entries(&self, node: u32, v4: bool) -> Vec<Entry> {
        let lines = self.children(Some(node)).map(|line| self.all(line));
        let ranges = lines.clone().filter_map(|l| {
            let word = l.first().copied()?;
            range(self.bytes(word)).ok().map(|r| r.0.is_ipv4())
        });
        let v4 = ranges.clone().next().unwrap_or(v4);
        lines.filter_map(|l| self.entry(l, v4)).collect()
    }

    fn entry(&self, line: &[Word], v4: bool) -> Option<Entry> {
        let word = |n: usize| line.get(n).map(|w| self.bytes(*w));
        if word(0)? == b"fwmark" {
            let mark = value::int(word(1)?, 1, i64::from(u32::MAX)).ok()?;
            let v6 = match word(2) {
                Some(b"inet") => false,
                Some(b"inet6") => true,
                _ => !v4,
            };
            return Some(Entry::Mark(u32::try_from(mark).ok()?, v6));
        }
        let (first, last) = range(word(0)?).ok()?;
        let port = word(1).map_or(Ok(0), |p| value::int(p, 0, 65_535)).ok()?;
        Some(Entry::Addresses(first, last, u16::try_from(port).ok()?))
    }

    /// What a group tells the kernel to balance. Nothing: it cannot be used; that has been said.
    pub(super) fn group_keys(
        &mut self,
        services: &mut Services<'a>,
        word: Word,
        protocol: u8,
        v4: bool,
    ) -> Vec<Key> {
        let Some(group) = services.groups.get_mut(self.bytes(word)) else {
            self.unknown_group(word, services);
            return Vec::new();
        };
        let node = group.node;
        let (entries, keys) = group.entries.get_or_insert_with(|| {
            let entries = self.entries(node, v4);
            let keys = entries.iter().map(Entry::keys).fold(0, u64::saturating_add);
            (entries, keys)
        });
        let keys = *keys;
        let Found { grouped, .. } = &mut services.found;
        if keys.saturating_add(*grouped) > MOST {
            let text = format!(
                "virtual_server_group {} and those before list more than {MOST} addresses; \
                 this virtual_server is ignored",
                quote(self.bytes(word))
            );
            self.wrong(word, text, None);
            return Vec::new();
        }
        *grouped = grouped.saturating_add(keys);
        let keys = counted(entries, protocol);
        if keys.is_empty() {
            let text = format!(
                "virtual_server_group {} lists nothing; this virtual_server is ignored",
                quote(self.bytes(word))
            );
            self.wrong(word, text, None);
        }
        keys
    }
}

/// All keys, each once.
fn counted(entries: &[Entry], protocol: u8) -> Vec<Key> {
    let (mut seen, mut keys) = (BTreeSet::new(), Vec::new());
    let mut add = |key| {
        if seen.insert(key) {
            keys.push(key);
        }
    };
    for entry in entries {
        match *entry {
            Entry::Mark(mark, v6) => add(Key::Mark { mark, v6 }),
            Entry::Addresses(first, last, port) => {
                for n in 0..count(first, last) {
                    add(Key::Address {
                        protocol,
                        address: behind(first, n),
                        port,
                    });
                }
            }
        }
    }
    keys.shrink_to_fit();
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_have_ends() {
        let ends = |text: &str| {
            range(text.as_bytes())
                .ok()
                .map(|(a, b)| (b.to_string(), count(a, b)))
        };
        let some = |last: &str, n| Some((last.to_owned(), n));
        assert_eq!(ends("10.0.0.1"), some("10.0.0.1", 1));
        assert_eq!(ends("10.0.0.1-9"), some("10.0.0.9", 9));
        assert_eq!(ends("10.0.0.250-10.0.1.4"), some("10.0.1.4", 11));
        assert_eq!(ends("10.0.0.0/30"), some("10.0.0.3", 4));
        assert_eq!(ends("2001:db8::1-f"), some("2001:db8::f", 15));
        assert_eq!(ends("::/0").map(|e| e.1), Some(u64::MAX));
        for bad in [
            "10.0.0.9-1",
            "10.0.0.1-256",
            "10.0.0.1/24",
            "10.0.0.0/33",
            "::2-1",
            "::1-10.0.0.1",
            "x",
        ] {
            assert_eq!(ends(bad), None, "{bad}");
        }
    }
}
