//! What IPVS answers: one entry of a dump, or its timeouts.

use super::message::*;
use super::{Destination, Forward, Key, SVC_HASHED, Service, Tunnel};
use crate::wire::Error;
use crate::wire::netlink::{Attribute, Message};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// One item of a dump.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// A service.
    Service(Service<'a>),
    /// A destination of the service that was asked for.
    Destination(Destination),
    /// A synchronisation daemon that runs.
    Daemon {
        /// The one that sends.
        master: bool,
        /// Interface.
        interface: &'a str,
        /// Sync id.
        id: u8,
    },
    /// Connection timeouts in seconds: tcp, tcpfin, udp.
    Timeouts([u32; 3]),
}

/// Reads one message of a dump; `None`: something else. `v6` is the family of destinations where
/// the kernel (before 3.18) does not say it.
pub fn item<'a>(message: &Message<'a>, family: u16, v6: bool) -> Result<Option<Item<'a>>, Error> {
    if message.kind != family {
        return Ok(None);
    }
    let (_, attributes) = message.fixed::<4>()?;
    let mut timeouts = [None; 3];
    for attribute in attributes {
        let attribute = attribute?;
        return match attribute.kind {
            TIMEOUT_TCP | TIMEOUT_TCP_FIN | TIMEOUT_UDP => {
                let which = usize::from(attribute.kind - TIMEOUT_TCP);
                if let Some(timeout) = timeouts.get_mut(which) {
                    *timeout = Some(attribute.u32()?);
                }
                continue;
            }
            SERVICE => service(&attribute).map(|s| Some(Item::Service(s))),
            DEST => destination(&attribute, v6).map(|d| Some(Item::Destination(d))),
            DAEMON => daemon(&attribute).map(Some),
            _ => continue,
        };
    }
    Ok(match timeouts {
        [Some(tcp), Some(tcpfin), Some(udp)] => Some(Item::Timeouts([tcp, tcpfin, udp])),
        _ => None,
    })
}

fn address(bytes: [u8; 16], v6: bool) -> IpAddr {
    if v6 {
        IpAddr::V6(Ipv6Addr::from(bytes))
    } else {
        let [a, b, c, d, ..] = bytes;
        IpAddr::V4(Ipv4Addr::new(a, b, c, d))
    }
}

fn port(attribute: &Attribute<'_>) -> Result<u16, Error> {
    attribute.array().map(u16::from_be_bytes)
}

fn service<'a>(nest: &Attribute<'a>) -> Result<Service<'a>, Error> {
    let (mut v6, mut protocol, mut bytes, mut at_port) = (false, 0u8, [0; 16], 0);
    let mut mark = 0;
    let mut found = Service {
        key: Key::Mark { mark: 0, v6: false },
        scheduler: "",
        flags: 0,
        timeout: 0,
        netmask: 0,
        engine: None,
    };
    for attribute in nest.nested() {
        let attribute = attribute?;
        match attribute.kind {
            SVC_AF => v6 = attribute.u16()? == AF_INET6,
            SVC_PROTOCOL => protocol = u8::try_from(attribute.u16()?).unwrap_or(0),
            SVC_ADDR => bytes = attribute.array()?,
            SVC_PORT => at_port = port(&attribute)?,
            SVC_FWMARK => mark = attribute.u32()?,
            SVC_SCHED_NAME => found.scheduler = attribute.text(),
            SVC_PE_NAME => found.engine = Some(attribute.text()),
            SVC_FLAGS => {
                let [a, b, c, d, ..] = attribute.array::<8>()?;
                found.flags = u32::from_ne_bytes([a, b, c, d]) & !SVC_HASHED;
            }
            SVC_TIMEOUT => found.timeout = attribute.u32()?,
            SVC_NETMASK => found.netmask = attribute.u32()?,
            _ => {}
        }
    }
    found.key = if mark != 0 {
        Key::Mark { mark, v6 }
    } else {
        Key::Address {
            protocol,
            address: address(bytes, v6),
            port: at_port,
        }
    };
    Ok(found)
}

fn destination(nest: &Attribute<'_>, v6: bool) -> Result<Destination, Error> {
    let (mut v6, mut bytes, mut method) = (v6, [0; 16], 0);
    let mut tunnel = Tunnel {
        kind: 0,
        port: 0,
        flags: 0,
    };
    let mut found = Destination {
        address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        port: 0,
        forward: Forward::Nat,
        weight: 0,
        upper: 0,
        lower: 0,
    };
    for attribute in nest.nested() {
        let attribute = attribute?;
        match attribute.kind {
            DEST_ADDR => bytes = attribute.array()?,
            DEST_PORT => found.port = port(&attribute)?,
            DEST_FWD_METHOD => method = attribute.u32()? & FORWARD_MASK,
            DEST_WEIGHT => found.weight = attribute.array().map(i32::from_ne_bytes)?,
            DEST_U_THRESH => found.upper = attribute.u32()?,
            DEST_L_THRESH => found.lower = attribute.u32()?,
            DEST_ADDR_FAMILY => v6 = attribute.u16()? == AF_INET6,
            DEST_TUN_TYPE => tunnel.kind = attribute.u8()?,
            DEST_TUN_PORT => tunnel.port = port(&attribute)?,
            DEST_TUN_FLAGS => tunnel.flags = attribute.u16()?,
            _ => {}
        }
    }
    found.address = address(bytes, v6);
    found.forward = match method {
        FORWARD_DIRECT => Forward::Direct,
        FORWARD_TUNNEL => Forward::Tunnel(tunnel),
        FORWARD_LOCAL => Forward::Local,
        _ => Forward::Nat,
    };
    Ok(found)
}

fn daemon<'a>(nest: &Attribute<'a>) -> Result<Item<'a>, Error> {
    let (mut master, mut interface, mut id) = (false, "", 0);
    for attribute in nest.nested() {
        let attribute = attribute?;
        match attribute.kind {
            DAEMON_STATE => master = attribute.u32()? == 1,
            DAEMON_MCAST_IFN => interface = attribute.text(),
            DAEMON_SYNC_ID => id = u8::try_from(attribute.u32()?).unwrap_or(0),
            _ => {}
        }
    }
    Ok(Item::Daemon {
        master,
        interface,
        id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::ipvs::{SCTP, SVC_PERSISTENT, TCP};
    use crate::wire::netlink::Messages;

    /// A request is read back as an item: both use the same attributes.
    fn round(what: &Request<'_>) -> Option<Item<'static>> {
        let mut buf = Vec::new();
        request(&mut buf, 0x20, 7, what).unwrap();
        let buf: &'static [u8] = buf.leak();
        let message = Messages::new(buf).next().unwrap().unwrap();
        item(&message, 0x20, false).unwrap()
    }

    const KEY: Key = Key::Address {
        protocol: TCP,
        address: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
        port: 80,
    };

    #[test]
    fn a_service_is_read_as_it_was_written() {
        for key in [
            KEY,
            Key::Mark { mark: 5, v6: true },
            Key::Address {
                protocol: SCTP,
                address: IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)),
                port: 0,
            },
        ] {
            let service = Service {
                key,
                scheduler: "wlc",
                flags: SVC_PERSISTENT,
                timeout: 360,
                netmask: u32::MAX,
                engine: Some("sip"),
            };
            let have = round(&Request::NewService(service));
            assert_eq!(have, Some(Item::Service(service)));
        }
    }

    #[test]
    fn a_destination_is_read_as_it_was_written() {
        let tunnel = Tunnel {
            kind: 1,
            port: 6080,
            flags: 1,
        };
        for forward in [Forward::Nat, Forward::Direct, Forward::Tunnel(tunnel)] {
            let to = Destination {
                address: IpAddr::V6(Ipv6Addr::LOCALHOST),
                port: 8080,
                forward,
                weight: i32::MAX,
                upper: 100,
                lower: 50,
            };
            let mut buf = Vec::new();
            let what = Request::SetDestination(KEY, to);
            request(&mut buf, 0x20, 7, &what).unwrap();
            let message = Messages::new(&buf).next().unwrap().unwrap();
            let (_, mut attributes) = message.fixed::<4>().unwrap();
            let nest = attributes.nth(1).unwrap().unwrap();
            assert_eq!(destination(&nest, false), Ok(to));
        }
    }

    #[test]
    fn timeouts_are_read_as_they_were_written() {
        let have = round(&Request::Timeouts([900, 120, 300]));
        assert_eq!(have, Some(Item::Timeouts([900, 120, 300])));
    }

    #[test]
    fn cut_answers_are_errors() {
        let mut buf = Vec::new();
        let what = Request::NewService(Service {
            key: KEY,
            scheduler: "rr",
            flags: 0,
            timeout: 0,
            netmask: u32::MAX,
            engine: None,
        });
        request(&mut buf, 0x20, 7, &what).unwrap();
        for len in 0..buf.len() {
            let mut cut = buf[..len].to_vec();
            if len >= 4 {
                cut[..4].copy_from_slice(&(len as u32).to_ne_bytes());
            }
            for message in Messages::new(&cut).flatten() {
                let _ = item(&message, 0x20, false);
            }
        }
    }
}
