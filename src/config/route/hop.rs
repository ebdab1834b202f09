//! `nexthop …` and `encap …`.

use super::{Cursor, number};
use crate::config::diag::quote;
use crate::config::lexer::Word;
use crate::config::value;
use crate::vrrp::routing::{Encap, Hop, MPLS_LABELS};

/// Words of a nexthop.
const WORDS: &[&str] = &[
    "via", "dev", "oif", "weight", "onlink", "realms", "encap", "nexthop",
];

impl Cursor<'_, '_> {
    /// Everything behind the first `nexthop`.
    pub(super) fn next_hops(
        &mut self,
        first: Word,
        only4: &mut Option<Word>,
    ) -> Option<Vec<Hop<Word>>> {
        let mut hops = Vec::new();
        let (mut hop, mut from) = (Hop::default(), first);
        while let Some(word) = self.next() {
            match self.walk.bytes(word) {
                b"nexthop" => {
                    hops.push(self.leads(from, core::mem::take(&mut hop))?);
                    from = word;
                }
                b"via" => hop.via = Some(self.gateway(word)?),
                b"dev" | b"oif" => hop.device = Some(self.device(word)?),
                b"weight" => {
                    let weight = self.number(word, 256)?;
                    hop.weight = u16::try_from(weight.max(1)).unwrap_or(1);
                }
                b"onlink" => hop.onlink = true,
                b"realms" => {
                    hop.realms = self.realms(word)?;
                    *only4 = Some(word);
                }
                b"encap" => hop.encap = Some(Box::new(self.encap(word)?)),
                _ => return self.stray(word, WORDS, "nexthop"),
            }
        }
        hops.push(self.leads(from, hop)?);
        Some(hops)
    }

    fn leads(&mut self, word: Word, hop: Hop<Word>) -> Option<Hop<Word>> {
        if hop.via.is_none() && hop.device.is_none() {
            let text = "'nexthop' needs 'via' or 'dev'".into();
            return self.wrong(word, text, None);
        }
        Some(hop)
    }

    /// `ip …`, `ip6 …`, `mpls LABEL[/LABEL …]`, `ila LOCATOR`.
    pub(super) fn encap(&mut self, option: Word) -> Option<Encap> {
        let word = self.operand(option)?;
        match self.walk.bytes(word) {
            b"ip" => self.tunnel(false),
            b"ip6" => self.tunnel(true),
            b"mpls" => self.mpls(word),
            b"ila" => self.ila(word),
            other => {
                let text = format!("unknown encapsulation {}", quote(other));
                self.wrong(word, text, Some("ip, ip6, mpls or ila"))
            }
        }
    }

    fn tunnel(&mut self, v6: bool) -> Option<Encap> {
        let (mut id, mut destination, mut source) = (None, None, None);
        let (mut tos, mut ttl) = (None, None);
        while let Some(word) = self.next() {
            match self.walk.bytes(word) {
                b"id" => id = Some(self.number(word, u64::MAX)?),
                b"dst" => destination = Some(self.outer(word, v6)?),
                b"src" => source = Some(self.outer(word, v6)?),
                b"tos" if !v6 => tos = Some(self.u8(word)?),
                b"ttl" if !v6 => ttl = Some(self.u8(word)?),
                b"tc" if v6 => tos = Some(self.u8(word)?),
                b"hoplimit" if v6 => ttl = Some(self.u8(word)?),
                // The route goes on.
                _ => {
                    self.at -= 1;
                    break;
                }
            }
        }
        Some(Encap::Tunnel {
            v6,
            id,
            destination,
            source,
            tos,
            ttl,
        })
    }

    fn outer(&mut self, option: Word, v6: bool) -> Option<core::net::IpAddr> {
        let word = self.operand(option)?;
        let ip = self.walk.ip(word)?;
        if ip.is_ipv6() == v6 {
            return Some(ip);
        }
        let family = if v6 { "IPv6" } else { "IPv4" };
        let text = format!("{} is not {family}", quote(self.walk.bytes(word)));
        self.wrong(word, text, None)
    }

    fn mpls(&mut self, option: Word) -> Option<Encap> {
        let word = self.operand(option)?;
        let bytes = self.walk.bytes(word);
        let mut labels = Vec::new();
        for part in bytes.split(|b| *b == b'/') {
            // RFC 3032 §2.1: 20 bits.
            let Ok(label) = value::int(part, 0, 0xf_ffff) else {
                let text = format!("MPLS label {} is no number up to 1048575", quote(part));
                return self.wrong(word, text, None);
            };
            labels.push(u32::try_from(label).unwrap_or(0));
        }
        if labels.len() > MPLS_LABELS {
            let text = format!("more than {MPLS_LABELS} MPLS labels");
            return self.wrong(word, text, None);
        }
        let mut ttl = None;
        if self.peek() == Some(b"ttl") {
            let word = self.next()?;
            ttl = Some(self.u8(word)?);
        }
        Some(Encap::Mpls(labels, ttl))
    }

    /// Four groups of up to four hexadecimal digits.
    fn ila(&mut self, option: Word) -> Option<Encap> {
        let word = self.operand(option)?;
        let bytes = self.walk.bytes(word);
        let mut locator = Some(0u64);
        let mut groups = 0;
        for part in bytes.split(|b| *b == b':') {
            let hex = [b"0x", part].concat();
            let group = number(&hex).filter(|n| *n <= 0xffff && !part.is_empty());
            locator = locator
                .zip(group)
                .map(|(all, group)| all.wrapping_shl(16) | group);
            groups += 1;
        }
        match locator {
            Some(locator) if groups == 4 => Some(Encap::Ila(locator)),
            _ => {
                let text = format!("{} is no locator", quote(bytes));
                self.wrong(word, text, Some("four groups such as 2001:db8:0:1"))
            }
        }
    }
}
