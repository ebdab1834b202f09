use super::doubt::{EVERY, SETTLE};
use super::*;
use crate::vrrp::IfaceId;
use crate::vrrp::routing::{Prefix, Route, Rule, RuleAction};
use crate::vrrp::{Address, InstanceParams, RouteLine, RuleLine};
use crate::wire::rtnetlink::route::RouteMsg;
use crate::wire::rtnetlink::{IFF_RUNNING, IFF_UP};
use core::net::IpAddr;

const NOW: Instant = Instant::from_secs(100);
const V: InstanceId = InstanceId(0);
const W: InstanceId = InstanceId(1);

fn route(third: u8, device: Option<IfaceId>) -> RouteLine {
    let mut route = Route::new(Prefix {
        address: IpAddr::from([10, third, 0, 0]),
        length: 16,
    });
    route.hop.device = device;
    RouteLine {
        route,
        track: true,
        group: None,
        line: 1,
    }
}

fn rule(priority: u32) -> RuleLine {
    let mut rule = Rule::new(false, RuleAction::Nop);
    rule.priority = priority;
    RuleLine {
        rule,
        track: true,
        group: None,
        line: 1,
    }
}

/// Two instances that share route 1, and each has one more and a rule.
fn params() -> Params {
    let mut params = Params {
        interfaces: vec!["eth0".into()],
        ..Params::default()
    };
    for n in [2, 3] {
        let mut i = InstanceParams::new("V", IfaceId(0), n);
        i.routes = vec![route(1, None), route(n, Some(IfaceId(0)))];
        i.rules = vec![rule(n.into())];
        params.instances.push(i);
    }
    params
}

fn links(params: &Params, up: bool) -> Links {
    let mut links = Links::new(params);
    if up {
        links.link(7, "eth0", IFF_UP | IFF_RUNNING, None);
    }
    links
}

/// Everything asked for, each answered with what `kernel` says.
fn work(
    o: &mut Objects,
    links: &Links,
    now: Instant,
    mut kernel: impl FnMut(Op) -> i32,
) -> Vec<(bool, u16)> {
    let mut asked = Vec::new();
    while let Some(op) = o.next_op(links) {
        asked.push((op.add, op.object));
        let errno = kernel(op);
        o.ack(op.seq, errno, now);
    }
    assert!(!o.busy());
    asked
}

#[test]
fn leftovers_go_and_wishes_are_counted() {
    let p = params();
    let l = links(&p, true);
    let mut o = Objects::new(&Rc::new(p.clone()));
    o.claim(V, true);
    o.remove_leftovers();
    // Objects 0, 1, 2 are wanted by V (a resumed Master), 3 and 4 are W's own.
    let gone = work(&mut o, &l, NOW, |_| ESRCH);
    assert_eq!(gone, [(false, 4), (false, 3)], "the rule first");
    o.settled(V, NOW);
    let added = work(&mut o, &l, NOW, |_| EEXIST);
    assert_eq!(added, [(true, 0), (true, 1), (true, 2)]);
    o.claim(W, true);
    o.settled(W, NOW);
    let added = work(&mut o, &l, NOW, |_| 0);
    assert_eq!(added, [(true, 3), (true, 4)], "the shared one is there");
    assert_eq!((o.held(V), o.held(W)), (3, 3));
    o.claim(V, false);
    assert!(o.removing());
    let gone = work(&mut o, &l, NOW, |_| 0);
    assert_eq!(gone, [(false, 2), (false, 1)], "the shared one stays");
    o.claim(W, false);
    let gone = work(&mut o, &l, NOW, |_| 0);
    assert_eq!(gone, [(false, 4), (false, 3), (false, 0)]);
    assert_eq!((o.held(V), o.held(W)), (0, 0));
}

#[test]
fn what_goes_is_put_back_but_not_too_often() {
    let p = params();
    let l = links(&p, true);
    let mut o = Objects::new(&Rc::new(p.clone()));
    o.claim(V, true);
    o.settled(V, NOW);
    work(&mut o, &l, NOW, |_| 0);
    let message = RouteMsg {
        destination: Prefix {
            address: IpAddr::from([10, 2, 0, 0]),
            length: 16,
        },
        tos: 0,
        table: 254,
        protocol: 18,
        kind: 1,
        metric: 0,
        via: None,
        index: 7,
    };
    o.route_gone(&message, &l, NOW);
    assert_eq!(o.deadline(), Some(NOW + SETTLE));
    o.tick(NOW + SETTLE);
    let op = o.next_op(&l).unwrap();
    assert_eq!((op.add, op.object), (true, 1));
    assert_eq!(o.ack(op.seq, 0, NOW + SETTLE), Answer::Restored(1));
    assert_eq!(o.ack(op.seq, 0, NOW + SETTLE), Answer::Noted, "stale");
    o.route_gone(&message, &l, NOW + SETTLE);
    assert_eq!(o.deadline(), Some(NOW + SETTLE + EVERY), "once a second");
    let other = RouteMsg {
        table: 100,
        ..message
    };
    o.tick(NOW + EVERY.times(2));
    work(&mut o, &l, NOW + EVERY.times(2), |_| EEXIST);
    o.route_gone(&other, &l, NOW + EVERY.times(3));
    assert_eq!(o.deadline(), None, "another table");
    o.rule_gone(NOW + EVERY.times(3));
    o.tick(NOW + EVERY.times(4));
    let asked = work(&mut o, &l, NOW + EVERY.times(4), |_| EEXIST);
    assert_eq!(asked, [(true, 2)]);
}

#[test]
fn what_is_not_tracked_is_not_missed() {
    let mut p = params();
    p.instances[0].routes[1].track = false;
    p.instances[0].rules[0].track = false;
    p.instances.truncate(1);
    let l = links(&p, true);
    let mut o = Objects::new(&Rc::new(p.clone()));
    o.claim(V, true);
    o.settled(V, NOW);
    work(&mut o, &l, NOW, |_| 0);
    o.doubt(NOW);
    o.rule_gone(NOW);
    o.tick(NOW + EVERY);
    assert_eq!(work(&mut o, &l, NOW, |_| EEXIST), [(true, 0)]);
}

#[test]
fn an_interface_that_goes_takes_its_routes_and_brings_them_back() {
    let p = params();
    let up = links(&p, true);
    let gone = links(&p, false);
    let mut o = Objects::new(&Rc::new(p.clone()));
    o.claim(V, true);
    o.settled(V, NOW);
    work(&mut o, &up, NOW, |_| 0);
    o.link(IfaceId(0), &gone, NOW);
    assert_eq!(o.held(V), 2, "the route over it is gone");
    o.tick(NOW + EVERY);
    assert_eq!(work(&mut o, &gone, NOW, |_| EEXIST), []);
    o.link(IfaceId(0), &up, NOW + EVERY);
    o.tick(NOW + EVERY.times(3));
    let asked = work(
        &mut o,
        &up,
        NOW,
        |op| if op.object == 1 { 0 } else { EEXIST },
    );
    assert_eq!(asked, [(true, 0), (true, 1)]);
    assert_eq!(o.held(V), 3);
}

#[test]
fn refusals_are_told_once_and_tried_again_where_it_may_help() {
    let p = params();
    let l = links(&p, true);
    let mut o = Objects::new(&Rc::new(p.clone()));
    o.claim(V, true);
    o.settled(V, NOW);
    let (net, inval) = (101, 22);
    let mut told = Vec::new();
    while let Some(op) = o.next_op(&l) {
        let errno = [net, inval, 0][usize::from(op.object)];
        if let Answer::Refused(op, errno) = o.ack(op.seq, errno, NOW) {
            told.push((op.object, errno));
        }
    }
    assert_eq!(told, [(0, net), (1, inval)]);
    assert_eq!(o.deadline(), Some(NOW + RETRY));
    o.tick(NOW + RETRY);
    let op = o.next_op(&l).unwrap();
    assert_eq!(op.object, 0, "only what may pass");
    assert_eq!(
        o.ack(op.seq, net, NOW + RETRY),
        Answer::Noted,
        "said already"
    );
    // The next claim asks for all.
    o.claim(V, false);
    work(&mut o, &l, NOW, |_| 0);
    o.claim(V, true);
    o.settled(V, NOW);
    let asked = work(&mut o, &l, NOW, |_| 0);
    assert_eq!(asked, [(true, 0), (true, 1), (true, 2)]);
}

#[test]
fn a_change_of_mind_in_flight_and_lost_answers() {
    let p = params();
    let l = links(&p, true);
    let mut o = Objects::new(&Rc::new(p.clone()));
    o.remove_leftovers();
    work(&mut o, &l, NOW, |_| ESRCH);
    o.claim(V, true);
    o.settled(V, NOW);
    let first = o.next_op(&l).unwrap();
    o.claim(V, false);
    assert_eq!(o.next_op(&l), None, "its answer decides");
    o.ack(first.seq, 0, NOW);
    let op = o.next_op(&l).unwrap();
    assert_eq!((op.add, op.object), (false, first.object));
    o.lose_answers();
    assert_eq!(o.ack(op.seq, 0, NOW), Answer::Noted);
    let again = work(&mut o, &l, NOW, |_| ESRCH);
    assert_eq!(again, [(false, first.object)]);
    assert_eq!(o.held(V), 0);
}

#[test]
fn static_objects_and_their_groups() {
    let mut p = params();
    p.instances.clear();
    p.track_groups = vec![Box::new([V])];
    let own = Address::new(IpAddr::from([192, 0, 2, 1]), 24, IfaceId(0));
    let other = Address::new(IpAddr::from([192, 0, 2, 2]), 24, IfaceId(0));
    p.statics.addresses = vec![(own, Some(0)), (other, None)];
    p.statics.routes = vec![route(9, Some(IfaceId(0)))];
    let mut l = links(&p, true);
    let mut o = Objects::new(&Rc::new(p.clone()));
    o.hold_statics(true);
    let asked = work(
        &mut o,
        &l,
        NOW,
        |op| if op.object == 1 { EEXIST } else { 0 },
    );
    assert_eq!(asked, [(true, 0), (true, 1), (true, 2)]);
    assert_eq!(o.group_change(&l), None, "whole as assumed");
    assert_eq!(o.held_statics(), 2, "one was there before");
    o.address_gone(IfaceId(0), IpAddr::from([192, 0, 2, 1]), 24, NOW);
    o.tick(NOW + EVERY);
    let asked = work(&mut o, &l, NOW, |_| 99);
    assert_eq!(asked, [(true, 0)]);
    assert_eq!(o.group_change(&l), Some((0, false)));
    assert_eq!(o.group_change(&l), None, "told once");
    o.tick(NOW + RETRY.times(2));
    work(&mut o, &l, NOW, |_| 0);
    assert_eq!(o.group_change(&l), Some((0, true)));
    l.link(7, "eth0", IFF_UP, None);
    o.link(IfaceId(0), &l, NOW);
    assert_eq!(o.group_change(&l), Some((0, false)), "no carrier");
    o.hold_statics(false);
    let gone = work(&mut o, &l, NOW, |_| 0);
    assert_eq!(gone, [(false, 2), (false, 0)], "not what is another's");
    assert_eq!(o.held_statics(), 0);
}
