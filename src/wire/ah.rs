//! The Authentication Header as VRRPv2 uses it: RFC 2402 transport mode, HMAC-MD5-96 (RFC 2403).
//!
//! The integrity check value covers the whole datagram with the mutable fields taken as zero:
//! type of service, flags and fragment offset, header checksum and the ICV itself.
//! Compat: the TTL is taken as zero only when the destination is a unicast address; for multicast
//! keepalived leaves it as sent (255).

use super::Error;
use super::vrrp::{AUTH_LEN, Ah, IPV4_LEN, PROTOCOL_AH, PROTOCOL_VRRP, Packet};
use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;

/// Length of the header with its 96-bit ICV.
pub const LEN: usize = 24;
/// Length of the ICV: the first 96 bits of the HMAC.
pub const ICV_LEN: usize = 12;
/// The payload length field: length in 32-bit words minus 2 (RFC 2402 §2.2).
pub(super) const PAYLOAD_LEN: u8 = (LEN / 4 - 2) as u8;

impl Ah {
    /// Splits an IP payload into the Authentication Header and the VRRP message after it.
    pub(super) fn parse(payload: &[u8]) -> Result<(Ah, &[u8]), Error> {
        let (header, message) = payload.split_first_chunk::<LEN>().ok_or(Error::Truncated)?;
        if header[0] != PROTOCOL_VRRP || header[1] != PAYLOAD_LEN {
            return Err(Error::AhHeader);
        }
        let word = |at: usize| {
            u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
        };
        let mut icv = [0; ICV_LEN];
        icv.copy_from_slice(&header[12..LEN]);
        Ok((
            Ah {
                spi: word(4),
                sequence: word(8),
                icv,
            },
            message,
        ))
    }
}

/// Writes sequence number and ICV into a datagram made by [`super::vrrp::emit`].
///
/// `datagram` is the whole datagram and nothing more; its IP id must have been set before.
/// Allocates nothing. `Error::AhHeader` if the datagram carries no Authentication Header.
pub fn sign(datagram: &mut [u8], key: &[u8; AUTH_LEN], sequence: u32) -> Result<(), Error> {
    let at = header_len(datagram).ok_or(Error::AhHeader)?;
    let ah = datagram.get_mut(at..at + LEN).ok_or(Error::AhHeader)?;
    ah[8..12].copy_from_slice(&sequence.to_be_bytes());
    let icv = icv(datagram, key).ok_or(Error::AhHeader)?;
    datagram[at + 12..at + LEN].copy_from_slice(&icv);
    Ok(())
}

/// Whether the ICV of a received packet is the one `key` gives; compares in constant time.
///
/// Covers the datagram up to the total length its IP header states; if less was received, or
/// there is no Authentication Header, nothing can be valid.
pub fn verify(packet: &Packet<'_>, key: &[u8; AUTH_LEN]) -> bool {
    let Some(ah) = packet.ah else { return false };
    let Some(datagram) = packet.raw.get(..packet.total_length) else {
        return false;
    };
    let Some(icv) = icv(datagram, key) else {
        return false;
    };
    let difference = icv.iter().zip(&ah.icv).fold(0, |sum, (a, b)| sum | (a ^ b));
    core::hint::black_box(difference) == 0
}

/// Length of the IPv4 header, if `datagram` is IPv4 with protocol 51.
fn header_len(datagram: &[u8]) -> Option<usize> {
    let header = datagram.first_chunk::<IPV4_LEN>()?;
    let len = usize::from(header[0] & 0x0f) * 4;
    (header[0] >> 4 == 4 && len >= IPV4_LEN && header[9] == PROTOCOL_AH).then_some(len)
}

/// The integrity check value of an IPv4 datagram with an Authentication Header.
fn icv(datagram: &[u8], key: &[u8; AUTH_LEN]) -> Option<[u8; ICV_LEN]> {
    let at = header_len(datagram)?;
    let mut header = *datagram.first_chunk::<IPV4_LEN>()?;
    let options = datagram.get(IPV4_LEN..at)?;
    let ah = datagram.get(at..at + LEN)?;
    let message = datagram.get(at + LEN..)?;
    header[1] = 0;
    header[6..8].fill(0);
    let multicast = header[16] & 0xf0 == 0xe0;
    if !multicast {
        header[8] = 0;
    }
    header[10..12].fill(0);
    let mut mac = Hmac::<Md5>::new_from_slice(key).ok()?;
    mac.update(&header);
    mac.update(options);
    mac.update(&ah[..LEN - ICV_LEN]);
    mac.update(&[0; ICV_LEN]);
    mac.update(message);
    let digest = mac.finalize().into_bytes();
    digest.first_chunk().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hmac(key: &[u8], data: &[u8]) -> Vec<u8> {
        let mut mac = Hmac::<Md5>::new_from_slice(key).unwrap();
        mac.update(data);
        mac.finalize().into_bytes().to_vec()
    }

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len())
            .step_by(2)
            .map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap())
            .collect()
    }

    #[test]
    fn md5_test_suite_of_rfc_1321() {
        use md5::Digest;
        for (text, digest) in [
            ("", "d41d8cd98f00b204e9800998ecf8427e"),
            ("a", "0cc175b9c0f1b6a831c399e269772661"),
            ("abc", "900150983cd24fb0d6963f7d28e17f72"),
            ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
            (
                "abcdefghijklmnopqrstuvwxyz",
                "c3fcd3d76192e4007dfb496cca67e13b",
            ),
            (
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
                "d174ab98d277d9f5a5611c2c9f419d9f",
            ),
            (
                "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
                "57edf4a22be3c955ac49da2e2107b67a",
            ),
        ] {
            assert_eq!(Md5::digest(text).to_vec(), hex(digest), "{text:?}");
        }
    }

    #[test]
    fn hmac_md5_vectors_of_rfc_2202() {
        for (key, data, digest) in [
            (
                vec![0x0b; 16],
                b"Hi There".to_vec(),
                "9294727a3638bb1c13f48ef8158bfc9d",
            ),
            (
                b"Jefe".to_vec(),
                b"what do ya want for nothing?".to_vec(),
                "750c783e6ab0b503eaa86e310a5db738",
            ),
            (
                vec![0xaa; 16],
                vec![0xdd; 50],
                "56be34521d144c88dbb8c733f0e8b3f6",
            ),
            (
                vec![0xaa; 80],
                b"Test Using Larger Than Block-Size Key - Hash Key First".to_vec(),
                "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd",
            ),
        ] {
            assert_eq!(hmac(&key, &data), hex(digest));
        }
    }
}
