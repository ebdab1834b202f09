//! Requests to IPVS: generic netlink (linux/genetlink.h, linux/ip_vs.h).
//!
//! The family's number is the kernel's choice and is asked for first. Every request wants an
//! acknowledgement; several may leave in one send.

use super::{Destination, Forward, Key, Service};
use crate::wire::Error;
use crate::wire::netlink::{self, Builder, Message, NLM_F_ACK, NLM_F_REQUEST};
use core::net::IpAddr;

/// `GENL_ID_CTRL`
pub const CONTROL_FAMILY: u16 = 0x10;
const CTRL_CMD_GETFAMILY: u8 = 3;
const CTRL_ATTR_FAMILY_ID: u16 = 1;
const CTRL_ATTR_FAMILY_NAME: u16 = 2;
/// `IPVS_CMD_GET_CONFIG`
const GET_CONFIG: u8 = 13;
/// `IPVS_GENL_VERSION`
const VERSION: u8 = 1;
pub(super) const AF_INET: u16 = 2;
pub(super) const AF_INET6: u16 = 10;

pub(super) const SERVICE: u16 = 1;
pub(super) const DEST: u16 = 2;
pub(super) const DAEMON: u16 = 3;
pub(super) const TIMEOUT_TCP: u16 = 4;
pub(super) const TIMEOUT_TCP_FIN: u16 = 5;
pub(super) const TIMEOUT_UDP: u16 = 6;

pub(super) const SVC_AF: u16 = 1;
pub(super) const SVC_PROTOCOL: u16 = 2;
pub(super) const SVC_ADDR: u16 = 3;
pub(super) const SVC_PORT: u16 = 4;
pub(super) const SVC_FWMARK: u16 = 5;
pub(super) const SVC_SCHED_NAME: u16 = 6;
pub(super) const SVC_FLAGS: u16 = 7;
pub(super) const SVC_TIMEOUT: u16 = 8;
pub(super) const SVC_NETMASK: u16 = 9;
pub(super) const SVC_PE_NAME: u16 = 11;

pub(super) const DEST_ADDR: u16 = 1;
pub(super) const DEST_PORT: u16 = 2;
pub(super) const DEST_FWD_METHOD: u16 = 3;
pub(super) const DEST_WEIGHT: u16 = 4;
pub(super) const DEST_U_THRESH: u16 = 5;
pub(super) const DEST_L_THRESH: u16 = 6;
pub(super) const DEST_ADDR_FAMILY: u16 = 11;
pub(super) const DEST_TUN_TYPE: u16 = 13;
pub(super) const DEST_TUN_PORT: u16 = 14;
pub(super) const DEST_TUN_FLAGS: u16 = 15;

pub(super) const DAEMON_STATE: u16 = 1;
pub(super) const DAEMON_MCAST_IFN: u16 = 2;
pub(super) const DAEMON_SYNC_ID: u16 = 3;
pub(super) const DAEMON_SYNC_MAXLEN: u16 = 4;
pub(super) const DAEMON_MCAST_GROUP: u16 = 5;
pub(super) const DAEMON_MCAST_GROUP6: u16 = 6;
pub(super) const DAEMON_MCAST_PORT: u16 = 7;
pub(super) const DAEMON_MCAST_TTL: u16 = 8;

/// `IP_VS_CONN_F_FWD_MASK`
pub(super) const FORWARD_MASK: u32 = 7;
pub(super) const FORWARD_LOCAL: u32 = 1;
pub(super) const FORWARD_TUNNEL: u32 = 2;
pub(super) const FORWARD_DIRECT: u32 = 3;

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

/// Appends the request for the timeouts: [`super::Item::Timeouts`], then an acknowledgement.
pub fn ask_timeouts(buf: &mut Vec<u8>, family: u16, sequence: u32) -> Result<usize, Error> {
    let flags = NLM_F_REQUEST | NLM_F_ACK;
    let mut message = Builder::begin(buf, family, flags, sequence);
    message.bytes(&[GET_CONFIG, VERSION, 0, 0]);
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
