//! A press on loopback: what the tests, the example and the benches poll instead of the world.
//!
//! Included by path where it is not a module of the integration tests:
//! `#[path = "../tests/it/support/mod.rs"] mod support;`

#![allow(
    dead_code,
    unreachable_pub,
    reason = "several programs include this folder and each uses a part of it"
)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a press that cannot go on must say so and stop"
)]

pub mod feeds;
pub mod markup;
pub mod newsroom;
mod papers;
pub mod press;
pub mod program;
pub mod reply;
pub mod texts;
