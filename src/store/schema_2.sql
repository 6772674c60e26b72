-- The size of the lead image.

ALTER TABLE revision ADD COLUMN image_width INTEGER;
ALTER TABLE revision ADD COLUMN image_height INTEGER;

DROP VIEW articles;
DROP VIEW revisions;

CREATE VIEW articles AS
SELECT
    article.seq, article.id AS article_id, revision.url, revision.short_link, revision.title, revision.standfirst,
    revision.byline, revision.authors, revision.published, revision.published_at, revision.precision,
    revision.modified, revision.text, revision.html, revision.image, revision.image_width,
    revision.image_height, revision.language, revision.site, revision.section, revision.tags, revision.rights, revision.enclosures,
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
