//! How the daemon's processes run: priority, memory, names, and the scripts around them.

use super::diag::quote;
use super::value;
use super::walk::Walk;
use crate::notify::Script;
use crate::time::Span;

/// How the worker is to run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Process {
    /// `vrrp_priority`: nice value, -20..=19.
    pub nice: Option<i8>,
    /// `vrrp_no_swap`
    pub no_swap: bool,
    /// `vrrp_rt_priority`: SCHED_RR, 1..=99.
    pub realtime: Option<u8>,
    /// `vrrp_rlimit_rttime`, microseconds.
    pub rttime: Option<u32>,
    /// `vrrp_cpu_affinity`: the processors, empty: all.
    pub cpus: Vec<u16>,
    /// `umask`
    pub umask: Option<u16>,
    /// `process_name`: of the parent, at most 15 bytes.
    pub parent_name: Option<Box<str>>,
    /// `vrrp_process_name`, or that of `process_names`: of the worker, at most 15 bytes.
    pub worker_name: Option<Box<str>>,
    /// `child_wait_time`: how long the worker may take to stop.
    pub child_wait: Option<Span>,
    /// `startup_script` and how long it may take.
    pub startup: Option<(Script, Span)>,
    /// `shutdown_script` and how long it may take.
    pub shutdown: Option<(Script, Span)>,
}

/// How long such a script may take.
pub(super) const SCRIPT_TIMEOUT: Span = Span::from_secs(10);
/// What `process_names` calls the worker.
const WORKER: &str = "keepalived_vrrp";
/// Processors the kernel's simple interface can name.
const CPUS: i64 = 1024;

/// Names of the bits of a mask, from the highest.
const BITS: [&str; 9] = [
    "IRUSR", "IWUSR", "IXUSR", "IRGRP", "IWGRP", "IXGRP", "IROTH", "IWOTH", "IXOTH",
];

impl<'a> Walk<'a> {
    /// A keyword about the processes. `false`: it is another one.
    pub(super) fn process(&mut self, node: u32, p: &mut Process) -> bool {
        let first = self.first(node);
        match self.name(node) {
            "vrrp_priority" => {
                let nice = first.and_then(|w| value::int(self.bytes(w), -20, 19).ok());
                p.nice = nice.and_then(|n| i8::try_from(n).ok());
            }
            "vrrp_no_swap" => p.no_swap = true,
            "vrrp_rt_priority" => {
                p.realtime = u8::try_from(self.number(node).clamp(1, 99)).ok();
            }
            // One microsecond is too little for anything.
            "vrrp_rlimit_rttime" | "vrrp_rlimit_rtime" => {
                p.rttime = Some(self.number(node).max(2));
            }
            "vrrp_cpu_affinity" => p.cpus = self.cpus(node),
            "umask" => p.umask = self.mask_of(node).or(p.umask),
            "process_name" => p.parent_name = first.map(|w| self.text(w)),
            "vrrp_process_name" => p.worker_name = first.map(|w| self.text(w)),
            "process_names" => {
                p.worker_name.get_or_insert_with(|| WORKER.into());
            }
            "startup_script" => self.around(node, &mut p.startup),
            "shutdown_script" => self.around(node, &mut p.shutdown),
            _ => return false,
        }
        true
    }

    /// `startup_script_timeout` and `shutdown_script_timeout` of a block, wherever they stand in it.
    pub(super) fn script_timeouts(&mut self, block: u32, p: &mut Process) {
        for node in self.children(Some(block)) {
            let script = match self.name(node) {
                "startup_script_timeout" => &mut p.startup,
                "shutdown_script_timeout" => &mut p.shutdown,
                _ => continue,
            };
            if let Some((_, timeout)) = script {
                let seconds = self.number(node).clamp(1, 1_000);
                *timeout = Span::from_secs(u64::from(seconds));
            }
        }
    }

    fn around(&mut self, node: u32, slot: &mut Option<(Script, Span)>) {
        if let Some(script) = self.script(node) {
            *slot = Some((script, SCRIPT_TIMEOUT));
        }
    }

    fn cpus(&mut self, node: u32) -> Vec<u16> {
        let mut cpus = Vec::new();
        for word in self.args(node).iter().copied() {
            let number = value::int(self.bytes(word), 0, CPUS - 1).ok();
            match number.and_then(|n| u16::try_from(n).ok()) {
                Some(cpu) => cpus.push(cpu),
                None => {
                    let text = format!("{} is no processor number", quote(self.bytes(word)));
                    self.wrong(word, text, None);
                }
            }
        }
        cpus.sort_unstable();
        cpus.dedup();
        cpus
    }

    /// A number as C writes it, or `IRUSR|IWGRP|…`.
    fn mask_of(&mut self, node: u32) -> Option<u16> {
        let mut mask = 0;
        for word in self.args(node).iter().copied() {
            let text = String::from_utf8_lossy(self.bytes(word)).into_owned();
            for name in text.split('|').filter(|n| !n.is_empty()) {
                let found = bits(name).filter(|m| *m <= 0o777);
                let Some(bits) = found else {
                    let text = format!("umask: {} is no mask", quote(name.as_bytes()));
                    self.wrong(word, text, Some("write an octal number such as 022"));
                    return None;
                };
                mask |= bits;
            }
        }
        Some(mask)
    }
}

fn bits(name: &str) -> Option<u16> {
    if let Some(at) = BITS.iter().position(|b| *b == name) {
        return Some(0o400 >> at);
    }
    match name {
        "IRWXU" => Some(0o700),
        "IRWXG" => Some(0o070),
        "IRWXO" => Some(0o007),
        _ => match name.strip_prefix("0x").or_else(|| name.strip_prefix("0X")) {
            Some(hex) => u16::from_str_radix(hex, 16).ok(),
            None if name.starts_with('0') => u16::from_str_radix(name, 8).ok(),
            None => name.parse().ok(),
        },
    }
}
