//! What keeps an instance from taking part: named reasons, recomputed from what is known of the
//! interfaces, never remembered.

use super::{Family, IfaceId, InstanceParams, Link, Reason};
use core::net::IpAddr;

/// The address adverts come from: the configured one, else the interface's (RFC 9568 §5.1.1.1).
pub(super) fn source(params: &InstanceParams, links: &[Link]) -> Option<IpAddr> {
    params.source.or_else(|| {
        let link = of(params.iface, links);
        match params.family {
            Family::V4 => link.ipv4.map(IpAddr::V4),
            Family::V6 => link.ipv6.map(IpAddr::V6),
        }
    })
}

/// What is known of an interface before it was reported: nothing. The one without a name stands
/// for wherever a unicast instance's packets go and is always there.
pub(super) fn unreported(name: &str) -> Link {
    Link {
        index: u32::from(name.is_empty()),
        up: name.is_empty(),
        ..Link::default()
    }
}

/// The other interfaces an instance depends on: those its addresses live on and its routes lead
/// over, each once, but for lines with `no_track`.
///
/// The own interface is looked at anyway; what `dont_track_primary` means for it is decided there.
pub(super) fn watched(params: &InstanceParams) -> Box<[IfaceId]> {
    let mut list: Vec<IfaceId> = params
        .addresses
        .iter()
        .chain(&params.excluded)
        .filter(|line| line.track)
        .map(|line| line.iface)
        .chain(
            params
                .routes
                .iter()
                .filter(|line| line.track)
                .flat_map(|line| line.route.devices()),
        )
        .filter(|&iface| iface != params.iface)
        .collect();
    list.sort_unstable();
    list.dedup();
    list.into()
}

/// Every reason why the instance cannot take part; none if it can.
pub(super) fn reasons<'a>(
    params: &'a InstanceParams,
    watched: &'a [IfaceId],
    links: &'a [Link],
) -> impl Iterator<Item = Reason> + 'a {
    let own = of(params.iface, links);
    let exists = own.index != 0;
    let no_interface = (!exists).then_some(Reason::NoInterface(params.iface));
    let down =
        (exists && params.track_primary && !own.up).then_some(Reason::LinkDown(params.iface));
    let no_address =
        (exists && source(params, links).is_none()).then_some(Reason::NoAddress(params.iface));
    let no_multicast = (exists && own.no_multicast && params.unicast.is_none())
        .then_some(Reason::NoMulticast(params.iface));
    let unicast = params.unicast.as_deref();
    let lonely = unicast.is_some_and(|u| u.fault_without_peer && u.peers.is_empty());
    let others = watched.iter().filter_map(|&iface| match of(iface, links) {
        Link { index: 0, .. } => Some(Reason::NoInterface(iface)),
        Link { up: false, .. } => Some(Reason::LinkDown(iface)),
        _ => None,
    });
    no_interface
        .into_iter()
        .chain(down)
        .chain(no_address)
        .chain(no_multicast)
        .chain(lonely.then_some(Reason::NoPeer))
        .chain(others)
}

/// What is known of `iface`; an interface nobody reported does not exist.
fn of(iface: IfaceId, links: &[Link]) -> Link {
    links.get(usize::from(iface.0)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vrrp::Address;

    const ETH0: IfaceId = IfaceId(0);
    const ETH1: IfaceId = IfaceId(1);

    fn up(last: u8) -> Link {
        Link {
            index: u32::from(last),
            up: true,
            ipv4: Some([10, 0, 0, last].into()),
            ..Link::default()
        }
    }

    fn instance() -> InstanceParams {
        let mut params = InstanceParams::new("V1", ETH0, 51);
        for iface in [ETH0, ETH1, ETH1] {
            params
                .addresses
                .push(Address::new([10, 0, 0, 100].into(), 24, iface));
        }
        params
    }

    fn found(params: &InstanceParams, links: &[Link]) -> Vec<Reason> {
        reasons(params, &watched(params), links).collect()
    }

    #[test]
    fn each_reason_has_its_name() {
        let params = instance();
        let down = |link| Link { up: false, ..link };
        let bare = |link| Link { ipv4: None, ..link };
        assert_eq!(found(&params, &[up(1), up(2)]), []);
        assert_eq!(
            found(&params, &[down(up(1)), up(2)]),
            [Reason::LinkDown(ETH0)]
        );
        assert_eq!(
            found(&params, &[bare(up(1)), up(2)]),
            [Reason::NoAddress(ETH0)]
        );
        assert_eq!(
            found(&params, &[up(1), down(up(2))]),
            [Reason::LinkDown(ETH1)]
        );
        assert_eq!(
            found(&params, &[Link::default(), Link::default()]),
            [Reason::NoInterface(ETH0), Reason::NoInterface(ETH1)]
        );
        assert_eq!(
            found(&params, &[]),
            [Reason::NoInterface(ETH0), Reason::NoInterface(ETH1)]
        );
    }

    #[test]
    fn what_dont_track_primary_forgives() {
        let mut params = instance();
        params.track_primary = false;
        let down = |link| Link { up: false, ..link };
        assert_eq!(found(&params, &[down(up(1)), up(2)]), []);
        assert_eq!(
            found(&params, &[down(up(1)), down(up(2))]),
            [Reason::LinkDown(ETH1)]
        );
        assert_eq!(
            found(&params, &[Link::default(), up(2)]),
            [Reason::NoInterface(ETH0)],
            "without an interface there is nothing to send from"
        );
    }

    #[test]
    fn a_configured_source_needs_no_address_on_the_interface() {
        let mut params = instance();
        params.source = Some([192, 0, 2, 7].into());
        let bare = Link {
            ipv4: None,
            ..up(1)
        };
        assert_eq!(found(&params, &[bare, up(2)]), []);
        assert_eq!(source(&params, &[bare]), params.source);
    }
}
