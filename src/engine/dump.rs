//! The dumps of SIGUSR1 and SIGUSR2, in keepalived's file names, replaced atomically.

use super::outside::plain;
use super::*;
use crate::vrrp::{FileId, GroupId, ScriptId};
use crate::{control, sys};

impl Engine {
    /// SIGUSR1: everything, for people.
    pub(super) fn dump_data(&self, now: Instant) {
        let all = &self.how.vrrp;
        let mut text = String::from("------< VRRP Topology >------\n");
        for (at, params) in all.instances.iter().enumerate() {
            if let Some(s) = self.router.snapshot(InstanceId(at as u16)) {
                // Writing to a String cannot fail.
                let id = InstanceId(at as u16);
                let _ = control::data(&mut text, all, params, &s, now);
                let _ = control::faults(&mut text, all, self.router.reasons(id));
                let _ = control::tracked(&mut text, all, self.router.tracked(id));
            }
        }
        if !all.groups.is_empty() {
            text.push_str("------< VRRP Sync groups >------\n");
        }
        for (at, params) in all.groups.iter().enumerate() {
            if let Some(s) = self.router.group_snapshot(GroupId(at as u16)) {
                let _ = control::group_data(&mut text, all, params, &s);
            }
        }
        self.dump_tracked(&mut text);
        self.write_dump("keepalived.data", &text);
    }

    /// The scripts and files that are tracked.
    fn dump_tracked(&self, text: &mut String) {
        let all = &self.how.vrrp;
        if !all.scripts.is_empty() {
            text.push_str("------< VRRP Scripts >------\n");
        }
        for (at, params) in all.scripts.iter().enumerate() {
            if let Some(s) = self.router.script_snapshot(ScriptId(at as u16)) {
                let _ = control::script(text, params, &s);
            }
        }
        if !all.files.is_empty() {
            text.push_str("------< VRRP Track files >------\n");
        }
        for (at, params) in all.files.iter().enumerate() {
            if let Some(value) = self.router.file_value(FileId(at as u16)) {
                let _ = control::file(text, params, value);
            }
        }
    }

    /// SIGUSR2: the counters; `clear` sets them to zero after that.
    pub(super) fn dump_stats(&mut self, clear: bool) {
        let mut text = String::new();
        for (at, params) in self.how.vrrp.instances.iter().enumerate() {
            if let Some(s) = self.router.snapshot(InstanceId(at as u16)) {
                let _ = control::stats(&mut text, params, &s);
            }
        }
        self.write_dump("keepalived.stats", &text);
        if clear {
            self.router.clear_counters();
        }
    }

    /// SIGRTMIN+2.
    pub(super) fn dump_json(&self) {
        log::warn!("the JSON dump is not available yet; kill -USR1 and -USR2 write text");
    }

    fn write_dump(&self, name: &str, text: &str) {
        let path = format!("{}/{name}", self.how.dump_dir);
        match sys::file::write_atomically(&path, text.as_bytes()) {
            Ok(()) => log::info!("wrote {path}"),
            Err(e) => log::error!("cannot write {path}: {}", plain(&e)),
        }
    }
}
