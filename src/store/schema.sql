-- The whole schema. Readers may rely on the views at the end, documented column by column in docs/schema.md. The tables
-- are internal.
--
-- Two kinds of time: text is RFC 3339 in UTC with whole seconds, for people; integers are milliseconds since 1970, for
-- the schedule.

CREATE TABLE meta (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The last number given to a change. One row, counted up inside the transaction of the change.
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
    id             INTEGER NOT NULL PRIMARY KEY,
    name           TEXT    NOT NULL UNIQUE,
    url            TEXT    NOT NULL,
    host           TEXT    NOT NULL,
    -- Whether it is polled: the configuration wants it and nobody has paused it.
    enabled        INTEGER NOT NULL,
    config_enabled INTEGER NOT NULL DEFAULT 1,
    paused         INTEGER NOT NULL DEFAULT 0,
    -- 0: no longer in the configuration; its state waits for it.
    configured     INTEGER NOT NULL,
    schedule       TEXT    NOT NULL,
    timezone       TEXT    NOT NULL,
    tags           TEXT    NOT NULL DEFAULT '[]',
    -- Which articles and revisions are kept: so long (milliseconds) or so many, null: all; 'all', 'latest', 'first'.
    keep_for       INTEGER,
    keep_newest    INTEGER,
    revisions      TEXT    NOT NULL DEFAULT 'all',
    -- Ages at which pages are looked at again: a JSON list of milliseconds.
    revisit        TEXT    NOT NULL DEFAULT '[]',
    first_seen     TEXT    NOT NULL,
    next_at        INTEGER NOT NULL,
    next_why       TEXT    NOT NULL DEFAULT '',
    -- The URL that the validators and the hash belong to.
    validators_url TEXT,
    -- The URL that answered last, where redirects led: the validators are sent there only.
    final_url      TEXT,
    etag           BLOB,
    last_modified  BLOB,
    body_hash      BLOB,
    failures       REAL    NOT NULL DEFAULT 0,
    crashes        INTEGER NOT NULL DEFAULT 0,
    lease_run    INTEGER,
    lease_claim  INTEGER,
    -- When it was last claimed: `--all` asks each source once.
    claimed_at       INTEGER,
    -- 1: a poll was asked for while one was under way; 2: of the whole document.
    repoll         INTEGER NOT NULL DEFAULT 0,
    polled_at      TEXT,
    succeeded_at   TEXT,
    -- The last failure, until a success.
    failed_at      TEXT,
    code           TEXT,
    message        TEXT,
    -- What permanent redirects lead to, since when, in how many polls in a row; and the address once that is believed.
    moved_to       TEXT,
    moved_since    INTEGER,
    moved_polls    INTEGER NOT NULL DEFAULT 0,
    permanent_url  TEXT,
    -- 410: not asked again until it is switched on anew or has another URL.
    gone           INTEGER NOT NULL DEFAULT 0,
    -- 1: its pages are fetched without asking robots.txt.
    ignore_robots  INTEGER NOT NULL DEFAULT 0,
    -- What the schedule remembers: see schedule::Rhythm; the wishes of the last document as JSON.
    rhythm         BLOB,
    hints          TEXT    NOT NULL DEFAULT '{}',
    -- When it was last asked without validators.
    unconditional_at INTEGER,
    -- How its document is read; what was read in another way says nothing of it.
    document_kind  TEXT    NOT NULL DEFAULT 'feed',
    -- Of an index of sitemaps: what is known of each, as JSON.
    sitemaps       TEXT    NOT NULL DEFAULT '[]',
    -- By what entries are known, why not by better, and the names of the last document: see identity::identifier.
    identified_by  TEXT    NOT NULL DEFAULT 'id',
    identified_why TEXT,
    last_names     BLOB    NOT NULL DEFAULT x'',
    title          TEXT,
    site_url       TEXT,
    language       TEXT,
    rights         TEXT,
    -- WebSub: a JSON list, and the address by which they know the feed.
    hubs           TEXT    NOT NULL DEFAULT '[]',
    topic          TEXT
) STRICT;
-- Those that are being polled are few, and stay in these: each change of an index costs more than to pass over them.
CREATE INDEX source_due ON source (next_at) WHERE enabled = 1 AND gone = 0;
CREATE INDEX source_url ON source (coalesce(permanent_url, url)) WHERE enabled = 1 AND gone = 0;
CREATE INDEX source_claimed_at ON source (claimed_at) WHERE enabled = 1 AND gone = 0;
CREATE INDEX source_lease ON source (lease_run, lease_claim) WHERE lease_run IS NOT NULL;

-- What a host told us, for its feeds and pages alike. The host '' serves entries that need no page.
CREATE TABLE host (
    name        TEXT    NOT NULL PRIMARY KEY,
    -- Trouble: nothing is asked before.
    backoff_until  INTEGER NOT NULL DEFAULT 0,
    -- As far as the server itself named the time.
    retry_after INTEGER NOT NULL DEFAULT 0,
    -- Troubles in a row.
    failures    INTEGER NOT NULL DEFAULT 0,
    code        TEXT,
    -- No page before: the gap between two pages.
    next_page_at     INTEGER NOT NULL DEFAULT 0,
    -- The source served last: sources take turns.
    last_source_id INTEGER NOT NULL DEFAULT 0,
    -- When an entry of this host can next be claimed; null: none waits, or one is being collected. Derived, see queue.rs.
    ready_at    INTEGER,
    updated_at  TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX host_ready ON host (ready_at, name) WHERE ready_at IS NOT NULL;

-- What origins answered for robots.txt: kept, so that a restart asks nobody again.
CREATE TABLE robots (
    origin     TEXT    NOT NULL,
    -- By which way and under which name it was asked; '': the straight one, under ours.
    transport  TEXT    NOT NULL DEFAULT '',
    fetched_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    -- null: there was no answer.
    status     INTEGER,
    body       BLOB    NOT NULL,
    -- `Sitemap:` lines, a JSON list: where a site without a feed may be found.
    sitemaps   TEXT    NOT NULL DEFAULT '[]',
    PRIMARY KEY (origin, transport)
) STRICT, WITHOUT ROWID;

CREATE TABLE article (
    id          INTEGER NOT NULL PRIMARY KEY,
    source_id   INTEGER REFERENCES source (id),
    first_seen  TEXT    NOT NULL,
    -- Of its last change.
    seq         INTEGER NOT NULL,
    -- What readers see.
    revision_id INTEGER REFERENCES revision (id),
    -- The revision whose words are in the index; null: none.
    indexed_id  INTEGER,
    -- When that was published, else fetched, in seconds since 1970: what a search sorts by.
    shown_at    INTEGER,
    -- The article that this one tells the story of, on another site or on the same; null: itself.
    cluster     INTEGER,
    -- Of its text: a sample by which texts that are nearly the same are found (cluster.rs); null: too short to tell.
    sketch      BLOB,
    -- A tombstone: what became of it.
    merged_into INTEGER REFERENCES article (id),
    deleted_at  TEXT,
    -- 'takedown': nothing of it is ever stored again; 'expired': it exceeded what its source keeps.
    deleted_why TEXT
) STRICT;
CREATE INDEX article_seq ON article (seq);
CREATE INDEX article_shown ON article (shown_at) WHERE shown_at IS NOT NULL;
CREATE INDEX article_source ON article (source_id, first_seen) WHERE merged_into IS NULL AND deleted_at IS NULL;
-- So that a revision can be dropped without looking through all articles.
CREATE INDEX article_revision ON article (revision_id);
CREATE INDEX article_merged ON article (merged_into) WHERE merged_into IS NOT NULL;

-- A page is what one final URL serves. Pages that share an unshared key are one article.
CREATE TABLE page (
    id         INTEGER NOT NULL PRIMARY KEY,
    article_id INTEGER NOT NULL REFERENCES article (id),
    source_id  INTEGER REFERENCES source (id),
    page_key   TEXT    NOT NULL UNIQUE,
    url        TEXT    NOT NULL,
    first_seen TEXT    NOT NULL,
    -- When it was last asked for; null: only the feed's text is had.
    requested_at       INTEGER,
    -- Of the answer that was last taken in whole, and the URL that gave them.
    etag           BLOB,
    last_modified  BLOB,
    validators_url TEXT
) STRICT;
CREATE INDEX page_article ON page (article_id);

CREATE TABLE revision (
    -- Never given again, though revisions are dropped.
    id           INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    page_id      INTEGER NOT NULL REFERENCES page (id),
    source_id    INTEGER REFERENCES source (id),
    -- When readers were told; null: another page of the article that says the same.
    seq          INTEGER,
    fetched_at   TEXT    NOT NULL,
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

-- Two trees only. The primary key serves every look-up: what a key names (shared = 0, the oldest page first), and whether
-- it is shared.
CREATE TABLE alias (
    key     TEXT    NOT NULL,
    kind    TEXT    NOT NULL,
    page_id INTEGER NOT NULL REFERENCES page (id),
    url     TEXT    NOT NULL,
    -- 1: seen on pages with different texts, names nothing.
    shared  INTEGER NOT NULL,
    seen_at TEXT    NOT NULL,
    PRIMARY KEY (key, shared, page_id, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX alias_page ON alias (page_id);

CREATE TABLE change (
    seq        INTEGER NOT NULL PRIMARY KEY,
    article_id INTEGER NOT NULL REFERENCES article (id),
    op         TEXT    NOT NULL CHECK (op = 'new' OR op = 'revised' OR op = 'merged' OR op = 'deleted'),
    into_id    INTEGER REFERENCES article (id),
    at         TEXT    NOT NULL
) STRICT;

CREATE TABLE raw_page (
    page_id    INTEGER NOT NULL PRIMARY KEY REFERENCES page (id),
    fetched_at TEXT    NOT NULL,
    status     INTEGER NOT NULL,
    headers    TEXT    NOT NULL,
    -- As it was sent where it came compressed, with the content codings in the order they were applied; else zstd.
    codings    TEXT    NOT NULL,
    body       BLOB    NOT NULL,
    -- Bytes without them.
    length     INTEGER NOT NULL,
    expires    INTEGER
) STRICT;
CREATE INDEX raw_page_expires ON raw_page (expires) WHERE expires IS NOT NULL;

-- Words of what readers see; rowid is the article. Has no text of its own, and no `contentless_delete`: that needs SQLite
-- 3.43, and people have older ones; what is taken out of it must be told with the words that went in. Scripts without spaces are cut into pairs
-- before (script.rs). Signs that join letters are letters: without them Indic words fall apart. The last column holds one
-- word that nobody types, made of source.id, so that what one source says of a common word is found without looking at the rest.
CREATE VIRTUAL TABLE search USING fts5 (
    title, standfirst, text, source, content = '',
    tokenize = "unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'"
);
-- The words of a whole transaction are gathered before they are written, and sixteen parts of the index are merged at a
-- time, not four: each word is then written less often.
INSERT INTO search (search, rank) VALUES ('hashsize', 4194304), ('automerge', 16), ('crisismerge', 64);
-- Articles whose words are to be indexed anew, at the end of the same transaction.
CREATE TABLE search_due (
    article_id INTEGER NOT NULL PRIMARY KEY
) STRICT;

-- The queue between the two halves. An entry waits while next_at is set and nobody holds it.
CREATE TABLE entry (
    id            INTEGER NOT NULL PRIMARY KEY,
    source_id     INTEGER NOT NULL REFERENCES source (id),
    ident         TEXT    NOT NULL,
    state         TEXT    NOT NULL CHECK (state = 'pending' OR state = 'done' OR state = 'known' OR state = 'seen' OR state = 'unwanted'),
    host          TEXT    NOT NULL DEFAULT '',
    url           TEXT,
    -- What the feed said, as JSON; dropped once it is collected.
    payload       TEXT,
    page_id       INTEGER REFERENCES page (id),
    -- What is stored of its article: see model::TextState.
    text_state    TEXT    NOT NULL DEFAULT 'missing' CHECK (text_state = 'missing' OR text_state = 'feed'
                  OR text_state = 'feed-retry' OR text_state = 'partial' OR text_state = 'revisit'
                  OR text_state = 'changed' OR text_state = 'final'),
    attempts      INTEGER NOT NULL DEFAULT 0,
    crashes       INTEGER NOT NULL DEFAULT 0,
    next_at       INTEGER,
    -- next_at while its source is switched off.
    parked_at     INTEGER,
    lease_run   INTEGER,
    lease_claim INTEGER,
    -- When its page was first had whole: its ages count from then.
    first_fetched_at        INTEGER,
    -- Times in a row that the feed said it changed, and it had not.
    unchanged_updates       INTEGER NOT NULL DEFAULT 0,
    -- As the feed wrote it, in UTC.
    updated       TEXT,
    -- Whether its id is its address (`guid`), and the feed it was taken over from (`source`).
    permalink     INTEGER,
    credit        TEXT,
    credit_url    TEXT,
    first_seen    TEXT    NOT NULL,
    UNIQUE (source_id, ident)
) STRICT;
CREATE INDEX entry_host_source ON entry (host, source_id, next_at) WHERE next_at IS NOT NULL AND lease_run IS NULL;
CREATE INDEX entry_next ON entry (host, next_at) WHERE next_at IS NOT NULL AND lease_run IS NULL;
CREATE INDEX entry_lease ON entry (host) WHERE lease_run IS NOT NULL;
CREATE INDEX entry_pending ON entry (source_id, next_at, lease_run) WHERE state = 'pending';
CREATE INDEX entry_page ON entry (page_id) WHERE page_id IS NOT NULL;

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

-- What a person asks of a running daemon; it answers in the row, and a start clears them.
CREATE TABLE request (
    id       INTEGER NOT NULL PRIMARY KEY,
    command  TEXT    NOT NULL,
    argument TEXT    NOT NULL,
    answer   TEXT
) STRICT;
-- What was delivered to whom: all changes up to seq. While an export is under way, upto is where it ends, so that one
-- that is begun again has the same range.
CREATE TABLE consumer (
    name     TEXT    NOT NULL PRIMARY KEY,
    seq      INTEGER NOT NULL,
    upto     INTEGER,
    moved_at TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

-- Outputs of the daemon that failed, and what they could not be given.
CREATE TABLE output (
    name      TEXT    NOT NULL PRIMARY KEY,
    -- In a row; 0: it works again.
    failures  INTEGER NOT NULL,
    failed_at TEXT    NOT NULL,
    message   TEXT    NOT NULL,
    next_at   TEXT
) STRICT, WITHOUT ROWID;
CREATE TABLE dead_letter (
    id        INTEGER NOT NULL PRIMARY KEY,
    output    TEXT    NOT NULL,
    -- The changes in it: those later than after_seq up to upto.
    after_seq INTEGER NOT NULL,
    upto      INTEGER NOT NULL,
    at        TEXT    NOT NULL,
    message   TEXT    NOT NULL
) STRICT;

CREATE TABLE rule_stat (
    source_id    INTEGER NOT NULL REFERENCES source (id),
    field        TEXT    NOT NULL,
    selector     TEXT    NOT NULL,
    hits         INTEGER NOT NULL,
    misses       INTEGER NOT NULL,
    last_miss_at TEXT,
    -- Hit rate, 0 to 1, of late and usually; the usual median of lengths in characters and the last lengths: see drift.rs.
    recent_rate    REAL    NOT NULL DEFAULT 0,
    usual_rate     REAL    NOT NULL DEFAULT 0,
    usual_length   REAL    NOT NULL DEFAULT 0,
    recent_lengths BLOB    NOT NULL DEFAULT x'',
    -- What fell, `rate` or `length`, and since when; null: it finds what it used to.
    drift        TEXT,
    drift_at     TEXT,
    PRIMARY KEY (source_id, field, selector)
) STRICT, WITHOUT ROWID;

CREATE VIEW articles AS
SELECT
    article.seq, article.id AS article_id, revision.url, revision.short_link, revision.title, revision.standfirst,
    revision.byline, revision.authors, revision.published, revision.published_at, revision.precision,
    revision.modified, revision.text, revision.html, revision.image, revision.image_width, revision.image_height,
    revision.language, revision.site, revision.section, revision.tags, revision.rights, revision.enclosures,
    source.name AS source, revision.method, revision.kind, revision.origins, article.first_seen, revision.fetched_at,
    coalesce(article.cluster, article.id) AS cluster
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
SELECT page.article_id, alias.url, alias.key, alias.kind, alias.shared, alias.seen_at
FROM alias
JOIN page ON page.id = alias.page_id;

-- DuckDB parses these views by itself. It fails on a function that it does not know, and reads every column as text where an
-- operator is written otherwise (LIKE). So the view with `strftime` is one of its own.
CREATE VIEW entries AS
SELECT
    source.name AS source, CASE WHEN substr(entry.ident, 1, 3) = 'id:' THEN substr(entry.ident, 4) END AS guid, entry.permalink,
    entry.url, entry.state, page.article_id, entry.updated, entry.credit, entry.credit_url, entry.first_seen
FROM entry
JOIN source ON source.id = entry.source_id
LEFT JOIN page ON page.id = entry.page_id;

CREATE VIEW changes AS
SELECT change.seq, change.article_id, change.op, change.into_id, change.at
FROM change;

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
