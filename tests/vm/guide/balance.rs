//! Virtual servers, their real servers and the checks of these.

use super::{Facts, notes, vrrp, yes};
use crate::lab::secure::{Safe, listens};
use crate::lab::smtp::Server;
use crate::lab::{Kind, Lab, Node, wait_for};
use crate::witness::{CHECKERS, table};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write as _};
use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const HOST: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 250);
/// MD5 of `hello`.
const RIGHT: &str = "digest 5d41402abc4b2a76b9719d911017c592";
const WRONG: &str = "digest 00000000000000000000000000000000";

/// A web server that keeps what it was asked for, and when.
struct Web(Arc<Mutex<Vec<(Instant, String)>>>);

impl Web {
    /// It has one page, `/hello`.
    fn new(port: u16) -> Web {
        let listener = TcpListener::bind((HOST, port)).expect("a server at the switch");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let list = asked.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let at = Instant::now();
                let path = answer(&client).unwrap_or_default();
                list.lock().expect("nobody panics").push((at, path));
            }
        });
        Web(asked)
    }

    /// Times and paths so far; an empty path: a connection without a word.
    fn asked(&self) -> Vec<(Instant, String)> {
        self.0.lock().expect("nobody panics").clone()
    }
}

/// One request; what it was for.
fn answer(mut client: &TcpStream) -> Option<String> {
    client
        .set_read_timeout(Some(Duration::from_secs(20)))
        .ok()?;
    let mut lines = BufReader::new(client).lines();
    let first = lines.next()?.ok()?;
    let path = first.split_whitespace().nth(1)?.to_owned();
    while lines.next().is_some_and(|l| l.is_ok_and(|l| !l.is_empty())) {}
    let (status, page) = match path.as_str() {
        "/hello" => ("200 OK", "hello"),
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

fn get(kind: &str, words: &str, pages: &[&str]) -> String {
    let urls = pages.iter().fold(String::new(), |all, page| {
        format!("{all}url {{\n path {page}\n }}\n ")
    });
    format!(
        "{kind} {{\n warmup 0\n nb_get_retry 0\n delay_before_retry 1\n connect_timeout 20\n {words}\n {urls}}}"
    )
}

fn tcp(words: &str) -> String {
    format!(
        "TCP_CHECK {{\n warmup 0\n retry 0\n delay_before_retry 1\n connect_timeout 20\n {words}\n }}"
    )
}

/// Ports of the web servers, by what is counted there.
const OPEN: u16 = 8200;
const CLOSED: u16 = 9;
const SAFE: u16 = 8443;

/// Services that are checked: number, delay_loop, real server, what it shows, whether it is in.
fn checked() -> Vec<(u16, u16, String, &'static str, &'static str)> {
    let right = format!("/hello\n {RIGHT}");
    let wrong = format!("/hello\n {WRONG}");
    let down = "\n  notify_down \"/bin/sh /run/note down-";
    let replaced = |text: String, from: &str, to: &str| text.replace(from, to);
    vec![
        (
            2000,
            1,
            format!("{OPEN} {}{down}2000\"", tcp("")),
            "TCP_CHECK, open port",
            "in",
        ),
        (
            2001,
            1,
            format!("{CLOSED} {}{down}2001\"", tcp("")),
            "TCP_CHECK, closed port",
            "out",
        ),
        (
            2002,
            1,
            format!("{CLOSED} {}", tcp(&format!("connect_port {OPEN}"))),
            "TCP_CHECK, closed port, connect_port of an open one",
            "in",
        ),
        (
            2003,
            1,
            format!(
                "81 {}",
                replaced(tcp("connect_ip 192.0.2.99"), "timeout 20", "timeout 1")
            ),
            "TCP_CHECK, nobody answers, connect_timeout 1",
            "out",
        ),
        (
            2004,
            1,
            format!(
                "82 {}",
                replaced(tcp("connect_ip 192.0.2.99"), "timeout 20", "timeout 100")
            ),
            "TCP_CHECK, nobody answers, connect_timeout 100",
            "in",
        ),
        (
            2010,
            1,
            "83 MISC_CHECK {\n misc_path \"/bin/false\"\n }".into(),
            "MISC_CHECK, fails",
            "out",
        ),
        (
            2011,
            1,
            "84 MISC_CHECK {\n misc_path \"/bin/true\"\n }".into(),
            "MISC_CHECK, well",
            "in",
        ),
        (
            2020,
            1,
            format!("8220 {}", get("HTTP_GET", "", &[&right])),
            "HTTP_GET, right digest",
            "in",
        ),
        (
            2021,
            1,
            format!("8221 {}", get("HTTP_GET", "", &["/lost"])),
            "HTTP_GET, a page that is not there",
            "out",
        ),
        (
            2022,
            1,
            format!("8220 {}", get("HTTP_GET", "", &[&wrong])),
            "HTTP_GET, wrong digest",
            "out",
        ),
        (
            2023,
            1,
            format!("8220 {}", get("HTTP_GET", "", &["/hello", "/lost"])),
            "HTTP_GET, two pages, one is not there",
            "out",
        ),
        (
            2024,
            1,
            format!("8224 {}", get("HTTP_GET", "", &["/hello"])),
            "HTTP_GET, a page that is there",
            "in",
        ),
        (
            2025,
            1,
            format!(
                "{CLOSED} {}",
                get("HTTP_GET", "connect_port 8220", &["/hello"])
            ),
            "HTTP_GET, closed port, connect_port of a server",
            "in",
        ),
        (
            2026,
            1,
            format!(
                "85 {}",
                replaced(
                    get("HTTP_GET", "connect_ip 192.0.2.99", &["/hello"]),
                    "timeout 20",
                    "timeout 1"
                )
            ),
            "HTTP_GET, nobody answers, connect_timeout 1",
            "out",
        ),
        (
            2027,
            1,
            format!(
                "86 {}",
                replaced(
                    get("HTTP_GET", "connect_ip 192.0.2.99", &["/hello"]),
                    "timeout 20",
                    "timeout 100"
                )
            ),
            "HTTP_GET, nobody answers, connect_timeout 100",
            "in",
        ),
        (
            2030,
            1,
            format!("{SAFE} {}", get("SSL_GET", "", &[&right])),
            "SSL_GET from a TLS server, right digest",
            "in",
        ),
        (
            2031,
            1,
            format!("{SAFE} {}", get("HTTP_GET", "", &["/hello"])),
            "HTTP_GET from a TLS server",
            "out",
        ),
        (
            2032,
            1,
            format!("{SAFE} {}", get("SSL_GET", "", &[&wrong])),
            "SSL_GET from a TLS server, wrong digest",
            "out",
        ),
        (
            2040,
            600,
            format!(
                "8240 {}",
                replaced(get("HTTP_GET", "", &["/lost"]), "retry 0", "retry 3")
            ),
            "three retries",
            "out",
        ),
        (
            2041,
            600,
            format!(
                "8241 {}",
                replaced(get("HTTP_GET", "", &["/lost"]), "retry 0", "retry 1")
            ),
            "one retry",
            "out",
        ),
        (
            2042,
            600,
            format!(
                "8242 {}",
                replaced(
                    replaced(get("HTTP_GET", "", &["/lost"]), "retry 0", "retry 1"),
                    "before_retry 1",
                    "before_retry 8"
                )
            ),
            "one retry, later",
            "out",
        ),
        (2050, 1, format!("8250 {}", tcp("")), "checked often", "in"),
        (
            2051,
            60,
            format!("8251 {}", tcp("")),
            "checked seldom",
            "in",
        ),
    ]
}

fn config() -> String {
    let mut text = String::from(
        "global_defs {\n notification_email {\n lb@example.org\n }\n \
         notification_email_from balance@example.org\n smtp_server 192.0.2.250\n lvs_id LVS_2\n \
         script_user root\n}\n",
    );
    text += &forms();
    for (port, every, real, ..) in checked() {
        let alert = if port == 2001 {
            "smtp_alert"
        } else {
            "no_smtp_alert"
        };
        let words =
            format!("delay_loop {every}\n lb_algo rr\n lb_kind NAT\n protocol TCP\n {alert}");
        let _ = writeln!(text, "{}", service(port, &words, &real));
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
    counts(facts, web);
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
    for (port, wanted) in [(2001, "yes"), (2003, "no")] {
        let part = format!("[192.0.2.100]:tcp:{port}");
        facts.wait(&format!("mail about service {port}"), wanted, || {
            let mails = server.mails();
            yes(mails.iter().any(|m| m.header("Subject").contains(&part)))
        });
    }
    daemon.stop();
}

/// Who is in the table.
fn checks(facts: &mut Facts, lb: &Node) {
    let rows = checked();
    let state = |lines: &[String], port| match real(lines, port).is_empty() {
        true => "out",
        false => "in",
    };
    // The ones that fail leave it; the others must be there when the last one has left.
    for (port, _, _, what, wanted) in rows.iter().filter(|r| r.4 == "out") {
        facts.wait(&format!("{port}: {what}"), wanted, || {
            state(&table(lb), *port)
        });
    }
    let lines = table(lb);
    for (port, _, _, what, _) in rows.iter().filter(|r| r.4 == "in") {
        facts.set(&format!("{port}: {what}"), state(&lines, *port));
    }
}

/// What the servers have counted.
fn counts<'a>(facts: &mut Facts, web: impl Fn(u16) -> &'a Web) {
    for (port, service) in [(8221, 2021), (8224, 2024)] {
        let paths = web(port).asked();
        let path = paths.last().map_or("", |(_, path)| path.as_str());
        facts.set(&format!("{service}'s server is asked for"), path);
    }
    for (port, service, retries) in [(8240, 2040, 3), (8241, 2041, 1)] {
        let name = format!("requests before {service} is out, nb_get_retry {retries}");
        facts.set(&name, web(port).asked().len());
    }
    for (port, service, pause) in [(8242, 2042, 8), (8241, 2041, 1)] {
        let times = web(port).asked();
        let between = match times.as_slice() {
            [first, .., last] => last.0 - first.0,
            _ => Duration::ZERO,
        };
        let name = format!("pause between requests of {service}, delay_before_retry {pause}");
        let long = between > Duration::from_millis(7500);
        facts.set(&name, if long { "long" } else { "short" });
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
