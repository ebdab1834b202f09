//! The loop: the only room that knows all others.
