//! Whether the words of a statement have the shape its keyword calls for.

use super::diag::{Class, Diag, Severity, quote};
use super::lexer::Word;
use super::table::{Row, Scaled, Shape};
use super::value::{self, Fault};
use super::walk::Walk;
use core::net::IpAddr;

impl<'a> Walk<'a> {
    /// Checks a statement's words against its shape; `false`: it must not be used.
    pub(super) fn shape(&mut self, node: u32, row: Row) -> bool {
        let args = self.args(node);
        if let Shape::Block(_, head) | Shape::Lines(_, head) = row.shape {
            return self.header(node, head);
        }
        if let Shape::Words(_) = row.shape {
            return self.header(node, super::table::Head::None);
        }
        let (least, most) = words(row.shape);
        if args.len() < least {
            self.missing(node, row);
            return false;
        }
        if self.broken(&args[..args.len().min(most)]) {
            return false;
        }
        let valid = match args.first().copied() {
            None => true,
            Some(first) => self.value(node, row, first, args),
        };
        if valid {
            self.surplus(node, most);
        }
        valid
    }

    fn missing(&mut self, node: u32, row: Row) {
        let at = self.head(node);
        let text = format!("'{}' needs a value", row.name);
        self.diags
            .error(at, text)
            .class(Class::MissingArgument)
            .hint(format!("write '{} {}'", row.name, row.shape));
    }

    fn value(&mut self, node: u32, row: Row, first: Word, args: &'a [Word]) -> bool {
        let bytes = self.bytes(first);
        match row.shape {
            Shape::Uint(min, max) => self.int(row, first, i64::from(min), i64::from(max), true),
            Shape::Count(min, max) | Shape::OptUint(min, max) => {
                self.int(row, first, i64::from(min), i64::from(max), false)
            }
            Shape::Positive => self.positive(row, first),
            Shape::Int(min, max) => self.int(row, first, i64::from(min), i64::from(max), false),
            Shape::Decimal(min, max, digits) => self.decimal(row, first, min, max, digits),
            Shape::Bool if value::boolean(bytes).is_none() => {
                let text = format!("{} is not a boolean", quote(bytes));
                let hint = "write on, true, yes, off, false or no in small letters";
                self.wrong(first, text, Some(hint));
                false
            }
            Shape::Short(max) if bytes.len() > usize::from(max) => {
                let text = format!("{} is longer than {max} characters", quote(bytes));
                self.wrong(first, text, None);
                false
            }
            Shape::Interface => self.ifname(first),
            Shape::Ip => self.ip(first).is_some(),
            Shape::Multicast(v4) => self.multicast(first, v4),
            Shape::Choice(words) => self.choice(row, first, words, false),
            Shape::AnyCase(words) => self.choice(row, first, words, true),
            Shape::Weight(max) => self.weight(args, i64::from(max), &["reverse", "noreverse"]),
            Shape::Server => self.port(args.get(1)),
            Shape::IpPort => self.address_port(node, args),
            Shape::ExtraIf(min) => self.extra_if(row, args, min),
            Shape::Codes => self.codes(args),
            Shape::Digest => self.digest(first),
            Shape::Mask => self.mask(first),
            Shape::Method => self.method(args),
            Shape::Timeouts => self.timeouts(args),
            Shape::HmacKey => self.int(row, first, 1, 255, true) && self.hmac_key(args),
            Shape::SyncDaemon => self.sync_daemon(args),
            Shape::Word | Shape::OptWord | Shape::Short(_) | Shape::Many(..) => {
                self.unfilled(args);
                true
            }
            _ => true,
        }
    }

    /// Any text will do, even the name of a definition that does not exist.
    pub(super) fn unfilled(&mut self, args: &[Word]) {
        let whole = |w: &&Word| super::expand::is_reference(self.bytes(**w));
        let Some(word) = args.iter().find(whole).copied() else {
            return;
        };
        let text = format!(
            "{} is not defined; it is taken as it stands",
            quote(self.bytes(word))
        );
        let at = self.span(word);
        self.diags
            .warning(at, text)
            .hint("definitions look like '$NAME=value' and stand before their use");
    }

    /// A value that cannot be used.
    pub(super) fn wrong(&mut self, word: Word, text: String, hint: Option<&str>) -> &mut Diag {
        let mut span = self.span(word);
        let bytes = self.bytes(word);
        let mut hint = hint.map(str::to_owned);
        let mut text = text;
        if let Some(at) = bytes.iter().position(|b| *b == b';')
            && at > 0
        {
            span = span.part(at, bytes.len() - at);
            hint = Some("no semicolons: a line ends a statement".into());
        } else if bytes.len() > 1 && super::expand::reference_name(bytes).is_some() {
            text = format!("{} is not defined", quote(bytes));
            hint = Some(
                "a template that was not filled in? definitions look like '$NAME=value'".into(),
            );
        } else if let Some(name) = super::expand::unbraced(bytes) {
            let name = String::from_utf8_lossy(name);
            hint = Some(format!("inside a word write '${{{name}}}'"));
        }
        let twin = core::str::from_utf8(bytes).ok().and_then(|t| {
            let mut all = t.chars();
            all.find_map(|c| Some((c, super::lexer::double(c)?)))
        });
        if let Some((found, plain)) = twin {
            hint = Some(format!("U+{:04X} is not '{plain}'", u32::from(found)));
        }
        let diag = self.diags.error(span, text);
        if let Some(hint) = hint {
            diag.hint(hint);
        }
        diag
    }

    /// A whole number. Outside a test keepalived takes the number in front of other characters.
    fn int(&mut self, row: Row, word: Word, min: i64, max: i64, strict: bool) -> bool {
        let bytes = self.bytes(word);
        let shown = quote(bytes);
        let range = range(min, max);
        match value::int(bytes, min, max) {
            Ok(_) => true,
            Err(Fault::Trailing(n, _)) if !strict && !self.options.test => {
                let text = format!("{} {shown} is not a number; {n} is used", row.name);
                self.wrong(word, text, None).severity(Severity::Warning);
                true
            }
            Err(Fault::Range) => {
                let text = match max {
                    BIG if value::int(bytes, i64::MIN, min - 1).is_ok() => {
                        format!("{} {shown} must be at least {min}", row.name)
                    }
                    _ => format!("{} {shown} is out of range {min}..{max}", row.name),
                };
                let off = bytes == b"0" && row.name == "persistence_timeout";
                let diag = self.wrong(word, text, note(row));
                if off {
                    diag.severity(Severity::Warning);
                }
                false
            }
            Err(_) if bytes.starts_with(b"0x") => {
                let text = format!(
                    "{} {shown}: a decimal number is expected ({range})",
                    row.name
                );
                self.wrong(word, text, note(row));
                false
            }
            Err(_) => {
                let text = format!("{} {shown} is not a number ({range})", row.name);
                self.wrong(word, text, note(row));
                false
            }
        }
    }

    /// A count of which 0 is taken for 1.
    fn positive(&mut self, row: Row, word: Word) -> bool {
        if value::int(self.bytes(word), 0, 0) == Ok(0) {
            let text = format!("{} must be greater than 0; 1 is used", row.name);
            self.wrong(word, text, None).severity(Severity::Warning);
            return true;
        }
        self.int(row, word, 1, i64::from(u32::MAX), false)
    }

    fn decimal(&mut self, row: Row, word: Word, min: u64, max: u64, digits: u8) -> bool {
        let bytes = self.bytes(word);
        let shown = quote(bytes);
        let (low, high) = (Scaled(min, digits), Scaled(max, digits));
        match value::decimal(bytes, min, max, digits) {
            Ok(_) => true,
            Err(Fault::Digits(n)) => {
                let text = format!(
                    "{} {shown} has more than {digits} decimals; {} is used",
                    row.name,
                    Scaled(n, digits)
                );
                self.wrong(word, text, None).severity(Severity::Warning);
                true
            }
            Err(Fault::Trailing(n, _)) if !self.options.test => {
                let n = Scaled(n.unsigned_abs(), digits);
                let text = format!(
                    "{} {shown}: write a number without unit; {n} is used",
                    row.name
                );
                self.wrong(word, text, None).severity(Severity::Warning);
                true
            }
            Err(Fault::Trailing(n, _)) => {
                let n = Scaled(n.unsigned_abs(), digits);
                let text = format!("{} {shown}: a number without unit is expected", row.name);
                self.wrong(word, text, Some(&format!("write {n}")));
                false
            }
            Err(Fault::Range) if min == 1 && bytes == b"0" => {
                let text = format!("{} '0' must be greater than 0", row.name);
                let off = note(row);
                let diag = self.wrong(word, text, off);
                if off.is_some() {
                    diag.severity(Severity::Warning);
                }
                false
            }
            Err(Fault::Range) => {
                let text = format!("{} {shown} is out of range {low}..{high}", row.name);
                self.wrong(word, text, note(row));
                false
            }
            Err(Fault::NotANumber) => {
                let text = format!("{} {shown} is not a number ({low}..{high})", row.name);
                self.wrong(word, text, note(row));
                false
            }
        }
    }

    /// A word that must be one of a few.
    fn choice(&mut self, row: Row, word: Word, words: &[&'static str], any_case: bool) -> bool {
        let bytes = self.bytes(word);
        if words
            .iter()
            .any(|w| w.as_bytes() == bytes || any_case && w.as_bytes().eq_ignore_ascii_case(bytes))
        {
            return true;
        }
        let near = words
            .iter()
            .copied()
            .find(|w| w.as_bytes().eq_ignore_ascii_case(bytes))
            .or_else(|| initials(bytes, words))
            .or_else(|| self.diags.nearest(bytes, words.iter().copied()));
        let text = format!(
            "{} {} is unknown: {}",
            row.name,
            quote(bytes),
            listed(words)
        );
        let hint = near.map(|n| format!("did you mean '{n}'?"));
        self.wrong(word, text, hint.as_deref());
        false
    }

    pub(super) fn ifname(&mut self, word: Word) -> bool {
        let bytes = self.bytes(word);
        let Err(why) = value::ifname(bytes) else {
            return true;
        };
        let text = format!("interface name {} {why}", quote(bytes));
        self.wrong(word, text, None);
        false
    }

    /// Says so if an interface does not exist now.
    pub(super) fn exists(&mut self, word: Word, dynamic: bool) -> bool {
        let name = self.text(word);
        if dynamic || self.outside.interface(&name) != Some(false) {
            return true;
        }
        self.absent = true;
        let text = format!("interface {} does not exist now", quote(name.as_bytes()));
        self.wrong(word, text, None);
        false
    }

    /// An address; says what is wrong with it.
    pub(super) fn ip(&mut self, word: Word) -> Option<IpAddr> {
        let bytes = self.bytes(word);
        let found = value::loose_ip(bytes);
        if found.is_none() {
            let name = bytes.iter().any(u8::is_ascii_alphabetic) && !bytes.contains(&b':');
            let text = format!("{} is not an IP address", quote(bytes));
            let hint = name.then_some("names are not resolved here");
            self.wrong(word, text, hint);
        }
        found
    }

    fn multicast(&mut self, word: Word, v4: bool) -> bool {
        let Some(ip) = self.ip(word) else {
            return false;
        };
        if ip.is_multicast() && (ip.is_ipv4() || !v4) {
            return true;
        }
        let what = if v4 {
            "an IPv4 multicast"
        } else {
            "a multicast"
        };
        let text = format!("{} is not {what} address", quote(self.bytes(word)));
        self.wrong(word, text, None);
        false
    }

    /// `N [reverse]`.
    pub(super) fn weight(&mut self, args: &[Word], max: i64, more: &[&str]) -> bool {
        let Some(first) = args.first().copied() else {
            return true;
        };
        let bytes = self.bytes(first);
        match value::int(bytes, -max, max) {
            Ok(_) => {}
            Err(Fault::Range) => {
                let text = format!("weight {} is out of range -{max}..{max}", quote(bytes));
                self.wrong(first, text, None);
                return false;
            }
            Err(_) => {
                let text = format!("weight {} is not a number", quote(bytes));
                self.wrong(first, text, None);
                return false;
            }
        }
        if let Some(word) = args.get(1).copied()
            && !more.iter().any(|m| m.as_bytes() == self.bytes(word))
        {
            let text = format!("unknown option {}", quote(self.bytes(word)));
            self.wrong(
                word,
                text,
                Some("after the weight only 'reverse' can stand"),
            );
        }
        true
    }

    pub(super) fn port(&mut self, word: Option<&Word>) -> bool {
        let Some(word) = word.copied() else {
            return true;
        };
        if value::int(self.bytes(word), 0, 65_535).is_ok() {
            return true;
        }
        let text = format!(
            "port {} is not a number from 0 to 65535",
            quote(self.bytes(word))
        );
        self.wrong(word, text, None);
        false
    }

    fn extra_if(&mut self, row: Row, args: &[Word], min: u32) -> bool {
        let rest = match args.first() {
            Some(w) if self.bytes(*w) == b"all" => &args[1..],
            _ => args,
        };
        match rest.first() {
            Some(word) => self.int(row, *word, i64::from(min), 86_400, false),
            None => {
                let text = format!("{} needs a number of seconds", row.name);
                self.wrong(args[0], text, None);
                false
            }
        }
    }

    fn timeouts(&mut self, args: &[Word]) -> bool {
        let mut words = args.iter().copied();
        let mut valid = true;
        while let Some(word) = words.next() {
            let name = self.bytes(word);
            if !matches!(name, b"tcp" | b"tcpfin" | b"udp") {
                let text = format!("unknown timeout {}: tcp, tcpfin or udp", quote(name));
                self.wrong(word, text, None);
                return false;
            }
            let number = words
                .next()
                .map(|w| (w, value::int(self.bytes(w), 0, 2_678_400)));
            match number {
                Some((_, Ok(_))) => {}
                Some((at, Err(_))) => {
                    let text = format!(
                        "{} is not a number from 0 to 2678400",
                        quote(self.bytes(at))
                    );
                    self.wrong(at, text, None);
                    valid = false;
                }
                None => {
                    let text = format!("{} needs a number of seconds", quote(name));
                    self.wrong(word, text, None);
                    valid = false;
                }
            }
        }
        valid
    }

    /// Says something keepalived would say as a warning.
    pub(super) fn warn(&mut self, word: Word, text: impl Into<String>) -> &mut super::diag::Diag {
        let span = self.span(word);
        self.diags.error(span, text).severity(Severity::Warning)
    }
}

/// How many words a shape needs at least, and uses at most.
fn words(shape: Shape) -> (usize, usize) {
    match shape {
        Shape::Flag => (0, 0),
        Shape::Bool | Shape::OptUint(..) | Shape::OptWord => (0, 1),
        Shape::OptScript => (0, 3),
        Shape::Script | Shape::Fifo => (1, 3),
        Shape::User | Shape::Weight(_) | Shape::Server | Shape::IpPort => (1, 2),
        Shape::ExtraIf(_) | Shape::HmacKey => (1, 2),
        Shape::Many(least, most) => (
            usize::from(least),
            if most == 255 {
                usize::MAX
            } else {
                usize::from(most)
            },
        ),
        Shape::SyncDaemon | Shape::Timeouts | Shape::Method | Shape::Codes => (1, usize::MAX),
        Shape::IncludeCheck => (0, usize::MAX),
        _ => (1, 1),
    }
}

/// Numbers up to this have no limit worth naming.
const BIG: i64 = u32::MAX as i64;

fn range(min: i64, max: i64) -> String {
    match max {
        BIG | 2_147_483_647 => format!("from {min} on"),
        _ => format!("{min}..{max}"),
    }
}

/// What counts instead of a value that cannot be used.
fn note(row: Row) -> Option<&'static str> {
    match row.name {
        "priority" => Some("write a number from 1 to 255; 100 is used"),
        "vrrp_garp_interval" | "vrrp_gna_interval" => Some("remove the line for no interval"),
        "persistence_timeout" => Some("remove the line for no persistence"),
        _ => None,
    }
}

fn listed(words: &[&str]) -> String {
    match words {
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
        [] => String::new(),
    }
}

/// `roundrobin` for `rr`: the scheduler a long name stands for.
fn initials(bytes: &[u8], words: &[&'static str]) -> Option<&'static str> {
    let lower = bytes.to_ascii_lowercase();
    let letters: Vec<u8> = lower
        .iter()
        .copied()
        .filter(u8::is_ascii_alphabetic)
        .collect();
    let wanted: &str = match letters.as_slice() {
        b"roundrobin" => "rr",
        b"weightedroundrobin" => "wrr",
        b"leastconn" | b"leastconnection" | b"leastconnections" => "lc",
        b"sourcehash" | b"sourcehashing" | b"source" => "sh",
        _ => return None,
    };
    words.iter().copied().find(|w| *w == wanted)
}
