use super::super::trial::{checker, ip, key, line, one};
use super::super::{Event, Got, Params, Probe, Room};
use super::*;
use crate::time::Instant;
use crate::wire::ipvs::Tunnel;

fn service(last: u8) -> Service<'static> {
    Service {
        key: key(last),
        scheduler: "rr",
        flags: 0,
        timeout: 0,
        netmask: u32::MAX,
        engine: None,
    }
}

/// Three real servers 2, 3, 4 of weight 1; the room is started.
fn room() -> Room {
    let params = one(&[(2, 1), (3, 1), (4, 1)], &[checker(Probe::Tcp)]);
    let mut room = Room::new(params, 10);
    room.handle(Event::Start { seed: 1 }, Instant::ZERO);
    room
}

fn asked<'a>(table: &mut Table, room: &'a Room) -> Vec<Request<'a>> {
    let mut asked = Vec::new();
    table.diff(room, ServiceId(0), &mut |request| asked.push(request));
    asked
}

/// Asks, and has everything acknowledged; nothing is left to ask for then.
fn settle(table: &mut Table, room: &Room) -> usize {
    let requests = asked(table, room);
    for request in &requests {
        table.done(request);
    }
    assert_eq!(asked(table, room), []);
    requests.len()
}

#[test]
fn an_empty_table_gets_everything_in_order() {
    let (mut table, room) = (Table::default(), room());
    assert_eq!(
        asked(&mut table, &room),
        [
            Request::NewService(service(1)),
            Request::NewDestination(key(1), line(2, 1)),
            Request::NewDestination(key(1), line(3, 1)),
            Request::NewDestination(key(1), line(4, 1)),
        ]
    );
    let mut sent = Vec::new();
    let mut other = table.clone();
    other.sent(&room, ServiceId(0), &mut |request| sent.push(request));
    assert_eq!(sent, asked(&mut table, &room));
    assert_eq!(settle(&mut table, &room), 4);
    let other: Vec<_> = other.destinations(key(1)).collect();
    assert_eq!(other, table.destinations(key(1)).collect::<Vec<_>>());
}

#[test]
fn what_is_there_is_adopted_edited_or_deleted_and_strangers_are_left_alone() {
    let (mut table, room) = (Table::default(), room());
    table.found_service(&service(1));
    table.found_service(&service(200));
    table.found_destination(key(200), line(201, 1));
    // As the kernel lists them: the last first. 3 is as wanted, though it is the kernel's own.
    table.found_destination(key(1), line(9, 1));
    table.found_destination(key(1), line(4, 5));
    let local = Destination {
        forward: Forward::Local,
        ..line(3, 1)
    };
    table.found_destination(key(1), local);
    assert_eq!(
        asked(&mut table, &room),
        [
            Request::NewDestination(key(1), line(2, 1)),
            Request::SetDestination(key(1), line(4, 1)),
            Request::DelDestination(key(1), line(9, 1)),
        ]
    );
    settle(&mut table, &room);
    assert!(table.destinations(key(200)).eq([&line(201, 1)]));
}

#[test]
fn every_difference_of_a_service_is_an_edit() {
    let room = room();
    let wanted = service(1);
    let odd = [
        Service {
            scheduler: "wlc",
            ..wanted
        },
        Service { flags: 1, ..wanted },
        Service {
            timeout: 300,
            ..wanted
        },
        Service {
            netmask: 0,
            ..wanted
        },
        Service {
            engine: Some("sip"),
            ..wanted
        },
        Service {
            scheduler: "a name no scheduler can have",
            ..wanted
        },
    ];
    for have in odd {
        let mut table = Table::default();
        table.found_service(&have);
        assert_eq!(asked(&mut table, &room)[0], Request::SetService(wanted));
        assert_eq!(settle(&mut table, &room), 4);
    }
}

#[test]
fn every_difference_of_a_destination_is_an_edit_but_another_place_is_another_one() {
    let room = room();
    let wanted = line(2, 1);
    let tunnel = Tunnel {
        kind: 1,
        port: 6080,
        flags: 0,
    };
    let odd = [
        Destination {
            weight: 0,
            ..wanted
        },
        Destination { upper: 9, ..wanted },
        Destination { lower: 9, ..wanted },
        Destination {
            forward: Forward::Direct,
            ..wanted
        },
        Destination {
            forward: Forward::Tunnel(tunnel),
            ..wanted
        },
    ];
    let table = |have| {
        let mut table = Table::default();
        table.found_service(&service(1));
        table.found_destination(key(1), have);
        table
    };
    for have in odd {
        let requests = asked(&mut table(have), &room);
        assert_eq!(requests[0], Request::SetDestination(key(1), wanted));
        assert_eq!(requests.len(), 3);
    }
    for have in [
        Destination { port: 81, ..wanted },
        Destination {
            address: ip(77),
            ..wanted
        },
    ] {
        let requests = asked(&mut table(have), &room);
        assert_eq!(requests[0], Request::NewDestination(key(1), wanted));
        assert_eq!(requests[3], Request::DelDestination(key(1), have));
    }
}

#[test]
fn a_dead_server_is_one_request_for_each_key() {
    let mut params = one(&[(2, 1), (3, 1)], &[checker(Probe::Tcp)]);
    params.services[0].keys.push(key(11));
    let mut room = Room::new(params, 10);
    room.handle(Event::Start { seed: 1 }, Instant::ZERO);
    let mut table = Table::default();
    assert_eq!(settle(&mut table, &room), 6);
    let dead = super::super::CheckerId(1);
    room.handle(Event::Timer(dead), Instant::from_secs(1));
    room.handle(Event::Got(dead, Got::Failed(111)), Instant::from_secs(1));
    assert_eq!(
        asked(&mut table, &room),
        [
            Request::DelDestination(key(1), line(3, 1)),
            Request::DelDestination(key(11), line(3, 1)),
        ]
    );
}

#[test]
fn the_end_is_as_configured() {
    let end = |mode| {
        let mut params = one(&[(2, 1)], &[]);
        params.table.flush_on_stop = mode;
        let mut room = Room::new(params, 10);
        room.handle(Event::Start { seed: 1 }, Instant::ZERO);
        let mut table = Table::default();
        settle(&mut table, &room);
        table.found_service(&service(200));
        let mut asked = Vec::new();
        table.end(&room, &mut |request| asked.push(format!("{request:?}")));
        room.handle(Event::Stop, Instant::ZERO);
        let mut stopped = Vec::new();
        table.diff(&room, ServiceId(0), &mut |r| stopped.push(format!("{r:?}")));
        assert_eq!(stopped.len(), 2, "one by one");
        asked
    };
    let shown = |requests: &[Request<'_>]| -> Vec<String> {
        requests.iter().map(|r| format!("{r:?}")).collect()
    };
    let one_by_one = [
        Request::DelDestination(key(1), line(2, 1)),
        Request::DelService(key(1)),
    ];
    assert_eq!(end(FlushOnStop::No), shown(&one_by_one));
    assert_eq!(end(FlushOnStop::Services), shown(&one_by_one[1..]));
    assert_eq!(end(FlushOnStop::All), shown(&[Request::Flush]));
}

#[test]
fn the_beginning_is_as_configured() {
    let begin = |params: &TableParams| {
        let mut asked = Vec::new();
        Table::default().begin(params, &mut |r: Request<'_>| asked.push(format!("{r:?}")));
        asked.len()
    };
    let mut params = Params::default().table;
    assert_eq!(begin(&params), 0);
    params.flush = true;
    assert_eq!(begin(&params), 1);
    params.timeouts = [0, 0, 60];
    assert_eq!(begin(&params), 2);
}

#[test]
fn a_dump_replaces_what_was_known() {
    let (mut table, room) = (Table::default(), room());
    settle(&mut table, &room);
    table.found_service(&service(200));
    // Somebody took out 3 and the other service, and added 9.
    table.dump();
    table.found_service(&service(1));
    for to in [line(9, 1), line(4, 1), line(2, 1)] {
        table.found_destination(key(1), to);
    }
    assert!(table.has(key(200)), "known until the dump is complete");
    table.dumped();
    assert!(!table.has(key(200)));
    assert_eq!(
        asked(&mut table, &room),
        [
            Request::NewDestination(key(1), line(3, 1)),
            Request::DelDestination(key(1), line(9, 1)),
        ]
    );
    table.dump();
    table.dumped();
    assert_eq!(asked(&mut table, &room).len(), 4, "everything is gone");
}
