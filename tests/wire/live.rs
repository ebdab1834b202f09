//! The running kernel takes our requests and says what we read: in a network namespace that the
//! test makes for itself and that ends with it.

use core::net::IpAddr;
use holdfast::wire::netlink::{Ack, Control, Messages, NLM_F_CREATE};
use holdfast::wire::rtnetlink::{self, AddrRequest, IFA_F_NODAD, IFF_UP, Report};
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, send,
    setsockopt, socket, sockopt,
};
use std::collections::BTreeMap;
use std::io::Write;
use std::os::fd::{AsRawFd, OwnedFd};

/// The loopback interface: the first one of every network namespace.
const LO: u32 = 1;
/// Errno of a delete that finds nothing.
const EADDRNOTAVAIL: i32 = 99;
/// Errno of an add that finds it there.
const EEXIST: i32 = 17;

/// Says that a test did not run, past the harness that keeps the output of passed tests to itself.
fn skipped(name: &str, why: &str) {
    assert!(
        std::env::var_os("CI").is_none(),
        "{name} must run in CI: {why}"
    );
    std::io::stderr()
        .write_all(format!("SKIPPED {name}: {why}\n").as_bytes())
        .unwrap();
}

/// Runs `test` in a network namespace of its own, as root of a user namespace if need be.
///
/// `name` is the path of the calling test in this file's test program.
#[allow(
    clippy::disallowed_methods,
    reason = "the test starts itself again; no daemon code runs"
)]
fn in_namespace(name: &str, test: fn()) {
    let thread = std::thread::spawn(move || {
        nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNET).map(|()| test())
    });
    match thread.join() {
        Ok(Ok(())) => return,
        Err(panic) => std::panic::resume_unwind(panic),
        Ok(Err(nix::Error::EPERM)) => {}
        Ok(Err(why)) => panic!("no network namespace: {why}"),
    }
    let inner = "HOLDFAST_TEST_IN_USER_NAMESPACE";
    assert!(
        std::env::var_os(inner).is_none(),
        "no network namespace as root of a user namespace"
    );
    let ran = std::process::Command::new("unshare")
        .args(["--map-root-user", "--user", "--"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(inner, "1")
        .output();
    match ran {
        Ok(out) if out.status.success() => {
            let said = String::from_utf8_lossy(&out.stdout);
            assert!(
                said.contains("1 passed"),
                "the inner run did not find {name}: {said}"
            );
        }
        Ok(out) if out.stdout.is_empty() => skipped(
            name,
            &format!(
                "not root, and no user namespaces ({}): run it as root, or allow them \
                 (sysctl kernel.unprivileged_userns_clone=1)",
                String::from_utf8_lossy(&out.stderr).trim()
            ),
        ),
        Ok(out) => panic!("{}", String::from_utf8_lossy(&out.stdout)),
        Err(why) => skipped(
            name,
            &format!("not root, and no unshare(1) ({why}): run it as root"),
        ),
    }
}

/// A netlink socket listening to these groups (bits), with a time limit against hanging for ever.
fn open(groups: u32) -> OwnedFd {
    let fd = socket(
        AddressFamily::Netlink,
        SockType::Raw,
        SockFlag::SOCK_CLOEXEC,
        SockProtocol::NetlinkRoute,
    )
    .unwrap();
    bind(fd.as_raw_fd(), &NetlinkAddr::new(0, groups)).unwrap();
    setsockopt(&fd, sockopt::RcvBuf, &1_000_000).unwrap();
    let minute = nix::sys::time::TimeVal::new(60, 0);
    setsockopt(&fd, sockopt::ReceiveTimeout, &minute).unwrap();
    fd
}

fn say(fd: &OwnedFd, bytes: &[u8]) {
    assert_eq!(
        send(fd.as_raw_fd(), bytes, MsgFlags::empty()),
        Ok(bytes.len())
    );
}

fn hear(fd: &OwnedFd) -> Vec<u8> {
    let mut buf = vec![0; 65_536];
    let len = recv(fd.as_raw_fd(), &mut buf, MsgFlags::empty()).unwrap();
    buf.truncate(len);
    buf
}

/// Sends a batch in one call and waits for the answer to each: sequence number and error.
fn answers(fd: &OwnedFd, batch: &[u8], count: usize) -> BTreeMap<u32, i32> {
    say(fd, batch);
    let mut answers = BTreeMap::new();
    while answers.len() < count {
        for message in Messages::new(&hear(fd)) {
            match message.unwrap().control() {
                Ok(Some(Control::Ack(Ack { sequence, error }))) => {
                    assert_eq!(answers.insert(sequence, error), None, "answered twice");
                }
                other => panic!("{other:?}"),
            }
        }
    }
    answers
}

/// Every row of a dump, and that it ends well.
fn dump(fd: &OwnedFd, request: &[u8], mut see: impl FnMut(Report<'_>)) {
    say(fd, request);
    loop {
        for message in Messages::new(&hear(fd)) {
            let message = message.unwrap();
            assert!(!message.dump_interrupted());
            if let Some(report) = rtnetlink::parse(&message).unwrap() {
                see(report);
            } else if let Ok(Some(Control::Done(ack))) = message.control() {
                assert_eq!(ack.error, 0);
                return;
            }
        }
    }
}

/// Addresses of the loopback interface: prefix, label and scope of each.
fn held(fd: &OwnedFd) -> BTreeMap<IpAddr, (u8, String, u8)> {
    let (mut all, mut request) = (BTreeMap::new(), Vec::new());
    rtnetlink::dump_addresses(&mut request, 7).unwrap();
    dump(fd, &request, |report| {
        let Report::Address(a) = report else {
            panic!("{report:?}")
        };
        assert_eq!(a.index, LO);
        all.insert(a.address, (a.prefix, a.label.to_string(), a.scope));
    });
    all
}

/// 64 addresses, some with everything an address line can say.
fn requests() -> Vec<AddrRequest<'static>> {
    let mut requests: Vec<_> = (1..=60u8)
        .map(|n| AddrRequest {
            protocol: Some(rtnetlink::PROTOCOL_KEEPALIVED),
            ..AddrRequest::new(LO, IpAddr::from([192, 0, 2, n]), 32)
        })
        .collect();
    let plain = |text: &str, prefix| AddrRequest::new(LO, text.parse().unwrap(), prefix);
    requests.extend([
        AddrRequest {
            broadcast: Some("198.51.100.255".parse().unwrap()),
            label: Some("lo:vip"),
            scope: 253,
            ..plain("198.51.100.1", 24)
        },
        AddrRequest {
            peer: Some("10.0.0.9".parse().unwrap()),
            ..plain("10.0.0.8", 32)
        },
        AddrRequest {
            preferred: Some(0),
            ..plain("203.0.113.1", 25)
        },
        AddrRequest {
            label: Some("fifteen-bytes-x"),
            ..plain("203.0.113.200", 25)
        },
    ]);
    requests
}

fn addresses_are_taken_and_given_back() {
    let fd = open(0);
    let requests = requests();
    let (mut add, mut del) = (Vec::new(), Vec::new());
    for (sequence, request) in (100..).zip(&requests) {
        rtnetlink::new_address(&mut add, sequence, 0, request).unwrap();
        rtnetlink::del_address(&mut del, sequence, request).unwrap();
    }
    let all = |error| {
        (100..164)
            .map(|n| (n, error))
            .collect::<BTreeMap<u32, i32>>()
    };
    assert_eq!(answers(&fd, &add, 64), all(0), "added in one send");
    let there = held(&fd);
    for request in &requests {
        let label = request.label.unwrap_or("lo").to_string();
        let told = there.get(&request.address);
        assert_eq!(
            told,
            Some(&(request.prefix, label, request.scope)),
            "{}",
            request.address
        );
    }
    assert_eq!(answers(&fd, &add, 64), all(EEXIST), "added again");

    // Another prefix is another address, even where the rest is the same.
    let mut batch = Vec::new();
    let other = AddrRequest {
        prefix: 31,
        ..requests[0]
    };
    rtnetlink::del_address(&mut batch, 1, &other).unwrap();
    assert_eq!(
        answers(&fd, &batch, 1),
        BTreeMap::from([(1, EADDRNOTAVAIL)])
    );

    assert_eq!(answers(&fd, &del, 64), all(0), "deleted in one send");
    assert!(requests.iter().all(|r| !held(&fd).contains_key(&r.address)));
    assert_eq!(answers(&fd, &del, 64), all(EADDRNOTAVAIL), "deleted again");
}

fn changes_are_reported() {
    let bit = |group: u32| 1 << (group - 1);
    let listener = open(bit(rtnetlink::GROUP_LINK) | bit(rtnetlink::GROUP_IPV4_ADDRESS));
    let fd = open(0);
    let request = AddrRequest {
        label: Some("lo:vip"),
        protocol: Some(rtnetlink::PROTOCOL_KEEPALIVED),
        ..AddrRequest::new(LO, "192.0.2.100".parse().unwrap(), 24)
    };
    let mut batch = Vec::new();
    rtnetlink::new_address(&mut batch, 5, NLM_F_CREATE, &request).unwrap();
    rtnetlink::del_address(&mut batch, 6, &request).unwrap();
    assert_eq!(answers(&fd, &batch, 2), BTreeMap::from([(5, 0), (6, 0)]));
    let mut seen = Vec::new();
    while seen.len() < 2 {
        for message in Messages::new(&hear(&listener)) {
            let message = message.unwrap();
            let (gone, told) = match rtnetlink::parse(&message).unwrap() {
                Some(Report::Address(told)) => (false, told),
                Some(Report::AddressGone(told)) => (true, told),
                other => panic!("{other:?}"),
            };
            assert_eq!(
                (told.index, told.address, told.prefix),
                (LO, request.address, 24)
            );
            assert_eq!(told.label, "lo:vip");
            // Linux 5.18 and later tell who put it there.
            assert!(matches!(
                told.protocol,
                None | Some(rtnetlink::PROTOCOL_KEEPALIVED)
            ));
            seen.push((message.sequence, gone));
        }
    }
    assert_eq!(seen, [(5, false), (6, true)]);
}

fn links_are_listed() {
    let (fd, mut request, mut links) = (open(0), Vec::new(), Vec::new());
    rtnetlink::dump_links(&mut request, 9).unwrap();
    dump(&fd, &request, |report| {
        let Report::Link(link) = report else {
            panic!("{report:?}")
        };
        links.push((link.index, link.name.to_string(), link.flags & IFF_UP));
        assert_eq!(link.mac, Some([0; 6]));
        assert_eq!(link.hardware, 772, "loopback");
        assert!(link.mtu >= 1500);
    });
    // Some kernels make tunnel devices in every namespace; lo is the first.
    assert_eq!(links.first(), Some(&(LO, "lo".to_string(), 0)));
}

fn ipv6_addresses_too() {
    let fd = open(0);
    let request = AddrRequest {
        flags: IFA_F_NODAD,
        preferred: Some(0),
        ..AddrRequest::new(LO, "2001:db8::14".parse().unwrap(), 64)
    };
    let mut batch = Vec::new();
    rtnetlink::new_address(&mut batch, 1, 0, &request).unwrap();
    rtnetlink::new_address(&mut batch, 2, 0, &request).unwrap();
    rtnetlink::del_address(&mut batch, 3, &request).unwrap();
    rtnetlink::del_address(&mut batch, 4, &request).unwrap();
    let expected = BTreeMap::from([(1, 0), (2, EEXIST), (3, 0), (4, EADDRNOTAVAIL)]);
    assert_eq!(answers(&fd, &batch, 4), expected);
}

#[test]
fn the_kernel_takes_and_gives_back_addresses() {
    in_namespace(
        "live::the_kernel_takes_and_gives_back_addresses",
        addresses_are_taken_and_given_back,
    );
}

#[test]
fn the_kernel_reports_changes() {
    in_namespace("live::the_kernel_reports_changes", changes_are_reported);
}

#[test]
fn the_kernel_lists_links() {
    in_namespace("live::the_kernel_lists_links", links_are_listed);
}

#[test]
fn the_kernel_takes_ipv6_addresses() {
    if !std::path::Path::new("/proc/net/if_inet6").exists() {
        skipped(
            "live::the_kernel_takes_ipv6_addresses",
            "the kernel has no IPv6: load or build it",
        );
        return;
    }
    in_namespace("live::the_kernel_takes_ipv6_addresses", ipv6_addresses_too);
}
