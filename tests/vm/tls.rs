//! SSL_GET against servers of every kind, with the table of IPVS as the witness.

use super::witness::{CHECKERS as ARGUMENTS, becomes, table};
use crate::lab::daemon::memory;
use crate::lab::secure::{Safe, Served, hello, linger, listens, talker, trickle};
use crate::lab::{Kind, Lab, Node, sh, stays, wait_for};
use std::fmt::Write as _;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, TcpStream};

/// Where all servers are.
const HOST: &str = "192.0.2.250";
const SERVICE: &str = "-A -t 192.0.2.100:443 -s rr";

/// Who serves, what a check wants of it, and what comes of it.
struct Row {
    what: &'static str,
    serve: Serve,
    /// Words of the checker, and of its page behind `path /hello`.
    check: &'static str,
    url: &'static str,
    /// `None`: it is up; else what the log says.
    fails: Option<&'static str>,
}

enum Serve {
    /// A certificate and options of `openssl s_server`.
    Openssl(&'static str, &'static str),
    /// One of our own.
    Own(fn(&mut TcpStream) -> std::io::Result<()>),
}

use Serve::{Openssl, Own};

const fn row(
    what: &'static str,
    serve: Serve,
    check: &'static str,
    url: &'static str,
    fails: Option<&'static str>,
) -> Row {
    Row {
        what,
        serve,
        check,
        url,
        fails,
    }
}

/// That of `hello`.
const DIGEST: &str = "digest 5d41402abc4b2a76b9719d911017c592";
const SNI: &str = "-WWW -servername www.example -servername_fatal";
const NOT_TLS: Option<&str> = Some("TLS: what the server sends is not TLS");
const NO_ANSWER: Option<&str> = Some("no answer in time");

#[rustfmt::skip]
const ROWS: &[Row] = &[
    row("TLS 1.2 only", Openssl("rsa", "-WWW -tls1_2"), "", DIGEST, None),
    row("TLS 1.3 only", Openssl("ec", "-WWW -tls1_3"), "", DIGEST, None),
    row("TLS 1.2, ECDSA, AES-256, P-384",
        Openssl("ec", "-WWW -tls1_2 -groups P-384 -cipher ECDHE-ECDSA-AES256-GCM-SHA384"), "", DIGEST, None),
    row("TLS 1.1 only", Openssl("rsa", "-WWW -tls1_1 -cipher DEFAULT@SECLEVEL=0"), "", DIGEST,
        Some("alert 70 (protocol_version)")),
    row("TLS 1.3, AES-256, P-256", Openssl("rsa", "-WWW -tls1_3 -groups P-256 -ciphersuites TLS_AES_256_GCM_SHA384"),
        "", DIGEST, None),
    row("the certificate of another name", Openssl("rsa", "-WWW"), "virtualhost www.example\nenable_sni",
        DIGEST, None),
    row("an expired certificate", Openssl("old", "-WWW"), "", DIGEST, None),
    row("a self-signed certificate", Openssl("ec", "-WWW"), "", "status_code 200", None),
    row("a wrong digest", Openssl("ec", "-WWW"), "", "digest 00000000000000000000000000000000",
        Some("digest 5d41402abc4b2a76b9719d911017c592")),
    row("a page that is not there", Openssl("ec", "-HTTP"), "", "path /lost\nstatus_code 404", None),
    row("a status that is not wanted", Openssl("ec", "-HTTP"), "", "path /lost", Some("status code 404")),
    row("10 MB", Openssl("ec", "-WWW"), "", "BIG", None),
    row("it is told a name it knows", Openssl("ec", SNI), "virtualhost www.example\nenable_sni", DIGEST, None),
    row("it is told a name it does not know", Openssl("ec", SNI), "virtualhost no.example\nenable_sni", DIGEST,
        Some("alert 112 (unrecognized_name)")),
    row("it is told sni_name", Openssl("ec", SNI), "virtualhost no.example\nsni_name www.example", DIGEST, None),
    row("a page's own name", Openssl("ec", SNI), "virtualhost no.example\nenable_sni",
        "virtualhost www.example", None),
    row("no name", Openssl("ec", SNI), "virtualhost no.example", DIGEST, None),
    row("a client certificate it knows", Openssl("ec", "-WWW -Verify 1 -verify_return_error -CAfile OWN"),
        "", DIGEST, None),
    row("a client certificate it does not know",
        Openssl("ec", "-WWW -tls1_2 -Verify 1 -verify_return_error -CAfile OTHER"), "", DIGEST, Some("TLS: the server sent alert")),
    row("the farewell of TLS", Openssl("ec", "-WWW"), "tls_compliant", DIGEST, None),
    row("plain text on the TLS port", Own(plain), "", "", NOT_TLS),
    row("HTTP on the TLS port", Own(http), "", "", NOT_TLS),
    row("noise without end", Own(noise), "", "", NOT_TLS),
    row("a record of 64 kB", Own(huge), "", "", Some("TLS: ")),
    row("closed in the middle of the handshake", Own(half), "", "", Some("TLS: connection closed during the handshake")),
    row("closed after the first message", Own(leave), "", "", Some("TLS: connection closed during the handshake")),
    row("a byte a second", Own(slow), "", "", NO_ANSWER),
    row("silence", Own(linger), "", "", NO_ANSWER),
    row("alerts without end", Own(warnings), "", "", Some("TLS: ")),
];

/// A ServerHello's first half, in a record that promises more.
const HALF: [u8; 15] = [0x16, 3, 3, 0, 0x7a, 2, 0, 0, 0x76, 3, 3, 1, 2, 3, 4];

fn plain(client: &mut TcpStream) -> std::io::Result<()> {
    client.write_all(b"220 mail.example ESMTP\r\n")?;
    linger(client)
}

fn http(client: &mut TcpStream) -> std::io::Result<()> {
    hello(client)?;
    client.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
}

fn noise(client: &mut TcpStream) -> std::io::Result<()> {
    hello(client)?;
    loop {
        client.write_all(&[0x5a; 4096])?;
    }
}

fn huge(client: &mut TcpStream) -> std::io::Result<()> {
    hello(client)?;
    client.write_all(&[0x16, 3, 3, 0xff, 0xff])?;
    loop {
        client.write_all(&[0; 4096])?;
    }
}

fn half(client: &mut TcpStream) -> std::io::Result<()> {
    hello(client)?;
    client.write_all(&HALF)
}

fn leave(client: &mut TcpStream) -> std::io::Result<()> {
    hello(client).map(|_| ())
}

fn slow(client: &mut TcpStream) -> std::io::Result<()> {
    hello(client)?;
    trickle(client, &HALF)
}

/// no_renegotiation, as a warning.
fn warnings(client: &mut TcpStream) -> std::io::Result<()> {
    hello(client)?;
    loop {
        client.write_all(&[0x15, 3, 3, 0, 2, 1, 100])?;
    }
}

/// A table of servers, the first of them at a port.
#[derive(Clone, Copy)]
struct Rows(&'static [Row], u16);

impl Rows {
    fn each(self) -> impl Iterator<Item = (u16, &'static Row)> {
        (self.1..).zip(self.0)
    }
}

fn config(rows: Rows, global: &str, big: &str) -> String {
    let mut text = format!(
        "{global}\nvirtual_server 192.0.2.100 443 {{\n alpha\n delay_loop 2\n lb_algo rr\n \
         lb_kind NAT\n protocol TCP\n"
    );
    for (port, row) in rows.each() {
        let url = match row.url {
            "BIG" => format!("path /big\n digest {big}"),
            url if url.starts_with("path") => url.to_owned(),
            url => format!("path /hello\n {url}"),
        };
        let check = row.check;
        writeln!(
            text,
            " real_server {HOST} {port} {{\n SSL_GET {{\n connect_timeout 5\n retry 0\n {check}\n \
             url {{\n {url}\n }}\n }}\n }}"
        )
        .unwrap();
    }
    text + "}\n"
}

fn serve(rows: Rows, safe: &Safe) -> Vec<Served> {
    let host: Ipv4Addr = HOST.parse().unwrap();
    let mut all = Vec::new();
    for (port, row) in rows.each() {
        match row.serve {
            Openssl(certificate, options) => {
                let options = options
                    .replace("OWN", &safe.certificate("own"))
                    .replace("OTHER", &safe.certificate("other"));
                let options = match options.contains("-servername") {
                    true => format!(
                        "{options} -cert2 {} -key2 {}",
                        safe.certificate("rsa"),
                        safe.key("rsa")
                    ),
                    false => options,
                };
                all.push(safe.serve(port, certificate, &options));
            }
            Own(talk) => talker((IpAddr::V4(host), port), talk),
        }
    }
    wait_for("all servers listen", 60, || {
        let mut all = rows.each();
        all.all(|(port, _)| listens((IpAddr::V4(host), port)))
    });
    all
}

/// Its lines of the table, for those that are up.
fn lines(rows: Rows) -> Vec<String> {
    let up = rows.each().filter(|(_, r)| r.fails.is_none());
    let up = up.map(|(port, _)| format!("-a -t 192.0.2.100:443 -r {HOST}:{port} -m -w 1"));
    std::iter::once(SERVICE.to_owned()).chain(up).collect()
}

/// Every row of the tables gives the verdict that is expected, for the reason that is expected.
pub fn verdicts() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    sh(&format!("ip addr add {HOST}/24 dev br0"));
    let safe = Safe::new(&r1.run.join("safe").display().to_string());
    safe.page("hello", b"hello");
    safe.page(
        "lost",
        b"HTTP/1.0 404 Not Found\r\nContent-Length: 4\r\n\r\nlost",
    );
    safe.page("big", &vec![b'x'; 10_000_000]);
    let sum = sh(&format!("md5sum {}", safe.path("big")));
    let big = sum.split_whitespace().next().expect("a digest");
    // As the router sees them.
    let global = "SSL {\n certificate /run/safe/own.crt\n key /run/safe/own.key\n \
                  ca /run/safe/other.crt\n}";
    judged(r1, &safe, Rows(ROWS, 8000), global, big);
    judged(r1, &safe, Rows(DEMANDED, 8100), "", big);
}

fn judged(r1: &Node, safe: &Safe, rows: Rows, global: &str, big: &str) {
    let mut servers = serve(rows, safe);
    let daemon = r1.start_with(Kind::under_test(), &config(rows, global, big), &ARGUMENTS);
    let expected = lines(rows);
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    becomes(r1, "who is well", &expected);
    let ours = Kind::under_test() == Kind::Ours;
    for (port, row) in rows.each().filter(|_| ours) {
        let Some(why) = row.fails else { continue };
        let who = format!("SSL_GET of [{HOST}]:tcp:{port} ");
        wait_for(
            &format!("{}: {why}\n{}", row.what, r1.log.report()),
            60,
            || {
                let text = r1.log.text();
                text.lines().any(|l| l.contains(&who) && l.contains(why))
            },
        );
    }
    let before = memory(daemon.pid);
    stays("who is well stays well", 8000, || {
        table(r1).len() == expected.len()
    });
    let after = memory(daemon.pid);
    println!("         memory {before} kB, later {after} kB");
    assert!(
        after < before + 1024 || !ours,
        "it grows: {before} kB, {after} kB"
    );
    assert!(servers.iter_mut().all(Served::runs), "a server has ended");
    daemon.stop();
    becomes::<&str>(r1, "nothing stays", &[]);
}

/// Nobody has a certificate to show.
const DEMANDED: &[Row] = &[
    row(
        "a client certificate is demanded, TLS 1.2",
        Openssl("ec", "-WWW -tls1_2 -Verify 1 -verify_return_error"),
        "",
        DIGEST,
        Some("TLS: the server sent alert 40 (handshake_failure)"),
    ),
    row(
        "a client certificate is demanded, TLS 1.3",
        Openssl("ec", "-WWW -tls1_3 -Verify 1 -verify_return_error"),
        "",
        DIGEST,
        Some("TLS: the server sent alert 116 (certificate_required)"),
    ),
    row(
        "a client certificate is asked for and not needed",
        Openssl("ec", "-WWW -verify 1"),
        "",
        DIGEST,
        None,
    ),
];
