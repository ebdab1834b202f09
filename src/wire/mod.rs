//! Bytes ⇄ values, nothing else: no sockets, no clocks, no decisions.
//!
//! Every parser works on untrusted bytes: it never panics and never reads past its slice.

pub mod ah;
pub mod dns;
pub mod icmp;
pub mod ipvs;
pub mod neighbor;
pub mod netlink;
pub mod rtnetlink;
pub mod smtp;
pub mod vrrp;

use core::fmt;

/// Why bytes could not be read; the variant is the counter's name and the log's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Error {
    /// Fewer bytes than the format needs.
    Truncated,
    /// The IP header is not one we can read (version, header length).
    IpHeader,
    /// The Authentication Header is malformed (RFC 2402 lengths, next header).
    AhHeader,
    /// A netlink message whose lengths contradict each other.
    Netlink,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Error::Truncated => "truncated",
            Error::IpHeader => "bad IP header",
            Error::AhHeader => "bad authentication header",
            Error::Netlink => "malformed netlink message",
        })
    }
}

/// RFC 1071 Internet checksum over several pieces; each piece but the last must have even length.
pub fn checksum(pieces: &[&[u8]]) -> u16 {
    let mut sum: u32 = 0;
    for piece in pieces {
        let mut words = piece.chunks_exact(2);
        for w in &mut words {
            sum += u32::from(u16::from_be_bytes([w[0], w[1]]));
            if sum > 0xffff {
                sum = (sum & 0xffff) + (sum >> 16);
            }
        }
        if let [last] = words.remainder() {
            sum += u32::from(*last) << 8;
            if sum > 0xffff {
                sum = (sum & 0xffff) + (sum >> 16);
            }
        }
    }
    !(sum as u16)
}
