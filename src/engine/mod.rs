//! The loop: the only room that knows all others.

pub mod outside;
pub mod wheel;
