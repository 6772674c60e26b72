//! The integration tests: one file per behaviour, a real HTTP press on loopback, a real database per test.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test that cannot go on must say so and stop"
)]

mod adding;
mod ahram;
mod attacks;
mod backfill;
mod consumers;
mod cookbook;
mod corpus;
mod corrections;
mod day;
mod deciding;
mod docs;
mod entries;
mod exchange;
mod export;
mod failing_sources;
mod fields;
mod filters;
mod identity;
mod keeping;
mod late_pages;
mod layers;
mod links;
mod map;
mod memberships;
mod newsroom;
mod odd_feeds;
mod one_link;
mod outputs;
mod packaging;
mod pagination;
mod politeness;
mod program_feeds;
mod program_recipes;
mod programs;
mod provisional;
mod readers;
mod rhythm;
mod rules;
mod running_daemon;
mod safety;
mod service;
mod session_links;
mod signals;
mod siteless;
mod sites;
mod support;
mod validators;
mod watch;
mod way;
mod workspace;
