//! Requests to IPVS on their way: written, sent in batches, acknowledged by number.

use crate::wire::ipvs::{self, Key, Request, SCTP, TCP, UDP};
use crate::wire::netlink::unacknowledged;
use core::fmt::{Display, Formatter, Result};
use core::net::{IpAddr, SocketAddr};
use std::collections::VecDeque;

/// Requests in one send, at the most.
const BATCH: usize = 64;

/// What a request was about, for when it is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Brief {
    Service(Verb, Key),
    Destination(Verb, Key, IpAddr, u16),
    Daemon(Verb),
    Timeouts,
    Flush,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Add,
    Change,
    Delete,
}

/// Requests written and not sent, and those sent and not answered.
#[derive(Default)]
pub(super) struct Queue {
    bytes: Vec<u8>,
    /// Where in `bytes` the first one begins that was not sent.
    sent: usize,
    /// Length, number and subject of those not sent.
    waiting: VecDeque<(usize, u32, Brief)>,
    /// Those sent and not answered, in order.
    pending: VecDeque<(u32, Brief)>,
    sequence: u32,
}

impl Queue {
    /// A number that no request had for long.
    pub fn number(&mut self) -> u32 {
        self.sequence = self.sequence.wrapping_add(1);
        self.sequence
    }

    /// Writes a request.
    pub fn ask(&mut self, family: u16, request: &Request<'_>) {
        let sequence = self.number();
        let start = self.bytes.len();
        let brief = Brief::of(request);
        match ipvs::request(&mut self.bytes, family, sequence, request) {
            Ok(_) => {
                let length = self.bytes.len() - start;
                self.waiting.push_back((length, sequence, brief));
            }
            Err(e) => log::error!("cannot {brief}: {e}"),
        }
    }

    /// The next ones to be sent, which then are pending. Only the last of them wants an
    /// acknowledgement if all goes well.
    pub fn batch(&mut self) -> Option<&[u8]> {
        let count = self.waiting.len().min(BATCH);
        let start = self.sent;
        let mut end = start;
        for (at, (length, sequence, brief)) in self.waiting.drain(..count).enumerate() {
            let next = end + length;
            if at + 1 < count
                && let Some(message) = self.bytes.get_mut(end..next)
            {
                unacknowledged(message);
            }
            end = next;
            self.pending.push_back((sequence, brief));
        }
        self.sent = end;
        let batch = self.bytes.get(start..end);
        batch.filter(|batch| !batch.is_empty())
    }

    /// An answer came: what it is about. All before that were done.
    pub fn acknowledged(&mut self, sequence: u32) -> Option<Brief> {
        let at = self.pending.iter().position(|(n, _)| *n == sequence)?;
        let brief = self.pending.drain(..=at).next_back().map(|(_, b)| b);
        self.tidy();
        brief
    }

    /// Nothing is waited for any longer.
    pub fn forget(&mut self) {
        self.pending.clear();
        self.tidy();
    }

    fn tidy(&mut self) {
        if self.is_empty() {
            self.bytes.clear();
            self.sent = 0;
        }
    }

    /// Whether answers are to come.
    pub fn expects(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Whether there is nothing to be sent, and no answer to come.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.pending.is_empty()
    }

    /// Whether there is enough for a batch.
    pub fn is_full(&self) -> bool {
        self.waiting.len() >= BATCH
    }
}

impl Brief {
    fn of(request: &Request<'_>) -> Self {
        match request {
            Request::NewService(s) => Brief::Service(Verb::Add, s.key),
            Request::SetService(s) => Brief::Service(Verb::Change, s.key),
            Request::DelService(key) => Brief::Service(Verb::Delete, *key),
            Request::NewDestination(key, to) => {
                Brief::Destination(Verb::Add, *key, to.address, to.port)
            }
            Request::SetDestination(key, to) => {
                Brief::Destination(Verb::Change, *key, to.address, to.port)
            }
            Request::DelDestination(key, to) => {
                Brief::Destination(Verb::Delete, *key, to.address, to.port)
            }
            Request::NewDaemon(_) => Brief::Daemon(Verb::Add),
            Request::DelDaemon(_) => Brief::Daemon(Verb::Delete),
            Request::Timeouts(_) => Brief::Timeouts,
            Request::Flush => Brief::Flush,
        }
    }
}

/// What it was to do, behind "cannot".
impl Display for Brief {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match *self {
            Brief::Service(verb, key) => {
                write!(f, "{} virtual server ", verb.word())?;
                show(key, f)
            }
            Brief::Destination(verb, key, address, port) => {
                let to = SocketAddr::new(address, port);
                write!(f, "{} real server {to} of virtual server ", verb.word())?;
                show(key, f)
            }
            Brief::Daemon(Verb::Delete) => f.write_str("stop the IPVS synchronisation daemon"),
            Brief::Daemon(_) => f.write_str("start the IPVS synchronisation daemon"),
            Brief::Timeouts => f.write_str("set the timeouts of IPVS"),
            Brief::Flush => f.write_str("empty the table of IPVS"),
        }
    }
}

impl Verb {
    fn word(self) -> &'static str {
        match self {
            Verb::Add => "add",
            Verb::Change => "change",
            Verb::Delete => "delete",
        }
    }
}

fn show(key: Key, f: &mut Formatter<'_>) -> Result {
    match key {
        Key::Address {
            protocol,
            address,
            port,
        } => {
            let to = SocketAddr::new(address, port);
            match protocol {
                TCP => write!(f, "{to} tcp"),
                UDP => write!(f, "{to} udp"),
                SCTP => write!(f, "{to} sctp"),
                other => write!(f, "{to} protocol {other}"),
            }
        }
        Key::Mark { mark, v6: false } => write!(f, "of mark {mark}"),
        Key::Mark { mark, v6: true } => write!(f, "of mark {mark} (IPv6)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::netlink::Messages;

    fn key(port: u16) -> Key {
        Key::Address {
            protocol: TCP,
            address: "192.0.2.1".parse().unwrap(),
            port,
        }
    }

    /// Numbers of the messages of a batch, and whether they want an acknowledgement.
    fn sent(queue: &mut Queue) -> Vec<(u32, bool)> {
        let batch = queue.batch().unwrap_or_default().to_vec();
        let messages = Messages::new(&batch).map(|m| m.unwrap());
        messages.map(|m| (m.sequence, m.flags & 4 != 0)).collect()
    }

    #[test]
    fn batches_and_their_answers() {
        let mut queue = Queue::default();
        assert!(sent(&mut queue).is_empty() && queue.is_empty());
        for port in 1..=100 {
            queue.ask(20, &Request::DelService(key(port)));
        }
        assert!(queue.is_full() && !queue.expects());
        let first = sent(&mut queue);
        assert_eq!(first.len(), BATCH);
        let wanting = first.iter().filter(|(_, ack)| *ack).collect::<Vec<_>>();
        assert_eq!(wanting, [&(64, true)], "only the last one");
        let failed = queue.acknowledged(10);
        assert_eq!(failed, Some(Brief::Service(Verb::Delete, key(10))));
        assert_eq!(queue.acknowledged(10), None, "once");
        assert_eq!(queue.acknowledged(5), None, "all before it were done");
        assert!(queue.expects());
        assert!(queue.acknowledged(64).is_some());
        assert!(!queue.expects() && !queue.is_empty());
        assert_eq!(sent(&mut queue).len(), 36);
        assert!(queue.acknowledged(100).is_some());
        assert!(queue.is_empty() && queue.bytes.is_empty());
    }

    #[test]
    fn words() {
        let to = "192.0.2.9".parse().unwrap();
        let brief = Brief::Destination(Verb::Add, key(80), to, 8080);
        assert_eq!(
            brief.to_string(),
            "add real server 192.0.2.9:8080 of virtual server 192.0.2.1:80 tcp"
        );
        let mark = Key::Mark { mark: 7, v6: true };
        assert_eq!(
            Brief::Service(Verb::Delete, mark).to_string(),
            "delete virtual server of mark 7 (IPv6)"
        );
    }
}
