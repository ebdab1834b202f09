//! The table's rows of TCP_CHECK, SMTP_CHECK, DNS_CHECK, UDP_CHECK and PING_CHECK.

use super::raw;
use super::real::{DNS, MAIL, WEB, ZONE};
use super::row::{Row, row};

/// An address of nobody whose neighbour is known: what is sent there gets no answer at all.
pub const NOWHERE: &str = "192.0.2.249";
pub const NOWHERE6: &str = "fd00::249";

pub fn tcp() -> Vec<Row> {
    let tcp = |name: &str, port: u16| row("TCP_CHECK", name, port);
    raw::tcp(9400, raw::closes);
    raw::tcp(9401, raw::silent);
    vec![
        tcp("open", WEB),
        tcp("open, closed at once", 9400),
        tcp("open, silent", 9401),
        tcp("nobody there", 9).bad("Connection refused"),
        tcp("no answer", 80).at(NOWHERE).late(),
        tcp("no route", 80)
            .at("198.51.100.1")
            .bad("Network is unreachable"),
        tcp("connect_port", 9).with(&format!("connect_port {WEB}")),
        tcp("connect_port, nobody there", WEB)
            .with("connect_port 9")
            .bad("Connection refused"),
        tcp("connect_ip", WEB)
            .at(NOWHERE)
            .with("connect_ip 192.0.2.250"),
        tcp("connect_ip and connect_port", 9)
            .at(NOWHERE)
            .with(&format!("connect_ip 192.0.2.250\n   connect_port {WEB}")),
        tcp("connect_ip of nobody", WEB)
            .with(&format!("connect_ip {NOWHERE}"))
            .late(),
        tcp("bindto", WEB).with("bindto 192.0.2.9"),
        tcp("bindto what is not ours", WEB)
            .with("bindto 192.0.2.77")
            .bad("Cannot assign requested address")
            .not_theirs(),
        tcp("bind_if", WEB).with("bind_if eth0"),
        tcp("bind_if where it is not", WEB)
            .with("bind_if dummy0")
            .late(),
        tcp("bind_port", WEB).with("bind_port 4712"),
        tcp("fwmark", WEB).with("fwmark 7"),
        tcp("IPv6", WEB).at("fd00::250"),
        tcp("IPv6, nobody there", 9)
            .at("fd00::250")
            .bad("Connection refused"),
        tcp("IPv6, no answer", WEB).at(NOWHERE6).late(),
        tcp("IPv6 by connect_ip", WEB).with("connect_ip fd00::250"),
    ]
}

type Talk = (&'static str, &'static [&'static str], Option<&'static str>);
/// Who says so, and the verdict.
const TALKS: &[Talk] = &[
    ("well", &["220 mx\r\n", "250 mx\r\n", "221 bye\r\n"], None),
    (
        "many lines",
        &[
            "220-mx\r\n220-and\r\n220 so on\r\n",
            "250-mx\r\n250 mx\r\n",
            "221 bye\r\n",
        ],
        None,
    ),
    (
        "in pieces",
        &["2~2~0~ m~x\r~\n", "25~0-a\r\n25~0 ~b\r~\n", "2~21 b\r\n"],
        None,
    ),
    ("no goodbye", &["220 mx\r\n", "250 mx\r\n"], None),
    (
        "goodbye 500",
        &["220 mx\r\n", "250 mx\r\n", "500 what\r\n"],
        None,
    ),
    ("busy", &["421 busy\r\n"], Some("reply 421")),
    ("refused", &["554 go away\r\n"], Some("reply 554")),
    (
        "HELO refused",
        &["220 mx\r\n", "501 who are you\r\n"],
        Some("reply 501"),
    ),
    ("greeting 250", &["250 mx\r\n"], Some("reply 250")),
    (
        "closed after the greeting",
        &["220 mx\r\n"],
        Some("connection closed too early"),
    ),
    (
        "no reply at all",
        &["hello\r\n"],
        Some("not an answer of this protocol"),
    ),
    ("a greeting without code", &["220mx\r\n"], Some("")),
];

/// What keepalived does not take.
const STRANGE: [&str; 3] = ["many lines", "in pieces", "no goodbye"];

/// With those of OpenSMTPD, if it is there.
pub fn smtp(real: bool) -> Vec<Row> {
    let mail = |name: &str, port: u16| row("SMTP_CHECK", name, port);
    let mut all = vec![
        mail("a web server", WEB).late(),
        mail("nobody there", 9).bad("Connection refused"),
        mail("silence", 9401).late(),
        mail("closes at once", 9400).bad(""),
    ];
    if real {
        all.push(mail("OpenSMTPD", MAIL));
        all.push(mail("OpenSMTPD, helo_name", MAIL).with("helo_name lb.example"));
    }
    for ((name, lines, why), port) in TALKS.iter().zip(9500..) {
        raw::tcp(port, raw::talks(lines));
        let row = mail(name, port);
        let row = why.map_or(row.clone(), |why| row.bad(why));
        all.push(match STRANGE.contains(name) {
            true => row.not_theirs(),
            false => row,
        });
    }
    all
}

pub fn dns() -> Vec<Row> {
    let ask = |name: &str, kind: &str, of: &str, port: u16| {
        row("DNS_CHECK", name, port).with(&format!("type {kind}\n   name {of}"))
    };
    raw::udp(9600, |_| None);
    raw::udp(9601, |_| Some(b"what?".to_vec()));
    // Each question comes back as an answer, with another number or another name.
    let answer = |question: &[u8]| {
        let mut answer = question.to_vec();
        answer[2] |= 0x80;
        answer
    };
    raw::udp(9602, move |question| Some(answer(question)));
    raw::udp(9603, move |question| {
        let mut answer = answer(question);
        answer[0] ^= 1;
        Some(answer)
    });
    raw::udp(9604, move |question| {
        let mut answer = answer(question);
        answer[3] = 2;
        Some(answer)
    });
    raw::udp(9605, |question| Some(question.to_vec()));
    let zone = |kind: &str| ask(kind, kind, "zone.example", ZONE);
    vec![
        ask("A", "A", "host.here.example", DNS),
        ask("AAAA", "AAAA", "host.here.example", DNS),
        ask("MX", "MX", "here.example", DNS),
        ask("TXT", "TXT", "here.example", DNS),
        ask("CNAME", "CNAME", "alias.here.example", DNS),
        ask(
            "a name with a dot at its end",
            "A",
            "host.here.example.",
            DNS,
        ),
        zone("SOA"),
        zone("NS"),
        ask("no such type of a name", "MX", "host.here.example", DNS),
        ask("no such name", "A", "none.here.example", DNS).bad("response code 3"),
        ask("refused", "A", "elsewhere.example", DNS).bad("response code 5"),
        ask("over IPv6", "A", "host.here.example", DNS).at("fd00::250"),
        ask("by connect_ip", "A", "host.here.example", 9)
            .with(&format!("connect_ip 192.0.2.250\n   connect_port {DNS}")),
        ask("silence", "A", "host.here.example", 9600).late(),
        ask("nobody there", "A", "host.here.example", 9).bad("Connection refused"),
        ask("no answer", "A", "host.here.example", DNS)
            .at(NOWHERE)
            .late(),
        ask("no answer of DNS", "A", "host.here.example", 9601).bad("not an answer"),
        ask("an empty answer", "A", "host.here.example", 9602),
        ask("another number", "A", "host.here.example", 9603).bad("not an answer"),
        ask("SERVFAIL", "A", "host.here.example", 9604).bad("response code 2"),
        ask("a question for an answer", "A", "host.here.example", 9605).bad("not an answer"),
    ]
}

pub fn udp() -> Vec<Row> {
    let udp = |name: &str, port: u16| row("UDP_CHECK", name, port);
    raw::udp(9700, |asked| Some(asked.to_vec()));
    raw::udp(9701, |asked| {
        (asked == b"\x01\x02\x73").then(|| b"yes".to_vec())
    });
    let wrong = "not the expected reply";
    vec![
        udp("an answer", 9700),
        udp("an answer that must come", 9700).with("require_reply"),
        udp("silence", 9600).waits(2),
        udp("silence where an answer must come", 9600)
            .with("require_reply")
            .late(),
        udp("nobody there", 9).bad("Connection refused"),
        udp("nobody at all", 9700).at(NOWHERE).waits(2),
        udp("nobody at all where an answer must come", 9700)
            .at(NOWHERE)
            .with("require_reply")
            .late(),
        udp("payload", 9701).with("payload 010273\n   require_reply"),
        udp("another payload", 9701)
            .with("payload 010274\n   require_reply")
            .late(),
        udp("the answer", 9701).with("payload 010273\n   require_reply 796573"),
        udp("the answer's first bytes", 9701).with("payload 010273\n   require_reply 7965"),
        udp("another answer", 9701)
            .with("payload 010273\n   require_reply 6e6f")
            .bad(wrong),
        udp("an answer with holes", 9701).with("payload 010273\n   require_reply 7x6573"),
        udp("a longer pattern", 9701).with("payload 010273\n   require_reply 79657321"),
        udp("long enough", 9701).with("payload 010273\n   require_reply\n   min_reply_length 3"),
        udp("too short", 9701)
            .with("payload 010273\n   require_reply\n   min_reply_length 4")
            .bad(wrong)
            .not_theirs(),
        udp("too long", 9701)
            .with("payload 010273\n   require_reply\n   max_reply_length 2")
            .bad(wrong)
            .not_theirs(),
        udp("IPv6", 9700).at("fd00::250").with("require_reply"),
        udp("IPv6, nobody there", 9)
            .at("fd00::250")
            .bad("Connection refused"),
    ]
}

pub fn ping() -> Vec<Row> {
    let ping = |name: &str| row("PING_CHECK", name, 80);
    vec![
        ping("answers"),
        ping("silence").at(NOWHERE).late(),
        ping("no route")
            .at("198.51.100.1")
            .bad("Network is unreachable"),
        ping("IPv6").at("fd00::250"),
        ping("IPv6, silence").at(NOWHERE6).late(),
        ping("bindto").with("bindto 192.0.2.9"),
        ping("connect_ip")
            .at(NOWHERE)
            .with("connect_ip 192.0.2.250"),
    ]
}
