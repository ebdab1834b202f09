//! The table's rows of HTTP_GET.

use super::raw;
use super::real::{self, PAGE, WEB};
use super::row::{Row, page, row};
use md5::{Digest, Md5};
use std::io::{Read, Write};
use std::net::TcpStream;

/// MD5 in hexadecimal.
fn md5(bytes: &[u8]) -> String {
    let sum = Md5::digest(bytes);
    sum.iter().map(|b| format!("{b:02x}")).collect()
}

/// What nginx sends as the body of a page to whoever asks by HTTP/1.1, framing and all.
fn framed(path: &str) -> Vec<u8> {
    let mut client = TcpStream::connect((raw::HOST, WEB)).expect("nginx");
    let ask = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    client.write_all(ask.as_bytes()).expect("asking");
    let mut said = Vec::new();
    client.read_to_end(&mut said).expect("the answer");
    let end = said.windows(4).position(|w| w == b"\r\n\r\n");
    said.split_off(end.expect("the end of the head") + 4)
}

/// Asks nginx.
pub fn rows() -> Vec<Row> {
    let (whole, wrong) = (md5(PAGE.as_bytes()), md5(b"something else"));
    let large = md5(&real::big());
    let chunks = framed("/chunked");
    assert_ne!(chunks, PAGE.as_bytes(), "it comes in chunks");
    let get = |name: &str| row("HTTP_GET", name, WEB);
    let digest = |of: &str| format!("digest {of}");
    let mut all = vec![
        page("200", WEB, "/page"),
        page("204", WEB, "/204"),
        page("404", WEB, "/404").bad("on /404: status code 404"),
        page("302", WEB, "/302").bad("status code 302"),
        page("503", WEB, "/503").bad("status code 503"),
        page("no such page", WEB, "/none").bad("status code 404"),
        page("200 with a query", WEB, "/page?a=b&c=d"),
        get("the right digest").url("/page", &digest(&whole)),
        get("another digest")
            .url("/page", &digest(&wrong))
            .bad("digest"),
        get("10 MB").url("/big", &digest(&large)).every(30),
        get("10 MB with a pattern at its end")
            .url("/big", "regex \"THE END$\"\n    regex_options multiline")
            .every(30),
        page("a slow page that goes on", WEB, "/slow")
            .waits(6)
            .every(30),
        get("chunks, the digest of what is in them")
            .with("http_protocol 1.1")
            .url("/chunked", &digest(&whole))
            .not_theirs(),
        get("chunks, the digest of all bytes")
            .with("http_protocol 1.1")
            .url("/chunked", &digest(&md5(&chunks))),
        get("chunks, a pattern")
            .with("http_protocol 1.1")
            .url("/chunked", "regex \"^Hello\"")
            .not_theirs(),
        get("chunks, another digest")
            .with("http_protocol 1.1")
            .url("/chunked", &digest(&wrong))
            .bad("digest"),
    ];
    all.extend(hosts());
    for (version, seen) in [
        ("1.0", "HTTP/1.0 close"),
        ("1.0C", "HTTP/1.0 close"),
        ("1.1", "HTTP/1.1 close"),
    ] {
        // $http_connection is what was sent.
        let seen = if version == "1.0" { "HTTP/1.0 " } else { seen };
        let pattern = format!("regex \"{seen} 192.0.2.250:{WEB} x=y\"");
        all.push(
            get(&format!("what {version} asks"))
                .with(&format!("http_protocol {version}"))
                .url("/asked?x=y", &pattern),
        );
    }
    all.extend(codes());
    all.extend(patterns());
    all.extend(several());
    all
}

fn several() -> Vec<Row> {
    let get = |name: &str| row("HTTP_GET", name, WEB);
    vec![
        get("several pages, all well")
            .url("/page", "")
            .url("/", "")
            .url("/204", ""),
        get("several pages, one is not well")
            .url("/page", "")
            .url("/404", "")
            .url("/204", "")
            .bad("status code 404"),
        get("several pages at once")
            .with("fast_recovery")
            .url("/page", "")
            .url("/", "")
            .url("/204", ""),
        page("IPv6", WEB, "/page").at("fd00::250"),
        get("IPv6 from IPv4's table")
            .with("connect_ip fd00::250")
            .url("/asked", "regex \"fd00::250.:8080\""),
    ]
}

fn hosts() -> Vec<Row> {
    let get = |name: &str| row("HTTP_GET", name, WEB);
    vec![
        get("a virtual host")
            .with("virtualhost vhost.example")
            .url("/", "regex \"I am vhost\""),
        get("a virtual host of the url")
            .url("/", "virtualhost vhost.example\n    regex \"I am vhost\""),
        get("another virtual host")
            .with("virtualhost other.example")
            .url("/", "regex \"I am vhost\"")
            .bad("the body does not satisfy the pattern"),
    ]
}

fn codes() -> Vec<Row> {
    let code = |name: &str, path: &str, codes: &str| {
        row("HTTP_GET", name, WEB).url(path, &format!("status_code {codes}"))
    };
    vec![
        code("404 is wanted", "/404", "404"),
        code("302 is wanted", "/302", "300-399"),
        code("one of many codes", "/404", "200 301-303 404 500-599"),
        code("none of many codes", "/page", "201-299 404").bad("status code 200"),
        code("the first of a range", "/404", "404-410"),
        code("the last of a range", "/404", "400-404"),
    ]
}

/// Patterns on "Hello, world: 42 servers\nsecond LINE\n".
fn patterns() -> Vec<Row> {
    let pattern = |name: &str, lines: &str| row("HTTP_GET", name, WEB).url("/page", lines);
    let no = "the body does not satisfy the pattern";
    vec![
        pattern("a pattern", "regex \"world: [0-9]+ serv\""),
        pattern("a pattern that is not there", "regex \"mars\"").bad(no),
        pattern("a pattern over two lines", "regex \"servers.second\"").bad(no),
        pattern(
            "dotall",
            "regex \"servers.second\"\n    regex_options dotall",
        ),
        pattern("case", "regex \"second line\"").bad(no),
        pattern(
            "caseless",
            "regex \"second line\"\n    regex_options caseless",
        ),
        pattern(
            "multiline",
            "regex \"^second\"\n    regex_options multiline",
        ),
        pattern("the first line only", "regex \"^second\"").bad(no),
        pattern("the beginning", "regex \"^Hello\"").not_theirs(),
        pattern("the end", "regex \"LINE$\"").not_theirs(),
        pattern("extended", "regex \"Hello , \"\n    regex_options extended"),
        pattern("not there, and wanted so", "regex mars\n    regex_no_match"),
        pattern("there, and not wanted", "regex world\n    regex_no_match").bad(no),
        pattern("behind the offset", "regex world\n    regex_min_offset 7"),
        pattern("before the offset", "regex world\n    regex_min_offset 8")
            .bad(no)
            .not_theirs(),
        pattern("within", "regex world\n    regex_max_offset 8").not_theirs(),
        pattern("beyond", "regex world\n    regex_max_offset 7").bad(no),
    ]
}

const GARBAGE: &str = "not an answer of this protocol";
/// Who answers so, and the verdict with HTTP/1.0 and 1.1.
type Said = (
    &'static str,
    &'static [u8],
    Option<&'static str>,
    Option<&'static str>,
);
/// Whole answers.
const SAID: &[Said] = &[
    (
        "nothing but the end",
        b"",
        Some("connection closed too early"),
        Some("connection closed too early"),
    ),
    (
        "garbage",
        b"\x00\x01\x02\xff\xfe garbage\r\n\r\n more",
        Some(GARBAGE),
        Some(GARBAGE),
    ),
    (
        "another protocol",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        Some(GARBAGE),
        Some(GARBAGE),
    ),
    (
        "HTTP/0.9",
        b"<html>hello</html>",
        Some(GARBAGE),
        Some(GARBAGE),
    ),
    (
        "a head without end",
        b"HTTP/1.1 200 OK\r\nA: b\r\n",
        Some("connection closed too early"),
        Some("connection closed too early"),
    ),
    (
        "no status",
        b"HTTP/1.1\r\n\r\n",
        Some(GARBAGE),
        Some(GARBAGE),
    ),
    (
        "a status without words",
        b"HTTP/1.1 200\r\n\r\n",
        None,
        None,
    ),
    (
        "lines that end with LF",
        b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello",
        None,
        None,
    ),
    (
        "a head that is no header",
        b"HTTP/1.1 200 OK\r\nwhat is this\r\n\r\nhello",
        None,
        None,
    ),
    (
        "100, then 200",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\nhello",
        None,
        None,
    ),
    (
        "100, then 500",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 500 No\r\n\r\nhello",
        Some("status code 500"),
        Some("status code 500"),
    ),
];

/// Those of them that keepalived does not take.
const STRANGE: [&str; 3] = [
    "a status without words",
    "lines that end with LF",
    "100, then 200",
];

/// What follows the status, and whether it has the digest of "hello".
type Framed = (&'static str, &'static [u8], bool);
/// Bodies.
const FRAMED: &[Framed] = &[
    ("a plain body", b"\r\nhello", true),
    ("its length", b"Content-Length: 5\r\n\r\nhello", true),
    (
        "more than its length",
        b"Content-Length: 5\r\n\r\nhello and more",
        true,
    ),
    (
        "less than its length",
        b"Content-Length: 50\r\n\r\nhello",
        true,
    ),
    (
        "closed in the middle",
        b"Content-Length: 5\r\n\r\nhel",
        false,
    ),
    (
        "a length that is none",
        b"Content-Length: five\r\n\r\nhello",
        true,
    ),
    ("a length below 0", b"Content-Length: -5\r\n\r\nhello", true),
    (
        "a length beyond 64 bits",
        b"Content-Length: 99999999999999999999\r\n\r\nhello",
        true,
    ),
];

const OK: &[u8] = b"HTTP/1.1 200 OK\r\n";

/// Asks servers that are none.
pub fn odd() -> Vec<Row> {
    let get = |name: &str, port: u16| page(name, port, "/");
    let hello = md5(b"hello");
    let full = format!("digest {hello}");
    let mut all = Vec::new();
    let mut port = 9100;
    for (name, bytes, old, new) in SAID {
        raw::tcp(port, raw::says(bytes));
        for (version, why) in [("1.0", old), ("1.1", new)] {
            let row = get(&format!("{name} ({version})"), port);
            let row = row.with(&format!("http_protocol {version}"));
            let row = why.map_or(row.clone(), |why| row.bad(why));
            all.push(match STRANGE.contains(name) {
                true => row.not_theirs(),
                false => row,
            });
        }
        port += 1;
    }
    for (name, bytes, good) in FRAMED {
        let whole: &'static [u8] = Box::leak([OK, bytes].concat().into_boxed_slice());
        raw::tcp(port, raw::says(whole));
        let row = row("HTTP_GET", name, port).url("/", &full);
        all.push(if *good { row } else { row.bad("digest") });
        port += 1;
    }
    all.extend(chunks());
    all.extend(slow());
    all
}

/// Chunks of bodies that end where the framing says so.
fn chunks() -> Vec<Row> {
    let said: &[(&str, &[u8], bool)] = &[
        ("chunks", b"5\r\nhello\r\n0\r\n\r\n", true),
        (
            "chunks with extensions and trailers",
            b"5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n",
            true,
        ),
        ("a chunk cut short", b"5\r\nhel", true),
        ("a chunk of no size", b"x\r\nhello", false),
        ("a chunk of size -5", b"-5\r\nhello", false),
        (
            "a chunk of 2^64 bytes",
            b"10000000000000000\r\nhello",
            false,
        ),
        (
            "a chunk longer than it says",
            b"2\r\nhello\r\n0\r\n\r\n",
            false,
        ),
        ("a chunk without end", b"7fffffffffffffff\r\nhello", true),
    ];
    let mut all = Vec::new();
    for ((name, bytes, good), port) in said.iter().zip(9200..) {
        let head = b"Transfer-Encoding: chunked\r\n\r\n".as_slice();
        let whole: &'static [u8] = Box::leak([OK, head, bytes].concat().into_boxed_slice());
        raw::tcp(port, raw::says(whole));
        let row = page(name, port, "/").with("http_protocol 1.1");
        all.push(match good {
            true => row,
            false => row.bad(GARBAGE).not_theirs(),
        });
    }
    all
}

/// Who does not end, and who takes long.
fn slow() -> Vec<Row> {
    let get = |name: &str, port: u16| page(name, port, "/");
    raw::tcp(9300, raw::silent);
    raw::tcp(9301, raw::closes);
    raw::tcp(9302, raw::resets);
    raw::tcp(DRIP, raw::drips(b"HTTP/1.1 200 OK\r\n\r\n", b"x", 1000));
    raw::tcp(9304, raw::drips(b"HTTP/1.1 200 OK\r\nX: ", b"x", 500));
    raw::tcp(9305, raw::drips(OK, b"A: b\r\n", 0));
    raw::tcp(
        9306,
        raw::pieces(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
    );
    raw::tcp(
        9307,
        raw::keeps(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
    );
    raw::tcp(9308, raw::keeps(b"HTTP/1.1 200 OK\r\n\r\nhello"));
    raw::tcp(
        9309,
        raw::keeps(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
    );
    raw::tcp(9310, raw::keeps(b"HTTP/1.1 204 None\r\n\r\n"));
    raw::tcp(9311, raw::peer);
    let new = |row: Row| row.with("http_protocol 1.1");
    vec![
        get("never answers", 9300).late(),
        get("closes at once", 9301).bad(""),
        get("resets", 9302).bad(""),
        get("a byte a second for ever", DRIP).late().not_theirs(),
        get("a head of a byte at a time for ever", 9304)
            .late()
            .not_theirs(),
        get("headers for ever", 9305).bad("not an answer of this protocol"),
        get("in pieces of one byte", 9306),
        new(get("the length ends it", 9307)).not_theirs(),
        new(get("the last chunk ends it", 9309)).not_theirs(),
        new(get("204 ends it", 9310)).not_theirs(),
        new(get("without a length only the end ends it", 9308)).late(),
        get("HTTP/1.0 has only the end", 9307).late(),
        page("bindto", 9311, "/").with("bindto 192.0.2.9"),
        row("HTTP_GET", "bindto, as the server sees it", 9311)
            .with("bindto 192.0.2.9")
            .url("/", "regex \"from 192.0.2.9 port\""),
        row("HTTP_GET", "bind_port, as the server sees it", 9311)
            .with("bind_port 4711")
            .url("/", "regex \" port 4711\"")
            .not_theirs(),
        row("HTTP_GET", "bindto and bind_port", 9311)
            .with("bindto 192.0.2.9\n   bind_port 4713")
            .url("/", "regex \"from 192.0.2.9 port 4713\""),
        row(
            "HTTP_GET",
            "nobody at the real server's port, connect_port",
            9,
        )
        .with("connect_port 9311")
        .url("/", ""),
        page("nobody there", 9, "/").bad("Connection refused"),
    ]
}

/// Where a byte a second comes for ever.
pub const DRIP: u16 = 9303;
