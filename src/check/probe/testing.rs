//! What the tests of all probes share: one try, and every split of an answer.

use super::super::{CheckerParams, Connection, Got, Params, Probe, RealId, Why, http::Kit};
use super::{Ask, Cx, Outcome, Step, Try};
use crate::time::Span;
use core::iter;

/// What came of a try.
pub(in super::super) struct Told {
    /// `None`: it waits for more.
    pub outcome: Option<Outcome>,
    /// All it asked for.
    pub asks: Vec<Ask>,
    /// All it sent.
    pub sent: Vec<u8>,
    /// What it would say if its time were over.
    pub timeout: Outcome,
}

/// A checker with this probe, of 192.0.2.1 port 80.
pub(in super::super) fn checker(probe: Probe) -> CheckerParams {
    CheckerParams {
        real: RealId(0),
        alpha: false,
        delay_loop: Span::from_secs(1),
        warmup: Span::ZERO,
        retry: 0,
        delay_before_retry: Span::ZERO,
        timeout: Span::from_secs(5),
        log_all_failures: false,
        connection: Some(Connection {
            address: [192, 0, 2, 1].into(),
            port: 80,
            from: None,
            from_port: 0,
            interface: None,
            mark: 0,
        }),
        probe,
    }
}

/// Shows a connection, the pieces and what comes last to one try.
pub(in super::super) fn tried(
    checker: &CheckerParams,
    pieces: &[&[u8]],
    last: Option<Got<'_>>,
) -> Told {
    let mut kit = Kit::new(&Params {
        checkers: vec![checker.clone()],
        ..Params::default()
    });
    let mut out = Vec::new();
    let mut cx = Cx {
        params: checker,
        weight: 1,
        url: 0,
        random: 0x1234_5678,
        out: &mut out,
        kit: &mut kit,
    };
    let mut one = Try::new(&checker.probe).unwrap();
    let mut told = Told {
        outcome: None,
        asks: Vec::new(),
        sent: Vec::new(),
        timeout: Outcome::Pass,
    };
    let mut step = one.start(&mut cx);
    let pieces = pieces.iter().map(|piece| Got::Data(piece));
    let mut events = iter::once(Got::Connected).chain(pieces).chain(last);
    loop {
        match step {
            Step::Done(outcome) => told.outcome = Some(outcome),
            Step::Wait(ask) => {
                told.asks.push(ask);
                if ask == Ask::Send {
                    told.sent.extend_from_slice(cx.out);
                }
            }
        }
        let Some(got) = events.next().filter(|_| told.outcome.is_none()) else {
            break;
        };
        step = one.got(got, &mut cx);
    }
    told.timeout = one.timeout(&mut cx);
    told
}

/// What `judge` says of an answer, in one piece, in every two, and byte by byte: always the same.
pub(in super::super) fn splits<T: PartialEq + core::fmt::Debug>(
    answer: &[u8],
    judge: impl Fn(&[&[u8]]) -> T,
) -> T {
    let want = judge(&[answer]);
    for cut in 0..=answer.len() {
        let (a, b) = answer.split_at(cut);
        assert_eq!(judge(&[a, b]), want, "{} at {cut}", answer.escape_ascii());
    }
    let single: Vec<&[u8]> = answer.chunks(1).collect();
    assert_eq!(
        judge(&single),
        want,
        "{} byte by byte",
        answer.escape_ascii()
    );
    want
}

/// A failure, as `tried` tells it.
pub(in super::super) const fn fail(why: Why) -> Option<Outcome> {
    Some(Outcome::Fail(why))
}
