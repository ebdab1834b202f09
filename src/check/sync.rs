//! The kernel's connection synchronisation daemons: which one is to run.
//!
//! Compat: one that follows an instance listens while that is not Master, and sends while it is; one
//! that follows none does both as long as the daemon lives.

use super::{SyncParams, TableParams};
use crate::wire::ipvs::{Daemon, Request};

impl SyncParams {
    /// The daemon to run: the one that sends, or the one that listens.
    pub fn daemon(&self, master: bool) -> Daemon<'_> {
        Daemon {
            master,
            interface: &self.interface,
            id: self.id,
            maxlen: self.maxlen,
            group: self.group,
            port: self.port,
            ttl: self.ttl,
        }
    }
}

impl TableParams {
    /// At the start, as the instances are then. EEXIST: it runs already.
    pub fn sync_begin<'a>(
        &'a self,
        master: impl Fn(u16) -> bool,
        each: &mut impl FnMut(Request<'a>),
    ) {
        for sync in &self.sync {
            match sync.instance {
                Some(instance) => each(Request::NewDaemon(sync.daemon(master(instance)))),
                None => {
                    each(Request::NewDaemon(sync.daemon(true)));
                    each(Request::NewDaemon(sync.daemon(false)));
                }
            }
        }
    }

    /// An instance became Master, or is it no longer. ESRCH: the other one did not run.
    pub fn sync_follow<'a>(
        &'a self,
        instance: u16,
        master: bool,
        each: &mut impl FnMut(Request<'a>),
    ) {
        for sync in self.sync.iter().filter(|s| s.instance == Some(instance)) {
            each(Request::DelDaemon(sync.daemon(!master)));
            each(Request::NewDaemon(sync.daemon(master)));
        }
    }

    /// At a stop. ESRCH: it did not run.
    pub fn sync_end<'a>(&'a self, each: &mut impl FnMut(Request<'a>)) {
        for sync in &self.sync {
            each(Request::DelDaemon(sync.daemon(true)));
            each(Request::DelDaemon(sync.daemon(false)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is asked for, in short: `+` new, `-` delete; M sends, B listens; the interface.
    fn short(
        act: impl for<'a> FnOnce(&'a TableParams, &mut dyn FnMut(Request<'a>)),
    ) -> Vec<String> {
        let sync = |interface: &str, instance| SyncParams {
            interface: interface.into(),
            instance,
            id: 7,
            maxlen: 0,
            group: None,
            port: 0,
            ttl: 0,
        };
        let params = TableParams {
            sync: vec![sync("eth0", Some(3)), sync("eth1", None)],
            ..TableParams::default()
        };
        let mut asked = Vec::new();
        act(&params, &mut |request| {
            let (sign, daemon) = match request {
                Request::NewDaemon(daemon) => ('+', daemon),
                Request::DelDaemon(daemon) => ('-', daemon),
                other => panic!("{other:?}"),
            };
            let state = if daemon.master { 'M' } else { 'B' };
            asked.push(format!("{sign}{state} {}", daemon.interface));
        });
        asked
    }

    #[test]
    fn they_follow_the_instance_or_both_run() {
        let begin = short(|p, mut each| p.sync_begin(|_| false, &mut each));
        assert_eq!(begin, ["+B eth0", "+M eth1", "+B eth1"]);
        let begin = short(|p, mut each| p.sync_begin(|i| i == 3, &mut each));
        assert_eq!(begin, ["+M eth0", "+M eth1", "+B eth1"]);
        let master = short(|p, mut each| p.sync_follow(3, true, &mut each));
        assert_eq!(master, ["-B eth0", "+M eth0"]);
        let backup = short(|p, mut each| p.sync_follow(3, false, &mut each));
        assert_eq!(backup, ["-M eth0", "+B eth0"]);
        let other = short(|p, mut each| p.sync_follow(4, true, &mut each));
        assert!(other.is_empty());
        let end = short(|p, mut each| p.sync_end(&mut each));
        assert_eq!(end, ["-M eth0", "-B eth0", "-M eth1", "-B eth1"]);
    }
}
