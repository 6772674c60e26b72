//! What makes an article one, and whether an entry with a link would be known.

use serde::Serialize;
use url::Url;

use super::time::UtcSeconds;
use crate::link;
use crate::model::KeyKind;
use crate::store::{
    ArticleExplanation, ExplainedKey, ExplainedPage, ForeignClaim, LinkExplanation, PageClaim, PagePair,
};

/// `explain --json` prints it.
#[derive(Serialize)]
pub(crate) struct ExplanationJson<'a> {
    /// Of the URL that was given; `null`: a number was.
    pub(crate) link: Option<LinkExplanationJson<'a>>,
    /// `null`: the URL leads to no article.
    pub(crate) article: Option<ArticleExplanationJson<'a>>,
}

/// Whether an entry with a link would be known.
#[derive(Serialize)]
pub(crate) struct LinkExplanationJson<'a> {
    /// The URL.
    url: String,
    /// Its keys.
    keys: &'a [String],
    /// `known`, `taken-down`, `expired`, `ambiguous`, `shared-key`, `claimed`, `foreign-claim`, `linked`, `unknown` or `no-key`.
    verdict: &'static str,
    /// Whether an entry with it costs no request, whatever its source.
    known: bool,
    /// The article that it leads to.
    article: Option<i64>,
    /// Pages that have one of the keys.
    holders: Vec<LinkHolderJson<'a>>,
    /// What pages of other sites say of it.
    claims: Vec<ForeignClaimJson<'a>>,
    /// Sources of which several entries have it, so that it names none of them.
    shared_by: &'a [String],
}

/// A page that has a key of a link.
#[derive(Serialize)]
struct LinkHolderJson<'a> {
    /// Its article.
    article: i64,
    /// The URL of the page.
    page: &'a str,
    /// Whether the page was fetched.
    fetched: bool,
    /// The key.
    #[serde(flatten)]
    key: PageKeyJson<'a>,
}

/// An article, and what makes it one.
#[derive(Serialize)]
pub(crate) struct ArticleExplanationJson<'a> {
    /// Number of the article.
    id: i64,
    /// Headline that readers see.
    title: Option<&'a str>,
    /// URL that readers see; `null`: it was deleted.
    url: Option<&'a str>,
    /// When it was first stored.
    first_seen: UtcSeconds,
    /// Number of its last change.
    seq: i64,
    /// When it was deleted.
    deleted_at: Option<UtcSeconds>,
    /// `takedown` or `expired`.
    deleted_why: Option<&'static str>,
    /// Articles that were merged into it.
    merged: Vec<MergedArticleJson>,
    /// Sources that named it, first ones first.
    sources: Vec<MembershipJson<'a>>,
    /// Its pages, oldest first.
    pages: Vec<PageExplanationJson<'a>>,
    /// What joins its pages.
    joined: Vec<PagePairJson<'a>>,
    /// Pages of other articles that have a key in common, and why they are not of this one.
    apart: Vec<PagePairJson<'a>>,
    /// What pages of other articles say of addresses of this one.
    claims_by_others: Vec<ForeignClaimJson<'a>>,
    /// What a person decided about its pages.
    decisions: Vec<DecisionJson<'a>>,
}

/// An article that was merged into another.
#[derive(Serialize)]
struct MergedArticleJson {
    /// Its number.
    id: i64,
    /// When.
    at: UtcSeconds,
}

/// A source that named an article.
#[derive(Serialize)]
struct MembershipJson<'a> {
    /// Its name.
    source: &'a str,
    /// When it first did.
    first_seen: UtcSeconds,
    /// The change since which it counts.
    seq: i64,
    /// Whether readers see its text.
    shown: bool,
}

/// A page of an article.
#[derive(Serialize)]
struct PageExplanationJson<'a> {
    /// Normalised; unique among pages.
    page_key: &'a str,
    /// The URL that served it, or that a feed links to.
    url: &'a str,
    /// Names of its site.
    site: Vec<&'a str>,
    /// Title of its latest text.
    title: Option<&'a str>,
    /// The source whose rules its text comes from.
    source: Option<&'a str>,
    /// When it was first stored.
    first_seen: UtcSeconds,
    /// When it was last requested; `null`: only the text of a feed is stored.
    requested_at: Option<UtcSeconds>,
    /// Whether its own site gave a text of it.
    first_party: bool,
    /// Whether its text has enough words to be compared.
    comparable: bool,
    /// Its keys, strongest first.
    keys: Vec<PageKeyJson<'a>>,
    /// What it says of addresses of other sites.
    claims: Vec<ClaimJson<'a>>,
}

/// A key of a page.
#[derive(Serialize)]
struct PageKeyJson<'a> {
    /// As in the view `aliases`.
    kind: &'static str,
    /// `response`, `site` or `none`.
    proof: &'static str,
    /// Whether pages with different texts have it, so that it identifies none.
    shared: bool,
    /// Normalised.
    key: &'a str,
    /// The URL it was made from.
    url: &'a str,
    /// When it was first seen.
    seen_at: UtcSeconds,
}

/// What a page says of an address of another site.
#[derive(Serialize)]
struct ClaimJson<'a> {
    /// `canonical`, `og-url` or `amp`.
    kind: &'static str,
    /// The address.
    url: &'a str,
    /// When it was first seen.
    seen_at: UtcSeconds,
}

/// What a page of another article says.
#[derive(Serialize)]
struct ForeignClaimJson<'a> {
    /// Number of that article.
    article: i64,
    /// The page.
    page: &'a str,
    /// What it says.
    #[serde(flatten)]
    claim: ClaimJson<'a>,
}

/// Two pages, and what joins them or keeps them apart.
#[derive(Serialize)]
struct PagePairJson<'a> {
    /// A page of the article.
    page: &'a str,
    /// The other page.
    other: &'a str,
    /// Its article.
    other_article: i64,
    /// `decision`, `key` or `claims`; else `parted`, `deleted`, `address`, `too-short`, `other-site`, `no-proof` or `shared-key`.
    verdict: &'static str,
    /// The key that both have.
    key: Option<&'a str>,
    /// As the page has it.
    kind: Option<&'static str>,
    /// As the other page has it.
    other_kind: Option<&'static str>,
}

/// What a person decided about two pages.
#[derive(Serialize)]
struct DecisionJson<'a> {
    /// `join` or `part`.
    verdict: &'a str,
    /// Key of the page.
    page_key: &'a str,
    /// Key of the other page.
    other_key: &'a str,
    /// Article of the other page; `null`: there is no such page any more.
    other_article: Option<i64>,
    /// When.
    at: UtcSeconds,
}

impl<'a> LinkExplanationJson<'a> {
    pub(crate) fn new(url: &Url, link: &'a LinkExplanation) -> Self {
        Self {
            url: link::mask_secrets(url),
            keys: &link.keys,
            verdict: link.verdict.as_str(),
            known: link.verdict.is_known(),
            article: link.article,
            holders: link
                .holders
                .iter()
                .map(|holder| LinkHolderJson {
                    article: holder.article,
                    page: &holder.page_url,
                    fetched: holder.is_fetched,
                    key: PageKeyJson::from(&holder.key),
                })
                .collect(),
            claims: link.claims.iter().map(ForeignClaimJson::from).collect(),
            shared_by: &link.shared_by,
        }
    }
}

impl<'a> From<&'a ArticleExplanation> for ArticleExplanationJson<'a> {
    fn from(article: &'a ArticleExplanation) -> Self {
        let (joined, apart): (Vec<&PagePair>, Vec<&PagePair>) =
            article.pairs.iter().partition(|pair| pair.verdict.joins());
        Self {
            id: article.article_id,
            title: article.title.as_deref(),
            url: article.url.as_deref(),
            first_seen: UtcSeconds(article.first_seen),
            seq: article.seq,
            deleted_at: article.deleted.map(|(at, _)| UtcSeconds(at)),
            deleted_why: article.deleted.map(|(_, why)| why),
            merged: article
                .merged
                .iter()
                .map(|&(id, at)| MergedArticleJson { id, at: UtcSeconds(at) })
                .collect(),
            sources: article
                .sources
                .iter()
                .map(|member| MembershipJson {
                    source: &member.source,
                    first_seen: UtcSeconds(member.first_seen),
                    seq: member.seq,
                    shown: member.is_shown,
                })
                .collect(),
            pages: article.pages.iter().map(PageExplanationJson::from).collect(),
            joined: joined.into_iter().map(PagePairJson::from).collect(),
            apart: apart.into_iter().map(PagePairJson::from).collect(),
            claims_by_others: article.claims_by_others.iter().map(ForeignClaimJson::from).collect(),
            decisions: article
                .decisions
                .iter()
                .map(|decision| DecisionJson {
                    verdict: &decision.verdict,
                    page_key: &decision.page_key,
                    other_key: &decision.other_key,
                    other_article: decision.other_article,
                    at: UtcSeconds(decision.at),
                })
                .collect(),
        }
    }
}

impl<'a> From<&'a ExplainedPage> for PageExplanationJson<'a> {
    fn from(page: &'a ExplainedPage) -> Self {
        Self {
            page_key: &page.page_key,
            url: &page.url,
            site: page.site.split(' ').collect(),
            title: page.title.as_deref(),
            source: page.source.as_deref(),
            first_seen: UtcSeconds(page.first_seen),
            requested_at: page.requested_at.map(UtcSeconds),
            first_party: page.first_party,
            comparable: page.comparable,
            keys: page.keys.iter().map(PageKeyJson::from).collect(),
            claims: page.claims.iter().map(ClaimJson::from).collect(),
        }
    }
}

impl<'a> From<&'a ExplainedKey> for PageKeyJson<'a> {
    fn from(key: &'a ExplainedKey) -> Self {
        Self {
            kind: key.kind.as_str(),
            proof: key.proof.as_str(),
            shared: key.shared,
            key: &key.key,
            url: &key.url,
            seen_at: UtcSeconds(key.seen_at),
        }
    }
}

impl<'a> From<&'a PageClaim> for ClaimJson<'a> {
    fn from(claim: &'a PageClaim) -> Self {
        Self { kind: claim.kind.as_str(), url: &claim.url, seen_at: UtcSeconds(claim.seen_at) }
    }
}

impl<'a> From<&'a ForeignClaim> for ForeignClaimJson<'a> {
    fn from(claim: &'a ForeignClaim) -> Self {
        Self { article: claim.article, page: &claim.page_url, claim: ClaimJson::from(&claim.claim) }
    }
}

impl<'a> From<&'a PagePair> for PagePairJson<'a> {
    fn from(pair: &'a PagePair) -> Self {
        Self {
            page: &pair.one.url,
            other: &pair.other.url,
            other_article: pair.other.article,
            verdict: pair.verdict.as_str(),
            key: pair.key.as_deref(),
            kind: pair.kind.map(KeyKind::as_str),
            other_kind: pair.other_kind.map(KeyKind::as_str),
        }
    }
}
