//! What the kernel is asked to change in its table of IPVS, overheard on the netlink of a router: a
//! real server that is taken out and put back looks untouched in the table, for the kernel keeps
//! its counters for two minutes.

use super::rows::Row;
use crate::lab::{Capture, Frame, Node};
use std::collections::BTreeSet;
use std::net::Ipv4Addr;

/// NLM_F_REQUEST (linux/netlink.h).
const REQUEST: u16 = 1;
/// GENL_ID_CTRL (linux/genetlink.h).
const CONTROL: u16 = 0x10;

/// Overhears.
pub struct Orders(Capture);

impl Orders {
    pub fn start(node: &Node) -> Orders {
        node.ip("link add nlmon0 type nlmon");
        node.ip("link set nlmon0 up");
        Orders(Capture::netlink(node.holder()))
    }

    pub fn forget(&self) {
        self.0.clear();
    }

    /// Orders so far: the verb, the virtual server, and the real server if it is about one.
    pub fn all(&self) -> BTreeSet<String> {
        let of = |frame: &Frame| messages(&frame.bytes);
        self.0.look(|frames| frames.iter().flat_map(of).collect())
    }

    /// Orders that are about more than the lines of this row.
    pub fn beyond(&self, row: &Row) -> Vec<String> {
        let allowed: BTreeSet<String> = allowed(row.table);
        let all = self.all();
        let beyond = all.difference(&allowed);
        beyond.map(|order| format!("ordered: {order}")).collect()
    }
}

/// A line that only comes is made, one that only goes is deleted, one that does both is edited.
fn allowed(table: &[&str]) -> BTreeSet<String> {
    let key = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            [_, "-t", service, "-r", real, ..] => format!("{service} {real}"),
            [_, "-t", service, ..] => service.to_owned(),
            _ => "sync".to_owned(),
        }
    };
    let all = |sign: char| -> BTreeSet<String> {
        let lines = table.iter().filter_map(|line| line.strip_prefix(sign));
        lines.map(key).collect()
    };
    let (come, go) = (all('+'), all('-'));
    let verb = |key: &String| match (come.contains(key), go.contains(key)) {
        _ if key == "sync" => key.clone(),
        (true, true) => format!("set {key}"),
        (true, false) => format!("new {key}"),
        (false, _) => format!("del {key}"),
    };
    come.union(&go).map(verb).collect()
}

fn number(bytes: &[u8], at: usize) -> usize {
    let two = bytes.get(at..at + 2).and_then(|b| b.try_into().ok());
    usize::from(u16::from_ne_bytes(two.unwrap_or_default()))
}

/// The requests in a datagram that change the table.
fn messages(mut bytes: &[u8]) -> Vec<String> {
    let mut all = Vec::new();
    while bytes.len() >= 20 {
        // struct nlmsghdr, struct genlmsghdr; no length is beyond 16 bits here.
        let length = number(bytes, 0).clamp(20, bytes.len());
        let (message, rest) = bytes.split_at(length);
        let (kind, flags) = (number(message, 4), number(message, 6));
        let ours = flags & usize::from(REQUEST) != 0 && kind != usize::from(CONTROL);
        // IPVS_GENL_VERSION is 1; what else is said here begins with a family and a prefix.
        if ours && message[17..20] == [1, 0, 0] {
            all.extend(order(message[16], &message[20..]));
        }
        bytes = rest.get((4 - length % 4) % 4..).unwrap_or_default();
    }
    all
}

/// linux/ip_vs.h: IPVS_CMD_*, IPVS_CMD_ATTR_*, IPVS_SVC_ATTR_*, IPVS_DEST_ATTR_*.
fn order(command: u8, body: &[u8]) -> Option<String> {
    let verb = match command {
        1 | 5 => "new",
        2 | 6 => "set",
        3 | 7 => "del",
        9 | 10 => return Some("sync".to_owned()),
        _ => return None,
    };
    let service = attribute(body, 1)?;
    let mut text = format!("{verb} {}", place(service, 3, 4)?);
    if (5..=7).contains(&command) {
        text += &format!(" {}", place(attribute(body, 2)?, 1, 2)?);
    }
    Some(text)
}

fn place(of: &[u8], address: usize, port: usize) -> Option<String> {
    let address: [u8; 4] = attribute(of, address)?.get(..4)?.try_into().ok()?;
    let port: [u8; 2] = attribute(of, port)?.get(..2)?.try_into().ok()?;
    let (address, port) = (Ipv4Addr::from(address), u16::from_be_bytes(port));
    Some(format!("{address}:{port}"))
}

/// The attribute of this type.
fn attribute(mut bytes: &[u8], wanted: usize) -> Option<&[u8]> {
    while bytes.len() >= 4 {
        let length = number(bytes, 0).clamp(4, bytes.len());
        if number(bytes, 2) & 0x3fff == wanted {
            return bytes.get(4..length);
        }
        bytes = bytes.get(length.next_multiple_of(4)..)?;
    }
    None
}
