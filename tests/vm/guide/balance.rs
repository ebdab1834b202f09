//! Virtual servers, their real servers and the checks of these.

use super::{Facts, notes, vrrp, yes};
use crate::lab::secure::{Safe, listens};
use crate::lab::smtp::Server;
use crate::lab::{Kind, Lab, Node, now, wait_for};
use crate::witness::{CHECKERS, table};
use std::io::{BufRead, BufReader, Write};
use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const HOST: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 250);
/// A web server that keeps what it was asked for, and when.
struct Web(Arc<Mutex<Vec<(Duration, String)>>>);

impl Web {
    /// It has one page, `/hello`, and another one, `/once`, that it gives away only once.
    fn new(port: u16) -> Web {
        let listener = TcpListener::bind((HOST, port)).expect("a server at the switch");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let list = asked.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let at = now();
                let first = list.lock().expect("nobody panics").is_empty();
                let path = answer(&client, first).unwrap_or_default();
                list.lock().expect("nobody panics").push((at, path));
            }
        });
        Web(asked)
    }

    /// Times and paths so far; an empty path: a connection without a word.
    fn asked(&self) -> Vec<(Duration, String)> {
        self.0.lock().expect("nobody panics").clone()
    }
}

/// One request; what it was for.
fn answer(mut client: &TcpStream, first: bool) -> Option<String> {
    client
        .set_read_timeout(Some(Duration::from_secs(20)))
        .ok()?;
    let mut lines = BufReader::new(client).lines();
    let line = lines.next()?.ok()?;
    let path = line.split_whitespace().nth(1)?.to_owned();
    while lines.next().is_some_and(|l| l.is_ok_and(|l| !l.is_empty())) {}
    let (status, page) = match path.as_str() {
        "/hello" => ("200 OK", "hello"),
        "/once" if first => ("200 OK", "once"),
        _ => ("404 Not Found", "lost"),
    };
    let length = page.len();
    let text = format!("HTTP/1.0 {status}\r\nContent-Length: {length}\r\n\r\n{page}");
    client.write_all(text.as_bytes()).ok()?;
    Some(path)
}

/// A virtual server with one real server.
fn service(port: u16, words: &str, real: &str) -> String {
    let (to, check) = real.split_once(' ').unwrap_or((real, ""));
    format!(
        "virtual_server 192.0.2.100 {port} {{\n {words}\n real_server 192.0.2.250 {to} {{\n  {check}\n }}\n}}\n"
    )
}

fn forms() -> String {
    let mut text = String::new();
    for (port, algorithm) in (1000..).zip(["rr", "wrr", "lc", "wlc", "sh", "dh", "lblc"]) {
        let weight = if port == 1000 { "weight 3" } else { "" };
        let words = format!("lb_algo {algorithm}\n lb_kind NAT\n protocol TCP");
        text += &service(port, &words, &format!("8080 {weight}"));
    }
    for (port, words) in [
        (1010, "lb_kind DR\n protocol TCP"),
        (1011, "lb_kind TUN\n protocol TCP"),
        (1012, "lb_kind NAT\n protocol TCP\n persistence_timeout 50"),
        (1013, "lb_kind NAT\n protocol UDP"),
    ] {
        text += &service(port, &format!("lb_algo rr\n {words}"), &port.to_string());
    }
    text + "virtual_server 192.0.2.100 1015 {\n lb_algo rr\n lb_kind NAT\n protocol TCP\n}\n\
            virtual_server fwmark 5 {\n lb_algo wrr\n lb_kind NAT\n real_server 192.0.2.250 0 {\n }\n}\n"
}

/// Ports of the web servers, by what is counted there.
const OPEN: u16 = 8200;
const CLOSED: u16 = 9;
const SAFE: u16 = 8443;

/// A service that is checked.
struct Checked {
    /// Its number and its `delay_loop`.
    service: u16,
    every: u16,
    /// Port of its real server.
    real: u16,
    check: &'static str,
    /// Words of the check, with `;` between; pages with `path` in front become blocks.
    words: &'static str,
    what: &'static str,
    state: &'static str,
}

impl Checked {
    /// The check as it is written, with what it does not say itself.
    fn check(&self) -> String {
        let mut words: Vec<&str> = self.words.split("; ").filter(|w| !w.is_empty()).collect();
        let retry = if self.check.ends_with("GET") {
            "nb_get_retry 0"
        } else {
            "retry 0"
        };
        for word in [
            "warmup 0",
            retry,
            "delay_before_retry 1",
            "connect_timeout 20",
        ] {
            let key = word.split(' ').next().unwrap_or_default();
            if !self.check.starts_with("MISC") && !words.iter().any(|w| w.starts_with(key)) {
                words.push(word);
            }
        }
        let line = |all, word: &&str| match word.strip_prefix("path ") {
            Some(page) => format!(
                "{all}url {{\n path {}\n }}\n ",
                page.replace(" digest", "\n digest")
            ),
            None => format!("{all}{word}\n "),
        };
        let words = words.iter().fold(String::new(), line);
        let (check, service) = (self.check, self.service);
        let alert = if service == 2010 { "smtp_alert no" } else { "" };
        format!(
            "{check} {{\n {words}}}\n {alert}\n notify_down \"/bin/sh /run/note down-{service}\""
        )
    }
}

const fn checked(
    service: u16,
    every: u16,
    real: u16,
    check: &'static str,
    words: &'static str,
    what: &'static str,
    state: &'static str,
) -> Checked {
    Checked {
        service,
        every,
        real,
        check,
        words,
        what,
        state,
    }
}

#[rustfmt::skip]
const CHECKED: &[Checked] = &[
    checked(2000, 1, OPEN, "TCP_CHECK", "", "TCP_CHECK, open port", "in"),
    checked(2001, 1, CLOSED, "TCP_CHECK", "", "TCP_CHECK, closed port", "out"),
    checked(2002, 1, CLOSED, "TCP_CHECK", "connect_port 8200",
        "TCP_CHECK, closed port, connect_port of an open one", "in"),
    checked(2003, 1, 81, "TCP_CHECK", "connect_ip 192.0.2.99; connect_timeout 1",
        "TCP_CHECK, nobody answers, connect_timeout 1", "out"),
    checked(2004, 1, 82, "TCP_CHECK", "connect_ip 192.0.2.99; connect_timeout 100",
        "TCP_CHECK, nobody answers, connect_timeout 100", "in"),
    checked(2010, 1, 83, "MISC_CHECK", "misc_path \"/bin/false\"", "MISC_CHECK, fails", "out"),
    checked(2011, 1, 84, "MISC_CHECK", "misc_path \"/bin/true\"", "MISC_CHECK, well", "in"),
    checked(2020, 1, 8220, "HTTP_GET", "path /hello digest 5d41402abc4b2a76b9719d911017c592",
        "HTTP_GET, right digest", "in"),
    checked(2021, 1, 8221, "HTTP_GET", "path /lost", "HTTP_GET, a page that is not there", "out"),
    checked(2022, 1, 8220, "HTTP_GET", "path /hello digest 00000000000000000000000000000000",
        "HTTP_GET, wrong digest", "out"),
    checked(2023, 1, 8220, "HTTP_GET", "path /hello; path /lost", "HTTP_GET, two pages, one is not there", "out"),
    checked(2024, 1, 8224, "HTTP_GET", "path /hello", "HTTP_GET, a page that is there", "in"),
    checked(2025, 1, CLOSED, "HTTP_GET", "connect_port 8220; path /hello",
        "HTTP_GET, closed port, connect_port of a server", "in"),
    checked(2026, 1, 85, "HTTP_GET", "connect_ip 192.0.2.99; connect_timeout 1; path /hello",
        "HTTP_GET, nobody answers, connect_timeout 1", "out"),
    checked(2027, 1, 86, "HTTP_GET", "connect_ip 192.0.2.99; connect_timeout 100; path /hello",
        "HTTP_GET, nobody answers, connect_timeout 100", "in"),
    checked(2030, 1, SAFE, "SSL_GET", "path /hello digest 5d41402abc4b2a76b9719d911017c592",
        "SSL_GET from a TLS server, right digest", "in"),
    checked(2031, 1, SAFE, "HTTP_GET", "path /hello", "HTTP_GET from a TLS server", "out"),
    checked(2032, 1, SAFE, "SSL_GET", "path /hello digest 00000000000000000000000000000000",
        "SSL_GET from a TLS server, wrong digest", "out"),
    checked(2040, 4, 8240, "HTTP_GET", "nb_get_retry 3; path /once", "three retries", "out"),
    checked(2041, 4, 8241, "HTTP_GET", "nb_get_retry 1; path /once", "one retry", "out"),
    checked(2042, 4, 8242, "HTTP_GET", "nb_get_retry 1; delay_before_retry 8; path /once", "one retry, later", "out"),
    checked(2050, 1, 8250, "TCP_CHECK", "", "checked often", "in"),
    checked(2051, 60, 8251, "TCP_CHECK", "", "checked seldom", "in"),
];

fn config() -> String {
    let mut text = String::from(
        "global_defs {\n notification_email {\n lb@example.org\n }\n \
         notification_email_from balance@example.org\n smtp_server 192.0.2.250\n lvs_id LVS_2\n \
         script_user root\n}\n",
    );
    text += &forms();
    for row in CHECKED {
        let (every, real) = (row.every, row.real);
        let alert = if row.service == 2001 {
            "smtp_alert"
        } else {
            "smtp_alert no"
        };
        let words =
            format!("delay_loop {every}\n lb_algo rr\n lb_kind NAT\n protocol TCP\n {alert}");
        text += &service(row.service, &words, &format!("{real} {}", row.check()));
    }
    text
}

/// Scheduler and options of a service; empty: there is none.
fn scheduler(lines: &[String], service: &str) -> String {
    let head = format!("-A {service} -s ");
    let found = lines.iter().find_map(|l| l.strip_prefix(&head));
    found.unwrap_or_default().to_owned()
}

/// Port and options of a service's real server; empty: there is none.
fn real(lines: &[String], port: u16) -> String {
    let head = format!("-a -t 192.0.2.100:{port} -r 192.0.2.250:");
    let found = lines.iter().find_map(|l| l.strip_prefix(&head));
    found.unwrap_or_default().to_owned()
}

pub fn observe(lab: &Lab, facts: &mut Facts, server: &Server) {
    let lb = lab.r(4);
    notes(lb);
    // Nobody answers there, and nobody says so.
    lb.ip("neigh add 192.0.2.99 lladdr 02:00:00:00:00:99 dev eth0");
    let safe = Safe::new(&lb.run.join("safe").display().to_string());
    safe.page("hello", b"hello");
    let _tls = safe.serve(SAFE, "ec", "-WWW");
    let ports = [OPEN, 8220, 8221, 8224, 8240, 8241, 8242, 8250, 8251];
    let webs = ports.map(|port| (port, Web::new(port)));
    wait_for("the TLS server", 60, || listens((IpAddr::V4(HOST), SAFE)));
    let daemon = lb.start_with(Kind::under_test(), &config(), &CHECKERS);

    let web = |port: u16| {
        let found = webs.iter().find(|(p, _)| *p == port);
        &found.expect("a server").1
    };
    checks(facts, lb);
    counts(facts, lb, web);
    let lines = table(lb);
    for port in [1000, 1001, 1010, 1011] {
        facts.set(&format!("real server of {port}"), real(&lines, port));
    }
    facts.set("real server of 1015, which has none", real(&lines, 1015));
    facts.set(
        "1000: no check, closed port",
        if real(&lines, 1000).is_empty() {
            "out"
        } else {
            "in"
        },
    );
    for service in (1000..1007)
        .chain([999, 1012, 1013])
        .map(|p| format!("-t 192.0.2.100:{p}"))
    {
        facts.set(&format!("service {service}"), scheduler(&lines, &service));
    }
    for service in ["-u 192.0.2.100:1000", "-u 192.0.2.100:1013", "-f 5", "-f 6"] {
        facts.set(&format!("service {service}"), scheduler(&lines, service));
    }
    for (port, state) in [(2001, "down"), (2000, "up")] {
        let line = format!("down-{port}");
        let look = || yes(lb.read("notes").lines().any(|l| l == line));
        let name = format!("notify_down of {port}, which is {state}");
        facts.wait(&name, if state == "down" { "yes" } else { "no" }, look);
    }
    vrrp::about(facts, "lb", "[LVS_2]", server);
    // A virtual server's mail is about its quorum; one about a real server is the default.
    for (about, wanted) in [
        ("Virtualserver [192.0.2.100]:tcp:2001", "yes"),
        ("virtual server [192.0.2.100]:tcp:2003", "yes"),
        ("Virtualserver [192.0.2.100]:tcp:2003", "no"),
        ("virtual server [192.0.2.100]:tcp:2010", "no"),
    ] {
        facts.wait(&format!("mail: {about}"), wanted, || {
            let mails = server.mails();
            yes(mails.iter().any(|m| m.header("Subject").contains(about)))
        });
    }
    daemon.stop();
}

/// Who is in the table.
fn checks(facts: &mut Facts, lb: &Node) {
    let state = |lines: &[String], port| match real(lines, port).is_empty() {
        true => "out",
        false => "in",
    };
    // The ones that fail leave it; the others must be there when the last one has left.
    for row in CHECKED.iter().filter(|row| row.state == "out") {
        let name = format!("{}: {}", row.service, row.what);
        facts.wait(&name, row.state, || state(&table(lb), row.service));
    }
    let lines = table(lb);
    for row in CHECKED.iter().filter(|row| row.state == "in") {
        let name = format!("{}: {}", row.service, row.what);
        facts.set(&name, state(&lines, row.service));
    }
}

/// When a server was asked before the verdict, the first time left out: that was answered well, for
/// who fails at once gets no second chance.
fn failing(lb: &Node, web: &Web, service: u16) -> Vec<Duration> {
    let whose = format!(" in [192.0.2.100]:tcp:{service} failed on ");
    let over = [" retry: ", " retries: "];
    let lines = lb.log.lines();
    let out = lines
        .iter()
        .find(|l| l.text.contains(&whose) && over.iter().any(|o| l.text.contains(o)));
    let out = out.map_or(Duration::ZERO, |l| l.at);
    let times = web.asked().into_iter().map(|(at, _)| at);
    times.filter(|at| *at < out).skip(1).collect()
}

/// What the servers have counted.
fn counts<'a>(facts: &mut Facts, lb: &Node, web: impl Fn(u16) -> &'a Web) {
    for (port, service) in [(8221, 2021), (8224, 2024)] {
        let paths = web(port).asked();
        let path = paths.last().map_or("", |(_, path)| path.as_str());
        facts.set(&format!("{service}'s server is asked for"), path);
    }
    for (port, service, retries) in [(8240, 2040, 3), (8241, 2041, 1)] {
        let name = format!("requests before {service} is out, nb_get_retry {retries}");
        facts.set(&name, failing(lb, web(port), service).len());
    }
    for (port, service, pause) in [(8242, 2042, 8), (8241, 2041, 1)] {
        let times = failing(lb, web(port), service);
        let between = match times.as_slice() {
            [first, .., last] => *last - *first,
            _ => Duration::ZERO,
        };
        let name = format!("pause between requests of {service}, delay_before_retry {pause}");
        let pause = match between.as_millis() {
            0 => "none",
            7500.. => "long",
            _ => "short",
        };
        facts.set(&name, pause);
    }
    let some = |port: u16| {
        if web(port).asked().len() >= 5 {
            "many"
        } else {
            "few"
        }
    };
    facts.wait("checks with delay_loop 1", "many", || some(8250));
    facts.set("checks with delay_loop 60", some(8251));
}
