//! Echo requests and replies (RFC 792, RFC 4443 §4).

use super::{Error, checksum};

/// Length of the header of an echo message.
pub const HEADER_LEN: usize = 8;

/// Types of ICMP: echo reply and request.
const ECHO_REPLY: u8 = 0;
const ECHO: u8 = 8;
/// Types of ICMPv6.
const ECHO_REPLY6: u8 = 129;
const ECHO6: u8 = 128;

/// An echo message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Echo<'a> {
    /// Identifier. The kernel puts the port of a ping socket here.
    pub id: u16,
    /// Sequence number.
    pub sequence: u16,
    /// What is sent back.
    pub data: &'a [u8],
}

impl<'a> Echo<'a> {
    /// Writes a request to the end of `out`. The checksum of ICMPv6 needs the addresses and is left
    /// to the kernel, which fills it in on every ICMPv6 socket (RFC 3542 §3.1).
    pub fn emit(&self, v6: bool, out: &mut Vec<u8>) {
        let kind = if v6 { ECHO6 } else { ECHO };
        let ([a, b], [c, d]) = (self.id.to_be_bytes(), self.sequence.to_be_bytes());
        let mut header = [kind, 0, 0, 0, a, b, c, d];
        if !v6 {
            let [high, low] = checksum(&[&header, self.data]).to_be_bytes();
            (header[2], header[3]) = (high, low);
        }
        out.extend_from_slice(&header);
        out.extend_from_slice(self.data);
    }

    /// Reads a reply; `None`: it is another message. An IPv4 header before it, as raw sockets give,
    /// is passed over. The kernel has checked the checksum.
    pub fn reply(v6: bool, bytes: &'a [u8]) -> Result<Option<Self>, Error> {
        let skip = match bytes.first() {
            Some(first) if !v6 && first >> 4 == 4 => usize::from(first & 0x0f) * 4,
            _ => 0,
        };
        let message = bytes.get(skip..).ok_or(Error::Truncated)?;
        let Some(([kind, code, _, _, a, b, c, d], data)) = message.split_first_chunk() else {
            return Err(Error::Truncated);
        };
        let want = if v6 { ECHO_REPLY6 } else { ECHO_REPLY };
        let echo = Echo {
            id: u16::from_be_bytes([*a, *b]),
            sequence: u16::from_be_bytes([*c, *d]),
            data,
        };
        Ok((*kind == want && *code == 0).then_some(echo))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ECHOED: Echo<'_> = Echo {
        id: 0x1234,
        sequence: 7,
        data: b"abcde",
    };

    #[test]
    fn requests() {
        let mut out = Vec::new();
        ECHOED.emit(false, &mut out);
        assert_eq!(out[..2], [8, 0]);
        assert_eq!(out[4..], *b"\x12\x34\x00\x07abcde");
        assert_eq!(checksum(&[&out]), 0, "it sums up");
        out.clear();
        ECHOED.emit(true, &mut out);
        assert_eq!(out, b"\x80\0\0\0\x12\x34\0\x07abcde");
    }

    #[test]
    fn replies() {
        let four = b"\0\0\x99\x99\x12\x34\0\x07abcde";
        let six = b"\x81\0\x99\x99\x12\x34\0\x07abcde";
        assert_eq!(Echo::reply(false, four), Ok(Some(ECHOED)));
        assert_eq!(Echo::reply(true, six), Ok(Some(ECHOED)));
        assert_eq!(Echo::reply(false, six), Ok(None));
        assert_eq!(Echo::reply(true, four), Ok(None));
        assert_eq!(
            Echo::reply(false, b"\x08\0\0\0\x12\x34\0\x07abcde"),
            Ok(None),
            "a request"
        );
        assert_eq!(
            Echo::reply(false, b"\x00\x01\0\0\x12\x34\0\x07abcde"),
            Ok(None),
            "a code"
        );
        let raw = [b"\x46".as_slice(), &[0; 23], four].concat();
        assert_eq!(Echo::reply(false, &raw), Ok(Some(ECHOED)));
        for len in 0..HEADER_LEN {
            assert_eq!(Echo::reply(false, &four[..len]), Err(Error::Truncated));
            assert_eq!(Echo::reply(true, &six[..len]), Err(Error::Truncated));
            assert_eq!(Echo::reply(false, &raw[..24 + len]), Err(Error::Truncated));
        }
        assert_eq!(Echo::reply(false, b"\x4f"), Err(Error::Truncated));
    }
}
