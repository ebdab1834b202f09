//! The checkers of a real server: when they run, and whom they ask.

use super::real::{Common, Server};
use super::{Found, MOST};
use crate::check::{CheckerParams, Connection, Probe, tls};
use crate::config::walk::Walk;
use crate::time::Span;
use core::net::IpAddr;

/// Further attempts and the pause before each, where nothing is said. No pause: `delay_loop`.
fn usual(checker: &str) -> (u32, Option<Span>) {
    match checker {
        "HTTP_GET" | "SSL_GET" => (1, Some(Span::from_secs(3))),
        "DNS_CHECK" => (3, None),
        "MISC_CHECK" => (0, Some(Span::from_secs(1))),
        _ => (1, Some(Span::from_secs(1))),
    }
}

fn link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(_) => false,
        IpAddr::V6(ip) => ip.segments()[0] & 0xffc0 == 0xfe80,
    }
}

impl<'a> Walk<'a> {
    /// All checkers of a real server that are sound.
    pub(super) fn checkers(&mut self, server: u32, real: &Server, found: &mut Found) {
        for node in self.children(Some(server)) {
            let opens = self.row(node).is_some_and(|r| r.opens());
            if !opens || self.refused.contains(&node) {
                continue;
            }
            let own = self.common(node, &real.common);
            let probe = match self.name(node) {
                "TCP_CHECK" => Some(Probe::Tcp),
                "PING_CHECK" => Some(Probe::Ping),
                "HTTP_GET" => self.http(node, &own, false),
                "SSL_GET" => {
                    if !tls::SUPPORTED {
                        let text = "this holdfast was built without TLS: SSL_GET is not made";
                        let hint = "the real server stays as it is";
                        self.diags.warning(self.head(node), text).hint(hint);
                    }
                    self.http(node, &own, true)
                }
                "SMTP_CHECK" => Some(self.smtp(node)),
                "DNS_CHECK" => self.dns(node),
                "UDP_CHECK" => self.udp(node),
                "MISC_CHECK" => self.misc(node, found),
                "FILE_CHECK" => self.file_check(node),
                _ => None,
            };
            if let Some(probe) = probe {
                self.checker(node, real, &own, probe, found);
            }
        }
    }

    fn checker(&mut self, node: u32, real: &Server, own: &Common, probe: Probe, found: &mut Found) {
        let (retry, pause) = usual(self.name(node));
        let mut params = CheckerParams {
            real: real.id,
            alpha: own.alpha,
            delay_loop: own.delay_loop,
            warmup: own.warmup.unwrap_or(own.delay_loop),
            retry: own.retry.unwrap_or(retry),
            delay_before_retry: own.delay_before_retry.or(pause).unwrap_or(own.delay_loop),
            timeout: own.connect_timeout,
            log_all_failures: self
                .child(node, &["log_all_failures"])
                .map_or(real.log_all, |n| self.flag(n)),
            connection: None,
            probe,
        };
        match &params.probe {
            Probe::Misc { .. } => {
                let own = self.child_number(node, "misc_timeout").filter(|n| *n > 0);
                let own = own.map(|n| Span::from_secs(u64::from(n)));
                params.timeout = own.unwrap_or(real.misc_timeout);
                push(found, params);
            }
            Probe::File { .. } => {
                for time in [
                    &mut params.delay_loop,
                    &mut params.warmup,
                    &mut params.delay_before_retry,
                    &mut params.timeout,
                ] {
                    *time = Span::ZERO;
                }
                (params.retry, params.log_all_failures) = (0, false);
                push(found, params);
            }
            _ => self.connected(node, real, params, found),
        }
    }

    /// A checker with a socket. Each `host` of SMTP_CHECK is one of its own.
    fn connected(&mut self, node: u32, real: &Server, params: CheckerParams, found: &mut Found) {
        let ping = matches!(params.probe, Probe::Ping);
        let port = if ping { 0 } else { real.port };
        let from = Connection {
            address: real.address,
            port,
            from: None,
            from_port: 0,
            interface: None,
            mark: 0,
        };
        let all = self.connection(node, from);
        let mut hosts = self
            .children(Some(node))
            .filter(|n| self.name(*n) == "host" && !self.refused.contains(n));
        let first = hosts.next();
        let hosts: Vec<u32> = first.into_iter().chain(hosts).collect();
        if hosts.is_empty() {
            if self.reachable(node, &all, ping) {
                let connection = Some(all);
                push(
                    found,
                    CheckerParams {
                        connection,
                        ..params
                    },
                );
            }
            return;
        }
        for host in hosts {
            let one = self.connection(host, all.clone());
            if self.reachable(host, &one, ping) {
                let timeout = self.child(host, &["connect_timeout"]);
                let timeout = timeout.map_or(params.timeout, |n| self.timer(n));
                let connection = Some(one);
                let params = params.clone();
                push(
                    found,
                    CheckerParams {
                        connection,
                        timeout,
                        ..params
                    },
                );
            }
        }
    }

    /// The connection group of a block.
    fn connection(&self, block: u32, from: Connection) -> Connection {
        let mut c = from;
        let port = |n: u32| u16::try_from(self.number(n)).unwrap_or(u16::MAX);
        for node in self.children(Some(block)) {
            if self.refused.contains(&node) {
                continue;
            }
            match self.name(node) {
                "connect_ip" => c.address = self.ip_of(node).unwrap_or(c.address),
                "connect_port" if c.port != 0 || self.name(block) != "PING_CHECK" => {
                    c.port = port(node);
                }
                "bindto" => c.from = self.ip_of(node),
                "bind_port" => c.from_port = port(node),
                "bind_if" => c.interface = self.first(node).map(|w| self.text(w)),
                "fwmark" => c.mark = self.number(node),
                _ => {}
            }
        }
        c
    }

    /// Whether there is somebody to ask; says so if not.
    fn reachable(&mut self, block: u32, c: &Connection, ping: bool) -> bool {
        let mixed = c.from.is_some_and(|ip| ip.is_ipv4() != c.address.is_ipv4());
        let far = link_local(c.address) && c.interface.is_none();
        let (text, hint) = match () {
            () if mixed => ("bindto and the address asked are of two families", ""),
            () if far => ("a link-local address cannot be asked without bind_if", ""),
            () if c.port == 0 && !ping => ("there is no port to ask", "write 'connect_port N'"),
            () => return true,
        };
        let place = self.written(block, &["bindto"]).filter(|_| mixed);
        let place = place.and_then(|n| self.first(n)).map(|w| self.span(w));
        let at = place.unwrap_or_else(|| self.head(block));
        let text = format!("{text}; this {} is ignored", self.name(block));
        let diag = self.diags.error(at, text);
        if !hint.is_empty() {
            // keepalived asks port 0, which fails.
            diag.ours().hint(hint);
        }
        false
    }
}

fn push(found: &mut Found, params: CheckerParams) {
    match found.check.checkers.len() < MOST {
        true => found.check.checkers.push(params),
        false => found.full = true,
    }
}
