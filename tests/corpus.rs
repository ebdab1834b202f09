//! An additional check: a folder of other people's files, where there is one.
//!
//! `CORPUS=/that/folder cargo test --test corpus -- --nocapture`; without it nothing is checked and
//! that is said. The folder holds `broken/INDEX.tsv` (file, severity, place of the mistake as
//! `[file:]line:column`) and `keepalived-verdicts.tsv` (file, exit status and messages of a
//! configuration test by keepalived 2.2.7 and 2.4.3 where all scripts and interfaces exist).

use holdfast::config::{self, Diag, Loaded, Options, Outside, Severity, Stat};
use holdfast::engine::outside::Real;
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

/// Lines keepalived names, and statuses 0 and 6.
#[test]
fn real_files() {
    let Some(folder) = corpus("real") else {
        return;
    };
    let root = folder.parent().expect("a folder above");
    let mut table = std::collections::BTreeMap::new();
    let mut wrong = String::new();
    for row in rows(&root.join("keepalived-verdicts.tsv")) {
        let path = root.join(&row[0]);
        if !row[0].starts_with("real/") || !path.exists() {
            continue;
        }
        let loaded = load(&path, true);
        let ours = loaded.diags.status().to_string();
        let error =
            |d: &&Diag| d.severity >= Severity::Error && !d.text.contains("not supported yet");
        let errors = loaded.diags.iter().filter(error).count();
        let theirs = (row[1].clone(), row[3].clone());
        let same = ours == theirs.0 || ours == theirs.1;
        *table.entry((theirs.clone(), ours.clone())).or_insert(0) += 1;
        // A 6 hides the faults that would give a 5.
        let only = |m: &str| {
            m.split(" | ").all(|m| {
                m.is_empty()
                    || m.starts_with("SECURITY VIOLATION")
                    || m.starts_with("Disabling track script")
            })
        };
        let clean = [(1, 2), (3, 4)]
            .iter()
            .any(|(status, said)| matches!(row[*status].as_str(), "0" | "6") && only(&row[*said]));
        if clean && errors > 0 {
            writeln!(wrong, "{}: clean, but\n{}", row[0], messages(&loaded)).expect("a String");
        }
        if loaded.diags.fatal() {
            writeln!(wrong, "{}: no start\n{}", row[0], messages(&loaded)).expect("a String");
        }
        if !same {
            println!(
                "{}: {theirs:?}, ours {ours}\n{}\n{}\n{}",
                row[0],
                row[2],
                row[4],
                messages(&loaded)
            );
        }
        let mut both = std::collections::BTreeSet::new();
        for text in [&row[2], &row[4]] {
            for message in text.split(" | ") {
                if let Some(at) = message.find("Line ") {
                    let line = message[at + 5..]
                        .split(')')
                        .next()
                        .and_then(|n| n.parse::<u32>().ok());
                    if let Some(line) = line {
                        both.insert((line, message.to_owned()));
                    }
                } else if !message.is_empty() {
                    both.insert((0, message.to_owned()));
                }
            }
        }
        let have: std::collections::BTreeSet<u32> = loaded
            .diags
            .iter()
            .filter_map(|d| loaded.diags.place(d))
            .map(|p| p.1)
            .collect();
        for (line, message) in both {
            if line == 0 || !have.contains(&line) {
                println!("UNSAID {} {line}: {message}", row[0]);
            }
        }
    }
    println!("(keepalived 2.2.7, 2.4.3), ours: files\n{table:#?}");
    assert!(wrong.is_empty(), "{wrong}");
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
