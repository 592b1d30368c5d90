-- Archives of one organization, format and entity belong together (seeds for the importer apart): retention and health ask for the newest of each.
ALTER TABLE archives ADD COLUMN format TEXT GENERATED ALWAYS AS (json_extract(document, '$.format')) VIRTUAL;
ALTER TABLE archives ADD COLUMN entity TEXT GENERATED ALWAYS AS (json_extract(document, '$.entity')) VIRTUAL;
ALTER TABLE archives ADD COLUMN importable INTEGER GENERATED ALWAYS AS (coalesce(json_extract(document, '$.importable'), 0)) VIRTUAL;
CREATE INDEX archives_by_group ON archives (source, organization_id, format, entity, importable, exported_at, gid);
