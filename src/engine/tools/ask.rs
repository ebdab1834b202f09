//! Asks a running daemon by its control socket.

use crate::control::{Answer, Request};
use crate::sys;
use crate::sys::net::Local;
use crate::sys::poll::{self, Want};
use crate::time::{Instant, Span};
use std::io;
use std::os::fd::AsRawFd;

/// Why there is no answer.
#[derive(Debug)]
pub enum Silence {
    /// Nobody listens there.
    Nobody,
    /// It may not be asked by this user.
    Forbidden,
    /// Something else.
    Other(io::Error),
}

impl From<io::Error> for Silence {
    fn from(e: io::Error) -> Self {
        match e.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => Silence::Nobody,
            io::ErrorKind::PermissionDenied => Silence::Forbidden,
            _ => Silence::Other(e),
        }
    }
}

/// How long an answer may take.
const PATIENCE: Span = Span::from_secs(20);
/// Before another look at what takes a moment.
const PAUSE: Span = Span::from_millis(50);
/// Longest answer that is taken, bytes.
const LONGEST: usize = 256 << 20;

/// Waits a moment before another look at something.
pub fn pause() {
    let _ = poll::wait(&[], Some(PAUSE));
}

/// Asks, and waits for the whole answer, 20 seconds at the most: exit status and text.
pub fn ask(path: &str, request: &Request) -> Result<(u8, String), Silence> {
    let end = sys::now() + PATIENCE;
    let socket = connect(path, end)?;
    let line = format!("{request}\n");
    let mut sent = 0;
    while let Some(rest) = line.as_bytes().get(sent..).filter(|rest| !rest.is_empty()) {
        match socket.send(rest) {
            Ok(Some(more)) => sent += more,
            Ok(None) => wait(&[Want::write(socket.as_raw_fd())], end)?,
            // It may have said why before it left.
            Err(_) => break,
        }
    }
    let mut bytes = Vec::new();
    let mut buffer = [0; 16 << 10];
    loop {
        match socket.recv(&mut buffer) {
            Ok(Some(0)) => break,
            Ok(Some(read)) => bytes.extend(buffer.iter().take(read)),
            Ok(None) => wait(&[Want::read(&socket)], end)?,
            Err(e) => return Err(Silence::Other(e)),
        }
        if bytes.len() > LONGEST {
            return Err(Silence::Other(io::Error::from(io::ErrorKind::OutOfMemory)));
        }
    }
    match Answer::parse(&bytes) {
        Some(answer) => Ok((answer.status, answer.text.to_owned())),
        None => Err(Silence::Other(io::Error::from(
            io::ErrorKind::UnexpectedEof,
        ))),
    }
}

fn connect(path: &str, end: Instant) -> Result<Local, Silence> {
    loop {
        match Local::connect(path) {
            Err(e) if e.kind() == io::ErrorKind::WouldBlock && sys::now() < end => {
                pause();
            }
            other => return Ok(other?),
        }
    }
}

/// Until a socket is ready, or the patience at its end.
fn wait(wants: &[Want], end: Instant) -> Result<(), Silence> {
    let now = sys::now();
    if now >= end {
        return Err(Silence::Other(io::Error::from(io::ErrorKind::TimedOut)));
    }
    poll::wait(wants, Some(end.since(now)))?;
    Ok(())
}
