//! Netlink sockets: bytes in, bytes out; `wire::netlink` knows what they mean.

use super::{option, receive_queue, socket};
use crate::sys::{check, check_len, unless_blocked};
use std::io;
use std::mem::{MaybeUninit, size_of};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

/// A non-blocking netlink socket to the kernel.
#[derive(Debug)]
pub struct Netlink {
    fd: OwnedFd,
    port: u32,
}

impl Netlink {
    /// NETLINK_ROUTE, listening to `groups` (an RTMGRP_* mask, rtnetlink(7); 0 for a command
    /// socket) with a receive queue of `queue` bytes.
    pub fn route(groups: u32, queue: usize) -> io::Result<Self> {
        Netlink::open(libc::NETLINK_ROUTE, groups, queue)
    }

    /// NETLINK_GENERIC, for requests, with a receive queue of `queue` bytes. EPROTONOSUPPORT where
    /// the kernel does not have it.
    pub fn generic(queue: usize) -> io::Result<Self> {
        Netlink::open(libc::NETLINK_GENERIC, 0, queue)
    }

    /// Any netlink protocol.
    pub fn open(protocol: i32, groups: u32, queue: usize) -> io::Result<Self> {
        let socket = socket(libc::AF_NETLINK, libc::SOCK_RAW, protocol)?;
        let fd = socket.as_raw_fd();
        receive_queue(fd, queue);
        // Kernels before 4.12 have neither: acks then quote the whole request.
        let _ = option(fd, libc::SOL_NETLINK, libc::NETLINK_CAP_ACK, &1);
        let _ = option(fd, libc::SOL_NETLINK, libc::NETLINK_EXT_ACK, &1);
        let mut name = kernel();
        name.nl_groups = groups;
        let (start, mut size) = (
            std::ptr::from_mut(&mut name),
            size_of::<libc::sockaddr_nl>() as libc::socklen_t,
        );
        // SAFETY: pointer and length describe `name`, which outlives the call.
        check(unsafe { libc::bind(fd, start.cast(), size) })?;
        // SAFETY: as above; the kernel writes at most `size` bytes into `name`.
        check(unsafe { libc::getsockname(fd, start.cast(), &mut size) })?;
        Ok(Netlink {
            fd: socket,
            port: name.nl_pid,
        })
    }

    /// Drops messages of the kinds `unheard` before they are queued, and of the kind `of.0` those
    /// whose byte at offset `of.1` is not `of.2`.
    pub fn only(&self, unheard: &[u16], of: (u16, u32, u8)) -> io::Result<()> {
        super::filter::attach_kinds(self.fd.as_raw_fd(), unheard, of)
    }

    /// Our port number, which the kernel puts into answers.
    pub fn port(&self) -> u32 {
        self.port
    }

    /// Sends one or more whole messages. The kernel works on requests before this returns; only
    /// its answers are queued.
    pub fn send(&self, messages: &[u8]) -> io::Result<()> {
        let to = kernel();
        let (start, size) = (
            std::ptr::from_ref(&to).cast(),
            size_of::<libc::sockaddr_nl>() as libc::socklen_t,
        );
        // SAFETY: both pointer and length pairs describe live values for the length of the call.
        let sent = unsafe {
            libc::sendto(
                self.fd.as_raw_fd(),
                messages.as_ptr().cast(),
                messages.len(),
                0,
                start,
                size,
            )
        };
        check_len(sent)?;
        Ok(())
    }

    /// The next datagram from the kernel (messages of other processes are thrown away). `None`:
    /// none now. ENOBUFS: the queue overflowed and something is lost. EMSGSIZE: the datagram did
    /// not fit into `buffer` and is lost.
    pub fn recv(&self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        loop {
            let mut from = kernel();
            let mut size = size_of::<libc::sockaddr_nl>() as libc::socklen_t;
            let (start, length) = (buffer.as_mut_ptr().cast(), buffer.len());
            let sender = std::ptr::from_mut(&mut from).cast();
            // SAFETY: both pointer and length pairs describe live values for the length of the
            // call; with MSG_TRUNC the answer may be larger than the buffer, never the copy.
            let received = unsafe {
                libc::recvfrom(
                    self.fd.as_raw_fd(),
                    start,
                    length,
                    libc::MSG_TRUNC,
                    sender,
                    &mut size,
                )
            };
            let Some(received) = unless_blocked(check_len(received))? else {
                return Ok(None);
            };
            if from.nl_pid != 0 {
                continue;
            }
            if received > length {
                return Err(io::Error::from_raw_os_error(libc::EMSGSIZE));
            }
            return Ok(Some(received));
        }
    }
}

impl AsRawFd for Netlink {
    fn as_raw_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }
}

/// The kernel's address: port 0.
fn kernel() -> libc::sockaddr_nl {
    // SAFETY: all zero is a valid sockaddr_nl.
    let mut address: libc::sockaddr_nl = unsafe { MaybeUninit::zeroed().assume_init() };
    address.nl_family = libc::AF_NETLINK as libc::sa_family_t;
    address
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::poll;

    /// RTM_GETLINK dump request for all links: nlmsghdr and struct ifinfomsg, no attributes.
    fn dump_links() -> Vec<u8> {
        let mut request = Vec::new();
        request.extend(32_u32.to_ne_bytes());
        request.extend(18_u16.to_ne_bytes()); // RTM_GETLINK
        request.extend(0x301_u16.to_ne_bytes()); // NLM_F_REQUEST | NLM_F_DUMP
        request.extend(7_u32.to_ne_bytes());
        request.extend([0; 20]);
        request
    }

    #[test]
    fn the_kernel_answers_a_dump() {
        let socket = Netlink::route(0, 65_536).unwrap();
        assert_ne!(socket.port(), 0);
        let mut buffer = vec![0; 65_536];
        assert!(socket.recv(&mut buffer).unwrap().is_none());
        socket.send(&dump_links()).unwrap();
        assert_eq!(poll::wait(&[poll::Want::read(&socket)], None).unwrap(), 1);
        let length = socket.recv(&mut buffer).unwrap().unwrap();
        assert!(length >= 32);
        assert_eq!(
            u16::from_ne_bytes([buffer[4], buffer[5]]),
            16,
            "RTM_NEWLINK"
        );
        assert_eq!(
            buffer[8],
            if cfg!(target_endian = "little") { 7 } else { 0 }
        );
    }

    #[test]
    fn a_datagram_too_large_is_an_error_not_a_half_message() {
        let socket = Netlink::route(0, 65_536).unwrap();
        socket.send(&dump_links()).unwrap();
        let error = socket.recv(&mut [0; 24]).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EMSGSIZE));
    }

    #[test]
    fn messages_of_other_processes_are_thrown_away() {
        let (ours, other) = (
            Netlink::route(0, 65_536).unwrap(),
            Netlink::route(0, 65_536).unwrap(),
        );
        let mut to = kernel();
        to.nl_pid = ours.port();
        let (start, size) = (
            std::ptr::from_ref(&to).cast(),
            size_of::<libc::sockaddr_nl>() as libc::socklen_t,
        );
        let forged = dump_links();
        // SAFETY: both pointer and length pairs describe live values for the length of the call.
        let sent = unsafe {
            libc::sendto(
                other.as_raw_fd(),
                forged.as_ptr().cast(),
                forged.len(),
                0,
                start,
                size,
            )
        };
        // Without CAP_NET_ADMIN the kernel may refuse to carry it, which is as good.
        if sent > 0 {
            assert_eq!(poll::wait(&[poll::Want::read(&ours)], None).unwrap(), 1);
        }
        assert!(ours.recv(&mut [0; 256]).unwrap().is_none());
    }
}
