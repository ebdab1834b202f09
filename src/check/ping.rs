//! PING_CHECK: an echo comes back.

use super::probe::{Ask, Cx, Outcome, Step, refused};
use super::{CheckerParams, Got, Why};
use crate::wire::icmp::Echo;

/// One try.
#[derive(Default)]
pub(super) struct Try {
    /// What the echo must bring back; `None`: not yet sent.
    sent: Option<[u8; 8]>,
}

impl Try {
    pub fn start(&mut self, _: &mut Cx<'_>) -> Step {
        Step::Wait(Ask::Open)
    }

    pub fn got(&mut self, got: Got<'_>, cx: &mut Cx<'_>) -> Step {
        let v6 = six(cx.params);
        match (got, self.sent) {
            (Got::Connected, None) => {
                let data = u64::from(cx.random).wrapping_mul(SPREAD).to_be_bytes();
                self.sent = Some(data);
                cx.out.clear();
                echo(&data).emit(v6, cx.out);
                Step::Wait(Ask::Send)
            }
            (Got::Data(bytes), Some(data)) => match Echo::reply(v6, bytes) {
                // The kernel may have put its own identifier in.
                Ok(Some(reply)) if reply.data == data && reply.sequence == echo(&data).sequence => {
                    Step::Done(Outcome::Pass)
                }
                // Somebody else's.
                Ok(_) => Step::Wait(Ask::More),
                Err(_) => Step::Done(Outcome::Fail(Why::Garbage)),
            },
            _ => refused(got).unwrap_or(Step::Wait(Ask::More)),
        }
    }
}

/// Odd, to make eight bytes of four.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// The echo that carries these bytes.
fn echo(data: &[u8; 8]) -> Echo<'_> {
    let [a, b, c, d, ..] = *data;
    Echo {
        id: u16::from_be_bytes([a, b]),
        sequence: u16::from_be_bytes([c, d]),
        data,
    }
}

fn six(params: &CheckerParams) -> bool {
    params
        .connection
        .as_ref()
        .is_some_and(|c| c.address.is_ipv6())
}

#[cfg(test)]
mod tests {
    use super::super::Probe;
    use super::super::probe::testing::{checker, fail, tried};
    use super::*;
    use core::net::{IpAddr, Ipv6Addr};

    /// The checker, its request, and the reply that the kernel would hand over.
    fn ping(v6: bool) -> (CheckerParams, Vec<u8>, Vec<u8>) {
        let mut checker = checker(Probe::Ping);
        if v6 {
            let address = IpAddr::V6(Ipv6Addr::LOCALHOST);
            checker.connection.as_mut().unwrap().address = address;
        }
        let told = tried(&checker, &[], None);
        assert_eq!(told.asks, [Ask::Open, Ask::Send]);
        assert_eq!(told.timeout, Outcome::Fail(Why::Timeout));
        let mut reply = told.sent.clone();
        reply[0] = if v6 { 129 } else { 0 };
        reply[4..6].copy_from_slice(b"id"); // a ping socket's own
        (checker, told.sent, reply)
    }

    #[test]
    fn echoes() {
        for v6 in [false, true] {
            let (checker, request, reply) = ping(v6);
            assert_eq!((request.len(), request[0]), (16, if v6 { 128 } else { 8 }));
            let end = |reply: &[u8]| tried(&checker, &[reply], None).outcome;
            assert_eq!(end(&reply), Some(Outcome::Pass));
            assert_eq!(end(&request), None, "our own request is not it");
            for at in [0, 1, 6, 7, 8, 15] {
                let mut other = reply.clone();
                other[at] ^= 0x80;
                assert_eq!(end(&other), None, "byte {at}");
                let then = tried(&checker, &[&other, &reply], None).outcome;
                assert_eq!(then, Some(Outcome::Pass), "the right one comes later");
            }
            assert_eq!(end(&[&reply[..], b"x"].concat()), None);
            assert_eq!(end(&reply[..7]), fail(Why::Garbage));
            assert_eq!(end(b""), fail(Why::Garbage));
            let unreachable = tried(&checker, &[], Some(Got::Failed(113))).outcome;
            assert_eq!(unreachable, fail(Why::System(113)));
        }
    }
}
