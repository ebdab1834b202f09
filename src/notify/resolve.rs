//! A name becomes addresses: the questions of a stub resolver, one at a time.
//!
//! /etc/hosts first, then the name servers of /etc/resolv.conf over UDP, with its search list. Knows
//! no socket and no clock: who asks opens a new socket, so a new port, for each question, and says
//! when nobody answered. What does not answer the question asked is not looked at.

mod files;

pub use files::{Files, NameServer, hosts};

use crate::wire::dns::{A, AAAA, Bad, Question};
use core::net::IpAddr;

/// One lookup.
#[derive(Debug)]
pub struct Lookup {
    files: Files,
    /// The name as it is asked for, one after the other.
    names: Vec<Box<str>>,
    name: usize,
    kind: u16,
    /// Attempts made for this question.
    tries: usize,
    id: u16,
    found: Vec<IpAddr>,
    /// Some server said that there is no such name.
    denied: bool,
}

/// What an answer, or silence, means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It answers something else: listen on.
    Listen,
    /// Ask the next question.
    Ask,
    /// The lookup is over.
    Over,
}

/// Most addresses of a name that are kept.
const MOST: usize = 16;
/// There is no such name (RFC 1035 §4.1.1).
const NO_SUCH_NAME: u8 = 3;

impl Lookup {
    /// Begins; `hosts` is the text of /etc/hosts. It may be over at once: [`Lookup::question`] then
    /// has none.
    pub fn new(name: &str, files: Files, hosts: &[u8]) -> Lookup {
        let found = files::hosts(hosts, name);
        let names = match found.is_empty() {
            true => candidates(name, &files),
            false => Vec::new(),
        };
        Lookup {
            files,
            names,
            name: 0,
            kind: A,
            tries: 0,
            id: 0,
            found,
            denied: false,
        }
    }

    /// The next question: whom to ask, and the message, written to `out`. `random` makes its id, for
    /// nobody to guess. `None`: the lookup is over.
    pub fn question(&mut self, random: u16, out: &mut Vec<u8>) -> Option<&NameServer> {
        loop {
            let name = self.names.get(self.name)?;
            self.id = random;
            out.clear();
            let (id, kind) = (self.id, self.kind);
            if (Question { id, name, kind }).emit(out).is_ok() {
                break;
            }
            // With the search list behind it, it may be no name any more.
            self.name += 1;
        }
        let at = self.tries % self.files.servers.len().max(1);
        self.files.servers.get(at)
    }

    /// How long to wait for an answer.
    pub fn patience(&self) -> crate::time::Span {
        self.files.timeout
    }

    /// A datagram came from the server that was asked.
    pub fn answer(&mut self, message: &[u8]) -> Next {
        let Some(name) = self.names.get(self.name) else {
            return Next::Over;
        };
        let (id, kind) = (self.id, self.kind);
        match (Question { id, name, kind }).answer(message) {
            Ok(answer) => {
                let before = self.found.len();
                let room = MOST.saturating_sub(before);
                self.found.extend(answer.addresses().take(room));
                // What did not fit may have been the addresses.
                if answer.cut() && self.found.len() == before {
                    return self.silent();
                }
                self.next_kind()
            }
            Err(Bad::Code(NO_SUCH_NAME)) => {
                self.denied = true;
                self.next_name()
            }
            // This server cannot, another one may.
            Err(Bad::Code(_)) => self.silent(),
            Err(_) => Next::Listen,
        }
    }

    /// Nobody answered, or the network said that nobody will.
    pub fn silent(&mut self) -> Next {
        self.tries += 1;
        if self.tries < self.files.servers.len() * self.files.attempts {
            return Next::Ask;
        }
        self.next_kind()
    }

    fn next_kind(&mut self) -> Next {
        self.tries = 0;
        if self.kind == A {
            self.kind = AAAA;
            return Next::Ask;
        }
        if !self.found.is_empty() {
            self.names.clear();
            return Next::Over;
        }
        self.next_name()
    }

    fn next_name(&mut self) -> Next {
        (self.tries, self.kind) = (0, A);
        self.name += 1;
        match self.names.get(self.name) {
            Some(_) => Next::Ask,
            None => Next::Over,
        }
    }

    /// What was found, IPv4 first; nothing: why.
    pub fn result(self) -> Result<Vec<IpAddr>, &'static str> {
        match (self.found.is_empty(), self.denied) {
            (false, _) => Ok(self.found),
            (true, true) => Err("there is no such name"),
            (true, false) => Err("no name server answers"),
        }
    }
}

/// The names to be asked for, in order: with fewer dots than `ndots` the search list comes first.
fn candidates(name: &str, files: &Files) -> Vec<Box<str>> {
    if name.ends_with('.') {
        return vec![name.into()];
    }
    let searched = files.search.iter().map(|d| format!("{name}.{d}").into());
    let dots = name.bytes().filter(|b| *b == b'.').count();
    let mut names: Vec<Box<str>> = searched.collect();
    let at = if dots >= files.ndots { 0 } else { names.len() };
    names.insert(at, name.into());
    names
}

#[cfg(test)]
mod tests;
