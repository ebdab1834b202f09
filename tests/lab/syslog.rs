//! A /dev/log that keeps what it is told.

use super::now;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// One line and when it came.
#[derive(Clone, Debug)]
pub struct Line {
    pub at: Duration,
    /// With the `<priority>` in front.
    pub text: String,
}

/// The reader of one machine's /dev/log.
pub struct Sink {
    lines: Arc<Mutex<Vec<Line>>>,
    stop: Arc<AtomicBool>,
    reader: Option<JoinHandle<()>>,
}

impl Sink {
    /// Listens at `path`.
    pub fn bind(path: &Path) -> Sink {
        let socket = UnixDatagram::bind(path).expect("binding a log socket");
        socket
            .set_read_timeout(Some(Duration::from_millis(50)))
            .expect("a timeout");
        let lines = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let (list, flag) = (lines.clone(), stop.clone());
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 8192];
            while !flag.load(Ordering::Relaxed) {
                let Ok(length) = socket.recv(&mut buffer) else {
                    continue;
                };
                let text = String::from_utf8_lossy(&buffer[..length])
                    .trim_end()
                    .to_owned();
                list.lock()
                    .expect("nobody panics holding it")
                    .push(Line { at: now(), text });
            }
        });
        Sink {
            lines,
            stop,
            reader: Some(reader),
        }
    }

    /// All lines so far.
    pub fn lines(&self) -> Vec<Line> {
        self.lines.lock().expect("the reader lives").clone()
    }

    /// How many lines contain `text`.
    pub fn count(&self, text: &str) -> usize {
        self.lines()
            .iter()
            .filter(|l| l.text.contains(text))
            .count()
    }

    /// All lines as one text.
    pub fn text(&self) -> String {
        self.lines()
            .iter()
            .fold(String::new(), |all, l| all + &l.text + "\n")
    }

    /// The same for people, each line with the second (of a thousand) in which it came.
    pub fn report(&self) -> String {
        let stamp = |l: &Line| (l.at.as_secs() % 1000, l.at.subsec_millis());
        let lines = self.lines();
        let shown = lines.iter().filter(|l| !l.text.contains("gratuitous ARP"));
        shown.fold(String::new(), |all, l| {
            let (s, ms) = stamp(l);
            format!("{all}{s:03}.{ms:03} {}\n", l.text)
        })
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}
