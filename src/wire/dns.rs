//! DNS messages (RFC 1035 §4): a question out, its answer in.
//!
//! Names are read with pointers that only go back, so that every walk ends.

mod name;
#[cfg(test)]
mod tests;

pub use name::Name;

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Types of records (RFC 1035 §3.2.2, RFC 3596, RFC 4034).
pub const A: u16 = 1;
/// Name server.
pub const NS: u16 = 2;
/// Canonical name.
pub const CNAME: u16 = 5;
/// Start of a zone of authority.
pub const SOA: u16 = 6;
/// Mail exchange.
pub const MX: u16 = 15;
/// Text.
pub const TXT: u16 = 16;
/// IPv6 address.
pub const AAAA: u16 = 28;
/// Signature.
pub const RRSIG: u16 = 46;
/// Public key.
pub const DNSKEY: u16 = 48;

/// Length of the header.
const HEADER_LEN: usize = 12;
/// The Internet.
const IN: u16 = 1;
/// QR: it is an answer.
const ANSWER: u8 = 0x80;
/// TC: the rest did not fit.
const CUT: u8 = 0x02;
/// RD: the server may ask others.
const RECURSE: u8 = 0x01;
/// RCODE, in the fourth byte.
const CODE: u8 = 0x0f;
/// Most aliases followed.
const MAX_ALIASES: usize = 8;

/// Why bytes are not the answer to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bad {
    /// Shorter than it must be.
    Truncated,
    /// The answer to another question: id, name, type or class.
    Other,
    /// A question.
    Question,
    /// The server's response code, not 0.
    Code(u8),
    /// A name that is none: a pointer ahead, a label of unknown form, too long.
    Name,
}

/// A question about a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question<'a> {
    /// Chosen by who asks.
    pub id: u16,
    /// Name, a last dot or none; empty: the root.
    pub name: &'a str,
    /// Type of record.
    pub kind: u16,
}

impl Question<'_> {
    /// Writes it to the end of `out`. [`Bad::Name`]: an empty label, one over 63 bytes, more than
    /// 255 in all; `out` is then as it was.
    pub fn emit(&self, out: &mut Vec<u8>) -> Result<(), Bad> {
        let start = out.len();
        let [a, b] = self.id.to_be_bytes();
        out.extend_from_slice(&[a, b, RECURSE, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
        if let Err(bad) = name::emit(self.name, out) {
            out.truncate(start);
            return Err(bad);
        }
        let ([a, b], [c, d]) = (self.kind.to_be_bytes(), IN.to_be_bytes());
        out.extend_from_slice(&[a, b, c, d]);
        Ok(())
    }

    /// Reads the answer to it: the same id and question, and response code 0.
    pub fn answer<'a>(&self, message: &'a [u8]) -> Result<Answer<'a>, Bad> {
        let header: &[u8; HEADER_LEN] = message.first_chunk().ok_or(Bad::Truncated)?;
        if header[..2] != self.id.to_be_bytes() {
            return Err(Bad::Other);
        }
        if header[2] & ANSWER == 0 {
            return Err(Bad::Question);
        }
        if header[3] & CODE != 0 {
            return Err(Bad::Code(header[3] & CODE));
        }
        if header[4..6] != [0, 1] {
            return Err(Bad::Other);
        }
        let asked = Name::new(message, HEADER_LEN);
        let fixed = asked.end()?;
        let Some([a, b, c, d]) = message.get(fixed..).and_then(|r| r.first_chunk()) else {
            return Err(Bad::Truncated);
        };
        let (kind, class) = (u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d]));
        if kind != self.kind || class != IN || !asked.is(self.name)? {
            return Err(Bad::Other);
        }
        Ok(Answer {
            message,
            records: fixed + 4,
            count: u16::from_be_bytes([header[6], header[7]]),
            cut: header[2] & CUT != 0,
            kind,
        })
    }
}

/// An answer whose header and question are right.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    message: &'a [u8],
    /// Where its records begin.
    records: usize,
    count: u16,
    cut: bool,
    kind: u16,
}

/// One record of the answer section.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// Whose it is.
    pub owner: Name<'a>,
    /// Its type.
    pub kind: u16,
    /// Its class.
    pub class: u16,
    /// Seconds it may be kept.
    pub ttl: u32,
    /// Its data.
    pub data: &'a [u8],
    /// The name that the data are, for those that are one.
    pub target: Name<'a>,
}

impl<'a> Answer<'a> {
    /// The rest did not fit: ask again over TCP.
    pub fn cut(&self) -> bool {
        self.cut
    }

    /// The records of the answer section; ends behind the first that is none.
    pub fn records(&self) -> Records<'a> {
        Records {
            message: self.message,
            at: self.records,
            left: self.count,
        }
    }

    /// The addresses that the question asked for (A or AAAA), aliases followed.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> + use<'a> {
        let kind = self.kind;
        let owner = self.canonical();
        self.records()
            .map_while(Result::ok)
            .filter(move |record| {
                let ours = owner.is_ok_and(|owner| owner.same(&record.owner) == Ok(true));
                record.kind == kind && record.class == IN && ours
            })
            .filter_map(|record| address(&record))
    }

    /// What the name asked for is an alias of, at the end of it all.
    fn canonical(&self) -> Result<Name<'a>, Bad> {
        let mut name = Name::new(self.message, HEADER_LEN);
        for _ in 0..MAX_ALIASES {
            let alias = self.records().map_while(Result::ok).find(|record| {
                let ours = record.owner.same(&name) == Ok(true);
                record.kind == CNAME && record.class == IN && ours
            });
            match alias {
                Some(record) if self.kind != CNAME => name = record.target,
                _ => return Ok(name),
            }
        }
        Err(Bad::Name)
    }
}

/// The address in a record, if it is of a type that has one, and as long as one.
fn address(record: &Record<'_>) -> Option<IpAddr> {
    match record.kind {
        A => Some(Ipv4Addr::from(<[u8; 4]>::try_from(record.data).ok()?).into()),
        AAAA => Some(Ipv6Addr::from(<[u8; 16]>::try_from(record.data).ok()?).into()),
        _ => None,
    }
}

/// A walk over records.
#[derive(Clone, Debug)]
pub struct Records<'a> {
    message: &'a [u8],
    at: usize,
    left: u16,
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<Record<'a>, Bad>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let record = self.record();
        match record {
            Ok(_) => {}
            Err(_) => self.left = 0,
        }
        Some(record)
    }
}

impl<'a> Records<'a> {
    fn record(&mut self) -> Result<Record<'a>, Bad> {
        let owner = Name::new(self.message, self.at);
        let fixed = owner.end()?;
        let rest = self.message.get(fixed..).ok_or(Bad::Truncated)?;
        let Some(([k0, k1, c0, c1, t0, t1, t2, t3, l0, l1], rest)) = rest.split_first_chunk()
        else {
            return Err(Bad::Truncated);
        };
        let length = usize::from(u16::from_be_bytes([*l0, *l1]));
        let data = rest.get(..length).ok_or(Bad::Truncated)?;
        self.at = fixed + 10 + length;
        Ok(Record {
            owner,
            kind: u16::from_be_bytes([*k0, *k1]),
            class: u16::from_be_bytes([*c0, *c1]),
            ttl: u32::from_be_bytes([*t0, *t1, *t2, *t3]),
            data,
            target: Name::new(self.message, fixed + 10),
        })
    }
}
