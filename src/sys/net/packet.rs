//! Ethernet frames out: gratuitous ARP.

use super::socket;
use crate::sys::check_len;
use std::io;
use std::mem::{MaybeUninit, size_of};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

/// A packet socket that only sends. Its protocol is 0, so the kernel never queues anything on it.
#[derive(Debug)]
pub struct PacketSocket {
    fd: OwnedFd,
}

impl PacketSocket {
    /// Opens it; one serves every interface. EPERM without CAP_NET_RAW.
    pub fn new() -> io::Result<Self> {
        Ok(PacketSocket {
            fd: socket(libc::AF_PACKET, libc::SOCK_RAW, 0)?,
        })
    }

    /// Sends a frame, link-layer header included. ENETDOWN when the interface is down, ENXIO when
    /// it is gone, WouldBlock or ENOBUFS when its queue is full.
    pub fn send(&self, ifindex: u32, frame: &[u8]) -> io::Result<()> {
        // SAFETY: all zero is a valid sockaddr_ll.
        let mut to: libc::sockaddr_ll = unsafe { MaybeUninit::zeroed().assume_init() };
        to.sll_family = libc::AF_PACKET as u16;
        to.sll_ifindex = libc::c_int::try_from(ifindex).unwrap_or(0);
        // The EtherType tells packet filters and queues what the frame is (packet(7)).
        if let Some(kind) = frame.get(12..14) {
            to.sll_protocol = u16::from_ne_bytes([kind[0], kind[1]]);
        }
        let (start, size) = (
            std::ptr::from_ref(&to).cast(),
            size_of::<libc::sockaddr_ll>() as libc::socklen_t,
        );
        // SAFETY: both pointer and length pairs describe live values for the length of the call.
        let sent = unsafe {
            libc::sendto(
                self.fd.as_raw_fd(),
                frame.as_ptr().cast(),
                frame.len(),
                0,
                start,
                size,
            )
        };
        check_len(sent)?;
        Ok(())
    }
}

impl AsRawFd for PacketSocket {
    fn as_raw_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }
}
