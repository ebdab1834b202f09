//! The whole configuration: several files in, parameters and messages out.
//!
//! The input is what lies in `/etc/keepalived`: `keepalived.conf` first, then others. A line
//! `=== NAME` begins the file NAME, `=== +NAME` an executable one, `=== NAME/` makes a directory,
//! `=== NAME -> TARGET` a link; `=== -t`, `=== -e` and `=== -i ID` are options of the command line.

use super::peak::peak_of;
use holdfast::config::memory::Memory;
use holdfast::config::{self, Config, Loaded, Options, Severity};
use std::collections::BTreeMap;

const DIR: &str = "/etc/keepalived/";
const MAIN: &str = "/etc/keepalived/keepalived.conf";
/// Memory that no small configuration may take.
const MOST: usize = 64 << 20;
/// Messages shown of one file.
const PER_FILE: usize = 50;

/// Loads the files, looks at all that is said, and loads the normal form.
pub fn check(data: &[u8]) {
    let (memory, options) = machine(data);
    let (loaded, peak) = peak_of(|| config::load(&memory, MAIN, &options));
    assert!(peak < MOST, "{peak} bytes at once for {}", data.len());
    let shown = messages(&memory, &loaded);

    let again = config::load(&memory, MAIN, &options);
    assert_eq!(
        loaded.config, again.config,
        "the same files, the same result"
    );
    let mut same = String::new();
    again.diags.render(&mut same, false).expect("a String");
    assert_eq!(shown, same);

    normal_form(&memory, &options, &loaded);
}

/// The machine and the command line that the input describes.
fn machine(data: &[u8]) -> (Memory, Options) {
    let mut memory = Memory::new();
    memory.dir("/etc/keepalived/d", 0o755).dir("/home", 0o777);
    memory.program("/etc/keepalived/check.sh", 0o755);
    memory.program("/etc/keepalived/loose.sh", 0o777);
    memory.program("/home/x.sh", 0o755);
    memory.env.insert("SITE".into(), "north".into());
    let mut options = Options::default();
    let (mut name, mut mode) = (MAIN.to_owned(), 0o644);
    let mut text = Vec::new();
    for line in data.split_inclusive(|b| *b == b'\n') {
        let Some(title) = line.strip_prefix(b"=== ") else {
            text.extend_from_slice(line);
            continue;
        };
        let title = String::from_utf8_lossy(title);
        // Neither paths nor arguments can hold a NUL.
        let title = title.trim_end_matches(['\n', '\r']).replace('\0', "");
        let title = title.as_str();
        match title {
            "-t" => options.test = true,
            "-e" => options.strict_includes = true,
            _ if title.starts_with("-i ") => options.config_id = Some(title[3..].to_owned()),
            _ => {
                add(&mut memory, &name, mode, &mut text);
                mode = if title.starts_with('+') { 0o755 } else { 0o644 };
                name = format!("{DIR}{}", title.trim_start_matches('+'));
            }
        }
    }
    add(&mut memory, &name, mode, &mut text);
    (memory, options)
}

fn add(memory: &mut Memory, name: &str, mode: u32, text: &mut Vec<u8>) {
    if let Some((link, target)) = name.split_once(" -> ") {
        memory.links.insert(link.to_owned(), target.to_owned());
    } else if let Some(dir) = name.strip_suffix('/') {
        memory.dir(dir, 0o755);
    } else {
        memory.file(name, &*text);
        if let Some((_, stat)) = memory.files.get_mut(name) {
            stat.mode = mode;
        }
    }
    text.clear();
}

/// Looks at every message and at the whole; returns the whole without colour.
fn messages(memory: &Memory, loaded: &Loaded) -> String {
    let diags = &loaded.diags;
    let sum: usize = [Severity::Warning, Severity::Error, Severity::Fatal]
        .map(|s| diags.count(s))
        .iter()
        .sum();
    assert!(diags.iter().count() <= sum);
    assert_eq!(diags.is_empty(), sum == 0);
    assert_eq!(diags.fatal(), diags.count(Severity::Fatal) > 0);
    assert!(matches!(diags.status(), 0 | 2 | 4 | 5 | 6));
    assert!(sum > 0 || diags.status() == 0);
    let complaints = diags.iter().filter(|d| d.class.is_some()).count();
    assert!(complaints == 0 || diags.status() != 0);
    let mut files: BTreeMap<Option<u16>, usize> = BTreeMap::new();
    let mut last = (0, 0);
    for diag in diags.iter() {
        assert!(!diag.text.is_empty());
        *files.entry(diag.span.map(|s| s.file)).or_default() += 1;
        let Some(span) = diag.span else { continue };
        assert!(
            (span.file, span.start) >= last,
            "messages are in file order"
        );
        last = (span.file, span.start);
        let place = diags.place(diag).expect("a span has a place");
        points_into(memory, place);
    }
    let mut shown = String::new();
    diags.render(&mut shown, false).expect("a String");
    let unprintable = |c: char| c.is_control() && c != '\n';
    if let Some(at) = shown.find(unprintable) {
        let from = shown[..at].rfind('\n').map_or(0, |n| n + 1);
        let to = shown[at..].find('\n').map_or(shown.len(), |n| at + n);
        panic!(
            "control characters reach the terminal: {:?}",
            &shown[from..to]
        );
    }
    // A place, a source line, a caret, and what was not shown.
    let most: usize = files.values().map(|n| (*n).min(PER_FILE) * 3 + 1).sum();
    let lines = shown.lines().count();
    assert!(lines <= most + 1, "{lines} lines for {files:?}");
    let mut coloured = String::new();
    diags.render(&mut coloured, true).expect("a String");
    assert_eq!(plain(&coloured), shown, "colour changes nothing else");
    json(loaded);
    shown
}

/// A message's place exists.
fn points_into(memory: &Memory, (path, line, column): (&str, u32, u32)) {
    use holdfast::config::Outside;
    let text = memory.read(path).expect("a message names a file there is");
    let macintosh = !text.contains(&b'\n') && text.iter().filter(|b| **b == b'\r').count() > 1;
    let end = if macintosh { b'\r' } else { b'\n' };
    let index = line.checked_sub(1).expect("lines count from 1") as usize;
    let line = text
        .split(|b| *b == end)
        .nth(index)
        .expect("a line there is");
    assert!(
        column >= 1 && column as usize <= line.len() + 1,
        "{path}:{index}+1:{column}"
    );
}

/// The text without colours.
fn plain(coloured: &str) -> String {
    let mut out = String::new();
    let mut rest = coloured;
    while let Some(at) = rest.find("\x1b[") {
        out.push_str(&rest[..at]);
        let end = rest[at..].find('m').expect("a colour ends");
        rest = &rest[at + end + 1..];
    }
    out.push_str(rest);
    out
}

/// The effective configuration loads to the same and prints as itself.
fn normal_form(memory: &Memory, options: &Options, loaded: &Loaded) {
    let bytes = config::print_bytes(&loaded.config);
    let normal = config::print(&loaded.config);
    assert_eq!(normal, String::from_utf8_lossy(&bytes), "the same as text");
    let mut memory = memory.clone();
    memory.file("/normal.conf", &bytes);
    let again = config::load(&memory, "/normal.conf", options);
    let sound = loaded.diags.count(Severity::Error) == 0 && !loaded.diags.fatal();
    if sound && (again.diags.count(Severity::Error) > 0 || again.diags.fatal()) {
        let mut said = String::new();
        again.diags.render(&mut said, false).expect("a String");
        panic!("no error before, errors in the normal form:\n{said}\n{normal}");
    }
    same(&content(&loaded.config), &content(&again.config), &normal);
    assert_eq!(
        bytes,
        config::print_bytes(&again.config),
        "stable:\n{normal}"
    );
}

/// Each message is one line, and an object with texts and numbers.
fn json(loaded: &Loaded) {
    let mut out = String::new();
    loaded.diags.json(&mut out).expect("a String");
    assert!(!out.contains(|c| c < ' ' && c != '\n'), "{out}");
    assert_eq!(out.lines().count(), loaded.diags.iter().count());
    for line in out.lines() {
        let inner = line.strip_prefix('{').and_then(|l| l.strip_suffix('}'));
        let mut rest = inner.expect("an object");
        loop {
            rest = text(rest)
                .strip_prefix(':')
                .expect("a name, then its value");
            rest = match rest.starts_with('"') {
                true => text(rest),
                false => rest.trim_start_matches(|c: char| c.is_ascii_digit()),
            };
            if rest.is_empty() {
                break;
            }
            rest = rest.strip_prefix(',').expect("another name");
        }
    }
}

/// Behind the JSON text that `rest` begins with.
fn text(rest: &str) -> &str {
    let mut chars = rest.strip_prefix('"').expect("a text").chars();
    loop {
        match chars.next().expect("a text ends") {
            '"' => return chars.as_str(),
            '\\' => match chars.next().expect("an escape") {
                'u' => {
                    let hex = chars.by_ref().take(4).filter(char::is_ascii_hexdigit);
                    assert_eq!(hex.count(), 4);
                }
                c => assert!("\"\\/bfnrt".contains(c), "\\{c}"),
            },
            _ => {}
        }
    }
}

/// Says in which line two texts differ, if they do.
fn same(before: &str, after: &str, normal: &str) {
    if before == after {
        return;
    }
    let differ = before.lines().zip(after.lines()).find(|(a, b)| a != b);
    let (a, b) = differ.unwrap_or(("one is longer", ""));
    panic!("the normal form loads to something else:\n- {a}\n+ {b}\n{normal}");
}

/// Everything that is in a configuration, in words: interfaces by name, places left out.
fn content(config: &Config) -> String {
    let mut config = config.clone();
    let names = config.vrrp.interfaces.clone();
    config.vrrp.interfaces.sort();
    let text = format!("{config:#?}");
    let mut out = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        match line.trim() {
            // Routes and rules keep their line for messages.
            number if number.starts_with("line: ") => {}
            "place: Place {" => while lines.next().is_some_and(|l| l.trim() != "},") {},
            "IfaceId(" | "iface: IfaceId(" => {
                let number = lines
                    .next()
                    .unwrap_or_default()
                    .trim()
                    .trim_end_matches(',');
                let number: usize = number.parse().expect("an index");
                out.push_str(line);
                out.push_str(&names[number]);
            }
            _ => out.push_str(line),
        }
        out.push('\n');
    }
    out
}
