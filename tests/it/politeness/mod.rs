//! docs/politeness.md, P1 to P35, each by its number: against a recording server, with a real database, through the
//! binary or with [`driver::Driver`], which polls and collects at any time. `cargo test politeness` lists them.
//!
//! What only a server of raw bytes or one with a certificate can show is in `fetch::tests`, under the same numbers.

mod conditional;
pub(crate) mod corrections;
pub(crate) mod driver;
mod endings;
mod headers;
mod pages;
mod paging;
mod revisits;
mod sitemaps;
mod when;

/// The files above that hold tests.
const FILES: [&str; 7] = [
    include_str!("conditional.rs"),
    include_str!("corrections.rs"),
    include_str!("endings.rs"),
    include_str!("headers.rs"),
    include_str!("pages.rs"),
    include_str!("paging.rs"),
    include_str!("when.rs"),
];

#[test]
fn every_number_has_its_test_and_none_is_ignored() {
    let text = FILES.concat();
    let missing: Vec<u32> = (1..=35).filter(|number| !text.contains(&format!("fn p{number:02}_"))).collect();
    assert!(missing.is_empty(), "no test for P{missing:?}");
    assert!(!text.contains("#[ignore"));
}
