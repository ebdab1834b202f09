//! DNS_CHECK over UDP: the server answers our question, and its response code is 0.

use super::probe::{Ask, Cx, Outcome, Step, refused};
use super::{CheckerParams, Got, Probe, Why};
use crate::wire::dns::{Bad, Question};

/// One try.
#[derive(Default)]
pub(super) struct Try {
    /// Of the question; `None`: not yet asked.
    id: Option<u16>,
}

impl Try {
    pub fn start(&mut self, _: &mut Cx<'_>) -> Step {
        Step::Wait(Ask::Open)
    }

    pub fn got(&mut self, got: Got<'_>, cx: &mut Cx<'_>) -> Step {
        let params = cx.params;
        match (got, self.id) {
            (Got::Connected, None) => {
                let [_, _, high, low] = cx.random.to_be_bytes();
                let id = u16::from_be_bytes([high, low]);
                self.id = Some(id);
                cx.out.clear();
                match question(params, id).map(|q| q.emit(cx.out)) {
                    Some(Ok(())) => Step::Wait(Ask::Send),
                    // The configuration has no such names.
                    _ => Step::Done(Outcome::Fail(Why::Garbage)),
                }
            }
            (Got::Data(bytes), Some(id)) => {
                let answer = question(params, id).map(|q| q.answer(bytes).map(|_| ()));
                Step::Done(match answer {
                    Some(Ok(())) => Outcome::Pass,
                    Some(Err(Bad::Code(code))) => Outcome::Fail(Why::Dns(code)),
                    _ => Outcome::Fail(Why::Garbage),
                })
            }
            _ => refused(got).unwrap_or(Step::Wait(Ask::More)),
        }
    }
}

fn question(params: &CheckerParams, id: u16) -> Option<Question<'_>> {
    match &params.probe {
        Probe::Dns { name, kind } => Some(Question {
            id,
            name,
            kind: *kind,
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::probe::testing::{checker, fail, tried};
    use super::*;
    use crate::wire::dns::{A, SOA};

    #[test]
    fn answers() {
        let checker = checker(Probe::Dns {
            name: "example.org".into(),
            kind: SOA,
        });
        let asked = b"\x56\x78\x01\0\0\x01\0\0\0\0\0\0\x07example\x03org\0\0\x06\0\x01";
        let told = tried(&checker, &[], None);
        assert_eq!(told.asks, [Ask::Open, Ask::Send]);
        assert_eq!(told.sent, asked);
        assert_eq!(told.timeout, Outcome::Fail(Why::Timeout));

        let one = |changes: &[(usize, u8)], len: usize| {
            let mut answer = asked.to_vec();
            answer[2] = 0x81;
            answer[3] = 0x80;
            for (at, byte) in changes {
                answer[*at] = *byte;
            }
            tried(&checker, &[&answer[..len]], None).outcome
        };
        let whole = asked.len();
        assert_eq!(one(&[], whole), Some(Outcome::Pass), "no record is needed");
        assert_eq!(one(&[(2, 0x83)], whole), Some(Outcome::Pass), "cut");
        assert_eq!(
            one(&[(7, 200)], whole),
            Some(Outcome::Pass),
            "records are not read"
        );
        assert_eq!(
            one(&[(13, b'E')], whole),
            Some(Outcome::Pass),
            "case does not matter"
        );
        assert_eq!(one(&[(3, 0x83)], whole), fail(Why::Dns(3)));
        assert_eq!(
            one(&[(3, 0x85)], 12),
            fail(Why::Dns(5)),
            "refused, without the question"
        );
        for (at, byte) in [
            (0, 0),
            (2, 0x01),
            (5, 0),
            (5, 2),
            (13, b'f'),
            (whole - 3, 1),
        ] {
            assert_eq!(one(&[(at, byte)], whole), fail(Why::Garbage), "byte {at}");
        }
        for len in 0..whole {
            assert_eq!(one(&[], len), fail(Why::Garbage), "{len} bytes");
        }
        let gone = tried(&checker, &[], Some(Got::Failed(111))).outcome;
        assert_eq!(gone, fail(Why::System(111)));
    }

    #[test]
    fn names_that_are_none() {
        for name in ["a..b", ".a", &"x".repeat(64), &"x.".repeat(200)] {
            let checker = checker(Probe::Dns {
                name: name.into(),
                kind: A,
            });
            assert_eq!(tried(&checker, &[], None).outcome, fail(Why::Garbage));
        }
    }
}
