use super::*;
use crate::vrrp::{InstanceParams, Kept};
use core::net::Ipv4Addr;
use std::collections::BTreeSet;

fn params(sizes: &[u8]) -> Rc<Params> {
    let mut params = Params {
        interfaces: vec!["eth0".into()],
        ..Params::default()
    };
    for (n, size) in sizes.iter().enumerate() {
        let mut i = InstanceParams::new("V", IfaceId(0), n as u8 + 1);
        for a in 0..*size {
            i.addresses.push(Address::new(
                IpAddr::V4(Ipv4Addr::new(10, 0, n as u8, a)),
                24,
                IfaceId(0),
            ));
        }
        params.instances.push(i);
    }
    Rc::new(params)
}

/// errno EADDRNOTAVAIL here.
const EADDRNOTAVAIL: i32 = 99;

/// A kernel: holds addresses; deleting the first of a /24 deletes the others with it.
#[derive(Default)]
struct Kernel {
    held: Vec<IpAddr>,
    gone: Vec<IpAddr>,
}
impl Kernel {
    fn apply(&mut self, add: bool, a: IpAddr) -> i32 {
        let at = self.held.iter().position(|x| *x == a);
        match (add, at) {
            (true, Some(_)) => EEXIST,
            (true, None) => {
                self.held.push(a);
                0
            }
            (false, None) => EADDRNOTAVAIL,
            (false, Some(at)) => {
                let IpAddr::V4(v4) = a else { return 0 };
                let net = v4.octets()[2];
                let same = |x: &IpAddr| matches!(x, IpAddr::V4(x) if x.octets()[2] == net);
                if self.held.iter().position(same) == Some(at) {
                    self.gone.extend(self.held.iter().copied().filter(same));
                    self.held.retain(|x| !same(x));
                } else {
                    self.held.remove(at);
                    self.gone.push(a);
                }
                0
            }
        }
    }
}

fn settle(jobs: &mut Jobs, kernel: &mut Kernel) {
    for round in 0..10_000 {
        // Seconds apart: nobody is in a hurry here.
        let now = Instant::from_secs(2 * round);
        let mut sent = Vec::new();
        while let Some(op) = jobs.next_op() {
            sent.push(op);
            if sent.len() == 64 {
                jobs.rotate();
                break;
            }
        }
        for op in &sent {
            let a = jobs.address(op.instance, op.slot).unwrap().address;
            let errno = kernel.apply(op.add, a);
            jobs.ack(op.seq, errno);
        }
        for a in std::mem::take(&mut kernel.gone) {
            jobs.vanished(IfaceId(0), a, 24, true, now);
        }
        if !jobs.busy() {
            return;
        }
    }
    panic!("never settles");
}

#[test]
fn whatever_is_wanted_last_is_what_the_kernel_holds() {
    let mut rng: u32 = 1;
    let mut random = move |n: u32| {
        rng = rng.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (rng >> 8) % n
    };
    let params = params(&[3, 0, 200, 1]);
    for _ in 0..300 {
        let mut jobs = Jobs::new(&params);
        let mut kernel = Kernel::default();
        let mut wanted = [false; 4];
        for _ in 0..20 {
            let i = random(4) as usize;
            wanted[i] = random(2) == 0;
            jobs.want(InstanceId(i as u16), wanted[i], 5);
            match random(4) {
                0 => settle(&mut jobs, &mut kernel),
                1 => {
                    // Some requests leave and are answered only later.
                    let ops: Vec<Op> = core::iter::from_fn(|| jobs.next_op()).take(7).collect();
                    let mut apply = |op: &Op| {
                        let a = jobs.address(op.instance, op.slot).unwrap().address;
                        kernel.apply(op.add, a)
                    };
                    let errnos: Vec<i32> = ops.iter().map(&mut apply).collect();
                    for (op, errno) in ops.iter().zip(errnos) {
                        if random(5) != 0 {
                            jobs.ack(op.seq, errno);
                        } else {
                            jobs.lose_answers();
                        }
                    }
                }
                _ => {}
            }
        }
        jobs.lose_answers();
        settle(&mut jobs, &mut kernel);
        let held: BTreeSet<IpAddr> = kernel.held.iter().copied().collect();
        let expect: BTreeSet<IpAddr> = (0..4)
            .filter(|i| wanted[*i])
            .flat_map(|i| list(&params.instances[i]).map(|a| a.address))
            .collect();
        assert_eq!(held, expect);
    }
}

#[test]
fn leftovers_of_an_earlier_life_are_removed_unless_wanted() {
    let params = params(&[2, 2]);
    let mut jobs = Jobs::new(&params);
    let mut kernel = Kernel::default();
    for (n, a) in [(0, 0), (0, 1), (1, 0)] {
        let a = IpAddr::V4(Ipv4Addr::new(10, 0, n, a));
        kernel.apply(true, a);
        jobs.found(IfaceId(0), a, 24, Whose::Leftover);
    }
    jobs.want(InstanceId(1), true, 5);
    assert_eq!(jobs.remove_leftovers(), 2);
    settle(&mut jobs, &mut kernel);
    assert_eq!(kernel.held.len(), 2);
    assert!(jobs.present(InstanceId(1), 0) && jobs.present(InstanceId(1), 1));
    let rested: Vec<_> = core::iter::from_fn(|| jobs.next_rested()).collect();
    assert_eq!(rested, [(InstanceId(1), 4), (InstanceId(0), 0)]);
}

#[test]
fn addresses_that_are_there_already_are_announced_in_full() {
    let params = params(&[1]);
    let mut jobs = Jobs::new(&params);
    jobs.found(
        IfaceId(0),
        IpAddr::V4(Ipv4Addr::new(10, 0, 0, 0)),
        24,
        Whose::Leftover,
    );
    jobs.want(InstanceId(0), true, 5);
    assert_eq!(jobs.next_op(), None);
    assert_eq!(jobs.next_rested(), Some((InstanceId(0), 5)));
    assert_eq!(jobs.next_rested(), None);
}

#[test]
fn a_stale_answer_changes_nothing() {
    let params = params(&[1]);
    let mut jobs = Jobs::new(&params);
    jobs.want(InstanceId(0), true, 5);
    let op = jobs.next_op().unwrap();
    assert_eq!(
        jobs.ack(op.seq.wrapping_add(IN_FLIGHT as u32), 0),
        Answer::Noted
    );
    assert!(matches!(
        jobs.ack(op.seq, 1),
        Answer::Refused { errno: 1, .. }
    ));
    assert_eq!(jobs.ack(op.seq, 0), Answer::Noted);
    assert!(!jobs.present(InstanceId(0), 0));
}

/// Somebody took it away from an interface that is up, so many seconds after the start.
fn vanished(jobs: &mut Jobs, address: IpAddr, seconds: u64) -> Gone {
    jobs.vanished(IfaceId(0), address, 24, true, Instant::from_secs(seconds))
}

/// Everything wanted of one instance with four addresses is in place.
fn settled_jobs(params: &Rc<Params>, kernel: &mut Kernel) -> Jobs {
    let mut jobs = Jobs::new(params);
    jobs.want(InstanceId(0), true, 5);
    settle(&mut jobs, kernel);
    assert_eq!(jobs.next_rested(), Some((InstanceId(0), 4)));
    jobs
}

#[test]
fn what_was_lost_unnoticed_is_found_missing_and_put_back() {
    let (params, mut kernel) = (params(&[4]), Kernel::default());
    let mut jobs = settled_jobs(&params, &mut kernel);
    let taken = kernel.held.remove(2);
    jobs.doubt();
    assert!(
        jobs.present(InstanceId(0), 2),
        "innocent until the dump is over"
    );
    for a in &kernel.held {
        jobs.found(IfaceId(0), *a, 24, Whose::Ours);
    }
    assert_eq!(jobs.restore_missing(|_| true), 1);
    assert_eq!(jobs.restore_missing(|_| true), 0);
    settle(&mut jobs, &mut kernel);
    assert!(kernel.held.contains(&taken) && kernel.held.len() == 4);
    // Announced as it appeared; no burst over all four.
    assert_eq!(jobs.next_rested(), Some((InstanceId(0), 0)));
    jobs.doubt();
    jobs.want(InstanceId(0), false, 0);
    settle(&mut jobs, &mut kernel);
    assert_eq!((kernel.held.len(), jobs.restore_missing(|_| true)), (0, 0));
}

#[test]
fn one_address_taken_away_does_not_cause_a_burst_over_all() {
    let (params, mut kernel) = (params(&[4]), Kernel::default());
    let mut jobs = settled_jobs(&params, &mut kernel);
    let taken = kernel.held.remove(1);
    assert_eq!(vanished(&mut jobs, taken, 9), Gone::Back(InstanceId(0)));
    let op = jobs.next_op().unwrap();
    assert_eq!(jobs.ack(op.seq, 0), Answer::Appeared(InstanceId(0), 1));
    assert_eq!(jobs.next_op(), None);
    assert_eq!(jobs.next_rested(), Some((InstanceId(0), 0)));
}

#[test]
fn nothing_to_delete_is_success_by_whatever_number() {
    for errno in [EADDRNOTAVAIL, ENODEV] {
        let params = params(&[1]);
        let mut jobs = Jobs::new(&params);
        jobs.found(
            IfaceId(0),
            IpAddr::V4(Ipv4Addr::new(10, 0, 0, 0)),
            24,
            Whose::Leftover,
        );
        assert_eq!(jobs.remove_leftovers(), 1);
        let op = jobs.next_op().unwrap();
        assert_eq!(jobs.ack(op.seq, errno), Answer::Noted);
    }
}

#[test]
fn what_others_put_there_is_used_and_never_deleted() {
    let params = params(&[2]);
    let mut jobs = Jobs::new(&params);
    let mut kernel = Kernel::default();
    let [own, other] = [0, 1].map(|last| IpAddr::V4(Ipv4Addr::new(10, 0, 0, last)));
    for (a, whose) in [(own, Whose::Leftover), (other, Whose::Others)] {
        kernel.apply(true, a);
        jobs.found(IfaceId(0), a, 24, whose);
    }
    assert_eq!(jobs.remove_leftovers(), 1);
    // The first of its subnet would take the other one along.
    kernel.held.rotate_left(1);
    settle(&mut jobs, &mut kernel);
    assert_eq!(kernel.held, [other]);
    jobs.want(InstanceId(0), true, 5);
    settle(&mut jobs, &mut kernel);
    assert_eq!(kernel.held, [other, own]);
    assert!(jobs.present(InstanceId(0), 1));
    assert_eq!(jobs.held(InstanceId(0)), 1);
    // It goes: while it is wanted we put it there, and then it is ours.
    kernel.held.retain(|a| *a != other);
    assert_eq!(vanished(&mut jobs, other, 9), Gone::Back(InstanceId(0)));
    settle(&mut jobs, &mut kernel);
    assert_eq!(kernel.held, [own, other]);
    jobs.want(InstanceId(0), false, 0);
    settle(&mut jobs, &mut kernel);
    assert!(kernel.held.is_empty());
    // Put there while we are not Master: found again by a new dump, and left alone.
    kernel.apply(true, other);
    jobs.found(IfaceId(0), other, 24, Whose::Others);
    jobs.doubt();
    jobs.found(IfaceId(0), other, 24, Whose::Others);
    assert_eq!(jobs.restore_missing(|_| true), 0);
    jobs.want(InstanceId(0), true, 5);
    settle(&mut jobs, &mut kernel);
    jobs.want(InstanceId(0), false, 0);
    settle(&mut jobs, &mut kernel);
    assert_eq!(kernel.held, [other]);
}

#[test]
fn one_answer_speaks_for_all_requests_before_it() {
    let params = params(&[4]);
    let mut jobs = Jobs::new(&params);
    jobs.want(InstanceId(0), true, 1);
    let ops: Vec<Op> = core::iter::from_fn(|| jobs.next_op()).collect();
    let before = |jobs: &mut Jobs, seq| {
        let mut all = Vec::new();
        while let Some(earlier) = jobs.before(seq) {
            all.push(earlier);
            jobs.ack(earlier, 0);
        }
        all
    };
    // The third failed, the last one is acknowledged.
    assert_eq!(before(&mut jobs, ops[2].seq), [ops[0].seq, ops[1].seq]);
    let refused = jobs.ack(ops[2].seq, 1);
    assert!(matches!(refused, Answer::Refused { known: false, .. }));
    assert_eq!(before(&mut jobs, ops[3].seq), []);
    assert!(matches!(jobs.ack(ops[3].seq, 0), Answer::Appeared(..)));
    assert_eq!(before(&mut jobs, ops[3].seq), [], "stale");
    assert!(!jobs.busy());
    // The refused one alone is asked for again, and told of as known.
    assert!(jobs.retry());
    let op = jobs.next_op().unwrap();
    assert_eq!((op.slot, jobs.next_op()), (2, None));
    assert!(matches!(
        jobs.ack(op.seq, 1),
        Answer::Refused { known: true, .. }
    ));
    // Answers that were lost speak for nothing.
    assert!(jobs.retry());
    let lost = jobs.next_op().unwrap();
    jobs.lose_answers();
    assert_eq!(before(&mut jobs, lost.seq), []);
    let op = jobs.next_op().unwrap();
    assert_eq!(op.slot, 2);
    assert!(matches!(jobs.ack(op.seq, 0), Answer::Appeared(..)));
    assert!(!jobs.retry());
}

#[test]
fn who_takes_an_address_away_again_and_again_gets_it_back_once_a_second() {
    let (params, mut kernel) = (params(&[2]), Kernel::default());
    let mut jobs = settled_jobs_of(&params, &mut kernel);
    let [one, two] = [0, 1].map(|last| IpAddr::V4(Ipv4Addr::new(10, 0, 0, last)));
    let back = |jobs: &mut Jobs| {
        let op = jobs.next_op().map(|op| jobs.ack(op.seq, 0));
        assert!(matches!(op, Some(Answer::Appeared(..))));
        assert_eq!(jobs.next_op(), None);
    };
    assert_eq!(vanished(&mut jobs, one, 9), Gone::Back(InstanceId(0)));
    back(&mut jobs);
    assert_eq!(vanished(&mut jobs, one, 9), Gone::Later(InstanceId(0)));
    assert_eq!(jobs.next_op(), None);
    assert_eq!(vanished(&mut jobs, two, 9), Gone::Back(InstanceId(0)));
    back(&mut jobs);
    let second = Instant::from_secs(10);
    assert_eq!(jobs.put_back_at(), Some(second));
    jobs.put_back(|_| true, second);
    assert_eq!(jobs.put_back_at(), None);
    back(&mut jobs);
    assert_eq!(vanished(&mut jobs, one, 10), Gone::Later(InstanceId(0)));
    // Not while its interface is down; then all at once.
    assert_eq!(
        jobs.vanished(IfaceId(0), two, 24, false, second),
        Gone::Noted
    );
    jobs.put_back(|_| false, Instant::from_secs(11));
    assert_eq!(jobs.next_op(), None);
    jobs.restore_missing(|_| true);
    let again: Vec<Op> = core::iter::from_fn(|| jobs.next_op()).collect();
    assert_eq!(again.len(), 2);
}

/// The same with two addresses.
fn settled_jobs_of(params: &Rc<Params>, kernel: &mut Kernel) -> Jobs {
    let mut jobs = Jobs::new(params);
    jobs.want(InstanceId(0), true, 1);
    settle(&mut jobs, kernel);
    assert_eq!(jobs.next_rested(), Some((InstanceId(0), 0)));
    jobs
}

/// Another configuration, as the engine applies it.
fn reload(jobs: &mut Jobs, kernel: &mut Kernel, new: &Rc<Params>, announcing: bool) {
    let kept = Kept::new(&jobs.params.clone(), new, &|_, _| true);
    jobs.part(&kept, new);
    settle(jobs, kernel);
    while let Some(rested) = jobs.next_rested() {
        assert_eq!(rested, (InstanceId(0), 0), "nothing to be announced");
    }
    jobs.reload(new, &kept, &|_| announcing);
}

/// The slots that a burst announces.
fn announced(jobs: &Jobs) -> Vec<u16> {
    let slots = 0..jobs.count(InstanceId(0)) as u16;
    slots
        .filter(|slot| jobs.announces(InstanceId(0), *slot))
        .collect()
}

#[test]
fn a_reload_announces_what_is_new() {
    let (two, three) = (params(&[2]), params(&[3]));
    let mut kernel = Kernel::default();
    let mut jobs = settled_jobs(&two, &mut kernel);
    jobs.announced_again(InstanceId(0));
    assert_eq!(announced(&jobs), [0, 1]);
    reload(&mut jobs, &mut kernel, &three, false);
    jobs.want(InstanceId(0), true, 5);
    settle(&mut jobs, &mut kernel);
    assert_eq!(jobs.next_rested(), Some((InstanceId(0), 4)));
    assert_eq!(announced(&jobs), [2]);
    // Once more, before that one is announced for the second time; and after it.
    reload(&mut jobs, &mut kernel, &three, false);
    assert_eq!(announced(&jobs), [2]);
    jobs.announced_again(InstanceId(0));
    reload(&mut jobs, &mut kernel, &two, false);
    assert_eq!(announced(&jobs), [0; 0]);
    // Whatever else there is to say is about all of them.
    jobs.announce_all(InstanceId(0));
    assert_eq!(announced(&jobs), [0, 1]);
    reload(&mut jobs, &mut kernel, &two, true);
    assert_eq!(announced(&jobs), [0, 1], "a burst goes on");
    reload(&mut jobs, &mut kernel, &two, false);
    assert_eq!(announced(&jobs), [0; 0]);
    jobs.want(InstanceId(0), false, 0);
    jobs.want(InstanceId(0), true, 5);
    settle(&mut jobs, &mut kernel);
    assert_eq!(announced(&jobs), [0, 1], "Master anew");
}
