//! `lvs_*` of `global_defs`, and the block `SSL`.

use super::Services;
use crate::check::{CheckerParams, FlushOnStop, Probe, SyncParams, TlsParams};
use crate::config::Config;
use crate::config::lexer::Word;
use crate::config::source::Span as At;
use crate::config::value;
use crate::config::walk::Walk;
use crate::vrrp::InstanceId;
use std::collections::BTreeMap;

/// What `global_defs` says to virtual servers, wherever it stands.
#[derive(Default)]
pub(super) struct Globals<'a> {
    smtp_alert: Option<bool>,
    smtp_alert_checker: Option<bool>,
    smtp_alert_vrrp: Option<bool>,
    /// `checker_log_all_failures`
    pub log_all: bool,
    /// `lvs_sync_daemon`
    sync: Option<Sync<'a>>,
    /// `lvs_sync_daemon_interface` of an instance.
    own: Option<SyncParams>,
}

/// `lvs_sync_daemon` as written.
struct Sync<'a> {
    params: SyncParams,
    instance: Option<&'a [u8]>,
    /// There is an `id`.
    known: bool,
}

impl Globals<'_> {
    /// Whether mails are wanted, if anything was said.
    pub fn alert(&self) -> Option<bool> {
        self.smtp_alert_checker.or(self.smtp_alert)
    }
}

impl<'a> Walk<'a> {
    /// What of `global_defs` counts for blocks before it too.
    pub(in crate::config) fn service_defaults(&self, block: u32, services: &mut Services<'a>) {
        let globals = &mut services.globals;
        for node in self.children(Some(block)) {
            let on = match self.first(node) {
                None => true,
                Some(word) => match value::boolean(self.bytes(word)) {
                    Some(on) => on,
                    None => continue,
                },
            };
            match self.name(node) {
                "smtp_alert" => globals.smtp_alert = Some(on),
                "smtp_alert_vrrp" => globals.smtp_alert_vrrp = Some(on),
                "smtp_alert_checker" => globals.smtp_alert_checker = Some(on),
                "checker_log_all_failures" => globals.log_all = on,
                _ => {}
            }
        }
    }

    /// A `global_defs` block whose words have been checked.
    pub(in crate::config) fn service_globals(&self, block: u32, services: &mut Services<'a>) {
        let table = &mut services.found.check.table;
        for node in self.children(Some(block)) {
            if self.refused.contains(&node) {
                continue;
            }
            match self.name(node) {
                "lvs_flush" => table.flush = true,
                "lvs_flush_on_stop" | "lvs_flush_onstop" => {
                    let what = self.first(node).map(|w| self.bytes(w));
                    table.flush_on_stop = match what {
                        Some(b"VS") => FlushOnStop::Services,
                        _ => FlushOnStop::All,
                    };
                }
                "rs_init_notifies" => table.init_notifies = self.flag(node),
                "lvs_timeouts" => {
                    for pair in self.args(node).chunks_exact(2) {
                        let names: [&[u8]; 3] = [b"tcp", b"tcpfin", b"udp"];
                        let name = names.iter().position(|n| *n == self.bytes(pair[0]));
                        let seconds = value::int(self.bytes(pair[1]), 0, i64::from(u32::MAX));
                        if let (Some(name), Ok(seconds)) = (name, seconds) {
                            table.timeouts[name] = u32::try_from(seconds).unwrap_or(0);
                        }
                    }
                }
                "lvs_sync_daemon" if services.globals.sync.is_none() => {
                    services.globals.sync = self.sync(self.args(node));
                }
                _ => {}
            }
        }
    }

    /// `lvs_sync_daemon_interface` of an instance that runs. The kernel has one such daemon.
    pub(in crate::config) fn own_sync(
        &mut self,
        word: Word,
        instance: u16,
        vrid: u8,
        services: &mut Services<'a>,
    ) {
        let globals = &mut services.globals;
        if globals.sync.is_some() || globals.own.is_some() {
            let text = "the sync daemon has an interface already; this one is ignored";
            self.warn(word, text);
            return;
        }
        globals.own = Some(SyncParams {
            instance: Some(instance),
            id: vrid,
            ..SyncParams::on(self.text(word))
        });
    }

    fn sync(&self, args: &'a [Word]) -> Option<Sync<'a>> {
        let (interface, rest) = args.split_first()?;
        let mut sync = Sync {
            params: SyncParams::on(self.text(*interface)),
            instance: None,
            known: false,
        };
        let p = &mut sync.params;
        let mut rest = rest.iter().map(|w| self.bytes(*w));
        while let Some(name) = rest.next() {
            let mut number = || {
                let n = value::int(rest.next().unwrap_or_default(), 0, 65_535);
                n.ok().and_then(|n| u16::try_from(n).ok()).unwrap_or(0)
            };
            let byte = |n: u16| u8::try_from(n).unwrap_or(u8::MAX);
            match name {
                b"id" => (p.id, sync.known) = (byte(number()), true),
                b"maxlen" => p.maxlen = number(),
                b"port" => p.port = number(),
                b"ttl" => p.ttl = byte(number()),
                b"group" => p.group = rest.next().and_then(value::loose_ip),
                b"inst" => sync.instance = rest.next(),
                _ if sync.instance.is_none() => sync.instance = Some(name),
                _ => {
                    if let Ok(id) = value::int(name, 0, 255) {
                        (p.id, sync.known) = (u8::try_from(id).unwrap_or(0), true);
                    }
                }
            }
        }
        Some(sync)
    }

    /// The block `SSL` whose words have been checked; a second one replaces the first.
    pub(in crate::config) fn tls(&mut self, block: u32, services: &mut Services<'a>) {
        self.judge_tls(block);
        let text = |name: &str| self.child_word(block, name).map(|w| self.text(w));
        services.found.check.tls = Some(Box::new(TlsParams {
            password: text("password"),
            ca: text("ca"),
            certificate: text("certificate"),
            key: text("key"),
        }));
    }

    /// What of the block `SSL` will not do what it seems to.
    fn judge_tls(&mut self, block: u32) {
        if let Some(word) = self.child_word(block, "ca") {
            let text = "the certificates of servers are not verified, as keepalived does not";
            let hint = "SSL_GET asks whether a server works, not who it is";
            self.diags.warning(self.span(word), text).hint(hint);
        }
        let certificate = self.child_word(block, "certificate");
        let key = self.child_word(block, "key");
        if let (Some(word), None) | (None, Some(word)) = (certificate, key) {
            let text = "a certificate is shown to servers only with both, 'certificate' and 'key'";
            self.diags.warning(self.span(word), text);
        }
        for word in certificate.into_iter().chain(key) {
            let path = self.text(word);
            let read = self.outside.read(&path);
            let encrypted = |text: &[u8]| text.windows(9).any(|w| w == b"ENCRYPTED");
            let (text, hint) = match read {
                Err(why) => (format!("cannot read {path}: {why}"), None),
                Ok(text) if encrypted(&text) => (
                    format!("the key in {path} is encrypted, which holdfast cannot read"),
                    Some("'openssl pkey -in KEY -out PLAIN' decrypts it; keep PLAIN from others"),
                ),
                Ok(_) => continue,
            };
            let text = format!("{text}; no certificate is shown to servers");
            let diag = self.diags.warning(self.span(word), text);
            if let Some(hint) = hint {
                diag.hint(hint);
            }
        }
    }
}

impl SyncParams {
    /// As the kernel likes it best.
    fn on(interface: Box<str>) -> SyncParams {
        SyncParams {
            interface,
            instance: None,
            id: 0,
            maxlen: 0,
            group: None,
            port: 0,
            ttl: 0,
        }
    }
}

impl Services<'_> {
    /// Whether mails about instances and groups are wanted that say nothing themselves.
    pub(in crate::config) fn vrrp_alert(&self) -> bool {
        let globals = &self.globals;
        globals
            .smtp_alert_vrrp
            .or(globals.smtp_alert)
            .unwrap_or(false)
    }

    /// Everything that is sound, when instances have their numbers.
    pub(in crate::config) fn finish(
        self,
        names: &BTreeMap<Box<str>, (At, Option<InstanceId>)>,
        config: &mut Config,
    ) {
        let mut found = self.found;
        let sync = &mut found.check.table.sync;
        match self.globals.sync {
            None => sync.extend(self.globals.own),
            Some(mut one) => {
                let named = one.instance.map(value::text);
                let id = named.as_ref().and_then(|n| names.get(n)?.1);
                if let Some(InstanceId(id)) = id {
                    one.params.instance = Some(id);
                    let instance = config.vrrp.instances.get(usize::from(id));
                    if let (false, Some(instance)) = (one.known, instance) {
                        one.params.id = instance.vrid;
                    }
                }
                // That there is no such instance has been said.
                if named.is_none() || id.is_some() {
                    sync.push(one.params);
                }
            }
        }
        let check = &mut found.check;
        check.services.shrink_to_fit();
        check.reals.shrink_to_fit();
        check.checkers.shrink_to_fit();
        found.services.shrink_to_fit();
        found.reals.shrink_to_fit();
        found.checks.shrink_to_fit();
        config.check = found.check;
        config.notify.services = found.services;
        config.notify.reals = found.reals;
        config.notify.checks = found.checks;
    }
}

/// Tracked files that checkers follow, by the number of their definition.
pub(in crate::config) fn tracked_files(
    checkers: &mut [CheckerParams],
) -> impl Iterator<Item = &mut u16> {
    checkers.iter_mut().filter_map(|c| match &mut c.probe {
        Probe::File { file, .. } => Some(file),
        _ => None,
    })
}
