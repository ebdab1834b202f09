//! `make demo`: two routers and a client on one machine, and an address that stays.
//!
//! Everything happens in network namespaces of its own, as root or as an ordinary user where the
//! system allows user namespaces; nothing of the machine is touched and nothing is left behind.
//! Exits with 0 if the address survived every event.

#![allow(missing_docs, clippy::disallowed_methods, clippy::unwrap_used)]

#[path = "../lab/mod.rs"]
mod lab;

use lab::{Capture, Daemon, Kind, Lab, Prober, now, packages, pause, stage};
use std::io::{IsTerminal, Write};
use std::net::Ipv4Addr;
use std::process::ExitCode;
use std::time::Duration;

/// The address the client talks to.
const VIP: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 100);
const PACE: Duration = Duration::from_millis(10);
/// Three lost adverts, the skew of priority 100, and what a busy machine may add.
const ALLOWED: Duration = Duration::from_millis(3 * 1000 + 610 + 1500);

fn config(router: &str, state: &str, priority: u8) -> String {
    format!(
        "global_defs {{
    notification_email {{
        admin@example.org
    }}
    notification_email_from keepalived@example.org
    smtp_server 192.0.2.25
    smtp_connect_timeout 30
    router_id {router}
}}

vrrp_sync_group VG_1 {{
    group {{
        VI_outside
        VI_inside
    }}
}}

vrrp_instance VI_outside {{
    state {state}
    interface eth0
    virtual_router_id 51
    priority {priority}
    advert_int 1
    authentication {{
        auth_type PASS
        auth_pass 1111
    }}
    virtual_ipaddress {{
        192.0.2.100/24 dev eth0
    }}
}}

vrrp_instance VI_inside {{
    state {state}
    interface eth1
    virtual_router_id 52
    priority {priority}
    advert_int 1
    authentication {{
        auth_type PASS
        auth_pass 1111
    }}
    virtual_ipaddress {{
        198.51.100.100/24 dev eth1
    }}
}}
"
    )
}

fn main() -> ExitCode {
    stage::dispatch(|_| i32::from(!demonstrate()));
    let ready = packages::need(&["ip"]).and_then(|()| stage::possible());
    if let Err(reason) = ready {
        println!("The demonstration cannot run here:");
        wrapped(&reason).for_each(|line| println!("  {line}"));
        return ExitCode::FAILURE;
    }
    let status = stage::stage("enter", &["demo"])
        .status()
        .expect("starting ourselves");
    if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Lines of at most 76 characters.
fn wrapped(text: &str) -> impl Iterator<Item = String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last_mut().expect("one at least");
        if !last.is_empty() && last.len() + 1 + word.len() > 76 {
            lines.push(word.to_owned());
        } else {
            *last += if last.is_empty() { "" } else { " " };
            *last += word;
        }
    }
    lines.into_iter()
}

/// The client's view, the wire, and the lines printed.
struct Show<'a> {
    lab: &'a Lab,
    prober: Prober,
    wire: Capture,
    start: Duration,
    colours: bool,
    survived: bool,
}

impl<'a> Show<'a> {
    fn line(&self, at: Duration, what: &str, rest: &str) {
        let ms = at.saturating_sub(self.start).as_millis();
        let time = format!("{}.{:02}", ms / 1000, ms % 1000 / 10);
        println!("{}", format!("{time:>7} s  {what:<38} {rest}").trim_end());
        let _ = std::io::stdout().flush();
    }

    /// Who holds both addresses.
    fn holder(&self) -> String {
        let names = [1, 2].map(|n| {
            let router = self.lab.r(n);
            let inside = router
                .addresses("eth1")
                .iter()
                .any(|a| a.starts_with("198.51.100.100/"));
            (router.holds("192.0.2.100"), inside, n)
        });
        let holding: Vec<String> = names
            .iter()
            .filter(|(o, i, _)| *o && *i)
            .map(|(_, _, n)| format!("r{n}"))
            .collect();
        if holding.is_empty() {
            "nobody".into()
        } else {
            holding.join("+")
        }
    }

    /// Does something to a router and watches until `heir` is the one who sends adverts and
    /// the client is served again.
    fn event<T>(&mut self, what: &str, heir: u8, act: impl FnOnce() -> T) -> T {
        let from = now();
        self.line(from, what, "");
        let done = act();
        let heir_address = Ipv4Addr::new(192, 0, 2, heir);
        let limit = from + Duration::from_secs(12);
        let speaks = |wire: &Capture| {
            let since = now() - Duration::from_millis(1300);
            let adverts = wire.adverts(|a| a.at > since.max(from) && a.vrid == 51);
            adverts
                .last()
                .is_some_and(|a| a.source == heir_address && a.priority > 0)
        };
        let holds = |show: &Self| show.holder().contains(&format!("r{heir}"));
        while now() < limit && !(speaks(&self.wire) && holds(self) && self.prober.steady(20)) {
            pause(20);
        }
        let taken = self
            .wire
            .adverts(|a| a.at > from && a.vrid == 51 && a.source == heir_address);
        let served = self.prober.steady(20) && holds(self);
        let when = taken.first().map_or(now(), |a| a.at);
        pause(1200);
        let outage = self.prober.outage(from);
        let (sent, lost) = self.prober.tally(from);
        let good = served && outage <= ALLOWED;
        self.survived &= good;
        let text = match outage.as_millis() {
            _ if !served => "LOST: the address is gone".to_owned(),
            0 => format!("no outage ({sent} probes)"),
            ms => format!("outage {}.{:03} s ({lost} lost)", ms / 1000, ms % 1000),
        };
        let text = match (self.colours, good) {
            (true, true) => format!("\x1b[32m{text}\x1b[0m"),
            (true, false) => format!("\x1b[31m{text}\x1b[0m"),
            (false, true) => text,
            (false, false) => format!("{text} TOO LONG"),
        };
        let kept = if self.holder() == "r1+r2" {
            " (r1's kernel keeps it too)"
        } else {
            ""
        };
        self.line(when, &format!("  r{heir} is Master{kept}"), &text);
        done
    }

    /// Waits until the stronger router is Master; since when it is.
    fn election(&mut self) -> Duration {
        let limit = now() + Duration::from_secs(12);
        while now() < limit && !(self.prober.steady(20) && self.holder() == "r1") {
            pause(20);
        }
        self.survived = self.holder() == "r1";
        let not = if self.survived {
            "is"
        } else {
            "did not become"
        };
        self.line(now(), &format!("  r1 {not} Master"), "");
        pause(1000);
        now()
    }

    /// Everything that happens to r1.
    fn events(&mut self, kind: Kind, r1: Daemon<'a>) -> Daemon<'a> {
        let lab = self.lab;
        self.event("kill -9 of r1's worker", 1, || r1.kill_worker());
        self.event("kill -9 of r1's parent and worker", 2, || r1.crash());
        let again = || Show::router(lab, kind, 1);
        let r1 = self.event("r1's daemon is started again", 1, again);
        self.event("r1's cable is pulled", 2, || lab.r(1).carrier(false));
        self.event("r1's cable is put back", 1, || lab.r(1).carrier(true));
        self.event("SIGTERM to r1", 2, || r1.stop());
        self.event("r1's daemon is started again", 1, again)
    }

    fn router(lab: &'a Lab, kind: Kind, n: usize) -> Daemon<'a> {
        let (state, priority) = if n == 1 {
            ("MASTER", 150)
        } else {
            ("BACKUP", 100)
        };
        lab.r(n)
            .daemonise(kind, &config(&format!("r{n}"), state, priority), &[])
    }
}

fn demonstrate() -> bool {
    let kind = Kind::under_test();
    let mut lab = Lab::new(2);
    lab.switch("br1");
    lab.cable(1, "eth1", "br1", "198.51.100.1/24");
    lab.cable(2, "eth1", "br1", "198.51.100.2/24");
    lab.plug("client", "02:00:00:00:00:c0", "192.0.2.200/24");
    println!(
        "{} on two routers in network namespaces; keepalived.conf as in the guides:
  r1 192.0.2.1 priority 150, r2 192.0.2.2 priority 100, advert_int 1, PASS,
  192.0.2.100 outside and 198.51.100.100 inside, kept together by a sync group.
  A client pings 192.0.2.100 every 10 ms. An outage is the time from the
  first ping lost to the first one answered.
",
        kind.name()
    );
    let mut show = Show {
        lab: &lab,
        prober: Prober::start(lab.node("client"), VIP, PACE),
        wire: lab.capture(),
        start: now(),
        colours: std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
        survived: true,
    };
    show.line(show.start, "r1 and r2 start", "");
    let r1 = Show::router(&lab, kind, 1);
    let r2 = Show::router(&lab, kind, 2);
    let elected = show.election();
    let r1 = show.events(kind, r1);
    let survived = show.survived;
    let (sent, lost) = show.prober.tally(elected);
    r1.stop();
    r2.stop();
    println!();
    if survived {
        println!("The address survived everything ({lost} of {sent} pings lost in all).");
    } else {
        println!("The address did NOT survive everything.");
        for n in [1, 2] {
            println!("--- log of r{n}\n{}", lab.r(n).log.text());
        }
    }
    survived
}
