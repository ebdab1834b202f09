//! Alert mail: which change becomes which letter, and how a letter is written (RFC 5322).
//!
//! Subjects and bodies are keepalived's, word for word: people sort their mail by them. Whatever
//! comes from the configuration is made harmless here, so that no name can end a header.

mod text;

use super::{Object, Params, State};
use crate::time::{Instant, Span};
use core::net::IpAddr;
use std::collections::BTreeMap;
use std::fmt::Write;
use text::{date, header, phrase};

/// How mail is sent, and to whom. Without it none is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// `router_id`, the first word of each subject.
    pub router_id: Box<str>,
    /// `notification_email_from`
    pub from: Mailbox,
    /// `notification_email`, one at least.
    pub to: Vec<Mailbox>,
    /// Host of `smtp_server`.
    pub server: Server,
    /// Its port.
    pub port: u16,
    /// `smtp_helo_name`
    pub helo: Box<str>,
    /// `smtp_connect_timeout`: for the connection, and for each reply as a whole.
    pub timeout: Span,
    /// `no_email_faults`
    pub no_faults: bool,
    /// `no_checker_emails`
    pub no_checkers: bool,
}

impl Mail {
    /// The numbers of all recipients.
    pub fn everybody(&self) -> Vec<u16> {
        (0..u16::try_from(self.to.len()).unwrap_or(u16::MAX)).collect()
    }
}

/// Who takes the mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Server {
    /// An address, and the interface of one that is good on one link only.
    Address(IpAddr, Option<Box<str>>),
    /// A name, to be resolved anew for each connection.
    Name(Box<str>),
}

/// Somebody who writes or gets mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// What is written in front of the address; empty: nothing.
    pub name: Box<str>,
    /// The address alone.
    pub address: Box<str>,
}

impl Mailbox {
    /// Reads `user@host`, `Name <user@host>`, or a bare `user`. `None`: it is no address, or one
    /// that could end a line or a bracket; longer than 254 bytes (RFC 5321 §4.5.3.1.3).
    pub fn parse(text: &str) -> Option<Mailbox> {
        let text = text.trim();
        let (name, address) = match text.strip_suffix('>').map(|t| t.rsplit_once('<')) {
            Some(Some((name, address))) => (name.trim(), address.trim()),
            Some(None) => return None,
            None => ("", text),
        };
        let wrong = |b: u8| !b.is_ascii_graphic() || b"<>(),;\"\\".contains(&b);
        if address.is_empty() || address.len() > MAX_ADDRESS || address.bytes().any(wrong) {
            return None;
        }
        let bare = name.strip_prefix('"').and_then(|n| n.strip_suffix('"'));
        Some(Mailbox {
            name: bare.unwrap_or(name).into(),
            address: address.into(),
        })
    }

    /// As it stands in a header.
    fn shown(&self, out: &mut String) {
        if self.name.is_empty() {
            out.push_str(&self.address);
        } else {
            phrase(&self.name, out);
            // Writing to a String cannot fail.
            let _ = write!(out, " <{}>", self.address);
        }
    }
}

/// When a letter was written, and what no other letter has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// Seconds since 1970.
    pub seconds: u64,
    /// Microseconds of that second.
    pub micros: u32,
    /// Number of the process that wrote it.
    pub process: u32,
    /// Counted from the process's first letter.
    pub number: u32,
}

/// A letter on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// With the router's name in front.
    pub subject: Box<str>,
    /// One line.
    pub body: Box<str>,
    /// For its headers.
    pub stamp: Stamp,
    /// When it came about.
    pub at: Instant,
    /// Not to be tried before.
    pub not_before: Instant,
    /// Who is still to get it: numbers in [`Mail::to`].
    pub to: Vec<u16>,
}

impl Letter {
    /// A letter to everybody.
    pub fn new(mail: &Mail, about: &str, body: &str, stamp: Stamp, at: Instant) -> Letter {
        Letter {
            subject: format!("[{}] {about}", mail.router_id).into(),
            body: body.into(),
            stamp,
            at,
            not_before: at,
            to: mail.everybody(),
        }
    }

    /// Writes it to the end of `out` as `DATA` wants it: lines that end with CRLF, a dot more in
    /// front of those that begin with one, a dot alone last.
    pub fn emit(&self, mail: &Mail, out: &mut Vec<u8>) {
        let mut text = String::new();
        let stamp = self.stamp;
        let _ = write!(text, "Date: {}\r\nFrom: ", date(stamp.seconds));
        mail.from.shown(&mut text);
        text.push_str("\r\nSubject: ");
        header(&self.subject, &mut text);
        let _ = write!(
            text,
            "\r\nMessage-ID: <{}.{:06}.{}.{}@{}>\r\nX-Mailer: Keepalived\r\nTo: ",
            stamp.seconds, stamp.micros, stamp.process, stamp.number, mail.helo
        );
        for (n, to) in mail.to.iter().enumerate() {
            // One to a line: a header line may have 998 bytes (RFC 5322 §2.1.1).
            text.push_str(if n == 0 { "" } else { ",\r\n " });
            to.shown(&mut text);
        }
        // keepalived ends its text with an empty line.
        let _ = write!(text, "\r\n\r\n{}\r\n\r\n", text::line(&self.body));
        for line in text.split_inclusive('\n') {
            if line.starts_with('.') {
                out.push(b'.');
            }
            out.extend_from_slice(line.as_bytes());
        }
        out.extend_from_slice(b".\r\n");
    }
}

/// Who has been written about, and what was said last: keepalived sends no second mail about the
/// same state in a row. By name: a reload may give other numbers.
#[derive(Debug, Default)]
pub struct Desk {
    instances: BTreeMap<Box<str>, State>,
    groups: BTreeMap<Box<str>, State>,
}

impl Desk {
    /// What is to be written about a change, if anything: the subject without the router's name,
    /// and the body.
    pub fn about(
        &mut self,
        params: &Params,
        mail: &Mail,
        object: Object,
        state: State,
    ) -> Option<(String, &'static str)> {
        let (list, last, at, kind) = match object {
            Object::Instance(at) => (&params.instances, &mut self.instances, at, "Instance"),
            Object::Group(at) => (&params.groups, &mut self.groups, at, "Group"),
        };
        let (name, scripts) = list.get(usize::from(at))?;
        if !scripts.smtp_alert || (mail.no_faults && matches!(state, State::Fault | State::Removed))
        {
            return None;
        }
        match last.get_mut(name) {
            Some(last) if *last == state => return None,
            Some(last) => *last = state,
            None => {
                last.insert(name.clone(), state);
            }
        }
        let doing = match state {
            State::Master => "Entering MASTER state",
            State::Backup => "Entering BACKUP state",
            State::Fault | State::Removed => "Entering FAULT state",
            State::Stop => "Stopping",
        };
        let body = match (object, state) {
            (Object::Instance(_), State::Master) => "=> VRRP Instance is now owning VRRP VIPs <=",
            (Object::Instance(_), State::Stop) => "=> VRRP Instance stopping <=",
            (Object::Instance(_), _) => "=> VRRP Instance is no longer owning VRRP VIPs <=",
            (_, State::Master) => "=> All VRRP group instances are now in MASTER state <=",
            (_, State::Backup) => "=> All VRRP group instances are now in BACKUP state <=",
            (_, State::Fault | State::Removed) => {
                "=> All VRRP group instances are now in FAULT state <="
            }
            (_, State::Stop) => "=> All VRRP group instances are now stopping <=",
        };
        Some((format!("VRRP {kind} {name} - {doing}"), body))
    }
}

/// Longest address (RFC 5321 §4.5.3.1.3, without its brackets).
const MAX_ADDRESS: usize = 254;

#[cfg(test)]
pub(super) mod tests;
