//! The VRRP, packet and netlink sockets on a real kernel, in a network namespace of their own.
//!
//! Entering a namespace belongs to the whole process, so there is no test harness.
#![allow(clippy::unwrap_used)]

use holdfast::sys::net::{Netlink, PacketSocket, RawVrrp, Vrids, enter_netns, ifindex};
use holdfast::sys::poll::{self, Want};
use holdfast::time::Span;
use nix::sched::{CloneFlags, unshare};
use nix::sys::socket::{AddressFamily, SockFlag, SockProtocol, SockType};
use std::io::ErrorKind;
use std::net::Ipv4Addr;
use std::os::fd::AsRawFd;

const CASES: [(&str, fn()); 7] = [
    (
        "adverts_reach_the_other_side_whole",
        adverts_reach_the_other_side_whole,
    ),
    (
        "the_filter_lets_own_vrids_through",
        the_filter_lets_own_vrids_through,
    ),
    ("only_joined_groups_are_heard", only_joined_groups_are_heard),
    ("sizes_up_to_the_mtu_go_out", sizes_up_to_the_mtu_go_out),
    (
        "a_missing_interface_is_an_error",
        a_missing_interface_is_an_error,
    ),
    ("frames_leave_as_they_are", frames_leave_as_they_are),
    ("a_named_namespace_is_entered", a_named_namespace_is_entered),
];

fn main() {
    if let Err(reason) = enter() {
        for (name, _) in CASES {
            println!(
                "test {name} ... SKIPPED: {reason}; run as root, or allow unprivileged user namespaces"
            );
        }
        // In CI nothing is skipped.
        let ci = std::env::var("CI").is_ok_and(|v| v == "true" || v == "1");
        std::process::exit(i32::from(ci));
    }
    links();
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with('-'))
        .collect();
    for (name, case) in CASES {
        if wanted.is_empty() || wanted.iter().any(|w| name.contains(w.as_str())) {
            case();
            println!("test {name} ... ok");
        }
    }
}

/// Into a new network and mount namespace; an ordinary user gets a user namespace around it.
fn enter() -> Result<(), String> {
    let inner = CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS;
    let (uid, gid) = (nix::unistd::geteuid(), nix::unistd::getegid());
    let whole = if uid.is_root() {
        inner
    } else {
        inner | CloneFlags::CLONE_NEWUSER
    };
    unshare(whole).map_err(|error| format!("no namespaces here ({error})"))?;
    if !uid.is_root() {
        std::fs::write("/proc/self/setgroups", "deny").map_err(|e| e.to_string())?;
        std::fs::write("/proc/self/uid_map", format!("0 {uid} 1")).map_err(|e| e.to_string())?;
        std::fs::write("/proc/self/gid_map", format!("0 {gid} 1")).map_err(|e| e.to_string())?;
    }
    Ok(())
}

/// Two pairs of virtual Ethernet, all ends in this namespace: a0 - a1, b0 - b1.
fn links() {
    let netlink = Netlink::route(0, 65_536).unwrap();
    for (one, other) in [("a0", "a1"), ("b0", "b1")] {
        request(&netlink, RTM_NEWLINK, 0x600, &veth(one, other)); // NLM_F_CREATE | NLM_F_EXCL
        for name in [one, other] {
            // The other end has our own address as its source: no reverse path check.
            for who in ["all", name] {
                let _ = std::fs::write(format!("/proc/sys/net/ipv4/conf/{who}/rp_filter"), "0");
            }
            request(&netlink, RTM_NEWLINK, 0, &ifinfo(index(name), IFF_UP));
        }
    }
    let up = |name: &str| std::path::Path::new("/proc/net/dev_mcast").exists() && index(name) > 0;
    assert!(["a0", "a1", "b0", "b1"].into_iter().all(up));
    for (one, other) in [("a0", "a1"), ("a1", "a0"), ("b0", "b1"), ("b1", "b0")] {
        carries(one, other);
    }
}

/// A new pair drops what is sent until the kernel's own worker has seen its carrier: wait for that
/// with packets to a group that no test joins.
fn carries(one: &str, other: &str) {
    const ANOTHER: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 77);
    let raw = |name| RawVrrp::open(112, name, index(name)).unwrap();
    let (sender, receiver) = (raw(one), raw(other));
    receiver.join(ANOTHER).unwrap();
    for _ in 0..6000 {
        sender
            .send(&packet(112, ANOTHER, &[0; 12]), ANOTHER)
            .unwrap();
        if poll::wait(&[Want::read(&receiver)], Some(Span::from_millis(10))).unwrap() > 0 {
            return;
        }
    }
    panic!("{one} - {other} carries nothing");
}

const RTM_NEWLINK: u16 = 16;
const IFF_UP: u32 = 1;

fn index(name: &str) -> u32 {
    ifindex(name).unwrap()
}

/// Sends one request and waits for its ack.
fn request(netlink: &Netlink, kind: u16, flags: u16, body: &[u8]) {
    let mut message = Vec::new();
    message.extend((16 + body.len() as u32).to_ne_bytes());
    message.extend(kind.to_ne_bytes());
    message.extend((flags | 5).to_ne_bytes()); // NLM_F_REQUEST | NLM_F_ACK
    message.extend([0; 8]);
    message.extend(body);
    netlink.send(&message).unwrap();
    poll::wait(&[Want::read(netlink)], None).unwrap();
    let mut answer = [0; 1024];
    let length = netlink.recv(&mut answer).unwrap().unwrap();
    assert!(length >= 20);
    assert_eq!(answer[4..6], 2_u16.to_ne_bytes(), "NLMSG_ERROR");
    assert_eq!(answer[16..20], [0; 4], "no error");
}

/// struct ifinfomsg
fn ifinfo(index: u32, flags: u32) -> Vec<u8> {
    let mut body = vec![0; 4];
    body.extend(index.to_ne_bytes());
    body.extend(flags.to_ne_bytes());
    body.extend(flags.to_ne_bytes());
    body
}

fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend((4 + value.len() as u16).to_ne_bytes());
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// IFLA_IFNAME and IFLA_LINKINFO { IFLA_INFO_KIND veth, IFLA_INFO_DATA { VETH_INFO_PEER } }
fn veth(one: &str, other: &str) -> Vec<u8> {
    let name = |name: &str| attribute(3, format!("{name}\0").as_bytes());
    let peer = [ifinfo(0, 0), name(other)].concat();
    let info = [attribute(1, b"veth\0"), attribute(2, &attribute(1, &peer))].concat();
    [ifinfo(0, 0), name(one), attribute(18, &info)].concat()
}

const GROUP: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 18);
const SOURCE: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

fn open(name: &str) -> RawVrrp {
    let socket = RawVrrp::open(112, name, index(name)).unwrap();
    socket.join(GROUP).unwrap();
    socket
}

/// An IPv4 packet as the daemon makes it: total length and checksum are the kernel's to fill in.
fn packet(protocol: u8, to: Ipv4Addr, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x45, 0xc0, 0, 0, 0, 1, 0, 0, 255, protocol, 0, 0];
    bytes.extend(SOURCE.octets());
    bytes.extend(to.octets());
    bytes.extend(payload);
    bytes
}

fn advert(vrid: u8) -> Vec<u8> {
    packet(112, GROUP, &[0x21, vrid, 100, 1, 0, 1, 0, 0, 192, 0, 2, 9])
}

/// The next packet, which must come.
fn next(socket: &RawVrrp) -> Vec<u8> {
    assert_eq!(
        poll::wait(&[Want::read(socket)], Some(Span::from_secs(60))).unwrap(),
        1,
        "nothing came"
    );
    let mut buffer = [0; 4096];
    let length = socket.recv(&mut buffer).unwrap().unwrap();
    buffer[..length].to_vec()
}

/// Nothing waits. On a veth what was sent has been received by the time the send returns, or
/// shortly after: a marker sent later tells.
fn silent(socket: &RawVrrp) -> bool {
    socket.recv(&mut [0; 4096]).unwrap().is_none()
}

fn adverts_reach_the_other_side_whole() {
    let (sender, receiver, elsewhere) = (open("a0"), open("a1"), open("b1"));
    assert_eq!((sender.ifindex(), silent(&receiver)), (index("a0"), true));
    sender.join(GROUP).unwrap(); // twice is fine
    for vrid in 1..=100 {
        sender.send(&advert(vrid), GROUP).unwrap();
    }
    for vrid in 1..=100 {
        let got = next(&receiver);
        let mut expected = advert(vrid);
        expected[2..4].copy_from_slice(&32_u16.to_be_bytes());
        expected[10..12].copy_from_slice(&got[10..12]);
        assert_eq!(got, expected);
        let sum: u32 = got[..20]
            .chunks(2)
            .map(|w| u32::from(w[0]) << 8 | u32::from(w[1]))
            .sum();
        assert_eq!((sum & 0xffff) + (sum >> 16), 0xffff, "header checksum");
    }
    assert!(silent(&sender), "does not hear itself");
    assert!(silent(&elsewhere), "nor does another interface");
    assert!(silent(&receiver));
    // A socket opened now has nothing of what has been.
    sender.send(&advert(7), GROUP).unwrap();
    next(&receiver);
    assert!(silent(&open("a1")));
    // AH has its own socket.
    let ah = RawVrrp::open(51, "a1", index("a1")).unwrap();
    ah.join(GROUP).unwrap();
    let sender = RawVrrp::open(51, "a0", index("a0")).unwrap();
    let bytes = packet(51, GROUP, &[0; 36]);
    sender.send(&bytes, GROUP).unwrap();
    assert_eq!(next(&ah)[20..], bytes[20..]);
    assert!(silent(&receiver));
}

fn the_filter_lets_own_vrids_through() {
    let (sender, receiver) = (open("a0"), open("a1"));
    let mut vrids = Vrids::NONE;
    vrids.insert(51);
    vrids.insert(200);
    receiver.filter(&vrids).unwrap();
    for vrid in 0..=255 {
        sender.send(&advert(vrid), GROUP).unwrap();
    }
    assert_eq!(
        (next(&receiver)[21], next(&receiver)[21], silent(&receiver)),
        (51, 200, true)
    );
    receiver.filter_none().unwrap();
    receiver.filter_none().unwrap();
    sender.send(&advert(1), GROUP).unwrap();
    assert_eq!(next(&receiver)[21], 1);
    // AH: the VRID stands 24 bytes later.
    let ah = RawVrrp::open(51, "a1", index("a1")).unwrap();
    ah.join(GROUP).unwrap();
    ah.filter(&vrids).unwrap();
    let sender = RawVrrp::open(51, "a0", index("a0")).unwrap();
    for vrid in [50, 51, 52] {
        let mut payload = [51; 36];
        payload[25] = vrid;
        sender.send(&packet(51, GROUP, &payload), GROUP).unwrap();
    }
    assert_eq!((next(&ah)[45], silent(&ah)), (51, true));
}

fn only_joined_groups_are_heard() {
    let other = Ipv4Addr::new(224, 0, 0, 200);
    let (sender, receiver) = (open("a0"), open("a1"));
    let second = RawVrrp::open(112, "a1", index("a1")).unwrap();
    second.join(other).unwrap();
    sender.send(&packet(112, other, &[0x21, 1]), other).unwrap();
    sender.send(&packet(112, GROUP, &[0x21, 2]), GROUP).unwrap();
    assert_eq!((next(&receiver)[21], silent(&receiver)), (2, true));
    assert_eq!((next(&second)[21], silent(&second)), (1, true));
    second.leave(other).unwrap();
    second.leave(other).unwrap();
    second.join(GROUP).unwrap();
    sender.send(&packet(112, other, &[0x21, 3]), other).unwrap();
    sender.send(&packet(112, GROUP, &[0x21, 4]), GROUP).unwrap();
    assert_eq!((next(&second)[21], silent(&second)), (4, true));
}

fn sizes_up_to_the_mtu_go_out() {
    let (sender, receiver) = (open("a0"), open("a1"));
    let largest = packet(112, GROUP, &[7; 1480]);
    sender.send(&largest, GROUP).unwrap();
    assert_eq!(next(&receiver).len(), 1500);
    let error = sender
        .send(&packet(112, GROUP, &[7; 1481]), GROUP)
        .unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::EMSGSIZE));
    // A buffer too small cuts; the rest is gone.
    sender.send(&largest, GROUP).unwrap();
    poll::wait(&[Want::read(&receiver)], Some(Span::from_secs(60))).unwrap();
    assert_eq!(receiver.recv(&mut [0; 100]).unwrap(), Some(100));
    assert!(silent(&receiver));
}

fn a_missing_interface_is_an_error() {
    let error = RawVrrp::open(112, "none0", 99).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::ENODEV));
    assert_eq!((ifindex("none0"), ifindex("")), (None, None));
    let packets = PacketSocket::new().unwrap();
    assert_eq!(
        packets.send(9_999, &[0; 60]).unwrap_err().raw_os_error(),
        Some(libc::ENXIO)
    );
}

fn frames_leave_as_they_are() {
    let protocol = SockProtocol::EthAll;
    let witness = nix::sys::socket::socket(
        AddressFamily::Packet,
        SockType::Raw,
        SockFlag::SOCK_NONBLOCK,
        protocol,
    )
    .unwrap();
    let packets = PacketSocket::new().unwrap();
    let mut frame = vec![0xff; 6];
    frame.extend([2, 0, 0, 0, 0, 1, 0x08, 0x06]);
    frame.extend((0..28).map(|n| n * 3));
    packets.send(index("a0"), &frame).unwrap();
    let mut copies = 0;
    let mut buffer = [0; 256];
    // Seen leaving a0 and arriving on a1.
    while copies < 2 {
        assert_eq!(
            poll::wait(&[Want::read(&witness)], Some(Span::from_secs(60))).unwrap(),
            1
        );
        match nix::sys::socket::recv(
            witness.as_raw_fd(),
            &mut buffer,
            nix::sys::socket::MsgFlags::empty(),
        ) {
            Ok(length) if buffer[..length] == frame[..] => copies += 1,
            Ok(_) => {}
            Err(error) => assert_eq!(std::io::Error::from(error).kind(), ErrorKind::WouldBlock),
        }
    }
}

fn a_named_namespace_is_entered() {
    for bad in ["", ".", "..", "../etc", "a/b"] {
        assert_eq!(
            enter_netns(bad).unwrap_err().raw_os_error(),
            Some(libc::EINVAL),
            "{bad}"
        );
    }
    assert_eq!(
        enter_netns("no-such").unwrap_err().kind(),
        ErrorKind::NotFound
    );
    // A name for a second namespace: what ip-netns(8) does, on a /run of our own.
    let run = c"/run";
    // SAFETY: the strings are NUL-terminated; this is our own mount namespace.
    let private = unsafe {
        let flags = libc::MS_REC | libc::MS_PRIVATE;
        libc::mount(
            std::ptr::null(),
            c"/".as_ptr(),
            std::ptr::null(),
            flags,
            std::ptr::null(),
        )
    };
    // SAFETY: as above.
    let mounted = unsafe {
        libc::mount(
            c"t".as_ptr(),
            run.as_ptr(),
            c"tmpfs".as_ptr(),
            0,
            std::ptr::null(),
        )
    };
    assert_eq!((private, mounted), (0, 0));
    std::fs::create_dir("/run/netns").unwrap();
    std::fs::write("/run/netns/here", "").unwrap();
    let (from, to) = (c"/proc/self/ns/net", c"/run/netns/here");
    // SAFETY: as above.
    let bound = unsafe {
        libc::mount(
            from.as_ptr(),
            to.as_ptr(),
            std::ptr::null(),
            libc::MS_BIND,
            std::ptr::null(),
        )
    };
    assert_eq!(bound, 0);
    unshare(CloneFlags::CLONE_NEWNET).unwrap();
    assert_eq!(ifindex("a0"), None);
    enter_netns("here").unwrap();
    assert!(ifindex("a0").is_some());
}
