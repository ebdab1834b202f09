//! The classic BPF program that lets only our virtual routers through.

use super::option;
use libc::{
    BPF_ABS, BPF_ALU, BPF_AND, BPF_B, BPF_H, BPF_IMM, BPF_IND, BPF_JEQ, BPF_JMP, BPF_JSET, BPF_K,
    BPF_LD, BPF_LDX, BPF_LSH, BPF_MEM, BPF_MISC, BPF_MSH, BPF_RET, BPF_RSH, BPF_ST, BPF_TAX, BPF_X,
    sock_filter, sock_fprog,
};
use std::io;
use std::os::fd::RawFd;

/// A set of virtual router identifiers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Vrids {
    words: [u32; 8],
}

impl Vrids {
    /// No identifier.
    pub const NONE: Vrids = Vrids { words: [0; 8] };

    /// Adds one.
    pub fn insert(&mut self, vrid: u8) {
        self.words[usize::from(vrid >> 5)] |= 1 << (vrid & 31);
    }

    /// Whether it is in the set.
    pub fn contains(&self, vrid: u8) -> bool {
        self.words[usize::from(vrid >> 5)] & 1 << (vrid & 31) != 0
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        *self == Vrids::NONE
    }
}

/// Instructions of [`program`].
const LENGTH: usize = 10 + 8 + 1 + 8 * 2 + 2;

/// Accepts a packet whose VRID is in `vrids`; `skip` bytes stand between the IP header and the
/// VRRP message (24 for AH). A packet too short to have a VRID is dropped by the load itself.
fn program(vrids: &Vrids, skip: u32) -> [sock_filter; LENGTH] {
    let mut code = [op(BPF_RET | BPF_K, 0); LENGTH];
    // X = length of the IP header; A = VRID, kept in M[0] (offset 1, RFC 9568 §5.1).
    code[0] = op(BPF_LDX | BPF_B | BPF_MSH, 0);
    code[1] = op(BPF_LD | BPF_B | BPF_IND, skip + 1);
    code[2] = op(BPF_ST, 0);
    // M[1] = 1 << (VRID % 32)
    code[3] = op(BPF_ALU | BPF_AND | BPF_K, 31);
    code[4] = op(BPF_MISC | BPF_TAX, 0);
    code[5] = op(BPF_LD | BPF_IMM, 1);
    code[6] = op(BPF_ALU | BPF_LSH | BPF_X, 0);
    code[7] = op(BPF_ST, 1);
    // A = VRID / 32, then eight cases of two instructions each.
    code[8] = op(BPF_LD | BPF_MEM, 0);
    code[9] = op(BPF_ALU | BPF_RSH | BPF_K, 5);
    const CASES: usize = 10;
    const BLOCKS: usize = CASES + 8 + 1;
    const ACCEPT: usize = BLOCKS + 8 * 2;
    for (n, word) in vrids.words.iter().enumerate() {
        let (case, block) = (CASES + n, BLOCKS + 2 * n);
        code[case] = jump(BPF_JEQ, n as u32, block - case - 1, 0);
        code[block] = op(BPF_LD | BPF_MEM, 1);
        code[block + 1] = jump(BPF_JSET, *word, ACCEPT - block - 2, ACCEPT - block - 1);
    }
    // code[CASES + 8], after the cases, and the last instruction stay "drop".
    code[ACCEPT] = op(BPF_RET | BPF_K, u32::MAX);
    code
}

/// Attaches the filter for `vrids`.
pub(super) fn attach(fd: RawFd, vrids: &Vrids, skip: u32) -> io::Result<()> {
    attach_program(fd, &mut program(vrids, skip))
}

/// The same where packets come without an IP header (IPv6).
pub(super) fn attach_bare(fd: RawFd, vrids: &Vrids) -> io::Result<()> {
    let mut code = program(vrids, 0);
    code[0] = op(BPF_LDX | BPF_IMM, 0);
    attach_program(fd, &mut code)
}

/// Attaches a filter that drops everything.
pub(super) fn attach_closed(fd: RawFd) -> io::Result<()> {
    attach_program(fd, &mut [op(BPF_RET | BPF_K, 0)])
}

/// Attaches a filter on the kind of a netlink message (see `Netlink::only`).
pub(super) fn attach_kinds(fd: RawFd, unheard: &[u16], of: (u16, u32, u8)) -> io::Result<()> {
    // A load takes the bytes in network order; the field is in the machine's own.
    let kind = |kind: u16| u32::from(u16::from_be_bytes(kind.to_ne_bytes()));
    let rest = unheard.len();
    let mut code = vec![op(BPF_LD | BPF_H | BPF_ABS, 4)]; // nlmsg_type
    for (n, unheard) in unheard.iter().enumerate() {
        code.push(jump(BPF_JEQ, kind(*unheard), rest - n + 3, 0)); // drop
    }
    code.push(jump(BPF_JEQ, kind(of.0), 0, 2)); // others: accept
    code.push(op(BPF_LD | BPF_B | BPF_ABS, of.1));
    code.push(jump(BPF_JEQ, u32::from(of.2), 0, 1));
    code.push(op(BPF_RET | BPF_K, u32::MAX));
    code.push(op(BPF_RET | BPF_K, 0));
    attach_program(fd, &mut code)
}

/// Removes the filter; none attached is no error.
pub(super) fn detach(fd: RawFd) -> io::Result<()> {
    match option(fd, libc::SOL_SOCKET, libc::SO_DETACH_FILTER, &0) {
        Err(e) if e.raw_os_error() == Some(libc::ENOENT) => Ok(()),
        // qemu-user 7.2 does not know it: one that accepts everything is as good.
        Err(e) if e.raw_os_error() == Some(libc::ENOPROTOOPT) => {
            attach_program(fd, &mut [op(BPF_RET | BPF_K, u32::MAX)])
        }
        other => other,
    }
}

fn attach_program(fd: RawFd, code: &mut [sock_filter]) -> io::Result<()> {
    let program = sock_fprog {
        len: code.len() as u16,
        filter: code.as_mut_ptr(),
    };
    option(fd, libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, &program)
}

const fn op(code: u32, k: u32) -> sock_filter {
    sock_filter {
        code: code as u16,
        jt: 0,
        jf: 0,
        k,
    }
}

fn jump(code: u32, k: u32, jt: usize, jf: usize) -> sock_filter {
    sock_filter {
        code: (BPF_JMP | code | BPF_K) as u16,
        jt: jt as u8,
        jf: jf as u8,
        k,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::ErrorKind;
    use std::os::fd::AsRawFd;
    use std::os::unix::net::UnixDatagram;

    /// Packets go through the kernel's own interpreter: a datagram pair runs socket filters too.
    fn passes(vrids: &Vrids, skip: u32, packet: &[u8]) -> bool {
        let (sender, receiver) = UnixDatagram::pair().unwrap();
        receiver.set_nonblocking(true).unwrap();
        attach(receiver.as_raw_fd(), vrids, skip).unwrap();
        // A dropped datagram is reported to a unix sender as EPERM or success, by kernel version.
        let _ = sender.send(packet);
        let mut buffer = [0; 256];
        match receiver.recv(&mut buffer) {
            Ok(length) => {
                assert_eq!(length, packet.len());
                true
            }
            Err(e) => {
                assert_eq!(e.kind(), ErrorKind::WouldBlock);
                false
            }
        }
    }

    fn packet(header_words: u8, skip: usize, vrid: u8) -> Vec<u8> {
        let mut packet = vec![0x40 | header_words];
        packet.resize(usize::from(header_words) * 4 + skip, 0);
        packet.extend([0x21, vrid, 100, 1]);
        packet
    }

    #[test]
    fn only_members_pass() {
        let mut vrids = Vrids::NONE;
        let members = [0, 1, 10, 31, 32, 51, 127, 128, 254, 255];
        for vrid in members {
            vrids.insert(vrid);
        }
        for vrid in 0..=255 {
            assert_eq!(vrids.contains(vrid), members.contains(&vrid));
            assert_eq!(
                passes(&vrids, 0, &packet(5, 0, vrid)),
                members.contains(&vrid),
                "VRID {vrid}"
            );
        }
    }

    #[test]
    fn ip_options_and_ah_move_the_vrid() {
        let mut vrids = Vrids::NONE;
        vrids.insert(51);
        assert!(passes(&vrids, 0, &packet(15, 0, 51)));
        assert!(!passes(&vrids, 0, &packet(15, 0, 52)));
        assert!(passes(&vrids, 24, &packet(5, 24, 51)));
        assert!(!passes(&vrids, 24, &packet(5, 24, 50)));
        assert!(!passes(&vrids, 24, &packet(5, 0, 51)));
    }

    #[test]
    fn short_packets_and_empty_sets_drop() {
        let mut vrids = Vrids::NONE;
        assert!(vrids.is_empty());
        assert!(!passes(&vrids, 0, &packet(5, 0, 7)));
        vrids.insert(7);
        assert!(!passes(&vrids, 0, &packet(5, 0, 7)[..21]));
        assert!(passes(&vrids, 0, &packet(5, 0, 7)[..22]));
        assert!(!passes(&vrids, 0, &[0x45]));
    }
}
