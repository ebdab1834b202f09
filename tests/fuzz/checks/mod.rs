//! What must hold whatever the bytes are: one `check` per fuzz target.
//!
//! Each panics where something does not hold. Nothing here knows of libFuzzer.

pub mod config;
pub mod http;
pub mod netlink;
mod outside;
pub mod packet;
pub mod peak;
pub mod replies;
mod trying;
pub mod words;
