//! holdfast: keepalived's job, done by one small static binary.
//!
//! The map of the house. Rooms decide, the engine acts:
//!
//! * [`time`] – monotonic instants and spans, constructible from literals.
//! * [`json`] – how JSON is written, for the messages of `config` and the answers of `control`.
//! * [`wire`] – bytes ⇄ values, nothing else.
//! * [`vrrp`] – pure room: virtual routers and sync groups, `(event, now) -> actions`.
//! * [`check`] – pure room: virtual and real servers, their checkers, the desired table of IPVS.
//! * [`notify`] – pure room: a change of state becomes scripts to run.
//! * [`config`] – keepalived.conf text becomes typed parameters and diagnostics.
//! * [`control`] – read-only snapshots become the dumps people and programs read.
//! * [`sys`] – the only room with `unsafe`: sockets, clocks, processes, files.
//! * [`engine`] – the loop; the only room that knows all others.
//! * [`cli`], [`watchdog`] – the command line, and the parent that restarts the worker.
//!
//! Rooms never import each other; `tests/layers.rs` holds the law.

#[forbid(unsafe_code)]
pub mod check;
#[forbid(unsafe_code)]
pub mod cli;
#[forbid(unsafe_code)]
pub mod config;
#[forbid(unsafe_code)]
pub mod control;
#[forbid(unsafe_code)]
pub mod engine;
#[forbid(unsafe_code)]
pub mod json;
#[forbid(unsafe_code)]
pub mod notify;
pub mod sys;
#[forbid(unsafe_code)]
pub mod time;
#[forbid(unsafe_code)]
pub mod vrrp;
#[forbid(unsafe_code)]
pub mod watchdog;
#[forbid(unsafe_code)]
pub mod wire;
