-- The whole schema. Readers may rely on the views at the end, documented column by column in docs/schema.md. The tables
-- are internal.
--
-- Times as text are RFC 3339 in UTC with whole seconds, for readers. Times as integers are milliseconds since 1970, for the
-- schedule. `seq` numbers changes; ids that other rows keep are never reused. Lists of words in CHECKs are chains of OR,
-- because SQLite makes a table of an IN list for each row written.

CREATE TABLE meta (
    key   TEXT    NOT NULL PRIMARY KEY,
    value TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

-- The number of the last change: one row, incremented in the transaction of the change.
CREATE TABLE sequence (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    seq INTEGER NOT NULL
) STRICT;
INSERT INTO sequence (one, seq) VALUES (1, 0);

-- One row for each start of a daemon. A lease names its run.
CREATE TABLE run (
    id         INTEGER NOT NULL PRIMARY KEY,
    pid        INTEGER NOT NULL,
    started_at TEXT    NOT NULL
) STRICT;

CREATE TABLE source (
    id               INTEGER NOT NULL PRIMARY KEY,
    name             TEXT    NOT NULL UNIQUE,
    url              TEXT    NOT NULL,
    host             TEXT    NOT NULL,
    -- Names of the site of its feed, separated by spaces: pages that have one of them in `page.site` are its own.
    feed_site        TEXT    NOT NULL DEFAULT '',
    -- Its place in the configuration. Of several sources with one feed, the first one's page is stored.
    position         INTEGER NOT NULL DEFAULT 0,
    -- 1: a filter judges what its pages say.
    judges_pages     INTEGER NOT NULL DEFAULT 0,
    -- 1: the feed's own text is stored until the page comes.
    provisional      INTEGER NOT NULL DEFAULT 0,
    -- Whether it is polled: config_enabled, configured and not paused.
    enabled          INTEGER NOT NULL,
    config_enabled   INTEGER NOT NULL DEFAULT 1,
    paused           INTEGER NOT NULL DEFAULT 0,
    -- 0: no longer in the configuration; the row stays for when it comes back.
    configured       INTEGER NOT NULL,
    schedule         TEXT    NOT NULL,
    timezone         TEXT    NOT NULL,
    tags             TEXT    NOT NULL DEFAULT '[]',
    -- Retention of its articles: milliseconds or number, null for all; of revisions: 'all', 'latest' or 'first'.
    keep_for         INTEGER,
    keep_newest      INTEGER,
    revisions        TEXT    NOT NULL DEFAULT 'all',
    -- Its last membership, in the order of first_seen and article, that pruning has looked at: see expiry.rs.
    pruned_first_seen TEXT   NOT NULL DEFAULT '',
    pruned_article   INTEGER NOT NULL DEFAULT 0,
    -- Ages at which pages are fetched again: a JSON list of milliseconds.
    revisit          TEXT    NOT NULL DEFAULT '[]',
    first_seen       TEXT    NOT NULL,
    next_at          INTEGER NOT NULL,
    next_why         TEXT    NOT NULL DEFAULT '',
    -- The configured URL that validators and hash belong to.
    validators_url   TEXT,
    -- The URL of the last response, after redirects: validators are sent only there.
    final_url        TEXT,
    etag             BLOB,
    last_modified    BLOB,
    body_hash        BLOB,
    failures         REAL    NOT NULL DEFAULT 0,
    crashes          INTEGER NOT NULL DEFAULT 0,
    lease_run        INTEGER,
    lease_claim      INTEGER,
    -- When it was last claimed; `run --all` claims each source once.
    claimed_at       INTEGER,
    -- Requested while a poll was under way: 1 another poll, 2 an unconditional one.
    repoll           INTEGER NOT NULL DEFAULT 0,
    polled_at        TEXT,
    succeeded_at     TEXT,
    -- The last failure; null after a success.
    failed_at        TEXT,
    code             TEXT,
    message          TEXT,
    -- Where permanent redirects lead, since when, and in how many polls in a row; permanent_url once that is believed.
    moved_to         TEXT,
    moved_since      INTEGER,
    moved_polls      INTEGER NOT NULL DEFAULT 0,
    permanent_url    TEXT,
    -- 1: the server answered 410. Not polled until it is enabled again or has another URL.
    gone             INTEGER NOT NULL DEFAULT 0,
    -- 1: its pages are fetched whatever robots.txt says.
    ignore_robots    INTEGER NOT NULL DEFAULT 0,
    -- State of the schedule (schedule::Rhythm), and the hints of the last document as JSON.
    rhythm           BLOB,
    hints            TEXT    NOT NULL DEFAULT '{}',
    -- When it was last requested without validators.
    unconditional_at INTEGER,
    -- What its document is read as; state of another kind of document is reset.
    document_kind    TEXT    NOT NULL DEFAULT 'feed',
    -- Of a sitemap index: the state of each child, as JSON.
    sitemaps         TEXT    NOT NULL DEFAULT '[]',
    -- What identifies entries, why nothing stronger, and the ids and links of the last document: see identity::identifier.
    identified_by    TEXT    NOT NULL DEFAULT 'id',
    identified_why   TEXT,
    last_names       BLOB    NOT NULL DEFAULT x'',
    -- The links of the last document without parameters that may carry a session: see identity::sessions.
    last_links       BLOB    NOT NULL DEFAULT x'',
    -- Names of query parameters that turned out to carry a session, as a JSON list: they are no part of a key.
    session_parameters TEXT  NOT NULL DEFAULT '[]',
    -- How many changes of its entries are believed, by kind, as JSON; null: the most. See entry_changes.rs.
    change_credit    TEXT,
    -- Entries since then (milliseconds) that the first poll recorded as seen are wanted after all: see backfill.rs.
    backfill_since   INTEGER,
    -- What is odd about its last document, though it was taken: a JSON list of pairs, kind and sentence.
    remarks          TEXT    NOT NULL DEFAULT '[]',
    title            TEXT,
    site_url         TEXT,
    language         TEXT,
    rights           TEXT,
    -- WebSub: the hubs as a JSON list, and the feed's topic URL.
    hubs             TEXT    NOT NULL DEFAULT '[]',
    topic            TEXT
) STRICT;
-- Leased sources are few and stay in these indexes: skipping them costs less than changing an index for each lease.
CREATE INDEX source_due ON source (next_at) WHERE enabled = 1 AND gone = 0;
CREATE INDEX source_url ON source (coalesce(permanent_url, url)) WHERE enabled = 1 AND gone = 0;
CREATE INDEX source_claimed_at ON source (claimed_at) WHERE enabled = 1 AND gone = 0;
CREATE INDEX source_lease ON source (lease_run, lease_claim) WHERE lease_run IS NOT NULL;

-- State of a host, for its feeds and its pages. The host '' is the lane of entries that need no page.
CREATE TABLE host (
    name           TEXT    NOT NULL PRIMARY KEY,
    -- End of its backoff; 0 for none.
    backoff_until  INTEGER NOT NULL DEFAULT 0,
    -- The part of the backoff that the server named (Retry-After).
    retry_after    INTEGER NOT NULL DEFAULT 0,
    -- Failures in a row.
    failures       INTEGER NOT NULL DEFAULT 0,
    code           TEXT,
    -- Earliest time of the next page: the gap between two pages.
    next_page_at   INTEGER NOT NULL DEFAULT 0,
    -- The source whose page was claimed last: sources take turns.
    last_source_id INTEGER NOT NULL DEFAULT 0,
    -- When an entry can next be claimed; null if none waits or one is leased. Derived: see queue.rs.
    ready_at       INTEGER,
    updated_at     TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX host_ready ON host (ready_at, name) WHERE ready_at IS NOT NULL;

-- Responses for robots.txt, kept so that a restart does not request them again.
CREATE TABLE robots (
    origin     TEXT    NOT NULL,
    -- Proxy and user agent of the request; '' for a direct one under our own name.
    transport  TEXT    NOT NULL DEFAULT '',
    fetched_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    -- null: no response.
    status     INTEGER,
    body       BLOB    NOT NULL,
    -- The `Sitemap:` lines as a JSON list.
    sitemaps   TEXT    NOT NULL DEFAULT '[]',
    PRIMARY KEY (origin, transport)
) STRICT, WITHOUT ROWID;

CREATE TABLE article (
    id          INTEGER NOT NULL PRIMARY KEY,
    first_seen  TEXT    NOT NULL,
    -- Number of its last change.
    seq         INTEGER NOT NULL,
    -- The revision that readers see.
    revision_id INTEGER REFERENCES revision (id),
    -- The revision that is in the full-text index; null for none.
    indexed_id  INTEGER,
    -- The words of its sources in that index, as they were written.
    indexed_sources TEXT,
    -- The names of its sources in order, as a JSON list: derived from membership at the end of each transaction.
    sources     TEXT    NOT NULL DEFAULT '[]',
    -- 1: readers see the feed's text, and the page is still tried: see settling.rs.
    provisional INTEGER NOT NULL DEFAULT 0,
    -- Of an article that was provisional: the change that settled it, a new text or `settled`.
    settled_seq INTEGER,
    -- When that was published, else fetched, in seconds since 1970: the order of search results.
    shown_at    INTEGER,
    -- The first article of the same story; null if it is this one.
    cluster     INTEGER,
    -- Sketch of the text, by which similar texts are found (cluster.rs); null for a short text.
    sketch      BLOB,
    -- Of an article that readers no longer see: merged or deleted.
    merged_into INTEGER REFERENCES article (id),
    deleted_at  TEXT,
    -- 'takedown': nothing of it is ever stored again; 'expired': it exceeded what its source keeps.
    deleted_why TEXT
) STRICT;
CREATE INDEX article_seq ON article (seq);
CREATE INDEX article_shown ON article (shown_at) WHERE shown_at IS NOT NULL;
-- Finds the article of a revision that is dropped.
CREATE INDEX article_revision ON article (revision_id);
CREATE INDEX article_provisional ON article (id) WHERE provisional = 1;
CREATE INDEX article_merged ON article (merged_into) WHERE merged_into IS NOT NULL;

-- The sources that named an article. Derived from `entry`: see memberships.rs. Those of a tombstone stay.
CREATE TABLE membership (
    article_id INTEGER NOT NULL REFERENCES article (id),
    source_id  INTEGER NOT NULL REFERENCES source (id),
    -- Since when the source has the article: when it was stored, or named if that was later.
    first_seen TEXT    NOT NULL,
    -- The change since which it counts: that of the new article, or `joined`.
    seq        INTEGER NOT NULL,
    -- 1: it came with an import; no entry here stands for it.
    imported   INTEGER NOT NULL DEFAULT 0,
    -- 1: the article was merged or deleted. With it the articles of a source are counted and ranked by one index.
    gone       INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (article_id, source_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX membership_source ON membership (source_id, first_seen, article_id) WHERE gone = 0;
CREATE TRIGGER article_gone AFTER UPDATE OF merged_into, deleted_at ON article
BEGIN
    UPDATE membership SET gone = new.merged_into IS NOT NULL OR new.deleted_at IS NOT NULL WHERE article_id = new.id;
END;

-- A page is what one final URL serves. Which pages are one article: see grouping.rs and docs/design/identity.md.
CREATE TABLE page (
    id             INTEGER NOT NULL PRIMARY KEY,
    article_id     INTEGER NOT NULL REFERENCES article (id),
    source_id      INTEGER REFERENCES source (id),
    page_key       TEXT    NOT NULL UNIQUE,
    url            TEXT    NOT NULL,
    -- The names of its site, by the configuration when it was stored: see link/site.rs.
    site           TEXT    NOT NULL,
    -- 1: its own site gave a text of it, as a page or in a feed. 0: only feeds of other sites did.
    first_party    INTEGER NOT NULL,
    -- Hash of the title of its latest text; null without a title.
    title_hash     INTEGER,
    -- 1: the latest text has enough words to be compared with others.
    comparable     INTEGER NOT NULL,
    -- 1: the feed of its source is of the same site.
    own_feed       INTEGER NOT NULL,
    first_seen     TEXT    NOT NULL,
    -- When it was last requested; null if only the feed's text is stored.
    requested_at   INTEGER,
    -- Validators of the last complete response, and its URL.
    etag           BLOB,
    last_modified  BLOB,
    validators_url TEXT
) STRICT;
CREATE INDEX page_article ON page (article_id);

-- What pages say of addresses of other sites: that they are a copy of that page. Such a claim proves nothing.
CREATE TABLE claim (
    page_id INTEGER NOT NULL REFERENCES page (id),
    kind    TEXT    NOT NULL,
    key     TEXT    NOT NULL,
    url     TEXT    NOT NULL,
    seen_at TEXT    NOT NULL,
    PRIMARY KEY (page_id, kind, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX claim_key ON claim (key);

-- What a person decided about two pages, by their page keys, in the order of the alphabet.
CREATE TABLE decision (
    one_key   TEXT NOT NULL,
    other_key TEXT NOT NULL,
    verdict   TEXT NOT NULL CHECK (verdict = 'join' OR verdict = 'part'),
    at        TEXT NOT NULL,
    PRIMARY KEY (one_key, other_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX decision_other ON decision (other_key);

CREATE TABLE revision (
    -- AUTOINCREMENT: not reused after revisions are dropped.
    id           INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    page_id      INTEGER NOT NULL REFERENCES page (id),
    source_id    INTEGER REFERENCES source (id),
    -- The change that announced it; null if readers never saw it: another page that says the same.
    seq          INTEGER,
    fetched_at   TEXT    NOT NULL,
    -- 1: the text of a page, or of a feed of the link's own site. 0: words of another site's feed.
    first_party  INTEGER NOT NULL DEFAULT 1,
    url          TEXT    NOT NULL,
    short_link   TEXT,
    title        TEXT,
    standfirst   TEXT,
    byline       TEXT,
    authors      TEXT    NOT NULL DEFAULT '[]',
    published    TEXT,
    published_at TEXT,
    precision    TEXT,
    modified     TEXT,
    text         TEXT    NOT NULL,
    html         TEXT    NOT NULL,
    image        TEXT,
    image_width  INTEGER,
    image_height INTEGER,
    language     TEXT,
    site         TEXT,
    section      TEXT,
    tags         TEXT    NOT NULL DEFAULT '[]',
    rights       TEXT,
    enclosures   TEXT    NOT NULL DEFAULT '[]',
    method       TEXT    NOT NULL,
    kind         TEXT    NOT NULL,
    origins      TEXT    NOT NULL DEFAULT '{}'
) STRICT;
CREATE INDEX revision_page ON revision (page_id);
CREATE INDEX revision_seq ON revision (seq) WHERE seq IS NOT NULL;

-- The keys of pages: URLs, and short links with the site that prints them. The order of the primary key serves every
-- look-up: the oldest page of a key that is not shared, and whether it is shared.
CREATE TABLE alias (
    key     TEXT    NOT NULL,
    kind    TEXT    NOT NULL,
    page_id INTEGER NOT NULL REFERENCES page (id),
    url     TEXT    NOT NULL,
    -- What proves that it is the page's: see model::Proof.
    proof   TEXT    NOT NULL,
    -- 1: found on pages with different texts, so it identifies none.
    shared  INTEGER NOT NULL,
    seen_at TEXT    NOT NULL,
    PRIMARY KEY (key, shared, page_id, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX alias_page ON alias (page_id);

CREATE TABLE change (
    seq        INTEGER NOT NULL PRIMARY KEY,
    article_id INTEGER NOT NULL REFERENCES article (id),
    op         TEXT    NOT NULL CHECK (op = 'new' OR op = 'revised' OR op = 'merged' OR op = 'deleted' OR op = 'joined' OR op = 'settled'),
    into_id    INTEGER REFERENCES article (id),
    -- Of 'joined': the source that the article belongs to from now on.
    source_id  INTEGER REFERENCES source (id),
    at         TEXT    NOT NULL
) STRICT;

CREATE TABLE raw_page (
    page_id    INTEGER NOT NULL PRIMARY KEY REFERENCES page (id),
    fetched_at TEXT    NOT NULL,
    status     INTEGER NOT NULL,
    headers    TEXT    NOT NULL,
    -- Content codings of the body, in the order they were applied: as sent, or zstd if it was sent uncompressed.
    codings    TEXT    NOT NULL,
    body       BLOB    NOT NULL,
    -- Bytes after decoding.
    length     INTEGER NOT NULL,
    expires    INTEGER
) STRICT;
CREATE INDEX raw_page_expires ON raw_page (expires) WHERE expires IS NOT NULL;

-- Full-text index of what readers see; rowid is the article. Contentless, without `contentless_delete` (SQLite 3.43, newer
-- than many installations): a deletion must repeat the indexed text. Scripts without spaces are split into pairs first
-- (script.rs). Combining marks count as letters, otherwise Indic words would be split. The last column has a word for each
-- of its sources, made of source.id, which makes a search within one source fast.
CREATE VIRTUAL TABLE search USING fts5 (
    title, standfirst, text, source, content = '',
    tokenize = "unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'"
);
-- Larger than the defaults, so that each word is written less often: words of a whole transaction are buffered, and sixteen
-- segments of the index are merged at a time, not four.
INSERT INTO search (search, rank) VALUES ('hashsize', 4194304), ('automerge', 16), ('crisismerge', 64);
-- Articles to be indexed at the end of the current transaction.
CREATE TABLE search_due (
    article_id INTEGER NOT NULL PRIMARY KEY
) STRICT;

-- Entries of feeds, and the queue between polling and collecting: an entry waits while next_at is set and it has no lease.
CREATE TABLE entry (
    id                INTEGER NOT NULL PRIMARY KEY,
    source_id         INTEGER NOT NULL REFERENCES source (id),
    ident             TEXT    NOT NULL,
    state             TEXT    NOT NULL CHECK (state = 'pending' OR state = 'done' OR state = 'known' OR state = 'seen' OR state = 'unwanted'),
    host              TEXT    NOT NULL DEFAULT '',
    url               TEXT,
    -- Hashes of the key of its link, of its title, and of its text with its media files; null for what it lacks. And its
    -- date in milliseconds since 1970. By them an entry with another ident is recognised: see entry_match.rs.
    link_hash         INTEGER,
    title_hash        INTEGER,
    text_hash         INTEGER,
    dated             INTEGER,
    -- 1: its link is shared with other entries, so it is an article of the feed's own text.
    own_text          INTEGER NOT NULL DEFAULT 0,
    -- What the feed said, as JSON (stored_entry.rs); dropped once it is collected.
    payload           TEXT,
    page_id           INTEGER REFERENCES page (id),
    -- What is stored of its article: see model::TextState.
    text_state        TEXT    NOT NULL DEFAULT 'missing' CHECK (text_state = 'missing' OR text_state = 'feed'
                  OR text_state = 'provisional' OR text_state = 'feed-retry' OR text_state = 'partial' OR text_state = 'revisit'
                  OR text_state = 'changed' OR text_state = 'final'),
    attempts          INTEGER NOT NULL DEFAULT 0,
    crashes           INTEGER NOT NULL DEFAULT 0,
    next_at           INTEGER,
    -- next_at while its source is disabled.
    parked_at         INTEGER,
    -- When the feed's own text is stored without a request: see feed_text.rs. null: not.
    feed_text_at      INTEGER,
    lease_run         INTEGER,
    lease_claim       INTEGER,
    -- When its page was first fetched completely: the ages of `revisit` count from then.
    first_fetched_at  INTEGER,
    -- How often in a row the feed said that it changed, and it had not. Of an entry without a page: how often it changed
    -- within a few days.
    unchanged_updates INTEGER NOT NULL DEFAULT 0,
    -- What the feed says anew of it that was not looked at yet (model::EntryChange), and when it last did.
    news              TEXT,
    news_at           INTEGER,
    -- The publication date that the feed gave first.
    published         TEXT,
    -- When the feed says that it was last changed.
    updated           TEXT,
    -- Whether its `guid` is a URL of the page, and the feed it was taken from (`source`).
    permalink         INTEGER,
    credit            TEXT,
    credit_url        TEXT,
    first_seen        TEXT    NOT NULL,
    UNIQUE (source_id, ident)
) STRICT;
CREATE INDEX entry_host_source ON entry (host, source_id, next_at) WHERE next_at IS NOT NULL AND lease_run IS NULL;
CREATE INDEX entry_next ON entry (host, next_at) WHERE next_at IS NOT NULL AND lease_run IS NULL;
CREATE INDEX entry_feed_text ON entry (feed_text_at) WHERE feed_text_at IS NOT NULL;
CREATE INDEX entry_lease ON entry (host) WHERE lease_run IS NOT NULL;
CREATE INDEX entry_pending ON entry (source_id, next_at, lease_run) WHERE state = 'pending';
CREATE INDEX entry_page ON entry (page_id) WHERE page_id IS NOT NULL;
CREATE INDEX entry_link ON entry (source_id, link_hash) WHERE link_hash IS NOT NULL;

-- Links that several entries of a source have, so that they name none of them.
CREATE TABLE shared_link (
    source_id INTEGER NOT NULL REFERENCES source (id),
    link_hash INTEGER NOT NULL,
    seen_at   TEXT    NOT NULL,
    PRIMARY KEY (source_id, link_hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE poll (
    id          INTEGER NOT NULL PRIMARY KEY,
    source_id   INTEGER NOT NULL REFERENCES source (id),
    at          TEXT    NOT NULL,
    duration_ms INTEGER NOT NULL,
    status      INTEGER,
    outcome     TEXT    NOT NULL,
    code        TEXT,
    entries     INTEGER NOT NULL,
    new         INTEGER NOT NULL,
    known       INTEGER NOT NULL,
    skipped     INTEGER NOT NULL,
    bytes       INTEGER NOT NULL,
    next_why    TEXT    NOT NULL
) STRICT;
CREATE INDEX poll_source ON poll (source_id);

CREATE TABLE failure (
    id        INTEGER NOT NULL PRIMARY KEY,
    source_id INTEGER NOT NULL REFERENCES source (id),
    entry_id  INTEGER REFERENCES entry (id),
    at        TEXT    NOT NULL,
    -- 'poll' or 'page'.
    stage     TEXT    NOT NULL,
    code      TEXT    NOT NULL,
    grade     TEXT    NOT NULL,
    status    INTEGER,
    url       TEXT,
    message   TEXT    NOT NULL
) STRICT;
CREATE INDEX failure_source ON failure (source_id);

CREATE TABLE counter (
    source_id INTEGER NOT NULL REFERENCES source (id),
    name      TEXT    NOT NULL,
    value     INTEGER NOT NULL,
    PRIMARY KEY (source_id, name)
) STRICT, WITHOUT ROWID;

-- Requests of `cuttings` commands to the running daemon, which writes its answer here. Cleared at each start.
CREATE TABLE request (
    id       INTEGER NOT NULL PRIMARY KEY,
    command  TEXT    NOT NULL,
    argument TEXT    NOT NULL,
    answer   TEXT
) STRICT;
-- Progress of consumers: all changes up to seq were delivered. While an export is under way, upto is its end, so that a
-- repeated one has the same range.
CREATE TABLE consumer (
    name     TEXT    NOT NULL PRIMARY KEY,
    seq      INTEGER NOT NULL,
    upto     INTEGER,
    moved_at TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

-- Outputs of the daemon that failed, and messages that they refused.
CREATE TABLE output (
    name      TEXT    NOT NULL PRIMARY KEY,
    -- Failures in a row; 0 once it works again.
    failures  INTEGER NOT NULL,
    failed_at TEXT    NOT NULL,
    message   TEXT    NOT NULL,
    next_at   TEXT
) STRICT, WITHOUT ROWID;
CREATE TABLE dead_letter (
    id        INTEGER NOT NULL PRIMARY KEY,
    output    TEXT    NOT NULL,
    -- The changes of the message: later than after_seq, up to upto.
    after_seq INTEGER NOT NULL,
    upto      INTEGER NOT NULL,
    at        TEXT    NOT NULL,
    message   TEXT    NOT NULL
) STRICT;

CREATE TABLE rule_stat (
    source_id      INTEGER NOT NULL REFERENCES source (id),
    field          TEXT    NOT NULL,
    selector       TEXT    NOT NULL,
    hits           INTEGER NOT NULL,
    misses         INTEGER NOT NULL,
    last_miss_at   TEXT,
    -- Hit rates, 0 to 1; median length in characters; the last lengths as little-endian u32. See drift.rs.
    recent_rate    REAL    NOT NULL DEFAULT 0,
    usual_rate     REAL    NOT NULL DEFAULT 0,
    usual_length   REAL    NOT NULL DEFAULT 0,
    recent_lengths BLOB    NOT NULL DEFAULT x'',
    -- What fell, 'rate' or 'length', and since when; null if neither.
    drift          TEXT,
    drift_at       TEXT,
    PRIMARY KEY (source_id, field, selector)
) STRICT, WITHOUT ROWID;

CREATE VIEW articles AS
SELECT
    article.seq, article.id AS article_id, revision.url, revision.short_link, revision.title, revision.standfirst,
    revision.byline, revision.authors, revision.published, revision.published_at, revision.precision,
    revision.modified, revision.text, revision.html, revision.image, revision.image_width, revision.image_height,
    revision.language, revision.site, revision.section, revision.tags, revision.rights, revision.enclosures,
    source.name AS source, article.sources, revision.method, revision.kind, revision.origins, article.first_seen, revision.fetched_at,
    coalesce(article.cluster, article.id) AS cluster, article.provisional
FROM article
JOIN revision ON revision.id = article.revision_id
LEFT JOIN source ON source.id = revision.source_id
WHERE article.merged_into IS NULL AND article.deleted_at IS NULL;

CREATE VIEW revisions AS
SELECT
    revision.seq, revision.id AS revision_id, page.article_id, revision.url, revision.short_link, revision.title,
    revision.standfirst, revision.byline, revision.authors, revision.published, revision.published_at,
    revision.precision, revision.modified, revision.text, revision.html, revision.image,
    revision.image_width, revision.image_height, revision.language, revision.site, revision.section, revision.tags, revision.rights, revision.enclosures,
    source.name AS source, revision.method, revision.kind, revision.origins, revision.fetched_at
FROM revision
JOIN page ON page.id = revision.page_id
LEFT JOIN source ON source.id = revision.source_id
WHERE revision.seq IS NOT NULL;

CREATE VIEW aliases AS
SELECT page.article_id, alias.url, alias.key, alias.kind, alias.proof, alias.shared, alias.seen_at
FROM alias
JOIN page ON page.id = alias.page_id;

CREATE VIEW claims AS
SELECT page.article_id, page.url AS page_url, claim.kind, claim.url, claim.key, claim.seen_at
FROM claim
JOIN page ON page.id = claim.page_id;

-- Title and text of a source, where no page was had and readers see another text.
CREATE VIEW article_sources AS
SELECT
    page.article_id, source.name AS source, substr(entry.ident, instr(entry.ident, ':') + 1) AS entry, entry.first_seen,
    (SELECT own.title FROM revision AS own JOIN revision AS shown ON shown.id = article.revision_id
        WHERE own.page_id = page.id AND own.source_id = entry.source_id AND own.method = 'feed' AND shown.method = 'feed'
        AND (own.text <> shown.text OR coalesce(own.title, '') <> coalesce(shown.title, '')) ORDER BY own.id DESC LIMIT 1) AS title,
    (SELECT own.text FROM revision AS own JOIN revision AS shown ON shown.id = article.revision_id
        WHERE own.page_id = page.id AND own.source_id = entry.source_id AND own.method = 'feed' AND shown.method = 'feed'
        AND (own.text <> shown.text OR coalesce(own.title, '') <> coalesce(shown.title, '')) ORDER BY own.id DESC LIMIT 1) AS text
FROM entry
JOIN page ON page.id = entry.page_id
JOIN source ON source.id = entry.source_id
JOIN article ON article.id = page.article_id
UNION ALL
SELECT membership.article_id, source.name, NULL, membership.first_seen, NULL, NULL
FROM membership
JOIN source ON source.id = membership.source_id
JOIN article ON article.id = membership.article_id
WHERE membership.imported = 1 AND article.merged_into IS NULL AND article.deleted_at IS NULL;

-- DuckDB parses these views by itself. It fails on a function that it does not know, and reads every column as text where an
-- operator is written otherwise (LIKE). So the view with `strftime` is one of its own.
CREATE VIEW entries AS
SELECT
    source.name AS source, CASE WHEN substr(entry.ident, 1, 3) = 'id:' THEN substr(entry.ident, 4) END AS guid, entry.permalink,
    entry.url, entry.state, page.article_id, entry.published, entry.updated, entry.credit, entry.credit_url, entry.first_seen
FROM entry
JOIN source ON source.id = entry.source_id
LEFT JOIN page ON page.id = entry.page_id;

CREATE VIEW changes AS
SELECT change.seq, change.article_id, change.op, change.into_id, source.name AS source, change.at
FROM change
LEFT JOIN source ON source.id = change.source_id;

CREATE VIEW source_next AS
SELECT source.name, strftime('%Y-%m-%dT%H:%M:%SZ', source.next_at / 1000, 'unixepoch') AS next_at
FROM source;

CREATE VIEW sources AS
SELECT
    source.name, source.url, source.enabled, source.paused, source.configured, source.tags, source.title, source.site_url,
    source.language, source.rights, source.hubs, source.topic, source.schedule, source.timezone, source.first_seen, source.polled_at, source.succeeded_at,
    source_next.next_at, source.next_why,
    source.failures, source.failed_at, source.code, source.message, source.moved_to
FROM source
JOIN source_next ON source_next.name = source.name;
