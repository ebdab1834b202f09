//! An additional check: a folder of other people's files, where there is one.
//!
//! `CORPUS=/that/folder cargo test --test corpus -- --nocapture`; without it nothing is checked and
//! that is said. The folder holds `broken/INDEX.tsv` (file, severity, place of the mistake as
//! `[file:]line:column`) and `keepalived-verdicts.tsv` (file, exit status and messages of a
//! configuration test by keepalived 2.2.7 and 2.4.3 where all scripts and interfaces exist).

#![allow(clippy::disallowed_methods, reason = "runs the program under limits")]

use holdfast::config::{self, Diag, Loaded, Options, Outside, Severity, Stat};
use holdfast::engine::outside::Real;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

fn corpus(part: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("CORPUS").map(|c| Path::new(&c).join(part));
    let found = folder.filter(|f| f.exists());
    if found.is_none() {
        println!("skipped: CORPUS names no folder with {part}");
    }
    found
}

/// This machine with every interface and script there is.
struct Stubbed {
    scripts: bool,
}

impl Outside for Stubbed {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        Real.read(path)
    }
    fn glob(&self, pattern: &str) -> Vec<String> {
        Real.glob(pattern)
    }
    fn stat(&self, path: &str, follow: bool) -> Option<Stat> {
        let script = self.scripts.then_some(Stat {
            mode: 0o755,
            uid: 0,
            gid: 0,
            file: true,
            dir: false,
        });
        Real.stat(path, follow).or(script)
    }
    fn link(&self, path: &str) -> Option<String> {
        Real.link(path)
    }
    fn user(&self, name: &str) -> Option<(u32, u32)> {
        let none = self.scripts && name == "keepalived_script";
        Real.user(name).filter(|_| !none)
    }
    fn group(&self, name: &str) -> Option<u32> {
        Real.group(name)
    }
    fn own_user(&self) -> (u32, u32) {
        (0, 0)
    }
    fn interface(&self, name: &str) -> Option<bool> {
        Some(!name.starts_with("nosuch") && !name.contains('<'))
    }
    fn hostname(&self) -> String {
        "router".into()
    }
    fn env(&self, name: &str) -> Option<String> {
        Real.env(name)
    }
}

fn load(path: &Path, scripts: bool) -> Loaded {
    let options = Options {
        test: true,
        ..Options::default()
    };
    config::load(&Stubbed { scripts }, &path.to_string_lossy(), &options)
}

fn rows(file: &Path) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(file).expect("an index is readable");
    let rows = text.lines().skip(1);
    rows.map(|r| r.split('\t').map(str::to_owned).collect())
        .collect()
}

fn messages(loaded: &Loaded) -> String {
    let mut out = String::new();
    loaded.diags.render(&mut out, false).expect("a String");
    out
}

/// `[file:]line:column`
fn place(text: &str, file: &str) -> Option<(String, u32, u32)> {
    let mut parts = text.rsplitn(3, ':');
    let column = parts.next()?.parse().ok()?;
    let line = parts.next()?.parse().ok()?;
    let file = parts.next().unwrap_or(file);
    Some((file.to_owned(), line, column))
}

fn stands_at(
    loaded: &Loaded,
    diag: &Diag,
    (file, line, column): &(String, u32, u32),
) -> (bool, bool) {
    let Some((path, at, col)) = loaded.diags.place(diag) else {
        return (false, false);
    };
    let same = path.ends_with(&format!("/{file}")) && at == *line;
    (same, same && col.abs_diff(*column) <= 1)
}

#[test]
fn broken_files() {
    let Some(folder) = corpus("broken") else {
        return;
    };
    let (mut placed, mut lines, mut columns, mut wrong) = (0, 0, 0, String::new());
    for row in rows(&folder.join("INDEX.tsv")) {
        let [file, severity, expected, ..] = row.as_slice() else {
            continue;
        };
        let loaded = load(&folder.join(file), false);
        let count = loaded.diags.iter().count();
        let said = messages(&loaded);
        if severity == "accept" && count > 0 {
            writeln!(wrong, "{file} is to load as it is:\n{said}").expect("a String");
        }
        if count > 3 {
            writeln!(wrong, "{file}: {count} messages:\n{said}").expect("a String");
        }
        let Some(place) = place(expected, file).filter(|_| severity != "accept") else {
            continue;
        };
        placed += 1;
        let at = loaded.diags.iter().map(|d| stands_at(&loaded, d, &place));
        let (line, column) = at.fold((false, false), |a, b| (a.0 | b.0, a.1 | b.1));
        lines += usize::from(line);
        columns += usize::from(column);
        if !column {
            println!("{file}: expected at {expected}, got\n{said}");
        }
    }
    println!("broken: {placed} places, line {lines}, column {columns}");
    assert!(wrong.is_empty(), "{wrong}");
    assert!(lines * 100 >= placed * 97, "{lines} of {placed}");
    assert!(columns * 100 >= placed * 90, "{columns} of {placed}");
}

/// What two versions of keepalived say of a file: status and messages of each.
struct Verdict<'r> {
    file: &'r str,
    said: [(&'r str, &'r str); 2],
}

impl Verdict<'_> {
    /// One of them finds nothing, or nothing but scripts it does not trust. A 6 alone hides the
    /// faults that would give a 5.
    fn clean(&self) -> bool {
        let trusted = |m: &str| {
            m.is_empty()
                || m.starts_with("SECURITY VIOLATION")
                || m.starts_with("Disabling track script")
        };
        let clean = |(status, said): (&str, &str)| {
            matches!(status, "0" | "6") && said.split(" | ").all(trusted)
        };
        self.said.into_iter().any(clean)
    }
    /// The messages that name a line, with it; 0: none is named.
    fn lines(&self) -> BTreeSet<(u32, &str)> {
        let all = self.said.iter().flat_map(|(_, said)| said.split(" | "));
        let line = |m: &str| {
            let (_, rest) = m.split_once("Line ")?;
            rest.split(')').next()?.parse().ok()
        };
        all.filter(|m| !m.is_empty())
            .map(|m| (line(m).unwrap_or(0), m))
            .collect()
    }
}

/// Statuses as keepalived's, no error where it is content, and a start wherever it starts.
#[test]
fn real_files() {
    let Some(folder) = corpus("real") else {
        return;
    };
    let root = folder.parent().expect("a folder above");
    let mut table = BTreeMap::new();
    let (mut files, mut different, mut wrong) = (0, 0, String::new());
    for row in rows(&root.join("keepalived-verdicts.tsv")) {
        let [file, old, old_said, new, new_said, ..] = row.as_slice() else {
            continue;
        };
        let verdict = Verdict {
            file,
            said: [(old, old_said), (new, new_said)],
        };
        let path = root.join(verdict.file);
        if !verdict.file.starts_with("real/") || !path.exists() {
            continue;
        }
        files += 1;
        let loaded = load(&path, true);
        let (diags, said) = (&loaded.diags, messages(&loaded));
        let ours = diags.status().to_string();
        if ours != *old && ours != *new {
            different += 1;
            println!("{}: {old} and {new}, ours is {ours}\n{said}", verdict.file);
        }
        *table.entry((old.clone(), new.clone(), ours)).or_insert(0) += 1;
        // What a later version will do is no fault of the file.
        let error =
            |d: &&Diag| d.severity >= Severity::Error && !d.text.contains("not supported yet");
        if verdict.clean() && diags.iter().any(|d| error(&d)) {
            writeln!(wrong, "{}: clean, but\n{said}", verdict.file).expect("a String");
        }
        if diags.fatal() {
            writeln!(wrong, "{}: no start\n{said}", verdict.file).expect("a String");
        }
        let have: BTreeSet<u32> = diags
            .iter()
            .filter_map(|d| diags.place(d))
            .map(|p| p.1)
            .collect();
        for (line, message) in verdict.lines() {
            if !have.contains(&line) {
                println!("not said there: {} {line}: {message}", verdict.file);
            }
        }
    }
    println!("(keepalived 2.2.7, 2.4.3, ours): files\n{table:#?}");
    assert!(wrong.is_empty(), "{wrong}");
    assert!(different * 50 <= files, "{different} of {files} differ");
}

/// Each file by the program itself, with 64 MB of address space and a second of processor time.
#[test]
fn little_memory_and_time() {
    let (Some(broken), Some(real)) = (corpus("broken"), corpus("real")) else {
        return;
    };
    let program = env!("CARGO_BIN_EXE_holdfast");
    let mut count = 0;
    for folder in [broken, real] {
        for entry in std::fs::read_dir(folder).expect("readable").flatten() {
            let path = entry.path();
            if path.extension().is_none_or(|e| e != "conf") {
                continue;
            }
            let run = Command::new("sh")
                .args([
                    "-c",
                    "ulimit -v 65536; ulimit -t 1; exec \"$0\" -t -f \"$1\"",
                ])
                .arg(program)
                .arg(&path)
                .output()
                .expect("sh runs");
            let status = run.status.code();
            assert!(
                matches!(status, Some(0 | 2 | 5 | 6)),
                "{}: {:?}\n{}",
                path.display(),
                run.status,
                String::from_utf8_lossy(&run.stderr)
            );
            count += 1;
        }
    }
    println!("{count} files within 64 MB and 1 s");
}
