//! Golden tests of the configuration language: `x.conf` gives `x.ok` (the normal form) and `x.err`
//! (all messages and the exit status of a configuration test). `UPDATE=1` rewrites them.

use holdfast::config::memory::Memory;
use holdfast::config::{self, Loaded, Options};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config")
}

/// The machine the golden files are loaded on: all of `tests/config` is in its directory.
fn machine() -> Memory {
    let mut m = Memory::new();
    m.dir("/etc/keepalived/inc", 0o755);
    for dir in ["", "inc/"] {
        let entries = fs::read_dir(folder().join(dir)).expect("tests/config is readable");
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.ends_with(".conf") {
                let text = fs::read(entry.path()).expect("readable");
                m.file(&format!("/etc/keepalived/{dir}{name}"), text);
            }
        }
    }
    m.program("/etc/keepalived/master.sh", 0o755);
    m.program("/etc/keepalived/loose.sh", 0o777);
    m.file("/etc/keepalived/plain.sh", "no program");
    m.dir("/home", 0o755).dir("/home/op", 0o777);
    m.program("/home/op/notify.sh", 0o755);
    m.links.insert(
        "/etc/keepalived/link.sh".into(),
        "/home/op/notify.sh".into(),
    );
    m.env.insert("SITE".into(), "berlin".into());
    m
}

fn load(m: &Memory, path: &str) -> Loaded {
    let options = Options {
        test: true,
        ..Options::default()
    };
    config::load(m, path, &options)
}

fn messages(loaded: &Loaded) -> String {
    let mut out = String::new();
    loaded
        .diags
        .render(&mut out, false)
        .expect("a String takes everything");
    writeln!(out, "status {}", loaded.diags.status()).expect("a String takes everything");
    out
}

/// The first line in which two texts differ.
fn difference(have: &str, want: &str) -> Option<String> {
    let mut have = have.lines();
    let mut want = want.lines();
    for n in 1.. {
        match (have.next(), want.next()) {
            (None, None) => return None,
            (a, b) if a == b => {}
            (a, b) => return Some(format!("line {n}:\n  got      {a:?}\n  expected {b:?}")),
        }
    }
    None
}

fn cases() -> Vec<PathBuf> {
    let entries = fs::read_dir(folder()).expect("tests/config is readable");
    let mut paths: Vec<PathBuf> = entries
        .flatten()
        .map(|e| e.path())
        .filter(|p| p.extension().is_some_and(|e| e == "conf"))
        .collect();
    paths.sort();
    paths
}

#[test]
fn golden_files() {
    let update = std::env::var_os("UPDATE").is_some();
    let m = machine();
    let mut wrong = String::new();
    let cases = cases();
    assert!(
        update || cases.len() >= 25,
        "only {} golden files",
        cases.len()
    );
    for path in cases {
        let name = path
            .file_name()
            .expect("a file")
            .to_string_lossy()
            .into_owned();
        let loaded = load(&m, &format!("/etc/keepalived/{name}"));
        let normal = config::print(&loaded.config);
        let said = messages(&loaded);
        for (extension, have) in [("ok", &normal), ("err", &said)] {
            let golden = path.with_extension(extension);
            if update {
                fs::write(&golden, have).expect("writable");
                continue;
            }
            let want = fs::read_to_string(&golden).unwrap_or_default();
            if let Some(d) = difference(have, &want) {
                writeln!(wrong, "{}: {d}", golden.display()).expect("a String takes everything");
            }
        }
        if let Err(why) = reloads(&m, &normal, &loaded) {
            writeln!(wrong, "{name}: {why}").expect("a String takes everything");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// The normal form loads to the same configuration, and prints as itself.
fn reloads(m: &Memory, normal: &str, first: &Loaded) -> Result<(), String> {
    let mut m = m.clone();
    m.file("/normal.conf", normal);
    let mut again = load(&m, "/normal.conf");
    if let Some(d) = difference(&config::print(&again.config), normal) {
        return Err(format!("the normal form is not stable, {d}"));
    }
    let mut want = first.config.clone();
    // Only where things were defined may differ.
    for c in [&mut want, &mut again.config] {
        c.vrrp
            .instances
            .iter_mut()
            .for_each(|i| i.place = Default::default());
        c.vrrp
            .groups
            .iter_mut()
            .for_each(|g| g.place = Default::default());
        renumber(&mut c.vrrp);
    }
    match want == again.config {
        true => Ok(()),
        false => Err(format!(
            "the normal form loads to something else:\n{normal}\n{want:#?}\n{:#?}",
            again.config
        )),
    }
}

/// Interfaces in the order of their names, so that configurations can be compared.
fn renumber(p: &mut holdfast::vrrp::Params) {
    let old = p.interfaces.clone();
    p.interfaces.sort();
    let new = |i: &mut holdfast::vrrp::IfaceId, sorted: &[Box<str>]| {
        let name = &old[usize::from(i.0)];
        let at = sorted.iter().position(|n| n == name).expect("still there");
        i.0 = u16::try_from(at).expect("few interfaces");
    };
    for instance in &mut p.instances {
        new(&mut instance.iface, &p.interfaces);
        for a in instance.addresses.iter_mut().chain(&mut instance.excluded) {
            new(&mut a.iface, &p.interfaces);
        }
    }
}

/// xorshift64*
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let r = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(r).expect("31 bits") % n.max(1)
    }
}

/// What gets inserted.
const PIECES: [&str; 30] = [
    "{",
    "}",
    "\"",
    "'",
    "\\",
    "\n",
    "#",
    "!",
    "$",
    "${",
    "$A",
    "$A=",
    "@x ",
    "~SEQ(a, 1, 9) ",
    "~LST({a, b}, {1, 2}) ",
    "include ",
    "\r",
    "\0",
    "“",
    "｛",
    "　",
    "vrrp_instance X {",
    "virtual_ipaddress {",
    "priority 300",
    " weight ",
    "10.0.0.1/24",
    "fe80::1/64",
    "\t",
    "99999999999999999999",
    "$A= x \\\n",
];

/// One change of a kind people, editors and disks make.
fn mutate(text: &mut Vec<u8>, others: &[Vec<u8>], r: &mut Random) {
    let at = r.below(text.len() + 1);
    match r.below(8) {
        0 => {
            let end = (at + r.below(20)).min(text.len());
            text.drain(at..end);
        }
        1 => text.insert(at, u8::try_from(r.below(256)).expect("a byte")),
        2 | 3 => {
            let piece = PIECES[r.below(PIECES.len())].bytes();
            text.splice(at..at, piece);
        }
        4 => {
            let end = (at + r.below(80)).min(text.len());
            let copy = text[at..end].to_vec();
            let to = r.below(text.len() + 1);
            text.splice(to..to, copy);
        }
        5 => text.truncate(at),
        6 => {
            let other = &others[r.below(others.len())];
            let from = r.below(other.len() + 1);
            let end = (from + r.below(200)).min(other.len());
            text.splice(at..at, other[from..end].iter().copied());
        }
        _ => {
            if let Some(b) = text.get_mut(at) {
                *b ^= 1 << r.below(8);
            }
        }
    }
}

/// Whatever a file holds: no panic, few words, and what is accepted survives its own normal form.
#[test]
fn mutated_files_are_survived() {
    let mut m = machine();
    let seeds: Vec<Vec<u8>> = cases()
        .iter()
        .map(|p| fs::read(p).expect("readable"))
        .filter(|t| t.len() < 4_000)
        .collect();
    let mut r = Random(0x9e37_79b9_7f4a_7c15);
    for round in 0..20_000 {
        let mut text = seeds[r.below(seeds.len())].clone();
        for _ in 0..=r.below(6) {
            mutate(&mut text, &seeds, &mut r);
        }
        m.file("/etc/keepalived/mutant.conf", &text);
        let loaded = load(&m, "/etc/keepalived/mutant.conf");
        let said = messages(&loaded);
        assert!(
            said.len() < 400_000,
            "round {round}: {} bytes of messages for\n{}",
            said.len(),
            String::from_utf8_lossy(&text)
        );
        if round % 4 == 0 {
            let normal = config::print(&loaded.config);
            if !normal.contains('\u{fffd}') && !normal.contains("${") && !normal.contains(" $") {
                reloads(&m, &normal, &loaded).unwrap_or_else(|why| {
                    panic!(
                        "round {round}: {why}\nfrom\n{}",
                        String::from_utf8_lossy(&text)
                    )
                });
            }
        }
    }
}
