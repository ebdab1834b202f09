//! A conversation with a mail server (RFC 5321): replies in, commands out, one at a time.
//!
//! Plain SMTP as keepalived speaks it: HELO, MAIL, RCPT for each, DATA, QUIT. Several letters may go
//! one after the other. Knows no socket and no clock: who holds the socket ends a conversation that
//! takes too long.

use super::mail::{Letter, Mail};
use crate::wire::smtp::Replies;
use std::io::Write;

/// How far it is: what the next reply is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum At {
    /// The server's greeting.
    #[default]
    Greeting,
    /// HELO.
    Helo,
    /// Nothing: a letter can be given.
    Idle,
    /// MAIL FROM.
    From,
    /// RCPT TO, of the one with this place in the letter's list.
    To(u16),
    /// DATA.
    Data,
    /// The letter itself.
    Text,
    /// QUIT.
    Quit,
}

/// What came of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// All are read.
    Wait,
    /// A command follows, or the next reply is looked at: go on.
    On,
    /// HELO was taken: give a letter, or quit.
    Ready,
    /// One recipient (a number in [`Mail::to`]) is refused for good, with this code.
    Refused(u16, u16),
    /// The letter was taken for all but those in [`Session::later`]: give the next one, or quit.
    Delivered,
    /// The letter was not taken by anybody who was not refused before; the conversation is over.
    Failed(Failure),
    /// The server has said goodbye.
    Over,
}

/// Why a letter was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The server says: later (4xx).
    Later(u16),
    /// The server says: never (5xx).
    Never(u16),
    /// It says something that has no place here.
    Odd(u16),
    /// It does not speak SMTP.
    Garbage,
}

/// One conversation.
#[derive(Debug, Default)]
pub struct Session {
    at: At,
    replies: Replies,
    /// Recipients of this letter.
    to: Vec<u16>,
    /// One of them at least was taken.
    taken: bool,
    /// Those that are put off, and why the last one was.
    later: Vec<u16>,
    put_off: Option<Failure>,
    /// To be told next.
    over: Option<Failure>,
}

impl Session {
    /// How far it is.
    pub fn at(&self) -> At {
        self.at
    }

    /// What the server said last, behind the code.
    pub fn words(&self) -> &[u8] {
        self.replies.text()
    }

    /// Recipients of the letter just delivered that the server puts off.
    pub fn later(&mut self) -> Vec<u16> {
        core::mem::take(&mut self.later)
    }

    /// Begins a letter; writes to the end of `out`.
    pub fn letter(&mut self, letter: &Letter, mail: &Mail, out: &mut Vec<u8>) {
        self.at = At::From;
        self.to.clone_from(&letter.to);
        (self.taken, self.put_off) = (false, None);
        self.later.clear();
        command(out, format_args!("MAIL FROM:<{}>", mail.from.address));
    }

    /// Says goodbye.
    pub fn quit(&mut self, out: &mut Vec<u8>) {
        self.at = At::Quit;
        command(out, format_args!("QUIT"));
    }

    /// Takes bytes up to the next thing to be told; what is to be sent is at the end of `out`.
    /// `letter` is the one that was begun.
    pub fn read(
        &mut self,
        bytes: &mut &[u8],
        letter: Option<&Letter>,
        mail: &Mail,
        out: &mut Vec<u8>,
    ) -> Step {
        if let Some(failure) = self.over.take() {
            return Step::Failed(failure);
        }
        // A server that talks on before it was given something is not listened to.
        if self.at == At::Idle {
            return Step::Wait;
        }
        let code = match self.replies.read(bytes) {
            Ok(Some(code)) => code,
            Ok(None) => return Step::Wait,
            Err(_) => return Step::Failed(Failure::Garbage),
        };
        match (self.at, code) {
            (At::Greeting, 220) => {
                self.at = At::Helo;
                command(out, format_args!("HELO {}", mail.helo));
            }
            (At::Helo, 250) => {
                self.at = At::Idle;
                return Step::Ready;
            }
            (At::From, 250) => self.recipient(0, mail, out),
            (At::To(at), _) => return self.answered(at, code, mail, out),
            (At::Data, 354) => {
                self.at = At::Text;
                if let Some(letter) = letter {
                    letter.emit(mail, out);
                }
            }
            // Whatever it says of a text that it takes: it is taken.
            (At::Text, 200..=299) => {
                self.at = At::Idle;
                return Step::Delivered;
            }
            (At::Quit, _) => return Step::Over,
            _ => return Step::Failed(failure(code)),
        }
        Step::On
    }

    /// The reply to a RCPT.
    fn answered(&mut self, at: u16, code: u16, mail: &Mail, out: &mut Vec<u8>) -> Step {
        let who = self.to.get(usize::from(at)).copied().unwrap_or(u16::MAX);
        let mut step = Step::On;
        match code {
            // Forwarded (251) or not verified (252): it goes there.
            250..=252 => self.taken = true,
            // It closes the connection: this is about no single recipient.
            421 => return Step::Failed(Failure::Later(code)),
            500..=599 => step = Step::Refused(who, code),
            _ => {
                self.later.push(who);
                self.put_off = Some(failure(code));
            }
        }
        self.recipient(at.saturating_add(1), mail, out);
        step
    }

    /// Names the next recipient, or asks for the text.
    fn recipient(&mut self, at: u16, mail: &Mail, out: &mut Vec<u8>) {
        if let Some(who) = self.to.get(usize::from(at)) {
            self.at = At::To(at);
            let address = mail.to.get(usize::from(*who)).map_or("", |m| &m.address);
            command(out, format_args!("RCPT TO:<{address}>"));
        } else if self.taken {
            self.at = At::Data;
            command(out, format_args!("DATA"));
        } else {
            self.over = Some(self.put_off.unwrap_or(Failure::Never(550)));
        }
    }
}

/// What a code means that was not hoped for.
fn failure(code: u16) -> Failure {
    match code {
        400..=499 => Failure::Later(code),
        500..=599 => Failure::Never(code),
        _ => Failure::Odd(code),
    }
}

/// One line.
fn command(out: &mut Vec<u8>, words: core::fmt::Arguments<'_>) {
    // Writing to a Vec cannot fail.
    let _ = out.write_fmt(words);
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests;
