//! UDP_CHECK: what is sent is not refused; with `require_reply`, the right answer comes.

use super::probe::{Ask, Cx, Outcome, Step, refused};
use super::{Got, Probe, Udp, Why};

/// Bytes sent where the configuration gives none.
const RANDOM: usize = 64;

/// One try: nothing to remember.
pub(super) struct Try;

impl Try {
    pub fn start(&mut self, _: &mut Cx<'_>) -> Step {
        Step::Wait(Ask::Open)
    }

    pub fn got(&mut self, got: Got<'_>, cx: &mut Cx<'_>) -> Step {
        let Some(udp) = asked(cx) else {
            return Step::Done(Outcome::Fail(Why::Garbage));
        };
        match got {
            Got::Connected => {
                cx.out.clear();
                if udp.payload.is_empty() {
                    random(cx.random, cx.out);
                } else {
                    cx.out.extend_from_slice(&udp.payload);
                }
                Step::Wait(Ask::Send)
            }
            Got::Data(bytes) if fits(udp, bytes) => Step::Done(Outcome::Pass),
            Got::Data(_) => Step::Done(Outcome::Fail(Why::Reply)),
            _ => refused(got).unwrap_or(Step::Wait(Ask::More)),
        }
    }

    /// Without `require_reply`, silence is what was hoped for.
    pub fn timeout(&mut self, cx: &mut Cx<'_>) -> Outcome {
        match asked(cx) {
            Some(Udp { reply: None, .. }) => Outcome::Pass,
            _ => Outcome::Fail(Why::Timeout),
        }
    }
}

fn asked<'a>(cx: &Cx<'a>) -> Option<&'a Udp> {
    match &cx.params.probe {
        Probe::Udp(udp) => Some(udp),
        _ => None,
    }
}

/// Whether a datagram is an answer that was hoped for: any, unless one is required.
pub fn fits(udp: &Udp, bytes: &[u8]) -> bool {
    let Some(pattern) = &udp.reply else {
        return true;
    };
    let length = usize::from(udp.min)..=usize::from(udp.max);
    let same = |(byte, (value, mask)): (&u8, &(u8, u8))| byte & mask == value & mask;
    // Compat: what is longer, the pattern or the answer, is not compared.
    length.contains(&bytes.len()) && bytes.iter().zip(pattern).all(same)
}

/// Bytes that mean nothing (xorshift).
fn random(seed: u32, out: &mut Vec<u8>) {
    let mut x = seed | 1;
    while out.len() < RANDOM {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        out.extend_from_slice(&x.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::super::probe::testing::{checker, fail, tried};
    use super::*;

    fn udp(reply: Option<&[(u8, u8)]>) -> Udp {
        Udp {
            payload: b"ping".to_vec(),
            reply: reply.map(<[_]>::to_vec),
            min: 0,
            max: 255,
        }
    }

    fn end(udp: &Udp, reply: Option<&[u8]>) -> (Option<Outcome>, Outcome) {
        let checker = checker(Probe::Udp(Box::new(udp.clone())));
        let told = tried(&checker, reply.as_slice(), None);
        assert_eq!(told.sent, udp.payload);
        (told.outcome, told.timeout)
    }

    const PASS: Option<Outcome> = Some(Outcome::Pass);
    const NO: Option<Outcome> = fail(Why::Reply);

    #[test]
    fn without_an_answer() {
        assert_eq!(
            end(&udp(None), None),
            (None, Outcome::Pass),
            "silence is fine"
        );
        assert_eq!(end(&udp(None), Some(&[0; 2000])).0, PASS, "so is anything");
        let strict = udp(Some(&[]));
        assert_eq!(end(&strict, None), (None, Outcome::Fail(Why::Timeout)));
        let checker = checker(Probe::Udp(Box::new(udp(None))));
        let refused = tried(&checker, &[], Some(Got::Failed(111)));
        assert_eq!(refused.outcome, fail(Why::System(111)));
    }

    #[test]
    fn answers() {
        let any = udp(Some(&[]));
        assert_eq!(end(&any, Some(b"")).0, PASS);
        assert_eq!(end(&any, Some(&[0; 255])).0, PASS);
        assert_eq!(end(&any, Some(&[0; 256])).0, NO);
        // 0a x1 2x xx
        let odd = udp(Some(&[(0x0a, 0xff), (0x01, 0x0f), (0x20, 0xf0), (0, 0)]));
        assert_eq!(end(&odd, Some(b"\x0a\xf1\x2f\x99")).0, PASS);
        assert_eq!(end(&odd, Some(b"\x0a\xf1\x2f\x99 and more")).0, PASS);
        assert_eq!(
            end(&odd, Some(b"\x0a\xf1\x2f")).0,
            PASS,
            "shorter than the pattern"
        );
        assert_eq!(end(&odd, Some(b"\x0b\xf1\x2f\x99")).0, NO);
        assert_eq!(end(&odd, Some(b"\x0a\xf2\x2f\x99")).0, NO);
        assert_eq!(end(&odd, Some(b"\x0a\xf1\x3f\x99")).0, NO);
        assert_eq!(end(&odd, Some(b"\x0a\xf2")).0, NO);
        let bounded = Udp {
            min: 3,
            max: 4,
            ..any
        };
        for (len, want) in [(2, NO), (3, PASS), (4, PASS), (5, NO)] {
            assert_eq!(end(&bounded, Some(&[0; 9][..len])).0, want, "{len} bytes");
        }
    }

    #[test]
    fn something_random() {
        let (mut a, mut b) = (Vec::new(), Vec::new());
        random(0, &mut a);
        random(2, &mut b);
        assert_eq!((a.len(), b.len()), (RANDOM, RANDOM));
        assert_ne!(a, b);
    }
}
