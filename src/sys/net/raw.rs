//! The raw socket VRRP over IPv4 is spoken on: one per interface (or unicast source) and protocol.

use super::{Vrids, filter, option, option_bytes, receive_queue, socket};
use crate::sys::{check, check_len, unless_blocked};
use std::io;
use std::mem::{MaybeUninit, size_of};
use std::net::Ipv4Addr;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

/// A non-blocking raw IPv4 socket, for protocol 112 (VRRP) or 51 (AH).
///
/// It sends whole IPv4 packets (IP_HDRINCL; the kernel fills in total length and header checksum)
/// and receives whole packets. It never hears its own multicasts.
#[derive(Debug)]
pub struct RawVrrp {
    fd: OwnedFd,
    /// 0: bound to none.
    ifindex: u32,
    /// Bytes between the IP header and the VRRP message.
    skip: u32,
}

impl RawVrrp {
    /// Opens one bound to an interface. EPERM without CAP_NET_RAW, ENODEV when the interface is
    /// gone. Nothing received before the socket was bound is ever seen.
    pub fn open(protocol: u8, ifname: &str, ifindex: u32) -> io::Result<Self> {
        RawVrrp::make(protocol, Some((ifname, ifindex)), None)
    }

    /// Opens one that hears only what is sent to `source`, which need not exist yet; on one
    /// interface (name and index) or on all.
    pub fn open_unicast(
        protocol: u8,
        device: Option<(&str, u32)>,
        source: Ipv4Addr,
    ) -> io::Result<Self> {
        RawVrrp::make(protocol, device, Some(source))
    }

    fn make(
        protocol: u8,
        device: Option<(&str, u32)>,
        source: Option<Ipv4Addr>,
    ) -> io::Result<Self> {
        let socket = socket(libc::AF_INET, libc::SOCK_RAW, i32::from(protocol))?;
        let fd = socket.as_raw_fd();
        filter::attach_closed(fd)?;
        let ifindex = device.map_or(0, |d| d.1);
        if let Some((name, _)) = device {
            option_bytes(fd, libc::SOL_SOCKET, libc::SO_BINDTODEVICE, name.as_bytes())?;
            let member = membership(Ipv4Addr::UNSPECIFIED, ifindex);
            match option(fd, libc::IPPROTO_IP, libc::IP_MULTICAST_IF, &member) {
                // qemu-user 7.2 does not know it; what a bound socket sends leaves there anyway.
                Err(e) if e.raw_os_error() == Some(libc::ENOPROTOOPT) => {}
                other => other?,
            }
        }
        for (name, value) in [
            (libc::IP_HDRINCL, 1),
            (libc::IP_MULTICAST_LOOP, 0),
            (libc::IP_MULTICAST_TTL, 255),
            (libc::IP_TTL, 255),
        ] {
            option(fd, libc::IPPROTO_IP, name, &value)?;
        }
        // Groups that other programs joined on this interface are none of our business.
        let _ = option(fd, libc::IPPROTO_IP, libc::IP_MULTICAST_ALL, &0);
        // TC_PRIO_INTERACTIVE_BULK+: what the precedence bits of TOS 0xc0 stand for. Needs no rights.
        let _ = option(fd, libc::SOL_SOCKET, libc::SO_PRIORITY, &6);
        receive_queue(fd, QUEUE);
        if let Some(source) = source {
            option(fd, libc::IPPROTO_IP, libc::IP_FREEBIND, &1)?;
            bind(fd, &address(source))?;
        }
        let skip = if protocol == 51 { AH_LENGTH } else { 0 };
        let this = RawVrrp {
            fd: socket,
            ifindex,
            skip,
        };
        let mut scrap = [0; 64];
        while this.recv(&mut scrap)?.is_some() {}
        this.filter_none()?;
        Ok(this)
    }

    /// Joins a multicast group on the interface; already joined is no error.
    pub fn join(&self, group: Ipv4Addr) -> io::Result<()> {
        let member = membership(group, self.ifindex);
        match option(
            self.fd.as_raw_fd(),
            libc::IPPROTO_IP,
            libc::IP_ADD_MEMBERSHIP,
            &member,
        ) {
            Err(e) if e.raw_os_error() == Some(libc::EADDRINUSE) => Ok(()),
            other => other,
        }
    }

    /// Leaves a multicast group; not joined is no error.
    pub fn leave(&self, group: Ipv4Addr) -> io::Result<()> {
        let member = membership(group, self.ifindex);
        match option(
            self.fd.as_raw_fd(),
            libc::IPPROTO_IP,
            libc::IP_DROP_MEMBERSHIP,
            &member,
        ) {
            Err(e) if e.raw_os_error() == Some(libc::EADDRNOTAVAIL) => Ok(()),
            other => other,
        }
    }

    /// From now on the kernel drops packets whose VRID is not in `vrids`, and those too short to
    /// have one.
    pub fn filter(&self, vrids: &Vrids) -> io::Result<()> {
        filter::attach(self.fd.as_raw_fd(), vrids, self.skip)
    }

    /// Hears everything again.
    pub fn filter_none(&self) -> io::Result<()> {
        filter::detach(self.fd.as_raw_fd())
    }

    /// The next packet, from its IP header on: its length, cut to the buffer's. `None`: none now.
    /// Errors such as ENETDOWN are the interface's and do not end the socket.
    pub fn recv(&self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        let (start, length) = (buffer.as_mut_ptr().cast(), buffer.len());
        // SAFETY: pointer and length describe `buffer`, which outlives the call.
        let received = unsafe { libc::recv(self.fd.as_raw_fd(), start, length, 0) };
        unless_blocked(check_len(received))
    }

    /// Sends a whole IPv4 packet: to a group out of this interface, to a peer as it is routed (but
    /// out of this interface, if it is bound to one). WouldBlock when the interface's queue is
    /// full, EMSGSIZE when the packet is larger than the MTU (nothing is fragmented here).
    pub fn send(&self, packet: &[u8], to: Ipv4Addr) -> io::Result<()> {
        let address = address(to);
        let flags = if to.is_multicast() {
            libc::MSG_DONTROUTE
        } else {
            0
        };
        let (start, size) = (
            std::ptr::from_ref(&address).cast(),
            size_of::<libc::sockaddr_in>() as libc::socklen_t,
        );
        // SAFETY: both pointer and length pairs describe live values for the length of the call.
        let sent = unsafe {
            libc::sendto(
                self.fd.as_raw_fd(),
                packet.as_ptr().cast(),
                packet.len(),
                flags,
                start,
                size,
            )
        };
        check_len(sent)?;
        Ok(())
    }

    /// The interface it is bound to, 0 for none.
    pub fn ifindex(&self) -> u32 {
        self.ifindex
    }
}

impl AsRawFd for RawVrrp {
    fn as_raw_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }
}

/// Receive queue in bytes as the kernel counts them, about 768 per advert: 255 virtual routers at
/// a tenth of a second fit even after a third of a second of not looking.
pub(super) const QUEUE: usize = 1 << 20;
/// AH with a 96 bit check value (RFC 4302 §2, RFC 2403).
const AH_LENGTH: u32 = 24;

fn membership(group: Ipv4Addr, ifindex: u32) -> libc::ip_mreqn {
    libc::ip_mreqn {
        imr_multiaddr: in_addr(group),
        imr_address: in_addr(Ipv4Addr::UNSPECIFIED),
        imr_ifindex: libc::c_int::try_from(ifindex).unwrap_or(0),
    }
}

fn bind(fd: RawFd, to: &libc::sockaddr_in) -> io::Result<()> {
    let (start, size) = (
        std::ptr::from_ref(to).cast(),
        size_of::<libc::sockaddr_in>() as libc::socklen_t,
    );
    // SAFETY: pointer and length describe `to`, which outlives the call.
    check(unsafe { libc::bind(fd, start, size) })?;
    Ok(())
}

fn in_addr(address: Ipv4Addr) -> libc::in_addr {
    libc::in_addr {
        s_addr: u32::from_ne_bytes(address.octets()),
    }
}

fn address(to: Ipv4Addr) -> libc::sockaddr_in {
    // SAFETY: all zero is a valid sockaddr_in.
    let mut address: libc::sockaddr_in = unsafe { MaybeUninit::zeroed().assume_init() };
    address.sin_family = libc::AF_INET as libc::sa_family_t;
    address.sin_addr = in_addr(to);
    address
}
