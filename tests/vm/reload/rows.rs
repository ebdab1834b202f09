//! The table: one row a change, and all that it moves.

/// What is done to the configuration.
pub enum Change {
    /// Words of the file are replaced, and it is read again.
    Edit(&'static [(&'static str, &'static str)]),
    /// The same, but the file is refused, and is as before afterwards.
    Refused(&'static [(&'static str, &'static str)]),
    /// Two edits, and a signal after each, at once.
    Twice([(&'static str, &'static str); 2]),
    /// Files beside the configuration are replaced (from, to), and the same file is read again.
    Files(&'static [(&'static str, &'static str)]),
}

/// Everything that a change moves, and nothing else moves.
pub struct Row {
    pub what: &'static str,
    pub change: Change,
    /// Adverts by their number (and their destination, if that is one router), and announcements.
    pub wire: &'static [&'static str],
    /// `+` comes, `-` goes, `~` goes (the kernel takes it along, or another instance has it now) and is
    /// back, `^` is promoted.
    pub addresses: &'static [&'static str],
    /// Lines of `ipvsadm -S -n` and of its synchronisation daemons.
    pub table: &'static [&'static str],
    /// States that the log says are entered.
    pub states: &'static [&'static str],
}

use Change::{Edit, Files, Refused, Twice};

const fn row(what: &'static str, change: Change) -> Row {
    Row {
        what,
        change,
        wire: &[],
        addresses: &[],
        table: &[],
        states: &[],
    }
}

impl Row {
    const fn wire(self, wire: &'static [&'static str]) -> Row {
        Row { wire, ..self }
    }
    const fn addresses(self, addresses: &'static [&'static str]) -> Row {
        Row { addresses, ..self }
    }
    const fn table(self, table: &'static [&'static str]) -> Row {
        Row { table, ..self }
    }
    const fn states(self, states: &'static [&'static str]) -> Row {
        Row { states, ..self }
    }
}

/// Where it begins.
pub const BASE: &str = include_str!("base.conf");

const NEW: &str = "vrrp_instance new {
 interface eth0
 virtual_router_id 61
 priority 254 # 61
 advert_int 1
 virtual_ipaddress {
  192.0.2.161
 }
}
# instances";
/// What has become of it.
const NEW_OTHER: &str = "vrrp_instance other {
 interface eth0
 virtual_router_id 62
 priority 254 # 61
 advert_int 1
 virtual_ipaddress {
  192.0.2.161
 }
}
# instances";
const MORE: &str = "virtual_server 192.0.2.53 80 {
 delay_loop 1
 lb_algo wlc
 lb_kind NAT
 protocol TCP
 real_server 192.0.2.250 8080 {
  TCP_CHECK {
   connect_timeout 3
  }
 }
}
# servers";
const ONE_MORE: &str = "real_server 192.0.2.250 8081 {
  weight 5
  TCP_CHECK {
   connect_timeout 3
   retry 0
   connect_port 8081 # C
  }
 }
 # reals of B";

/// What has become of it.
const ONE_LESS: &str = "real_server 192.0.2.250 8081 {
  weight 6
  TCP_CHECK {
   connect_timeout 3
   retry 0
   connect_port 8080 # C
  }
 }
 # reals of B";

#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    row("an unchanged file", Edit(&[])),

    row("an instance is added", Edit(&[("# instances", NEW)]))
        .wire(&["VRID 61: begins", "ARP 192.0.2.161"])
        .addresses(&["+192.0.2.161/32"])
        .states(&["new BACKUP", "new MASTER"]),
    row("it is renamed", Edit(&[("vrrp_instance new", "vrrp_instance other")])),
    row("it becomes another virtual router", Edit(&[("virtual_router_id 61", "virtual_router_id 62")]))
        .wire(&["VRID 61: goodbye", "VRID 62: begins", "ARP 192.0.2.161"])
        .addresses(&["~192.0.2.161/32"])
        .states(&["other FAULT", "other BACKUP", "other MASTER"]),
    row("it is removed", Edit(&[(NEW_OTHER, "# instances")]))
        .wire(&["VRID 62: goodbye"])
        .addresses(&["-192.0.2.161/32"])
        .states(&["other FAULT"]),

    row("an address is added", Edit(&[("# addresses of 52", "192.0.2.153/24\n  # addresses of 52")]))
        .wire(&["VRID 52: +192.0.2.153", "ARP 192.0.2.153"])
        .addresses(&["+192.0.2.153/24"]),
    row("an address is removed", Edit(&[("192.0.2.153/24\n", "")]))
        .wire(&["VRID 52: -192.0.2.153"])
        .addresses(&["-192.0.2.153/24"]),
    row("the first of a subnet is removed", Edit(&[("  203.0.113.1/24\n", "")]))
        .wire(&["VRID 52: -203.0.113.1", "ARP 203.0.113.2", "ARP 203.0.113.3"])
        .addresses(&["-203.0.113.1/24", "~203.0.113.2/24", "~203.0.113.3/24"]),
    row("the same with promote_secondaries", Edit(&[("  198.51.100.1/24\n", "")]))
        .wire(&["VRID 53: -198.51.100.1"])
        .addresses(&["-198.51.100.1/24", "^198.51.100.2/24"]),
    row("an IPv6 address is added", Edit(&[("# addresses of 56", "2001:db8::157/64\n  # addresses of 56")]))
        .wire(&["VRID 56: +2001:db8::157", "NA 2001:db8::157"])
        .addresses(&["+2001:db8::157/64"]),
    row("an IPv6 address is removed", Edit(&[("2001:db8::156/64\n", "")]))
        .wire(&["VRID 56: -2001:db8::156"])
        .addresses(&["-2001:db8::156/64"]),

    row("another priority", Edit(&[("priority 152", "priority 120")]))
        .wire(&["VRID 52: priority 152 to 120"]),
    row("another interval", Edit(&[("advert_int 1 # 52", "advert_int 2 # 52")]))
        .wire(&["VRID 52: interval 1000 to 2000 ms"]),
    row("the interval before", Edit(&[("advert_int 2 # 52", "advert_int 1 # 52")]))
        .wire(&["VRID 52: interval 2000 to 1000 ms"]),
    row("another password", Edit(&[("another1", "another2")]))
        .wire(&["VRID 60: signed with another2"]),
    row("a script at another pace", Edit(&[("interval 1 # script", "interval 2 # script")])),
    row("another command of a script", Edit(&[("/bin/true", "/bin/false")]))
        .wire(&["VRID 54: priority 164 to 154"]),
    row("a member joins a group", Edit(&[("# members", "alone\n  # members")])),
    row("a member leaves a group", Edit(&[("  second\n", "")])),
    row("a group is renamed", Edit(&[("vrrp_sync_group VG", "vrrp_sync_group GV")])),
    row("a unicast peer is added", Edit(&[("# peers", "192.0.2.3\n  # peers")]))
        .wire(&["VRID 55 to 192.0.2.3: begins"]),
    row("a unicast peer is removed", Edit(&[("  192.0.2.2\n", "")]))
        .wire(&["VRID 55 to 192.0.2.2: silent"]),

    row("a virtual server is added", Edit(&[("# servers", MORE)]))
        .table(&["+-A -t 192.0.2.53:80 -s wlc", "+-a -t 192.0.2.53:80 -r 192.0.2.250:8080 -m -w 1"]),
    row("a virtual server is removed", Edit(&[(MORE, "# servers")]))
        .table(&["--A -t 192.0.2.53:80 -s wlc", "--a -t 192.0.2.53:80 -r 192.0.2.250:8080 -m -w 1"]),
    row("a real server is added", Edit(&[("# reals of B", ONE_MORE)]))
        .table(&["+-a -t 192.0.2.152:80 -r 192.0.2.250:8081 -m -w 5"]),
    row("another weight", Edit(&[("weight 5", "weight 6")]))
        .table(&["--a -t 192.0.2.152:80 -r 192.0.2.250:8081 -m -w 5",
                 "+-a -t 192.0.2.152:80 -r 192.0.2.250:8081 -m -w 6"]),
    row("another scheduler", Edit(&[("lb_algo rr # B", "lb_algo wrr # B")]))
        .table(&["--A -t 192.0.2.152:80 -s rr", "+-A -t 192.0.2.152:80 -s wrr"]),
    row("both, with a connection through it", Edit(&[("lb_algo rr # A", "lb_algo wrr # A"), ("weight 2", "weight 3")]))
        .table(&["--A -t 192.0.2.51:80 -s rr", "+-A -t 192.0.2.51:80 -s wrr",
                 "--a -t 192.0.2.51:80 -r 192.0.2.250:8080 -m -w 2",
                 "+-a -t 192.0.2.51:80 -r 192.0.2.250:8080 -m -w 3"]),
    row("another pace of checks", Edit(&[("delay_loop 1 # A", "delay_loop 2 # A")])),
    row("another check, which fails", Edit(&[("connect_port 8081 # C", "connect_port 8082 # C")]))
        .table(&["--a -t 192.0.2.152:80 -r 192.0.2.250:8081 -m -w 6"]),
    row("another check, which succeeds", Edit(&[("connect_port 8082 # C", "connect_port 8080 # C")]))
        .table(&["+-a -t 192.0.2.152:80 -r 192.0.2.250:8081 -m -w 6"]),
    row("a real server is removed", Edit(&[(ONE_LESS, "# reals of B")]))
        .table(&["--a -t 192.0.2.152:80 -r 192.0.2.250:8081 -m -w 6"]),
    row("the synchronisation daemon", Edit(&[("inst still id 1", "inst still id 2")]))
        .table(&["-sync master eth0 1", "+sync master eth0 2"]),
    row("a client certificate the server does not know, on disk", Files(&[("other.crt", "client.crt"), ("other.key", "client.key")]))
        .table(&["--a -t 192.0.2.51:443 -r 192.0.2.250:8443 -m -w 1"]),
    row("one that it knows, on disk", Files(&[("own.crt", "client.crt"), ("own.key", "client.key")]))
        .table(&["+-a -t 192.0.2.51:443 -r 192.0.2.250:8443 -m -w 1"]),
    row("another authority, on disk", Files(&[("own.crt", "ca.crt")])),

    row("a brace is missing", Refused(&[("priority 120", "priority 20"), ("virtual_server 192.0.2.152 80 {", "virtual_server 192.0.2.152 80")])),
    row("an error", Refused(&[("priority 120", "priority 20"), ("virtual_router_id 53", "virtual_router_id 900")])),
    row("two signals in a row", Twice([("priority 120", "priority 130"), ("priority 130", "priority 140")]))
        .wire(&["VRID 52: priority 120 to 140"]),
    row("an unchanged file, again", Edit(&[])),
];
