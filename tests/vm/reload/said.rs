//! What an advert says, whatever its version and family.

use crate::lab::frames::{ETH, Frame, icv};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

/// Passwords that adverts may be signed with.
const KEYS: [&[u8; 8]; 2] = [b"another1", b"another2"];

/// Who is spoken for, and to whom.
pub type Voice = String;

/// What an advert says.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    pub at: Duration,
    /// When it should have been said: `at`, or earlier if it was late.
    pub due: Duration,
    pub voice: Voice,
    pub priority: u8,
    /// Milliseconds.
    pub interval: u64,
    addresses: Vec<String>,
    signature: String,
    /// Of the authentication header.
    pub sequence: Option<u32>,
}

impl Said {
    /// What this frame says, if it is an advert.
    pub fn of(frame: &Frame) -> Option<Said> {
        if let Some(advert) = frame.advert6() {
            let message = &advert.message;
            let chunks = message[8..].chunks_exact(16);
            let octets = chunks.filter_map(|c| <[u8; 16]>::try_from(c).ok());
            return Some(Said {
                at: advert.at,
                due: advert.at,
                voice: format!("VRID {}", advert.vrid),
                priority: advert.priority,
                interval: u64::from(u16::from_be_bytes([message[4] & 0xf, message[5]])) * 10,
                addresses: octets.map(|o| Ipv6Addr::from(o).to_string()).collect(),
                signature: String::new(),
                sequence: None,
            });
        }
        let advert = frame.advert()?;
        let message = &advert.message;
        let to = match advert.destination.is_multicast() {
            true => String::new(),
            false => format!(" to {}", advert.destination),
        };
        let (list, tail) = message[8..].split_at(usize::from(advert.count) * 4);
        let octets = list
            .chunks_exact(4)
            .filter_map(|c| <[u8; 4]>::try_from(c).ok());
        let datagram = &frame.bytes[ETH..];
        let length = usize::from(u16::from_be_bytes([datagram[2], datagram[3]]));
        let signed = |key: &&&[u8; 8]| datagram[32..44] == icv(&datagram[..length], key);
        let signature = match advert.sequence {
            None => tail,
            Some(_) => KEYS.iter().find(signed).map_or(&[][..], |k| &k[..]),
        };
        Some(Said {
            at: advert.at,
            due: advert.at,
            voice: format!("VRID {}{to}", advert.vrid),
            priority: advert.priority,
            interval: u64::from(message[5]) * 1000,
            addresses: octets.map(|o| Ipv4Addr::from(o).to_string()).collect(),
            signature: String::from_utf8_lossy(signature).into_owned(),
            sequence: advert.sequence,
        })
    }

    /// The same words, whenever.
    pub fn same(&self, other: &Said) -> bool {
        self.difference(other).is_empty()
    }

    /// What `new` says otherwise.
    pub fn difference(&self, new: &Said) -> Vec<String> {
        let mut all = Vec::new();
        if self.priority != new.priority {
            all.push(format!("priority {} to {}", self.priority, new.priority));
        }
        if self.interval != new.interval {
            all.push(format!("interval {} to {} ms", self.interval, new.interval));
        }
        let more = |a: &Said, b: &Said, sign: &str| -> Vec<String> {
            let added = b.addresses.iter().filter(|x| !a.addresses.contains(x));
            added.map(|x| format!("{sign}{x}")).collect()
        };
        all.extend(more(self, new, "+"));
        all.extend(more(new, self, "-"));
        if self.signature != new.signature {
            all.push(format!("signed with {}", new.signature));
        }
        all.iter()
            .map(|what| format!("{}: {what}", self.voice))
            .collect()
    }
}
