//! genhash, beside keepalived's: the same sum of the same page.

use crate::lab::harness::Test;
use crate::lab::secure::{Safe, hello, linger, listens, talker};
use crate::lab::{Kind, packages, sh, stage, wait_for};
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpStream};
use std::process::Command;

pub const TESTS: &[Test] = &[Test::new("genhash::same_as_keepalived", same)
    .needs(&["keepalived", "genhash", "openssl"])
    .ours_only("it compares both")];

const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);
type Talk = fn(&mut TcpStream) -> std::io::Result<()>;
/// Sums of `hello` and of nothing.
const HELLO: &str = "5d41402abc4b2a76b9719d911017c592";
const NOTHING: &str = "d41d8cd98f00b204e9800998ecf8427e";

fn answer(client: &mut TcpStream, parts: &[&[u8]]) -> std::io::Result<()> {
    hello(client)?;
    for part in parts {
        client.write_all(part)?;
    }
    client.shutdown(std::net::Shutdown::Write)?;
    linger(client)
}

fn plain(client: &mut TcpStream) -> std::io::Result<()> {
    answer(client, &[b"HTTP/1.0 200 OK\r\nX: y\r\n\r\n", b"hello"])
}

fn counted(client: &mut TcpStream) -> std::io::Result<()> {
    answer(
        client,
        &[b"HTTP/1.1 404 Lost\r\nContent-Length: 5\r\n\r\nhello"],
    )
}

fn chunked(client: &mut TcpStream) -> std::io::Result<()> {
    let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    answer(client, &[head, b"5\r\nhello\r\n", b"0\r\n\r\n"])
}

fn big(client: &mut TcpStream) -> std::io::Result<()> {
    answer(client, &[b"HTTP/1.0 200 OK\r\n\r\n", &vec![7; 10_000_000]])
}

fn short(client: &mut TcpStream) -> std::io::Result<()> {
    answer(
        client,
        &[b"HTTP/1.0 200 OK\r\nContent-Length: 500\r\n\r\nhello"],
    )
}

fn empty(client: &mut TcpStream) -> std::io::Result<()> {
    answer(client, &[b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"])
}

/// What was asked, as the page.
fn echo(client: &mut TcpStream) -> std::io::Result<()> {
    use std::io::Read;
    let mut asked = [0; 1024];
    let length = client.read(&mut asked)?;
    client.write_all(b"HTTP/1.0 200 OK\r\n\r\n")?;
    client.write_all(&asked[..length])
}

fn silent(client: &mut TcpStream) -> std::io::Result<()> {
    linger(client)
}

/// Standard output, standard error and whether it succeeded.
fn run(program: &str, arguments: &[&str]) -> (String, String, bool) {
    let done = Command::new(program).args(arguments).output();
    let done = done.unwrap_or_else(|e| panic!("{program}: {e}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        text(&done.stdout),
        text(&done.stderr),
        done.status.success(),
    )
}

/// Both, with the same options; the sum, if there is one.
#[track_caller]
fn both(line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    let theirs = packages::find("genhash").expect("keepalived's");
    let (wanted, ..) = run(&theirs, &words);
    let ours: Vec<&str> = ["--genhash"].into_iter().chain(words).collect();
    let (said, why, well) = run(&Kind::Ours.program(), &ours);
    assert!(well, "{line}: {why}");
    assert_eq!(said, wanted, "{line}");
    said.trim_end().to_owned()
}

fn same() {
    sh("ip link set lo up");
    let servers: [(IpAddr, u16, Talk); 9] = [
        (V4, 8001, plain),
        (V4, 8002, counted),
        (V4, 8003, chunked),
        (V4, 8004, big),
        (V4, 8005, short),
        (V4, 8006, empty),
        (V4, 8007, echo),
        (V4, 8008, silent),
        (V6, 8001, plain),
    ];
    for (address, port, talk) in servers {
        talker((address, port), talk);
    }
    assert_eq!(both("-s 127.0.0.1 -p 8001 -u /x"), HELLO);
    assert_eq!(both("-s ::1 -p 8001 -u /x"), HELLO);
    for protocol in ["1.0", "1.0c", "1.1"] {
        assert_eq!(
            both(&format!("-P {protocol} -s 127.0.0.1 -p 8002 -u /x")),
            HELLO
        );
        let raw = both(&format!("-P {protocol} -s 127.0.0.1 -p 8003 -u /x"));
        assert_eq!(raw, "79e9489e3bd3f0cb0158215341de046d", "with its framing");
        both(&format!("-P {protocol} -s 127.0.0.1 -p 8007 -u /x?y=z"));
        both(&format!(
            "--protocol {protocol} -s 127.0.0.1 -p 8007 -u / -V www.example"
        ));
    }
    both("--server 127.0.0.1 --port 8004 --url /x");
    assert_eq!(both("-s 127.0.0.1 -p 8005 -u /x"), HELLO);
    assert_eq!(both("-s 127.0.0.1 -p 8006 -u /x"), NOTHING);
    both("-m 7 -s 127.0.0.1 -p 8001 -u /x");
    shown();
    secure();
    failures();
}

/// `-v`, but for the time that it took.
fn shown() {
    let words = ["-v", "-s", "127.0.0.1", "-p", "8002", "-u", "/x"];
    let theirs = packages::find("genhash").expect("keepalived's");
    let ours = [&["-T"], &words[..]].concat();
    let without_time = |text: String| {
        let end = text.rfind(" = ").expect("a time");
        text[..end].to_owned()
    };
    let wanted = without_time(run(&theirs, &words).0);
    assert_eq!(without_time(run(&Kind::Ours.program(), &ours).0), wanted);
    assert!(wanted.contains(HELLO));
}

fn secure() {
    let safe = Safe::new(&format!("{}/safe", stage::DIR));
    safe.page("hello", b"hello");
    safe.page("big", &vec![b'x'; 10_000_000]);
    let known = format!(
        "-WWW -servername www.example -servername_fatal -cert2 {} -key2 {}",
        safe.certificate("rsa"),
        safe.key("rsa")
    );
    let _servers = [
        safe.serve(8101, "rsa", "-WWW -tls1_2"),
        safe.serve(8102, "ec", "-WWW -tls1_3"),
        safe.serve(8103, "ec", &known),
    ];
    for port in [8101, 8102, 8103] {
        wait_for("openssl listens", 20, || listens((V4, port)));
    }
    for port in [8101, 8102, 8103] {
        assert_eq!(both(&format!("-S -s 127.0.0.1 -p {port} -u /hello")), HELLO);
    }
    both("--use-ssl -s 127.0.0.1 -p 8102 -u /big");
    let named = "-S -I -V www.example -s 127.0.0.1 -p 8103 -u /hello";
    assert_eq!(both(named), HELLO);
    let stranger = "-T -S -I -V no.example -s 127.0.0.1 -p 8103 -u /hello";
    fails(
        stranger,
        "TLS: the server sent alert 112 (unrecognized_name)",
    );
    fails(
        "-T -S -s 127.0.0.1 -p 8001 -u /x",
        "what the server sends is not TLS",
    );
}

#[track_caller]
fn fails(line: &str, why: &str) {
    let words: Vec<&str> = line.split(' ').collect();
    let (said, told, well) = run(&Kind::Ours.program(), &words);
    assert!(!well && said.is_empty(), "{line}: {said}");
    assert!(told.contains(why), "{line}: {told}");
}

fn failures() {
    fails(
        "-T -s 127.0.0.1 -p 9 -u /x",
        "connection failed: Connection refused",
    );
    fails("-T -s 127.0.0.1 -p 8008 -u /x -t 1", "no answer in time");
    fails(
        "-T -s localhost -p 80 -u /x",
        "'localhost' is no IP address",
    );
    fails("-T -s 127.0.0.1 -u /x", "--port is missing");
    // By its link, as it is installed.
    let link = format!("{}/genhash", stage::DIR);
    std::os::unix::fs::symlink(Kind::Ours.program(), &link).expect("a link");
    let (said, ..) = run(&link, &["-s", "127.0.0.1", "-p", "8001", "-u", "/x"]);
    assert_eq!(said.trim_end(), HELLO);
}
