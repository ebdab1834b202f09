//! The layouts of `INIT=`, and what their init files promise to those who read them.

use super::{Scratch, checker, samples, source};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

fn make(root: &Scratch, goal: &str, init: &str) -> Output {
    Command::new("make")
        .args(["-s", "-C", env!("CARGO_MANIFEST_DIR"), goal, "PREFIX=/usr"])
        .arg(format!("INIT={init}"))
        .arg(format!("DESTDIR={}", root.0.display()))
        .arg(format!("BIN={}", env!("CARGO_BIN_EXE_holdfast")))
        .env_remove("MAKEFLAGS")
        .output()
        .expect("make runs")
}

/// What only one system has: its script, its options, whether there are manuals.
const SYSTEMS: [(&str, &str, &str, bool, u32); 4] = [
    (
        "redhat",
        "/etc/rc.d/init.d/keepalived",
        "/etc/sysconfig/keepalived",
        true,
        0o755,
    ),
    (
        "systemd",
        "/usr/lib/systemd/system/holdfast.service",
        "/etc/sysconfig/keepalived",
        true,
        0o644,
    ),
    (
        "openwrt",
        "/etc/init.d/keepalived",
        "/etc/default/keepalived",
        false,
        0o755,
    ),
    (
        "busybox",
        "/etc/init.d/S70holdfast",
        "/etc/default/keepalived",
        false,
        0o755,
    ),
];

#[test]
fn each_system_gets_its_own_layout_and_loses_it_again() {
    for (init, script, options, manual, mode) in SYSTEMS {
        let root = Scratch::new(&format!("system-{init}"));
        let out = make(&root, "install", init);
        assert!(
            out.status.success(),
            "{}",
            String::from_utf8_lossy(&out.stderr)
        );
        let mut want: Vec<String> = [
            "/usr/sbin/holdfast",
            "/usr/sbin/keepalived",
            "/usr/bin/genhash",
            "/etc/keepalived/keepalived.conf",
            script,
            options,
        ]
        .map(str::to_owned)
        .into();
        want.extend(
            samples()
                .iter()
                .map(|s| format!("/etc/keepalived/samples/{s}")),
        );
        if manual {
            let pages = [
                "man8/holdfast.8",
                "man8/keepalived.8",
                "man5/holdfast.conf.5",
            ];
            want.extend(pages.map(|p| format!("/usr/share/man/{p}")));
            want.push("/usr/share/man/man5/keepalived.conf.5".into());
        }
        want.sort();
        assert_eq!(root.files(), want, "{init}");
        let text = root.read(script);
        let program = text.lines().find(|l| l.contains("/usr/sbin/holdfast"));
        assert!(program.is_some(), "{init}: {text}");
        for name in ["@SBINDIR@", "@SYSCONFDIR@"] {
            assert!(!text.contains(name), "{init}: {name}");
        }
        let found = fs::metadata(root.at(script))
            .expect("the script")
            .permissions()
            .mode();
        assert_eq!(found & 0o777, mode, "{init}");
        if init != "systemd" {
            checker("shellcheck", &["-s", "sh"], &root.at(script));
        }
        root.write(options, "KEEPALIVED_OPTIONS=mine\n", 0o644);
        assert!(make(&root, "install", init).status.success());
        assert!(root.read(options).contains("mine"), "{init}");
        fs::remove_file(root.at(options)).expect("the options");
        assert!(make(&root, "uninstall", init).status.success());
        assert_eq!(root.left(), [""; 0], "{init}");
    }
}

#[test]
fn an_unknown_system_is_refused() {
    let root = Scratch::new("system-unknown");
    let out = make(&root, "install", "upstart");
    assert!(!out.status.success());
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(
        said.contains("INIT=upstart: there are redhat, openwrt, busybox and systemd"),
        "{said}"
    );
    assert_eq!(root.files(), [""; 0]);
}

#[test]
fn every_shell_script_is_sound() {
    for script in [
        "board/make/static.sh",
        "board/make/size.sh",
        "board/make/install.sh",
    ] {
        checker("shellcheck", &["-s", "sh"], Path::new(&source(script)));
    }
    for settings in [
        "board/common/keepalived.sysconfig",
        "board/common/keepalived.default",
    ] {
        checker(
            "shellcheck",
            &["-s", "sh", "-e", "SC2034"],
            Path::new(&source(settings)),
        );
    }
}

/// `chkconfig` reads these lines of comments, `insserv` those of the second block.
#[test]
fn the_header_of_the_sysv_script_can_be_read() {
    let text = fs::read_to_string(source("board/redhat/keepalived.init")).expect("the script");
    let head: Vec<&str> = text
        .lines()
        .take_while(|l| l.is_empty() || l.starts_with('#'))
        .collect();
    let value = |name: &str| {
        let key = format!("# {name}:");
        let found = head.iter().find_map(|line| line.strip_prefix(&key));
        found.unwrap_or_else(|| panic!("no {name}")).trim()
    };
    let words: Vec<&str> = value("chkconfig").split(' ').collect();
    let [levels, start, stop] = words[..] else {
        panic!("{words:?}");
    };
    assert!(
        levels == "-" || levels.bytes().all(|b| b.is_ascii_digit()),
        "{levels}"
    );
    let (start, stop): (u8, u8) = (start.parse().expect("a number"), stop.parse().expect("one"));
    assert!(
        start > 10 && start < stop && stop < 100,
        "after the network, before it at the end"
    );
    assert!(!value("description").is_empty());
    assert_eq!(value("processname"), "holdfast");
    assert_eq!(value("pidfile"), "/var/run/keepalived.pid");
    assert_eq!(value("config"), "/etc/keepalived/keepalived.conf");
    let begin = head
        .iter()
        .position(|l| *l == "### BEGIN INIT INFO")
        .expect("its block");
    let end = head
        .iter()
        .position(|l| *l == "### END INIT INFO")
        .expect("its end");
    for name in [
        "Provides",
        "Required-Start",
        "Required-Stop",
        "Default-Stop",
        "Short-Description",
    ] {
        let at = head
            .iter()
            .position(|l| l.starts_with(&format!("# {name}:")));
        assert!(at.is_some_and(|at| (begin..end).contains(&at)), "{name}");
    }
    assert!(value("Required-Start").contains("$network"));
}

/// Each line of the unit is a key of a section; the ones that matter have the right value. Where
/// systemd is, it judges the unit itself.
#[test]
fn the_unit_is_one_that_systemd_takes() {
    let root = Scratch::new("unit");
    assert!(make(&root, "install", "systemd").status.success());
    let text = root.read("/usr/lib/systemd/system/holdfast.service");
    let mut section = "";
    let mut keys = Vec::new();
    for line in text
        .lines()
        .filter(|l| !l.is_empty() && !l.starts_with('#'))
    {
        match line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            Some(name) => section = name,
            None => {
                let (key, value) = line.split_once('=').expect("KEY=VALUE");
                keys.push((section, key, value));
            }
        }
    }
    for want in [
        ("Service", "Type", "notify"),
        ("Service", "Restart", "always"),
        ("Service", "ExecReload", "/bin/kill -HUP $MAINPID"),
        ("Service", "EnvironmentFile", "-/etc/sysconfig/keepalived"),
        ("Service", "NoNewPrivileges", "yes"),
        ("Install", "WantedBy", "multi-user.target"),
    ] {
        assert!(keys.contains(&want), "{want:?}: {text}");
    }
    let start = keys
        .iter()
        .find(|(_, key, _)| *key == "ExecStart")
        .expect("ExecStart")
        .2;
    assert!(start.starts_with("/usr/sbin/holdfast -n "), "{start}");
    assert!(start.ends_with(" $KEEPALIVED_OPTIONS"), "{start}");

    // The program it names has to exist for that.
    let here = text.replace("/usr/sbin/holdfast", env!("CARGO_BIN_EXE_holdfast"));
    root.write("holdfast.service", &here, 0o644);
    let judged = Command::new("systemd-analyze")
        .args(["verify", "--man=no"])
        .arg(root.at("holdfast.service"))
        .output();
    if let Ok(out) = judged {
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        let about: Vec<&str> = said.lines().filter(|l| l.contains("holdfast")).collect();
        assert!(about.is_empty(), "{said}");
    }
}
