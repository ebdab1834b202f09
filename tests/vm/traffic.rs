//! Real requests through a director to real servers, some of which die.

use super::witness::{CHECKERS, Server, becomes};
use crate::lab::{Daemon, Kind, Lab, Node, stage, wait_for};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// Asks for a page again and again, from a machine of the lab.
struct Client {
    /// Who answered, or that nobody did.
    answers: Arc<Mutex<Vec<Option<String>>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Client {
    fn new(node: &Node, address: &'static str) -> Client {
        let answers = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let (list, flag, holder) = (answers.clone(), stop.clone(), node.holder());
        let thread = std::thread::spawn(move || {
            stage::in_network(holder, || {
                while !flag.load(Ordering::SeqCst) {
                    let answer = ask(address);
                    list.lock().expect("nobody panics holding it").push(answer);
                    std::thread::sleep(Duration::from_millis(20));
                }
            });
        });
        Client {
            answers,
            stop,
            thread: Some(thread),
        }
    }

    fn count(&self) -> usize {
        self.answers.lock().expect("nobody panics holding it").len()
    }

    /// The next `count` answers to requests that begin from now on.
    #[track_caller]
    fn next(&self, count: usize) -> Vec<Option<String>> {
        // One may be on its way.
        let first = self.count() + 1;
        wait_for("answers", 120, || self.count() >= first + count);
        let answers = self.answers.lock().expect("nobody panics holding it");
        answers[first..first + count].to_vec()
    }

    /// From now on only these answer, and each of them does.
    #[track_caller]
    fn only(&self, what: &str, names: &[&str]) {
        let answers = self.next(40);
        for name in names {
            assert!(
                answers.iter().flatten().any(|a| a == name),
                "{what}: {name} never answered: {answers:?}"
            );
        }
        for answer in &answers {
            let answer = answer.as_deref();
            assert!(
                answer.is_some_and(|a| names.contains(&a)),
                "{what}: {answer:?} among {answers:?}"
            );
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn connect(address: &str) -> std::io::Result<TcpStream> {
    let address: SocketAddr = address.parse().expect("an address");
    let stream = TcpStream::connect_timeout(&address, Duration::from_secs(10))?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    Ok(stream)
}

/// One request; who answered.
fn ask(address: &str) -> Option<String> {
    let mut stream = connect(address).ok()?;
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    head.starts_with("HTTP/1.0 200").then(|| body.to_owned())
}

/// A virtual server with two real servers and somebody who stands in.
fn config(service: &str, kind: &str, port: u16) -> String {
    let real = |last: u8| {
        format!(
            " real_server 192.0.2.{last} {port} {{\n  notify_down \"/bin/sh /run/note s{last}-down\"\n  \
             notify_up \"/bin/sh /run/note s{last}-up\"\n  TCP_CHECK {{\n   connect_timeout 10\n   \
             retry 1\n   delay_before_retry 1\n  }}\n }}\n"
        )
    };
    format!(
        "global_defs {{\n script_user root\n}}\nvirtual_server {service} 80 {{\n delay_loop 1\n \
         lb_algo rr\n lb_kind {kind}\n protocol TCP\n quorum_up \"/bin/sh /run/note up\"\n \
         quorum_down \"/bin/sh /run/note down\"\n sorry_server 192.0.2.13 {port}\n{}{}}}\n",
        real(11),
        real(12),
    )
}

const NAT: &str = "198.51.100.100";
const DIRECT: &str = "192.0.2.100";

/// A director, two real servers and one that stands in; a client on the same net, and on another
/// one behind the director.
pub fn traffic() {
    let mut lab = Lab::new(1);
    for (name, last) in [("s11", 11), ("s12", 12), ("s13", 13), ("client", 50)] {
        let mac = format!("02:00:00:00:00:{last:02x}");
        lab.plug(name, &mac, &format!("192.0.2.{last}/24"));
    }
    lab.switch("br1");
    lab.cable(1, "eth1", "br1", "198.51.100.1/24");
    lab.cable(5, "eth1", "br1", "198.51.100.50/24");
    let r1 = lab.r(1);
    r1.sysctl("net/ipv4/ip_forward", "1");
    r1.ip(&format!("addr add {NAT}/32 dev eth1"));
    r1.ip(&format!("addr add {DIRECT}/32 dev eth0"));
    r1.write("note", "echo $1 >> /run/noted\n");
    for name in ["s11", "s12", "s13"] {
        let server = lab.node(name);
        server.ip("route add default via 192.0.2.1");
        server.sysctl("net/ipv4/conf/all/arp_ignore", "1");
        server.sysctl("net/ipv4/conf/all/arp_announce", "2");
        server.ip(&format!("addr add {DIRECT}/32 dev lo"));
    }
    through(&lab, NAT, "198.51.100.100:80", "NAT", 8080);
    through(&lab, DIRECT, "192.0.2.100:80", "DR", 80);
}

/// One way of forwarding.
struct Way<'a> {
    lab: &'a Lab,
    address: &'static str,
    flag: &'static str,
    port: u16,
    config: String,
}

impl Way<'_> {
    fn serve(&self, name: &str) -> Server {
        let address = format!("0.0.0.0:{}", self.port);
        Server::new(Some(self.lab.node(name)), name, &address)
    }

    #[track_caller]
    fn becomes(&self, what: &str, reals: &[u8]) {
        let (address, flag, port) = (self.address, self.flag, self.port);
        let mut lines = vec![format!("-A -t {address} -s rr")];
        let line = |last| format!("-a -t {address} -r 192.0.2.{last}:{port} {flag} -w 1");
        lines.extend(reals.iter().map(line));
        becomes(self.lab.r(1), what, &lines);
    }

    fn start(&self) -> Daemon<'_> {
        let node = self.lab.r(1);
        node.start_with(Kind::under_test(), &self.config, &CHECKERS)
    }
}

/// One way of forwarding, from the first request to the last.
fn through(lab: &Lab, service: &str, address: &'static str, kind: &str, port: u16) {
    let way = Way {
        lab,
        address,
        flag: if kind == "NAT" { "-m" } else { "-g" },
        port,
        config: config(service, kind, port),
    };
    let (r1, client) = (lab.r(1), lab.node("client"));
    let _ = std::fs::remove_file(r1.run.join("noted"));
    let first = way.serve("s11");
    let second = way.serve("s12");
    let third = way.serve("s13");
    let daemon = way.start();
    way.becomes("both serve", &[11, 12]);
    let asking = Client::new(client, address);
    asking.only("both serve", &["s11", "s12"]);

    drop(first);
    way.becomes("one is dead", &[12]);
    asking.only("one is dead", &["s12"]);
    drop(second);
    way.becomes("all are dead", &[13]);
    asking.only("all are dead", &["s13"]);
    let second = way.serve("s12");
    way.becomes("one is back", &[12]);
    asking.only("one is back", &["s12"]);
    let first = way.serve("s11");
    way.becomes("both are back", &[11, 12]);
    asking.only("both are back", &["s11", "s12"]);
    let noted = "up\ns11-down\ns12-down\ndown\ns12-up\nup\ns11-up\n";
    wait_for("all scripts", 30, || r1.read("noted").len() >= noted.len());
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    // Those of different objects may overtake each other.
    assert_eq!(sorted(&r1.read("noted")), sorted(noted), "once per change");
    drop(asking);
    killed(&way, daemon, first, &second);
    assert!(third.asked() > 0);
}

/// The director's daemon is killed and comes back while a client talks with a server, and another
/// server is down.
fn killed(way: &Way<'_>, daemon: Daemon<'_>, first: Server, second: &Server) {
    let (client, address) = (way.lab.node("client"), way.address);
    let mut talks = Vec::new();
    for _ in 0..2 {
        talks.push(stage::in_network(client.holder(), || {
            let stream = connect(address).expect("through the director");
            BufReader::new(stream)
        }));
    }
    let mut names: Vec<String> = talks.iter_mut().map(say).collect();
    names.sort();
    assert_eq!(names, ["s11", "s12"], "one with each");
    drop(first);
    way.becomes("one is dead again", &[12]);
    let asked = second.asked();
    daemon.crash();
    let daemon = way.start();
    let asking = Client::new(client, address);
    if Kind::under_test() == Kind::Ours {
        // From the first moment on: who was down stays out.
        asking.only("after a crash", &["s12"]);
        way.becomes("after a crash", &[12]);
    } else {
        asking.next(40);
        way.becomes("after a crash", &[12]);
    }
    let healthy = talks.iter_mut().find_map(|talk| {
        let name = say(talk);
        (name == "s12").then_some(name)
    });
    assert_eq!(
        healthy.as_deref(),
        Some("s12"),
        "an open connection goes on"
    );
    assert!(second.asked() > asked);
    drop(asking);
    daemon.stop();
    becomes::<&str>(way.lab.r(1), "nothing stays", &[]);
}

/// One line there, one back.
fn say(talk: &mut BufReader<TcpStream>) -> String {
    let mut line = String::new();
    let sent = talk.get_mut().write_all(b"who\n");
    if sent.is_ok() {
        let _ = talk.read_line(&mut line);
    }
    line.trim().to_owned()
}
