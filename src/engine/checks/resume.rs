//! What an earlier run left in the table, as the word of checkers that have not been tried.

use crate::check::{CheckerId, Params, Probe, Table};

/// What the table tells of the checkers before the start: a real server of a service that is there
/// was up if it is there too. Without this a server that is down would get connections once more.
pub(super) fn resumed(params: &Params, table: &Table) -> Vec<(CheckerId, bool)> {
    let mut resumed = Vec::new();
    for service in &params.services {
        let Some(key) = service.keys.iter().find(|key| table.has(**key)) else {
            continue;
        };
        let reals = usize::from(service.reals.start)..usize::from(service.reals.end);
        for real in params.reals.get(reals).unwrap_or_default() {
            let to = real.destination.behind(*key);
            let line = table
                .destinations(*key)
                .find(|line| (line.address, line.port) == (to.address, to.port));
            let up = line.is_some_and(|line| !real.inhibit || line.weight != 0 || to.weight == 0);
            let checkers = real.checkers.clone().map(CheckerId);
            let tried = checkers.filter(|id| {
                let checker = params.checkers.get(usize::from(id.0));
                checker.is_some_and(|c| !matches!(c.probe, Probe::File { .. }))
            });
            resumed.extend(tried.map(|id| (id, up)));
        }
    }
    resumed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::engine::outside::Real;
    use crate::sys::tests::Scratch;

    const TEXT: &str = "virtual_server 192.0.2.1 80 {\n lb_algo rr\n lb_kind NAT\n protocol TCP\n \
         real_server 192.0.2.11 80 {\n  TCP_CHECK {\n  }\n }\n \
         real_server 192.0.2.12 80 {\n  TCP_CHECK {\n  }\n }\n \
         real_server 192.0.2.13 80 {\n  inhibit_on_failure\n  TCP_CHECK {\n  }\n }\n}\n\
         virtual_server 192.0.2.2 80 {\n lb_algo rr\n lb_kind NAT\n protocol TCP\n \
         real_server 192.0.2.11 80 {\n  TCP_CHECK {\n  }\n }\n}\n";

    #[test]
    fn who_is_not_in_the_table_was_down() {
        let scratch = Scratch::new("resumed");
        let path = scratch.path("conf");
        std::fs::write(&path, TEXT).unwrap();
        let params = config::load(&Real, &path, &config::Options::default());
        let params = params.config.check;
        assert_eq!(params.checkers.len(), 4);
        let mut table = Table::default();
        assert!(resumed(&params, &table).is_empty(), "nothing is known");
        let service = params.services[0].lines().next().unwrap();
        table.found_service(&service);
        let mut third = params.reals[2].destination;
        third.weight = 0;
        table.found_destination(service.key, params.reals[0].destination);
        table.found_destination(service.key, third);
        let told = resumed(&params, &table);
        let expected = [(0, true), (1, false), (2, false)];
        assert_eq!(told, expected.map(|(id, up)| (CheckerId(id), up)));
    }

    #[test]
    fn behind_a_group_that_is_not_translated_a_line_has_the_port_of_the_group() {
        let scratch = Scratch::new("resumed-group");
        let path = scratch.path("conf");
        let text = "virtual_server_group g {\n 192.0.2.1 80\n}\nvirtual_server group g {\n \
             lb_algo rr\n lb_kind DR\n protocol TCP\n \
             real_server 192.0.2.11 8080 {\n  TCP_CHECK {\n  }\n }\n}\n";
        std::fs::write(&path, text).unwrap();
        let params = config::load(&Real, &path, &config::Options::default());
        let params = params.config.check;
        let mut table = Table::default();
        let service = params.services[0].lines().next().unwrap();
        table.found_service(&service);
        let line = params.reals[0].destination.behind(service.key);
        assert_eq!(line.port, 80);
        table.found_destination(service.key, line);
        assert_eq!(resumed(&params, &table), [(CheckerId(0), true)]);
    }
}
