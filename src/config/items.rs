//! The items of lists, and other arguments of several words.

use super::diag::quote;
use super::ipvs::{Fault, range};
use super::lexer::Word;
use super::table::{Defined, Item};
use super::value;
use super::walk::Walk;

impl<'a> Walk<'a> {
    /// Checks an item of a list nothing acts on yet.
    pub(super) fn item(&mut self, node: u32, item: Item) {
        let words = self.all(node);
        if self.broken(words) {
            return;
        }
        let Some(first) = words.first().copied() else {
            return;
        };
        match item {
            Item::Mails => {}
            Item::Instances => self.references.extend(words),
            Item::Route | Item::Rule => self.checked(words, item),
            Item::Interfaces => {
                for word in words {
                    self.ifname(*word);
                }
            }
            Item::Address | Item::StaticAddress => {
                self.address(node);
            }
            Item::TrackInterface => {
                if self.ifname(first) {
                    self.track_options(&words[1..], 254);
                }
            }
            Item::Track(kind, max) => self.track(kind, i64::from(max), words),
            Item::Peer => {
                if self.ip(first).is_some() {
                    self.peer_options(&words[1..]);
                }
            }
            Item::Service => {
                self.service(words);
            }
            Item::Linkbeat => {
                if self.ifname(first) {
                    self.linkbeat(words);
                }
            }
            Item::Delays => {
                if self.ifname(first) {
                    self.delays(words);
                }
            }
        }
    }

    fn track(&mut self, kind: Defined, max: i64, words: &'a [Word]) {
        let Some(first) = words.first().copied() else {
            return;
        };
        let name = self.bytes(first);
        if !self.defined.contains_key(&(kind, name)) {
            self.untracked(kind, first);
        }
        self.track_options(&words[1..], max);
    }

    /// What is tracked is not defined, or not yet.
    fn untracked(&mut self, kind: Defined, word: Word) {
        let name = self.bytes(word);
        let (what, block) = match kind {
            Defined::Script => ("track_script", "vrrp_script"),
            Defined::File => ("track_file", "track_file"),
            Defined::Process => ("track_process", "vrrp_track_process"),
            Defined::Bfd => ("track_bfd", "bfd_instance"),
        };
        let (text, near) = match self.everywhere.get(&(kind, name)) {
            Some(there) => (
                format!(
                    "{what} {} is defined only on {}",
                    quote(name),
                    self.other(*there, self.span(word))
                ),
                Some(format!("a {block} must stand before what tracks it")),
            ),
            None => {
                let names = self.defined.keys().filter(|k| k.0 == kind);
                let names = names.filter_map(|k| core::str::from_utf8(k.1).ok());
                let near = self.diags.nearest(name, names);
                let text = format!("{what} {} is not defined by any {block} block", quote(name));
                (text, near.map(|n| format!("did you mean '{n}'?")))
            }
        };
        self.wrong(word, text, near.as_deref());
    }

    /// `[weight W [reverse|noreverse]]`.
    fn track_options(&mut self, words: &[Word], max: i64) {
        let Some(first) = words.first().copied() else {
            return;
        };
        if self.bytes(first) == b"weight" {
            if words.len() == 1 {
                self.wrong(first, "weight needs a number".into(), None);
                return;
            }
            self.weight(&words[1..], max, &["reverse", "noreverse"]);
            return;
        }
        let bytes = self.bytes(first);
        let hint = match bytes.strip_prefix(b"weight=") {
            Some(n) => Some(format!("write 'weight {}'", String::from_utf8_lossy(n))),
            None if value::int(bytes, -255, 255).is_ok() => {
                Some(format!("write 'weight {}'", String::from_utf8_lossy(bytes)))
            }
            None => self
                .diags
                .nearest(bytes, ["weight"])
                .map(|w| format!("did you mean '{w}'?")),
        };
        let text = format!("unknown option {} is ignored", quote(bytes));
        self.wrong(first, text, hint.as_deref());
    }

    fn peer_options(&mut self, words: &[Word]) {
        let mut rest = words.iter().copied();
        while let Some(word) = rest.next() {
            let name = self.bytes(word);
            if !matches!(name, b"min_ttl" | b"max_ttl") {
                let left = rest.count();
                let text = match left {
                    0 => format!("unknown option {}", quote(name)),
                    n => format!(
                        "one peer per line: {} surplus words from {} on",
                        n + 1,
                        quote(name)
                    ),
                };
                self.wrong(word, text, None);
                return;
            }
            let number = rest.next();
            if number.is_none_or(|n| value::int(self.bytes(n), 0, 255).is_err()) {
                let text = format!("{} needs a number from 0 to 255", quote(name));
                self.wrong(number.unwrap_or(word), text, None);
                return;
            }
        }
    }

    /// A line of a virtual_server_group.
    fn service(&mut self, words: &[Word]) -> bool {
        let Some(first) = words.first().copied() else {
            return false;
        };
        let bytes = self.bytes(first);
        if bytes == b"fwmark" {
            return self.fwmark(words);
        }
        let why = match range(bytes) {
            Ok(_) => return self.port(words.get(1)),
            Err(Fault::Address) => {
                let text = format!("{} is not an IP address", quote(bytes));
                self.wrong(first, text, None);
                return false;
            }
            Err(why) => why,
        };
        let cut = bytes.iter().position(|b| matches!(b, b'-' | b'/'));
        let at = cut.map_or(0, |i| i + 1);
        let mut text = format!("address range {} is invalid", quote(bytes));
        let octet = value::ipv4(&bytes[..cut.unwrap_or(0)]).map(|ip| ip.octets()[3]);
        match (why, octet) {
            (Fault::Host, _) => text.push_str(" (the address has bits behind the prefix)"),
            (_, Some(octet)) if at > 0 && bytes[at - 1] == b'-' => {
                text.push_str(&format!(" (the last number must be {octet}..255)"));
            }
            _ => {}
        }
        let span = self.span(first).part(at, bytes.len() - at);
        self.diags.error(span, text);
        false
    }

    fn fwmark(&mut self, words: &[Word]) -> bool {
        let number = words.get(1).copied();
        let Some(word) = number.or(words.first().copied()) else {
            return false;
        };
        if number.is_some_and(|n| value::int(self.bytes(n), 1, 4_294_967_295).is_ok()) {
            return true;
        }
        let text = match number {
            Some(n) => format!("fwmark {} is not a number", quote(self.bytes(n))),
            None => "fwmark needs a number".into(),
        };
        self.wrong(word, text, None);
        false
    }

    /// `IP [PORT]`, `fwmark N` or `group NAME`.
    pub(super) fn virtual_server(&mut self, node: u32, args: &'a [Word]) -> bool {
        match args.first().map(|w| self.bytes(*w)) {
            Some(b"fwmark") => self.fwmark(args),
            Some(b"group") if args.len() >= 2 => true,
            Some(b"group") => {
                self.wrong(args[0], "group needs a name".into(), None);
                false
            }
            _ => self.address_port(node, args),
        }
    }

    /// `IP [PORT]`.
    pub(super) fn address_port(&mut self, node: u32, args: &[Word]) -> bool {
        let Some(first) = args.first().copied() else {
            let at = self.head(node).after();
            let text = format!("'{}' needs an address", self.name(node));
            let hint = format!("write '{} IP PORT {{'", self.name(node));
            self.diags
                .error(at, text)
                .class(super::diag::Class::MissingArgument)
                .hint(hint);
            return false;
        };
        let bytes = self.bytes(first);
        if value::loose_ip(bytes).is_none()
            && let Some(colon) = bytes.iter().position(|b| *b == b':')
            && value::ipv4(&bytes[..colon]).is_some()
        {
            let span = self.span(first).part(colon, bytes.len() - colon);
            let (ip, port) = bytes.split_at(colon);
            let write = format!(
                "write '{} {}'",
                String::from_utf8_lossy(ip),
                String::from_utf8_lossy(&port[1..])
            );
            self.diags
                .error(span, "address and port are separated by a blank")
                .hint(write);
            return false;
        }
        let valid = self.ip(first).is_some();
        valid && self.port(args.get(1))
    }

    /// HTTP status codes: `200`, `200-299`.
    pub(super) fn codes(&mut self, args: &[Word]) -> bool {
        for word in args.iter().copied() {
            let bytes = self.bytes(word);
            let mut parts = bytes.splitn(2, |b| *b == b'-');
            let numbers: Vec<_> = parts.by_ref().map(|p| value::int(p, 100, 599)).collect();
            let fits = match numbers.as_slice() {
                [Ok(_)] => true,
                [Ok(low), Ok(high)] => low <= high,
                _ => false,
            };
            if !fits {
                let text = format!("status_code {} is out of range 100..599", quote(bytes));
                self.wrong(word, text, None);
                return false;
            }
        }
        true
    }

    pub(super) fn digest(&mut self, word: Word) -> bool {
        let bytes = self.bytes(word);
        if bytes.len() == 32 && bytes.iter().all(u8::is_ascii_hexdigit) {
            return true;
        }
        let text = format!("digest {} is not 32 hexadecimal digits", quote(bytes));
        self.wrong(word, text, None);
        false
    }

    pub(super) fn mask(&mut self, word: Word) -> bool {
        let bytes = self.bytes(word);
        if value::ipv4(bytes).is_some() || value::int(bytes, 1, 128).is_ok() {
            return true;
        }
        let text = format!("{} is neither a netmask nor a prefix length", quote(bytes));
        self.wrong(word, text, None);
        false
    }

    /// NAT, DR or TUN.
    pub(super) fn method(&mut self, args: &[Word]) -> bool {
        let Some(word) = args.first().copied() else {
            return true;
        };
        let bytes = self.bytes(word);
        if matches!(bytes, b"NAT" | b"DR" | b"TUN") {
            return true;
        }
        let upper = bytes.to_ascii_uppercase();
        let (text, hint) = match upper.as_slice() {
            b"NAT" | b"DR" | b"TUN" => (
                format!("forwarding method {} is written in capitals", quote(bytes)),
                Some(format!("write {}", String::from_utf8_lossy(&upper))),
            ),
            b"FNAT" | b"FULLNAT" => (
                format!(
                    "forwarding method {} belongs to the FULLNAT fork of LVS",
                    quote(bytes)
                ),
                Some("NAT, DR or TUN".to_owned()),
            ),
            _ => (
                format!("unknown forwarding method {}: NAT, DR or TUN", quote(bytes)),
                None,
            ),
        };
        self.wrong(word, text, hint.as_deref());
        false
    }

    /// What a block nothing acts on yet must hold.
    pub(super) fn required(&mut self, block: u32, seen: &super::walk::Seen) -> bool {
        let Some(super::table::Shape::Block(kind, _)) = self.row(block).map(|r| r.shape) else {
            return true;
        };
        use super::table::Block;
        let needs: &[&str] = match kind {
            Block::Script => &["script"],
            Block::TrackFile => &["file"],
            Block::TrackProcess => &["process"],
            Block::Misc => &["misc_path"],
            Block::Http | Block::SslGet => &["url"],
            Block::Url | Block::SslUrl => &["path"],
            Block::File => &["track_file"],
            Block::BfdCheck => &["name"],
            _ => &[],
        };
        let mut complete = true;
        let needs = if self.node(block).torn { &[] } else { needs };
        for need in needs {
            let have = |s: &(u8, u32)| self.name(s.1) == *need;
            if !seen.iter().any(have) {
                let at = self.head(block);
                let text = format!("{} without {need}", self.name(block));
                let diag = self.diags.error(at, text);
                if *need == "url" {
                    diag.severity(super::diag::Severity::Warning);
                }
                complete = false;
            }
        }
        complete
    }
}
