//! SMTP_CHECK: the server greets, and takes our name.

use super::probe::{Ask, Cx, Outcome, Step, refused};
use super::{CheckerParams, Got, Probe, Why};
use crate::wire::smtp::Replies;

/// How far the talk is.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum At {
    #[default]
    Start,
    /// 220 is to come.
    Greeting,
    /// 250 is to come.
    Helo,
    /// All is well; the server may say goodbye.
    Quit,
}

/// One try.
#[derive(Default)]
pub(super) struct Try {
    at: At,
    replies: Replies,
}

impl Try {
    pub fn start(&mut self, _: &mut Cx<'_>) -> Step {
        Step::Wait(Ask::Open)
    }

    pub fn got(&mut self, got: Got<'_>, cx: &mut Cx<'_>) -> Step {
        match got {
            Got::Connected if self.at == At::Start => {
                self.at = At::Greeting;
                Step::Wait(Ask::Renew)
            }
            Got::Data(bytes) => self.data(bytes, cx),
            Got::Closed | Got::Failed(_) | Got::TlsFailed(_) if self.at == At::Quit => {
                Step::Done(Outcome::Pass)
            }
            _ => refused(got).unwrap_or(Step::Wait(Ask::More)),
        }
    }

    /// Whoever took our name is well, with a goodbye or without.
    pub fn timeout(&mut self, _: &mut Cx<'_>) -> Outcome {
        match self.at {
            At::Quit => Outcome::Pass,
            _ => Outcome::Fail(Why::Timeout),
        }
    }

    fn data(&mut self, bytes: &[u8], cx: &mut Cx<'_>) -> Step {
        let (mut rest, mut ask) = (bytes, Ask::More);
        loop {
            // Compat: what comes behind 250 is nobody's concern, not even its form.
            if self.at == At::Quit && !rest.is_empty() {
                return Step::Done(Outcome::Pass);
            }
            let code = match self.replies.read(&mut rest) {
                Ok(Some(code)) => code,
                Ok(None) => return Step::Wait(ask),
                Err(_) => return Step::Done(Outcome::Fail(Why::Garbage)),
            };
            // A server that talks on before it is answered gets both answers at once.
            if ask != Ask::Send {
                cx.out.clear();
            }
            match (self.at, code) {
                (At::Greeting, 220) => {
                    self.at = At::Helo;
                    cx.out.extend_from_slice(b"HELO ");
                    cx.out.extend_from_slice(name(cx.params).as_bytes());
                    cx.out.extend_from_slice(b"\r\n");
                }
                (At::Helo, 250) => {
                    self.at = At::Quit;
                    cx.out.extend_from_slice(b"QUIT\r\n");
                }
                _ => return Step::Done(Outcome::Fail(Why::Smtp(code))),
            }
            ask = Ask::Send;
        }
    }
}

/// How we introduce ourselves.
fn name(params: &CheckerParams) -> &str {
    match &params.probe {
        Probe::Smtp { helo } => helo,
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::super::probe::testing::{Told, checker, fail, splits, tried};
    use super::*;

    fn verdict(reply: &[u8], last: Option<Got<'_>>) -> (Option<Outcome>, String) {
        let checker = checker(Probe::Smtp {
            helo: "lb.example".into(),
        });
        let single: Vec<&[u8]> = reply.chunks(1).collect();
        let sent = tried(&checker, &single, last).sent;
        let outcome = splits(reply, |pieces| tried(&checker, pieces, last).outcome);
        (outcome, String::from_utf8(sent).unwrap())
    }

    const PASS: Option<Outcome> = Some(Outcome::Pass);
    const HELO: &str = "HELO lb.example\r\n";
    const BOTH: &str = "HELO lb.example\r\nQUIT\r\n";

    #[test]
    fn talks() {
        let closed = Some(Got::Closed);
        let reset = Some(Got::Failed(104));
        let well = b"220 mx ESMTP\r\n250 mx\r\n";
        type Row<'a> = (&'a [u8], Option<Got<'a>>, Option<Outcome>, &'a str);
        let table: &[Row<'_>] = &[
            (b"220 mx ESMTP\r\n250 mx\r\n221 bye\r\n", None, PASS, BOTH),
            (b"220-a\r\n220 b\r\n250-c\r\n250 d\r\nx", None, PASS, BOTH),
            (well, None, None, BOTH),
            (well, closed, PASS, BOTH),
            (well, reset, PASS, BOTH),
            (b"220 mx\r\n", None, None, HELO),
            (b"220 mx\r\n", closed, fail(Why::Closed), HELO),
            (b"220 mx\r\n", reset, fail(Why::System(104)), HELO),
            (b"220 mx\r\n250", closed, fail(Why::Closed), HELO),
            (b"220 mx\r\n501 who\r\n", None, fail(Why::Smtp(501)), HELO),
            (b"220 mx\r\n220 mx\r\n", None, fail(Why::Smtp(220)), HELO),
            (b"554 go away\r\n", None, fail(Why::Smtp(554)), ""),
            (b"250 mx\r\n", None, fail(Why::Smtp(250)), ""),
            (b"421-busy\r\n421 very\r\n", None, fail(Why::Smtp(421)), ""),
            (b"", closed, fail(Why::Closed), ""),
            (b"", reset, fail(Why::System(104)), ""),
            (b"", Some(Got::TlsFailed(70)), fail(Why::Tls(70)), ""),
            (b"SSH-2.0-OpenSSH\r\n", None, fail(Why::Garbage), ""),
            (b"HTTP/1.0 200 OK\r\n", None, fail(Why::Garbage), ""),
            (b"220 mx\r\nhello\r\n", None, fail(Why::Garbage), HELO),
        ];
        for (reply, last, outcome, sent) in table {
            let want = (*outcome, (*sent).to_owned());
            assert_eq!(verdict(reply, *last), want, "{}", reply.escape_ascii());
        }
    }

    #[test]
    fn a_server_that_does_not_wait() {
        let checker = checker(Probe::Smtp {
            helo: "lb.example".into(),
        });
        let told = tried(&checker, &[b"220 mx\r\n250 mx\r\n"], None);
        assert_eq!(
            (told.outcome, told.sent.as_slice()),
            (None, BOTH.as_bytes())
        );
    }

    #[test]
    fn time_runs_out() {
        let checker = checker(Probe::Smtp { helo: "x".into() });
        let end = |reply: &[u8]| tried(&checker, &[reply], None).timeout;
        assert_eq!(end(b"220 mx\r\n250"), Outcome::Fail(Why::Timeout));
        assert_eq!(end(b"220 mx\r\n250 mx\r\n"), Outcome::Pass);
        let Told { asks, .. } = tried(&checker, &[b"2", b"2", b"0 \r\n"], None);
        assert_eq!(
            asks,
            [Ask::Open, Ask::Renew, Ask::More, Ask::More, Ask::Send]
        );
    }
}
