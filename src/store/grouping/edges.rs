//! Tells whether a key joins two pages that both have it.

use rusqlite::{Connection, Row};

use super::super::error::StoreError;
use super::super::page_id::PageId;
use super::super::time;
use super::state::{Evidence, NewState};
use crate::link::have_one_site;
use crate::model::{Claim, Key, KeyKind, PairVerdict, Proof};

/// The row id of a page that is not stored yet.
const NO_PAGE: PageId = PageId(i64::MAX);

/// A key as a page has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) struct KeyRow {
    pub(in crate::store) kind: KeyKind,
    pub(in crate::store) proof: Proof,
    pub(in crate::store) shared: bool,
}

/// A page that has a key.
#[derive(Clone, Debug)]
pub(in crate::store) struct KeyHolder {
    pub(in crate::store) page: PageId,
    pub(in crate::store) page_key: String,
    pub(in crate::store) site: String,
    pub(in crate::store) evidence: Evidence,
    /// The key by which it was found.
    row: KeyRow,
}

impl KeyHolder {
    pub(super) fn of_new(state: &NewState<'_>) -> Self {
        Self {
            page: state.page.unwrap_or(NO_PAGE),
            page_key: state.page_key.to_owned(),
            site: state.site.to_owned(),
            evidence: state.evidence,
            row: KeyRow { kind: KeyKind::FinalUrl, proof: Proof::Response, shared: false },
        }
    }

    /// Reads id, page key, site, whether it was fetched, hash of the title, whether its text is comparable, kind and proof of
    /// the key, which is not shared; and by name `speaker`.
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            page: PageId(row.get(0)?),
            page_key: row.get(1)?,
            site: row.get(2)?,
            evidence: Evidence {
                is_fetched: row.get(3)?,
                title: row.get(4)?,
                is_comparable: row.get(5)?,
                speaker: row.get("speaker")?,
            },
            row: KeyRow { kind: time::word(row, 6)?, proof: time::word(row, 7)?, shared: false },
        })
    }

    /// The key by which it was found.
    pub(super) fn own_row(&self) -> KeyRow {
        self.row
    }
}

impl KeyRow {
    pub(super) fn of(key: &Key, shared: bool) -> Self {
        Self { kind: key.kind, proof: key.proof, shared }
    }
}

/// Whether a key that two pages have joins them. Symmetric.
pub(in crate::store) fn joins(a: &KeyHolder, a_row: KeyRow, b: &KeyHolder, b_row: KeyRow) -> bool {
    a.page != b.page && verdict(a, a_row, b, b_row) == PairVerdict::Key
}

/// What a key that two pages have says of them. Symmetric.
///
/// - Of a shared key nothing follows.
/// - The link of an entry whose page was not fetched is the page that a request for it led to, on whatever site. Two such links
///   are joined by `key_from_url` alone, and only where one source has both, or feeds of their own site: a stranger's words are
///   no evidence about others'. Their words are compared by [`are_other_words`](super::contradiction::are_other_words).
/// - Pages of different sites are not joined, whatever they redirect to: a server may redirect to anybody.
/// - A text that is too short to be compared is no evidence: then the title has to be the same.
pub(super) fn verdict(a: &KeyHolder, a_row: KeyRow, b: &KeyHolder, b_row: KeyRow) -> PairVerdict {
    let is_proved = match (a.evidence.is_fetched, b.evidence.is_fetched) {
        (true, false) => a_row.proof != Proof::None,
        (false, true) => b_row.proof != Proof::None,
        (true, true) => a_row.proof != Proof::None && b_row.proof != Proof::None,
        (false, false) => a_row.kind == KeyKind::FromUrl && a.evidence.speaker == b.evidence.speaker,
    };
    let is_address = a.evidence.is_fetched != b.evidence.is_fetched;
    let is_one_site =
        if b.evidence.is_fetched { is_one_site(a, a_row, b, b_row) } else { have_one_site(&a.site, &b.site) };
    if a_row.shared || b_row.shared {
        PairVerdict::SharedKey
    } else if !is_proved {
        PairVerdict::NoProof
    } else if is_address {
        PairVerdict::Key
    } else if !is_one_site {
        PairVerdict::OtherSite
    } else if !agree(a.evidence, b.evidence) {
        PairVerdict::TooShort
    } else {
        PairVerdict::Key
    }
}

/// Whether a page is another form of a deleted one: it names the URL that served that, and has its title or too few words to
/// tell. What the deleted page claimed about others counts for nothing.
pub(super) fn is_form_of_deleted(
    page: &KeyHolder,
    row: KeyRow,
    deleted: &KeyHolder,
    its_row: KeyRow,
) -> bool {
    let same_title = page.evidence.title.is_some() && page.evidence.title == deleted.evidence.title;
    !row.shared
        && row.proof != Proof::None
        && its_row.proof == Proof::Response
        && have_one_site(&page.site, &deleted.site)
        && (same_title || !page.evidence.is_comparable)
}

/// Whether both pages are of one site. What a page prints of its own site was judged by the `same_site` of its source.
fn is_one_site(a: &KeyHolder, a_row: KeyRow, b: &KeyHolder, b_row: KeyRow) -> bool {
    let names = |printed: KeyRow, served: KeyRow| {
        printed.proof == Proof::Site && served.kind == KeyKind::FinalUrl && served.proof == Proof::Response
    };
    have_one_site(&a.site, &b.site) || names(a_row, b_row) || names(b_row, a_row)
}

/// Whether two texts may be of one article. Different ones have made the key shared before.
fn agree(a: Evidence, b: Evidence) -> bool {
    (a.is_comparable && b.is_comparable) || (a.title.is_some() && a.title == b.title)
}

/// The pages of other sites that were served under the address that `claim` names, and claim an address of this page: its
/// page key or one of `keys` that is proved by a response.
pub(super) fn pages_that_claim_back(
    db: &Connection,
    page_key: &str,
    keys: &[Key],
    claim: &Claim,
) -> Result<Vec<PageId>, StoreError> {
    let mut back = db.prepare_cached(
        "SELECT alias.page_id FROM alias JOIN claim ON claim.page_id = alias.page_id \
         JOIN page ON page.id = alias.page_id JOIN article ON article.id = page.article_id \
         WHERE alias.key = ?1 AND alias.shared = 0 AND alias.proof = 'response' AND claim.key = ?2 \
         AND article.deleted_at IS NULL",
    )?;
    let proved = keys.iter().filter(|key| key.proof == Proof::Response).map(|key| key.key.as_str());
    let mut pages = Vec::new();
    for own in std::iter::once(page_key).chain(proved) {
        for page in back.query_map([&*claim.key, own], |row| row.get(0).map(PageId))? {
            pages.push(page?);
        }
    }
    pages.sort_unstable();
    pages.dedup();
    Ok(pages)
}
