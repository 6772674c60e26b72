-- Schema 4: kept pages are packed anew when there is nothing else to do.

-- What pages of a source have in common: pages are packed with it, and unpacked with it.
CREATE TABLE raw_dictionary (
    -- Never given again: a page names it.
    id        INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    source_id INTEGER NOT NULL REFERENCES source (id),
    made_at   TEXT    NOT NULL,
    -- How many it was made of.
    pages     INTEGER NOT NULL,
    -- zstd, and how many bytes without.
    body      BLOB    NOT NULL,
    length    INTEGER NOT NULL,
    -- 1: an article of the source was taken down since. Nothing more is packed with it, and what is gets unpacked.
    retired   INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX raw_dictionary_source ON raw_dictionary (retired, source_id);

-- Null: packed without one.
ALTER TABLE raw_page ADD COLUMN dictionary INTEGER REFERENCES raw_dictionary (id);
CREATE INDEX raw_page_dictionary ON raw_page (dictionary) WHERE dictionary IS NOT NULL;

-- Raw pages that nobody has tried to make smaller yet, by the source they came by. The page may be gone by now.
CREATE TABLE raw_page_due (
    source_id INTEGER NOT NULL,
    page_id   INTEGER NOT NULL,
    PRIMARY KEY (source_id, page_id)
) STRICT, WITHOUT ROWID;
INSERT INTO raw_page_due (source_id, page_id)
SELECT page.source_id, page.id FROM raw_page JOIN page ON page.id = raw_page.page_id WHERE page.source_id IS NOT NULL;

-- Readers such as DuckDB parse a view and write it anew, and know no LIKE of SQLite's.
DROP VIEW entries;
CREATE VIEW entries AS
SELECT
    source.name AS source, iif(substr(entry.ident, 1, 3) = 'id:', substr(entry.ident, 4), NULL) AS guid, entry.permalink,
    entry.url, entry.state, page.article_id, entry.updated, entry.credit, entry.credit_url, entry.first_seen
FROM entry
JOIN source ON source.id = entry.source_id
LEFT JOIN page ON page.id = entry.page_id;
