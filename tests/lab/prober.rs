//! ICMP echo requests at a steady pace, and which of them were answered.

use super::frames::checksum;
use super::stage::in_network;
use super::{Node, now};
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, SockaddrIn, recv, sendto, socket,
};
use std::net::Ipv4Addr;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A request: when it left, and whether an answer came.
#[derive(Clone, Copy, Debug)]
pub struct Probe {
    pub at: Duration,
    pub answered: bool,
}

/// Pings one address from a machine of the lab until dropped.
pub struct Prober {
    probes: Arc<Mutex<Vec<Probe>>>,
    stop: Arc<AtomicBool>,
    worker: Option<JoinHandle<()>>,
}

impl Prober {
    /// One request every `pace`.
    pub fn start(from: &Node, target: Ipv4Addr, pace: Duration) -> Prober {
        let fd = in_network(from.holder(), || {
            let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
            socket(
                AddressFamily::Inet,
                SockType::Raw,
                flags,
                SockProtocol::Icmp,
            )
            .expect("a raw ICMP socket")
        });
        let probes = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let (list, flag) = (probes.clone(), stop.clone());
        let worker = std::thread::spawn(move || {
            let mut due = Instant::now();
            while !flag.load(Ordering::Relaxed) {
                let number = {
                    let mut list = list.lock().expect("nobody panics holding it");
                    list.push(Probe {
                        at: now(),
                        answered: false,
                    });
                    list.len() - 1
                };
                request(&fd, target, number as u32);
                due += pace;
                while Instant::now() < due {
                    answers(&fd, &list);
                    let left = due.saturating_duration_since(Instant::now());
                    std::thread::sleep(left.min(Duration::from_millis(1)));
                }
            }
        });
        Prober {
            probes,
            stop,
            worker: Some(worker),
        }
    }

    /// All so far.
    pub fn probes(&self) -> Vec<Probe> {
        self.probes.lock().expect("the prober lives").clone()
    }

    /// Whether the last `n` requests that had 50 ms to be answered all were.
    pub fn steady(&self, n: usize) -> bool {
        let probes = self.probes.lock().expect("the prober lives");
        let settled = probes
            .iter()
            .rev()
            .skip_while(|p| now() - p.at < Duration::from_millis(50));
        let last: Vec<&Probe> = settled.take(n).collect();
        last.len() == n && last.iter().all(|p| p.answered)
    }

    /// The longest time without an answer since `from`: from the first request lost to the
    /// first one answered after it.
    pub fn outage(&self, from: Duration) -> Duration {
        let probes = self.probes.lock().expect("the prober lives");
        let mut longest = Duration::ZERO;
        let mut lost: Option<Duration> = None;
        for probe in probes.iter().filter(|p| p.at >= from) {
            match (probe.answered, lost) {
                (false, None) => lost = Some(probe.at),
                (true, Some(since)) => {
                    longest = longest.max(probe.at - since);
                    lost = None;
                }
                _ => {}
            }
        }
        match lost {
            // The last few may still be under way.
            Some(since) if now() - since > Duration::from_millis(50) => longest.max(now() - since),
            _ => longest,
        }
    }

    /// Requests sent and lost since `from`, without those that may still be under way.
    pub fn tally(&self, from: Duration) -> (usize, usize) {
        let limit = now() - Duration::from_millis(50);
        let probes = self.probes();
        let settled: Vec<&Probe> = probes
            .iter()
            .filter(|p| p.at >= from && p.at < limit)
            .collect();
        (
            settled.len(),
            settled.iter().filter(|p| !p.answered).count(),
        )
    }
}

impl Drop for Prober {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(worker) = self.worker.take() {
            let _ = worker.join();
        }
    }
}

/// "HF": tells our answers from other ICMP.
const IDENT: u16 = 0x4846;

fn request(fd: &OwnedFd, target: Ipv4Addr, number: u32) {
    let mut packet = vec![8, 0, 0, 0];
    packet.extend(IDENT.to_be_bytes());
    packet.extend((number as u16).to_be_bytes());
    packet.extend(number.to_be_bytes());
    let sum = checksum(&packet).to_be_bytes();
    packet[2..4].copy_from_slice(&sum);
    let [a, b, c, d] = target.octets();
    // Nobody there is what is being measured.
    let _ = sendto(
        fd.as_raw_fd(),
        &packet,
        &SockaddrIn::new(a, b, c, d, 0),
        MsgFlags::empty(),
    );
}

fn answers(fd: &OwnedFd, list: &Mutex<Vec<Probe>>) {
    let mut buffer = [0; 256];
    while let Ok(length) = recv(fd.as_raw_fd(), &mut buffer, MsgFlags::MSG_DONTWAIT) {
        let Some([0, _, _, _, i0, i1, _, _, n0, n1, n2, n3]) = buffer[..length].get(20..32) else {
            continue;
        };
        if u16::from_be_bytes([*i0, *i1]) != IDENT {
            continue;
        }
        let number = u32::from_be_bytes([*n0, *n1, *n2, *n3]) as usize;
        if let Some(probe) = list
            .lock()
            .expect("nobody panics holding it")
            .get_mut(number)
        {
            probe.answered = true;
        }
    }
}
