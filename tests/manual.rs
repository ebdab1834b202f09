//! holdfast.conf(5) lists exactly the keywords that there are. `UPDATE=1` writes arguments, default
//! and state of each entry anew, and adds entries that are missing; what they do is for people to
//! say.

#![allow(
    clippy::disallowed_methods,
    reason = "reads the manual, runs the program"
)]

use holdfast::config::table::{BLOCKS, INCLUDES, Row, rows};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::process::Command;
use std::sync::OnceLock;

const BEGIN: &str = ".\\\" keywords: ";
const END: &str = ".\\\" end of keywords";

/// The page; with `UPDATE` set as the table has it.
fn page() -> &'static str {
    static PAGE: OnceLock<String> = OnceLock::new();
    PAGE.get_or_init(|| {
        let project = env!("CARGO_MANIFEST_DIR");
        let path = format!("{project}/board/common/holdfast.conf.5");
        let mut text = fs::read_to_string(&path).expect("the page");
        if std::env::var_os("UPDATE").is_some_and(|v| !v.is_empty()) {
            text = updated(&text);
            fs::write(&path, &text).expect("writable");
        }
        text
    })
}

/// The keywords of a block by the block's name; `url` is two blocks with one name.
fn table() -> BTreeMap<String, Vec<Row>> {
    let mut table: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for block in BLOCKS {
        let known = table.entry(block.to_string()).or_default();
        for row in rows(block).iter() {
            match known.iter().find(|k| k.name == row.name) {
                None => known.push(row),
                Some(same) => assert_eq!(entry(same), entry(&row), "{block}: {}", row.name),
            }
        }
    }
    table
}

/// A text as mdoc writes it: nothing in it is a request, an escape or a hyphen.
fn plain(text: &str) -> String {
    text.replace('\\', "\\e").replace('-', "\\-")
}

/// The first and the last line of a keyword's entry.
fn entry(row: &Row) -> (String, String) {
    let arguments = match row.arguments() {
        none if none.is_empty() => none,
        words => format!(" Ar \"{}\"", plain(&words)),
    };
    let default = match row.default() {
        "" => String::new(),
        must @ ("required" | "at least one") => format!("{must}; "),
        default => format!("default {}; ", plain(default)),
    };
    (
        format!(".It Ic {}{arguments}", row.name),
        format!("[{default}{}]", plain(&row.support())),
    )
}

/// One section of the page: the blocks it is about, and its entries by keyword.
struct Section<'p> {
    blocks: Vec<&'p str>,
    entries: Vec<(&'p str, Vec<&'p str>)>,
}

/// Every section, each with the number of its first and of its last line.
fn sections(page: &str) -> Vec<(usize, usize, Section<'_>)> {
    let mut sections = Vec::new();
    let mut open: Option<(usize, Section<'_>)> = None;
    for (n, line) in page.lines().enumerate() {
        if let Some(blocks) = line.strip_prefix(BEGIN) {
            assert!(open.is_none(), "line {n}: a section inside another one");
            let blocks = blocks.split(", ").collect();
            let entries = Vec::new();
            open = Some((n, Section { blocks, entries }));
        } else if line == END {
            let (from, section) = open.take().expect("a section that ends has begun");
            sections.push((from, n, section));
        } else if let Some((_, section)) = &mut open {
            if let Some(rest) = line.strip_prefix(".It Ic ") {
                let name = rest.split(' ').next().expect("split gives one");
                section.entries.push((name, vec![line]));
            } else if let Some((_, lines)) = section.entries.last_mut() {
                lines.push(line);
            }
        }
    }
    assert!(open.is_none(), "a section does not end");
    sections
}

/// What the people have said of a keyword.
fn said<'p>(lines: &[&'p str]) -> Vec<&'p str> {
    let text = lines.iter().skip(1);
    let text = text.take_while(|l| !l.starts_with('[') && **l != ".El");
    text.copied().collect()
}

/// What is wrong with the page, a line each.
fn faults(page: &str) -> String {
    let table = table();
    let mut wrong = String::new();
    let mut seen: BTreeSet<(&str, &str)> = BTreeSet::new();
    for (_, _, section) in sections(page) {
        let all = section.blocks.join(", ");
        for (name, lines) in &section.entries {
            for block in &section.blocks {
                let known = table.get(*block).map_or(&[][..], Vec::as_slice);
                let Some(row) = known.iter().find(|r| r.name == *name) else {
                    let _ = writeln!(wrong, "{block}: there is no {name}");
                    continue;
                };
                if !seen.insert((block, row.name)) {
                    let _ = writeln!(wrong, "{block}: {name} twice");
                }
                let (first, last) = entry(row);
                let text = said(lines);
                let end = lines.get(text.len() + 1).copied().unwrap_or_default();
                if lines[0] != first || end != last {
                    let _ = writeln!(wrong, "{block}: {name} should read '{first}' … '{last}'");
                }
            }
            if said(lines).is_empty() {
                let _ = writeln!(wrong, "{all}: what does {name} do?");
            }
        }
    }
    for (block, known) in &table {
        for row in known {
            if !seen.contains(&(block.as_str(), row.name)) {
                let _ = writeln!(wrong, "{block}: {} is missing", row.name);
            }
        }
    }
    for word in INCLUDES {
        let first = format!(".It Ic {word} Ar PATTERN");
        if !page.lines().any(|l| l == first) {
            let _ = writeln!(wrong, "{word} is missing");
        }
    }
    wrong
}

/// The page with every entry as the table has it.
fn updated(page: &str) -> String {
    let table = table();
    let lines: Vec<&str> = page.lines().collect();
    let mut covered: BTreeSet<(&str, &str)> = BTreeSet::new();
    let all = sections(page);
    for (_, _, section) in &all {
        for (name, _) in &section.entries {
            covered.extend(section.blocks.iter().map(|b| (*b, *name)));
        }
    }
    let mut out = String::new();
    let mut copied = 0;
    for (from, to, section) in &all {
        for line in &lines[copied..=*from] {
            let _ = writeln!(out, "{line}");
        }
        copied = *to;
        out.push_str(".Bl -tag -width Ds\n");
        let known = table.get(section.blocks[0]).map_or(&[][..], Vec::as_slice);
        for (name, lines) in &section.entries {
            // What is no keyword any more goes.
            let Some(row) = known.iter().find(|r| r.name == *name) else {
                continue;
            };
            write_entry(&mut out, row, &said(lines));
        }
        if let [block] = section.blocks[..] {
            for row in known {
                if covered.insert((block, row.name)) {
                    write_entry(&mut out, row, &[]);
                }
            }
        }
        out.push_str(".El\n");
    }
    for line in &lines[copied..] {
        let _ = writeln!(out, "{line}");
    }
    out
}

fn write_entry(out: &mut String, row: &Row, said: &[&str]) {
    let (first, last) = entry(row);
    let _ = writeln!(out, "{first}");
    for line in said {
        let _ = writeln!(out, "{line}");
    }
    let _ = writeln!(out, "{last}");
}

#[test]
fn the_manual_lists_every_keyword_as_it_is() {
    let wrong = faults(page());
    let hint = "UPDATE=1 cargo test --test manual writes it anew";
    assert!(wrong.is_empty(), "{wrong}{hint}");
}

/// The test above sees each kind of fault, and an update mends what a machine can mend.
#[test]
fn a_page_that_is_not_true_is_found() {
    let text = page();
    let first = ".It Ic advert_int Ar \"0.01..255 s\"\n";
    let begin = text.find(first).expect("advert_int");
    let end = begin + text[begin..].find("\n[").expect("its last line");
    let end = end + 1 + text[end + 1..].find('\n').expect("a line ends") + 1;
    let one = &text[begin..end];
    let last = one.lines().last().expect("its last line");
    let cases = [
        (
            text.replacen(first, ".It Ic advert_int\n", 1),
            "should read",
            true,
        ),
        (
            text.replacen(one, &one.replace(last, "[default 2; supported]"), 1),
            "should read",
            true,
        ),
        (text.replacen(one, "", 1), "is missing", false),
        (
            text.replacen(one, &one.repeat(2), 1),
            "advert_int twice",
            false,
        ),
        (
            text.replacen(one, &format!("{first}{last}\n"), 1),
            "what does advert_int do?",
            false,
        ),
        (
            text.replacen(
                one,
                &format!("{one}.It Ic advert_intt\nWhat.\n[supported]\n"),
                1,
            ),
            "there is no advert_intt",
            true,
        ),
        (
            text.replacen(".It Ic includeb Ar", ".It Ic include Ar", 1),
            "includeb is missing",
            false,
        ),
    ];
    for (bad, want, mended) in cases {
        assert_ne!(bad, text, "{want}");
        let wrong = faults(&bad);
        assert!(wrong.contains(want), "{want}: {wrong}");
        assert_eq!(updated(&bad) == text, mended, "{want}");
    }
    assert_eq!(updated(text), text);
}

/// The list that the program prints and the page say the same.
#[test]
fn the_list_and_the_manual_agree() {
    let out = Command::new(env!("CARGO_BIN_EXE_holdfast"))
        .arg("--keywords")
        .output()
        .expect("holdfast runs");
    let list = String::from_utf8(out.stdout).expect("UTF-8");
    let text = page();
    let mut count = 0;
    for line in list.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [name, blocks, arguments, _, support] = cells[..] else {
            panic!("{line}");
        };
        if blocks == "anywhere" {
            continue;
        }
        for block in blocks.split(',') {
            count += 1;
            let found = sections(text).iter().any(|(_, _, section)| {
                section.blocks.contains(&block)
                    && section.entries.iter().any(|(n, lines)| {
                        let shown = match arguments {
                            "-" => format!(".It Ic {name}"),
                            some => format!(".It Ic {name} Ar \"{}\"", plain(some)),
                        };
                        *n == name
                            && lines[0] == shown
                            && lines
                                .iter()
                                .any(|l| l.ends_with(&format!("{}]", plain(support))))
                    })
            });
            assert!(found, "{block}: {line}");
        }
    }
    assert!(count > 500, "only {count} keywords");
}
