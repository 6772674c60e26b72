//! `cuttings explain`: why pages are one article or are not, and whether an entry with a link would be known.
//!
//! The rules are in docs/design/identity.md. Everything is read from the database; only `key_from_url` is of the configuration.

use std::collections::BTreeSet;

use clap::Args;
use url::Url;

use super::exit::{Exit, UsageError};
use super::options::GlobalOptions;
use super::print::{one_line, print_json, print_result};
use crate::config::{self, Config, counted};
use crate::identity::{self, KeyRules};
use crate::link;
use crate::model::{Key, KeyKind, LinkVerdict, PairVerdict, Proof};
use crate::shapes::{ArticleExplanationJson, ExplanationJson, LinkExplanationJson, UtcSeconds};
use crate::store::{
    ArticleExplanation, ArticleNotFound, ExplainedPage, ForeignClaim, LinkExplanation, LinkHolder, PagePair,
    Reader,
};

/// Lines of a list that are shown; `--json` shows more.
const SHOWN: usize = 8;

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// Number of an article, or any URL
    #[arg(value_name = "ARTICLE|URL")]
    name: String,
    /// Print JSON, with longer lists
    #[arg(long)]
    json: bool,
}

/// A URL that no article has is explained, too; a number that no article has is an error.
pub(super) fn explain(global: &GlobalOptions, args: &ExplainArgs) -> anyhow::Result<Exit> {
    let reader = Reader::open(&global.database_to_read()?)?;
    let name = args.name.trim();
    let (link, asked) = match (name.parse::<i64>(), link::web_url(name)) {
        (Ok(number), _) => (None, Some(number)),
        (_, Some(url)) => {
            // A mistake in the configuration is that of `check`.
            let loaded = global.config_path().ok().and_then(|path| config::load(&path).ok());
            let config = loaded.map(|loaded| loaded.config).unwrap_or_default();
            let link = reader.explain_link(&keys_of(&url, &config, &reader.session_parameters()?))?;
            let article = link.article;
            (Some((url, link)), article)
        }
        _ => {
            return Err(UsageError(format!(
                "{name:?} is neither the number of an article nor an http(s) URL"
            ))
            .into());
        }
    };
    let article = match asked {
        None => None,
        Some(asked) => match reader.article_or_successor(asked)? {
            Some(article) => Some(reader.explain_article(article)?),
            None => return Err(ArticleNotFound(name.to_owned()).into()),
        },
    };
    if args.json {
        print_json(&ExplanationJson {
            link: link.as_ref().map(|(url, link)| LinkExplanationJson::new(url, link)),
            article: article.as_ref().map(ArticleExplanationJson::from),
        })?;
        return Ok(Exit::Done);
    }
    let mut lines = Vec::new();
    if let Some((url, link)) = &link {
        add_link(&mut lines, url, link);
    }
    if let Some(article) = &article {
        if let Some(asked) = asked.filter(|asked| *asked != article.article_id) {
            lines.push(format!("article {asked} is part of article {} now", article.article_id));
        }
        add_article(&mut lines, article);
    }
    print_result(&lines.join("\n"))?;
    Ok(Exit::Done)
}

/// The keys that a link has in any source. `sessions`: the parameters that each source leaves out.
fn keys_of(url: &Url, config: &Config, sessions: &[Vec<String>]) -> Vec<Key> {
    let sources = config.sources.iter().map(|source| Some(&**source));
    let mut patterns = BTreeSet::new();
    let mut keys: Vec<Key> = Vec::new();
    let mut add = |rules: KeyRules<'_>| {
        for key in identity::link_keys(rules, Some(url)) {
            if !keys.iter().any(|known| known.key == key.key) {
                keys.push(key);
            }
        }
    };
    for source in std::iter::once(None).chain(sources) {
        let pattern = config.key_pattern_for(source, url);
        if patterns.insert(pattern.map(regex::Regex::as_str)) {
            let same_site = config.same_site_for(source);
            for session in std::iter::once(&[][..]).chain(sessions.iter().map(Vec::as_slice)) {
                add(KeyRules { pattern, same_site, session });
            }
        }
    }
    keys
}

fn add_link(lines: &mut Vec<String>, url: &Url, link: &LinkExplanation) {
    lines.push(link::mask_secrets(url));
    lines.push(format!("  {}", verdict_on_link(link)));
    let holders = |holder: &LinkHolder| {
        format!(
            "article {}: {}{} of {}, proof {}{}",
            holder.article,
            if holder.is_fetched { "" } else { "not fetched; " },
            kind_in_words(holder.key.kind),
            holder.page_url,
            holder.key.proof.as_str(),
            if holder.key.shared { ", shared" } else { "" }
        )
    };
    add_list(lines, "who has it", &link.holders, holders);
    add_list(lines, "entries share it", &link.shared_by, |source| {
        format!("several entries of {source} have it: it names none of them, each has the text of the feed")
    });
    add_list(lines, "claims of other sites", &link.claims, claim_in_words);
    lines.push(String::new());
}

/// Whether an entry with a link would be known.
fn verdict_on_link(link: &LinkExplanation) -> String {
    let article = link.article.unwrap_or_default();
    match link.verdict {
        LinkVerdict::Known => format!(
            "known: it was requested and led to article {article}, so that an entry with this link needs no request"
        ),
        LinkVerdict::TakenDown => format!(
            "known: article {article} was deleted on request, so that an entry with this link is never fetched"
        ),
        LinkVerdict::Expired => format!(
            "article {article} was kept no longer: known to the sources that had it, fetched for others"
        ),
        LinkVerdict::Ambiguous => {
            "fetched: it led to different articles at different times, so that it is asked again".to_owned()
        }
        LinkVerdict::SharedKey => {
            "fetched: pages with different titles and texts have it, so that it names none of them".to_owned()
        }
        LinkVerdict::Claimed => format!(
            "fetched once: a page of article {article} says that it is its own; nobody has requested it, and a claim makes nothing known"
        ),
        LinkVerdict::ForeignClaim => {
            "fetched: a page of another site says that it is a copy of it, which proves nothing".to_owned()
        }
        LinkVerdict::Linked => format!(
            "fetched by a source that fetches pages: so far only feeds link to it (article {article})"
        ),
        LinkVerdict::Unknown => "fetched: nothing is known of it".to_owned(),
        LinkVerdict::NoKey => {
            "a front page, a login page or a consent wall: it names no article, whatever leads there"
                .to_owned()
        }
    }
}

fn add_article(lines: &mut Vec<String>, article: &ArticleExplanation) {
    if let Some((at, why)) = article.deleted {
        let why = if why == "expired" { "its sources kept it no longer" } else { "on request" };
        lines.push(format!("article {}: deleted {}, {why}", article.article_id, UtcSeconds(at)));
        lines.push("  its texts are gone; its keys stay, so that it does not come back".to_owned());
    } else {
        let title = article.title.as_deref().map_or("(no title)".into(), one_line);
        lines.push(format!("article {}: {title}", article.article_id));
        lines.push(format!("  {}", article.url.as_deref().unwrap_or("-")));
    }
    lines.push(format!("  first stored {}, last change {}", UtcSeconds(article.first_seen), article.seq));
    add_list(lines, "merged into it", &article.merged, |(merged, at)| {
        format!("article {merged}, {}", UtcSeconds(*at))
    });
    add_list(lines, "sources", &article.sources, |member| {
        let shown = if member.is_shown { ", its text is shown" } else { "" };
        format!("{} since {} (change {}){shown}", member.source, UtcSeconds(member.first_seen), member.seq)
    });
    for (index, page) in article.pages.iter().enumerate().take(SHOWN) {
        add_page(lines, index + 1, page);
    }
    if let Some(more) = article.pages.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        lines.push(format!("and {}: --json shows them", counted(more, "more page")));
    }
    let (joined, apart): (Vec<&PagePair>, Vec<&PagePair>) =
        article.pairs.iter().partition(|pair| pair.verdict.joins());
    add_list(lines, "what joins its pages", &joined, |pair| pair_in_words(pair, article));
    add_list(lines, "not joined", &apart, |pair| pair_in_words(pair, article));
    add_list(lines, "what others claim", &article.claims_by_others, claim_in_words);
    add_list(lines, "decisions", &article.decisions, |decision| {
        let other = match decision.other_article {
            Some(other) if other != article.article_id => format!("{} (article {other})", decision.other_key),
            _ => decision.other_key.clone(),
        };
        format!("{} {}: {} and {other}", UtcSeconds(decision.at), decision.verdict, decision.page_key)
    });
}

/// A page: when it was fetched, its keys, what it claims.
fn add_page(lines: &mut Vec<String>, number: usize, page: &ExplainedPage) {
    lines.push(format!("page {number}: {}", page.url));
    let fetched = match page.requested_at {
        Some(at) => format!("fetched {}", UtcSeconds(at)),
        None => "not fetched: a feed's text".to_owned(),
    };
    let source = page.source.as_deref().map(|source| format!(" for {source}")).unwrap_or_default();
    let short = if page.comparable { "" } else { "; its text is too short to be compared" };
    let site = page.site.split(' ').next().unwrap_or_default();
    lines.push(format!("  {fetched}{source}; of the site {site}{short}"));
    if !page.keys.iter().any(|key| key.key == page.page_key) {
        lines.push(format!("  stored as {}", page.page_key));
    }
    for key in page.keys.iter().take(SHOWN) {
        let known = if key.proof == Proof::Response && !key.shared { ", makes an entry known" } else { "" };
        let shared = if key.shared { ", shared: identifies nothing" } else { "" };
        lines.push(format!(
            "  {} {} (proof {}{shared}{known})",
            key.kind.as_str(),
            key.key,
            key.proof.as_str()
        ));
    }
    if let Some(more) = page.keys.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        lines.push(format!("  and {}", counted(more, "more key")));
    }
    for claim in page.claims.iter().take(SHOWN) {
        lines.push(format!(
            "  claims to be a copy of {} ({}): another site, so that it proves nothing",
            claim.url,
            claim.kind.as_str()
        ));
    }
}

/// Why two pages are one article, or are not.
fn pair_in_words(pair: &PagePair, article: &ArticleExplanation) -> String {
    let number =
        |url: &str| article.pages.iter().position(|page| page.url == url).map_or(0, |index| index + 1);
    let one = format!("page {}", number(&pair.one.url));
    let other = if pair.other.article == article.article_id {
        format!("page {}", number(&pair.other.url))
    } else {
        format!("article {} ({})", pair.other.article, pair.other.url)
    };
    let key = match (&pair.key, pair.kind, pair.other_kind) {
        (Some(key), Some(kind), Some(other)) if kind == other => format!("{} {key}", kind.as_str()),
        (Some(key), Some(kind), Some(other)) => format!("{} and {} {key}", kind.as_str(), other.as_str()),
        _ => String::new(),
    };
    let why = match pair.verdict {
        PairVerdict::Decision => "a person joined them".to_owned(),
        PairVerdict::Key => format!("both have {key}"),
        PairVerdict::Claims => {
            "each says that it is a copy of the other, and their texts are alike".to_owned()
        }
        PairVerdict::Parted => format!("a person parted them; both have {key}"),
        PairVerdict::Deleted => format!("that article was deleted; both have {key}"),
        PairVerdict::Address => {
            format!("{key} is the link of an entry, which belongs to the page that it led to")
        }
        PairVerdict::TooShort => {
            format!("both have {key}, but a text is too short to be compared and the titles are not the same")
        }
        PairVerdict::OtherSite => format!("both have {key}, but they are of different sites"),
        PairVerdict::NoProof => format!("both have {key}, but nothing proves it"),
        PairVerdict::SharedKey => format!("{key} is shared: pages with different titles and texts have it"),
    };
    format!("{one} and {other}: {why}")
}

fn claim_in_words(claim: &ForeignClaim) -> String {
    format!(
        "article {} ({}) says that it is a copy of {} ({}): another site, so that it proves nothing",
        claim.article,
        claim.page_url,
        claim.claim.url,
        claim.claim.kind.as_str()
    )
}

/// What a URL is to a page that has it.
fn kind_in_words(kind: KeyKind) -> &'static str {
    match kind {
        KeyKind::FromUrl => "key_from_url",
        KeyKind::ShortLink | KeyKind::RelShortlink => "short link",
        KeyKind::Canonical => "canonical URL",
        KeyKind::OgUrl => "og:url",
        KeyKind::Amp => "AMP form",
        KeyKind::FinalUrl => "final URL",
        KeyKind::Asked => "requested URL",
        KeyKind::Redirect => "redirect",
        KeyKind::NextPage => "further page",
        KeyKind::Link => "link of an entry",
    }
}

/// A list with a heading, where it has anything.
fn add_list<T>(lines: &mut Vec<String>, heading: &str, rows: &[T], row: impl Fn(&T) -> String) {
    if rows.is_empty() {
        return;
    }
    lines.push(format!("{heading}:"));
    lines.extend(rows.iter().take(SHOWN).map(|of| format!("  {}", row(of))));
    if let Some(more) = rows.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        lines.push(format!("  and {more} more"));
    }
}
