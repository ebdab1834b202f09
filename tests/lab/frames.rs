//! Ethernet frames as the tests read and forge them. Written from the RFCs and apart from the
//! daemon's own `wire`, so that a mistake there cannot hide here.

use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

/// The VRRP group's Ethernet address (RFC 1112 §6.4).
pub const GROUP_MAC: [u8; 6] = [0x01, 0x00, 0x5e, 0x00, 0x00, 0x12];
/// 224.0.0.18
pub const GROUP: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 18);
/// Ethernet header.
pub const ETH: usize = 14;

/// A frame on some interface.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Kernel's stamp, CLOCK_REALTIME.
    pub at: Duration,
    /// Sent by the machine the capture runs on.
    pub outgoing: bool,
    /// From the destination address on.
    pub bytes: Vec<u8>,
}

/// An IPv4 advertisement, readable however wrong it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advert {
    pub at: Duration,
    pub outgoing: bool,
    pub source: Ipv4Addr,
    pub destination: Ipv4Addr,
    pub ttl: u8,
    pub ip_id: u16,
    /// AH: sequence number.
    pub sequence: Option<u32>,
    pub version: u8,
    pub vrid: u8,
    pub priority: u8,
    pub count: u8,
    /// The whole VRRP message.
    pub message: Vec<u8>,
}

impl Frame {
    /// EtherType.
    pub fn kind(&self) -> u16 {
        u16::from_be_bytes([self.bytes[12], self.bytes[13]])
    }

    /// The advertisement in this frame, if it is one.
    pub fn advert(&self) -> Option<Advert> {
        let ip = self.bytes.get(ETH..)?;
        if self.kind() != 0x0800 || ip.len() < 28 || ip[0] != 0x45 {
            return None;
        }
        let total = usize::from(u16::from_be_bytes([ip[2], ip[3]])).min(ip.len());
        let (sequence, message) = match ip[9] {
            112 => (None, ip.get(20..total)?),
            51 if ip[20] == 112 && total >= 52 => (
                Some(u32::from_be_bytes([ip[28], ip[29], ip[30], ip[31]])),
                ip.get(44..total)?,
            ),
            _ => return None,
        };
        if message.len() < 8 {
            return None;
        }
        Some(Advert {
            at: self.at,
            outgoing: self.outgoing,
            source: Ipv4Addr::new(ip[12], ip[13], ip[14], ip[15]),
            destination: Ipv4Addr::new(ip[16], ip[17], ip[18], ip[19]),
            ttl: ip[8],
            ip_id: u16::from_be_bytes([ip[4], ip[5]]),
            sequence,
            version: message[0] >> 4,
            vrid: message[1],
            priority: message[2],
            count: message[3],
            message: message.to_vec(),
        })
    }

    /// The address a gratuitous ARP announces.
    pub fn garp(&self) -> Option<Ipv4Addr> {
        let arp = self.bytes.get(ETH..ETH + 28)?;
        let gratuitous = self.kind() == 0x0806 && arp[14..18] == arp[24..28];
        gratuitous.then(|| Ipv4Addr::new(arp[14], arp[15], arp[16], arp[17]))
    }
}

/// An IPv6 advertisement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advert6 {
    pub at: Duration,
    pub outgoing: bool,
    pub source: Ipv6Addr,
    pub destination: Ipv6Addr,
    pub hops: u8,
    pub traffic_class: u8,
    pub vrid: u8,
    pub priority: u8,
    /// The whole VRRP message.
    pub message: Vec<u8>,
}

impl Frame {
    /// The IPv6 advertisement in this frame, if it is one.
    pub fn advert6(&self) -> Option<Advert6> {
        let ip = self.bytes.get(ETH..)?;
        if self.kind() != 0x86dd || ip.len() < 48 || ip[6] != 112 {
            return None;
        }
        let length = usize::from(u16::from_be_bytes([ip[4], ip[5]]));
        let message = ip.get(40..40 + length).filter(|m| m.len() >= 8)?;
        Some(Advert6 {
            at: self.at,
            outgoing: self.outgoing,
            source: address6(&ip[8..24]),
            destination: address6(&ip[24..40]),
            hops: ip[7],
            traffic_class: ip[0] << 4 | ip[1] >> 4,
            vrid: message[1],
            priority: message[2],
            message: message.to_vec(),
        })
    }

    /// The target of an unsolicited neighbour advertisement.
    pub fn unsolicited_na(&self) -> Option<Ipv6Addr> {
        let ip = self.bytes.get(ETH..)?;
        let is = self.kind() == 0x86dd && ip.len() >= 64 && ip[6] == 58 && ip[40] == 136;
        (is && ip[44] & 0x40 == 0).then(|| address6(&ip[48..64]))
    }
}

impl Advert6 {
    /// Whether the checksum is right (RFC 8200 §8.1).
    pub fn is_sound(&self) -> bool {
        checksum6(self.source, self.destination, 112, &self.message) == 0
    }
}

fn address6(bytes: &[u8]) -> Ipv6Addr {
    Ipv6Addr::from(<[u8; 16]>::try_from(bytes).expect("sixteen bytes"))
}

/// The checksum of a message over IPv6 with its pseudo-header.
pub fn checksum6(from: Ipv6Addr, to: Ipv6Addr, protocol: u8, message: &[u8]) -> u16 {
    let mut bytes = [from.octets(), to.octets()].concat();
    bytes.extend((message.len() as u32).to_be_bytes());
    bytes.extend([0, 0, 0, protocol]);
    bytes.extend(message);
    checksum(&bytes)
}

/// RFC 1071.
pub fn checksum(bytes: &[u8]) -> u16 {
    let mut sum = 0u32;
    for pair in bytes.chunks(2) {
        sum += u32::from(u16::from_be_bytes([
            pair[0],
            pair.get(1).copied().unwrap_or(0),
        ]));
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

/// HMAC-MD5-96 over a datagram with an Authentication Header (RFC 2402 §3.3.3, RFC 2403), the TTL
/// of multicast counted in as keepalived does.
pub fn icv(datagram: &[u8], key: &[u8; 8]) -> [u8; 12] {
    let mut bytes = datagram.to_vec();
    bytes[1] = 0;
    bytes[6..8].fill(0);
    bytes[10..12].fill(0);
    bytes[32..44].fill(0);
    let mut mac = Hmac::<Md5>::new_from_slice(key).expect("any key length");
    mac.update(&bytes);
    mac.finalize().into_bytes()[..12]
        .try_into()
        .expect("twelve of sixteen")
}

/// The Authentication Header to forge.
#[derive(Clone, Copy, Debug)]
pub struct ForgeAh {
    pub key: [u8; 8],
    pub sequence: u32,
    /// `None`: the source address, as keepalived has it.
    pub spi: Option<u32>,
}

/// An advertisement to forge. Public fields are set to whatever is to be wrong.
#[derive(Clone, Debug)]
pub struct Forge {
    pub source_mac: [u8; 6],
    pub source: Ipv4Addr,
    pub destination: Ipv4Addr,
    pub ttl: u8,
    pub version: u8,
    pub kind: u8,
    pub vrid: u8,
    pub priority: u8,
    /// Address count as stated; `None`: as many as there are.
    pub count: Option<u8>,
    pub auth_type: u8,
    /// v2: seconds. v3: centiseconds, with the four reserved bits on top.
    pub interval: u16,
    pub addresses: Vec<Ipv4Addr>,
    /// v2: the eight bytes at the end.
    pub auth_data: [u8; 8],
    /// v3: checksum with the IPv4 pseudo-header, as keepalived sends it.
    pub pseudo: bool,
    /// Exclusive-ored into the finished checksum.
    pub checksum_flip: u16,
    /// Bits flipped after the checksum was made: (offset in the message, mask).
    pub flips: Vec<(usize, u8)>,
    /// The message is cut to so many bytes, the IP total length with it.
    pub cut: Option<usize>,
    /// So many bytes are added, the IP total length with them.
    pub surplus: usize,
    /// So many bytes follow the IP datagram, as Ethernet pads short frames.
    pub padding: usize,
    /// Sent behind an Authentication Header.
    pub ah: Option<ForgeAh>,
}

impl Forge {
    /// A sound v2 advert with one address and interval 1 s.
    pub fn v2(vrid: u8, priority: u8, addresses: &[Ipv4Addr]) -> Forge {
        Forge {
            source_mac: [0x02, 0, 0, 0, 0, 0xf0],
            source: Ipv4Addr::new(192, 0, 2, 240),
            destination: GROUP,
            ttl: 255,
            version: 2,
            kind: 1,
            vrid,
            priority,
            count: None,
            auth_type: 0,
            interval: 1,
            addresses: addresses.to_vec(),
            auth_data: [0; 8],
            pseudo: false,
            checksum_flip: 0,
            flips: Vec::new(),
            cut: None,
            surplus: 0,
            padding: 0,
            ah: None,
        }
    }

    /// A sound v3 advert with the checksum keepalived sends.
    pub fn v3(vrid: u8, priority: u8, centis: u16, addresses: &[Ipv4Addr]) -> Forge {
        Forge {
            version: 3,
            interval: centis,
            pseudo: true,
            ..Forge::v2(vrid, priority, addresses)
        }
    }

    /// The VRRP message.
    fn message(&self) -> Vec<u8> {
        let count = self.count.unwrap_or(self.addresses.len() as u8);
        let mut m = vec![
            self.version << 4 | self.kind,
            self.vrid,
            self.priority,
            count,
        ];
        if self.version == 3 {
            m.extend(self.interval.to_be_bytes());
        } else {
            m.extend([self.auth_type, self.interval as u8]);
        }
        m.extend([0, 0]);
        for address in &self.addresses {
            m.extend(address.octets());
        }
        if self.version != 3 {
            m.extend(self.auth_data);
        }
        let mut covered = Vec::new();
        if self.version == 3 && self.pseudo {
            covered.extend(self.source.octets());
            covered.extend(self.destination.octets());
            covered.extend([0, 112]);
            covered.extend((m.len() as u16).to_be_bytes());
        }
        covered.extend(&m);
        let sum = checksum(&covered) ^ self.checksum_flip;
        m[6..8].copy_from_slice(&sum.to_be_bytes());
        for &(offset, mask) in &self.flips {
            m[offset] ^= mask;
        }
        if let Some(cut) = self.cut {
            m.truncate(cut);
        }
        m.resize(m.len() + self.surplus, 0);
        m
    }

    /// The whole Ethernet frame.
    pub fn frame(&self) -> Vec<u8> {
        let message = self.message();
        let (protocol, between) = if self.ah.is_some() {
            (51, 24)
        } else {
            (112, 0)
        };
        let mut ip = vec![0x45, 0xc0];
        ip.extend((20 + between + message.len() as u16).to_be_bytes());
        ip.extend([0, 1, 0, 0, self.ttl, protocol, 0, 0]);
        ip.extend(self.source.octets());
        ip.extend(self.destination.octets());
        let sum = checksum(&ip).to_be_bytes();
        ip[10..12].copy_from_slice(&sum);
        if let Some(ah) = &self.ah {
            ip.extend([112, 4, 0, 0]);
            ip.extend(ah.spi.unwrap_or(u32::from(self.source)).to_be_bytes());
            ip.extend(ah.sequence.to_be_bytes());
            ip.extend([0; 12]);
        }
        ip.extend(message);
        if let Some(ah) = &self.ah {
            let icv = icv(&ip, &ah.key);
            ip[32..44].copy_from_slice(&icv);
        }
        let [_, b, c, d] = self.destination.octets();
        let mut frame = vec![0x01, 0x00, 0x5e, b & 0x7f, c, d];
        frame.extend(self.source_mac);
        frame.extend([0x08, 0x00]);
        frame.extend(ip);
        frame.resize(frame.len() + self.padding, 0);
        frame
    }

    /// The frame, sent to one station instead of the group's Ethernet address.
    pub fn frame_to(&self, station: [u8; 6]) -> Vec<u8> {
        let mut frame = self.frame();
        frame[..6].copy_from_slice(&station);
        frame
    }
}

/// Bytes of a hexadecimal string.
pub fn hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2)
        .map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).expect("hexadecimal"))
        .collect()
}
