//! Names that iproute2 gives to numbers: scopes, tables, protocols, realms …

use super::value;
use super::walk::Walk;
use std::collections::BTreeMap;

/// Directories of iproute2's files, and what has been read of them.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// `iproute_etc_dir`
    pub etc: Option<Box<str>>,
    /// `iproute_usr_dir`
    pub usr: Option<Box<str>>,
    read: BTreeMap<&'static str, BTreeMap<Vec<u8>, u32>>,
}

impl<'a> Walk<'a> {
    /// The number of a name in a file such as `rt_scopes` or `rt_tables`: lines `NUMBER NAME`.
    pub(super) fn rt_name(&mut self, file: &'static str, name: &[u8]) -> Option<u32> {
        if !self.names.read.contains_key(file) {
            let mut all = BTreeMap::new();
            let etc = self.names.etc.as_deref().unwrap_or("/etc/iproute2");
            let usr = self.names.usr.as_deref().unwrap_or("/usr/share/iproute2");
            // As iproute2: the administrator's file instead of the packaged one, then additions.
            let main = self.outside.read(&format!("{etc}/{file}"));
            let main = main.or_else(|_| self.outside.read(&format!("{usr}/{file}")));
            take(&mut all, &main.unwrap_or_default());
            for dir in [usr, etc] {
                for path in self.outside.glob(&format!("{dir}/{file}.d/*.conf")) {
                    take(&mut all, &self.outside.read(&path).unwrap_or_default());
                }
            }
            self.names.read.insert(file, all);
        }
        self.names.read.get(file)?.get(name).copied()
    }
}

fn take(all: &mut BTreeMap<Vec<u8>, u32>, text: &[u8]) {
    for line in text.split(|b| *b == b'\n') {
        let mut words = line
            .split(u8::is_ascii_whitespace)
            .filter(|w| !w.is_empty());
        let (Some(number), Some(name)) = (words.next(), words.next()) else {
            continue;
        };
        let number = match number.strip_prefix(b"0x") {
            Some(hex) => core::str::from_utf8(hex)
                .ok()
                .and_then(|h| u32::from_str_radix(h, 16).ok()),
            None => value::int(number, 0, i64::from(u32::MAX))
                .ok()
                .and_then(|n| u32::try_from(n).ok()),
        };
        if let Some(number) = number
            && !name.starts_with(b"#")
        {
            all.insert(name.to_vec(), number);
        }
    }
}
