//! Interfaces get their numbers in the order in which the parameters name them, so that equal
//! configurations are equal, and what only a refused part named is gone.

use crate::vrrp::{IfaceId, Params, RouteLine, RuleLine};

/// Numbers the interfaces anew.
pub(super) fn canonical(params: &mut Params) {
    let mut new: Vec<Option<IfaceId>> = vec![None; params.interfaces.len()];
    let mut names = Vec::with_capacity(params.interfaces.len());
    let mut old = core::mem::take(&mut params.interfaces);
    let mut number = |id: &mut IfaceId| {
        let at = usize::from(id.0);
        let (Some(slot), Some(name)) = (new.get_mut(at), old.get_mut(at)) else {
            return;
        };
        *id = *slot.get_or_insert_with(|| {
            let next = IfaceId(u16::try_from(names.len()).unwrap_or(u16::MAX));
            names.push(core::mem::take(name));
            next
        });
    };
    for instance in &mut params.instances {
        number(&mut instance.iface);
        let held = instance.addresses.iter_mut().chain(&mut instance.excluded);
        held.for_each(|a| number(&mut a.iface));
        routing(&mut instance.routes, &mut instance.rules, &mut number);
        if let Some(tracks) = &mut instance.tracks {
            tracks.interfaces.iter_mut().for_each(|t| number(&mut t.id));
        }
    }
    for (address, _) in &mut params.statics.addresses {
        number(&mut address.iface);
    }
    routing(
        &mut params.statics.routes,
        &mut params.statics.rules,
        &mut number,
    );
    names.shrink_to_fit();
    params.interfaces = names;
}

fn routing(
    routes: &mut Vec<RouteLine>,
    rules: &mut Vec<RuleLine>,
    number: &mut dyn FnMut(&mut IfaceId),
) {
    let mut renamed = |mut id: IfaceId| {
        number(&mut id);
        id
    };
    *routes = core::mem::take(routes)
        .into_iter()
        .map(|line| RouteLine {
            route: line.route.map(&mut renamed),
            ..line
        })
        .collect();
    *rules = core::mem::take(rules)
        .into_iter()
        .map(|line| RuleLine {
            rule: line.rule.map(&mut renamed),
            ..line
        })
        .collect();
}
