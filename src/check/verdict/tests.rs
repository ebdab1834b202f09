use super::super::trial::{MISC, checker, pages};
use super::*;

const BAD: Outcome = Outcome::Fail(Why::Timeout);

/// Judges outcomes in turn, each at once when it is due; what came of each, and the pauses, s.
fn runs(params: &CheckerParams, outcomes: &str) -> Vec<(News, u64)> {
    let mut checker = Checker::new(params);
    let mut now = Instant::from_secs(10);
    let each = outcomes.chars().map(|c| {
        let outcome = if c == '+' { Outcome::Pass } else { BAD };
        let verdict = checker.judge(params, outcome, now, now);
        let pause = verdict.next.since(now);
        now = verdict.next;
        (verdict.news, pause.micros() / 1_000_000)
    });
    each.collect()
}

use News::{Changed, Confirmed, Failed, None as Same};

#[test]
fn retries_count_only_after_a_first_result() {
    let mut params = checker(Probe::Tcp);
    params.retry = 2;
    // The first ever failure counts at once; a later one after two more attempts, a second apart.
    assert_eq!(
        runs(&params, "-+---+-+---"),
        [
            (Changed(0), 10),
            (Changed(0), 10),
            (Failed(2), 1),
            (Failed(1), 1),
            (Changed(2), 10),
            (Changed(0), 10),
            (Failed(2), 1),
            (Same, 10),
            (Failed(2), 1),
            (Failed(1), 1),
            (Changed(2), 10),
        ]
    );
    // While it is down, one failure after the other at the usual pace.
    assert_eq!(
        runs(&params, "---"),
        [(Changed(0), 10), (Failed(0), 10), (Failed(0), 10)]
    );
    params.retry = 0;
    assert_eq!(runs(&params, "+-"), [(Same, 10), (Changed(0), 10)]);
}

#[test]
fn alpha_confirms_the_assumed_failure_once() {
    let mut params = checker(Probe::Tcp);
    params.alpha = true;
    assert_eq!(
        runs(&params, "--+-"),
        [
            (Confirmed, 10),
            (Failed(0), 10),
            (Changed(0), 10),
            (Failed(1), 1)
        ]
    );
    assert_eq!(runs(&params, "+"), [(Changed(0), 10)]);
}

#[test]
fn pages_take_turns_and_the_failed_one_is_asked_until_it_is_back() {
    let mut params = checker(pages(3, false));
    params.delay_before_retry = Span::from_secs(15);
    let mut checker = Checker::new(&params);
    let mut asked = Vec::new();
    let now = Instant::from_secs(10);
    // Page 1 fails twice (one retry): down. Back: all three from the first, then up.
    for outcome in "++++--+++++".chars() {
        asked.push(checker.url);
        let outcome = if outcome == '+' { Outcome::Pass } else { BAD };
        checker.judge(&params, outcome, now, now);
    }
    assert_eq!(asked, [0, 1, 2, 0, 1, 1, 1, 0, 1, 2, 0]);
    assert_eq!(
        runs(&params, "++++--+++++"),
        [
            (Same, 10),
            (Same, 10),
            (Same, 10),
            (Same, 10),
            (Failed(1), 15),
            (Changed(1), 15),
            (Same, 10),
            (Same, 10),
            (Same, 10),
            (Changed(0), 10),
            (Same, 10),
        ]
    );
    // A failure on the way up: that page again, then all of them.
    assert_eq!(
        runs(&params, "-++-++++")
            .iter()
            .map(|(news, _)| *news)
            .collect::<Vec<_>>(),
        [
            Changed(0),
            Same,
            Same,
            Failed(0),
            Same,
            Same,
            Same,
            Changed(0)
        ]
    );
}

#[test]
fn fast_recovery_waits_only_while_it_is_well_or_ill() {
    let mut params = checker(pages(3, true));
    params.alpha = true;
    assert_eq!(
        runs(&params, "+++++-"),
        [
            (Same, 0),
            (Same, 0),
            (Changed(0), 10),
            (Same, 10),
            (Same, 10),
            (Failed(1), 1),
        ]
    );
    assert_eq!(
        runs(&params, "-++++"),
        [
            (Confirmed, 10),
            (Same, 0),
            (Same, 0),
            (Same, 0),
            (Changed(0), 10)
        ]
    );
}

#[test]
fn a_single_page_is_back_with_one_success() {
    let params = checker(pages(1, false));
    assert_eq!(runs(&params, "-+"), [(Changed(0), 10), (Changed(0), 10)]);
}

#[test]
fn programs_are_reckoned_from_their_beginning() {
    let params = checker(MISC);
    let mut checker = Checker::new(&params);
    let (began, ended) = (Instant::from_secs(50), Instant::from_secs(54));
    let verdict = checker.judge(&params, Outcome::Weight(3), began, ended);
    assert_eq!(verdict.next, Instant::from_secs(60));
    assert!(verdict.reweighed);
    // It took longer than its turn: at once, not in the past.
    let late = Instant::from_secs(75);
    let verdict = checker.judge(&params, Outcome::Weight(3), began, late);
    assert_eq!((verdict.next, verdict.reweighed), (late, false));
}

#[test]
fn a_level_counts_at_once() {
    let mut params = checker(Probe::Tcp);
    params.retry = 5;
    let mut level = Checker::new(&params);
    assert_eq!(level.told(Outcome::Weight(2)).news, Same);
    assert_eq!(level.told(BAD).news, Changed(0));
    assert_eq!(level.told(BAD).news, Same);
    assert_eq!(level.told(Outcome::Pass).news, Changed(0));
    params.alpha = true;
    assert_eq!(Checker::new(&params).told(BAD).news, Confirmed);
}

#[test]
fn first_runs_spread_over_the_warm_up() {
    let mut params = checker(Probe::Tcp);
    params.warmup = Span::from_secs(60);
    let start = Instant::from_secs(7);
    let at = |random| first_run(&params, random, start).since(start).micros();
    assert_eq!(at(0), 1_000_000);
    assert_eq!(at(1 << 31), 31_000_000);
    assert_eq!(at(u32::MAX), 60_999_999);
    params.warmup = Span::from_micros(u64::MAX);
    assert!(first_run(&params, u32::MAX, start) > Instant::from_secs(1 << 40));
    assert_eq!(
        part(Span::from_micros(u64::MAX), u32::MAX).micros() >> 32,
        (1 << 32) - 2
    );
    params.warmup = Span::from_secs(60);
    let again = resumed_run(&params, u32::MAX, start).since(start);
    assert!(again < Span::from_secs(10), "within delay_loop");
}

#[test]
fn it_is_small() {
    assert!(size_of::<Checker>() <= 64, "{}", size_of::<Checker>());
}
