//! /etc/resolv.conf and /etc/hosts.

use crate::time::Span;
use core::net::IpAddr;

/// A name server, and the interface of one whose address is good on one link only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameServer {
    /// Its address; it listens on port 53.
    pub address: IpAddr,
    /// Behind a `%`.
    pub interface: Option<Box<str>>,
}

/// What /etc/resolv.conf says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// Three at the most, as everywhere.
    pub servers: Vec<NameServer>,
    /// Six at the most.
    pub search: Vec<Box<str>>,
    /// With fewer dots a name is looked for in the search list first.
    pub ndots: usize,
    /// For one answer.
    pub timeout: Span,
    /// How often each server is asked.
    pub attempts: usize,
}

const SERVERS: usize = 3;
const SEARCH: usize = 6;

impl Files {
    /// Reads the file; without one, or without servers in it, this machine is asked.
    pub fn parse(text: &[u8]) -> Files {
        let mut files = Files {
            servers: Vec::new(),
            search: Vec::new(),
            ndots: 1,
            timeout: Span::from_secs(5),
            attempts: 2,
        };
        for line in String::from_utf8_lossy(text).lines() {
            let line = line.split(['#', ';']).next().unwrap_or_default();
            let mut words = line.split_whitespace();
            match words.next() {
                Some("nameserver") if files.servers.len() < SERVERS => {
                    files
                        .servers
                        .extend(words.next().and_then(NameServer::parse));
                }
                // The last one counts.
                Some("search" | "domain") => {
                    let domains = words.map(|w| w.trim_matches('.'));
                    let domains = domains.filter(|w| !w.is_empty()).take(SEARCH);
                    files.search = domains.map(Box::from).collect();
                }
                Some("options") => words.for_each(|word| files.option(word)),
                _ => {}
            }
        }
        if files.servers.is_empty() {
            files.servers.extend(NameServer::parse("127.0.0.1"));
        }
        files
    }

    fn option(&mut self, word: &str) {
        let number = |text: &str| text.parse::<u8>().ok();
        match word.split_once(':') {
            Some(("ndots", n)) => self.ndots = number(n).map_or(1, |n| usize::from(n.min(15))),
            Some(("timeout", n)) => {
                let seconds = number(n).map_or(5, |n| n.clamp(1, 30));
                self.timeout = Span::from_secs(u64::from(seconds));
            }
            Some(("attempts", n)) => {
                self.attempts = number(n).map_or(2, |n| usize::from(n.clamp(1, 5)));
            }
            _ => {}
        }
    }
}

impl NameServer {
    /// `192.0.2.53`, `fe80::1%eth0`.
    fn parse(text: &str) -> Option<NameServer> {
        let (address, interface) = match text.split_once('%') {
            Some((address, interface)) => (address, Some(interface.into())),
            None => (text, None),
        };
        Some(NameServer {
            address: address.parse().ok()?,
            interface,
        })
    }
}

/// The addresses that /etc/hosts has for a name, IPv4 first. Case does not matter.
pub fn hosts(text: &[u8], name: &str) -> Vec<IpAddr> {
    let name = name.strip_suffix('.').unwrap_or(name);
    let mut found: Vec<IpAddr> = Vec::new();
    for line in String::from_utf8_lossy(text).lines() {
        let line = line.split('#').next().unwrap_or_default();
        let mut words = line.split_whitespace();
        let Some(address) = words.next().and_then(|w| w.parse().ok()) else {
            continue;
        };
        if words.any(|w| w.eq_ignore_ascii_case(name)) && !found.contains(&address) {
            found.push(address);
        }
    }
    found.truncate(super::MOST);
    found.sort_by_key(IpAddr::is_ipv6);
    found
}
