//! Parts of the daemon that are still to come. A part that is there is `Works` here, and with it all
//! its rows; in a single row the word `Works` in place of the part does the same.

use super::State::{self, Later};

pub(super) const MAIL: State = State::Works;
pub(super) const IPVS: State = State::Works;
pub(super) const SCHED: State = Later("process scheduling");
pub(super) const FIFO: State = Later("notify FIFOs");
pub(super) const NFT: State = Later("firewall rules");
pub(super) const BUFFERS: State = Later("receive buffer sizes");
pub(super) const ONE_PROCESS: State = Later("separate process names");
pub(super) const VMAC: State = Later("use_vmac");
pub(super) const TRACK_PROCESSES: State = Later("process tracking");
pub(super) const BFD: State = Later("BFD");
