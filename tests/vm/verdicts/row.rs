//! A row of the table: a checker, whom it asks, and the verdict that is expected.

use super::raw::HOST;
use std::fmt::Write;

/// One virtual server with one real server with one checker.
#[derive(Clone)]
pub struct Row {
    /// What the situation is.
    pub name: String,
    kind: &'static str,
    /// What is in the block.
    inside: String,
    /// What stands beside it in the real server.
    beside: String,
    address: &'static str,
    port: u16,
    /// Seconds to wait for an answer; 0: the checker has no such keyword.
    patience: u32,
    /// It is fit to serve.
    pub good: bool,
    /// The same for keepalived 2.2.7.
    pub theirs: bool,
    /// What our log says of a failure.
    pub why: &'static str,
    /// Seconds between two checks.
    often: u32,
    /// Its weight while it serves.
    pub weight: i32,
    /// It is out until it was tried.
    alpha: bool,
}

/// A checker of this kind; nothing is said to it, and it succeeds.
pub fn row(kind: &'static str, name: &str, port: u16) -> Row {
    Row {
        name: format!("{kind}: {name}"),
        kind,
        inside: String::new(),
        beside: String::new(),
        address: HOST,
        port,
        patience: match kind {
            "MISC_CHECK" | "FILE_CHECK" => 0,
            _ => 20,
        },
        good: true,
        theirs: true,
        why: "",
        often: if kind == "MISC_CHECK" { 8 } else { 4 },
        weight: 1,
        alpha: kind != "FILE_CHECK",
    }
}

/// HTTP_GET of one page.
pub fn page(name: &str, port: u16, path: &str) -> Row {
    row("HTTP_GET", name, port).url(path, "")
}

impl Row {
    /// Something more in the block.
    pub fn with(mut self, line: &str) -> Row {
        let _ = writeln!(self.inside, "   {line}");
        self
    }

    /// A page to ask for, and lines in its block.
    pub fn url(self, path: &str, lines: &str) -> Row {
        self.with(&format!("url {{\n    path {path}\n    {lines}\n   }}"))
    }

    /// Something more in the real server.
    pub fn beside(mut self, line: &str) -> Row {
        let _ = writeln!(self.beside, "  {line}");
        self
    }

    /// At another address.
    pub fn at(self, address: &'static str) -> Row {
        Row { address, ..self }
    }

    /// It fails, and the log says why.
    pub fn bad(self, why: &'static str) -> Row {
        Row {
            why,
            good: false,
            theirs: false,
            alpha: false,
            ..self
        }
    }

    /// It fails by its timeout.
    pub fn late(self) -> Row {
        Row {
            patience: 2.min(self.patience),
            ..self.bad("no answer in time")
        }
    }

    /// Waits so long for an answer.
    pub fn waits(self, patience: u32) -> Row {
        Row { patience, ..self }
    }

    /// keepalived sees it otherwise.
    pub fn not_theirs(self) -> Row {
        Row {
            theirs: !self.good,
            // Its verdict may be that it has none.
            alpha: self.good,
            ..self
        }
    }

    /// Checked every so many seconds.
    pub fn every(self, often: u32) -> Row {
        Row { often, ..self }
    }

    /// It serves with another weight than 1.
    pub fn weighs(self, weight: i32) -> Row {
        Row { weight, ..self }
    }

    /// Its virtual server.
    pub fn service(&self, port: u16) -> String {
        let six = self.address.contains(':');
        let address = if six { "fd00::100" } else { "192.0.2.100" };
        let alpha = if self.alpha { " alpha\n" } else { "" };
        let patience = match self.patience {
            0 => String::new(),
            n => format!("   connect_timeout {n}\n"),
        };
        format!(
            "virtual_server {address} {port} {{\n delay_loop {}\n warmup 4\n lb_algo rr\n lb_kind NAT\n \
             protocol TCP\n{alpha} real_server {} {} {{\n{}  {} {{\n{patience}{}  }}\n }}\n}}\n",
            self.often, self.address, self.port, self.beside, self.kind, self.inside
        )
    }
}
