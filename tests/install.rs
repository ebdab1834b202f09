//! `make install` and what it puts in place: layout, links, what it must not touch; the init
//! script; the man page.

#![allow(
    clippy::disallowed_methods,
    reason = "runs make, mandoc and shellcheck"
)]

#[path = "install/systems.rs"]
mod systems;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn source(path: &str) -> String {
    format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))
}

/// A folder that is gone when the test is over.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let path =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a scratch folder");
        Scratch(path)
    }

    fn at(&self, path: &str) -> PathBuf {
        self.0.join(path.trim_start_matches('/'))
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.at(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
    }

    fn write(&self, path: &str, text: &str, mode: u32) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        fs::write(&path, text).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("its mode");
    }

    fn make(&self, goal: &str, prefix: &str) -> Output {
        let out = Command::new("make")
            .args(["-s", "-C", env!("CARGO_MANIFEST_DIR"), goal])
            .arg(format!("DESTDIR={}", self.0.display()))
            .arg(format!("PREFIX={prefix}"))
            .arg(format!("BIN={}", env!("CARGO_BIN_EXE_holdfast")))
            .env_remove("MAKEFLAGS")
            .output()
            .expect("make runs");
        assert!(
            out.status.success(),
            "make {goal}: {}",
            String::from_utf8_lossy(&out.stderr)
        );
        out
    }

    /// What a removal leaves: files, links, and folders that are not on every system.
    fn left(&self) -> Vec<String> {
        let every = [
            "sbin", "bin", "man", "man5", "man8", "share", "lib", "etc", "usr", "local",
        ];
        let (mut out, mut open) = (self.files(), vec![self.0.clone()]);
        while let Some(dir) = open.pop() {
            for entry in fs::read_dir(dir).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() && !path.is_symlink() {
                    let name = path
                        .file_name()
                        .expect("a name")
                        .to_string_lossy()
                        .into_owned();
                    if !every.contains(&name.as_str()) {
                        out.push(path.display().to_string());
                    }
                    open.push(path);
                }
            }
        }
        out
    }

    /// Every file and link below, sorted.
    fn files(&self) -> Vec<String> {
        let (mut out, mut open) = (Vec::new(), vec![self.0.clone()]);
        while let Some(dir) = open.pop() {
            for entry in fs::read_dir(dir).expect("a folder") {
                let entry = entry.expect("an entry");
                if entry.file_type().expect("its type").is_dir() {
                    open.push(entry.path());
                } else {
                    let below = entry
                        .path()
                        .strip_prefix(&self.0)
                        .expect("below")
                        .to_owned();
                    out.push(format!("/{}", below.display()));
                }
            }
        }
        out.sort();
        out
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn samples() -> Vec<String> {
    let folder = fs::read_dir(source("board/common/samples")).expect("samples");
    let mut names: Vec<String> = folder
        .map(|e| {
            e.expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}

/// What an installation consists of.
fn layout(prefix: &str, etc: &str) -> Vec<String> {
    let mut want = vec![
        format!("{prefix}/sbin/holdfast"),
        format!("{prefix}/sbin/keepalived"),
        format!("{prefix}/bin/genhash"),
        format!("{prefix}/share/man/man8/holdfast.8"),
        format!("{prefix}/share/man/man8/keepalived.8"),
        format!("{prefix}/share/man/man5/holdfast.conf.5"),
        format!("{prefix}/share/man/man5/keepalived.conf.5"),
        format!("{etc}/keepalived/keepalived.conf"),
        format!("{etc}/rc.d/init.d/keepalived"),
        format!("{etc}/sysconfig/keepalived"),
    ];
    want.extend(
        samples()
            .iter()
            .map(|s| format!("{etc}/keepalived/samples/{s}")),
    );
    want.sort();
    want
}

#[test]
fn the_layout_is_that_of_the_guides() {
    for (prefix, etc) in [
        ("/usr/local", "/usr/local/etc"),
        ("/usr", "/etc"),
        ("/opt/router", "/opt/router/etc"),
    ] {
        let root = Scratch::new(&format!("layout{}", prefix.replace('/', "-")));
        root.make("install", prefix);
        assert_eq!(root.files(), layout(prefix, etc));
        let mode = |path: &str| {
            let path = root.at(path);
            fs::metadata(path).expect("a file").permissions().mode() & 0o777
        };
        assert_eq!(mode(&format!("{prefix}/sbin/holdfast")), 0o755);
        assert_eq!(mode(&format!("{etc}/rc.d/init.d/keepalived")), 0o755);
        assert_eq!(mode(&format!("{etc}/keepalived/keepalived.conf")), 0o640);
        assert_eq!(mode(&format!("{etc}/sysconfig/keepalived")), 0o644);
        let to = |path: String| fs::read_link(root.at(&path)).expect("a link");
        assert_eq!(
            to(format!("{prefix}/sbin/keepalived")),
            Path::new("holdfast")
        );
        let genhash = to(format!("{prefix}/bin/genhash"));
        assert_eq!(genhash, PathBuf::from(format!("{prefix}/sbin/holdfast")));
        let script = root.read(&format!("{etc}/rc.d/init.d/keepalived"));
        assert!(
            script.contains(&format!("\nexec={prefix}/sbin/holdfast\n")),
            "{script}"
        );
        assert!(!script.contains('@'), "a name was not filled in: {script}");
    }
}

#[test]
fn what_is_there_stays() {
    let root = Scratch::new("stays");
    root.write("/etc/keepalived/keepalived.conf", "mine\n", 0o600);
    root.write(
        "/etc/sysconfig/keepalived",
        "KEEPALIVED_OPTIONS=\"-P\"\n",
        0o644,
    );
    root.write(
        "/etc/rc.d/init.d/keepalived",
        "#!/bin/sh\n# another program's\n",
        0o755,
    );
    root.write("/usr/sbin/keepalived", "the original", 0o755);
    fs::create_dir_all(root.at("/usr/bin")).expect("a folder");
    symlink("/nowhere/genhash", root.at("/usr/bin/genhash")).expect("a link");
    for _ in 0..2 {
        let out = root.make("install", "/usr");
        let said = String::from_utf8_lossy(&out.stdout).into_owned();
        for kept in [
            "keepalived.conf",
            "sysconfig/keepalived",
            "init.d/keepalived",
            "sbin/keepalived",
            "bin/genhash",
        ] {
            assert!(
                said.lines()
                    .any(|l| l.starts_with("kept: ") && l.contains(kept)),
                "{kept}: {said}"
            );
        }
    }
    assert_eq!(root.read("/etc/keepalived/keepalived.conf"), "mine\n");
    assert_eq!(
        root.read("/etc/sysconfig/keepalived"),
        "KEEPALIVED_OPTIONS=\"-P\"\n"
    );
    assert!(
        root.read("/etc/rc.d/init.d/keepalived")
            .contains("another program's")
    );
    assert_eq!(root.read("/usr/sbin/keepalived"), "the original");
    let link = fs::read_link(root.at("/usr/bin/genhash")).expect("the link");
    assert_eq!(link, Path::new("/nowhere/genhash"));
    assert!(root.at("/usr/sbin/holdfast").is_file());

    root.make("uninstall", "/usr");
    let mut left = root.files();
    left.retain(|f| !f.ends_with("/usr/bin/genhash"));
    assert_eq!(
        left,
        [
            "/etc/keepalived/keepalived.conf",
            "/etc/rc.d/init.d/keepalived",
            "/etc/sysconfig/keepalived",
            "/usr/sbin/keepalived",
        ]
    );
}

#[test]
fn a_second_installation_is_silent_and_removal_is_complete() {
    let root = Scratch::new("twice");
    root.make("install", "/usr");
    let before = root.files();
    let out = root.make("install", "/usr");
    assert!(!String::from_utf8_lossy(&out.stdout).contains("kept:"));
    assert_eq!(root.files(), before);
    root.make("uninstall", "/usr");
    assert_eq!(root.left(), [""; 0]);
    root.make("install", "/usr/local");
    root.make("uninstall", "/usr/local");
    assert_eq!(root.left(), [""; 0]);
}

#[test]
fn without_a_binary_it_says_what_to_do() {
    let root = Scratch::new("nothing");
    let out = Command::new("make")
        .args(["-s", "-C", env!("CARGO_MANIFEST_DIR"), "install"])
        .arg(format!("DESTDIR={}", root.0.display()))
        .arg(format!("BIN={}/missing", root.0.display()))
        .env_remove("MAKEFLAGS")
        .output()
        .expect("make runs");
    assert!(!out.status.success());
    assert!(String::from_utf8_lossy(&out.stderr).contains("run 'make build' first"));
    assert_eq!(root.files(), [""; 0]);
}

#[test]
fn make_alone_lists_every_goal() {
    let out = Command::new("make")
        .args(["-s", "-C", env!("CARGO_MANIFEST_DIR")])
        .env_remove("MAKEFLAGS")
        .output()
        .expect("make runs");
    let list = String::from_utf8_lossy(&out.stdout).into_owned();
    let makefile = fs::read_to_string(source("Makefile")).expect("the Makefile");
    let phony = makefile
        .lines()
        .find_map(|l| l.strip_prefix(".PHONY: "))
        .expect(".PHONY");
    for goal in phony.split(' ') {
        assert!(
            list.contains(&format!("  make {goal} ")),
            "{goal} is not in the list:\n{list}"
        );
    }
    assert!(list.lines().all(|line| line.len() <= 80), "{list}");
}

/// A daemon in shell, as far as the init script can tell.
const STAND_IN: &str = r#"#!/bin/sh
[ "$1" = reload ] && exit 4
echo "$@" > "$0.args"
case "$*" in *--fail*) exit 2 ;; esac
while [ $# -gt 1 ]; do [ "$1" = -p ] && pidfile=$2; shift; done
(
	trap 'rm -f "$pidfile"; exit 0' TERM
	trap 'echo hup >> "$0.hups"' HUP
	echo ready > "$pidfile.ready"
	i=0
	while [ $i -lt 20 ] || [ -e "$pidfile" ]; do i=$((i + 1)); sleep 0.05; done
) >/dev/null 2>&1 &
while [ ! -e "$pidfile.ready" ]; do sleep 0.01; done
rm -f "$pidfile.ready"
echo $! > "$pidfile"
"#;

/// The init script, installed with its paths below a scratch folder.
fn init_script(root: &Scratch) -> impl Fn(&[&str]) -> (i32, String) {
    let dir = root.0.display();
    root.write("sbin/holdfast", STAND_IN, 0o755);
    root.write("etc/keepalived/keepalived.conf", "", 0o644);
    let text = fs::read_to_string(source("board/redhat/keepalived.init")).expect("the script");
    // A test must not read this machine's own settings.
    let text = text
        .replace("@SBINDIR@", &format!("{dir}/sbin"))
        .replace("@SYSCONFDIR@", &format!("{dir}/etc"))
        .replace(" /etc/sysconfig/keepalived ", " ")
        .replace(
            "/etc/keepalived/keepalived.conf\n[",
            &format!("{dir}/none\n["),
        )
        .replace("/etc/rc.d/init.d/functions", &format!("{dir}/functions"))
        .replace("/var/", &format!("{dir}/var/"));
    assert!(!text.contains("=/etc") && !text.contains("=/var"), "{text}");
    root.write("init", &text, 0o755);
    fs::create_dir_all(root.at("var/run")).expect("a folder");
    fs::create_dir_all(root.at("var/lock/subsys")).expect("a folder");
    let script = root.at("init");
    move |args| {
        // Where the test itself runs under nohup, a shell could not catch the signal.
        let out = Command::new("env")
            .args(["--default-signal=HUP", "sh"])
            .arg(&script)
            .args(args)
            .output()
            .expect("sh runs");
        let said = String::from_utf8_lossy(&out.stdout).into_owned();
        (out.status.code().expect("no signal"), said)
    }
}

#[test]
fn the_init_script_starts_and_stops() {
    let root = Scratch::new("init");
    root.write(
        "etc/sysconfig/keepalived",
        &fs::read_to_string(source("board/common/keepalived.sysconfig")).expect("the file"),
        0o644,
    );
    let init = init_script(&root);
    assert_eq!(init(&["status"]).0, 3);
    assert_eq!(init(&["condrestart"]).0, 0);
    assert!(!root.at("var/run/keepalived.pid").exists());

    let (code, said) = init(&["start"]);
    assert_eq!((code, said.as_str()), (0, "Starting keepalived: OK\n"));
    let dir = root.0.display();
    assert_eq!(
        root.read("sbin/holdfast.args"),
        format!("-f {dir}/etc/keepalived/keepalived.conf -p {dir}/var/run/keepalived.pid -D\n")
    );
    let pid = root.read("var/run/keepalived.pid").trim().to_owned();
    assert_eq!(
        init(&["status"]),
        (0, format!("keepalived (holdfast, pid {pid}) is running\n"))
    );
    assert!(root.at("var/lock/subsys/keepalived").exists());
    assert!(init(&["start"]).1.contains("already running"));

    assert_eq!(init(&["reload"]).0, 0);
    let hups = root.at("sbin/holdfast.hups");
    for _ in 0..200 {
        if hups.exists() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert!(hups.exists(), "SIGHUP did not arrive");

    assert_eq!(init(&["restart"]).0, 0);
    let second = root.read("var/run/keepalived.pid").trim().to_owned();
    assert_ne!(pid, second);
    assert_eq!(init(&["condrestart"]).0, 0);
    assert_ne!(root.read("var/run/keepalived.pid").trim(), second);

    assert_eq!(init(&["stop"]), (0, "Stopping keepalived: OK\n".to_owned()));
    assert!(!root.at("var/run/keepalived.pid").exists());
    assert!(!root.at("var/lock/subsys/keepalived").exists());
    assert_eq!(init(&["stop"]).0, 0);
    assert_eq!(init(&["reload"]).0, 7);
    assert_eq!(init(&["frob"]).0, 2);
}

#[test]
fn the_init_script_tells_what_is_wrong() {
    let root = Scratch::new("init-wrong");
    let init = init_script(&root);
    root.write(
        "etc/sysconfig/keepalived",
        "KEEPALIVED_OPTIONS=--fail\n",
        0o644,
    );
    let (code, said) = init(&["start"]);
    assert_eq!((code, said.as_str()), (2, "Starting keepalived: FAILED\n"));
    assert!(!root.at("var/lock/subsys/keepalived").exists());

    // A pid that belongs to another program is nobody's daemon.
    root.write(
        "var/run/keepalived.pid",
        &format!("{}\n", std::process::id()),
        0o644,
    );
    assert_eq!(init(&["status"]).0, 1);
    assert_eq!(init(&["stop"]).0, 0);
    root.write("var/run/keepalived.pid", "\n", 0o644);
    assert_eq!(init(&["status"]).0, 1);

    fs::remove_file(root.at("etc/keepalived/keepalived.conf")).expect("removed");
    assert_eq!(init(&["start"]).0, 6);
    fs::remove_file(root.at("sbin/holdfast")).expect("removed");
    assert_eq!(init(&["start"]).0, 5);

    // The distribution's functions print the verdict where they exist.
    root.write(
        "functions",
        "success() { printf ' [fine]'; }\nfailure() { printf ' [bad]'; }\n",
        0o644,
    );
    assert!(init(&["start"]).1.ends_with(" [bad]\n"));
    assert!(init(&["stop"]).1.ends_with(" [fine]\n"));
}

/// Runs a checker. Where it is not installed the test says so; in CI that is a failure.
fn checker(program: &str, args: &[&str], input: &Path) {
    match Command::new(program).args(args).arg(input).output() {
        Ok(out) => {
            let said = format!(
                "{}{}",
                String::from_utf8_lossy(&out.stdout),
                String::from_utf8_lossy(&out.stderr)
            );
            assert!(
                out.status.success(),
                "{program} {}:\n{said}",
                input.display()
            );
        }
        Err(error) => {
            let skipped = format!(
                "SKIPPED: {program} does not run ({error}); would help, as root: apt-get install {program}"
            );
            let ci = std::env::var("CI").is_ok_and(|v| v == "true" || v == "1");
            assert!(!ci, "{skipped}; in CI nothing may be skipped");
            eprintln!("{skipped}");
        }
    }
}

#[test]
fn shell_scripts_are_sound() {
    let root = Scratch::new("shellcheck");
    root.make("install", "/usr");
    checker(
        "shellcheck",
        &["-s", "sh"],
        &root.at("/etc/rc.d/init.d/keepalived"),
    );
    checker(
        "shellcheck",
        &["-s", "sh"],
        Path::new(&source("tests/deps.sh")),
    );
    checker("shellcheck", &["-s", "bash"], Path::new(&source(".ci/run")));
}

#[test]
fn the_man_page_is_sound_and_names_every_option() {
    let page = source("board/common/holdfast.8");
    checker("mandoc", &["-Tlint", "-Wwarning"], Path::new(&page));
    let language = source("board/common/holdfast.conf.5");
    checker("mandoc", &["-Tlint", "-Wwarning"], Path::new(&language));
    let text = fs::read_to_string(&page).expect("the page");
    let help = Command::new(env!("CARGO_BIN_EXE_holdfast"))
        .arg("--help")
        .output()
        .expect("help");
    let help = String::from_utf8_lossy(&help.stderr).into_owned();
    let described = help.split("\nExamples").next().expect("the first part");
    let mut options = 0;
    for word in described.split_whitespace().filter(|w| w.starts_with("--")) {
        let name: String = word[2..]
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '-' || *c == '_')
            .collect();
        if !name.is_empty() {
            options += 1;
            assert!(
                text.contains(&format!("Fl -{name}")),
                "--{name} is not in the man page"
            );
        }
    }
    assert!(
        options > 35,
        "only {options} options found in the help text"
    );
    for word in described.split([' ', ',', ';', '\n']) {
        let short = word.strip_prefix('-').filter(|short| short.len() == 1);
        let found = |short| {
            text.lines()
                .any(|line| line.contains(&format!("Fl {short}")))
        };
        assert!(short.is_none_or(found), "{word} is not in the man page");
    }
    for command in ["status", "explain", "reload", "stop"] {
        assert!(described.contains(command) && text.contains(&format!("Cm {command}")));
    }
}
