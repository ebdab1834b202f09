//! Alert mail on its way: one connection to the mail server at a time, a little in each turn.
//!
//! Nothing is done where a letter is written: [`Post::work`] does one thing a turn, after adverts
//! and timers. Each step of the conversation has `smtp_connect_timeout` as a whole, however the
//! server spreads its bytes.

mod line;

use crate::notify::mail::{Desk, Letter, Mail, Server, Stamp};
use crate::notify::queue::{MOST, Queue, is_old};
use crate::notify::smtp::{At, Failure, Session, Step};
use crate::notify::{self, Object, State};
use crate::sys;
use crate::time::{Instant, Span};
use line::{Heard, Line, Out};
use mio::Registry;

/// Who writes and sends mail.
pub struct Post {
    mail: Box<Mail>,
    desk: Desk,
    queue: Queue,
    /// The letter that is being sent.
    letter: Option<Letter>,
    line: Line,
    session: Session,
    out: Out,
    /// When the present step has taken too long.
    deadline: Instant,
    /// Letters written so far.
    written: u32,
    /// Letters pushed out since that was said.
    lost: u32,
    /// While stopping: when the rest is given up.
    stop_at: Option<Instant>,
}

/// How long a stop may wait for mail.
const STOP_WAIT: Span = Span::from_secs(3);
/// How long it may take to find the server's address: several name servers, each with its time.
const LOOKUP: Span = Span::from_secs(30);
/// How long the server may take to say goodbye.
const GOODBYE: Span = Span::from_secs(5);

impl Post {
    /// Sends as `mail` says.
    pub fn new(mail: Box<Mail>) -> Self {
        Post {
            mail,
            desk: Desk::default(),
            queue: Queue::default(),
            letter: None,
            line: Line::default(),
            session: Session::default(),
            out: Out::default(),
            deadline: Instant::ZERO,
            written: 0,
            lost: 0,
            stop_at: None,
        }
    }

    /// How mail is sent.
    pub fn mail(&self) -> &Mail {
        &self.mail
    }

    /// Sends as `mail` says from now on, also what waits.
    pub fn replace(&mut self, mail: Box<Mail>) {
        if self.mail != mail {
            self.hang_up();
            self.queue.begin_anew(self.letter.take(), &mail.everybody());
            self.mail = mail;
        }
    }

    /// There are no settings for mail any longer: what waits is given up, which the log is told.
    pub fn retire(mut self) {
        self.say_lost();
        if let Some(line) = self.farewell() {
            log::warn!("{line}");
        }
    }

    /// What is lost with the settings for mail; `None`: nothing waits.
    fn farewell(&self) -> Option<String> {
        let count = self.queue.len() + usize::from(self.letter.is_some());
        let s = match count {
            0 => return None,
            1 => "",
            _ => "s",
        };
        let to: Vec<&str> = self.mail.to.iter().map(|to| &*to.address).collect();
        Some(format!(
            "{count} mail{s} to {} given up: the new configuration has no settings for mail",
            to.join(", ")
        ))
    }

    /// An instance or group changed; `names` are those of all.
    pub fn change(&mut self, names: &notify::Params, object: Object, state: State, now: Instant) {
        if let Some((about, body)) = self.desk.about(names, &self.mail, object, state) {
            self.write(&about, body, now);
        }
    }

    /// Puts a letter into the queue.
    pub fn write(&mut self, about: &str, body: &str, now: Instant) {
        let (seconds, micros) = sys::wall();
        self.written = self.written.wrapping_add(1);
        let stamp = Stamp {
            seconds,
            micros,
            process: sys::process::pid().unsigned_abs(),
            number: self.written,
        };
        let letter = Letter::new(&self.mail, about, body, stamp, now);
        if let Some(oldest) = self.queue.push(letter) {
            if self.lost == 0 {
                log::warn!("mail given up, more than {MOST} wait: {}", shown(&oldest));
            }
            self.lost = self.lost.saturating_add(1);
        }
    }

    /// Something happened to the socket to the mail server, or to that to a name server.
    pub fn ready(&mut self) {
        self.line.ready();
    }

    /// Whether nothing more is to be sent.
    pub fn rested(&self) -> bool {
        self.letter.is_none() && self.queue.is_empty() && self.out.is_empty()
    }

    /// No more than a few seconds from now on. What is due later is tried at once.
    pub fn stop(&mut self, now: Instant) {
        self.stop_at = Some(now + STOP_WAIT);
        self.queue.hurry();
    }

    /// When [`Post::work`] is to be called at the latest.
    pub fn deadline(&self) -> Option<Instant> {
        let next = match self.line {
            Line::Closed => self.queue.due(),
            _ => Some(self.deadline.min(self.line.deadline())),
        };
        match self.stop_at {
            Some(stop) if !self.rested() => Some(next.map_or(stop, |next| next.min(stop))),
            _ => next,
        }
    }

    /// Does one thing; whether there is more to be done at once.
    pub fn work(&mut self, registry: &Registry, buf: &mut [u8], now: Instant) -> bool {
        if self.stop_at.is_some_and(|at| now >= at) && !self.rested() {
            self.give_up_all("the daemon stops");
            self.hang_up();
        }
        match self.line {
            Line::Closed => {
                if self.letter.is_none() {
                    self.letter = self.queue.next(now);
                }
                if self.letter.is_none() {
                    return false;
                }
                self.session = Session::default();
                self.out.clear();
                self.line = Line::begin(&self.mail);
                let limit = match self.line {
                    Line::Asking(_) => LOOKUP,
                    _ => self.mail.timeout,
                };
                self.deadline = now + limit;
                true
            }
            _ if now >= self.deadline => {
                let why = format!("{} in time", self.missing());
                self.close(&why, now);
                true
            }
            _ => match self.line.step(registry, buf, &mut self.out, now) {
                Heard::Nothing => self.line.busy(&self.out),
                Heard::Found | Heard::Connected => {
                    self.deadline = now + self.mail.timeout;
                    true
                }
                Heard::Data(length) => {
                    self.hear(buf.get(..length).unwrap_or_default(), now);
                    true
                }
                Heard::Closed => {
                    let why = format!("connection closed, {}", self.missing());
                    self.close(&why, now);
                    true
                }
                Heard::Failed(why) => {
                    self.close(&why, now);
                    true
                }
            },
        }
    }

    /// Bytes of the mail server.
    fn hear(&mut self, mut bytes: &[u8], now: Instant) {
        loop {
            let (letter, out) = (self.letter.as_ref(), &mut self.out.bytes);
            match self.session.read(&mut bytes, letter, &self.mail, out) {
                Step::Wait => return,
                Step::On => self.deadline = now + self.mail.timeout,
                Step::Ready => self.next(now),
                Step::Delivered => {
                    self.delivered(now);
                    self.next(now);
                }
                Step::Refused(who, code) => self.refused(who, code),
                Step::Failed(failure) => return self.failed(failure, now),
                Step::Over => return self.hang_up(),
            }
        }
    }

    /// Begins the next letter, or says goodbye.
    fn next(&mut self, now: Instant) {
        if self.letter.is_none() {
            self.letter = self.queue.next(now);
        }
        let out = &mut self.out.bytes;
        match &self.letter {
            Some(letter) => {
                self.session.letter(letter, &self.mail, out);
                self.deadline = now + self.mail.timeout;
            }
            None => {
                self.session.quit(out);
                self.deadline = now + self.mail.timeout.min(GOODBYE);
            }
        }
    }

    fn delivered(&mut self, now: Instant) {
        self.queue.went_well();
        self.say_lost();
        let Some(mut letter) = self.letter.take() else {
            return;
        };
        log::info!("mail sent: {}", shown(&letter));
        letter.to = self.session.later();
        if letter.to.is_empty() {
            return;
        }
        if self.stop_at.is_some() || is_old(&letter, now) {
            let words = format!("{} recipients put off too long", letter.to.len());
            give_up(&letter, &words);
        } else {
            self.queue.put_off(letter, now);
        }
    }

    /// One recipient is not to be asked for again.
    fn refused(&mut self, who: u16, code: u16) {
        let Some(letter) = &mut self.letter else {
            return;
        };
        letter.to.retain(|to| *to != who);
        let to = self.mail.to.get(usize::from(who));
        let to = to.map_or("", |to| &to.address);
        let words = words(self.session.words());
        give_up(letter, &format!("to {to}: {code} {words}"));
    }

    /// The letter was not taken.
    fn failed(&mut self, failure: Failure, now: Instant) {
        let words = words(self.session.words());
        let after = step(self.session.at());
        match failure {
            // All were refused one by one.
            Failure::Never(_) if self.letter.as_ref().is_none_or(|l| l.to.is_empty()) => {
                self.letter = None;
                self.line.farewell();
                self.hang_up();
            }
            Failure::Never(code) => {
                // It is there, and sure of what it says.
                self.queue.went_well();
                if let Some(letter) = self.letter.take() {
                    give_up(&letter, &format!("{code} {words} ({after})"));
                }
                self.line.farewell();
                self.hang_up();
            }
            Failure::Later(code) | Failure::Odd(code) => {
                self.line.farewell();
                self.close(&format!("{code} {words} ({after})"), now);
            }
            Failure::Garbage => self.close(&format!("it does not speak SMTP ({after})"), now),
        }
    }

    /// The connection is over, and its letter not sent: it waits, or is given up.
    fn close(&mut self, why: &str, now: Instant) {
        if self.line.next_address() {
            self.deadline = now + self.mail.timeout;
            return;
        }
        let server = server(&self.mail);
        self.hang_up();
        let Some(letter) = self.letter.take() else {
            return;
        };
        let why = format!("{server}: {why}");
        if self.stop_at.is_some() {
            self.letter = Some(letter);
            self.give_up_all(&why);
            return;
        }
        let (pause, first) = self.queue.failed(letter, now);
        if first {
            let (count, seconds) = (self.queue.len(), pause.micros() / 1_000_000);
            let s = if count == 1 { "" } else { "s" };
            log::warn!("{why}; {count} mail{s} waiting, next attempt in {seconds} s");
        }
        while let Some(old) = self.queue.expired(now) {
            give_up(&old, &why);
        }
    }

    /// Everything that is not sent is given up.
    fn give_up_all(&mut self, why: &str) {
        self.say_lost();
        let first = self.letter.take().or_else(|| self.queue.pop());
        let Some(first) = first else {
            return;
        };
        give_up(&first, why);
        let more = self.queue.len();
        while let Some(letter) = self.queue.pop() {
            log::info!("mail given up: {}", shown(&letter));
        }
        if more > 0 {
            log::warn!("{more} more mails given up: {why}");
        }
    }

    fn say_lost(&mut self) {
        let lost = core::mem::take(&mut self.lost);
        if lost > 1 {
            let more = lost - 1;
            log::warn!("{more} more mails were given up while more than {MOST} waited");
        }
    }

    /// What did not come.
    fn missing(&self) -> String {
        match self.session.at() {
            _ if self.line.asking() => "no answer of a name server".to_owned(),
            _ if !self.line.connected() => "no connection".to_owned(),
            At::Greeting => "no greeting".to_owned(),
            at => format!("no answer to {}", step(at)),
        }
    }

    fn hang_up(&mut self) {
        self.line = Line::Closed;
        self.out.clear();
    }
}

/// The mail server as the configuration names it.
fn server(mail: &Mail) -> String {
    match &mail.server {
        Server::Address(address, _) => format!("mail server {address} port {}", mail.port),
        Server::Name(name) => format!("mail server {name} port {}", mail.port),
    }
}

/// A command as people who know SMTP name it.
fn step(at: At) -> &'static str {
    match at {
        At::Greeting => "greeting",
        At::Helo | At::Idle => "HELO",
        At::From => "MAIL FROM",
        At::To(_) => "RCPT TO",
        At::Data => "DATA",
        At::Text => "the text",
        At::Quit => "QUIT",
    }
}

fn give_up(letter: &Letter, why: &str) {
    log::warn!("mail given up: {}: {why}", shown(letter));
}

/// A subject for the log.
fn shown(letter: &Letter) -> String {
    words(letter.subject.as_bytes())
}

/// What a server says, without what does not belong into a log.
fn words(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars()
        .map(|c| if c.is_control() { '?' } else { c })
        .collect()
}

#[cfg(test)]
mod tests;
