//! The dumps of SIGUSR1, SIGUSR2 and JSON, in keepalived's file names, replaced atomically.
//!
//! Here is only what is asked for; [`super::control`] writes it, a little at a time.

use super::*;
use crate::control::{Report, What};

/// A dump and where it goes.
pub(super) struct Dump {
    pub path: String,
    pub report: Report,
    /// Nothing is said when it is written: programs ask for it all the time.
    pub quiet: bool,
}

impl Dump {
    fn new(path: String, what: What) -> Self {
        Dump {
            path,
            quiet: what == What::Json,
            report: Report::new(what),
        }
    }
}

impl Engine {
    /// SIGUSR1: everything, for people.
    pub(super) fn dump_data(&mut self) {
        let has_checks = self.checks.is_some();
        if !has_checks || !self.how.vrrp.instances.is_empty() {
            let path = self.state_path("");
            self.control.write(Dump::new(path, What::Data));
        }
        if has_checks {
            let path = self.state_path("_check");
            self.control.write(Dump::new(path, What::Checks));
        }
    }

    /// SIGUSR2: the counters; `clear` sets them to zero at this moment.
    pub(super) fn dump_stats(&mut self, clear: bool) {
        let ids = (0..self.how.vrrp.instances.len()).map(|at| InstanceId(at as u16));
        let counters = ids.map(|id| self.router.counters(id)).collect();
        let path = format!("{}/keepalived.stats", self.how.dump_dir);
        self.control.write(Dump::new(path, What::Stats(counters)));
        if clear {
            self.router.clear_counters();
        }
    }

    /// SIGRTMIN+2.
    pub(super) fn dump_json(&mut self) {
        let path = format!("{}/keepalived.json", self.how.dump_dir);
        self.control.write(Dump::new(path, What::Json));
    }

    /// Where the state goes.
    fn state_path(&self, suffix: &str) -> String {
        state_path(self.how.state_file.as_deref(), &self.how.dump_dir, suffix)
    }
}

/// Compat: `state_dump_file` is a file, into whose name the suffix goes before its last dot, or,
/// with a slash at its end, a folder; one that is not absolute does not count.
fn state_path(file: Option<&str>, folder: &str, suffix: &str) -> String {
    let Some(file) = file.filter(|file| file.starts_with('/')) else {
        return format!("{folder}/keepalived{suffix}.data");
    };
    if file.ends_with('/') {
        return format!("{file}keepalived{suffix}.data");
    }
    let name = file.rfind('/').map_or(0, |at| at + 1);
    match file[name..].rfind('.') {
        Some(dot) => {
            let (front, back) = file.split_at(name + dot);
            format!("{front}{suffix}{back}")
        }
        None => format!("{file}{suffix}"),
    }
}

#[cfg(test)]
mod tests {
    use super::state_path;

    #[test]
    fn where_the_state_goes() {
        for (file, suffix, path) in [
            (None, "", "/tmp/keepalived.data"),
            (None, "_check", "/tmp/keepalived_check.data"),
            (Some("here"), "", "/tmp/keepalived.data"),
            (Some("/var/x/"), "_check", "/var/x/keepalived_check.data"),
            (Some("/var/x.d/state"), "_check", "/var/x.d/state_check"),
            (
                Some("/var/x.d/st.a.txt"),
                "_check",
                "/var/x.d/st.a_check.txt",
            ),
            (Some("/var/st.txt"), "", "/var/st.txt"),
        ] {
            assert_eq!(state_path(file, "/tmp", suffix), path);
        }
    }
}
