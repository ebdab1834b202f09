//! Servers that behave as no real one does: each a port, and what it does with a connection.

use crate::lab::pause;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::thread;
use std::time::Duration;

/// Where all servers are.
pub const HOST: &str = "192.0.2.250";

/// Listens on a port of all addresses, IPv6 ones too, and serves every connection in this manner.
pub fn tcp(port: u16, manner: impl Fn(TcpStream) + Send + Sync + Clone + 'static) {
    let listener = TcpListener::bind(("::", port)).expect("a port of our own");
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let manner = manner.clone();
            thread::spawn(move || manner(client));
        }
    });
}

/// Answers datagrams; `None`: not this one.
pub fn udp(port: u16, answer: impl Fn(&[u8]) -> Option<Vec<u8>> + Send + 'static) {
    let socket = UdpSocket::bind(("::", port)).expect("a port of our own");
    thread::spawn(move || {
        let mut buffer = [0; 2048];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            if let Some(answer) = answer(&buffer[..length]) {
                let _ = socket.send_to(&answer, from);
            }
        }
    });
}

/// Reads a request up to its blank line; empty if the client has ended before.
pub fn request(client: &mut TcpStream) -> String {
    let mut said = Vec::new();
    let mut byte = [0];
    while !said.ends_with(b"\r\n\r\n") {
        match client.read(&mut byte) {
            Ok(1) => said.push(byte[0]),
            _ => return String::new(),
        }
    }
    String::from_utf8_lossy(&said).into_owned()
}

/// Writes, ends, and waits until the client has ended too: nothing is lost by a reset.
pub fn finish(mut client: TcpStream, bytes: &[u8]) {
    let _ = client.write_all(bytes);
    let _ = client.shutdown(std::net::Shutdown::Write);
    linger(client);
}

/// Takes what comes, until the client has ended.
pub fn linger(mut client: TcpStream) {
    let _ = client.set_read_timeout(Some(Duration::from_secs(60)));
    let mut buffer = [0; 4096];
    while client.read(&mut buffer).is_ok_and(|n| n > 0) {}
}

/// After a request, these bytes and the end.
pub fn says(bytes: &'static [u8]) -> impl Fn(TcpStream) + Send + Sync + Clone + 'static {
    move |mut client| {
        request(&mut client);
        finish(client, bytes);
    }
}

/// After a request, these bytes, and then nothing: the connection stays.
pub fn keeps(bytes: &'static [u8]) -> impl Fn(TcpStream) + Send + Sync + Clone + 'static {
    move |mut client| {
        request(&mut client);
        let _ = client.write_all(bytes);
        linger(client);
    }
}

/// After a request, these bytes, and then those again and again, so many milliseconds apart.
pub fn drips(
    first: &'static [u8],
    then: &'static [u8],
    milliseconds: u64,
) -> impl Fn(TcpStream) + Send + Sync + Clone + 'static {
    move |mut client| {
        request(&mut client);
        let _ = client.set_nodelay(true);
        let mut sent = client.write_all(first);
        while sent.is_ok() {
            pause(milliseconds);
            sent = client.write_all(then);
        }
    }
}

/// After a request, each byte in a segment of its own.
pub fn pieces(bytes: &'static [u8]) -> impl Fn(TcpStream) + Send + Sync + Clone + 'static {
    move |mut client| {
        request(&mut client);
        let _ = client.set_nodelay(true);
        for byte in bytes {
            let _ = client.write_all(&[*byte]);
        }
        finish(client, b"");
    }
}

/// Nothing is read and nothing said.
pub fn silent(client: TcpStream) {
    linger(client);
}

/// The connection ends before anything is said.
pub fn closes(client: TcpStream) {
    drop(client);
}

/// The connection is reset (what came is never read).
pub fn resets(client: TcpStream) {
    let _ = client.set_read_timeout(Some(Duration::from_secs(5)));
    let _ = client.peek(&mut [0]);
    drop(client);
}

/// The other end's address, as a page.
pub fn peer(mut client: TcpStream) {
    request(&mut client);
    let from = client.peer_addr().expect("it is connected");
    let ip = from.ip().to_canonical();
    let page = format!("HTTP/1.0 200 OK\r\n\r\nfrom {ip} port {}.\n", from.port());
    finish(client, page.as_bytes());
}

/// A talk: each of these is sent, and after each a line is waited for; `~` splits a piece in two.
pub fn talks(lines: &'static [&'static str]) -> impl Fn(TcpStream) + Send + Sync + Clone + 'static {
    move |mut client| {
        let _ = client.set_nodelay(true);
        for line in lines {
            for piece in line.split('~') {
                if client.write_all(piece.as_bytes()).is_err() {
                    return;
                }
                pause(20);
            }
            let mut byte = [0];
            while client.read(&mut byte).is_ok_and(|n| n > 0) && byte != *b"\n" {}
        }
    }
}
