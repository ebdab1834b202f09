//! When checks are made: how many tries a verdict takes, of which page, and how long they rest.
//!
//! The server answers by a script of its own, a letter for each try: `G` well, `B` badly, `T` never;
//! after its end always well. So the verdicts follow from numbers of tries, not from the clock.

use crate::lab::{Kind, Lab, Node, pause, sh, wait_for};
use crate::verdicts::raw;
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Checkers only, in the foreground.
const ARGUMENTS: [&str; 3] = ["-n", "-C", "-D"];

/// One real server.
struct Row {
    name: &'static str,
    /// In the virtual server, in the real server, in the checker.
    service: &'static str,
    real: &'static str,
    check: &'static str,
    /// What the server answers.
    script: &'static str,
    /// What `notify_up` and `notify_down` are run for.
    told: &'static str,
    /// The same with keepalived 2.2.7, where it differs.
    theirs: Option<&'static str>,
    /// Pages asked for, in order, as far as they matter.
    pages: &'static str,
}

const ONE: &str = "url {\n path /a\n }";
const TWO: &str = "url {\n path /a\n }\n url {\n path /b\n }";

const fn row(name: &'static str, check: &'static str, script: &'static str) -> Row {
    Row {
        name,
        service: "",
        real: "",
        check,
        script,
        told: "",
        theirs: None,
        pages: "",
    }
}

const ROWS: &[Row] = &[
    row("as many failures as retries", "retry 3", "GBBBG"),
    Row {
        told: "down up",
        ..row("one more", "retry 3", "GBBBBG")
    },
    row("a success counts anew", "retry 3", "GBBBGBBBG"),
    Row {
        told: "down up",
        ..row("the first result counts at once", "retry 3", "BG")
    },
    Row {
        told: "down up down up",
        // A page that failed must be well twice.
        theirs: Some("down up"),
        ..row("down stays down", "retry 1", "BBBBGBBBG")
    },
    Row {
        told: "down up",
        ..row("no retry", "retry 0", "GBG")
    },
    row("usually one retry", "", "GBG"),
    Row {
        told: "down up",
        ..row("usually one retry, two failures", "", "GBBG")
    },
    Row {
        service: "alpha",
        told: "up",
        ..row("alpha, well", "", "G")
    },
    Row {
        service: "alpha",
        told: "down up",
        theirs: Some("up"),
        ..row("alpha, not well", "", "BBG")
    },
    Row {
        service: "retry 2",
        ..row("of the virtual server", "", "GBBG")
    },
    Row {
        service: "retry 3",
        real: "retry 1",
        told: "down up",
        ..row("of the real server", "", "GBBG")
    },
    Row {
        service: "retry 1",
        real: "retry 1",
        ..row("of the checker", "retry 2", "GBBG")
    },
    Row {
        told: "down up",
        ..row(
            "no answer is a failure too",
            "retry 1\n connect_timeout 3",
            "GTBG",
        )
    },
    Row {
        pages: "ababab",
        ..row("two pages", "two", "G")
    },
    Row {
        told: "down up",
        pages: "abbbabab",
        ..row("the page that failed again", "two\n retry 1", "GBBGGG")
    },
    Row {
        told: "down up",
        pages: "abbabab",
        ..row(
            "the same, fast_recovery",
            "two\n retry 0\n fast_recovery",
            "GBGGG",
        )
    },
    Row {
        service: "alpha",
        told: "up",
        pages: "abab",
        ..row("alpha, two pages", "two", "G")
    },
    Row {
        told: "down up",
        ..row("a program usually has no retry", "MISC_CHECK", "GBG")
    },
    row("a program with retries", "MISC_CHECK retry 2", "GBBGBBG"),
    Row {
        told: "down up",
        ..row("a program with too few", "MISC_CHECK retry 1", "GBBG")
    },
    row("DNS usually has three retries", "DNS_CHECK", "GBBBG"),
    Row {
        told: "down up",
        ..row("and no more", "DNS_CHECK", "GBBBBG")
    },
];

/// A try: when, which page, how it was answered.
type Tries = Arc<Mutex<Vec<(Instant, char, char)>>>;

fn serve(port: u16, script: &'static str) -> Tries {
    let tries = Tries::default();
    let log = tries.clone();
    raw::tcp(port, move |mut client: TcpStream| {
        let asked = raw::request(&mut client);
        let Some(page) = asked.strip_prefix("GET /").and_then(|r| r.chars().next()) else {
            return;
        };
        let letter = {
            let mut log = log.lock().expect("nobody panics");
            let letter = script.chars().nth(log.len()).unwrap_or('G');
            log.push((Instant::now(), page, letter));
            letter
        };
        match letter {
            'G' => raw::finish(client, b"HTTP/1.0 200 OK\r\n\r\n"),
            'B' => raw::finish(client, b"HTTP/1.0 500 No\r\n\r\n"),
            _ => raw::linger(client),
        }
    });
    tries
}

/// The same for questions of DNS.
fn answer(port: u16, script: &'static str) -> Tries {
    let tries = Tries::default();
    let log = tries.clone();
    raw::udp(port, move |question| {
        let mut log = log.lock().expect("nobody panics");
        let letter = script.chars().nth(log.len()).unwrap_or('G');
        log.push((Instant::now(), ' ', letter));
        let mut answer = question.to_vec();
        *answer.get_mut(2)? |= 0x80;
        *answer.get_mut(3)? = if letter == 'G' { 0 } else { 2 };
        Some(answer)
    });
    tries
}

/// The same for a program: it looks at what is left of its script.
fn program(node: &Node, n: usize, script: &str) {
    node.write(&format!("left-{n}"), &format!("{script}\n"));
    node.script(
        &format!("run-{n}"),
        &format!(
            "#!/bin/sh\nread l < /run/left-{n}\necho ${{l:-G}} >> /run/runs-{n}\n\
             echo \"${{l#?}}\" > /run/left-{n}\n\
             case $l in B*) exit 1 ;; esac\nexit 0\n"
        ),
    );
}

impl Row {
    /// The keyword of its checker.
    fn kind(&self) -> &'static str {
        let kinds = ["MISC_CHECK", "DNS_CHECK"];
        let own = kinds.into_iter().find(|k| self.check.starts_with(k));
        own.unwrap_or("HTTP_GET")
    }

    /// Its checker.
    fn block(&self, n: usize) -> String {
        let kind = self.kind();
        let rest = self.check.strip_prefix(kind).unwrap_or(self.check);
        let (pages, rest) = match rest.strip_prefix("two") {
            Some(rest) => (TWO, rest),
            None => (ONE, rest),
        };
        let patience = match rest.contains("connect_timeout") {
            true => "",
            false => "connect_timeout 20",
        };
        match kind {
            "MISC_CHECK" => {
                format!("{kind} {{\n misc_path /run/run-{n}\n misc_timeout 60\n {rest}\n }}")
            }
            "DNS_CHECK" => {
                format!("{kind} {{\n type A\n name host.example\n {patience}\n {rest}\n }}")
            }
            _ => format!("{kind} {{\n {pages}\n {rest}\n {patience}\n }}"),
        }
    }

    /// What its notify scripts should be run for.
    fn expected(&self) -> &'static str {
        match Kind::under_test() {
            Kind::Ours => self.told,
            Kind::Theirs => self.theirs.unwrap_or(self.told),
        }
    }

    fn service(&self, n: usize) -> String {
        let (port, real) = (1000 + n, 9000 + n);
        format!(
            "virtual_server 192.0.2.100 {port} {{\n delay_loop 2\n warmup 1\n \
             delay_before_retry 1\n lb_algo rr\n lb_kind NAT\n protocol TCP\n {}\n \
             real_server {} {real} {{\n {}\n notify_up \"/bin/sh /run/note {n} up\"\n \
             notify_down \"/bin/sh /run/note {n} down\"\n {}\n }}\n}}\n",
            self.service,
            raw::HOST,
            self.real,
            self.block(n)
        )
    }

    /// What its notify scripts were run for.
    fn heard(&self, node: &Node, n: usize) -> String {
        node.read(&format!("told-{n}")).trim().replace('\n', " ")
    }
}

/// Numbers of tries per verdict, their pages, and that no try comes too early.
pub fn kept() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    sh("ip addr add 192.0.2.250/24 dev br0");
    r1.write("note", "echo $2 >> /run/told-$1\n");
    let mut config = String::from("global_defs {\n script_user root\n}\n");
    let mut all = Vec::new();
    for (n, row) in ROWS.iter().enumerate() {
        config += &row.service(n);
        let port = 9000 + u16::try_from(n).expect("few rows");
        all.push(match row.kind() {
            "DNS_CHECK" => answer(port, row.script),
            "MISC_CHECK" => {
                program(r1, n, row.script);
                Tries::default()
            }
            _ => serve(port, row.script),
        });
    }
    let start = Instant::now();
    let daemon = r1.start_with(Kind::under_test(), &config, &ARGUMENTS);
    for ((row, tries), n) in ROWS.iter().zip(&all).zip(0..) {
        let enough = row.script.len().max(row.pages.len()) + 2;
        wait_for(&format!("{}: {enough} tries", row.name), 120, || {
            let runs = r1.read(&format!("runs-{n}")).lines().count();
            runs.max(tries.lock().expect("nobody panics").len()) >= enough
        });
        // Scripts take their time.
        let until = Instant::now() + Duration::from_secs(20);
        while row.heard(r1, n) != row.expected() && Instant::now() < until {
            pause(50);
        }
    }
    let mut wrong = Vec::new();
    for ((row, tries), n) in ROWS.iter().zip(&all).zip(0..) {
        let tries = tries.lock().expect("nobody panics").clone();
        let (heard, pages) = (row.heard(r1, n), tries.iter().map(|t| t.1));
        let pages: String = pages.take(row.pages.len()).collect();
        if heard != row.expected() || pages != row.pages {
            let letters: String = tries.iter().map(|t| t.2).collect();
            wrong.push(format!(
                "{} (port {}): told {heard:?}, pages {pages}, tries {letters}",
                row.name,
                1000 + n
            ));
        }
        let early = early(row, &tries, start);
        wrong.extend(early.map(|what| format!("{}: {what}", row.name)));
    }
    for line in &wrong {
        println!("         {line}");
    }
    assert!(wrong.is_empty(), "{} rows are otherwise", wrong.len());
    daemon.stop();
}

/// Whether a try came before its time; a second is what every pause has at the least.
fn early(row: &Row, tries: &[(Instant, char, char)], start: Instant) -> Option<String> {
    // A server that was busy notes a try late, so the next one seems early.
    let least = Duration::from_millis(500);
    let first = tries.first()?.0.duration_since(start);
    if first < least {
        return Some(format!("the first try after {first:?}"));
    }
    if row.check.contains("fast_recovery") {
        return None;
    }
    let gaps = tries.windows(2).map(|w| w[1].0.duration_since(w[0].0));
    let few = gaps.filter(|gap| *gap < least).count();
    (few > 1).then(|| format!("{few} tries too early"))
}
