//! The configuration's window onto the real world.

use crate::config::{Outside, Stat};
use crate::sys;

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
        sys::outside::networks()
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
    fn a_missing_file_reads_as_people_say_it() {
        assert_eq!(
            Real.read("/no/such").unwrap_err(),
            "No such file or directory"
        );
        assert!(Real.stat("/", true).is_some_and(|s| s.dir));
        assert_eq!(Real.interface("lo"), Some(true));
    }
}
