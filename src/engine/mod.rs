//! The loop: the only room that knows all others.

/// The hands.
pub mod exec {
    pub mod child;
    pub mod log;
}
pub mod outside;
pub mod wheel;
