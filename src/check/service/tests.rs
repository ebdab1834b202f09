use super::super::trial::{checker, line, one};
use super::super::{Probe, Sorry};
use super::*;

fn checkers(deltas: &[i32]) -> Vec<Checker> {
    let each = deltas.iter().map(|&delta| Checker {
        delta,
        ..Checker::new(&checker(Probe::Tcp))
    });
    each.collect()
}

#[test]
fn weights_are_summed_and_then_clamped() {
    for (configured, deltas, expected) in [
        (5, &[][..], 5),
        (5, &[3, -1], 7),
        (5, &[-6], 0),
        (5, &[-10, 6], 1),
        (i32::MAX, &[1], i32::MAX),
        (i32::MAX, &[i32::MAX, i32::MAX, -i32::MAX], i32::MAX),
        (0, &[i32::MIN, i32::MIN], 0),
    ] {
        assert_eq!(effective(configured, &checkers(deltas)), expected);
    }
}

fn of(weights: &[i32]) -> Vec<Real> {
    let each = weights.iter().map(|&weight| Real { failed: 0, weight });
    each.collect()
}

/// quorum, hysteresis, up before, weight alive, edge.
const EDGES: &[(u32, u32, bool, i32, Option<Edge>)] = {
    use Edge::{Gained, Lost};
    &[
        (1, 0, false, 0, None),
        (1, 0, false, 1, Some(Gained)),
        (1, 0, true, 1, None),
        (1, 0, true, 0, Some(Lost)),
        (3, 0, false, 2, None),
        (3, 0, false, 3, Some(Gained)),
        (3, 0, true, 3, None),
        (3, 0, true, 2, Some(Lost)),
        (3, 2, false, 4, None),
        (3, 2, false, 5, Some(Gained)),
        (3, 2, true, 4, None),
        (3, 2, true, 1, None),
        (3, 2, true, 0, Some(Lost)),
        (3, 1, true, 2, None),
        (3, 1, true, 1, Some(Lost)),
        (u32::MAX, u32::MAX, false, i32::MAX, None),
        (u32::MAX, u32::MAX, true, 0, Some(Lost)),
        (u32::MAX, 0, true, i32::MAX, Some(Lost)),
    ]
};

#[test]
fn quorum_edges() {
    for &(quorum, hysteresis, up, alive, edge) in EDGES {
        let mut params = one(&[], &[]).services.remove(0);
        (params.quorum, params.hysteresis) = (quorum, hysteresis);
        let mut service = Service {
            up,
            present: true,
            ..Service::new()
        };
        let case = format!("{quorum} {hysteresis} {up} {alive}");
        assert_eq!(service.weigh(&params, &of(&[alive])), edge, "{case}");
        assert_eq!(service.up, up != edge.is_some(), "{case}");
        assert_eq!(service.sorry, SorryState::Out);
    }
}

#[test]
fn the_weight_is_that_of_those_alive() {
    let mut reals = of(&[3, 4, 0]);
    assert_eq!(alive(&reals), 7);
    reals[0].failed = 2;
    assert_eq!(alive(&reals), 4);
    assert_eq!(alive(&of(&[i32::MAX; 3])), 3 * u64::from(i32::MAX as u32));
}

/// sorry server, weight alive at first: the edge reported, and where the sorry server is.
#[test]
fn start_up() {
    for (sorry, weight, edge, state) in [
        (false, 2, Some(Edge::Gained), SorryState::Out),
        (false, 1, None, SorryState::Out),
        (false, 0, None, SorryState::Out),
        (true, 2, Some(Edge::Gained), SorryState::Inhibited),
        (true, 1, Some(Edge::Lost), SorryState::In),
        (true, 0, Some(Edge::Lost), SorryState::In),
    ] {
        let mut params = one(&[], &[]).services.remove(0);
        params.quorum = 2;
        params.sorry = sorry.then(|| Sorry {
            destination: line(99, 1),
            inhibit: true,
        });
        let mut service = Service::new();
        let case = format!("{sorry} {weight}");
        assert_eq!(service.begin(&params, &of(&[weight])), edge, "{case}");
        assert_eq!(service.sorry, state, "{case}");
        assert_eq!(service.up, edge == Some(Edge::Gained), "{case}");
        assert!(service.present);
    }
}

#[test]
fn the_sorry_server_goes_or_stays_with_weight_0() {
    for inhibit in [false, true] {
        let mut params = one(&[], &[]).services.remove(0);
        params.sorry = Some(Sorry {
            destination: line(99, 1),
            inhibit,
        });
        let mut service = Service::new();
        service.begin(&params, &of(&[1]));
        let left = inhibit.then(|| line(99, 0));
        assert_eq!(service.sorry_line(&params), left, "from the start");
        service.weigh(&params, &of(&[0]));
        assert_eq!(service.sorry_line(&params), Some(line(99, 1)));
        service.weigh(&params, &of(&[1]));
        assert_eq!(service.sorry_line(&params), left);
        service.weigh(&params, &of(&[0]));
        assert_eq!(service.sorry_line(&params), Some(line(99, 1)));
        service.present = false;
        assert_eq!(service.sorry_line(&params), None);
    }
}

/// alive, sorry server in, inhibit: weight in the table.
#[test]
fn lines() {
    for (alive, sorry, inhibit, expected) in [
        (true, false, false, Some(7)),
        (true, false, true, Some(7)),
        (true, true, false, None),
        (true, true, true, Some(0)),
        (false, false, false, None),
        (false, false, true, Some(0)),
        (false, true, false, None),
        (false, true, true, Some(0)),
    ] {
        let mut params = one(&[(2, 5)], &[]).reals.remove(0);
        params.inhibit = inhibit;
        let real = Real {
            failed: u16::from(!alive),
            weight: 7,
        };
        let mut service = Service {
            present: true,
            ..Service::new()
        };
        if sorry {
            service.sorry = SorryState::In;
        }
        let case = format!("{alive} {sorry} {inhibit}");
        assert_eq!(real.line(&params, &service), expected, "{case}");
        service.present = false;
        assert_eq!(real.line(&params, &service), None);
    }
}
