//! What a router does, seen from outside: on its wires, in its address list, in its table of IPVS.

use super::said::{Said, Voice};
use crate::lab::frames::Frame;
use crate::lab::{Capture, Node, stage};
use crate::witness::{ipvsadm, table};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::process::{Child, Stdio};
use std::time::Duration;

/// So many adverts of others in which a voice is not heard: it is silent.
const MANY: usize = 4;

/// A router under watch.
pub struct Watch<'a> {
    pub node: &'a Node,
    wires: Vec<Capture>,
    monitor: Child,
}

/// How everything was when a change began.
pub struct Before {
    at: Duration,
    /// What each voice said last.
    said: BTreeMap<Voice, Said>,
    events: usize,
    addresses: BTreeSet<String>,
    table: Vec<String>,
    counts: BTreeMap<String, u64>,
    lines: usize,
    sockets: Vec<String>,
}

/// What has moved since then.
#[derive(Debug, Default, PartialEq)]
pub struct Moved {
    pub wire: BTreeSet<String>,
    pub addresses: BTreeSet<String>,
    pub table: BTreeSet<String>,
    pub states: BTreeSet<String>,
}

impl<'a> Watch<'a> {
    pub fn start(node: &'a Node) -> Watch<'a> {
        let events = File::create(node.run.join("events")).expect("a file");
        let monitor = node
            .command("ip")
            .args(["-o", "monitor", "address"])
            .stdout(Stdio::from(events))
            .spawn()
            .expect("ip monitor");
        let wires = ["eth0", "eth1"].map(|i| Capture::start(Some(node.holder()), i));
        Watch {
            node,
            wires: wires.into(),
            monitor,
        }
    }

    /// All adverts that the router has sent.
    pub fn said(&self) -> Vec<Said> {
        let of = |wire: &Capture| -> Vec<Said> {
            let out = |frames: &[Frame]| {
                let out = frames.iter().filter(|f| f.outgoing);
                out.filter_map(Said::of).collect()
            };
            wire.look(out)
        };
        self.wires.iter().flat_map(of).collect()
    }

    /// Addresses that were announced since then.
    fn announced(&self, since: Duration) -> BTreeSet<String> {
        let of = |wire: &Capture| -> Vec<String> {
            wire.look(|frames| {
                let new = frames.iter().filter(|f| f.outgoing && f.at >= since);
                let named = new.filter_map(|f| match (f.garp(), f.unsolicited_na()) {
                    (Some(v4), _) => Some(format!("ARP {v4}")),
                    (None, Some(v6)) => Some(format!("NA {v6}")),
                    (None, None) => None,
                });
                named.collect()
            })
        };
        self.wires.iter().flat_map(of).collect()
    }

    /// Addresses of all interfaces.
    fn addresses(&self) -> BTreeSet<String> {
        let text = self.node.ip("-o addr show");
        text.lines().filter_map(address).collect()
    }

    fn events(&self) -> Vec<String> {
        let text = self.node.read("events");
        text.lines().map(str::to_owned).collect()
    }

    /// The table, and the synchronisation daemons with the sockets they speak by.
    pub fn table(&self) -> Vec<String> {
        let mut lines = table(self.node);
        let daemons = ipvsadm(self.node, &["-L", "--daemon"]);
        for line in daemons.lines().filter(|l| l.contains("sync daemon")) {
            let kind = line.split_whitespace().next().unwrap_or_default();
            let word = |name: &str| {
                let rest = line.split_once(name).map_or("", |(_, rest)| rest);
                rest.split([',', ')']).next().unwrap_or_default().to_owned()
            };
            let (interface, id) = (word("mcast="), word("syncid="));
            lines.push(format!("sync {kind} {interface} {id}"));
        }
        lines
    }

    /// The sockets of the synchronisation daemons: new ones are of daemons that were started anew.
    pub fn sockets(&self) -> Vec<String> {
        let text = stage::in_network(self.node.holder(), || {
            std::fs::read_to_string("/proc/thread-self/net/udp").expect("the sockets")
        });
        // 224.0.0.81, port 8848 (net/netfilter/ipvs/ip_vs_sync.c), as written by this machine.
        let group = format!("{:08X}:2290", u32::from_ne_bytes([224, 0, 0, 81]));
        let ours = text.lines().filter(|l| l.contains(&group));
        ours.filter_map(|l| l.split_whitespace().nth(1).map(str::to_owned))
            .collect()
    }

    /// Connections so far, by virtual and real server.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        let text = ipvsadm(self.node, &["-L", "-n", "--stats", "--exact"]);
        let (mut service, mut counts) = (String::new(), BTreeMap::new());
        for line in text.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            let (key, count) = match words[..] {
                ["TCP", address, count, ..] => {
                    service = address.to_owned();
                    (service.clone(), count)
                }
                ["->", address, count, ..] => (format!("{service} {address}"), count),
                _ => continue,
            };
            if let Ok(count) = count.parse() {
                counts.insert(key, count);
            }
        }
        counts
    }

    fn states(&self) -> Vec<String> {
        let state = |line: &str| {
            let (who, state) = line.split_once(") Entering ")?;
            let who = who.rsplit_once('(')?.1;
            Some(format!("{who} {}", state.split_whitespace().next()?))
        };
        let text = self.node.log.text();
        text.lines().filter_map(state).collect()
    }

    pub fn before(&self) -> Before {
        let mut said = BTreeMap::new();
        let all = self.said();
        for advert in &all {
            let mut new = advert.clone();
            if let Some(Said { due, .. }) = said.get(&new.voice) {
                new.due = new.at.min(*due + Duration::from_millis(new.interval));
            }
            said.insert(new.voice.clone(), new);
        }
        let voices = by_voice(all.into_iter());
        said.retain(|voice, last| last.priority > 0 && !silent(&voices, voice, last.at));
        Before {
            at: crate::lab::now(),
            said,
            events: self.events().len(),
            addresses: self.addresses(),
            table: self.table(),
            counts: self.counts(),
            lines: self.states().len(),
            sockets: self.sockets(),
        }
    }

    /// What was said before is of no interest from here on.
    pub fn forget(&self) {
        self.wires.iter().for_each(Capture::clear);
    }

    /// What has moved so far.
    pub fn moved(&self, before: &Before) -> Moved {
        Moved {
            wire: self.wire(before),
            addresses: self.address_list(before),
            table: difference(&before.table, &self.table()),
            states: self.states().split_off(before.lines).into_iter().collect(),
        }
    }

    fn wire(&self, before: &Before) -> BTreeSet<String> {
        let mut all = self.announced(before.at);
        let voices = by_voice(self.said().into_iter().filter(|s| s.at >= before.at));
        for (voice, adverts) in &voices {
            let mut words = adverts.iter().filter(|s| s.priority > 0);
            if adverts.len() > words.clone().count() {
                all.insert(format!("{voice}: goodbye"));
            }
            match (before.said.get(voice), words.next_back()) {
                (None, Some(_)) => drop(all.insert(format!("{voice}: begins"))),
                (Some(was), Some(is)) => all.extend(was.difference(is)),
                (_, None) => {}
            }
        }
        let silent = before.said.keys().filter(|v| silent(&voices, v, before.at));
        all.extend(silent.map(|voice| format!("{voice}: silent")));
        all
    }

    fn address_list(&self, before: &Before) -> BTreeSet<String> {
        let (was, is) = (&before.addresses, self.addresses());
        let mut all: BTreeSet<String> = was.difference(&is).map(|a| format!("-{a}")).collect();
        all.extend(is.difference(was).map(|a| format!("+{a}")));
        for event in self.events().split_off(before.events) {
            let gone = event.starts_with("Deleted");
            let Some(address) = address(event.trim_start_matches("Deleted")) else {
                continue;
            };
            match (was.contains(&address), is.contains(&address), gone) {
                (true, true, true) => {
                    all.remove(&format!("^{address}"));
                    all.insert(format!("~{address}"));
                }
                (true, true, false) if !all.contains(&format!("~{address}")) => {
                    all.insert(format!("^{address}"));
                }
                (false, false, _) => drop(all.insert(format!("for a moment {address}"))),
                _ => {}
            }
        }
        all
    }

    /// Whether every voice has been heard so often since then, so that there is something to judge;
    /// who stays silent is waited for until the others have spoken four times.
    pub fn heard(&self, before: &Before, since: Duration, times: usize) -> bool {
        let mut counts: BTreeMap<&Voice, usize> = BTreeMap::new();
        let all = self.said();
        for said in all.iter().filter(|s| s.at >= since) {
            *counts.entry(&said.voice).or_default() += 1;
        }
        let most = counts.values().copied().max().unwrap_or(0);
        let heard = |voice| counts.get(voice).is_some_and(|n| *n >= times);
        most >= MANY || before.said.keys().all(heard)
    }

    /// What is wrong with those that were there before and are not named in `wire`: an advert more
    /// than its interval allows, another word, a sequence number that falls.
    pub fn odd(&self, before: &Before, wire: &[&str]) -> Vec<String> {
        let mut wrong = Vec::new();
        let all = self.said();
        for (voice, was) in &before.said {
            let own = all.iter().filter(|s| s.voice == *voice && s.at > was.at);
            let own: Vec<&Said> = std::iter::once(was).chain(own).collect();
            let falls = |pair: &[&Said]| pair[0].sequence > pair[1].sequence;
            if own.windows(2).any(falls) {
                wrong.push(format!("{voice}: its sequence number falls"));
            }
            // A voice that speaks up does so to all its peers.
            let who = voice.split(" to ").next().unwrap_or_default();
            let named =
                |w: &&str| w.starts_with(&format!("{who}:")) || w.starts_with(&format!("{who} to"));
            if wire.iter().any(named) {
                continue;
            }
            if let Some(other) = own.iter().find(|s| !s.same(was)) {
                wrong.push(format!("{voice}: for a moment {:?}", was.difference(other)));
            }
            // Counted: so many pauses between the first and the last of them. One that is late
            // does not change the number (were the first one so, the whole would seem shorter by
            // that), one that comes out of turn does.
            let (Some(first), Some(last)) = (own.first(), own.last()) else {
                continue;
            };
            let span = last.at.saturating_sub(first.due).as_millis();
            let interval = u128::from(was.interval).max(1);
            let pauses = (span + interval * 3 / 4) / interval;
            if own.len() as u128 - 1 > pauses {
                let at = own
                    .iter()
                    .map(|s| s.at.saturating_sub(first.at).as_millis());
                let at: Vec<u128> = at.collect();
                wrong.push(format!("{voice}: an advert out of turn, after {at:?} ms"));
            }
        }
        wrong
    }

    /// What was made anew in the table though it was there before and is there now: its counters, or
    /// its socket, are others. `samples`: tables in between.
    pub fn fresh(&self, before: &Before, samples: &BTreeSet<Vec<String>>) -> Vec<String> {
        let (counts, after) = (self.counts(), self.table());
        let has = |table: &[String], key: &str| {
            let mut words = key.split(' ');
            let (service, real) = (words.next().unwrap_or_default(), words.next());
            table.iter().any(|line| {
                let mut words = line.split_whitespace().skip(2);
                let same = words.next() == Some(service);
                same && real.is_none_or(|real| words.nth(1) == Some(real))
            })
        };
        let mut all = Vec::new();
        for (key, was) in &before.counts {
            let now = counts.get(key).copied().unwrap_or(0);
            if now < *was && has(&before.table, key) && has(&after, key) {
                all.push(format!("{key}: of {was} connections {now} are known"));
            }
        }
        let stays = before.table.iter().filter(|line| after.contains(line));
        for line in stays {
            if samples.iter().any(|table| !table.contains(line)) {
                all.push(format!("gone for a moment: {line}"));
            }
            if line.starts_with("sync") && self.sockets() != before.sockets {
                all.push(format!("started anew: {line}"));
            }
        }
        for line in samples.iter().flatten() {
            if !before.table.contains(line) && !after.contains(line) {
                all.push(format!("there for a moment: {line}"));
            }
        }
        all
    }
}

impl Before {
    /// Who spoke.
    pub fn voices(&self) -> usize {
        self.said.len()
    }

    /// What a voice said last.
    pub fn priority(&self, voice: &str) -> Option<u8> {
        self.said.get(voice).map(|said| said.priority)
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        let _ = self.monitor.kill();
        let _ = self.monitor.wait();
    }
}

fn by_voice(all: impl Iterator<Item = Said>) -> BTreeMap<Voice, Vec<Said>> {
    let mut voices: BTreeMap<Voice, Vec<Said>> = BTreeMap::new();
    for said in all {
        voices.entry(said.voice.clone()).or_default().push(said);
    }
    voices
}

/// Whether a voice has fallen silent without a goodbye: since it was heard last, at `from` or later,
/// another one has spoken often enough.
fn silent(voices: &BTreeMap<Voice, Vec<Said>>, voice: &Voice, from: Duration) -> bool {
    let last = voices.get(voice).and_then(|own| own.last());
    let from = last.map_or(from, |last| last.at);
    let since = |adverts: &Vec<Said>| adverts.iter().filter(|s| s.at > from).count();
    last.is_none_or(|last| last.priority > 0) && voices.values().any(|v| since(v) >= MANY)
}

/// The address in a line of `ip -o addr` or `ip -o monitor`.
fn address(line: &str) -> Option<String> {
    let mut words = line.split_whitespace();
    words.find(|w| matches!(*w, "inet" | "inet6"))?;
    words.next().map(str::to_owned)
}

fn difference(was: &[String], is: &[String]) -> BTreeSet<String> {
    let gone = was.iter().filter(|line| !is.contains(line));
    let come = is.iter().filter(|line| !was.contains(line));
    let gone = gone.map(|line| format!("-{line}"));
    gone.chain(come.map(|line| format!("+{line}"))).collect()
}
