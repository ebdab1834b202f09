//! The configuration's window onto the real world.

use crate::config::{Outside, Stat};
use crate::sys;
use crate::sys::net::Netlink;
use crate::wire::Error;
use crate::wire::netlink::{Control, Messages};
use crate::wire::rtnetlink::{self, Report};
use core::net::IpAddr;
use std::collections::BTreeMap;

/// Answers the configuration's questions from the running system.
#[derive(Clone, Copy, Debug, Default)]
pub struct Real;

impl Outside for Real {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        sys::outside::read(path).map_err(|error| plain(&error))
    }
    fn glob(&self, pattern: &str) -> Vec<String> {
        sys::outside::glob(pattern)
    }
    fn stat(&self, path: &str, follow: bool) -> Option<Stat> {
        let sys::outside::Facts {
            mode,
            uid,
            gid,
            file,
            dir,
        } = sys::outside::stat(path, follow)?;
        Some(Stat {
            mode,
            uid,
            gid,
            file,
            dir,
        })
    }
    fn link(&self, path: &str) -> Option<String> {
        sys::outside::link(path)
    }
    fn user(&self, name: &str) -> Option<(u32, u32)> {
        sys::outside::user(name)
    }
    fn group(&self, name: &str) -> Option<u32> {
        sys::outside::group(name)
    }
    fn own_user(&self) -> (u32, u32) {
        sys::outside::own_user()
    }
    fn interface(&self, name: &str) -> Option<bool> {
        sys::outside::interface(name)
    }
    fn networks(&self) -> Vec<(Box<str>, core::net::IpAddr, u8)> {
        networks().unwrap_or_default()
    }
    fn mtu(&self, name: &str) -> Option<u32> {
        let text = sys::outside::read(&format!("/sys/class/net/{name}/mtu")).ok()?;
        core::str::from_utf8(&text).ok()?.trim().parse().ok()
    }
    fn hostname(&self) -> String {
        sys::hostname()
    }
    fn env(&self, name: &str) -> Option<String> {
        sys::outside::env(name)
    }
}

/// Room for what the kernel says at once.
const QUEUE: usize = 256 << 10;
/// Longest datagram of a dump.
const DATAGRAM: usize = 32 << 10;

/// The addresses of all interfaces in this network namespace with their prefix lengths. (musl's
/// getifaddrs(3) trusts the lengths of what it is told, and does not come to an end where an
/// emulator gets one wrong.) `None`: the kernel does not tell.
fn networks() -> Option<Vec<(Box<str>, IpAddr, u8)>> {
    let mut names: BTreeMap<u32, Box<str>> = BTreeMap::new();
    let mut found = Vec::new();
    list(rtnetlink::dump_links, &mut |report| {
        if let Report::Link(link) = report {
            names.insert(link.index, link.name.into());
        }
    })?;
    list(rtnetlink::dump_addresses, &mut |report| {
        if let Report::Address(a) = report
            && let Some(name) = names.get(&a.index)
        {
            found.push((name.clone(), a.address, a.prefix));
        }
    })?;
    Some(found)
}

/// Tells everything the kernel lists. `None`: not to the end.
fn list(
    request: fn(&mut Vec<u8>, u32) -> Result<usize, Error>,
    tell: &mut dyn FnMut(Report<'_>),
) -> Option<()> {
    let netlink = Netlink::route(0, QUEUE).ok()?;
    let mut asked = Vec::new();
    request(&mut asked, 1).ok()?;
    netlink.send(&asked).ok()?;
    let mut buf = vec![0; DATAGRAM];
    // A dump is there as soon as it is asked for; nothing needs to be waited for.
    while let Ok(Some(len)) = netlink.recv(&mut buf) {
        for message in Messages::new(buf.get(..len)?) {
            let message = message.ok()?;
            match message.control() {
                Ok(Some(Control::Done(end) | Control::Ack(end))) => {
                    return (end.error == 0).then_some(());
                }
                Ok(Some(_)) | Err(_) => {}
                Ok(None) => {
                    if let Ok(Some(report)) = rtnetlink::parse(&message) {
                        tell(report);
                    }
                }
            }
        }
    }
    None
}

/// An error in the kernel's words, without Rust's " (os error N)".
pub fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((words, _)) => words.to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loopback_interface_has_its_network() {
        let all = networks().expect("the kernel tells");
        let up = sys::outside::read("/sys/class/net/lo/flags").expect("its flags");
        if up.starts_with(b"0x9") || up.starts_with(b"0x49") {
            let lo = ("lo".into(), IpAddr::from([127, 0, 0, 1]), 8);
            assert!(all.contains(&lo), "{all:?}");
        }
    }

    #[test]
    fn a_missing_file_reads_as_people_say_it() {
        assert_eq!(
            Real.read("/no/such").unwrap_err(),
            "No such file or directory"
        );
        assert!(Real.stat("/", true).is_some_and(|s| s.dir));
        assert_eq!(Real.interface("lo"), Some(true));
        let loopback = ("lo".into(), core::net::IpAddr::from([127, 0, 0, 1]), 8);
        let all = Real.networks();
        assert!(all.is_empty() || all.contains(&loopback), "{all:?}");
    }
}
