//! Requests to IPVS and its answers: generic netlink (linux/genetlink.h, linux/ip_vs.h).
//!
//! The family's number is the kernel's choice and is asked for first. Every request wants an
//! acknowledgement; several may leave in one send.

use super::{Destination, Forward, Key, Service, Tunnel};
use crate::wire::Error;
use crate::wire::netlink::{self, Attribute, Builder, Message, NLM_F_ACK, NLM_F_REQUEST};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// `GENL_ID_CTRL`
pub const CONTROL_FAMILY: u16 = 0x10;
const CTRL_CMD_GETFAMILY: u8 = 3;
const CTRL_ATTR_FAMILY_ID: u16 = 1;
const CTRL_ATTR_FAMILY_NAME: u16 = 2;
/// `IPVS_GENL_VERSION`
const VERSION: u8 = 1;
const AF_INET: u16 = 2;
const AF_INET6: u16 = 10;

const SERVICE: u16 = 1;
const DEST: u16 = 2;
const DAEMON: u16 = 3;
const TIMEOUT_TCP: u16 = 4;
const TIMEOUT_TCP_FIN: u16 = 5;
const TIMEOUT_UDP: u16 = 6;

const SVC_AF: u16 = 1;
const SVC_PROTOCOL: u16 = 2;
const SVC_ADDR: u16 = 3;
const SVC_PORT: u16 = 4;
const SVC_FWMARK: u16 = 5;
const SVC_SCHED_NAME: u16 = 6;
const SVC_FLAGS: u16 = 7;
const SVC_TIMEOUT: u16 = 8;
const SVC_NETMASK: u16 = 9;
const SVC_PE_NAME: u16 = 11;

const DEST_ADDR: u16 = 1;
const DEST_PORT: u16 = 2;
const DEST_FWD_METHOD: u16 = 3;
const DEST_WEIGHT: u16 = 4;
const DEST_U_THRESH: u16 = 5;
const DEST_L_THRESH: u16 = 6;
const DEST_ADDR_FAMILY: u16 = 11;
const DEST_TUN_TYPE: u16 = 13;
const DEST_TUN_PORT: u16 = 14;
const DEST_TUN_FLAGS: u16 = 15;

const DAEMON_STATE: u16 = 1;
const DAEMON_MCAST_IFN: u16 = 2;
const DAEMON_SYNC_ID: u16 = 3;
const DAEMON_SYNC_MAXLEN: u16 = 4;
const DAEMON_MCAST_GROUP: u16 = 5;
const DAEMON_MCAST_GROUP6: u16 = 6;
const DAEMON_MCAST_PORT: u16 = 7;
const DAEMON_MCAST_TTL: u16 = 8;

/// `IP_VS_CONN_F_FWD_MASK`
const FORWARD_MASK: u32 = 7;
const FORWARD_LOCAL: u32 = 1;
const FORWARD_TUNNEL: u32 = 2;
const FORWARD_DIRECT: u32 = 3;

/// What is asked of IPVS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request<'a> {
    /// Add a service; EEXIST if its key is there.
    NewService(Service<'a>),
    /// Change a service; ESRCH if it is not there.
    SetService(Service<'a>),
    /// Delete a service and its destinations.
    DelService(Key),
    /// Add a destination.
    NewDestination(Key, Destination),
    /// Change a destination.
    SetDestination(Key, Destination),
    /// Delete a destination.
    DelDestination(Key, Destination),
    /// Start a synchronisation daemon.
    NewDaemon(Daemon<'a>),
    /// Stop one: only its state matters.
    DelDaemon(Daemon<'a>),
    /// Connection timeouts in seconds: tcp, tcpfin, udp; 0: unchanged.
    Timeouts([u32; 3]),
    /// Empty the table.
    Flush,
}

/// A synchronisation daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Daemon<'a> {
    /// The one that sends (`IP_VS_STATE_MASTER`), or the one that listens.
    pub master: bool,
    /// Interface.
    pub interface: &'a str,
    /// Sync id.
    pub id: u8,
    /// Largest message, 0: the kernel's default. This and what follows: Linux 4.3.
    pub maxlen: u16,
    /// Multicast group.
    pub group: Option<IpAddr>,
    /// UDP port, 0: the kernel's default.
    pub port: u16,
    /// TTL, 0: the kernel's default.
    pub ttl: u8,
}

impl Request<'_> {
    /// `IPVS_CMD_*`
    fn command(&self) -> u8 {
        match self {
            Request::NewService(_) => 1,
            Request::SetService(_) => 2,
            Request::DelService(_) => 3,
            Request::NewDestination(..) => 5,
            Request::SetDestination(..) => 6,
            Request::DelDestination(..) => 7,
            Request::NewDaemon(_) => 9,
            Request::DelDaemon(_) => 10,
            Request::Timeouts(_) => 12,
            Request::Flush => 17,
        }
    }
}

/// Appends the request for the number of family `name` (`IPVS`).
pub fn find_family(buf: &mut Vec<u8>, sequence: u32, name: &str) -> Result<usize, Error> {
    let flags = NLM_F_REQUEST | NLM_F_ACK;
    let mut message = Builder::begin(buf, CONTROL_FAMILY, flags, sequence);
    message.bytes(&[CTRL_CMD_GETFAMILY, 1, 0, 0]);
    message.attr_text(CTRL_ATTR_FAMILY_NAME, name);
    message.end()
}

/// The number in an answer to [`find_family`].
pub fn family(message: &Message<'_>) -> Result<Option<u16>, Error> {
    if message.kind != CONTROL_FAMILY {
        return Ok(None);
    }
    let (_, attributes) = message.fixed::<4>()?;
    for attribute in attributes {
        let attribute = attribute?;
        if attribute.kind == CTRL_ATTR_FAMILY_ID {
            return attribute.u16().map(Some);
        }
    }
    Ok(None)
}

/// Appends a request.
pub fn request(
    buf: &mut Vec<u8>,
    family: u16,
    sequence: u32,
    what: &Request<'_>,
) -> Result<usize, Error> {
    let flags = NLM_F_REQUEST | NLM_F_ACK;
    let mut message = Builder::begin(buf, family, flags, sequence);
    message.bytes(&[what.command(), VERSION, 0, 0]);
    match what {
        Request::NewService(service) | Request::SetService(service) => {
            put_service(&mut message, service);
        }
        Request::DelService(key) => put_key(&mut message, *key),
        Request::NewDestination(key, to) | Request::SetDestination(key, to) => {
            put_key(&mut message, *key);
            put_destination(&mut message, to, true);
        }
        Request::DelDestination(key, to) => {
            put_key(&mut message, *key);
            put_destination(&mut message, to, false);
        }
        Request::NewDaemon(daemon) => put_daemon(&mut message, daemon, true),
        Request::DelDaemon(daemon) => put_daemon(&mut message, daemon, false),
        Request::Timeouts([tcp, tcpfin, udp]) => {
            message.attr_u32(TIMEOUT_TCP, *tcp);
            message.attr_u32(TIMEOUT_TCP_FIN, *tcpfin);
            message.attr_u32(TIMEOUT_UDP, *udp);
        }
        Request::Flush => {}
    }
    message.end()
}

/// Appends the request for all services.
pub fn dump_services(buf: &mut Vec<u8>, family: u16, sequence: u32) -> Result<usize, Error> {
    dump(buf, family, sequence, 4, None)
}

/// Appends the request for all destinations of a service.
pub fn dump_destinations(
    buf: &mut Vec<u8>,
    family: u16,
    sequence: u32,
    key: Key,
) -> Result<usize, Error> {
    dump(buf, family, sequence, 8, Some(key))
}

/// Appends the request for the running synchronisation daemons.
pub fn dump_daemons(buf: &mut Vec<u8>, family: u16, sequence: u32) -> Result<usize, Error> {
    dump(buf, family, sequence, 11, None)
}

fn dump(
    buf: &mut Vec<u8>,
    family: u16,
    sequence: u32,
    command: u8,
    key: Option<Key>,
) -> Result<usize, Error> {
    let flags = NLM_F_REQUEST | netlink::NLM_F_DUMP;
    let mut message = Builder::begin(buf, family, flags, sequence);
    message.bytes(&[command, VERSION, 0, 0]);
    if let Some(key) = key {
        put_key(&mut message, key);
    }
    message.end()
}

fn family_of(address: IpAddr) -> u16 {
    if address.is_ipv4() { AF_INET } else { AF_INET6 }
}

/// `union nf_inet_addr`: 16 bytes whatever the family.
fn put_address(message: &mut Builder<'_>, kind: u16, address: IpAddr) {
    let mut bytes = [0; 16];
    match address {
        IpAddr::V4(v4) => bytes[..4].copy_from_slice(&v4.octets()),
        IpAddr::V6(v6) => bytes = v6.octets(),
    }
    message.attr(kind, &bytes);
}

fn put_selector(message: &mut Builder<'_>, key: Key) {
    match key {
        Key::Address {
            protocol,
            address,
            port,
        } => {
            message.attr_u16(SVC_AF, family_of(address));
            message.attr_u16(SVC_PROTOCOL, protocol.into());
            put_address(message, SVC_ADDR, address);
            message.attr(SVC_PORT, &port.to_be_bytes());
        }
        Key::Mark { mark, v6 } => {
            message.attr_u16(SVC_AF, if v6 { AF_INET6 } else { AF_INET });
            message.attr_u32(SVC_FWMARK, mark);
        }
    }
}

fn put_key(message: &mut Builder<'_>, key: Key) {
    let nest = message.begin_nest(SERVICE);
    put_selector(message, key);
    message.end_nest(nest);
}

fn put_service(message: &mut Builder<'_>, service: &Service<'_>) {
    let nest = message.begin_nest(SERVICE);
    put_selector(message, service.key);
    message.attr_text(SVC_SCHED_NAME, service.scheduler);
    if let Some(engine) = service.engine {
        message.attr_text(SVC_PE_NAME, engine);
    }
    // struct ip_vs_flags: the flags, and which of them are meant.
    let mut flags = [0xff; 8];
    flags[..4].copy_from_slice(&service.flags.to_ne_bytes());
    message.attr(SVC_FLAGS, &flags);
    message.attr_u32(SVC_TIMEOUT, service.timeout);
    message.attr_u32(SVC_NETMASK, service.netmask);
    message.end_nest(nest);
}

fn put_destination(message: &mut Builder<'_>, to: &Destination, whole: bool) {
    let nest = message.begin_nest(DEST);
    // Linux 3.18 and later; before that it is the service's.
    message.attr_u16(DEST_ADDR_FAMILY, family_of(to.address));
    put_address(message, DEST_ADDR, to.address);
    message.attr(DEST_PORT, &to.port.to_be_bytes());
    if whole {
        let method = match to.forward {
            Forward::Nat => 0,
            Forward::Direct => FORWARD_DIRECT,
            Forward::Tunnel(_) => FORWARD_TUNNEL,
            Forward::Local => FORWARD_LOCAL,
        };
        message.attr_u32(DEST_FWD_METHOD, method);
        message.attr(DEST_WEIGHT, &to.weight.to_ne_bytes());
        message.attr_u32(DEST_U_THRESH, to.upper);
        message.attr_u32(DEST_L_THRESH, to.lower);
        if let Forward::Tunnel(tunnel) = to.forward {
            message.attr_u8(DEST_TUN_TYPE, tunnel.kind);
            message.attr(DEST_TUN_PORT, &tunnel.port.to_be_bytes());
            message.attr_u16(DEST_TUN_FLAGS, tunnel.flags);
        }
    }
    message.end_nest(nest);
}

fn put_daemon(message: &mut Builder<'_>, daemon: &Daemon<'_>, whole: bool) {
    let nest = message.begin_nest(DAEMON);
    message.attr_u32(DAEMON_STATE, if daemon.master { 1 } else { 2 });
    if whole {
        message.attr_text(DAEMON_MCAST_IFN, daemon.interface);
        message.attr_u32(DAEMON_SYNC_ID, daemon.id.into());
        if daemon.maxlen != 0 {
            message.attr_u16(DAEMON_SYNC_MAXLEN, daemon.maxlen);
        }
        match daemon.group {
            Some(IpAddr::V4(group)) => message.attr(DAEMON_MCAST_GROUP, &group.octets()),
            Some(IpAddr::V6(group)) => message.attr(DAEMON_MCAST_GROUP6, &group.octets()),
            None => {}
        }
        if daemon.port != 0 {
            message.attr_u16(DAEMON_MCAST_PORT, daemon.port);
        }
        if daemon.ttl != 0 {
            message.attr_u8(DAEMON_MCAST_TTL, daemon.ttl);
        }
    }
    message.end_nest(nest);
}

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
}

/// Reads one message of a dump; `None`: something else. `v6` is the family of destinations where
/// the kernel (before 3.18) does not say it.
pub fn item<'a>(message: &Message<'a>, family: u16, v6: bool) -> Result<Option<Item<'a>>, Error> {
    if message.kind != family {
        return Ok(None);
    }
    let (_, attributes) = message.fixed::<4>()?;
    for attribute in attributes {
        let attribute = attribute?;
        return match attribute.kind {
            SERVICE => service(&attribute).map(|s| Some(Item::Service(s))),
            DEST => destination(&attribute, v6).map(|d| Some(Item::Destination(d))),
            DAEMON => daemon(&attribute).map(Some),
            _ => continue,
        };
    }
    Ok(None)
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
                found.flags = u32::from_ne_bytes([a, b, c, d]) & !super::SVC_HASHED;
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
    use crate::wire::ipvs::{SVC_PERSISTENT, TCP};
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
                protocol: super::super::SCTP,
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
