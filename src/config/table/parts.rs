//! Parts of the daemon that are still to come. A part that is there is `Works` here, and with it all
//! its rows; in a single row the word `Works` in place of the part does the same.

use super::State::{self, Absent, Later, Works};

/// Virtual routers are in this build.
pub const HAS_VRRP: bool = cfg!(feature = "vrrp");
/// Load balancing is in this build.
pub const HAS_IPVS: bool = cfg!(feature = "ipvs");

pub(super) const VRRP: State = built(HAS_VRRP, "VRRP");
pub(super) const IPVS: State = built(HAS_IPVS, "load balancing");
pub(super) const MAIL: State = Works;
pub(super) const SCHED: State = Later("process scheduling");
pub(super) const FIFO: State = Later("notify FIFOs");
pub(super) const NFT: State = Later("firewall rules");
pub(super) const BUFFERS: State = Later("receive buffer sizes");
pub(super) const ONE_PROCESS: State = Later("separate process names");
pub(super) const VMAC: State = Later("use_vmac");
pub(super) const TRACK_PROCESSES: State = Later("process tracking");
pub(super) const BFD: State = Later("BFD");

/// A part that a build may leave out.
const fn built(here: bool, what: &'static str) -> State {
    if here { Works } else { Absent(what) }
}
