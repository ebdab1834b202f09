//! The table of IPVS: services and destinations as the kernel knows them (linux/ip_vs.h).

mod item;
mod message;

pub use item::*;
pub use message::*;

use core::net::IpAddr;

/// IPPROTO_TCP.
pub const TCP: u8 = 6;
/// IPPROTO_UDP.
pub const UDP: u8 = 17;
/// IPPROTO_SCTP.
pub const SCTP: u8 = 132;

/// `IP_VS_SVC_F_PERSISTENT`: a client stays with its server.
pub const SVC_PERSISTENT: u32 = 0x0001;
/// `IP_VS_SVC_F_HASHED`: set by the kernel.
pub const SVC_HASHED: u32 = 0x0002;
/// `IP_VS_SVC_F_ONEPACKET`: every packet is scheduled (`ops`).
pub const SVC_ONE_PACKET: u32 = 0x0004;
/// `IP_VS_SVC_F_SCHED1`: `flag-1`, `sh-fallback`, `mh-fallback`.
pub const SVC_SCHED1: u32 = 0x0008;
/// `IP_VS_SVC_F_SCHED2`: `flag-2`, `sh-port`, `mh-port`.
pub const SVC_SCHED2: u32 = 0x0010;
/// `IP_VS_SVC_F_SCHED3`: `flag-3`.
pub const SVC_SCHED3: u32 = 0x0020;

/// What tells one service from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// By address, port (0: all) and protocol.
    Address {
        /// `IPPROTO_*`.
        protocol: u8,
        /// The virtual address.
        address: IpAddr,
        /// Port, host byte order.
        port: u16,
    },
    /// By firewall mark.
    Mark {
        /// The mark, not 0.
        mark: u32,
        /// Of IPv6 packets.
        v6: bool,
    },
}

/// A service, without its destinations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Service<'a> {
    /// Which one.
    pub key: Key,
    /// `rr`, `wlc`, …; at most 15 bytes.
    pub scheduler: &'a str,
    /// `SVC_*` without `SVC_HASHED`.
    pub flags: u32,
    /// Persistence, seconds; 0 without `SVC_PERSISTENT`.
    pub timeout: u32,
    /// Persistence granularity: IPv4 a mask in network byte order (`u32::MAX`: one address), IPv6 a
    /// prefix length (128).
    pub netmask: u32,
    /// Persistence engine, `sip`.
    pub engine: Option<&'a str>,
}

/// How packets reach a destination (`IP_VS_CONN_F_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Forward {
    /// Translated, NAT (0).
    Nat,
    /// By its hardware address, DR (3).
    Direct,
    /// Tunnelled, TUN (2).
    Tunnel(Tunnel),
    /// Not at all: the address is the kernel's own (1). Only in answers: it is what the kernel makes
    /// of any other way.
    Local,
}

/// The tunnel of a destination (Linux 5.3; before that only IPIP).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tunnel {
    /// `IP_VS_CONN_F_TUNNEL_TYPE_*`: 0 ipip, 1 gue, 2 gre.
    pub kind: u8,
    /// Port of GUE, host byte order.
    pub port: u16,
    /// `IP_VS_TUNNEL_ENCAP_FLAG_*`: 0 nocsum, 1 csum, 2 remcsum.
    pub flags: u16,
}

/// A destination of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The real server.
    pub address: IpAddr,
    /// Its port, host byte order.
    pub port: u16,
    /// How packets get there.
    pub forward: Forward,
    /// Share of the connections, 0: no new ones.
    pub weight: i32,
    /// Connections above which it gets no new ones, 0: no bound.
    pub upper: u32,
    /// Connections below which it gets new ones again.
    pub lower: u32,
}

impl Destination {
    /// The same as a line of the service `key`: where packets are not translated it has the port of
    /// the service; by mark: none.
    pub fn behind(self, key: Key) -> Self {
        let port = match key {
            _ if self.forward == Forward::Nat => self.port,
            Key::Address { port, .. } => port,
            Key::Mark { .. } => 0,
        };
        Destination { port, ..self }
    }
}
