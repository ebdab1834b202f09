//! A mail server whose every reply a test chooses, sent in pieces.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What the server does next.
pub enum Answer {
    /// One reply; lines behind each other make it a long one.
    Say(&'static str),
    /// The same, after so many milliseconds.
    Late(u64, &'static str),
    /// Nothing, until the other side goes.
    Never,
    /// Closes the connection.
    Close,
    /// These bytes again and again, until the other side goes.
    Flood(&'static [u8]),
}

/// A letter that was taken.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mail {
    pub from: String,
    pub to: Vec<String>,
    pub text: String,
}

impl Mail {
    /// A header, in one line.
    pub fn header(&self, name: &str) -> String {
        let head = self.text.split("\n\n").next().unwrap_or_default();
        let head = head.replace("\n ", " ");
        let found = head
            .lines()
            .find_map(|l| l.strip_prefix(name)?.strip_prefix(": "));
        found.unwrap_or_default().to_owned()
    }
    /// Its first line behind the headers.
    pub fn body(&self) -> &str {
        let body = self.text.split("\n\n").nth(1).unwrap_or_default();
        body.lines().next().unwrap_or_default()
    }
}

/// The server; it ends with the test.
pub struct Server {
    mails: Arc<Mutex<Vec<Mail>>>,
    connections: Arc<AtomicUsize>,
}

/// Says what is answered: number of the connection from 0; the line, empty for the greeting, `. `
/// and the subject for the end of a text.
pub type Manner = fn(usize, &str) -> Answer;

/// Takes everything.
pub fn well(_: usize, line: &str) -> Answer {
    Answer::Say(match line.split_once(' ').map_or(line, |(word, _)| word) {
        "" => "220-mx.example\r\n220 ready",
        "DATA" => "354 go on",
        "QUIT" => "221 bye",
        _ => "250 well",
    })
}

impl Server {
    /// Serves who connects to `listener`.
    pub fn start(listener: TcpListener, manner: Manner) -> Server {
        let mails = Arc::new(Mutex::new(Vec::new()));
        let connections = Arc::new(AtomicUsize::new(0));
        let server = Server {
            mails: Arc::clone(&mails),
            connections: Arc::clone(&connections),
        };
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                let n = connections.fetch_add(1, Ordering::SeqCst);
                let mails = Arc::clone(&mails);
                std::thread::spawn(move || {
                    // Whoever goes, goes.
                    let _ = talk(&stream, n, manner, &mails);
                });
            }
        });
        server
    }

    /// What was taken so far.
    pub fn mails(&self) -> Vec<Mail> {
        self.mails.lock().expect("no server panics").clone()
    }

    /// How many have connected.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

fn talk(
    stream: &TcpStream,
    n: usize,
    manner: Manner,
    mails: &Mutex<Vec<Mail>>,
) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut lines = BufReader::new(stream).lines();
    let mut mail = Mail::default();
    let (mut line, mut over) = (String::new(), false);
    while !over {
        let reply = match manner(n, &line) {
            Answer::Say(reply) => reply,
            Answer::Late(ms, reply) => {
                std::thread::sleep(Duration::from_millis(ms));
                reply
            }
            Answer::Never => {
                for _ in lines.by_ref() {}
                return Ok(());
            }
            Answer::Close => return Ok(()),
            Answer::Flood(bytes) => loop {
                (&*stream).write_all(bytes)?;
            },
        };
        if line.starts_with(". ") && reply.starts_with('2') {
            mails.lock().expect("no server panics").push(mail.clone());
        }
        over = line == "QUIT";
        let (first, second) = reply.split_at(reply.len() / 2);
        for piece in [first, second, "\r", "\n"] {
            (&*stream).write_all(piece.as_bytes())?;
            std::thread::yield_now();
        }
        if reply.starts_with("354") {
            mail.text.clear();
            loop {
                let Some(line) = lines.next() else {
                    return Ok(());
                };
                let line = line?;
                if line == "." {
                    break;
                }
                mail.text += line.strip_prefix('.').unwrap_or(&line);
                mail.text.push('\n');
            }
            line = format!(". {}", mail.header("Subject"));
            continue;
        }
        let Some(next) = lines.next() else {
            return Ok(());
        };
        line = next?;
        if let Some(from) = line.strip_prefix("MAIL FROM:") {
            mail = Mail {
                from: from.to_owned(),
                ..Mail::default()
            };
        } else if let Some(to) = line.strip_prefix("RCPT TO:") {
            mail.to.push(to.to_owned());
        }
    }
    Ok(())
}
