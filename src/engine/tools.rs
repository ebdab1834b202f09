//! Tools that do one thing and end: no loop, no rooms.

pub mod ask;
pub mod genhash;
