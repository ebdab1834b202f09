//! Packet sockets: a capture that runs in the background, and raw frames sent out.

use super::frames::{Advert, Frame};
use super::stage::in_network;
use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, ControlMessageOwned, LinkAddr, MsgFlags, SockFlag, SockProtocol, SockType, bind,
    recvmsg, send, setsockopt, socket, sockopt,
};
use std::io::IoSliceMut;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// ARPHRD_NETLINK (linux/if_arp.h).
const NETLINK: u16 = 824;

/// A packet socket for all interfaces of the network it is opened in.
fn open() -> OwnedFd {
    socket(
        AddressFamily::Packet,
        SockType::Raw,
        SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK,
        SockProtocol::EthAll,
    )
    .expect("a packet socket")
}

/// The same, bound to one.
fn packet_socket(interface: &str) -> OwnedFd {
    let fd = open();
    let address: LinkAddr = nix::ifaddrs::getifaddrs()
        .expect("the interfaces")
        .filter(|i| i.interface_name == interface)
        .find_map(|i| i.address.as_ref().and_then(|a| a.as_link_addr().copied()))
        .unwrap_or_else(|| panic!("no interface {interface}"));
    bind(fd.as_raw_fd(), &address).expect("binding to the interface");
    fd
}

/// Everything an interface carries, from the moment this is made.
pub struct Capture {
    frames: Arc<Mutex<Vec<Frame>>>,
    stop: Arc<AtomicBool>,
    /// How often the socket was found empty.
    passes: Arc<AtomicUsize>,
    reader: Option<JoinHandle<()>>,
}

impl Capture {
    /// On an interface of process `holder`'s network, `None`: of this process's own.
    pub fn start(holder: Option<u32>, interface: &str) -> Capture {
        let fd = match holder {
            Some(pid) => in_network(pid, || packet_socket(interface)),
            None => packet_socket(interface),
        };
        Capture::read(fd, None)
    }

    /// What is said by netlink in the network of process `holder`, which needs an interface of the
    /// type nlmon for that. (It has no address to be bound to.)
    pub fn netlink(holder: u32) -> Capture {
        Capture::read(in_network(holder, open), Some(NETLINK))
    }

    /// `kind`: of the interfaces that count.
    fn read(fd: OwnedFd, kind: Option<u16>) -> Capture {
        setsockopt(&fd, sockopt::ReceiveTimestampns, &true).expect("SO_TIMESTAMPNS");
        let _ = setsockopt(&fd, sockopt::RcvBufForce, &(16 << 20))
            .or_else(|_| setsockopt(&fd, sockopt::RcvBuf, &(4 << 20)));
        let frames = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let passes = Arc::new(AtomicUsize::new(0));
        let (list, flag, count) = (frames.clone(), stop.clone(), passes.clone());
        let reader = std::thread::spawn(move || {
            while !flag.load(Ordering::Relaxed) {
                let any = read_all(&fd, &list, kind);
                count.fetch_add(1, Ordering::Release);
                if !any {
                    std::thread::sleep(Duration::from_millis(5));
                }
            }
            read_all(&fd, &list, kind);
        });
        Capture {
            frames,
            stop,
            passes,
            reader: Some(reader),
        }
    }

    /// What was seen so far.
    pub fn frames(&self) -> Vec<Frame> {
        self.look(<[Frame]>::to_vec)
    }

    /// Works on what was seen until now without copying it.
    pub fn look<T>(&self, work: impl FnOnce(&[Frame]) -> T) -> T {
        // The pass under way may have missed what is in the socket now; the next one does not.
        let before = self.passes.load(Ordering::Acquire);
        while self.passes.load(Ordering::Acquire).wrapping_sub(before) < 2 {
            std::thread::sleep(Duration::from_millis(1));
        }
        work(&self.frames.lock().expect("the reader lives"))
    }

    /// The adverts among it that `wanted` picks.
    pub fn adverts(&self, wanted: impl Fn(&Advert) -> bool) -> Vec<Advert> {
        self.look(|frames| {
            frames
                .iter()
                .filter_map(Frame::advert)
                .filter(|a| wanted(a))
                .collect()
        })
    }

    /// Forgets everything seen so far.
    pub fn clear(&self) {
        self.frames.lock().expect("the reader lives").clear();
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

/// Reads until the socket is empty; whether there was anything.
fn read_all(fd: &OwnedFd, list: &Mutex<Vec<Frame>>, kind: Option<u16>) -> bool {
    let mut buffer = [0u8; 2048];
    let mut space = nix::cmsg_space!(nix::sys::time::TimeSpec);
    let mut any = false;
    loop {
        let mut pieces = [IoSliceMut::new(&mut buffer)];
        let flags = MsgFlags::MSG_DONTWAIT;
        let got = recvmsg::<LinkAddr>(fd.as_raw_fd(), &mut pieces, Some(&mut space), flags);
        let (length, at, outgoing, hatype) = match got {
            Ok(message) => {
                let at = message.cmsgs().ok().and_then(|mut all| {
                    all.find_map(|c| match c {
                        ControlMessageOwned::ScmTimestampns(t) => Some(Duration::from(t)),
                        _ => None,
                    })
                });
                // PACKET_OUTGOING is 4 (linux/if_packet.h).
                let outgoing = message.address.is_some_and(|a| a.pkttype() == 4);
                let hatype = message.address.map(|a| a.hatype());
                (message.bytes, at.unwrap_or_default(), outgoing, hatype)
            }
            Err(Errno::EINTR) => continue,
            Err(Errno::ENETDOWN) => continue,
            Err(_) => return any,
        };
        any = true;
        if length >= 14 && (kind.is_none() || kind == hatype) {
            let bytes = buffer[..length].to_vec();
            list.lock().expect("nobody panics holding it").push(Frame {
                at,
                outgoing,
                bytes,
            });
        }
    }
}

/// Sends raw frames.
pub struct Injector(OwnedFd);

impl Injector {
    /// Out of an interface of this process's own network.
    pub fn new(interface: &str) -> Injector {
        Injector(packet_socket(interface))
    }

    /// Sends one frame.
    pub fn send(&self, frame: &[u8]) {
        send(self.0.as_raw_fd(), frame, MsgFlags::empty()).expect("sending a frame");
    }
}
