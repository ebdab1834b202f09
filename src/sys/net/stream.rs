//! Sockets of health checks: each asks one server, and nothing waits.

use super::{ifindex, socket};
use crate::sys::unless_blocked;
use nix::sys::socket::{SockaddrStorage, bind, connect, setsockopt, sockopt};
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, SocketAddrV6, TcpStream};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

/// What is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speech {
    /// A TCP connection.
    Tcp,
    /// UDP datagrams.
    Udp,
    /// ICMP or ICMPv6 echoes.
    Ping,
}

/// The socket that is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// What is spoken.
    pub speech: Speech,
    /// Whom to ask; port 0 for echoes.
    pub to: SocketAddr,
    /// Address to speak from.
    pub from: Option<IpAddr>,
    /// Port to speak from, 0: any.
    pub from_port: u16,
    /// Interface to speak on (SO_BINDTODEVICE).
    pub interface: Option<&'a str>,
    /// SO_MARK, 0: none.
    pub mark: u32,
}

/// A non-blocking socket connected, or being connected, to one server.
#[derive(Debug)]
pub struct Stream {
    /// The standard library's name for a connected socket; it may be one of datagrams.
    socket: TcpStream,
    speech: Speech,
}

impl Stream {
    /// Opens a socket and begins to connect it. Everything that the system refuses is an error;
    /// EPERM for a mark or an interface that need CAP_NET_ADMIN or CAP_NET_RAW.
    pub fn open(order: &Order<'_>) -> io::Result<Self> {
        let fd = make(order)?;
        if order.mark != 0 {
            setsockopt(&fd, sockopt::Mark, &order.mark)?;
        }
        if let Some(name) = order.interface {
            setsockopt(&fd, sockopt::BindToDevice, &OsString::from(name))?;
        }
        let scope = order.interface.and_then(ifindex).unwrap_or(0);
        let from_port = match order.speech {
            Speech::Ping => 0,
            _ => order.from_port,
        };
        if order.from.is_some() || from_port != 0 {
            let any = match order.to {
                SocketAddr::V4(_) => IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED),
                SocketAddr::V6(_) => IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED),
            };
            if from_port != 0 {
                // The connection before may still be in TIME_WAIT.
                setsockopt(&fd, sockopt::ReuseAddr, &true)?;
            }
            let from = scoped(SocketAddr::new(order.from.unwrap_or(any), from_port), scope);
            bind(fd.as_raw_fd(), &SockaddrStorage::from(from))?;
        }
        let to = scoped(order.to, scope);
        match connect(fd.as_raw_fd(), &SockaddrStorage::from(to)) {
            Ok(()) | Err(nix::errno::Errno::EINPROGRESS) => {}
            Err(e) => return Err(e.into()),
        }
        Ok(Stream {
            socket: TcpStream::from(fd),
            speech: order.speech,
        })
    }

    /// Whether it is connected by now. An error: it never will be.
    pub fn connected(&self) -> io::Result<bool> {
        if let Some(e) = self.socket.take_error()? {
            return Err(e);
        }
        if self.speech != Speech::Tcp {
            return Ok(true);
        }
        match self.socket.peer_addr() {
            Ok(_) => Ok(true),
            Err(e) if e.kind() == io::ErrorKind::NotConnected => Ok(false),
            Err(e) => Err(e),
        }
    }

    /// Sends; how much went, `None`: nothing now.
    pub fn send(&self, bytes: &[u8]) -> io::Result<Option<usize>> {
        unless_blocked((&self.socket).write(bytes))
    }

    /// Reads; `None`: nothing there now. 0 bytes of a stream: the other side has ended.
    pub fn recv(&self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        unless_blocked((&self.socket).read(buffer))
    }

    /// Whether it has an end, as streams have.
    pub fn ends(&self) -> bool {
        self.speech == Speech::Tcp
    }
}

impl AsRawFd for Stream {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

/// The bare socket. An echo needs no rights where net.ipv4.ping_group_range allows it, else
/// CAP_NET_RAW.
fn make(order: &Order<'_>) -> io::Result<OwnedFd> {
    let (family, icmp) = match order.to {
        SocketAddr::V4(_) => (libc::AF_INET, libc::IPPROTO_ICMP),
        SocketAddr::V6(_) => (libc::AF_INET6, libc::IPPROTO_ICMPV6),
    };
    match order.speech {
        Speech::Tcp => socket(family, libc::SOCK_STREAM, 0),
        Speech::Udp => socket(family, libc::SOCK_DGRAM, 0),
        Speech::Ping => {
            socket(family, libc::SOCK_DGRAM, icmp).or_else(|_| socket(family, libc::SOCK_RAW, icmp))
        }
    }
}

/// An address of one link only is nothing without its interface.
fn scoped(address: SocketAddr, scope: u32) -> SocketAddr {
    match address {
        SocketAddr::V6(six) if six.ip().is_unicast_link_local() => {
            SocketAddr::V6(SocketAddrV6::new(*six.ip(), six.port(), 0, scope))
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::poll;
    use std::net::{TcpListener, UdpSocket};

    fn order(speech: Speech, to: SocketAddr) -> Order<'static> {
        Order {
            speech,
            to,
            from: None,
            from_port: 0,
            interface: None,
            mark: 0,
        }
    }

    #[test]
    fn a_connection_comes_about_and_ends() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut wanted = order(Speech::Tcp, listener.local_addr().unwrap());
        wanted.from = Some("127.0.0.2".parse().unwrap());
        let stream = Stream::open(&wanted).unwrap();
        let (mut other, from) = listener.accept().unwrap();
        assert_eq!(from.ip(), wanted.from.unwrap());
        assert!(stream.connected().unwrap());
        let mut buffer = [0; 16];
        assert_eq!(stream.recv(&mut buffer).unwrap(), None, "nothing there yet");
        assert_eq!(stream.send(b"hello").unwrap(), Some(5));
        other.read_exact(&mut buffer[..5]).unwrap();
        assert_eq!(buffer[..5], *b"hello");
        drop(other);
        poll::wait(&[poll::Want::read(&stream)], None).unwrap();
        assert_eq!(stream.recv(&mut buffer).unwrap(), Some(0));
        assert!(stream.ends());
    }

    #[test]
    fn nobody_listens() {
        let free = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let refused = match Stream::open(&order(Speech::Tcp, free)) {
            Ok(stream) => {
                poll::wait(&[poll::Want::read(&stream)], None).unwrap();
                stream.connected().unwrap_err()
            }
            Err(e) => e,
        };
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
    }

    #[test]
    fn datagrams() {
        let server = UdpSocket::bind("127.0.0.1:0").unwrap();
        let stream = Stream::open(&order(Speech::Udp, server.local_addr().unwrap())).unwrap();
        assert!(stream.connected().unwrap() && !stream.ends());
        assert_eq!(stream.send(b"?").unwrap(), Some(1));
        let mut buffer = [0; 16];
        let (length, from) = server.recv_from(&mut buffer).unwrap();
        assert_eq!(length, 1);
        server.send_to(b"!!", from).unwrap();
        poll::wait(&[poll::Want::read(&stream)], None).unwrap();
        assert_eq!(stream.recv(&mut buffer).unwrap(), Some(2));
    }
}
