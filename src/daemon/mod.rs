//! The loop of `cuttings run`: claims what is due, runs polls and page fetches, and stops or reloads on a signal.
//!
//! `cli` starts it, as a daemon or with `--once`; [`Daemon::run`] serves both. It has at most `in_flight` tasks at a time;
//! each is one task of `poll` or `collect`, and each is joined. On a stop they may finish for eight seconds; then they are
//! dropped, which closes their connections, and their leases are released. A daemon also looks for requests that
//! other processes wrote into the database, tells the service manager how it is doing, serves metrics, and delivers
//! to the configured outputs, each in a task of its own.

mod health;
mod maintenance;
mod metrics;
mod metrics_server;
mod notify;
mod outputs;
mod reload;
mod run;
mod state;
mod tasks;
mod watchdog;

pub(crate) use outputs::deliver_once;
pub(crate) use state::{Daemon, Event, RunOptions, Signal};
