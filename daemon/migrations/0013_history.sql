-- Lists are read in pages, the newest of an organization is found without reading all that it had,
-- and what has ended by when it did.
DROP INDEX exports_by_organization;
CREATE INDEX exports_by_organization ON exports (source, organization_id, position, kind, state);
CREATE INDEX exports_by_end ON exports (finished_at, position, state, source);
CREATE INDEX runs_by_end ON runs (finished_at);

ALTER TABLE archives ADD COLUMN kind TEXT GENERATED ALWAYS AS (json_extract(document, '$.organization.kind')) VIRTUAL;
ALTER TABLE archives ADD COLUMN slug TEXT GENERATED ALWAYS AS (json_extract(document, '$.organization.slug')) VIRTUAL;
-- The entity, or nothing at all: a null comes neither before nor after another value.
ALTER TABLE archives ADD COLUMN part TEXT GENERATED ALWAYS AS (coalesce(json_extract(document, '$.entity'), '')) VIRTUAL;
DROP INDEX archives_by_group;
CREATE INDEX archives_by_group ON archives (source, organization_id, format, part, importable, exported_at, gid);
DROP INDEX archives_by_organization;
CREATE INDEX archives_by_organization ON archives (source, organization_id, kind, gid, bytes);
CREATE INDEX archives_by_source ON archives (source, gid);
CREATE INDEX archives_by_id ON archives (organization_id);
CREATE INDEX archives_by_slug ON archives (slug);
