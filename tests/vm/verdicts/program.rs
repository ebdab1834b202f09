//! The table's rows of MISC_CHECK and FILE_CHECK.

use super::row::{Row, row};
use crate::lab::Node;

/// Seconds that a program sleeps which should be killed, so that it can be found.
pub const HANGS: &str = "98765";

/// A program of the router, and what comes of it.
pub fn misc(node: &Node) -> Vec<Row> {
    let run = |name: &str, text: &str| {
        let file = name.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        let path = node.script(&file, &format!("#!/bin/sh\n{text}\n"));
        row("MISC_CHECK", name, 80).with(&format!("misc_path \"{path}\""))
    };
    let dynamic = |status: u8, weight: i32| {
        run(
            &format!("status {status} is a weight"),
            &format!("exit {status}"),
        )
        .with("misc_dynamic")
        .weighs(weight)
        .beside("weight 7")
    };
    let mut all = vec![
        run("succeeds", "exit 0"),
        run("fails", "exit 1").bad("exit status 1"),
        run("fails with another status", "exit 2").bad("exit status 2"),
        run("ends by a signal", "kill -9 $$").bad("ended by signal 9"),
        row("MISC_CHECK", "words", 80).with("misc_path \"/usr/bin/test 'a b' = 'a b'\""),
        row("MISC_CHECK", "an empty word", 80).with("misc_path \"/usr/bin/test -z ''\""),
        run("hangs", &format!("sleep {HANGS}"))
            .with("misc_timeout 2")
            .bad("no answer in time"),
        run(
            "hangs with its children, and SIGTERM does nothing",
            &format!("trap '' TERM\nsleep {HANGS} & sleep {HANGS}"),
        )
        .with("misc_timeout 2")
        .bad("no answer in time"),
        run("takes some time", "sleep 3").with("misc_timeout 20"),
        run("leaves children behind", "sleep 4 & sleep 4 & exit 0"),
        run(
            "leaves children that hold its output",
            "(sleep 4; echo late) & exit 0",
        ),
        run(
            "says much",
            "i=0; while [ $i -lt 300 ]; do i=$((i+1)); echo $i 0123456789012345678901234567890; \
             echo $i >&2; done; exit 0",
        ),
        run("reads", "read line; [ -z \"$line\" ]"),
        run("closes all", "exec <&- >&- 2>&-; exit 0"),
        run("as another user", "[ \"$(id -un)\" = nobody ]").with("user nobody"),
        run("as root", "[ \"$(id -u)\" = 0 ]"),
        dynamic(1, 7).bad("exit status 1"),
        dynamic(0, 7),
        dynamic(2, 0),
        dynamic(3, 1),
        dynamic(9, 7),
        dynamic(255, 253),
    ];
    for row in &mut all {
        // Fork is slow in here.
        if row.good && row.name != "MISC_CHECK: takes some time" {
            *row = row.clone().with("misc_timeout 30");
        }
    }
    all
}

/// Values of the files, and the blocks that name them.
pub fn files(node: &Node) -> String {
    let mut text = String::new();
    for (name, value) in FILES {
        let path = node.write(name, &format!("{value}\n"));
        text += &format!("track_file {name} {{\n file {path}\n weight 1\n}}\n");
    }
    text
}

const FILES: [(&str, i32); 7] = [
    ("f-zero", 0),
    ("f-one", 1),
    ("f-minus", -1),
    ("f-five", 5),
    ("f-low", -50),
    ("f-large", 1_000_000),
    ("f-least", i32::MIN),
];

pub fn file() -> Vec<Row> {
    let file = |name: &str, of: &str, weight: &str| {
        let row = row("FILE_CHECK", name, 80).beside("weight 10");
        row.with(&format!("track_file {of}\n   weight {weight}"))
            .weighs(10)
    };
    vec![
        file("0", "f-zero", "0"),
        file("1", "f-one", "0").bad("the file holds 1"),
        file("-1", "f-minus", "0").bad("the file holds -1"),
        file("0 with a weight", "f-zero", "2"),
        file("5 with a weight", "f-five", "2").weighs(20),
        file("5 with a weight, reversed", "f-five", "2 reverse").weighs(0),
        file("5 with a negative weight", "f-five", "-1").weighs(5),
        file("-50 with a weight", "f-low", "1").weighs(0),
        file("-50, reversed", "f-low", "1 reverse").weighs(60),
        file("a million", "f-large", "1").weighs(1_000_010),
        file("a large product", "f-large", "2000").weighs(2_000_000_010),
        file("the least value", "f-least", "1").bad("the file holds"),
    ]
}
