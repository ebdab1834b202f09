//! The addresses of an instance: how many an advert lists, and what they become.

use super::address::{self, Line};
use super::diag::Severity;
use super::instance::Draft;
use super::walk::Walk;
use crate::vrrp::{Address, IfaceId, Params};
use crate::wire::vrrp::Version;
use core::net::IpAddr;

/// Addresses one advert can list: its count is a byte.
const MAX_ADDRESSES: u32 = 255;
/// What an interface carries if nothing else is known.
const USUAL_MTU: u32 = 1500;

impl<'a> Walk<'a> {
    /// How many addresses there are. `false`: the instance cannot run.
    pub(super) fn count(&mut self, d: &mut Draft, version: Version, runs: bool) -> bool {
        if d.addresses.is_empty() && !d.no_addresses && runs && !d.torn {
            let name = d.name.clone();
            let strict = d.strict.unwrap_or(self.defaults.strict);
            if version == Version::V3 || strict {
                let mode = if strict { "vrrp_strict" } else { "VRRPv3" };
                let text = format!(
                    "vrrp_instance {name} has no virtual address, which {mode} does not allow"
                );
                self.diags.error(d.at, text);
                return false;
            }
            let text = format!("vrrp_instance {name} has no virtual address");
            self.diags.error(d.at, text).severity(Severity::Warning);
        }
        let most = self.most(d, version);
        if d.addresses.len() > most {
            let at = self.span(d.addresses[most].at);
            let text = format!(
                "an advert lists at most {most} addresses; {} are written, the rest is held \
                 but not advertised",
                d.addresses.len()
            );
            self.diags.error(at, text);
            let mut rest = d.addresses.split_off(most);
            rest.append(&mut d.excluded);
            d.excluded = rest;
        }
        runs
    }

    /// How many addresses fit into one advert: a byte counts them, one frame carries them.
    fn most(&self, d: &Draft, version: Version) -> usize {
        let v4 = d.addresses.first().is_none_or(|l| l.address.is_ipv4());
        let mtu = d.interface.and_then(|i| self.outside.mtu(&self.text(i)));
        let (header, size) = if v4 { (20, 4) } else { (40, 16) };
        let ah = d.auth.is_some_and(|a| a.ah == Some(true));
        let auth = match version {
            Version::V2 if ah => 8 + 24,
            Version::V2 => 8,
            Version::V3 => 0,
        };
        // keepalived leaves room for an Ethernet header.
        let room = mtu
            .unwrap_or(USUAL_MTU)
            .saturating_sub(14 + header + 8 + auth);
        let most = (room / size).min(MAX_ADDRESSES);
        usize::try_from(most).unwrap_or(usize::MAX)
    }

    /// What address lines mean on an interface.
    pub(super) fn held(
        &mut self,
        lines: &[Line],
        own: IfaceId,
        params: &mut Params,
    ) -> Vec<Address> {
        let mut out = Vec::with_capacity(lines.len());
        let mut said = false;
        for line in lines {
            let iface = match line.dev {
                Some(dev) => {
                    self.exists(dev, self.defaults.dynamic_interfaces);
                    self.intern(params, dev)
                }
                None => own,
            };
            if params
                .interfaces
                .get(usize::from(iface.0))
                .is_some_and(|n| n.is_empty())
            {
                let text =
                    "this address needs a 'dev', the instance has no interface; it is ignored";
                self.wrong(line.at, text.into(), None);
                continue;
            }
            if !said {
                said = self.outside_of_networks(line, params, iface);
            }
            out.push(address::meaning(line, iface));
        }
        out.shrink_to_fit();
        out
    }

    /// An address that no network of its interface holds; says so.
    fn outside_of_networks(&mut self, line: &Line, params: &Params, iface: IfaceId) -> bool {
        let Some(name) = params.interfaces.get(usize::from(iface.0)) else {
            return false;
        };
        let all = self.networks.get_or_insert_with(|| self.outside.networks());
        // Where we are Master already the address itself is among them.
        let mut networks = all.iter().filter(|(on, ip, _)| {
            on == name && ip.is_ipv4() == line.address.is_ipv4() && *ip != line.address
        });
        let Some((_, ip, len)) = networks.clone().next() else {
            return false;
        };
        if networks.any(|(_, ip, len)| same_network(*ip, line.address, *len)) {
            return false;
        }
        let text = format!("{} is in no network of {name}", line.address);
        let hint = format!("hosts there may not find it: {name} has {ip}/{len}");
        let at = self.span(line.at);
        self.diags.warning(at, text).hint(hint);
        true
    }
}

fn same_network(a: IpAddr, b: IpAddr, prefix: u8) -> bool {
    use IpAddr::{V4, V6};
    let (difference, width) = match (a, b) {
        (V4(a), V4(b)) => (u128::from(u32::from(a) ^ u32::from(b)), 32),
        (V6(a), V6(b)) => (u128::from(a) ^ u128::from(b), 128),
        _ => return false,
    };
    let host = width - u32::from(prefix).min(width);
    difference.checked_shr(host).unwrap_or(0) == 0
}
