//! Golden tests of the configuration language: `x.conf` gives `x.ok` (the normal form) and `x.err`
//! (all messages and the exit status of a configuration test). `UPDATE=1` rewrites them.

use holdfast::config::memory::Memory;
use holdfast::config::{self, Loaded, Options};
use holdfast::vrrp::Params;
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
    m.program("/etc/keepalived/shared.sh", 0o775);
    m.dir("/opt", 0o755).dir("/opt/app", 0o755);
    m.dir("/opt/app/bin", 0o755).dir("/var", 0o755);
    m.dir("/var/tmp", 0o1777);
    m.program("/opt/app/bin/notify.sh", 0o755);
    m.program("/var/tmp/notify.sh", 0o755);
    for (path, uid, gid) in [("/etc/keepalived/shared.sh", 0, 50), ("/opt/app", 1000, 0)] {
        let (_, stat) = m.files.get_mut(path).expect("just added");
        (stat.uid, stat.gid) = (uid, gid);
    }
    m.links.insert(
        "/etc/keepalived/link.sh".into(),
        "/home/op/notify.sh".into(),
    );
    m.env.insert("SITE".into(), "berlin".into());
    m.dir("/etc/iproute2", 0o755);
    m.file(
        "/etc/iproute2/rt_tables",
        "# comment\n255\tlocal\n100 backbone\n",
    );
    m.file("/etc/iproute2/rt_realms", "7 cosmic\n0x8 comic\n");
    m.file("/etc/iproute2/rt_scopes", "# names\n0\tglobal\n77 mine\n");
    m.mtus.insert("eth1".into(), 300);
    let own = "10.0.0.200".parse().expect("an address");
    m.networks.insert("eth0".into(), vec![(own, 8)]);
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
    let update = std::env::var_os("UPDATE").is_some_and(|v| !v.is_empty());
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
        c.vrrp
            .scripts
            .iter_mut()
            .for_each(|s| s.place = Default::default());
        c.vrrp
            .files
            .iter_mut()
            .for_each(|f| f.place = Default::default());
        let Params {
            instances, statics, ..
        } = &mut c.vrrp;
        let routes = instances.iter_mut().flat_map(|i| &mut i.routes);
        routes
            .chain(&mut statics.routes)
            .for_each(|line| line.line = 0);
        let rules = instances.iter_mut().flat_map(|i| &mut i.rules);
        rules
            .chain(&mut statics.rules)
            .for_each(|line| line.line = 0);
    }
    match want == again.config {
        true => Ok(()),
        false => Err(format!(
            "the normal form loads to something else:\n{normal}\n{want:#?}\n{:#?}",
            again.config
        )),
    }
}

/// Loads one text and gives all messages.
fn check(text: &str, options: &Options) -> (Loaded, String) {
    let mut m = machine();
    m.file("/x.conf", text);
    let loaded = config::load(&m, "/x.conf", options);
    let said = messages(&loaded);
    (loaded, said)
}

const INSTANCE: &str = "interface eth0\nvirtual_router_id 1\nvirtual_ipaddress { 10.0.0.1 }\n";

/// keepalived's exit statuses of `-t`: the worst kind of message wins, and ours change nothing.
#[test]
fn statuses_are_keepalived_s() {
    let wrap = |more: &str| format!("vrrp_instance V {{\n{INSTANCE}{more}\n}}\n");
    let secure = "global_defs {\nenable_script_security\nscript_user root\n}\n";
    let cases = [
        (wrap(""), 0),
        (wrap("use_vmac"), 0),
        (wrap("priority 100 200"), 0),
        (wrap("prioritty 100"), 5),
        (wrap("priority 300"), 5),
        (wrap("priority"), 2),
        (wrap("priority\nnotify /bin/true"), 2),
        (wrap("notify /bin/true\nprioritty 3"), 6),
        (format!("{secure}{}", wrap("notify /bin/true")), 0),
        (wrap("lvs_sync_daemon_inteface eth0"), 5),
        (wrap("state MASTER\npriority 100\nnopreempt"), 5),
        ("includer /nowhere.conf\n".to_owned() + &wrap(""), 0),
        ("includem /nowhere.conf\n".to_owned() + &wrap(""), 6),
        (String::new(), 0),
    ];
    let options = Options {
        test: true,
        ..Options::default()
    };
    for (text, status) in cases {
        let (loaded, said) = check(&text, &options);
        assert_eq!(loaded.diags.status(), status, "{text}\n{said}");
        assert!(!loaded.diags.missing_file);
    }
}

#[test]
fn a_missing_file_is_said_and_nothing_runs() {
    let loaded = load(&machine(), "/etc/keepalived/nowhere.conf");
    assert!(loaded.diags.missing_file && loaded.diags.fatal());
    assert_eq!(loaded.diags.status(), 4);
    let said = messages(&loaded);
    assert!(
        said.contains("/etc/keepalived/nowhere.conf does not exist"),
        "{said}"
    );
    assert!(loaded.config.vrrp.instances.is_empty());
}

/// A strict include that fails refuses the start; `-e` makes all of them strict.
#[test]
fn strict_includes_are_fatal() {
    let text = format!("include /nowhere-*.conf\nvrrp_instance V {{\n{INSTANCE}}}\n");
    let (loaded, _) = check(&text, &Options::default());
    assert!(!loaded.diags.fatal());
    assert_eq!(loaded.config.vrrp.instances.len(), 1);
    let strict = Options {
        strict_includes: true,
        ..Options::default()
    };
    let (loaded, said) = check(&text, &strict);
    assert!(loaded.diags.fatal() && !loaded.diags.missing_file, "{said}");
    assert_eq!(loaded.diags.status(), 6);
    let scoped = format!("global_defs {{\ninclude_check wildcard_match\n}}\n{text}");
    let (loaded, said) = check(&scoped, &Options::default());
    assert!(loaded.diags.fatal(), "{said}");
}

/// Outside a test, a number counts in spite of what follows it; strict keywords never do that.
#[test]
fn numbers_with_units_count_when_running() {
    let text = format!(
        "vrrp_instance V {{\n{INSTANCE}advert_int 2s\ngarp_master_delay 7x\npriority 120x\n}}\n"
    );
    let (loaded, said) = check(&text, &Options::default());
    let instance = &loaded.config.vrrp.instances[0];
    assert_eq!(instance.advert_int.micros(), 2_000_000, "{said}");
    assert_eq!(instance.garp.delay.micros(), 7_000_000, "{said}");
    assert_eq!(instance.priority, 100, "{said}");
    let test = Options {
        test: true,
        ..Options::default()
    };
    let (loaded, said) = check(&text, &test);
    let instance = &loaded.config.vrrp.instances[0];
    assert_eq!(instance.advert_int.micros(), 1_000_000, "{said}");
    assert_eq!(instance.garp.delay.micros(), 5_000_000, "{said}");
}

#[test]
fn conditions_follow_the_id() {
    let text = format!(
        "vrrp_instance V {{\n{INSTANCE}@left priority 1\n@^left priority 2\n@router1 priority 3\n}}\n"
    );
    let priority = |id: Option<&str>| {
        let options = Options {
            config_id: id.map(str::to_owned),
            ..Options::default()
        };
        check(&text, &options).0.config.vrrp.instances[0].priority
    };
    assert_eq!(priority(Some("left")), 1);
    assert_eq!(priority(Some("right")), 2);
    assert_eq!(priority(None), 3, "the host name up to the first dot");
}

#[test]
fn messages_are_available_as_json() {
    let (loaded, _) = check(
        "vrrp_instance V {\n\tprioritty \"a\\b\" \n",
        &Options::default(),
    );
    let mut out = String::new();
    loaded
        .diags
        .json(&mut out)
        .expect("a String takes everything");
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines.len(), loaded.diags.iter().count());
    let want = r#"{"file":"/x.conf","line":2,"column":2,"end_column":11,"severity":"error","class":"general","text":"unknown keyword 'prioritty' in 'vrrp_instance V' (ignored)","hint":"did you mean 'priority'?"}"#;
    assert!(lines.contains(&want), "{out}");
}

#[test]
fn colour_only_when_asked_for() {
    let (loaded, plain) = check("prioritty 3\n", &Options::default());
    assert!(!plain.contains('\x1b'));
    let mut out = String::new();
    loaded
        .diags
        .render(&mut out, true)
        .expect("a String takes everything");
    assert!(out.contains("\x1b[1;31merror:"), "{out:?}");
}

/// A few mistakes never become many messages.
#[test]
fn one_mistake_is_one_message() {
    let body = "interface eth0\nvirtual_router_id 1\nvirtual_ipaddress {\n10.0.0.1\n}\n";
    let good = format!("vrrp_instance A {{\n{body}}}\n");
    let cases = [
        format!("vrrp_instnace A {{\n{body}}}\n"),
        format!("vrrp_instance A {{ {{\n{body}}}\n"),
        format!("vrrp_instance A\n{body}}}\n"),
        format!("vrrp_instance A {{\n{body}}}\n}}\n}}\n}}\n"),
        format!(
            "vrrp_instance A {{\n{body}\nvrrp_instance B {{\n{}}}\n",
            body.replace("id 1", "id 2").replace("0.1", "0.2")
        ),
        format!("vrrp_instance A {{\n{}}}\n", body.replace("}\n", "")),
        format!(
            "vrrp_instance A {{\n{body}authentication {{\nauth_type PASS\nauth_pass x\npriority 1\n}}\n"
        ),
        format!("virtual_router_id 3 {{\n{body}}}\n{good}"),
        good.replace("10.0.0.1", "10.0.0.1 10.0.0.2 10.0.0.3"),
        good.replace("eth0", "“eth0”"),
        good.replace('{', "｛"),
        good.replace("virtual_router_id 1", "virtual_router_id $VRID"),
        good.replace("virtual_router_id 1", "virtual_router_id ${VRID}"),
    ];
    for text in cases {
        let (loaded, said) = check(&text, &Options::default());
        let count = loaded.diags.iter().count();
        let most = 1 + usize::from(text.contains('｛'));
        assert!(
            (1..=most).contains(&count),
            "{count} messages\n{said}\nfor\n{text}"
        );
    }
}

/// What a file says never reaches a terminal as a command to it.
#[test]
fn control_characters_stay_in_the_file() {
    let text =
        "vrrp_instance V\x1b[31m {\n interface eth0\n virtual_router_id 1\n}\nx\x1b {\n y\x1b {\n";
    let mut m = machine();
    m.file("/x\x1b.conf", text);
    let loaded = load(&m, "/x\x1b.conf");
    let said = messages(&loaded);
    assert!(
        !said.chars().any(|c| c.is_control() && c != '\n'),
        "{said:?}"
    );
    assert!(said.contains("holds control characters"), "{said}");
}

/// A password is bytes, whatever the file was written in.
#[test]
fn passwords_survive_the_normal_form() {
    for password in [
        &b"gr\xfcn"[..],
        b"\xe0\x80\xff",
        b"\xd0\xbf\xd0\xb0\xd1\x80\xd0\xbe\xd0\xbb",
        b"1234567\xe2\x82\xac",
    ] {
        let mut text = b"vrrp_instance V {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress { 10.0.0.1 }\n\
            authentication {\nauth_type PASS\nauth_pass "
            .to_vec();
        text.extend_from_slice(password);
        text.extend_from_slice(b"\n}\n}\n");
        let mut m = machine();
        m.file("/x.conf", &text);
        let first = load(&m, "/x.conf");
        m.file("/y.conf", config::print_bytes(&first.config));
        let again = load(&m, "/y.conf");
        let auth = |l: &Loaded| l.config.vrrp.instances[0].auth;
        assert!(auth(&first) == auth(&again), "{password:?}");
        let text = config::print(&first.config);
        assert!(text.contains("auth_type PASS"), "{text}");
    }
}

/// Chains of definitions and of includes end.
#[test]
fn chains_are_bounded() {
    let mut text = String::from("$A0=x\n");
    for i in 1..60_000 {
        writeln!(text, "$A{i}=$A{}", i - 1).expect("a String takes everything");
    }
    text.push_str("global_defs {\n router_id ${A59999}\n}\n");
    let (_, said) = check(&text, &Options::default());
    assert!(said.contains("too deeply"), "{said}");

    let mut m = machine();
    for i in 0..20 {
        let twice = format!("include f{}.conf\n", i + 1).repeat(2);
        m.file(&format!("/f{i}.conf"), twice);
    }
    m.file("/f20.conf", "# nothing\n".repeat(100_000));
    let loaded = load(&m, "/f0.conf");
    let said = messages(&loaded);
    assert!(said.contains("too large"), "{said}");
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
