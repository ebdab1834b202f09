//! Names for the numbers of routing, from the files of iproute2.

use super::Outside;
use std::collections::BTreeMap;

/// What is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Routing tables.
    Table,
    /// Scopes.
    Scope,
    /// Who set a route.
    Protocol,
    /// Realms.
    Realm,
    /// Differentiated services fields.
    Field,
    /// Groups of interfaces.
    Group,
}

impl Kind {
    /// What it is called in a message.
    pub fn text(self) -> &'static str {
        match self {
            Kind::Table => "table",
            Kind::Scope => "scope",
            Kind::Protocol => "protocol",
            Kind::Realm => "realm",
            Kind::Field => "dsfield",
            Kind::Group => "interface group",
        }
    }

    fn file(self) -> &'static str {
        match self {
            Kind::Table => "rt_tables",
            Kind::Scope => "rt_scopes",
            Kind::Protocol => "rt_protos",
            Kind::Realm => "rt_realms",
            Kind::Field => "rt_dsfield",
            Kind::Group => "group",
        }
    }

    /// Names that hold without any file (linux/rtnetlink.h).
    fn builtin(self) -> &'static [(&'static str, u32)] {
        match self {
            Kind::Table => &[("default", 253), ("main", 254), ("local", 255)],
            Kind::Scope => &[
                ("global", 0),
                ("site", 200),
                ("link", 253),
                ("host", 254),
                ("nowhere", 255),
            ],
            Kind::Protocol => &[
                ("redirect", 1),
                ("kernel", 2),
                ("boot", 3),
                ("static", 4),
                ("ra", 9),
                ("zebra", 11),
                ("bird", 12),
                ("dhcp", 16),
                ("keepalived", 18),
                ("bgp", 186),
                ("ospf", 188),
                ("rip", 189),
            ],
            Kind::Realm => &[("cosmos", 0)],
            Kind::Field => &[("default", 0)],
            Kind::Group => &[("default", 0)],
        }
    }
}

/// The names, each file read when it is first asked for.
#[derive(Debug)]
pub(super) struct Names {
    /// Directory of the distribution's files (`iproute_usr_dir`).
    pub usr: Box<str>,
    /// Directory of the administrator's files (`iproute_etc_dir`).
    pub etc: Box<str>,
    read: BTreeMap<Kind, BTreeMap<Box<str>, u32>>,
    /// Preferences for rules without one, IPv4 and IPv6.
    pub preferences: [u32; 2],
}

impl Default for Names {
    fn default() -> Self {
        Names {
            usr: "/usr/share/iproute2".into(),
            etc: "/etc/iproute2".into(),
            read: BTreeMap::new(),
            preferences: [FIRST_PREFERENCE; 2],
        }
    }
}

/// The first rule without a preference gets this one, the next ones smaller ones.
const FIRST_PREFERENCE: u32 = 16_384;

impl Names {
    /// The number behind a name.
    pub fn find(&mut self, outside: &dyn Outside, kind: Kind, name: &[u8]) -> Option<u32> {
        let name = core::str::from_utf8(name).ok()?;
        self.of(outside, kind).get(name).copied()
    }

    /// All names.
    pub fn known(&mut self, outside: &dyn Outside, kind: Kind) -> impl Iterator<Item = &str> {
        self.of(outside, kind).keys().map(|k| &**k)
    }

    fn of(&mut self, outside: &dyn Outside, kind: Kind) -> &BTreeMap<Box<str>, u32> {
        let Names { usr, etc, read, .. } = self;
        read.entry(kind).or_insert_with(|| {
            let mut names: BTreeMap<Box<str>, u32> = kind
                .builtin()
                .iter()
                .map(|(name, number)| ((*name).into(), *number))
                .collect();
            // As iproute2: the administrator's file instead of the packaged one, then additions.
            let name = kind.file();
            if !file(outside, &format!("{etc}/{name}"), &mut names) {
                file(outside, &format!("{usr}/{name}"), &mut names);
            }
            for dir in [usr, etc] {
                for path in outside.glob(&format!("{dir}/{name}.d/*.conf")) {
                    file(outside, &path, &mut names);
                }
            }
            names
        })
    }
}

/// Lines of `NUMBER NAME`, the number perhaps in hexadecimal; a later one counts. `false`: there
/// is no such file.
fn file(outside: &dyn Outside, path: &str, names: &mut BTreeMap<Box<str>, u32>) -> bool {
    let Ok(text) = outside.read(path) else {
        return false;
    };
    for line in String::from_utf8_lossy(&text).lines() {
        let line = line.split('#').next().unwrap_or_default();
        let mut words = line.split_ascii_whitespace();
        if let (Some(number), Some(name)) = (words.next(), words.next())
            && let Some(number) = super::route::number(number.as_bytes())
            && let Ok(number) = u32::try_from(number)
        {
            names.insert(name.into(), number);
        }
    }
    true
}
