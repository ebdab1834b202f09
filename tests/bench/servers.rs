//! A thousand real servers in one: a whole network is this machine's own, and one listener answers
//! for all of it. Who was asked, and when, is remembered.

use crate::lab::sh;
use std::collections::VecDeque;
use std::net::{IpAddr, TcpListener};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// Real server `r` of service `s` is 10.9.s.r.
const NETWORK: &str = "10.9.0.0/16";
pub const PORT: u16 = 80;
/// So many connections are kept, for the other side to close them first.
const KEPT: usize = 64;

/// Whom somebody connected to, as 256 * s + r, and when.
pub type Visit = (u16, Instant);

pub struct Servers {
    visits: Arc<Mutex<Vec<Visit>>>,
}

impl Servers {
    /// They answer until this program ends.
    pub fn start() -> Servers {
        sh(&format!("ip route add local {NETWORK} dev lo"));
        let listener = TcpListener::bind(("0.0.0.0", PORT)).expect("all servers' port");
        let visits = Arc::new(Mutex::new(Vec::with_capacity(100_000)));
        let list = visits.clone();
        std::thread::spawn(move || serve(&listener, &list));
        Servers { visits }
    }

    /// What was seen since the last call.
    pub fn take(&self) -> Vec<Visit> {
        std::mem::take(&mut self.visits.lock().expect("nobody panics holding it"))
    }
}

fn serve(listener: &TcpListener, list: &Mutex<Vec<Visit>>) {
    // Before everybody else, so that what is stamped is when they came.
    let thread = nix::unistd::gettid().to_string();
    let _ = Command::new("chrt")
        .args(["-f", "-p", "10", &thread])
        .status();
    let mut kept = VecDeque::with_capacity(KEPT + 1);
    loop {
        let (stream, peer) = listener.accept().expect("a connection");
        let now = Instant::now();
        // A client without an address of its own has the server's: both are this machine's.
        if let IpAddr::V4(v4) = peer.ip() {
            let [_, _, s, r] = v4.octets();
            let visit = (u16::from_be_bytes([s, r]), now);
            list.lock().expect("nobody panics holding it").push(visit);
        }
        kept.push_back(stream);
        if kept.len() > KEPT {
            kept.pop_front();
        }
    }
}
