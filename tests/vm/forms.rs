//! Configurations and the tables they make.

/// One configuration.
pub struct Form {
    pub name: &'static str,
    pub config: &'static str,
    /// Lines of `ipvsadm -S -n`, in any order.
    pub table: &'static [&'static str],
    /// Lines that `ipvsadm` shows with other options.
    pub also: Option<(&'static [&'static str], &'static [&'static str])>,
}

pub const FORMS: &[Form] = &[
    Form {
        name: "every scheduler, with its flags",
        config: SCHEDULERS,
        table: &[
            "-A -t 192.0.2.100:1 -s rr",
            "-a -t 192.0.2.100:1 -r 192.0.2.250:1 -m -w 1",
            "-A -t 192.0.2.100:2 -s wrr",
            "-a -t 192.0.2.100:2 -r 192.0.2.250:2 -m -w 5",
            "-A -t 192.0.2.100:3 -s lc",
            "-a -t 192.0.2.100:3 -r 192.0.2.250:3 -m -w 1",
            "-A -t 192.0.2.100:4 -s wlc",
            "-a -t 192.0.2.100:4 -r 192.0.2.250:4 -m -w 1",
            "-A -t 192.0.2.100:5 -s sh",
            "-a -t 192.0.2.100:5 -r 192.0.2.250:5 -m -w 1",
            "-A -t 192.0.2.100:6 -s sh -b sh-fallback,sh-port",
            "-a -t 192.0.2.100:6 -r 192.0.2.250:6 -m -w 1",
            "-A -t 192.0.2.100:7 -s dh",
            "-a -t 192.0.2.100:7 -r 192.0.2.250:7 -m -w 1",
            "-A -t 192.0.2.100:8 -s lblc",
            "-a -t 192.0.2.100:8 -r 192.0.2.250:8 -m -w 1",
            "-A -t 192.0.2.100:9 -s lblcr",
            "-a -t 192.0.2.100:9 -r 192.0.2.250:9 -m -w 1",
            "-A -t 192.0.2.100:10 -s sed",
            "-a -t 192.0.2.100:10 -r 192.0.2.250:10 -m -w 1",
            "-A -t 192.0.2.100:11 -s nq",
            "-a -t 192.0.2.100:11 -r 192.0.2.250:11 -m -w 1",
            "-A -t 192.0.2.100:12 -s mh -b mh-fallback,mh-port",
            "-a -t 192.0.2.100:12 -r 192.0.2.250:12 -m -w 1",
            "-A -t 192.0.2.100:13 -s fo",
            "-a -t 192.0.2.100:13 -r 192.0.2.250:13 -m -w 1",
            "-A -t 192.0.2.100:14 -s ovf",
            "-a -t 192.0.2.100:14 -r 192.0.2.250:14 -m -w 1",
            "-A -t 192.0.2.100:15 -s rr -b flag-1,flag-3",
            "-a -t 192.0.2.100:15 -r 192.0.2.250:15 -m -w 1",
            "-A -t 192.0.2.100:16 -s wlc",
            "-a -t 192.0.2.100:16 -r 192.0.2.250:16 -m -w 1",
        ],
        also: None,
    },
    Form {
        name: "every way to a real server",
        config: KINDS,
        table: &[
            "-A -t 192.0.2.100:1 -s rr",
            "-a -t 192.0.2.100:1 -r 192.0.2.250:8080 -m -w 1",
            "-a -t 192.0.2.100:1 -r 192.0.2.251:1 -m -w 1",
            "-a -t 192.0.2.100:1 -r 192.0.2.252:1 -g -w 1",
            "-A -t 192.0.2.100:2 -s rr",
            "-a -t 192.0.2.100:2 -r 192.0.2.250:2 -g -w 1",
            "-a -t 192.0.2.100:2 -r 192.0.2.251:2 -g -w 1",
            "-A -t 192.0.2.100:3 -s rr",
            "-a -t 192.0.2.100:3 -r 192.0.2.250:3 -i -w 1",
            "-a -t 192.0.2.100:3 -r 192.0.2.251:3 -i -w 1 --tun-type gue --tun-port 6080 --tun-nocsum",
            "-a -t 192.0.2.100:3 -r 192.0.2.252:3 -i -w 1 --tun-type gre --tun-nocsum",
            "-A -t 192.0.2.100:4 -s rr",
            "-a -t 192.0.2.100:4 -r 192.0.2.250:4 -i -w 1 --tun-type gue --tun-port 6081 --tun-csum",
            "-a -t 192.0.2.100:4 -r 192.0.2.251:4 -i -w 1 --tun-type gue --tun-port 6082 --tun-remcsum",
            "-a -t 192.0.2.100:4 -r 192.0.2.252:4 -i -w 1 --tun-type gre --tun-csum",
            "-A -u 192.0.2.100:5 -s rr",
            "-a -u 192.0.2.100:5 -r 192.0.2.250:5 -m -w 1",
            "-A --sctp-service 192.0.2.100:6 -s rr",
            "-a --sctp-service 192.0.2.100:6 -r 192.0.2.250:6 -m -w 1",
            "-A -t 192.0.2.100:0 -s rr -p 360",
            "-a -t 192.0.2.100:0 -r 192.0.2.250:0 -g -w 1",
        ],
        also: None,
    },
    Form {
        name: "IPv6",
        config: SIX,
        table: &[
            "-A -t [2001:db8::100]:80 -s wlc",
            "-a -t [2001:db8::100]:80 -r [2001:db8::250]:8080 -m -w 1",
            "-a -t [2001:db8::100]:80 -r [2001:db8::251]:80 -g -w 2",
            "-A -u [2001:db8::100]:53 -s rr -o",
            "-a -u [2001:db8::100]:53 -r [2001:db8::250]:53 -m -w 1",
            "-A -t [2001:db8::100]:443 -s sh -p 50 -M 64",
            "-a -t [2001:db8::100]:443 -r [2001:db8::250]:443 -i -w 1",
            "-A -t [2001:db8::101]:80 -s rr",
            "-a -t [2001:db8::101]:80 -r 192.0.2.250:80 -i -w 1",
            "-A -t 192.0.2.101:80 -s rr",
            "-a -t 192.0.2.101:80 -r [2001:db8::250]:80 -i -w 1",
        ],
        also: None,
    },
    Form {
        name: "marks",
        config: MARKS,
        table: &[
            "-A -f 21 -s rr -p 50",
            "-a -f 21 -r 192.0.2.250:0 -g -w 1",
            "-a -f 21 -r 192.0.2.251:0 -g -w 1",
            "-A -f 22 -6 -s rr",
            "-a -f 22 -6 -r [2001:db8::250]:0 -g -w 1",
            "-A -f 23 -6 -s rr",
            "-a -f 23 -6 -r [2001:db8::250]:80 -m -w 1",
            // So ipvsadm shows a mark of this size.
            "-A -f -1 -s wlc",
            "-a -f -1 -r 192.0.2.250:8080 -m -w 3",
        ],
        also: None,
    },
    Form {
        name: "groups",
        config: GROUPS,
        table: &[
            "-A -t 192.0.2.110:80 -s rr",
            "-a -t 192.0.2.110:80 -r 192.0.2.250:8080 -m -w 1",
            "-a -t 192.0.2.110:80 -r 192.0.2.251:8080 -m -w 2",
            "-A -t 192.0.2.111:81 -s rr",
            "-a -t 192.0.2.111:81 -r 192.0.2.250:8080 -m -w 1",
            "-a -t 192.0.2.111:81 -r 192.0.2.251:8080 -m -w 2",
            "-A -t 192.0.2.112:81 -s rr",
            "-a -t 192.0.2.112:81 -r 192.0.2.250:8080 -m -w 1",
            "-a -t 192.0.2.112:81 -r 192.0.2.251:8080 -m -w 2",
            "-A -t 192.0.2.113:81 -s rr",
            "-a -t 192.0.2.113:81 -r 192.0.2.250:8080 -m -w 1",
            "-a -t 192.0.2.113:81 -r 192.0.2.251:8080 -m -w 2",
            "-A -f 31 -s rr",
            "-a -f 31 -r 192.0.2.250:8080 -m -w 1",
            "-a -f 31 -r 192.0.2.251:8080 -m -w 2",
            "-A -u [2001:db8::10]:53 -s rr",
            "-a -u [2001:db8::10]:53 -r [2001:db8::250]:53 -g -w 1",
            "-A -u [2001:db8::1a]:53 -s rr",
            "-a -u [2001:db8::1a]:53 -r [2001:db8::250]:53 -g -w 1",
            "-A -u [2001:db8::1b]:53 -s rr",
            "-a -u [2001:db8::1b]:53 -r [2001:db8::250]:53 -g -w 1",
            "-A -t 192.0.2.114:80 -s rr",
            "-a -t 192.0.2.114:80 -r 192.0.2.250:80 -g -w 1",
            "-a -t 192.0.2.114:80 -r 192.0.2.251:80 -i -w 1",
            "-a -t 192.0.2.114:80 -r 192.0.2.252:8082 -m -w 1",
            "-A -f 43 -s rr",
            "-a -f 43 -r 192.0.2.250:0 -g -w 1",
            "-a -f 43 -r 192.0.2.251:0 -i -w 1",
            "-a -f 43 -r 192.0.2.252:8082 -m -w 1",
            "-A -f 41 -s wlc",
            "-a -f 41 -r 192.0.2.252:0 -g -w 1",
            "-A -f 42 -s wlc",
            "-a -f 42 -r 192.0.2.252:0 -g -w 1",
        ],
        also: None,
    },
    Form {
        name: "persistence, single packets, thresholds and weights",
        config: PERSISTENT,
        table: &[
            "-A -t 192.0.2.100:1 -s rr -p 50",
            "-a -t 192.0.2.100:1 -r 192.0.2.250:1 -m -w 0",
            "-a -t 192.0.2.100:1 -r 192.0.2.251:1 -m -w 2147483647",
            "-A -t 192.0.2.100:2 -s rr -p 360",
            "-a -t 192.0.2.100:2 -r 192.0.2.250:2 -m -w 3",
            "-a -t 192.0.2.100:2 -r 192.0.2.251:2 -m -w 9",
            "-A -t 192.0.2.100:3 -s rr -p 50 -M 255.255.255.0",
            "-a -t 192.0.2.100:3 -r 192.0.2.250:3 -m -w 1",
            "-A -t 192.0.2.100:4 -s rr -p 360 -M 255.255.0.0",
            "-a -t 192.0.2.100:4 -r 192.0.2.250:4 -m -w 1",
            "-A -u 192.0.2.100:5060 -s wlc -p 300 --pe sip -o",
            "-a -u 192.0.2.100:5060 -r 192.0.2.250:5060 -m -w 1",
            "-A -t 192.0.2.100:6 -s wlc",
            "-a -t 192.0.2.100:6 -r 192.0.2.250:6 -m -w 1",
        ],
        also: Some((
            &["-L", "-n", "--thresholds"],
            &["-> 192.0.2.250:6 1000 900 0 0"],
        )),
    },
    Form {
        name: "as people write it",
        config: WRITTEN,
        table: &[
            "-A -t 192.0.2.100:80 -s rr",
            "-a -t 192.0.2.100:80 -r 192.0.2.251:80 -g -w 1",
            "-a -t 192.0.2.100:80 -r 192.0.2.252:80 -g -w 100",
            "-A -u 192.0.2.100:53 -s rr",
            "-a -u 192.0.2.100:53 -r 192.0.2.251:53 -m -w 1",
            "-A -t 192.0.2.100:514 -s wlc",
            "-a -t 192.0.2.100:514 -r 192.0.2.251:514 -m -w 1",
            "-A -t 192.0.2.101:53 -s wlc",
            "-a -t 192.0.2.101:53 -r 192.0.2.251:53 -m -w 100",
            "-A -t 192.0.2.102:80 -s rr",
            "-a -t 192.0.2.102:80 -r 192.0.2.251:80 -m -w 100",
            "-A -t [2001:db8::1]:80 -s wlc",
            "-a -t [2001:db8::1]:80 -r [2001:db8::251]:80 -m -w 100",
            "-A -t 192.0.2.103:22 -s rr",
            "-a -t 192.0.2.103:22 -r 192.0.2.251:22 -g -w 1",
            "-A -t 127.0.0.1:80 -s rr -p 50",
            "-a -t 127.0.0.1:80 -r 127.0.0.1:8080 -m -w 1",
            "-a -t 127.0.0.1:80 -r 127.0.0.1:8081 -m -w 1",
        ],
        also: None,
    },
    Form {
        name: "who fails",
        config: FAILING,
        table: &[
            // Weight 0 instead of gone.
            "-A -t 192.0.2.100:1 -s rr",
            "-a -t 192.0.2.100:1 -r 127.0.0.1:9 -m -w 0",
            "-a -t 192.0.2.100:1 -r 192.0.2.251:1 -m -w 4",
            // Gone.
            "-A -t 192.0.2.100:2 -s rr",
            "-a -t 192.0.2.100:2 -r 192.0.2.251:2 -m -w 4",
            // All gone: the sorry server.
            "-A -t 192.0.2.100:3 -s rr",
            "-a -t 192.0.2.100:3 -r 192.0.2.99:33 -m -w 1",
            // The same without a port, and in another way.
            "-A -t 192.0.2.100:4 -s rr",
            "-a -t 192.0.2.100:4 -r 192.0.2.99:4 -g -w 1",
            "-a -t 192.0.2.100:4 -r 127.0.0.1:9 -m -w 0",
            // Too few for the quorum: those that live leave as well.
            "-A -t 192.0.2.100:5 -s rr",
            "-a -t 192.0.2.100:5 -r 192.0.2.99:5 -m -w 1",
            // Not tried with success so far: not there yet.
            "-A -t 192.0.2.100:6 -s rr",
            // A mark, checked elsewhere.
            "-A -f 9 -s rr",
            "-a -f 9 -r 192.0.2.251:0 -g -w 1",
        ],
        also: None,
    },
];

const SCHEDULERS: &str = "
virtual_server 192.0.2.100 1 {
 lb_algo rr
 lb_kind NAT
 protocol TCP
 real_server 192.0.2.250 1 {
 }
}
virtual_server 192.0.2.100 2 {
 lb_algo wrr
 lb_kind NAT
 protocol TCP
 real_server 192.0.2.250 2 {
  weight 5
 }
}
virtual_server 192.0.2.100 3 {
 lb_algo lc
 lb_kind NAT
 protocol TCP
 real_server 192.0.2.250 3 {
 }
}
virtual_server 192.0.2.100 4 {
 lb_algo wlc
 lb_kind NAT
 protocol TCP
 real_server 192.0.2.250 4 {
 }
}
virtual_server 192.0.2.100 5 {
 lb_algo sh
 lb_kind NAT
 protocol TCP
 real_server 192.0.2.250 5 {
 }
}
virtual_server 192.0.2.100 6 {
 lb_algo sh
 sh-port
 sh-fallback
 lb_kind NAT
 protocol TCP
 real_server 192.0.2.250 6 {
 }
}
virtual_server 192.0.2.100 7 {
 lb_algo dh
 lb_kind NAT
 protocol TCP
 real_server 192.0.2.250 7 {
 }
}
virtual_server 192.0.2.100 8 {
 lb_algo lblc
 lb_kind NAT
 protocol TCP
 real_server 192.0.2.250 8 {
 }
}
virtual_server 192.0.2.100 9 {
 lb_algo lblcr
 lb_kind NAT
 protocol TCP
 real_server 192.0.2.250 9 {
 }
}
virtual_server 192.0.2.100 10 {
 lb_algo sed
 lb_kind NAT
 protocol TCP
 real_server 192.0.2.250 10 {
 }
}
virtual_server 192.0.2.100 11 {
 lb_algo nq
 lb_kind NAT
 protocol TCP
 real_server 192.0.2.250 11 {
 }
}
virtual_server 192.0.2.100 12 {
 lb_algo mh
 mh-port
 mh-fallback
 lb_kind NAT
 protocol TCP
 real_server 192.0.2.250 12 {
 }
}
virtual_server 192.0.2.100 13 {
 lb_algo fo
 lb_kind NAT
 protocol TCP
 real_server 192.0.2.250 13 {
 }
}
virtual_server 192.0.2.100 14 {
 lb_algo ovf
 lb_kind NAT
 protocol TCP
 real_server 192.0.2.250 14 {
 }
}
virtual_server 192.0.2.100 15 {
 lb_algo rr
 flag-1
 flag-3
 lb_kind NAT
 protocol TCP
 real_server 192.0.2.250 15 {
 }
}
virtual_server 192.0.2.100 16 {
 lb_kind NAT
 protocol TCP
 real_server 192.0.2.250 16 {
 }
}
";

const KINDS: &str = "
virtual_server 192.0.2.100 1 {
 lb_algo rr
 lb_kind NAT
 protocol TCP
 real_server 192.0.2.250 8080 {
 }
 real_server 192.0.2.251 {
 }
 real_server 192.0.2.252 1 {
  lvs_method DR
 }
}
virtual_server 192.0.2.100 2 {
 lvs_sched rr
 lvs_method DR
 protocol tcp
 real_server 192.0.2.250 2 {
 }
 real_server 192.0.2.251 8080 {
 }
}
virtual_server 192.0.2.100 3 {
 lb_algo rr
 lb_kind TUN
 protocol TCP
 real_server 192.0.2.250 3 {
 }
 real_server 192.0.2.251 3 {
  lvs_method TUN type gue port 6080
 }
 real_server 192.0.2.252 3 {
  lvs_method TUN type gre
 }
}
virtual_server 192.0.2.100 4 {
 lb_algo rr
 lb_kind TUN type gue port 6081 csum
 protocol TCP
 real_server 192.0.2.250 4 {
 }
 real_server 192.0.2.251 4 {
  lvs_method TUN type gue port 6082 remcsum
 }
 real_server 192.0.2.252 4 {
  lvs_method TUN type gre csum
 }
}
virtual_server 192.0.2.100 5 {
 lb_algo rr
 lb_kind NAT
 real_server 192.0.2.250 5 {
 }
}
virtual_server 192.0.2.100 6 {
 lb_algo rr
 lb_kind NAT
 protocol sctp
 real_server 192.0.2.250 6 {
 }
}
virtual_server 192.0.2.100 {
 lb_algo rr
 lb_kind DR
 protocol TCP
 persistence_timeout
 real_server 192.0.2.250 {
 }
}
";

const SIX: &str = "
virtual_server 2001:db8::100 80 {
 lb_kind NAT
 protocol TCP
 real_server 2001:db8::250 8080 {
 }
 real_server 2001:db8::251 80 {
  lvs_method DR
  weight 2
 }
}
virtual_server 2001:db8::100 53 {
 lb_algo rr
 lb_kind NAT
 protocol UDP
 ops
 real_server 2001:db8::250 53 {
 }
}
virtual_server 2001:db8::100 443 {
 lb_algo sh
 lb_kind TUN
 protocol TCP
 persistence_timeout 50
 persistence_granularity 64
 real_server 2001:db8::250 443 {
 }
}
virtual_server 2001:db8::101 80 {
 lb_algo rr
 lb_kind TUN
 protocol TCP
 real_server 192.0.2.250 80 {
 }
}
virtual_server 192.0.2.101 80 {
 lb_algo rr
 lb_kind TUN
 protocol TCP
 real_server 2001:db8::250 80 {
 }
}
";

const MARKS: &str = "
virtual_server fwmark 21 {
 lb_algo rr
 lb_kind DR
 protocol TCP
 persistence_timeout 50
 real_server 192.0.2.250 {
 }
 real_server 192.0.2.251 {
 }
}
virtual_server fwmark 22 {
 lb_algo rr
 lb_kind DR
 real_server 2001:db8::250 80 {
 }
}
virtual_server fwmark 23 {
 ip_family inet6
 lb_algo rr
 lb_kind NAT
 real_server 2001:db8::250 80 {
 }
}
virtual_server fwmark 4294967295 {
 lb_kind NAT
 real_server 192.0.2.250 8080 {
  weight 3
 }
}
";

const GROUPS: &str = "
virtual_server_group web {
 192.0.2.110 80
 192.0.2.111-113 81
 fwmark 31
}
virtual_server_group 2001:db8::10-names {
 2001:db8::10 53
 2001:db8::1a-1b 53
}
virtual_server_group marks {
 fwmark 41
 fwmark 42
}
virtual_server group web {
 lb_algo rr
 lb_kind NAT
 protocol TCP
 real_server 192.0.2.250 8080 {
 }
 real_server 192.0.2.251 8080 {
  weight 2
 }
}
virtual_server group 2001:db8::10-names {
 lb_algo rr
 lb_kind DR
 protocol UDP
 real_server 2001:db8::250 53 {
 }
}
virtual_server_group ports {
 192.0.2.114 80
 fwmark 43
}
virtual_server group ports {
 lb_algo rr
 lb_kind DR
 protocol TCP
 real_server 192.0.2.250 8080 {
 }
 real_server 192.0.2.251 8081 {
  lvs_method TUN
 }
 real_server 192.0.2.252 8082 {
  lvs_method NAT
 }
}
virtual_server group marks {
 lb_algo wlc
 lb_kind DR
 real_server 192.0.2.252 {
 }
}
";

const PERSISTENT: &str = "
virtual_server 192.0.2.100 1 {
 lb_algo rr
 lb_kind NAT
 protocol TCP
 persistence_timeout 50
 real_server 192.0.2.250 1 {
  weight 0
 }
 real_server 192.0.2.251 1 {
  weight 2147483647
 }
}
virtual_server 192.0.2.100 2 {
 lb_algo rr
 lb_kind NAT
 protocol TCP
 weight 9
 persistence_timeout
 real_server 192.0.2.250 2 {
  weight 3
 }
 real_server 192.0.2.251 2 {
 }
}
virtual_server 192.0.2.100 3 {
 lb_algo rr
 lb_kind NAT
 protocol TCP
 persistence_timeout 50
 persistence_granularity 255.255.255.0
 real_server 192.0.2.250 3 {
 }
}
virtual_server 192.0.2.100 4 {
 lb_algo rr
 lb_kind NAT
 protocol TCP
 persistence_granularity 255.255.0.0
 real_server 192.0.2.250 4 {
 }
}
virtual_server 192.0.2.100 5060 {
 lb_algo wlc
 lb_kind NAT
 protocol UDP
 ops
 persistence_timeout 300
 persistence_engine sip
 real_server 192.0.2.250 5060 {
 }
}
virtual_server 192.0.2.100 6 {
 lb_algo wlc
 lb_kind NAT
 protocol TCP
 real_server 192.0.2.250 6 {
  uthreshold 1000
  lthreshold 900
 }
}
";

const WRITTEN: &str = "
virtual_server 192.0.2.100 80 {
 delay_loop 6
 lb_algo rr   # in turn
 lb_kind DR   ! by hardware address
 nat_mask 255.255.255.0
 persistence_timeout 0
 protocol TCP
 real_server 192.0.2.251 80 {
  weight 1
 }
 real_server 192.0.2.252 80 {
  weight 100
 }
}
virtual_server 192.0.2.100 53 dev eth0.53 {
 delay_loop 5
 protocol UDP
 lb_algo rr
 lb_kind NAT
 quorum 1
 real_server 192.0.2.251 53 {
 }
}
virtual_server 192.0.2.100 514{
 delay_loop 3
 lb_algo wlc
 lb_kind NAT
 protocol TCP
 real_server 192.0.2.251 514{
  weigth 7
 }
}
virtual_server 192.0.2.101 53 {
 delay_loop 10
 lb_algo wlc
 protocol TCP
 real_server 192.0.2.251 53 {
  weight 100
 }
}
virtual_server_group 192.0.2.102-80-TCP_QLB {
 192.0.2.102 80
}
virtual_server group 192.0.2.102-80-TCP_QLB {
 lb_algo rr
 lb_kind FNAT
 protocol TCP
 laddr_group_name laddr_g1
 real_server 192.0.2.251 80 {
  weight 100
  inhibit_on_failure
 }
}
virtual_server_group 2001:db8::1-80-TCP_QLB {
 2001:db8::1 80
}
virtual_server  group 2001:db8::1-80-TCP_QLB {
 lb_algo conhash
 lb_kind FNAT
 protocol TCP
 real_server 2001:db8::251 80 {
  weight 100
 }
}
virtual_server 192.0.2.103 22
{
 lb_algo rr
 lb_kind DR
 protocol TCP
 alpha
 omega
 quorum 0
 hysteresis 0
 real_server 192.0.2.251 22
 {
  weight 1
 }
}
virtual_server 127.0.0.1 80 {
 lb_algo rr
 lb_kind NAT
 protocol TCP
 persistence_timeout 50
 real_server 127.0.0.1 8080 {
  weight 1
 }
 real_server 127.0.0.1 8081 {
  weight 1
 }
}
";

const FAILING: &str = "
virtual_server 192.0.2.100 1 {
 delay_loop 1
 lb_algo rr
 lb_kind NAT
 protocol TCP
 weight 4
 real_server 127.0.0.1 9 {
  inhibit_on_failure
  TCP_CHECK {
   connect_timeout 1
   retry 1
   delay_before_retry 1
  }
 }
 real_server 192.0.2.251 1 {
 }
}
virtual_server 192.0.2.100 2 {
 delay_loop 1
 lb_algo rr
 lb_kind NAT
 protocol TCP
 weight 4
 real_server 127.0.0.1 9 {
  TCP_CHECK {
   connect_timeout 1
   retry 1
   delay_before_retry 1
  }
 }
 real_server 192.0.2.251 2 {
 }
}
virtual_server 192.0.2.100 3 {
 delay_loop 1
 lb_algo rr
 lb_kind NAT
 protocol TCP
 sorry_server 192.0.2.99 33
 real_server 127.0.0.1 9 {
  TCP_CHECK {
   connect_timeout 1
   retry 1
   delay_before_retry 1
  }
 }
}
virtual_server 192.0.2.100 4 {
 delay_loop 1
 lb_algo rr
 lb_kind NAT
 protocol TCP
 inhibit_on_failure
 sorry_server 192.0.2.99
 sorry_server_lvs_method DR
 real_server 127.0.0.1 9 {
  TCP_CHECK {
   connect_timeout 1
   retry 1
   delay_before_retry 1
  }
 }
}
virtual_server 192.0.2.100 5 {
 delay_loop 1
 lb_algo rr
 lb_kind NAT
 protocol TCP
 quorum 2
 hysteresis 0
 sorry_server 192.0.2.99 5
 real_server 127.0.0.1 9 {
  TCP_CHECK {
   connect_timeout 1
   retry 1
   delay_before_retry 1
  }
 }
 real_server 192.0.2.251 5 {
 }
}
virtual_server 192.0.2.100 6 {
 delay_loop 1
 lb_algo rr
 lb_kind NAT
 protocol TCP
 alpha
 real_server 127.0.0.1 9 {
  TCP_CHECK {
   connect_timeout 1
   retry 1
   delay_before_retry 1
  }
 }
}
virtual_server fwmark 9 {
 delay_loop 1
 lb_algo rr
 lb_kind DR
 real_server 127.0.0.1 {
  TCP_CHECK {
   connect_port 9
  }
 }
 real_server 192.0.2.251 {
 }
}
";
