//! What a service manager is told: the datagrams of sd_notify(3), without its library.
//!
//! systemd names a socket in `NOTIFY_SOCKET`; without it nothing is sent. Nothing here waits or
//! fails: a manager that does not listen is not worth a missed advert.

use crate::time::Instant;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::Path;

/// A line to the service manager, if there is one.
#[derive(Debug, Default)]
pub struct Supervisor {
    socket: Option<UnixDatagram>,
    /// It counts signs of life.
    counts: bool,
}

impl Supervisor {
    /// Finds the manager that the environment names.
    pub fn find() -> Self {
        let socket = std::env::var_os("NOTIFY_SOCKET").and_then(|name| open(name.as_bytes()));
        let own = || std::process::id().to_string();
        let counts = socket.is_some()
            && std::env::var_os("WATCHDOG_USEC").is_some()
            && std::env::var("WATCHDOG_PID").map_or(true, |pid| pid == own());
        Supervisor { socket, counts }
    }

    /// It does its work; also after a reload.
    pub fn ready(&self) {
        self.send("READY=1");
    }

    /// It reads its configuration again, since `now`.
    pub fn reloading(&self, now: Instant) {
        if self.socket.is_some() {
            self.send(&format!("RELOADING=1\nMONOTONIC_USEC={}", now.micros()));
        }
    }

    /// It was told to stop.
    pub fn stopping(&self) {
        self.send("STOPPING=1");
    }

    /// The loop turns.
    pub fn alive(&self) {
        if self.counts {
            self.send("WATCHDOG=1");
        }
    }

    fn send(&self, text: &str) {
        if let Some(socket) = &self.socket {
            let _ = socket.send(text.as_bytes());
        }
    }
}

/// A path, or an abstract name behind '@'.
fn open(name: &[u8]) -> Option<UnixDatagram> {
    let to = match name {
        [b'@', rest @ ..] => SocketAddr::from_abstract_name(rest),
        [b'/', ..] => SocketAddr::from_pathname(Path::new(std::ffi::OsStr::from_bytes(name))),
        _ => return None,
    };
    let socket = UnixDatagram::unbound().ok()?;
    socket.set_nonblocking(true).ok()?;
    socket.connect_addr(&to.ok()?).ok()?;
    Some(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(socket: &UnixDatagram) -> String {
        let mut buf = [0; 128];
        let n = socket.recv(&mut buf).expect("a datagram");
        String::from_utf8_lossy(&buf[..n]).into_owned()
    }

    #[test]
    fn both_kinds_of_names_reach_the_manager() {
        let abstract_name = format!("holdfast-test-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&abstract_name).expect("a name");
        let manager = UnixDatagram::bind_addr(&address).expect("a socket");
        let path = std::env::temp_dir().join(&abstract_name);
        let _ = std::fs::remove_file(&path);
        let other = UnixDatagram::bind(&path).expect("a socket");
        let names = [
            (format!("@{abstract_name}"), manager),
            (path.display().to_string(), other),
        ];
        for (name, manager) in names {
            let supervisor = Supervisor {
                socket: open(name.as_bytes()),
                counts: true,
            };
            supervisor.ready();
            supervisor.reloading(Instant::from_micros(1_234_567));
            supervisor.alive();
            supervisor.stopping();
            for want in [
                "READY=1",
                "RELOADING=1\nMONOTONIC_USEC=1234567",
                "WATCHDOG=1",
                "STOPPING=1",
            ] {
                assert_eq!(heard(&manager), want, "{name}");
            }
        }
        std::fs::remove_file(&path).expect("it was there");
    }

    /// A manager that does not read, is gone, or never was: nothing happens.
    #[test]
    fn it_never_waits() {
        let (ours, theirs) = UnixDatagram::pair().expect("sockets");
        ours.set_nonblocking(true).expect("a mode");
        let supervisor = Supervisor {
            socket: Some(ours),
            counts: true,
        };
        for _ in 0..10_000 {
            supervisor.alive();
        }
        drop(theirs);
        supervisor.alive();
        assert!(open(b"").is_none());
        assert!(open(b"relative").is_none());
        assert!(open(b"/nowhere/at/all").is_none());
        Supervisor::default().ready();
    }
}
