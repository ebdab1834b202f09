//! Servers for checks: `openssl s_server`, certificates for it, and servers that misbehave.

use super::sh;
use std::io::{Read, Write};
use std::net::{IpAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A folder with certificates and pages.
pub struct Safe(PathBuf);

/// Certificates and keys: `NAME.crt`, `NAME.key`.
const CERTIFICATES: [(&str, &str, &[&str]); 4] = [
    ("rsa", "/CN=elsewhere.example", &["rsa:2048"]),
    ("ec", "/CN=www.example", &["ec"]),
    // Its own authority, and a client.
    ("own", "/CN=client.example", &["ec"]),
    ("other", "/CN=stranger.example", &["ec"]),
];

impl Safe {
    /// Makes all of them: rsa, ec, own, other, and old, which has expired.
    pub fn new(folder: &str) -> Safe {
        std::fs::create_dir_all(folder).expect("a folder for certificates");
        let safe = Safe(folder.into());
        for (name, subject, kind) in CERTIFICATES {
            let (key, certificate) = (safe.key(name), safe.certificate(name));
            let curve = match kind[0] {
                "ec" => "-pkeyopt ec_paramgen_curve:P-256",
                _ => "",
            };
            let kind = kind[0];
            sh(&format!(
                "openssl req -x509 -newkey {kind} {curve} -nodes -keyout {key} -out {certificate} \
                 -subj {subject} -days 10"
            ));
        }
        let (key, request) = (safe.key("ec"), safe.path("old.csr"));
        sh(&format!(
            "openssl req -new -key {key} -subj /CN=old.example -out {request}"
        ));
        let old = safe.certificate("old");
        sh(&format!(
            "openssl x509 -req -in {request} -signkey {key} -days -1 -out {old}"
        ));
        std::fs::copy(&key, safe.key("old")).expect("its key");
        safe
    }

    pub fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    pub fn key(&self, name: &str) -> String {
        self.path(&format!("{name}.key"))
    }

    pub fn certificate(&self, name: &str) -> String {
        self.path(&format!("{name}.crt"))
    }

    /// A page to be served.
    pub fn page(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.0.join(name), bytes).expect("a page");
    }

    /// `openssl s_server` with a certificate and more options, for files of this folder.
    pub fn serve(&self, port: u16, certificate: &str, options: &str) -> Served {
        let child = Command::new("openssl")
            .args(["s_server", "-quiet", "-accept", &port.to_string()])
            .args(["-cert", &self.certificate(certificate)])
            .args(["-key", &self.key(certificate)])
            .args(options.split_whitespace())
            .current_dir(&self.0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("starting openssl");
        Served(child)
    }
}

/// A server, until dropped.
pub struct Served(Child);

impl Served {
    /// It has not ended by itself.
    pub fn runs(&mut self) -> bool {
        self.0.try_wait().expect("our own child").is_none()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Whether somebody listens there.
pub fn listens(at: (IpAddr, u16)) -> bool {
    let table = match at.0 {
        IpAddr::V4(_) => "/proc/net/tcp",
        IpAddr::V6(_) => "/proc/net/tcp6",
    };
    // s_server listens on every address, of both families where there are two.
    let port = format!(":{:04X} ", at.1);
    [table, "/proc/net/tcp6"].iter().any(|table| {
        let text = std::fs::read_to_string(table).unwrap_or_default();
        let mut lines = text.lines();
        lines.any(|line| {
            let mut words = line.split_whitespace().skip(1);
            let local = words.next().unwrap_or_default();
            format!("{local} ").ends_with(&port) && words.nth(1) == Some("0A")
        })
    })
}

/// A server of our own: each connection is given to `talk`. It ends with this process.
pub fn talker(at: (IpAddr, u16), talk: fn(&mut TcpStream) -> std::io::Result<()>) {
    let listener = TcpListener::bind(at).expect("a server of our own");
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut client = client;
                let _ = client.set_read_timeout(Some(Duration::from_secs(60)));
                // A client may leave whenever it likes.
                let _ = talk(&mut client);
            });
        }
    });
}

/// Reads what a client says first.
pub fn hello(client: &mut TcpStream) -> std::io::Result<usize> {
    client.read(&mut [0; 4096])
}

/// Reads until the client leaves.
pub fn linger(client: &mut TcpStream) -> std::io::Result<()> {
    while client.read(&mut [0; 4096])? > 0 {}
    Ok(())
}

/// Sends some bytes slowly: one each second, for ever.
pub fn trickle(client: &mut TcpStream, bytes: &[u8]) -> std::io::Result<()> {
    for byte in bytes.iter().cycle() {
        client.write_all(&[*byte])?;
        super::pause(1000);
    }
    Ok(())
}
