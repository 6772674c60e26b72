-- Schema 5: views that DuckDB understands. It reads their words itself; where it knows a function not, or writes an operator
-- in its own way (LIKE), it fails, or takes every column for text.

DROP VIEW entries;
CREATE VIEW entries AS
SELECT
    source.name AS source, CASE WHEN substr(entry.ident, 1, 3) = 'id:' THEN substr(entry.ident, 4) END AS guid, entry.permalink,
    entry.url, entry.state, page.article_id, entry.updated, entry.credit, entry.credit_url, entry.first_seen
FROM entry
JOIN source ON source.id = entry.source_id
LEFT JOIN page ON page.id = entry.page_id;

-- What it does not know stands apart, as a part of `sources`.
CREATE VIEW source_next AS
SELECT source.name, strftime('%Y-%m-%dT%H:%M:%SZ', source.next_at / 1000, 'unixepoch') AS next_at
FROM source;

DROP VIEW sources;
CREATE VIEW sources AS
SELECT
    source.name, source.url, source.enabled, source.paused, source.configured, source.tags, source.title, source.site_url,
    source.language, source.rights, source.hubs, source.topic, source.schedule, source.timezone, source.first_seen, source.polled_at, source.succeeded_at,
    source_next.next_at, source.next_why,
    source.failures, source.failed_at, source.code, source.message, source.moved_to
FROM source
JOIN source_next ON source_next.name = source.name;
