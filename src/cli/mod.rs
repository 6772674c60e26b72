//! One file per subcommand.

mod check;

pub use check::check;
