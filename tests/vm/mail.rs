//! Mail about virtual and real servers.

use super::witness::table;
use crate::lab::smtp::{Server, well};
use crate::lab::smtpd::{Smtpd, boxes};
use crate::lab::{Kind, Lab, Node, pause, wait_for};
use std::collections::BTreeMap;
use std::net::TcpListener;

const ARGUMENTS: [&str; 3] = ["-n", "-C", "-D"];

fn config(more: &str, checks: &[u16]) -> String {
    let mut text = format!(
        "global_defs {{\n router_id LB\n notification_email {{\n noc@example.org\n }}\n \
         notification_email_from lb@example.org\n smtp_server 192.0.2.250\n {more}\n}}\n\
         virtual_server 192.0.2.100 80 {{\n delay_loop 1\n lb_algo rr\n lb_kind NAT\n \
         protocol TCP\n smtp_alert\n"
    );
    for (n, real) in checks.chunks(2).enumerate() {
        text += &format!(" real_server 192.0.2.{} 80 {{\n", 11 + n);
        for port in real {
            text += &format!(
                "  TCP_CHECK {{\n   connect_ip 192.0.2.250\n   connect_port {port}\n   \
                 connect_timeout 3\n   retry 0\n   delay_before_retry 1\n  }}\n"
            );
        }
        text += " }\n";
    }
    text + "}\n"
}

/// Somebody who answers at the switch, until dropped.
fn listen(port: u16) -> TcpListener {
    TcpListener::bind(("192.0.2.250", port)).expect("a server at the switch")
}

const VIRTUAL: &str = "[LB] Virtualserver [192.0.2.100]:tcp:80 - ";
const FAILED: &str = "=> TCP CHECK failed on service <=";
const SUCCEEDED: &str = "=> TCP CHECK succeeded on service <=";

fn real(n: u8, up: &str, body: &str) -> String {
    format!(
        "[LB] Realserver [192.0.2.{n}]:tcp:80 of virtual server [192.0.2.100]:tcp:80 - {up}|{body}"
    )
}

fn gained() -> String {
    format!("{VIRTUAL}UP|=> Gained quorum 1+0=1 <= 1 <=")
}

fn lost() -> String {
    format!("{VIRTUAL}DOWN|=> Lost quorum 1-0=1 > 0 <=")
}

/// A mail server at the switch, and what came to it.
struct Mailbox<'a> {
    server: Server,
    said: usize,
    router: &'a Node,
}

impl Mailbox<'_> {
    /// What came since it was asked last.
    fn comes(&mut self, what: &str, expected: &[String]) {
        let all = || {
            let mails = self.server.mails();
            let new = mails.iter().skip(self.said);
            new.map(|m| format!("{}|{}", m.header("Subject"), m.body()))
                .collect::<Vec<String>>()
        };
        let start = std::time::Instant::now();
        while all().len() < expected.len() && start.elapsed().as_secs() < 40 {
            pause(50);
        }
        assert_eq!(all(), expected, "{what}: {}", self.router.log.report());
        self.said += expected.len();
    }
}

pub fn servers() {
    let mut lab = Lab::new(1);
    crate::lab::sh("ip addr add 192.0.2.250/24 dev br0");
    lab.plug("mx", "02:00:00:00:00:25", "192.0.2.25/24");
    let mut mailbox = Mailbox {
        server: Server::start(listen(25), well),
        said: 0,
        router: lab.r(1),
    };
    changes(&mut mailbox);
    whom(&mut mailbox);
    opensmtpd(&lab);
}

/// Each change of a checker, a real server and a quorum once, in order.
fn changes(mailbox: &mut Mailbox<'_>) {
    let router = mailbox.router;
    let mut comes = |what: &str, expected: &[String]| mailbox.comes(what, expected);
    let (first, second) = (listen(8080), listen(8081));
    let daemon = router.start_with(Kind::under_test(), &config("", &[8080, 8081]), &ARGUMENTS);
    // One real server with two checkers.
    comes("the quorum at the start", &[gained()]);
    drop(first);
    comes("one checker fails", &[lost(), real(11, "DOWN", FAILED)]);
    drop(second);
    comes("the other one too", &[real(11, "DOWN", FAILED)]);
    let first = listen(8080);
    comes("one succeeds", &[real(11, "DOWN", SUCCEEDED)]);
    let second = listen(8081);
    comes("both succeed", &[gained(), real(11, "UP", SUCCEEDED)]);
    daemon.stop();
    pause(1000);
    comes("nothing at the stop", &[]);

    let quiet = config("no_checker_emails\n no_email_faults", &[8080, 8081]);
    let daemon = router.start_with(Kind::under_test(), &quiet, &ARGUMENTS);
    comes("the quorum at the start", &[gained()]);
    drop(first);
    comes("one checker fails", &[lost(), real(11, "DOWN", FAILED)]);
    drop(second);
    wait_for("the other one too", 20, || {
        router
            .log
            .text()
            .matches("TCP_CHECK of [192.0.2.11]:tcp:80")
            .count()
            >= 6
    });
    let first = listen(8080);
    let second = listen(8081);
    comes("both succeed", &[gained(), real(11, "UP", SUCCEEDED)]);
    drop((first, second));
    daemon.stop();
}

/// `smtp_alert` of a virtual server is about its quorum; real servers have their own, which is on.
fn whom(mailbox: &mut Mailbox<'_>) {
    let router = mailbox.router;
    for (alert, more) in [
        ("smtp_alert no", ""),
        ("", ""),
        ("", "smtp_alert_checker no"),
    ] {
        let what = format!("{alert} {more}");
        let first = listen(8080);
        let text = config(more, &[8080]).replace("smtp_alert\n", &format!("{alert}\n"));
        let daemon = router.start_with(Kind::under_test(), &text, &ARGUMENTS);
        let mut comes = |up: &str, lines: usize| {
            wait_for(&what, 40, || table(router).len() == lines);
            let mail = real(11, up, if lines == 1 { FAILED } else { SUCCEEDED });
            let mails = [mail];
            mailbox.comes(&what, if more.is_empty() { &mails } else { &[] });
        };
        wait_for(&what, 40, || table(router).len() == 2);
        drop(first);
        comes("DOWN", 1);
        let first = listen(8080);
        comes("UP", 2);
        pause(1000);
        mailbox.comes(&what, &[]);
        daemon.stop();
        drop(first);
    }
}

/// The same at a real mail server: each alert once for each recipient, in order.
fn opensmtpd(lab: &Lab) {
    let (router, mx) = (lab.r(1), lab.node("mx"));
    let _smtpd = Smtpd::start(mx);
    let text = config("", &[8080])
        .replace("noc@example.org", "noc@example.org\n root@example.org")
        .replace("smtp_server 192.0.2.250", "smtp_server 192.0.2.25");
    let comes = |what: &str, expected: &[&str]| {
        let key = |to: &str| (format!("{to}@example.org"), "LB".to_owned());
        let all =
            ["noc", "root"].map(|to| (key(to), expected.iter().map(|s| (*s).to_owned()).collect()));
        let all: BTreeMap<(String, String), Vec<String>> = all.into();
        wait_for(what, 60, || boxes(mx) == all);
    };
    let service = "Virtualserver [192.0.2.100]:tcp:80";
    let real = "Realserver [192.0.2.11]:tcp:80 of virtual server [192.0.2.100]:tcp:80";
    let up = format!("{service} - UP");
    let (down, dead, alive) = (
        format!("{service} - DOWN"),
        format!("{real} - DOWN"),
        format!("{real} - UP"),
    );
    let first = listen(8080);
    let daemon = router.start_with(Kind::under_test(), &text, &ARGUMENTS);
    comes("the quorum at the start", &[&up]);
    drop(first);
    comes("the check fails", &[&up, &down, &dead]);
    let _first = listen(8080);
    let all = [&up[..], &down, &dead, &up, &alive];
    comes("the check succeeds", &all);
    daemon.stop();
    pause(1000);
    comes("nothing at the stop", &all);
}
