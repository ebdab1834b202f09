//! The real servers of a virtual server, and what they inherit.

use super::{Kind, Services, Target, server_name};
use crate::check::{RealId, RealParams, ServiceId};
use crate::config::lexer::Word;
use crate::config::source::Span as At;
use crate::config::table;
use crate::config::walk::Walk;
use crate::notify::RealScripts;
use crate::time::Span;
use crate::wire::ipvs::{Destination, Forward};
use core::net::IpAddr;
use std::collections::BTreeMap;

/// What checkers inherit from their real server.
const CHECKS: [&str; 5] = [
    "connect_timeout",
    "delay_before_retry",
    "delay_loop",
    "retry",
    "warmup",
];

/// What virtual servers, real servers and checkers say alike.
#[derive(Clone, Copy)]
pub(super) struct Common {
    pub delay_loop: Span,
    pub warmup: Option<Span>,
    pub retry: Option<u32>,
    pub delay_before_retry: Option<Span>,
    pub connect_timeout: Span,
    pub alpha: bool,
    pub host: Option<Word>,
}

/// When nothing is said.
const COMMON: Common = Common {
    delay_loop: Span::from_secs(60),
    warmup: None,
    retry: None,
    delay_before_retry: None,
    connect_timeout: Span::from_secs(5),
    alpha: false,
    host: None,
};

/// What real servers inherit.
#[derive(Clone, Copy)]
struct Service {
    common: Common,
    weight: u32,
    inhibit: bool,
}

/// What a checker must know of its real server.
#[derive(Clone, Copy)]
pub(super) struct Server {
    pub id: RealId,
    pub address: IpAddr,
    /// Where it is asked: the port as written, else that of the virtual server.
    pub port: u16,
    pub common: Common,
    /// `misc_timeout` where it is not written.
    pub misc_timeout: Span,
    /// `checker_log_all_failures`
    pub log_all: bool,
}

impl<'a> Walk<'a> {
    pub(super) fn common(&self, block: u32, from: &Common) -> Common {
        let mut common = *from;
        for node in self.children(Some(block)) {
            if self.refused.contains(&node) {
                continue;
            }
            match self.name(node) {
                "delay_loop" => common.delay_loop = self.timer(node),
                "warmup" => common.warmup = Some(self.timer(node)),
                "retry" | "nb_get_retry" => common.retry = Some(self.number(node)),
                "delay_before_retry" => common.delay_before_retry = Some(self.timer(node)),
                "connect_timeout" => common.connect_timeout = self.timer(node),
                // Of a virtual server it takes no word.
                "alpha" => {
                    let flag = self
                        .row(node)
                        .is_some_and(|r| r.shape == table::Shape::Flag);
                    common.alpha = flag || self.flag(node);
                }
                "virtualhost" => common.host = self.first(node),
                _ => {}
            }
        }
        common
    }

    /// The real servers of a virtual server, as far as they are sound.
    pub(super) fn reals(&mut self, node: u32, target: &Target, services: &mut Services<'a>) {
        let service = Service {
            common: self.common(node, &COMMON),
            weight: self.child_number(node, "weight").unwrap_or(1),
            inhibit: self.has(node, "inhibit_on_failure"),
        };
        let mut seen: BTreeMap<(IpAddr, u16), At> = BTreeMap::new();
        let mut any = false;
        for server in self.children(Some(node)) {
            if self.name(server) == "real_server" && !self.refused.contains(&server) {
                any = true;
                self.idle_checks(server);
                if let Some(place) = self.placed_real(server, target, &mut seen) {
                    self.real(server, target, &service, place, services);
                }
            }
        }
        if !any {
            self.odd(node, "virtual_server without real_server is ignored", None);
        }
    }

    /// Where a real server stands in the table: nowhere if it is there already, or does not fit.
    fn placed_real(
        &mut self,
        server: u32,
        target: &Target,
        seen: &mut BTreeMap<(IpAddr, u16), At>,
    ) -> Option<(IpAddr, u16, Forward)> {
        let (word, address) = (self.first(server)?, self.ip_of(server)?);
        let own = self.child(server, &["lvs_method", "lb_kind"]);
        let own = own.and_then(|n| self.forward(n));
        let forward = own.unwrap_or(target.forward);
        let port = self.port_of(server, target, forward);
        let at = self.head(server);
        // The lines of a group have their ports from the group where nothing is translated.
        let place = match target.kind {
            Kind::Group(_) if forward != Forward::Nat => (address, 0),
            _ => (address, port),
        };
        if let Some(before) = seen.get(&place) {
            let before = self.other(*before, at);
            let text = format!(
                "real_server {address} port {port} is on {before} already; this one is ignored"
            );
            self.warn(word, text);
            return None;
        }
        seen.insert(place, at);
        let fits = self.same_family(target, address, forward, word, "real_server");
        fits.then_some((address, port, forward))
    }

    fn real(
        &mut self,
        server: u32,
        target: &Target,
        service: &Service,
        place: (IpAddr, u16, Forward),
        services: &mut Services<'a>,
    ) {
        let (address, port, forward) = place;
        let found = &mut services.found;
        let number = |n: usize| u16::try_from(n).ok().filter(|n| *n < u16::MAX);
        let index = number(found.check.services.len()).zip(number(found.check.reals.len()));
        let Some((index, id)) = index else {
            found.full = true;
            return;
        };
        let asked = match self.own_port(server) {
            0 => target.port(),
            own => own,
        };
        let ctx = Server {
            id: RealId(id),
            address,
            port: asked,
            common: self.common(server, &service.common),
            misc_timeout: service.common.delay_loop,
            log_all: services.globals.log_all,
        };
        let first = found.check.checkers.len();
        self.checkers(server, &ctx, found);
        let number = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
        let checkers = number(first)..number(found.check.checkers.len());
        let weight = self
            .child_number(server, "weight")
            .unwrap_or(service.weight);
        let (upper, lower) = self.thresholds(server);
        let inhibit = self.child(server, &["inhibit_on_failure"]);
        let params = RealParams {
            name: server_name(address, target.protocol, port),
            service: ServiceId(index),
            destination: Destination {
                address,
                port,
                forward,
                weight: i32::try_from(weight).unwrap_or(i32::MAX),
                upper,
                lower,
            },
            inhibit: inhibit.map_or(service.inhibit, |n| self.flag(n)),
            checkers,
            line: self.line_of(self.head(server)),
        };
        let alert = self.child(server, &["smtp_alert"]).map(|n| self.alert(n));
        found.reals.push(RealScripts {
            name: params.name.clone(),
            up: self.child_script(server, "notify_up"),
            down: self.child_script(server, "notify_down"),
            smtp_alert: alert.or(services.globals.alert()).unwrap_or(true),
        });
        found.check.reals.push(params);
    }

    /// `uthreshold` and `lthreshold`: the kernel takes no lower one above the upper one.
    fn thresholds(&mut self, server: u32) -> (u32, u32) {
        let upper = self.child_number(server, "uthreshold").unwrap_or(0);
        let Some(node) = self.child(server, &["lthreshold"]) else {
            return (upper, 0);
        };
        let lower = self.number(node);
        if lower > upper {
            let text = "lthreshold must not be above uthreshold; it is ignored";
            let at = self.head(node);
            self.diags.error(at, text).ours();
            return (upper, 0);
        }
        (upper, lower)
    }

    /// How to check a real server nobody checks.
    fn idle_checks(&mut self, server: u32) {
        let checked = |n: u32| self.row(n).is_some_and(|row| row.opens());
        if self.node(server).torn || self.children(Some(server)).any(checked) {
            return;
        }
        let idle = |n: &u32| CHECKS.contains(&self.name(*n));
        let Some(node) = self.children(Some(server)).find(idle) else {
            return;
        };
        let text = format!(
            "'{}' does nothing: this real_server has no checker",
            self.name(node)
        );
        let at = self.head(node);
        self.diags
            .warning(at, text)
            .hint("it belongs into TCP_CHECK { }, HTTP_GET { } or another checker");
    }
}
