//! Articles out of the store, in the forms that others read.

mod jsonl;

pub use jsonl::jsonl;
