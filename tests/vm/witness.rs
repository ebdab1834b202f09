//! `ipvsadm` as the witness, and servers to be balanced.

use crate::lab::{Node, pause, stage};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long a table may take to become what it should be, in seconds. Longer than anything takes
/// on a machine that is not overloaded.
const LONG: u64 = 60;

/// Checkers only, in the foreground.
pub const CHECKERS: [&str; 3] = ["-n", "-C", "-D"];

/// What `ipvsadm` prints with these options.
#[track_caller]
pub fn ipvsadm(node: &Node, options: &[&str]) -> String {
    let run = || Command::new("ipvsadm").args(options).output();
    let done = stage::in_network(node.holder(), run).expect("running ipvsadm");
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "ipvsadm {options:?}: {said}");
    String::from_utf8_lossy(&done.stdout).into_owned()
}

/// `ipvsadm -S -n`, sorted. IPIP is the tunnel that is not worth a word.
pub fn table(node: &Node) -> Vec<String> {
    let text = ipvsadm(node, &["-S", "-n"]).replace(" --tun-type ipip", "");
    let lines = text.lines().map(|line| line.trim().to_owned());
    let mut lines: Vec<String> = lines.filter(|line| !line.is_empty()).collect();
    lines.sort();
    lines
}

/// Waits until the table is this, in any order.
#[track_caller]
pub fn becomes<S: AsRef<str>>(node: &Node, what: &str, expected: &[S]) {
    let mut expected: Vec<&str> = expected.iter().map(AsRef::as_ref).collect();
    expected.sort_unstable();
    let start = Instant::now();
    loop {
        let last = table(node);
        if last == expected {
            return;
        }
        assert!(
            start.elapsed().as_secs() < LONG,
            "{what}: the table is\n{}\nand not\n{}\n{}",
            last.join("\n"),
            expected.join("\n"),
            node.log.report()
        );
        pause(50);
    }
}

/// A small web server in a machine of the lab: says its name, and how often it was asked. Dropped,
/// it is killed: the port is closed.
pub struct Server {
    listener: TcpListener,
    asked: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// `node`: where; `None`: at the switch.
    pub fn new(node: Option<&Node>, name: &str, address: &str) -> Server {
        let address: SocketAddr = address.parse().expect("an address");
        let open = || TcpListener::bind(address).unwrap_or_else(|e| panic!("{address}: {e}"));
        let listener = match node {
            Some(node) => stage::in_network(node.holder(), open),
            None => open(),
        };
        let asked = Arc::new(AtomicUsize::new(0));
        let (other, count) = (listener.try_clone().expect("a copy"), asked.clone());
        let name = name.to_owned();
        let thread = std::thread::spawn(move || {
            while let Ok((client, _)) = other.accept() {
                answer(client, &name, &count);
            }
        });
        Server {
            listener,
            asked,
            thread: Some(thread),
        }
    }

    /// Requests so far; a connection without one, as a check makes it, is none.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The way out of accept(2): a listening socket that is shut down listens no more.
        let _ =
            nix::sys::socket::shutdown(self.listener.as_raw_fd(), nix::sys::socket::Shutdown::Both);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// `GET …`: one answer and the end. Anything else: an answer to every line, as long as the client
/// wants. A check comes without a word.
fn answer(client: TcpStream, name: &str, count: &AtomicUsize) {
    let _ = client.set_read_timeout(Some(Duration::from_secs(120)));
    let Ok(mut writer) = client.try_clone() else {
        return;
    };
    let mut lines = BufReader::new(client).lines();
    let Some(Ok(first)) = lines.next() else {
        return;
    };
    if first.starts_with("GET ") {
        count.fetch_add(1, Ordering::SeqCst);
        let length = name.len();
        let head = format!("HTTP/1.0 200 OK\r\nContent-Length: {length}\r\n\r\n{name}");
        while lines.next().is_some_and(|l| l.is_ok_and(|l| !l.is_empty())) {}
        let _ = writer.write_all(head.as_bytes());
        return;
    }
    let name = name.to_owned();
    std::thread::spawn(move || {
        while writeln!(writer, "{name}").is_ok() && matches!(lines.next(), Some(Ok(_))) {}
    });
}
