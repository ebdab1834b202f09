//! The loop: the only room that knows all others.
pub mod exec;
pub mod links;
