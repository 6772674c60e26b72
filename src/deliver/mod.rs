//! Delivers what is new to the configured outputs (`[[output]]`): feeds on disk, JSON Lines by day, webhooks, commands.
//!
//! The room `daemon` calls [`deliver`] for each output, again and again. An output is a consumer of the database with the
//! name `output.NAME`: the database remembers the last `seq` that it has. That number moves after the output has
//! confirmed (2xx, exit code 0, synced file), so every change is delivered at least once. A failed output is retried after
//! 10 seconds, doubled up to an hour; it delays no other output.

mod command;
mod daily_files;
mod error;
mod feed_folder;
mod message;
mod output;
mod webhook;

pub(crate) use output::{DeliveryOutcome, deliver};
