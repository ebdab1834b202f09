//! The raw socket VRRP over IPv6 is spoken on: one per interface, and one per unicast source.

use super::raw::QUEUE;
use super::{Plain, Vrids, filter, option, option_bytes, receive_queue, socket};
use crate::sys::{check, check_len, unless_blocked};
use libc::c_int;
use std::io;
use std::mem::{MaybeUninit, size_of};
use std::net::Ipv6Addr;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

/// A non-blocking raw IPv6 socket for protocol 112 (VRRP).
///
/// It sends and receives VRRP messages without their IP header: the kernel writes that, and the
/// checksum, and drops what has a wrong one. It never hears its own multicasts.
#[derive(Debug)]
pub struct RawVrrp6 {
    fd: OwnedFd,
    /// 0: bound to none.
    ifindex: u32,
}

/// A message and what its IP header said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heard6 {
    /// Bytes in the buffer.
    pub len: usize,
    /// Sender.
    pub source: Ipv6Addr,
    /// The group, or an address of ours; unspecified if the kernel did not say.
    pub destination: Ipv6Addr,
    /// Hop limit it arrived with; 0 if the kernel did not say.
    pub hops: u8,
}

// SAFETY: an address and an index without padding, as IPV6_ADD_MEMBERSHIP takes (ipv6(7)).
unsafe impl Plain for libc::ipv6_mreq {}

impl RawVrrp6 {
    /// Opens one for multicasts on an interface. EPERM without CAP_NET_RAW, EAFNOSUPPORT without
    /// IPv6, ENODEV when the interface is gone. Nothing received before it was bound is ever seen.
    pub fn open(ifname: &str, ifindex: u32) -> io::Result<Self> {
        RawVrrp6::make(Some((ifname, ifindex)), None)
    }

    /// Opens one that hears only what is sent to `source`, which need not exist yet; on one
    /// interface (name and index) or on all.
    pub fn open_unicast(device: Option<(&str, u32)>, source: Ipv6Addr) -> io::Result<Self> {
        RawVrrp6::make(device, Some(source))
    }

    fn make(device: Option<(&str, u32)>, source: Option<Ipv6Addr>) -> io::Result<Self> {
        let socket = socket(libc::AF_INET6, libc::SOCK_RAW, VRRP)?;
        let fd = socket.as_raw_fd();
        filter::attach_closed(fd)?;
        let ifindex = device.map_or(0, |d| d.1);
        if let Some((name, _)) = device {
            option_bytes(fd, libc::SOL_SOCKET, libc::SO_BINDTODEVICE, name.as_bytes())?;
            let index = c_int::try_from(ifindex).unwrap_or(0);
            set(fd, libc::IPV6_MULTICAST_IF, index)?;
        }
        // RFC 9568 §5.2.8: the checksum field, for the kernel to fill in and to check.
        set(fd, libc::IPV6_CHECKSUM, CHECKSUM_AT)?;
        set(fd, libc::IPV6_RECVPKTINFO, 1)?;
        set(fd, libc::IPV6_RECVHOPLIMIT, 1)?;
        set(fd, libc::IPV6_MULTICAST_LOOP, 0)?;
        set(fd, libc::IPV6_MULTICAST_HOPS, 255)?;
        set(fd, libc::IPV6_TCLASS, 0xc0)?;
        // Since Linux 4.20; without it groups of other programs are heard, and refused later.
        let _ = set(fd, IPV6_MULTICAST_ALL, 0);
        let _ = option(fd, libc::SOL_SOCKET, libc::SO_PRIORITY, &6);
        receive_queue(fd, QUEUE);
        if let Some(source) = source {
            set(fd, libc::IPV6_FREEBIND, 1)?;
            bind(fd, &address(source, ifindex))?;
        }
        let this = RawVrrp6 {
            fd: socket,
            ifindex,
        };
        let mut scrap = [0; 64];
        while this.recv(&mut scrap)?.is_some() {}
        filter::detach(fd)?;
        Ok(this)
    }

    /// Joins a multicast group on the interface; already joined is no error.
    pub fn join(&self, group: Ipv6Addr) -> io::Result<()> {
        let member = libc::ipv6_mreq {
            ipv6mr_multiaddr: in6_addr(group),
            // c_int with one C library, c_uint with the other.
            ipv6mr_interface: self.ifindex as _,
        };
        let fd = self.fd.as_raw_fd();
        match option(fd, libc::IPPROTO_IPV6, libc::IPV6_ADD_MEMBERSHIP, &member) {
            Err(e) if e.raw_os_error() == Some(libc::EADDRINUSE) => Ok(()),
            other => other,
        }
    }

    /// From now on the kernel drops messages whose VRID is not in `vrids`, and those too short to
    /// have one.
    pub fn filter(&self, vrids: &Vrids) -> io::Result<()> {
        filter::attach_bare(self.fd.as_raw_fd(), vrids)
    }

    /// The next message; its length is cut to the buffer's. `None`: none now. Errors such as
    /// ENETDOWN are the interface's and do not end the socket.
    pub fn recv(&self, buffer: &mut [u8]) -> io::Result<Option<Heard6>> {
        let mut from = address(Ipv6Addr::UNSPECIFIED, 0);
        let mut control = Control([0; CONTROL]);
        let mut part = libc::iovec {
            iov_base: buffer.as_mut_ptr().cast(),
            iov_len: buffer.len(),
        };
        let mut message = message(&mut from, &mut part, &mut control);
        // SAFETY: name, buffer and control describe live values for the length of the call.
        let received = unsafe { libc::recvmsg(self.fd.as_raw_fd(), &mut message, 0) };
        let Some(len) = unless_blocked(check_len(received))? else {
            return Ok(None);
        };
        let mut heard = Heard6 {
            len,
            source: Ipv6Addr::from(from.sin6_addr.s6_addr),
            destination: Ipv6Addr::UNSPECIFIED,
            hops: 0,
        };
        // SAFETY: the kernel filled in the control part of `message`, whose buffer is alive.
        let mut next = unsafe { libc::CMSG_FIRSTHDR(&message) };
        while !next.is_null() {
            // SAFETY: not null, so it points to a whole header within the control buffer.
            let header = unsafe { &*next };
            // SAFETY: the data begin behind the header, within the buffer.
            let data = unsafe { libc::CMSG_DATA(next) };
            match (header.cmsg_level, header.cmsg_type) {
                (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) => {
                    // SAFETY: struct in6_pktinfo begins with the 16 bytes of the address.
                    let octets = unsafe { data.cast::<[u8; 16]>().read_unaligned() };
                    heard.destination = Ipv6Addr::from(octets);
                }
                (libc::IPPROTO_IPV6, libc::IPV6_HOPLIMIT) => {
                    // SAFETY: the kernel gives an int.
                    let hops = unsafe { data.cast::<c_int>().read_unaligned() };
                    heard.hops = u8::try_from(hops).unwrap_or(0);
                }
                _ => {}
            }
            // SAFETY: `next` came from this message.
            next = unsafe { libc::CMSG_NXTHDR(&message, next) };
        }
        Ok(Some(heard))
    }

    /// Sends a VRRP message from `source` to the group or a peer, with this hop limit. WouldBlock
    /// when the interface's queue is full, EINVAL when the source cannot be used (yet),
    /// ENETUNREACH without a route.
    pub fn send(&self, packet: &[u8], source: Ipv6Addr, to: Ipv6Addr, hops: u8) -> io::Result<()> {
        let local = to.is_unicast_link_local() || to.is_multicast();
        let index = if local { self.ifindex } else { 0 };
        let mut to = address(to, index);
        let mut control = Control([0; CONTROL]);
        let mut part = libc::iovec {
            // sendmsg only reads it.
            iov_base: packet.as_ptr().cast_mut().cast(),
            iov_len: packet.len(),
        };
        let mut message = message(&mut to, &mut part, &mut control);
        let mut info = [0; PKTINFO];
        info[..16].copy_from_slice(&source.octets());
        info[16..].copy_from_slice(&index.to_ne_bytes());
        // SAFETY: the control buffer of `message` is alive and aligned.
        let first = unsafe { libc::CMSG_FIRSTHDR(&message) };
        put(first, libc::IPV6_PKTINFO, &info);
        // SAFETY: `first` is a whole header of this message, and the zeros behind it are one too.
        let second = unsafe { first.byte_add(space(PKTINFO)) };
        put(
            second,
            libc::IPV6_HOPLIMIT,
            &c_int::from(hops).to_ne_bytes(),
        );
        message.msg_controllen = (space(PKTINFO) + space(HOPS)) as _;
        // SAFETY: name, buffer and control describe live values for the length of the call.
        let sent = unsafe { libc::sendmsg(self.fd.as_raw_fd(), &message, 0) };
        check_len(sent)?;
        Ok(())
    }
}

impl AsRawFd for RawVrrp6 {
    fn as_raw_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }
}

/// IP protocol number (RFC 9568 §5.1.2.4).
const VRRP: c_int = 112;
/// Where the checksum stands in the message.
const CHECKSUM_AT: c_int = 6;
/// linux/in6.h
const IPV6_MULTICAST_ALL: c_int = 29;
/// Bytes of struct in6_pktinfo: address and interface index.
const PKTINFO: usize = 20;
/// Bytes of the hop limit.
const HOPS: usize = size_of::<c_int>();
/// Room for both, whatever the C library's padding.
const CONTROL: usize = 128;

/// Control messages begin where their header may.
#[repr(C, align(8))]
struct Control([u8; CONTROL]);

/// Bytes that a control message with so much data takes.
fn space(data: usize) -> usize {
    // SAFETY: computes a number.
    let space = unsafe { libc::CMSG_SPACE(data as libc::c_uint) };
    space as usize
}

/// Writes one control message to `header`, which must have room for it.
fn put(header: *mut libc::cmsghdr, kind: c_int, data: &[u8]) {
    // SAFETY: computes a number.
    let length = unsafe { libc::CMSG_LEN(data.len() as libc::c_uint) };
    // SAFETY: the callers point into their control buffer, which has room for both messages.
    let to = unsafe { &mut *header };
    to.cmsg_level = libc::IPPROTO_IPV6;
    to.cmsg_type = kind;
    to.cmsg_len = length as _;
    // SAFETY: as above; the data begin behind the header.
    let at = unsafe { libc::CMSG_DATA(header) };
    // SAFETY: as above; source and destination are different buffers.
    unsafe { std::ptr::copy_nonoverlapping(data.as_ptr(), at, data.len()) };
}

/// What sendmsg and recvmsg take; it borrows all three by pointer.
fn message(
    name: &mut libc::sockaddr_in6,
    part: &mut libc::iovec,
    control: &mut Control,
) -> libc::msghdr {
    // SAFETY: all zero is a valid msghdr.
    let mut message: libc::msghdr = unsafe { MaybeUninit::zeroed().assume_init() };
    message.msg_name = std::ptr::from_mut(name).cast();
    message.msg_namelen = size_of::<libc::sockaddr_in6>() as libc::socklen_t;
    message.msg_iov = part;
    message.msg_iovlen = 1;
    message.msg_control = control.0.as_mut_ptr().cast();
    message.msg_controllen = CONTROL as _;
    message
}

fn set(fd: RawFd, name: c_int, value: c_int) -> io::Result<()> {
    option(fd, libc::IPPROTO_IPV6, name, &value)
}

fn bind(fd: RawFd, to: &libc::sockaddr_in6) -> io::Result<()> {
    let (start, size) = (
        std::ptr::from_ref(to).cast(),
        size_of::<libc::sockaddr_in6>() as libc::socklen_t,
    );
    // SAFETY: pointer and length describe `to`, which outlives the call.
    check(unsafe { libc::bind(fd, start, size) })?;
    Ok(())
}

fn in6_addr(address: Ipv6Addr) -> libc::in6_addr {
    libc::in6_addr {
        s6_addr: address.octets(),
    }
}

fn address(of: Ipv6Addr, scope: u32) -> libc::sockaddr_in6 {
    // SAFETY: all zero is a valid sockaddr_in6.
    let mut address: libc::sockaddr_in6 = unsafe { MaybeUninit::zeroed().assume_init() };
    address.sin6_family = libc::AF_INET6 as libc::sa_family_t;
    address.sin6_addr = in6_addr(of);
    address.sin6_scope_id = scope;
    address
}
