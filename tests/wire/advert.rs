//! Adverts: captured frames both ways, and every bit that can go wrong.

use crate::{KEEPALIVED, frames};
use core::net::IpAddr;
use holdfast::time::Span;
use holdfast::wire::Error;
use holdfast::wire::vrrp::{
    AUTH_LEN, Auth, ChecksumForm, GROUP4, HEADER_LEN, IPV4_LEN, MAX_IPV4_LEN, Outline, Packet,
    Version, emit, set_ip_id,
};

/// What decides the bytes of an advert, owned.
#[derive(Clone, Debug)]
pub struct Advert {
    pub version: Version,
    pub vrid: u8,
    pub priority: u8,
    pub interval: Span,
    pub addresses: Vec<IpAddr>,
    pub auth: Auth,
    pub source: IpAddr,
    pub destination: IpAddr,
    pub ttl: u8,
    pub checksum: ChecksumForm,
}

impl Advert {
    /// A version 2 advert of 192.0.2.1 to the group.
    pub fn v2(vrid: u8, priority: u8, addresses: &[&str]) -> Advert {
        Advert {
            version: Version::V2,
            vrid,
            priority,
            interval: Span::from_secs(1),
            addresses: addresses.iter().map(|a| a.parse().unwrap()).collect(),
            auth: Auth::None,
            source: "192.0.2.1".parse().unwrap(),
            destination: GROUP4.into(),
            ttl: 255,
            checksum: ChecksumForm::Plain,
        }
    }
    /// A version 3 advert of 192.0.2.1 to the group.
    pub fn v3(vrid: u8, priority: u8, addresses: &[&str], checksum: ChecksumForm) -> Advert {
        Advert {
            version: Version::V3,
            interval: Span::from_millis(500),
            checksum,
            ..Advert::v2(vrid, priority, addresses)
        }
    }
    /// Writes into a buffer full of rubbish.
    pub fn emit(&self) -> Vec<u8> {
        let mut buf = [0xa5; 8192];
        let len = self.emit_into(&mut buf).unwrap();
        assert!(
            buf[len..].iter().all(|b| *b == 0xa5),
            "wrote behind the end"
        );
        buf[..len].to_vec()
    }
    /// Writes into `buf`.
    pub fn emit_into(&self, buf: &mut [u8]) -> Result<usize, Error> {
        let mut outline = Outline {
            version: self.version,
            vrid: self.vrid,
            priority: self.priority,
            interval: self.interval,
            addresses: &mut self.addresses.iter().copied(),
            auth: self.auth,
            source: self.source,
            destination: self.destination,
            ttl: self.ttl,
            checksum: self.checksum,
        };
        emit(&mut outline, buf)
    }
    /// The advert that a packet states.
    pub fn of(packet: &Packet<'_>, version: Version) -> Advert {
        Advert {
            version,
            vrid: packet.vrid(),
            priority: packet.priority(),
            interval: packet.interval(version),
            addresses: packet.addresses().collect(),
            auth: match (version, packet.auth_type()) {
                (Version::V2, 1) => Auth::Pass(packet.auth_data().unwrap()),
                (Version::V2, 2) => Auth::Ah([0; AUTH_LEN]),
                _ => Auth::None,
            },
            source: packet.source,
            destination: packet.destination,
            ttl: packet.ttl,
            checksum: packet.checksum_form(version).expect("a valid checksum"),
        }
    }
}

/// The captured adverts: name, what they should say, the bytes from the IP header on.
fn captured() -> Vec<(&'static str, Advert, Vec<u8>)> {
    let adverts = frames(KEEPALIVED).filter(|(name, _)| name.starts_with("advert"));
    let rows: Vec<_> = adverts
        .map(|(name, frame)| {
            let words: Vec<&str> = name.split(' ').collect();
            let (vrid, priority) = (words[2].parse().unwrap(), words[3].parse().unwrap());
            // 2.2.7 does not know v3_checksum_as_v2.
            let form = if (words[1], vrid) == ("2.4.3", 12) {
                ChecksumForm::Plain
            } else {
                ChecksumForm::Pseudo
            };
            let advert = match vrid {
                10 => Advert {
                    auth: Auth::Pass(*b"sesame12"),
                    ..Advert::v2(vrid, priority, &["192.0.2.100", "192.0.2.101"])
                },
                11 => Advert::v3(vrid, priority, &["192.0.2.110"], form),
                12 => Advert::v3(vrid, priority, &["192.0.2.120"], form),
                13 => Advert {
                    source: "fe80::ff:fe00:a".parse().unwrap(),
                    destination: "ff02::12".parse().unwrap(),
                    ..Advert::v3(vrid, priority, &["fe80::13", "2001:db8::13"], form)
                },
                14 => Advert::v2(vrid, priority, &["192.0.2.140"]),
                _ => panic!("{name}"),
            };
            (name, advert, frame[14..].to_vec())
        })
        .collect();
    assert_eq!(rows.len(), 20);
    rows
}

/// Views a datagram captured from the IP header on, of the family of `like`.
fn parse<'a>(datagram: &'a [u8], like: &Advert) -> Result<Packet<'a>, Error> {
    if like.source.is_ipv6() {
        let word = |at: usize| IpAddr::from(<[u8; 16]>::try_from(&datagram[at..at + 16]).unwrap());
        return Packet::parse_message(word(8), word(24), datagram[7], &datagram[40..]);
    }
    Packet::parse_ipv4(datagram)
}

#[test]
fn our_bytes_are_those_of_keepalived() {
    for (name, advert, mut datagram) in captured() {
        let mut ours = advert.emit();
        if advert.source.is_ipv6() {
            datagram.drain(..40);
        } else {
            // With the IP id of the capture, the header checksum must agree as well.
            assert_eq!(ours[4..6], [0, 0], "{name}: IP id before it is set");
            set_ip_id(&mut ours, u16::from_be_bytes([datagram[4], datagram[5]]));
        }
        assert_eq!(ours, datagram, "{name}");
    }
}

#[test]
fn the_bytes_of_keepalived_say_what_was_configured() {
    for (name, advert, datagram) in captured() {
        let packet = parse(&datagram, &advert).unwrap();
        assert_eq!(
            packet.version(),
            if advert.version == Version::V2 { 2 } else { 3 },
            "{name}"
        );
        assert_eq!(packet.kind(), 1, "{name}");
        assert_eq!(packet.vrid(), advert.vrid, "{name}");
        assert_eq!(packet.priority(), advert.priority, "{name}");
        assert_eq!(
            usize::from(packet.count()),
            advert.addresses.len(),
            "{name}"
        );
        assert_eq!(
            packet.addresses().collect::<Vec<_>>(),
            advert.addresses,
            "{name}"
        );
        assert_eq!(packet.interval(advert.version), advert.interval, "{name}");
        assert_eq!(
            packet.checksum_form(advert.version),
            Some(advert.checksum),
            "{name}"
        );
        assert_eq!(
            packet.expected_len(advert.version),
            packet.message.len(),
            "{name}"
        );
        assert_eq!(
            (packet.source, packet.destination),
            (advert.source, advert.destination)
        );
        assert_eq!(packet.ttl, 255, "{name}");
        assert_eq!(packet.ah, None, "{name}");
        if advert.source.is_ipv4() {
            assert_eq!(packet.total_length, datagram.len(), "{name}");
        }
        if advert.version == Version::V2 {
            let (kind, data) = match advert.auth {
                Auth::Pass(data) => (1, data),
                _ => (0, [0; AUTH_LEN]),
            };
            assert_eq!(
                (packet.auth_type(), packet.auth_data()),
                (kind, Some(data)),
                "{name}"
            );
        }
    }
}

#[test]
fn what_was_read_can_be_written_again() {
    for (name, advert, datagram) in captured() {
        let again = Advert::of(&parse(&datagram, &advert).unwrap(), advert.version).emit();
        assert_eq!(again, advert.emit(), "{name}");
    }
}

#[test]
fn no_flipped_bit_goes_unnoticed() {
    for (name, advert, datagram) in captured() {
        let version = advert.version;
        let header = if advert.source.is_ipv6() {
            40
        } else {
            IPV4_LEN
        };
        for bit in 0..datagram.len() * 8 {
            let mut flipped = datagram.clone();
            flipped[bit / 8] ^= 0x80 >> (bit % 8);
            let valid = parse(&flipped, &advert).is_ok_and(|p| p.checksum_form(version).is_some());
            // The VRRP checksum covers the message and, with a pseudo-header, both addresses.
            let addresses = if header == 40 { 8..40 } else { 12..20 };
            let pseudo = advert.checksum == ChecksumForm::Pseudo && version == Version::V3;
            if bit / 8 >= header || (pseudo && addresses.contains(&(bit / 8))) {
                assert!(!valid, "{name}: bit {bit}");
            }
        }
    }
}

#[test]
fn truncation_at_every_length_is_noticed() {
    for (name, advert, datagram) in captured() {
        let header = if advert.source.is_ipv6() {
            40
        } else {
            IPV4_LEN
        };
        let from = if header == 40 { 40 } else { 0 };
        for len in from..datagram.len() {
            let cut = &datagram[..len];
            match parse(cut, &advert) {
                Err(why) => {
                    assert_eq!(why, Error::Truncated, "{name}: {len}");
                    assert!(len < header + HEADER_LEN, "{name}: {len}");
                }
                Ok(packet) => {
                    assert!(len >= header + HEADER_LEN, "{name}: {len}");
                    assert_eq!(packet.checksum_form(advert.version), None, "{name}: {len}");
                    assert!(packet.expected_len(advert.version) > packet.message.len());
                    assert_eq!(packet.auth_data(), None, "{name}: {len}");
                    let listed: Vec<_> = packet.addresses().collect();
                    assert!(advert.addresses.starts_with(&listed), "{name}: {len}");
                }
            }
        }
    }
}

#[test]
fn a_short_buffer_is_an_error_and_not_a_panic() {
    for (name, advert, _) in captured() {
        let full = advert.emit();
        for len in 0..full.len() {
            assert_eq!(
                advert.emit_into(&mut vec![0xa5; len]),
                Err(Error::Truncated),
                "{name}"
            );
        }
        let mut exact = vec![0xa5; full.len()];
        assert_eq!(advert.emit_into(&mut exact), Ok(full.len()));
        assert_eq!(exact, full);
    }
    let longest = Advert {
        auth: Auth::Ah(*b"12345678"),
        addresses: vec!["192.0.2.9".parse().unwrap(); 255],
        ..Advert::v2(1, 100, &[])
    };
    assert_eq!(longest.emit().len(), MAX_IPV4_LEN);
}
