//! Files that were made to hurt: they end soon, say little, and take nothing else down with them.

#[path = "fuzz/checks/peak.rs"]
mod peak;

use holdfast::config::memory::Memory;
use holdfast::config::{self, Loaded, Options, Severity};
use std::fmt::Write as _;

/// What no load may take at once.
const MEMORY: usize = 64 << 20;

fn load(m: &Memory) -> (Loaded, String) {
    load_with(m, &Options::default())
}

fn load_with(m: &Memory, options: &Options) -> (Loaded, String) {
    let (loaded, peak) = peak::peak_of(|| config::load(m, "/x.conf", options));
    assert!(peak < MEMORY, "{peak} bytes at once");
    let mut said = String::new();
    loaded.diags.render(&mut said, false).expect("a String");
    (loaded, said)
}

fn check(text: &str) -> (Loaded, String) {
    let mut m = Memory::new();
    m.file("/x.conf", text);
    load(&m)
}

const INSTANCE: &str = "interface eth0\nvirtual_router_id 1\nvirtual_ipaddress {\n10.0.0.1\n}\n";

/// A sound instance behind whatever stands before it.
fn and_sound(text: &str) -> String {
    format!("{text}\nvrrp_instance V {{\n{INSTANCE}}}\n")
}

#[test]
fn fifty_messages_then_a_count() {
    let mut text = String::from("vrrp_instance V {\n");
    for i in 0..80 {
        writeln!(text, "colour{i} red").expect("a String");
    }
    let (loaded, said) = check(&(text + INSTANCE + "}\n"));
    assert_eq!(said.matches(": error: ").count(), 50);
    assert!(
        said.ends_with("/x.conf: 30 more messages not shown\n"),
        "{said}"
    );
    assert_eq!(loaded.diags.count(Severity::Error), 80);
    assert_eq!(loaded.config.vrrp.instances.len(), 1);
}

/// What is not even kept is counted at the end.
#[test]
fn very_many_messages_are_counted_last() {
    let mut text = String::new();
    for i in 0..3_000 {
        writeln!(text, "a{i} {{\n}}").expect("a String");
    }
    let (loaded, said) = check(&text);
    assert!(said.starts_with("/x.conf:1:1: error: "), "{said}");
    assert!(said.ends_with(" more messages not kept\n"), "{said}");
    let last: Vec<&str> = said.lines().rev().take(2).collect();
    let number = |l: &str| l.split(' ').find_map(|w| w.parse::<usize>().ok());
    let hidden: usize = last.iter().filter_map(|l| number(l)).sum();
    assert_eq!(hidden + 50, loaded.diags.count(Severity::Error), "{last:?}");
}

/// A line that is repeated with other values is one mistake, and leaves room for others.
#[test]
fn a_repeated_mistake_is_said_thrice() {
    let (loaded, said) = check(&and_sound("~SEQ(i, 30000) colour${i} red\nprioritty 1"));
    assert_eq!(loaded.diags.iter().count(), 4, "{said}");
    assert!(
        said.contains("(and 29997 more messages about this place)"),
        "{said}"
    );
    assert_eq!(loaded.diags.count(Severity::Error), 30_001);
    assert_eq!(loaded.config.vrrp.instances.len(), 1);
}

#[test]
fn repetitions_and_definitions_are_bounded() {
    let deep = (0..200).fold(String::new(), |s, i| s + &format!("$x{}=$x{i}\n", i + 1));
    let wide = (0..40).fold("$x0=yyyyyyyy\n".to_owned(), |s, i| {
        s + &format!("$x{}=${{x{i}}}${{x{i}}}\n", i + 1)
    });
    let cases = [
        (
            "~SEQ(i, 1, 4000000000) x $i",
            "4000000000 values are more than",
        ),
        ("~SEQ(i, -9, 99999999999) x $i", "is not a number"),
        ("~SEQ(i, 1000) ~SEQ(j, 1000) x$i$j", "produce too much text"),
        (
            "~SEQ(i, 1, 0, 9) x",
            "the step does not lead from start to end",
        ),
        ("~SEQ(i, 3", "')' is missing"),
        (
            "$A=$B\n$B=${A}\nrouter_id $A",
            "refers to itself: $A -> $B -> $A",
        ),
        ("$A= x \\\n$A \\\n\n$A", "refers to itself"),
        (&(deep + "x $x200"), "refer to each other too deeply"),
        (&(wide + "x $x40"), "stands for too much text"),
    ];
    for (text, want) in cases {
        let (loaded, said) = check(&and_sound(text));
        assert!(said.contains(want), "{text}: {said}");
        assert!(loaded.diags.iter().count() <= 4, "{text}: {said}");
        assert_eq!(loaded.config.vrrp.instances.len(), 1, "{text}: {said}");
        assert_eq!(loaded.diags.status(), 5, "{text}");
    }
    // Too much is said once, however much follows.
    let (_, said) = check(&"~SEQ(i, 40000) x$i\n".repeat(5));
    assert_eq!(said.matches("produce too much text").count(), 1, "{said}");
}

/// Values of a broken repetition are not used.
#[test]
fn a_broken_repetition_leaves_nothing_behind() {
    let text =
        "global_defs {\nnotification_email {\n~LST() a \"${_RANDOM}\"\n~SEQ(x) b c\nd\n}\n}\n";
    let (loaded, said) = check(text);
    let kept: Vec<&str> = loaded
        .config
        .global
        .notification_email
        .iter()
        .map(|m| &**m)
        .collect();
    assert_eq!(kept, ["d"], "{said}");
}

#[test]
fn a_default_interface_that_is_none_is_not_used() {
    let text = "global_defs {\n default_interface eth0123456789012345\n}\n\
                static_ipaddress {\n 10.1.1.1/24\n}\n";
    let (loaded, said) = check(text);
    assert!(said.contains("longer than 15 characters"), "{said}");
    let names: Vec<&str> = loaded.config.vrrp.interfaces.iter().map(|n| &**n).collect();
    assert_eq!(names, ["eth0"]);
}

#[test]
fn paths_longer_than_paths_can_be_are_not_looked_for() {
    let text = format!("include {}{}\n", "x".repeat(100_000), "{a,b,c}".repeat(12));
    let (loaded, said) = check(&and_sound(&text));
    assert!(said.contains("no path is 100084 bytes long"), "{said}");
    assert_eq!(loaded.config.vrrp.instances.len(), 1);
}

/// A part that is missing for want of room makes a test fail, and a strict start.
#[test]
fn includes_that_are_too_much_are_faults() {
    let mut m = Memory::new();
    m.file("/x.conf", and_sound("include a*.conf\n"));
    for i in 0..40 {
        m.file(&format!("/a{i}.conf"), "# nothing\n".repeat(100_000));
    }
    let (loaded, said) = load(&m);
    assert!(said.contains("too many or too large"), "{said}");
    assert!(!loaded.diags.fatal());
    assert_eq!(loaded.diags.status(), 5);
    let strict = Options {
        strict_includes: true,
        ..Options::default()
    };
    let (loaded, said) = load_with(&m, &strict);
    assert!(said.contains("this include is strict and fails"), "{said}");
    assert!(loaded.diags.fatal());
    assert_eq!(loaded.diags.status(), 6);
}

/// The six spellings, and what each of them takes amiss.
#[test]
fn six_includes_differ_in_strictness() {
    let mut m = Memory::new();
    m.file("/one.conf", "")
        .file("/two.conf", "")
        .dir("/dir", 0o755);
    let patterns = [
        "{one,two}.conf",
        "dir",
        "none.conf",
        "none*.conf",
        "{one,none}.conf",
    ];
    // For each pattern: the spelling refuses a start.
    let table = [
        ("include", [false, false, false, false, false]),
        ("includer", [false, true, false, false, false]),
        ("includem", [false, true, true, false, false]),
        ("includew", [false, true, true, true, false]),
        ("includeb", [false, true, false, false, true]),
        ("includea", [false, true, true, true, true]),
    ];
    for (word, refusals) in table {
        for (pattern, refused) in patterns.iter().zip(refusals) {
            let text = format!("{word} {pattern}\n");
            m.file("/x.conf", and_sound(&text));
            let (loaded, said) = load(&m);
            assert_eq!(loaded.diags.fatal(), refused, "{text}{said}");
            assert_eq!(said.is_empty(), *pattern == patterns[0], "{text}{said}");
            let status = loaded.diags.status();
            assert_eq!(status, if refused { 6 } else { 0 }, "{text}{said}");
        }
    }
}

/// Neither a file that includes itself nor two that include each other, nor a link to one of them.
#[test]
fn include_loops_end() {
    let mut m = Memory::new();
    m.file(
        "/x.conf",
        and_sound("include d/../x.conf\ninclude y.conf\n"),
    );
    m.file("/y.conf", "include z.conf\n");
    m.file("/z.conf", "include y.conf\ninclude link.conf\n");
    m.links.insert("/link.conf".into(), "/z.conf".into());
    m.dir("/d", 0o755);
    m.file("/d/../x.conf", "");
    let (loaded, said) = load(&m);
    assert!(said.contains("includes itself; not followed"), "{said}");
    assert!(
        said.contains("files include each other: /y.conf -> /z.conf -> /y.conf"),
        "{said}"
    );
    assert!(said.contains("/link.conf includes itself"), "{said}");
    assert_eq!(loaded.config.vrrp.instances.len(), 1);
}

/// A chain of files is followed so far and no farther.
#[test]
fn include_depth_ends() {
    let mut m = Memory::new();
    m.file("/x.conf", and_sound("include f0.conf\n"));
    for i in 0..100 {
        m.file(&format!("/f{i}.conf"), format!("include f{}.conf\n", i + 1));
    }
    let (loaded, said) = load(&m);
    assert!(said.contains("nested more than 32 deep"), "{said}");
    assert_eq!(loaded.diags.iter().count(), 1, "{said}");
    assert_eq!(loaded.config.vrrp.instances.len(), 1);
}

/// Windows, old Macs, no final line end, a mark of byte order: none of it reaches a value.
#[test]
fn line_ends_and_marks_are_no_part_of_values() {
    let plain = and_sound("global_defs {\nrouter_id x\nnotification_email {\na@b\n}\n}\n");
    let normal = |bytes: &[u8], count: usize| {
        let mut m = Memory::new();
        m.file("/x.conf", bytes);
        let (loaded, said) = load(&m);
        assert_eq!(loaded.diags.count(Severity::Error), count, "{said}");
        config::print(&loaded.config)
    };
    let want = normal(plain.as_bytes(), 0);
    let marked = [b"\xef\xbb\xbf", plain.as_bytes()].concat();
    let cases = [
        plain.replace('\n', "\r\n").into_bytes(),
        plain.replace('\n', "\r").into_bytes(),
        plain.trim_end().as_bytes().to_vec(),
        plain.replace('\n', " \t\x0c\n").into_bytes(),
        plain.replace(" {\n", "\n\n# then\n{ # ü\n").into_bytes(),
        marked,
    ];
    for bytes in cases {
        let count = usize::from(!bytes.contains(&b'\n'));
        assert_eq!(
            normal(&bytes, count),
            want,
            "{}",
            String::from_utf8_lossy(&bytes)
        );
    }
}

/// Braces without end, on one line or on many.
#[test]
fn floods_of_braces_are_one_mistake() {
    let cases = [
        "{".repeat(100_000),
        "}".repeat(100_000),
        "}\n".repeat(100_000),
        "a { ".repeat(100_000),
        "vrrp_instance V { ".repeat(20_000),
        "virtual_server 10.0.0.1 80 {\nreal_server 10.0.0.2 80 {\n".repeat(5_000),
    ];
    for text in cases {
        let (loaded, said) = check(&text);
        let start: String = text.chars().take(20).collect();
        let shown = said.lines().count();
        assert!((3..=160).contains(&shown), "{start}: {shown} lines");
        assert!(loaded.diags.broken_syntax(), "{start}");
        assert!(said.len() < 40_000, "{start}: {} bytes", said.len());
    }
}

/// Each byte alone, doubled, and between words: a load ends, and its messages can be printed.
#[test]
fn every_byte_is_survived() {
    for byte in 0..=255_u8 {
        for text in [
            vec![byte],
            vec![byte; 3],
            [b"vrrp_instance ", &[byte][..], b" {\ninterface eth0\n}\n"].concat(),
            [
                b"vrrp_instance V {\nvirtual_router_id ",
                &[byte, b'1'][..],
                b"\n}\n",
            ]
            .concat(),
            [b"$A=", &[byte, byte][..], b"\n~SEQ(", &[byte], b", 3) $A\n"].concat(),
        ] {
            let mut m = Memory::new();
            m.file("/x.conf", &text);
            let (loaded, said) = load(&m);
            assert!(!said.contains('\x1b'), "{text:?}");
            assert!(loaded.diags.iter().count() < 10, "{text:?}: {said}");
        }
    }
}
