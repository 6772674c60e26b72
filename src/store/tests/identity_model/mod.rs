//! The rules of identity as a model over sets, compared with the database after every step of a random story: polls, pages,
//! claims, redirects, edits, deletions and prunings over the sites of three publishers, in virtual time.
//!
//! # The rules
//!
//! A *page* is what one final URL serves. It has keys: the URLs that were asked for and led to it (proved by the response), its
//! own URL, and what it prints about addresses of its own site. What it prints about other sites is a claim. Keys and claims are
//! never taken back.
//!
//! 1. A key is *shared* once two pages have it whose titles and texts both differ. It stays shared. Texts under twenty words are no
//!    evidence. If one of the two only prints the key as canonical URL or `og:url`, their texts must have been fetched within a
//!    day of each other, or a third page must differ from both. Pages that name one another as AMP form differ in nothing.
//! 2. A shared key joins nothing; but a page's own URL always names that page.
//! 3. Two fetched pages are one article where they are of one site and have a proved key in common that is not shared, and both
//!    texts are comparable or their titles are the same.
//! 4. Two pages of different sites are one article where each claims an address of the other that was proved by a response, and
//!    their texts are comparable and do not differ.
//! 5. An *address* is the link of an entry whose page was never fetched. It belongs to the first article, by page key, whose
//!    page has its key by a proof, on whatever site. It joins no two pages. Addresses are joined by `key_from_url` alone: within a
//!    site, where one source has both or feeds of the site have both, and their titles are the same, or their texts are comparable
//!    and do not differ. The words of feeds make no key shared.
//! 6. The text of a page comes from one source: the first that fetched it, or one of its own site that fetched it later. A page that is
//!    fetched again, whichever feed said that it changed, is read by the rules of that source. Other sources change nothing.
//! 7. Readers see, of all texts of an article's pages, first that of a page that a source of its own site fetched; then that of its
//!    own site's feed, where the source wants no page; then that of a page that another source fetched; then that of its own site's
//!    feed, which stands in for a page that failed; then that of the earliest feed. They see the text of a page under its
//!    canonical URL where that is of its site and not shared.
//! 8. A page whose article was deleted comes back only where only feeds of other sites had words there, and the page or a feed of its
//!    own site follows; or where its sources kept it no longer, and another source leads to it. A new page that no live article has
//!    a key of, that names the URL of a deleted page of its site, and that has the same title or too few words to tell, is deleted
//!    with it.
//!
//! # What never happens
//!
//! - Nothing that concerns one site changes title, text, URL, source or existence of another site's article.
//! - No revision is lost but with its article.
//! - Readers are told every difference.

mod checks;
mod order;
mod rules;
mod web;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use proptest::prelude::*;
use rusqlite::Connection;

use self::web::{Setting, Step};
use self::world::World;

thread_local! {
    /// Empty between cases: making the tables would take longer than a case.
    static MEMORY: Connection = super::grouping::memory();
}

/// Runs something on an empty database, which is empty again afterwards.
fn on_a_database(run: impl FnOnce(&Connection)) {
    MEMORY.with(|db| {
        db.execute_batch("SAVEPOINT one_case").unwrap();
        let result = catch_unwind(AssertUnwindSafe(|| run(db)));
        db.execute_batch("ROLLBACK TO one_case; RELEASE one_case").unwrap();
        if let Err(panic) = result {
            resume_unwind(panic);
        }
    });
}

fn play(setting: &Setting, steps: &[Step]) {
    on_a_database(|db| {
        let mut world = World::new(db, setting.clone());
        for step in steps {
            world.play(step);
        }
        checks::check_end(db);
    });
}

/// How many stories are played: 256, or what `CUTTINGS_STORIES` says; ten thousand before a release.
fn stories() -> u32 {
    std::env::var("CUTTINGS_STORIES").ok().and_then(|stories| stories.parse().ok()).unwrap_or(256)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: stories(), max_shrink_iters: 20_000, ..crate::proptest_config() })]

    #[test]
    fn h30_any_story_ends_in_the_articles_of_the_model(setting in web::setting(), steps in web::steps()) {
        play(&setting, &steps);
    }
}
