//! One-shot tools, what the binary does beside being the daemon: no loop, no rooms.

pub mod ask;
pub mod genhash;
