//! Routes each action to the hand that does it; nothing else.

pub mod addr;
pub mod announce;
