//! Reload as a table: each row is a change of the file, and what has moved on the wire, in the
//! address list and in the table of IPVS; what a row does not name has not moved.

#[path = "reload/orders.rs"]
mod orders;
#[path = "reload/rows.rs"]
mod rows;
#[path = "reload/said.rs"]
mod said;
#[path = "reload/watch.rs"]
mod watch;

use super::witness::{Server, ipvsadm};
use crate::lab::secure::Safe;
use crate::lab::{Daemon, Kind, Lab, Node, now, pause, sh, stage, wait_for};
use nix::sys::signal::Signal;
use orders::Orders;
use rows::{BASE, Change, ROWS, Row};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Instant;
use watch::{Before, Moved, Watch};

const DONE: &str = "the new configuration is in force";
const REFUSED: &str = "the running configuration stays";
/// How long anything may take, in seconds.
const LONG: u64 = 60;
/// How often more is waited for before what seems odd is believed.
const PATIENCE: u32 = 3;

/// The router, and a connection through it that lives all the time.
struct Bench<'a> {
    watch: Watch<'a>,
    orders: Orders,
    daemon: Daemon<'a>,
    text: String,
    safe: Safe,
    /// Some row was otherwise: the test has failed, and the rest waits for less.
    failed: bool,
    client: BufReader<TcpStream>,
}

/// Every row.
pub fn shown() {
    let start = Instant::now();
    let lab = Lab::new(3);
    let (r1, r2) = (lab.r(1), lab.r(2));
    sh("ip addr add 192.0.2.250/24 dev br0");
    lab.switch("br1");
    lab.cable(1, "eth1", "br1", "10.9.9.1/24");
    r1.ipv6();
    r2.ipv6();
    r1.sysctl("net/ipv4/conf/eth0/promote_secondaries", "0");
    r1.sysctl("net/ipv4/conf/eth1/promote_secondaries", "0");
    let _servers = [8080, 8081].map(|port| {
        let at = format!("192.0.2.250:{port}");
        Server::new(None, &port.to_string(), &at)
    });
    let safe = Safe::new(&r1.run.join("safe").display().to_string());
    safe.page("hello", b"hello");
    for (from, to) in [
        ("own", "client.crt"),
        ("own", "client.key"),
        ("other", "ca.crt"),
    ] {
        let kind = &to[to.len() - 3..];
        std::fs::copy(safe.path(&format!("{from}.{kind}")), safe.path(to)).expect("a copy");
    }
    let known = safe.certificate("own");
    let _web = safe.serve(
        8443,
        "ec",
        &format!("-WWW -tls1_2 -Verify 1 -verify_return_error -CAfile {known}"),
    );
    let watch = Watch::start(r1);
    let daemon = r1.start_with(Kind::under_test(), BASE, &["-n", "-D"]);
    settled(&watch);
    let _backup = r2.start(Kind::under_test(), &listener());
    let mut bench = Bench {
        client: connect(r1),
        orders: Orders::start(r1),
        watch,
        daemon,
        text: BASE.to_owned(),
        failed: false,
        safe,
    };
    println!("         ready after {:.0?}", start.elapsed());
    bench.witness();
    let mut wrong = 0;
    for row in ROWS {
        wrong += bench.row(row);
    }
    println!("         {} rows, {:.0?}", ROWS.len(), start.elapsed());
    assert_eq!(wrong, 0, "rows are otherwise:\n{}", r1.log.report());
    assert_eq!(r2.log.count("Entering MASTER"), 0, "r2 missed its Masters");
    let Bench { daemon, watch, .. } = bench;
    daemon.stop();
    assert_eq!(watch.table(), [""; 0], "nothing stays");
}

/// A Backup of two of the virtual routers: it would become Master if these fell silent.
fn listener() -> String {
    let part = |name: &str| {
        let from = BASE.find(&format!("vrrp_instance {name}")).expect("there");
        let length = BASE[from..].find("\n}\n").expect("its end") + 3;
        BASE[from..from + length].replace("priority 15", "priority 5")
    };
    part("still") + &part("six")
}

/// All Masters speak, all real servers but one serve, everybody has been counted.
fn settled(watch: &Watch<'_>) {
    wait_for("everything has begun", LONG, || {
        let before = watch.before();
        // The script counts: 154 and 10.
        before.voices() == 11 && before.priority("VRID 54") == Some(164) && watch.table().len() == 8
    });
    // The second announcements.
    pause(1500);
    for (to, times) in [
        ("192.0.2.51:80", 3),
        ("192.0.2.152:80", 1),
        ("192.0.2.51:443", 1),
    ] {
        for _ in 0..times {
            drop(reach(watch.node, to));
        }
    }
    // The kernel adds up every two seconds.
    wait_for("all are counted", LONG, || {
        let counts = watch.counts();
        counts.len() == 7 && counts.values().all(|n| *n > 0)
    });
}

fn reach(node: &Node, to: &str) -> TcpStream {
    let to: SocketAddr = to.parse().expect("an address");
    let open = || TcpStream::connect(to);
    stage::in_network(node.holder(), open).unwrap_or_else(|e| panic!("{to}: {e}"))
}

fn connect(node: &Node) -> BufReader<TcpStream> {
    let stream = reach(node, "192.0.2.51:80");
    let limit = std::time::Duration::from_secs(LONG);
    stream.set_read_timeout(Some(limit)).expect("a limit");
    BufReader::new(stream)
}

impl Bench<'_> {
    /// One row; 1 if it is not as the table has it.
    fn row(&mut self, row: &Row) -> usize {
        let node = self.watch.node;
        let before = self.watch.before();
        self.watch.forget();
        self.orders.forget();
        let mut samples = BTreeSet::new();
        let (word, done) = match row.change {
            Change::Refused(_) => (REFUSED, node.log.count(REFUSED)),
            _ => (DONE, node.log.count(DONE)),
        };
        self.change(&row.change);
        let wanted = expected(row);
        let begun = Instant::now();
        let limit = if self.failed { 6 } else { LONG };
        let mut moved = Moved::default();
        while begun.elapsed().as_secs() < limit {
            samples.insert(self.watch.table());
            moved = self.watch.moved(&before);
            if moved == wanted && node.log.count(word) > done {
                break;
            }
            pause(30);
        }
        // From here on nothing more may move.
        self.settle(&before, &mut samples, row);
        if moved == wanted {
            moved = self.watch.moved(&before);
        }
        let mut faults = self.watch.odd(&before, row.wire);
        faults.extend(self.watch.fresh(&before, &samples));
        faults.extend(self.orders.beyond(row));
        if let Err(e) = self.lives() {
            faults.push(format!("the connection through the table: {e}"));
        }
        if moved != wanted {
            faults.push(format!("not as it should be, which is {}", shape(&wanted)));
        }
        println!("         {}: {}", row.what, shape(&moved));
        for fault in &faults {
            println!("         ^ WRONG: {fault}");
        }
        self.failed |= !faults.is_empty();
        usize::from(!faults.is_empty())
    }

    /// Until everybody has been heard, and what looks odd has had time to prove that it is late.
    fn settle(&self, before: &Before, samples: &mut BTreeSet<Vec<String>>, row: &Row) {
        // The second announcements come after a second, which is an interval.
        let announces = |w: &&str| w.starts_with("ARP") || w.starts_with("NA");
        let times = match row.addresses.is_empty() && !row.wire.iter().any(announces) {
            true => 1,
            false => 2,
        };
        let mut since = now();
        for _ in 0..PATIENCE {
            let begun = Instant::now();
            while !self.watch.heard(before, since, times) && begun.elapsed().as_secs() < LONG {
                samples.insert(self.watch.table());
                pause(30);
            }
            if self.watch.odd(before, row.wire).is_empty() {
                return;
            }
            since = now();
        }
    }

    fn change(&mut self, change: &Change) {
        let node = self.watch.node;
        match change {
            Change::Edit(edits) => {
                self.text = edited(&self.text, edits);
                put(node, &self.text);
            }
            Change::Refused(edits) => put(node, &edited(&self.text, edits)),
            Change::Twice([first, second]) => {
                self.text = edited(&self.text, &[*first]);
                put(node, &self.text);
                self.daemon.signal(Signal::SIGHUP);
                self.text = edited(&self.text, &[*second]);
                put(node, &self.text);
            }
            Change::Files(files) => {
                for (from, to) in *files {
                    let (from, to) = (self.safe.path(from), self.safe.path(to));
                    std::fs::copy(from, to).expect("another file in its place");
                }
            }
        }
        self.daemon.signal(Signal::SIGHUP);
    }

    /// A line goes through the table and its answer comes back.
    fn lives(&mut self) -> std::io::Result<()> {
        self.client.get_mut().write_all(b"still there?\n")?;
        let mut answer = String::new();
        self.client.read_line(&mut answer)?;
        match answer.trim() {
            "8080" | "8081" => Ok(()),
            other => Err(std::io::Error::other(format!("the answer {other:?}"))),
        }
    }

    /// The witness hears what it is there for: a real server that is taken out and put back by hand.
    fn witness(&self) {
        self.orders.forget();
        let real = ["-t", "192.0.2.152:80", "-r", "192.0.2.250:8080"];
        ipvsadm(self.watch.node, &[&["-d"][..], &real[..]].concat());
        ipvsadm(self.watch.node, &[&["-a"][..], &real[..], &["-m"]].concat());
        let expected = ["del", "new"].map(|verb| format!("{verb} {} {}", real[1], real[3]));
        assert_eq!(self.orders.all(), BTreeSet::from(expected));
    }
}

/// The file as a whole: never half of it.
fn put(node: &Node, text: &str) {
    node.write("next.conf", text);
    let (from, to) = (node.run.join("next.conf"), node.run.join("keepalived.conf"));
    std::fs::rename(from, to).expect("another file in its place");
}

fn edited(text: &str, edits: &[(&str, &str)]) -> String {
    edits.iter().fold(text.to_owned(), |text, (from, to)| {
        assert_eq!(text.matches(from).count(), 1, "{from:?} in\n{text}");
        text.replace(from, to)
    })
}

fn expected(row: &Row) -> Moved {
    let set = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect();
    Moved {
        wire: set(row.wire),
        addresses: set(row.addresses),
        table: set(row.table),
        states: set(row.states),
    }
}

/// For people.
fn shape(moved: &Moved) -> String {
    let list = |name: &str, set: &BTreeSet<String>| {
        let all: Vec<&str> = set.iter().map(String::as_str).collect();
        match all.is_empty() {
            true => format!("{name} -"),
            false => format!("{name} [{}]", all.join("; ")),
        }
    };
    [
        list("wire", &moved.wire),
        list("addresses", &moved.addresses),
        list("table", &moved.table),
        list("states", &moved.states),
    ]
    .join(" | ")
}
