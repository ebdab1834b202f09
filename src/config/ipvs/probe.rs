//! What each kind of checker asks, and which answer it takes.

use super::real::Common;
use super::{Found, MOST};
use crate::check::{Http, HttpVersion, Probe, Regex, Udp, Url, http};
use crate::config::diag::quote;
use crate::config::lexer::Word;
use crate::config::table::Defined;
use crate::config::walk::Walk;
use crate::config::{shell, value};

/// How SMTP_CHECK introduces itself.
const HELO: &str = "smtpchecker.keepalived.org";
/// Status codes of success.
const SUCCESS: (u16, u16) = (200, 299);
/// Longest answer UDP_CHECK takes where nothing is said, bytes.
const LONGEST: u16 = 255;
/// Types of DNS records (RFC 1035 §3.2.2, RFC 3596, RFC 4034).
pub(in crate::config) const RECORDS: [(&str, u16); 9] = [
    ("A", 1),
    ("NS", 2),
    ("CNAME", 5),
    ("SOA", 6),
    ("MX", 15),
    ("TXT", 16),
    ("AAAA", 28),
    ("RRSIG", 46),
    ("DNSKEY", 48),
];
/// Type asked for where nothing is said.
const SOA: u16 = 6;
/// Longest label and longest name (RFC 1035 §2.3.4), the latter as text without the last dot.
const LABEL: usize = 63;
const NAME: usize = 253;
/// Options of patterns that change what is found, and their letters.
const OPTIONS: [(&[u8], char); 5] = [
    (b"caseless", 'i'),
    (b"multiline", 'm'),
    (b"dotall", 's'),
    (b"ungreedy", 'U'),
    (b"extended", 'x'),
];

impl<'a> Walk<'a> {
    /// `HTTP_GET`, `SSL_GET`.
    pub(super) fn http(&mut self, block: u32, common: &Common, tls: bool) -> Option<Probe> {
        let flag = |w: &Self, name: &str| w.child(block, &[name]).is_some_and(|n| w.flag(n));
        let version = match self
            .child_word(block, "http_protocol")
            .map(|w| self.bytes(w))
        {
            Some(b"1.0C" | b"1.0c") => HttpVersion::V10Close,
            Some(b"1.1") => HttpVersion::V11,
            _ => HttpVersion::V10,
        };
        let compliant = flag(self, "tls_compliant");
        let mut urls = Vec::new();
        for node in self.children(Some(block)) {
            if self.name(node) == "url" && !self.refused.contains(&node) {
                urls.extend(self.url(node, common.host, compliant));
            }
        }
        urls.shrink_to_fit();
        if urls.is_empty() {
            return None;
        }
        let name = self.child(block, &["sni_name"]);
        let own = name.and_then(|n| self.first(n)).map(|w| self.text(w));
        let own = own.filter(|n| !n.is_empty());
        if tls && (flag(self, "enable_sni") || name.is_some()) {
            for url in &mut urls {
                let sni = own.clone().or_else(|| url.host.clone());
                url.sni = sni.filter(|n| !n.is_empty());
            }
        }
        Some(Probe::Http(Box::new(Http {
            tls,
            version,
            urls,
            fast_recovery: flag(self, "fast_recovery"),
        })))
    }

    /// A `url`; `None`: it has no path, which has been said.
    fn url(&mut self, block: u32, host: Option<Word>, compliant: bool) -> Option<Url> {
        let path = self.child_word(block, "path")?;
        let own = self.child_word(block, "virtualhost").or(host);
        let digest = self.child_word(block, "digest").map(|w| self.bytes(w));
        let compliant = self
            .child(block, &["tls_compliant"])
            .map_or(compliant, |n| self.flag(n));
        Some(Url {
            path: self.text(path),
            host: own.map(|w| self.text(w)),
            digest: digest.and_then(digits),
            codes: self.accepted(block),
            regex: self.regex(block),
            sni: None,
            tls_compliant: compliant,
        })
    }

    fn accepted(&self, block: u32) -> Vec<(u16, u16)> {
        let code = |b: &[u8]| u16::try_from(value::int(b, 100, 599).ok()?).ok();
        let mut codes = Vec::new();
        for node in self.children(Some(block)) {
            if self.name(node) != "status_code" || self.refused.contains(&node) {
                continue;
            }
            codes.extend(self.args(node).iter().filter_map(|w| {
                let mut ends = self.bytes(*w).splitn(2, |b| *b == b'-');
                let low = code(ends.next()?)?;
                let high = ends.next().map_or(Some(low), code)?;
                Some((low, high))
            }));
        }
        if codes.is_empty() {
            codes.push(SUCCESS);
        }
        codes.shrink_to_fit();
        codes
    }

    fn regex(&mut self, block: u32) -> Option<Box<Regex>> {
        let word = self.child_word(block, "regex")?;
        let found = shell::argv(self.bytes(word));
        let why = match found.as_deref() {
            Ok([one]) => {
                let pattern = format!("{}{}", self.letters(block), value::text(one));
                if let Some(why) = http::complaint(&pattern) {
                    self.no_pattern(word, &why);
                    return None;
                }
                return Some(Box::new(Regex {
                    pattern: pattern.into(),
                    absent: self.has(block, "regex_no_match"),
                    min: self.child_number(block, "regex_min_offset").unwrap_or(0),
                    max: self.child_number(block, "regex_max_offset"),
                }));
            }
            Ok(_) => "one pattern is expected",
            Err(why) => why,
        };
        let text = format!("regex: {why}; it is ignored");
        self.wrong(word, text, Some("put it into double quotes"));
        None
    }

    /// A pattern that cannot be looked for. keepalived takes more of them: no reason to fail `-t`.
    fn no_pattern(&mut self, word: Word, why: &str) {
        let why = why.lines().last().unwrap_or_default();
        let text = format!("regex: {why}; it is ignored");
        self.wrong(
            word,
            text,
            Some("look-around and references back are not known"),
        )
        .ours();
    }

    /// `regex_options` as they stand in front of a pattern.
    fn letters(&self, block: u32) -> String {
        let mut on = [false; OPTIONS.len()];
        for node in self.children(Some(block)) {
            if self.name(node) != "regex_options" || self.refused.contains(&node) {
                continue;
            }
            for word in self.args(node) {
                let known = OPTIONS.iter().position(|o| o.0 == self.bytes(*word));
                if let Some(n) = known {
                    on[n] = true;
                }
            }
        }
        let letters = OPTIONS.iter().zip(on).filter(|(_, on)| *on);
        let letters: String = letters.map(|(o, _)| o.1).collect();
        match letters.is_empty() {
            true => letters,
            false => format!("(?{letters})"),
        }
    }

    pub(super) fn smtp(&self, block: u32) -> Probe {
        let helo = self.child_word(block, "helo_name");
        Probe::Smtp {
            helo: helo.map_or_else(|| HELO.into(), |w| self.text(w)),
        }
    }

    /// `DNS_CHECK`; `None`: nobody can be asked for that name, which has been said.
    pub(super) fn dns(&mut self, block: u32) -> Option<Probe> {
        let kind = self.child_word(block, "type").map(|w| self.bytes(w));
        let record = |k: &[u8]| {
            let same = |r: &&(&str, u16)| r.0.as_bytes().eq_ignore_ascii_case(k);
            RECORDS.iter().find(same).map(|r| r.1)
        };
        let kind = kind.and_then(record).unwrap_or(SOA);
        let Some(word) = self.child_word(block, "name") else {
            let name = Box::default();
            return Some(Probe::Dns { name, kind });
        };
        let bytes = self.bytes(word);
        let name = bytes.strip_suffix(b".").unwrap_or(bytes);
        let mut labels = name.split(|b| *b == b'.');
        let sound = name.is_empty() && bytes == b"."
            || name.len() <= NAME
                && name.is_ascii()
                && labels.all(|l| (1..=LABEL).contains(&l.len()));
        if !sound {
            let text = format!("{} is no name that can be asked for", quote(bytes));
            self.wrong(word, text, Some("this DNS_CHECK is ignored"));
            return None;
        }
        let name = value::text(name);
        Some(Probe::Dns { name, kind })
    }

    /// `UDP_CHECK`; `None`: its bytes are none, which has been said.
    pub(super) fn udp(&mut self, block: u32) -> Option<Probe> {
        let mut udp = Udp {
            payload: Vec::new(),
            reply: None,
            min: 0,
            max: LONGEST,
        };
        if let Some(node) = self.child(block, &["payload"]) {
            let bytes = self.pairs(node, false)?;
            udp.payload = bytes.into_iter().map(|b| b.0).collect();
        }
        if let Some(node) = self.child(block, &["require_reply"]) {
            udp.reply = Some(self.pairs(node, true)?);
        }
        let length = |n: u32| u16::try_from(n).unwrap_or(u16::MAX);
        if let Some(min) = self.child_number(block, "min_reply_length") {
            udp.min = length(min);
        }
        if let Some(max) = self.child_number(block, "max_reply_length") {
            udp.max = length(max);
        }
        Some(Probe::Udp(Box::new(udp)))
    }

    /// Bytes in hexadecimal, each with its mask: `x` is any digit where `any` allows it.
    fn pairs(&mut self, node: u32, any: bool) -> Option<Vec<(u8, u8)>> {
        let nibble = |b: u8| match b {
            b'x' | b'X' if any => Some((0, 0)),
            _ => Some((u8::try_from((b as char).to_digit(16)?).ok()?, 0xf)),
        };
        let mut out = Vec::new();
        for word in self.args(node).iter().copied() {
            let bytes = self.bytes(word);
            let all = bytes.chunks(2).map(|pair| match *pair {
                [high, low] => {
                    let ((h, hm), (l, lm)) = (nibble(high)?, nibble(low)?);
                    Some((h << 4 | l, hm << 4 | lm))
                }
                [low] => nibble(low).map(|(l, lm)| (l, 0xf0 | lm)),
                _ => None,
            });
            let all: Option<Vec<(u8, u8)>> = all.collect();
            let Some(all) = all else {
                let text = format!("{} is no list of bytes in hexadecimal", quote(bytes));
                self.wrong(word, text, Some("this UDP_CHECK is ignored"));
                return None;
            };
            out.extend(all);
        }
        out.shrink_to_fit();
        Some(out)
    }

    /// `MISC_CHECK`; `None`: its command cannot run, which has been said.
    pub(super) fn misc(&mut self, block: u32, found: &mut Found) -> Option<Probe> {
        let node = self.child(block, &["misc_path"])?;
        let script = self.programs.remove(&node)?;
        if found.checks.len() >= MOST {
            found.full = true;
            return None;
        }
        let command = u16::try_from(found.checks.len()).ok()?;
        found.checks.push(script);
        Some(Probe::Misc {
            command,
            dynamic: self.has(block, "misc_dynamic"),
        })
    }

    /// `FILE_CHECK`; `None`: nothing defines its file, which has been said. The file's number is
    /// that of its definition until all are known.
    pub(super) fn file_check(&self, block: u32) -> Option<Probe> {
        let word = self.child_word(block, "track_file")?;
        let thing = self.defined.get(&(Defined::File, self.bytes(word)))?;
        let (mut weight, mut reverse) = (i32::from(thing.weight), thing.reverse);
        if let Some(node) = self.child(block, &["weight"]) {
            let most = i64::from(i32::MAX);
            let args = self.args(node);
            let own = args
                .first()
                .map(|w| value::int(self.bytes(*w), -most, most));
            weight = i32::try_from(own?.ok()?).ok()?;
            match args.get(1).map(|w| self.bytes(*w)) {
                Some(b"reverse") => reverse = true,
                Some(b"noreverse") => reverse = false,
                _ => {}
            }
        }
        Some(Probe::File {
            file: thing.index?,
            weight,
            reverse,
        })
    }
}

/// 32 hexadecimal digits.
fn digits(text: &[u8]) -> Option<[u8; 16]> {
    let mut out = [0; 16];
    if text.len() != 32 {
        return None;
    }
    for (byte, pair) in out.iter_mut().zip(text.chunks(2)) {
        let pair = core::str::from_utf8(pair).ok()?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(out)
}
