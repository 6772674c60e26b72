-- Schema 3.

-- Sixteen parts of the index of words are merged at a time, not eight: each word is written less often.
INSERT INTO search (search, rank) VALUES ('crisismerge', 64), ('automerge', 16);

-- A key was written into four trees, each at a place of its own; now it is in two, and the first serves every
-- look-up: what a key names (shared = 0, the oldest page first) and whether it is shared.
DROP VIEW aliases;
DROP INDEX alias_page;
DROP INDEX alias_names;
DROP INDEX alias_shared;
ALTER TABLE alias RENAME TO alias_1;
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
INSERT INTO alias (key, kind, page_id, url, shared, seen_at)
SELECT key, kind, page_id, url, shared, seen_at FROM alias_1 ORDER BY key, shared, page_id, kind;
DROP TABLE alias_1;
CREATE INDEX alias_page ON alias (page_id);
CREATE VIEW aliases AS
SELECT page.article_id, alias.url, alias.key, alias.kind, alias.shared, alias.seen_at
FROM alias
JOIN page ON page.id = alias.page_id;
