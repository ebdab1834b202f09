//! One-shot tools: what the binary does beside being the daemon.

pub mod ask;
