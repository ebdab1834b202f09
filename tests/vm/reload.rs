//! Reload: what changes in the table of IPVS, and what does not move.

use super::witness::{CHECKERS, becomes, ipvsadm, table};
use crate::lab::{Daemon, Kind, Lab, Node, sh, stage, stays, wait_for};
use nix::sys::signal::Signal;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

const DONE: &str = "the new configuration is in force";
const REFUSED: &str = "the running configuration stays";

/// A real server with a check of its port.
fn real(port: u16, weight: u8, more: &str) -> String {
    format!(
        " real_server 192.0.2.250 {port} {{\n  weight {weight}\n  TCP_CHECK {{\n   \
         connect_timeout 3\n   retry 0\n   delay_before_retry 1\n   {more}\n  }}\n }}\n"
    )
}

fn service(address: &str, scheduler: &str, reals: &[String]) -> String {
    format!(
        "virtual_server {address} 80 {{\n delay_loop 1\n lb_algo {scheduler}\n lb_kind NAT\n \
         protocol TCP\n{}}}\n",
        reals.concat()
    )
}

fn line(address: &str, port: u16, weight: u8) -> String {
    format!("-a -t {address}:80 -r 192.0.2.250:{port} -m -w {weight}")
}

fn head(address: &str, scheduler: &str) -> String {
    format!("-A -t {address}:80 -s {scheduler}")
}

/// What the kernel has counted: connections so far, by real server.
fn counted(node: &Node) -> Vec<(String, String)> {
    let text = ipvsadm(node, &["-L", "-n", "--stats"]);
    let rows = text.lines().filter(|row| row.trim().starts_with("-> 1"));
    let words = rows.map(|row| {
        row.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    });
    words.map(|w| (w[1].clone(), w[2].clone())).collect()
}

fn reload(daemon: &Daemon<'_>, node: &Node, text: &str) {
    let done = node.log.count(DONE);
    node.write("keepalived.conf", text);
    daemon.signal(Signal::SIGHUP);
    wait_for("the reload", 60, || node.log.count(DONE) > done);
}

const ONE: &str = "192.0.2.100";
const TWO: &str = "192.0.2.101";

/// Each row on a table that somebody has a connection through.
pub fn shown() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    sh("ip addr add 192.0.2.250/24 dev br0");
    r1.ip("addr add 192.0.2.100/32 dev lo");
    r1.ip("route add 192.0.2.250/32 dev eth0 src 192.0.2.1");
    let servers = [8080, 8081]
        .map(|port| TcpListener::bind(("192.0.2.250", port)).expect("a server at the switch"));
    let both = [real(8080, 1, ""), real(8081, 1, "")];
    let mut text = service(ONE, "rr", &both);
    let daemon = r1.start_with(Kind::under_test(), &text, &CHECKERS);
    let base = [head(ONE, "rr"), line(ONE, 8080, 1), line(ONE, 8081, 1)];
    becomes(r1, "both serve", &base);

    // A connection through the table, from the director itself, that lives all the time.
    let (mut client, mut server) = connect(r1, &servers);
    // The kernel adds up every two seconds.
    wait_for("it is counted", 60, || {
        counted(r1).iter().any(|(_, count)| count == "1")
    });
    let before = counted(r1);
    // Nothing new.
    reload(&daemon, r1, &text);
    stays("nothing moves", 2000, || table(r1).len() == 3);
    assert_eq!(counted(r1), before, "nothing was made anew");
    lives(&mut client, &mut server, "nothing new");

    // Another virtual server, then another real server in it.
    let mut other = service(TWO, "rr", &[real(8080, 1, "")]);
    reload(&daemon, r1, &format!("{text}{other}"));
    let mut all = base.to_vec();
    all.extend([head(TWO, "rr"), line(TWO, 8080, 1)]);
    becomes(r1, "a virtual server", &all);
    other = service(TWO, "rr", &both);
    reload(&daemon, r1, &format!("{text}{other}"));
    all.push(line(TWO, 8081, 1));
    becomes(r1, "a real server", &all);
    // Its weight, its scheduler.
    other = service(TWO, "wrr", &[real(8080, 7, ""), real(8081, 1, "")]);
    reload(&daemon, r1, &format!("{text}{other}"));
    all = base.to_vec();
    all.extend([head(TWO, "wrr"), line(TWO, 8080, 7), line(TWO, 8081, 1)]);
    becomes(r1, "weight and scheduler", &all);
    // A real server goes, the virtual server goes.
    other = service(TWO, "wrr", &[real(8080, 7, "")]);
    reload(&daemon, r1, &format!("{text}{other}"));
    all.pop();
    becomes(r1, "a real server less", &all);
    reload(&daemon, r1, &text);
    becomes(r1, "a virtual server less", &base);
    assert_eq!(counted(r1), before, "the first one never moved");
    lives(&mut client, &mut server, "changes beside it");

    // Changes of the service with the connection: they are edits.
    text = service(ONE, "wrr", &[real(8080, 3, ""), real(8081, 4, "")]);
    reload(&daemon, r1, &text);
    let edited = [head(ONE, "wrr"), line(ONE, 8080, 3), line(ONE, 8081, 4)];
    becomes(r1, "edits", &edited);
    assert_eq!(counted(r1), before, "edited, not made anew");
    lives(&mut client, &mut server, "edits");

    down_stays_down(r1, &daemon, servers, &text, &edited);
    drop((client, server));
    daemon.stop();
    becomes::<&str>(r1, "nothing stays", &[]);
}

/// A byte comes through.
fn lives(client: &mut TcpStream, server: &mut TcpStream, what: &str) {
    client
        .write_all(b"x")
        .unwrap_or_else(|e| panic!("{what}: {e}"));
    let mut byte = [0];
    server
        .read_exact(&mut byte)
        .unwrap_or_else(|e| panic!("{what}: {e}"));
}

/// Through the table to one of the servers; both ends.
fn connect(r1: &Node, servers: &[TcpListener; 2]) -> (TcpStream, TcpStream) {
    let to: SocketAddr = "192.0.2.100:80".parse().expect("an address");
    let mut client = None;
    stage::in_network(r1.holder(), || {
        client = TcpStream::connect(to).ok();
    });
    let client = client.unwrap_or_else(|| panic!("no connection:\n{}", r1.log.report()));
    let own = client.local_addr().expect("an address").port();
    for server in servers {
        server.set_nonblocking(true).expect("a mode");
        // Checks connect too.
        while let Ok((stream, from)) = server.accept() {
            if from.port() == own {
                stream.set_nonblocking(false).expect("a mode");
                return (client, stream);
            }
        }
    }
    panic!("nobody answered the connection");
}

/// Who is down stays out, over a reload too; another check is made anew; what is broken is refused.
fn down_stays_down(
    r1: &Node,
    daemon: &Daemon<'_>,
    servers: [TcpListener; 2],
    text: &str,
    edited: &[String],
) {
    let [first, second] = servers;
    drop(second);
    let left = &edited[..2];
    becomes(r1, "one is down", left);
    reload(daemon, r1, text);
    stays("it stays out", 3000, || table(r1).len() == 2);
    // Another check: of a port that somebody answers.
    let reals = [real(8080, 3, ""), real(8081, 4, "connect_port 8080")];
    reload(daemon, r1, &service(ONE, "wrr", &reals));
    becomes(r1, "another check finds it", edited);

    let refused = r1.log.count(REFUSED);
    r1.write(
        "keepalived.conf",
        "virtual_server 192.0.2.100 80 {\n lb_algo rr\n",
    );
    daemon.signal(Signal::SIGHUP);
    wait_for("a refusal", 60, || r1.log.count(REFUSED) > refused);
    stays("nothing moves", 2000, || table(r1).len() == edited.len());
    drop(first);
}
