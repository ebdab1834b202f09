//! One good server for each kind of check, on 127.0.0.1. Each counts how often it is asked.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Kinds of checks.
pub const KINDS: usize = 6;

/// A virtual server that asks them all.
pub fn config() -> String {
    let checks = [
        "TCP_CHECK {\n connect_timeout 3\n }",
        "HTTP_GET {\n http_protocol 1.1\n connect_timeout 3\n \
         url {\n path /a\n status_code 200\n }\n \
         url {\n path /b\n digest 5eb63bbbe01eeed093cb22bb8f5acdc3\n }\n }",
        "SMTP_CHECK {\n helo_name settled\n connect_timeout 3\n }",
        "DNS_CHECK {\n type A\n name www.example.org\n connect_timeout 3\n }",
        "UDP_CHECK {\n payload 0102\n require_reply\n connect_timeout 3\n }",
        "PING_CHECK {\n connect_timeout 3\n }",
    ];
    let mut text = String::from(
        "virtual_server 192.0.2.100 80 {\n delay_loop 0.05\n lb_algo rr\n lb_kind NAT\n \
         protocol TCP\n",
    );
    for (port, check) in (8000..).zip(checks) {
        text += &format!(" real_server 127.0.0.1 {port} {{\n  {check}\n }}\n");
    }
    text + "}\n"
}

/// All of them, as long as this program runs.
pub struct Servers {
    asked: Arc<[AtomicUsize; KINDS - 1]>,
}

impl Servers {
    pub fn start() -> Servers {
        let servers = Servers {
            asked: Arc::default(),
        };
        let talks: [fn(&mut TcpStream); 3] = [|_| {}, page, mail];
        for (n, talk) in talks.into_iter().enumerate() {
            let listener = TcpListener::bind(("127.0.0.1", 8000 + n as u16)).expect("its port");
            let asked = servers.asked.clone();
            std::thread::spawn(move || {
                for stream in listener.incoming() {
                    talk(&mut stream.expect("a connection"));
                    asked[n].fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        for n in 3..5 {
            let socket = UdpSocket::bind(("127.0.0.1", 8000 + n as u16)).expect("its port");
            let asked = servers.asked.clone();
            std::thread::spawn(move || {
                let mut buffer = [0; 512];
                loop {
                    let (length, from) = socket.recv_from(&mut buffer).expect("a question");
                    if n == 3 {
                        // An answer without records.
                        buffer[2] |= 0x80;
                    }
                    let _ = socket.send_to(&buffer[..length], from);
                    asked[n].fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        servers
    }

    /// How often each was asked.
    pub fn asked(&self) -> [usize; KINDS] {
        let mut all = [echoes(); KINDS];
        for (count, asked) in all.iter_mut().zip(self.asked.iter()) {
            *count = asked.load(Ordering::SeqCst);
        }
        all
    }
}

/// Echo requests that the kernel got.
fn echoes() -> usize {
    let text = std::fs::read_to_string("/proc/net/snmp").expect("statistics");
    let mut lines = text.lines().filter(|l| l.starts_with("Icmp: "));
    let (names, values) = (lines.next().expect("names"), lines.next().expect("values"));
    let mut pairs = names.split(' ').zip(values.split(' '));
    let (_, count) = pairs.find(|(name, _)| *name == "InEchos").expect("InEchos");
    count.parse().expect("a number")
}

fn page(stream: &mut TcpStream) {
    let mut request = Vec::new();
    let mut buffer = [0; 512];
    while !request.ends_with(b"\r\n\r\n") {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return,
            Ok(length) => request.extend_from_slice(&buffer[..length]),
        }
    }
    let _ = stream.write_all(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
          6\r\nhello \r\n5\r\nworld\r\n0\r\n\r\n",
    );
}

fn mail(stream: &mut TcpStream) {
    let mut buffer = [0; 512];
    for line in ["220 here\r\n", "250 you\r\n", "221 bye\r\n"] {
        let _ = stream.write_all(line.as_bytes());
        if !matches!(stream.read(&mut buffer), Ok(1..)) {
            return;
        }
    }
}
