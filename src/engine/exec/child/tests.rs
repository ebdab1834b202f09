use super::*;

#[derive(Default)]
struct Fake {
    started: Vec<String>,
    signals: Vec<(i32, i32)>,
    fail: bool,
}

impl Starter for Fake {
    fn start(&mut self, job: &Job) -> io::Result<Started> {
        if self.fail {
            return Err(io::ErrorKind::NotFound.into());
        }
        self.started.push(job.argv.join(" "));
        Ok(Started::of(100 + self.started.len() as i32))
    }
    fn signal(&mut self, group: i32, signal: i32) {
        self.signals.push((group, signal));
    }
    fn alive(&self, _: i32) -> bool {
        false
    }
}

fn job(object: u32, name: &str) -> Job {
    Job {
        object,
        argv: vec![name.into()],
        user: None,
        stop: false,
    }
}

fn ms(n: u64) -> Instant {
    Instant::from_millis(n)
}

/// Ticks as the loop would: whenever the deadline has come.
fn turn(children: &mut Children<Fake>, now: Instant) {
    for _ in 0..1_000 {
        match children.deadline() {
            Some(at) if at <= now => children.tick(now),
            _ => return,
        }
    }
    panic!("never settles");
}

#[test]
fn one_at_a_time_per_object_and_in_order() {
    let mut children = Children::with(Fake::default());
    for (object, name) in [(1, "a1"), (1, "a2"), (2, "b1"), (1, "a3"), (2, "b2")] {
        children.enqueue(job(object, name));
    }
    assert!(
        children.starter.started.is_empty(),
        "enqueue starts nothing"
    );
    turn(&mut children, ms(0));
    assert_eq!(children.starter.started, ["a1", "b1"]);
    children.reaped(102, Exit::Status(0), ms(1));
    turn(&mut children, ms(1));
    children.reaped(101, Exit::Status(1), ms(2));
    children.reaped(999, Exit::Status(1), ms(2));
    turn(&mut children, ms(2));
    assert_eq!(children.starter.started, ["a1", "b1", "b2", "a2"]);
    children.reaped(104, Exit::Signal(11), ms(3));
    turn(&mut children, ms(3));
    assert_eq!(children.starter.started.last().unwrap(), "a3");
    assert!(
        !children.idle() && children.deadline().is_none(),
        "no limit without a stop"
    );
    children.reaped(105, Exit::Status(0), ms(4));
    children.reaped(103, Exit::Status(0), ms(4));
    assert!(children.idle());
}

#[test]
fn a_failed_start_does_not_hold_up_the_queue() {
    let mut children = Children::with(Fake {
        fail: true,
        ..Fake::default()
    });
    children.enqueue(job(1, "missing"));
    children.enqueue(job(1, "missing too"));
    turn(&mut children, ms(0));
    assert!(children.idle());
}

#[test]
fn few_start_in_one_turn_and_not_more_than_a_crowd_runs() {
    let mut children = Children::with(Fake::default());
    for object in 0..200 {
        children.enqueue(job(object, "x"));
    }
    children.tick(ms(0));
    assert_eq!(children.starter.started.len(), STARTS);
    turn(&mut children, ms(0));
    assert_eq!(children.starter.started.len(), CROWD);
    assert_eq!(children.deadline(), None, "waits for an end, not for time");
    children.reaped(101, Exit::Status(0), ms(1));
    turn(&mut children, ms(1));
    assert_eq!(children.starter.started.len(), CROWD + 1);
}

#[test]
fn the_oldest_of_too_many_waiting_is_dropped() {
    let mut children = Children::with(Fake::default());
    for n in 0..QUEUE + 3 {
        children.enqueue(job(1, &format!("n{n}")));
        children.enqueue(job(2 + n as u32, "other"));
    }
    let ours: Vec<_> = children
        .waiting
        .iter()
        .filter(|j| j.object == 1)
        .map(|j| &*j.argv[0])
        .collect();
    assert_eq!(ours.len(), QUEUE);
    assert_eq!(
        (ours[0], ours[QUEUE - 1]),
        ("n3", format!("n{}", QUEUE + 2).as_str())
    );
    assert_eq!(children.waiting.len(), QUEUE + QUEUE + 3);
}

#[test]
fn a_stop_ends_what_runs_and_lets_stop_scripts_run() {
    let mut children = Children::with(Fake::default());
    children.enqueue(job(1, "slow"));
    children.enqueue(job(1, "never"));
    turn(&mut children, ms(0));
    children.enqueue(Job {
        stop: true,
        ..job(1, "stop1")
    });
    children.enqueue(Job {
        stop: true,
        ..job(2, "stop2")
    });
    children.stopping(ms(1_000));
    children.stopping(ms(1_001));
    assert_eq!(children.starter.signals, [(101, SIGTERM)]);
    turn(&mut children, ms(1_000));
    assert_eq!(
        children.starter.started,
        ["slow", "stop2"],
        "stop1 waits for slow to go"
    );
    assert_eq!(children.deadline(), Some(ms(1_500)));
    turn(&mut children, ms(1_500));
    assert_eq!(children.starter.signals[1..], [(101, SIGKILL)]);
    children.reaped(101, Exit::Signal(9), ms(1_501));
    turn(&mut children, ms(1_501));
    assert_eq!(children.starter.started[2..], ["stop1"]);
    children.reaped(102, Exit::Status(0), ms(1_600));
    // stop1 hangs: killed after a second, given up at the end.
    turn(&mut children, ms(2_501));
    assert_eq!(children.starter.signals[2..], [(103, SIGKILL)]);
    assert_eq!(children.deadline(), Some(ms(3_000)));
    turn(&mut children, ms(3_000));
    assert!(children.idle());
}

#[test]
fn stopping_with_nothing_to_do_is_over_at_once() {
    let mut children = Children::with(Fake::default());
    children.enqueue(job(1, "waiting"));
    children.stopping(ms(0));
    assert!(children.idle() && children.deadline().is_none());
    children.enqueue(job(1, "not any more"));
    children.enqueue(Job {
        stop: true,
        ..job(1, "late")
    });
    turn(&mut children, ms(0));
    assert_eq!(children.starter.started, ["late"]);
    assert_eq!(children.deadline(), Some(ms(1_000)));
}
