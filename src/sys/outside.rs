//! What the configuration asks of the world, as plain functions: files, patterns, owners, users,
//! interfaces. Users and groups are read from /etc/passwd and /etc/group: a static binary has no
//! name service to ask.

use crate::sys::process;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;

/// Owner, mode and kind of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Permission and set-id bits, `0o7777`.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// A regular file.
    pub file: bool,
    /// A directory.
    pub dir: bool,
}

/// The bytes of a file, at most [`LARGEST`] (EFBIG beyond).
pub fn read(path: &str) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    // In one piece, where the length is known: files of /proc say 0.
    let length = file.metadata()?.len().min(LARGEST);
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(io::Error::from_raw_os_error(libc::EFBIG));
    }
    Ok(bytes)
}

/// No configuration is larger; /dev/zero is.
const LARGEST: u64 = 16 << 20;

/// Owner, mode and kind of a path, following symbolic links if `follow`.
pub fn stat(path: &str, follow: bool) -> Option<Facts> {
    let found = if follow {
        std::fs::metadata(path)
    } else {
        std::fs::symlink_metadata(path)
    };
    let found = found.ok()?;
    Some(Facts {
        mode: found.mode() & 0o7777,
        uid: found.uid(),
        gid: found.gid(),
        file: found.is_file(),
        dir: found.is_dir(),
    })
}

/// The target of a symbolic link.
pub fn link(path: &str) -> Option<String> {
    std::fs::read_link(path)
        .ok()?
        .into_os_string()
        .into_string()
        .ok()
}

/// User and primary group by name, else by number. A number without an entry is taken to have a
/// group of the same number.
pub fn user(name: &str) -> Option<(u32, u32)> {
    user_in(
        &std::fs::read_to_string("/etc/passwd").unwrap_or_default(),
        name,
    )
}

/// Group by name, else by number.
pub fn group(name: &str) -> Option<u32> {
    group_in(
        &std::fs::read_to_string("/etc/group").unwrap_or_default(),
        name,
    )
}

/// The daemon's effective user and group.
pub fn own_user() -> (u32, u32) {
    process::own_user()
}

/// Whether an interface exists in this network namespace; `None`: cannot tell.
pub fn interface(name: &str) -> Option<bool> {
    match nix::net::if_::if_nametoindex(name) {
        Ok(_) => Some(true),
        Err(nix::errno::Errno::ENODEV | nix::errno::Errno::ENXIO) => Some(false),
        Err(_) => None,
    }
}

/// An environment variable.
pub fn env(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// passwd(5): name:password:uid:gid:…
fn user_in(passwd: &str, name: &str) -> Option<(u32, u32)> {
    let entries = || {
        passwd.lines().filter_map(|line| {
            let mut fields = line.split(':');
            let (entry, uid, gid) = (fields.next()?, fields.nth(1)?, fields.next()?);
            Some((entry, uid.parse::<u32>().ok()?, gid.parse::<u32>().ok()?))
        })
    };
    if let Some((_, uid, gid)) = entries().find(|(entry, ..)| *entry == name) {
        return Some((uid, gid));
    }
    let number = id(name)?;
    let gid = entries()
        .find(|(_, uid, _)| *uid == number)
        .map(|(.., gid)| gid);
    Some((number, gid.unwrap_or(number)))
}

/// group(5): name:password:gid:…
fn group_in(groups: &str, name: &str) -> Option<u32> {
    let by_name = groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next()? == name).then_some(())?;
        fields.nth(1)?.parse().ok()
    });
    by_name.or_else(|| id(name))
}

/// A user or group number; 2^32 - 1 means "no change" to the kernel and is no id.
fn id(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits
        .then(|| text.parse().ok())
        .flatten()
        .filter(|id| *id != u32::MAX)
}

/// Paths that match a shell pattern: `* ? [a-z] [!a-z] {a,b}` and `\` before a character that is
/// meant literally. Each alternative's paths are sorted; alternatives stay in their order. A
/// leading `.` must be written out. Names that are not UTF-8 are passed over.
pub fn glob(pattern: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut left = ALTERNATIVES;
    for pattern in alternatives(pattern, &mut left) {
        let from = found.len();
        let (start, rest) = match pattern.strip_prefix('/') {
            Some(rest) => ("/", rest),
            None => ("", pattern.as_str()),
        };
        walk(start.to_owned(), rest, &mut found);
        found[from..].sort();
    }
    found
}

/// `{a,b}` multiplies; past this many patterns the rest is left as it is written.
const ALTERNATIVES: usize = 1024;

/// Expands the first `{…,…}`, then what it gave.
fn alternatives(pattern: &str, left: &mut usize) -> Vec<String> {
    let Some((open, commas, close)) = braces(pattern) else {
        return vec![pattern.to_owned()];
    };
    let mut expanded = Vec::new();
    let mut from = open + 1;
    for to in commas.into_iter().chain([close]) {
        if *left == 0 {
            return expanded;
        }
        *left -= 1;
        let one = format!(
            "{}{}{}",
            &pattern[..open],
            &pattern[from..to],
            &pattern[close + 1..]
        );
        expanded.extend(alternatives(&one, left));
        from = to + 1;
    }
    expanded
}

/// Where the first balanced brace pair opens, its own commas, and where it closes.
fn braces(pattern: &str) -> Option<(usize, Vec<usize>, usize)> {
    let bytes = pattern.as_bytes();
    let (mut open, mut commas, mut depth, mut at) = (None, Vec::new(), 0_usize, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'{' => {
                depth += 1;
                if depth == 1 {
                    open = Some(at);
                }
            }
            b',' if depth == 1 => commas.push(at),
            b'}' if depth == 1 => return open.map(|open| (open, commas, at)),
            b'}' if depth > 1 => depth -= 1,
            _ => {}
        }
        at += 1;
    }
    None
}

/// Adds to `found` what matches `rest` below the folder `at` (`""`: here, else ending in `/`).
fn walk(at: String, rest: &str, found: &mut Vec<String>) {
    let (part, below) = match rest.split_once('/') {
        Some((part, below)) => (part, Some(below)),
        None => (rest, None),
    };
    if part.is_empty() && below.is_none() {
        // A pattern that ends in `/`, or `/` itself.
        if !at.is_empty() && std::fs::metadata(&at).is_ok() {
            found.push(at);
        }
        return;
    }
    let special = part.contains(['*', '?', '[']);
    let names = if special {
        names(&at, part)
    } else {
        vec![plain(part)]
    };
    for name in names {
        let path = format!("{at}{name}");
        match below {
            Some(below) => walk(format!("{path}/"), below, found),
            None if std::fs::symlink_metadata(&path).is_ok() => found.push(path),
            None => {}
        }
    }
}

/// The names in a folder that match one part of a pattern.
fn names(folder: &str, part: &str) -> Vec<String> {
    let folder = if folder.is_empty() { "." } else { folder };
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let names = entries
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok());
    names
        .filter(|name| part.starts_with('.') || !name.starts_with('.'))
        .filter(|name| matches(part, name))
        .collect()
}

/// A part without its backslashes.
fn plain(part: &str) -> String {
    let mut out = String::new();
    let mut chars = part.chars();
    while let Some(c) = chars.next() {
        out.push(if c == '\\' {
            chars.next().unwrap_or('\\')
        } else {
            c
        });
    }
    out
}

/// Whether a whole name matches a pattern without `/` and braces.
fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    // Where to go on after a mismatch: behind the last `*`, one more character swallowed.
    let mut retry: Option<(usize, usize)> = None;
    loop {
        if p < pattern.len() && pattern[p] == '*' {
            p += 1;
            retry = Some((p, n));
            continue;
        }
        if n == name.len() {
            return p == pattern.len();
        }
        match one(&pattern[p..], name[n]) {
            Some(used) => (p, n) = (p + used, n + 1),
            None => match retry {
                Some((after, from)) => {
                    retry = Some((after, from + 1));
                    (p, n) = (after, from + 1);
                }
                None => return false,
            },
        }
    }
}

/// If the pattern's first element matches `c`: how many characters the element has.
fn one(pattern: &[char], c: char) -> Option<usize> {
    match *pattern.first()? {
        '?' => Some(1),
        '\\' if pattern.len() > 1 => (pattern[1] == c).then_some(2),
        '[' => match class(pattern, c) {
            Some((inside, used)) => inside.then_some(used),
            None => (c == '[').then_some(1),
        },
        literal => (literal == c).then_some(1),
    }
}

/// `[a-z]`, `[!a-z]`: whether `c` is meant, and the length; `None` if it never closes.
fn class(pattern: &[char], c: char) -> Option<(bool, usize)> {
    let negated = matches!(pattern.get(1), Some('!' | '^'));
    let first = 1 + usize::from(negated);
    let (mut at, mut inside) = (first, false);
    loop {
        let low = *pattern.get(at)?;
        if low == ']' && at > first {
            return Some((inside != negated, at + 1));
        }
        match (pattern.get(at + 1), pattern.get(at + 2)) {
            (Some('-'), Some(&high)) if high != ']' => {
                inside |= low <= c && c <= high;
                at += 3;
            }
            _ => {
                inside |= low == c;
                at += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::tests::Scratch;

    #[test]
    fn patterns_match_as_a_shell_does() {
        let table = [
            ("*", "abc", true),
            ("*.conf", "a.conf", true),
            ("*.conf", "a.conf~", false),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXbYbZ", false),
            ("?", "é", true),
            ("?", "", false),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("[^a-c]x", "dx", true),
            ("[]]", "]", true),
            ("[a-]", "-", true),
            ("[ab", "[ab", true),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("**", "", true),
            ("*a", &"a".repeat(300), true),
            ("*a*a*a*a*b", &"a".repeat(300), false),
        ];
        for (pattern, name, expected) in table {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn braces_multiply_in_order() {
        let expand = |p: &str| alternatives(p, &mut ALTERNATIVES.clone());
        assert_eq!(expand("a{b,c}d{e,f}"), ["abde", "abdf", "acde", "acdf"]);
        assert_eq!(expand("{a,{b,c}x}"), ["a", "bx", "cx"]);
        assert_eq!(expand("a{b"), ["a{b"]);
        assert_eq!(expand("a\\{b,c}"), ["a\\{b,c}"]);
        assert_eq!(expand("a}b"), ["a}b"]);
        assert_eq!(expand("{,x}"), ["", "x"]);
        assert!(expand(&"{a,b}".repeat(40)).len() <= ALTERNATIVES);
    }

    #[test]
    fn globs_find_sorted_paths() {
        let scratch = Scratch::new("glob");
        let root = std::path::PathBuf::from(scratch.path("root"));
        for folder in ["x1", "x2", ".hidden"] {
            std::fs::create_dir_all(root.join(folder)).unwrap();
            for file in ["b.conf", "a.conf", "c.txt", ".d.conf", "we*rd"] {
                std::fs::write(root.join(folder).join(file), "").unwrap();
            }
        }
        let root = root.to_str().unwrap();
        let found = |pattern: &str| -> Vec<String> {
            let cut = root.len() + 1;
            glob(&format!("{root}/{pattern}"))
                .iter()
                .map(|p| p[cut..].to_owned())
                .collect()
        };
        assert_eq!(
            found("*/*.conf"),
            ["x1/a.conf", "x1/b.conf", "x2/a.conf", "x2/b.conf"]
        );
        assert_eq!(found("x{2,1}/[!b].conf"), ["x2/a.conf", "x1/a.conf"]);
        assert_eq!(found("x1/.*.conf"), ["x1/.d.conf"]);
        assert_eq!(found("x1/c.txt"), ["x1/c.txt"]);
        assert_eq!(found("x1/we\\*rd"), ["x1/we*rd"]);
        assert_eq!(found("x1/nothing"), [""; 0]);
        assert_eq!(found("x1/c.txt/*"), [""; 0]);
        assert_eq!(found("x?/"), ["x1/", "x2/"]);
        assert_eq!(glob("/"), ["/"]);
        assert_eq!(glob(""), [""; 0]);
    }

    #[test]
    fn users_and_groups() {
        let passwd =
            "root:x:0:0:root:/root:/bin/sh\n# comment\nbroken:x:\n7:x:9:9::/:\nmail:x:8:12::/:\n";
        assert_eq!(user_in(passwd, "root"), Some((0, 0)));
        assert_eq!(user_in(passwd, "mail"), Some((8, 12)));
        assert_eq!(user_in(passwd, "8"), Some((8, 12)));
        assert_eq!(user_in(passwd, "7"), Some((9, 9)), "a name first");
        assert_eq!(user_in(passwd, "1000"), Some((1000, 1000)));
        for unknown in ["nobody", "", "broken", "-1", "4294967295", "99999999999"] {
            assert_eq!(user_in(passwd, unknown), None, "{unknown}");
        }
        let groups = "root:x:0:\nadm:x:4:a,b\n";
        assert_eq!(
            (group_in(groups, "adm"), group_in(groups, "12")),
            (Some(4), Some(12))
        );
        assert_eq!(group_in(groups, "x"), None);
        assert_eq!(user("root"), Some((0, 0)));
        assert_eq!(group("root"), Some(0));
    }

    #[test]
    fn the_rest_of_the_world() {
        assert_eq!(interface("lo"), Some(true));
        assert_eq!(interface("no-such-if0"), Some(false));
        assert!(read("/etc/passwd").unwrap().starts_with(b"root"));
        assert_eq!(
            read("/dev/zero").unwrap_err().raw_os_error(),
            Some(libc::EFBIG)
        );
        let root = stat("/", true).unwrap();
        assert!(root.dir && !root.file && root.uid == 0);
        assert!(stat("/proc/self/exe", true).unwrap().file);
        assert!(!stat("/proc/self/exe", false).unwrap().file);
        assert!(link("/proc/self/exe").unwrap().starts_with('/'));
        assert_eq!(
            (stat("/none", true), link("/none"), env("NO_SUCH_VARIABLE")),
            (None, None, None)
        );
    }
}
