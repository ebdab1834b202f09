//! Alert mail: who writes to whom by which server, and who is written about.

use super::Global;
use super::diag::{Severity, quote};
use super::lexer::{BROKEN, RAW, Word};
use super::source::Span as At;
use super::value;
use super::walk::Walk;
use crate::notify::mail::{Mail, Mailbox, Server};
use crate::time::Span;

/// Where mail is spoken of first.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Places {
    /// A `smtp_alert` that is on.
    alert: Option<At>,
    /// `notification_email`
    to: Option<At>,
    /// `smtp_server`
    server: Option<At>,
}

/// Longest name of a host (RFC 1035 §2.3.4).
const MAX_NAME: usize = 253;
/// For a connection, and for each reply.
const TIMEOUT: Span = Span::from_secs(30);

impl<'a> Walk<'a> {
    /// `notification_email`: each word is an address.
    pub(super) fn mails(&mut self, node: u32, global: &mut Global) {
        let mut any = false;
        self.mail.to.get_or_insert(self.head(node));
        for line in self.children(Some(node)) {
            for word in self.all(line) {
                any = true;
                if !word.is(BROKEN | RAW) && self.is_mailbox(*word) {
                    global.notification_email.push(self.text(*word));
                }
            }
        }
        if !any {
            let at = self.head(node);
            self.diags
                .error(at, "notification_email is empty")
                .severity(Severity::Warning);
        }
    }

    /// Whether mail can go there; says so if it cannot.
    fn is_mailbox(&mut self, word: Word) -> bool {
        let text = self.text(word);
        if Mailbox::parse(&text).is_some() {
            return true;
        }
        let at = self.span(word);
        let text = format!(
            "{} is no mail address; it is ignored",
            quote(text.as_bytes())
        );
        self.diags
            .warning(at, text)
            .hint("user@example.org, or \"Name <user@example.org>\"");
        false
    }

    /// A keyword about mail. `false`: it is another one.
    pub(super) fn mail_word(&mut self, node: u32, global: &mut Global) -> bool {
        let first = self.first(node);
        match (self.name(node), first) {
            ("notification_email_from", Some(word)) => {
                if self.is_mailbox(word) {
                    global.notification_email_from = Some(self.text(word));
                }
            }
            ("smtp_server", Some(word)) => self.smtp_server(node, word, global),
            ("smtp_connect_timeout", Some(_)) => {
                let seconds = u64::from(self.number(node).max(1));
                global.smtp_connect_timeout = Some(Span::from_secs(seconds));
            }
            ("smtp_helo_name", Some(word)) => {
                if is_helo(self.bytes(word)) {
                    global.smtp_helo_name = Some(self.text(word));
                } else {
                    let at = self.span(word);
                    let text = "this is no name of a host; the host name is used";
                    self.diags.warning(at, text);
                }
            }
            ("no_email_faults", _) => global.no_email_faults = true,
            ("no_checker_emails", _) => global.no_checker_emails = self.flag(node),
            ("smtp_alert" | "smtp_alert_vrrp" | "smtp_alert_checker", _) => {
                self.alert(node);
            }
            _ => return false,
        }
        true
    }

    /// A `smtp_alert` that may be on.
    pub(super) fn alert(&mut self, node: u32) -> bool {
        let on = self.flag(node);
        if on {
            self.mail.alert.get_or_insert(self.head(node));
        }
        on
    }

    fn smtp_server(&mut self, node: u32, word: Word, global: &mut Global) {
        let text = self.text(word);
        self.mail.server.get_or_insert(self.head(node));
        if server(&text).is_none() {
            let text = format!(
                "{} is neither an address nor a name",
                quote(text.as_bytes())
            );
            self.wrong(word, text, None);
            return;
        }
        let port = self.args(node).get(1).map(|w| self.bytes(*w));
        let port = port.and_then(|p| value::int(p, 1, 65_535).ok());
        let port = port.and_then(|p| u16::try_from(p).ok()).unwrap_or(25);
        global.smtp_server = Some((text, port));
    }

    /// How mail is sent, if it can be; says what is missing.
    pub(super) fn mail(&mut self, global: &Global) -> Option<Box<Mail>> {
        let addresses = global.notification_email.iter();
        let to: Vec<Mailbox> = addresses.filter_map(|t| Mailbox::parse(t)).collect();
        let places = self.mail;
        let missing = match (to.is_empty(), global.smtp_server.is_none()) {
            (false, false) => None,
            (true, true) => places
                .alert
                .map(|at| (at, "without notification_email and smtp_server")),
            (true, false) => places
                .alert
                .or(places.server)
                .map(|at| (at, "without notification_email")),
            (false, true) => places
                .alert
                .or(places.to)
                .map(|at| (at, "without smtp_server")),
        };
        if let Some((at, what)) = missing {
            self.diags.warning(at, format!("no mail is sent {what}"));
        }
        let (host, port) = global.smtp_server.as_ref().filter(|_| !to.is_empty())?;
        let own = self.outside.hostname();
        // A kernel that was never told one says "(none)", which servers refuse behind HELO.
        let own = match server(&own) {
            Some(Server::Name(_)) => own.as_str(),
            _ => "localhost",
        };
        let from = global.notification_email_from.as_deref();
        let from = from.and_then(Mailbox::parse).unwrap_or_else(|| Mailbox {
            name: "".into(),
            address: format!("{}@{own}", self.own_name()).into(),
        });
        Some(Box::new(Mail {
            router_id: global.router_id.as_deref().unwrap_or(own).into(),
            from,
            to,
            server: server(host)?,
            port: *port,
            helo: global.smtp_helo_name.as_deref().unwrap_or(own).into(),
            timeout: global.smtp_connect_timeout.unwrap_or(TIMEOUT),
            no_faults: global.no_email_faults,
            no_checkers: global.no_checker_emails,
        }))
    }

    /// Who runs the daemon.
    fn own_name(&self) -> String {
        let named = |name: &str| {
            let name = self.outside.env(name)?;
            let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
            (!name.is_empty() && name.len() <= 32 && name.bytes().all(plain)).then_some(name)
        };
        match self.outside.own_user().0 {
            0 => "root".to_owned(),
            uid => named("LOGNAME")
                .or_else(|| named("USER"))
                .unwrap_or_else(|| format!("uid{uid}")),
        }
    }
}

/// An address, perhaps with `%IFNAME`, or a name.
fn server(text: &str) -> Option<Server> {
    let (address, interface) = match text.split_once('%') {
        Some((address, interface)) => {
            value::ifname(interface.as_bytes()).ok()?;
            (address, Some(interface.into()))
        }
        None => (text, None),
    };
    if let Ok(ip) = address.parse() {
        return Some(Server::Address(ip, interface));
    }
    let name = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    // A last part of digits makes it a mistyped address (RFC 1123 §2.1).
    let last = text.trim_end_matches('.').rsplit('.').next()?;
    let number = last.bytes().all(|b| b.is_ascii_digit());
    let sound = text.len() <= MAX_NAME && text.bytes().all(name) && !number;
    sound.then(|| Server::Name(text.into()))
}

/// Whether it can stand behind HELO: no space ends it, and the line is not too long.
fn is_helo(name: &[u8]) -> bool {
    let fits = !name.is_empty() && name.len() <= MAX_NAME;
    fits && name
        .iter()
        .all(|b| b.is_ascii_graphic() && !b"<>".contains(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers() {
        let name = |n: &str| Some(Server::Name(n.into()));
        let address = |a: &str, i: Option<&str>| {
            let ip = a.parse().unwrap();
            Some(Server::Address(ip, i.map(Box::from)))
        };
        assert_eq!(server("192.0.2.25"), address("192.0.2.25", None));
        assert_eq!(server("2001:db8::25"), address("2001:db8::25", None));
        assert_eq!(server("fe80::1%eth0"), address("fe80::1", Some("eth0")));
        for sound in [
            "mail",
            "smtp-out.example.org",
            "mx_1.example.org.",
            "3com.example",
        ] {
            assert_eq!(server(sound), name(sound), "{sound}");
        }
        for none in [
            "",
            ".",
            "192.0.2.300",
            "192.0.2",
            "a b",
            "a\nb",
            "mail:25",
            "[::1]",
            "(none)",
            "ü",
        ] {
            assert_eq!(server(none), None, "{none:?}");
        }
        assert_eq!(server(&"x".repeat(254)), None);
    }
}
