//! Sockets: raw VRRP, packet, netlink, the log's datagrams; network namespaces and interfaces.

mod filter;
mod local;
mod log;
mod netlink;
mod packet;
mod raw;
mod raw6;
mod stream;

pub use filter::Vrids;
pub use local::{Listener, Local};
pub use log::LogSocket;
pub use netlink::Netlink;
pub use packet::PacketSocket;
pub use raw::RawVrrp;
pub use raw6::{Heard6, RawVrrp6};
pub use stream::{Order, Speech, Stream};

use crate::sys::check;
use nix::sched::{CloneFlags, setns};
use std::io;
use std::mem::size_of;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

/// Whether an interface forwards IPv6, which makes the machine a router there.
pub fn forwards_ipv6(name: &str) -> bool {
    let text = std::fs::read_to_string(format!("/proc/sys/net/ipv6/conf/{name}/forwarding"));
    text.is_ok_and(|text| text.trim() != "0")
}

/// Whether this errno is how the kernel refuses an IPv6 address because IPv6 is switched off, on
/// the interface or altogether.
pub fn is_disabled(errno: i32) -> bool {
    matches!(errno, libc::EACCES | libc::EOPNOTSUPP | libc::EAFNOSUPPORT)
}

/// errno EAFNOSUPPORT: this kernel does not speak the family (IPv6).
pub const NO_SUCH_FAMILY: i32 = libc::EAFNOSUPPORT;

/// The index of an interface in this network namespace; `None` if there is none of that name.
pub fn ifindex(name: &str) -> Option<u32> {
    nix::net::if_::if_nametoindex(name).ok()
}

/// Moves this process into the network namespace `/run/netns/NAME` (ip-netns(8)).
pub fn enter_netns(name: &str) -> io::Result<()> {
    if name.is_empty() || name.contains('/') || name == "." || name == ".." {
        return Err(io::Error::from_raw_os_error(libc::EINVAL));
    }
    let file = std::fs::File::open(format!("/run/netns/{name}"))
        .or_else(|_| std::fs::File::open(format!("/var/run/netns/{name}")))?;
    Ok(setns(&file, CloneFlags::CLONE_NEWNET)?)
}

/// A new non-blocking, close-on-exec socket.
fn socket(family: i32, kind: i32, protocol: i32) -> io::Result<OwnedFd> {
    let kind = kind | libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
    // SAFETY: takes three numbers and touches no memory.
    let fd = check(unsafe { libc::socket(family, kind, protocol) })?;
    // SAFETY: the descriptor is new and nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Types `setsockopt` may read as bytes: plain C data without pointers or padding that matters.
///
/// # Safety
/// The kernel reads `size_of::<Self>()` bytes; implement only for what an option documents.
unsafe trait Plain {}
// SAFETY: an int is what most options take.
unsafe impl Plain for libc::c_int {}
// SAFETY: three words without padding, as IP_ADD_MEMBERSHIP and IP_MULTICAST_IF take (ip(7)).
unsafe impl Plain for libc::ip_mreqn {}
// SAFETY: what SO_ATTACH_FILTER takes (socket(7)); the program it points to outlives the call
// because `filter` keeps it on its stack.
unsafe impl Plain for libc::sock_fprog {}

/// `setsockopt` with a plain value.
fn option<T: Plain>(fd: RawFd, level: i32, name: i32, value: &T) -> io::Result<()> {
    let (start, length) = (
        std::ptr::from_ref(value).cast(),
        size_of::<T>() as libc::socklen_t,
    );
    // SAFETY: pointer and length describe `value`, which outlives the call and is plain data.
    check(unsafe { libc::setsockopt(fd, level, name, start, length) })?;
    Ok(())
}

/// `setsockopt` with bytes (a device name).
fn option_bytes(fd: RawFd, level: i32, name: i32, value: &[u8]) -> io::Result<()> {
    let length = value.len() as libc::socklen_t;
    // SAFETY: pointer and length describe `value`, which outlives the call.
    check(unsafe { libc::setsockopt(fd, level, name, value.as_ptr().cast(), length) })?;
    Ok(())
}

/// Asks for a receive queue of `bytes`, past the system's limit if we may. Best effort: a smaller
/// queue still works.
fn receive_queue(fd: RawFd, bytes: usize) {
    let wanted = libc::c_int::try_from(bytes / 2).unwrap_or(libc::c_int::MAX / 2);
    if option(fd, libc::SOL_SOCKET, libc::SO_RCVBUFFORCE, &wanted).is_err() {
        let _ = option(fd, libc::SOL_SOCKET, libc::SO_RCVBUF, &wanted);
    }
}
