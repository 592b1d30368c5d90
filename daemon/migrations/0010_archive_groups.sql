-- Archives of one organization, format and entity belong together: retention and health ask for the newest of each.
ALTER TABLE archives ADD COLUMN format TEXT GENERATED ALWAYS AS (json_extract(document, '$.format')) VIRTUAL;
ALTER TABLE archives ADD COLUMN entity TEXT GENERATED ALWAYS AS (json_extract(document, '$.entity')) VIRTUAL;
CREATE INDEX archives_by_group ON archives (source, organization_id, format, entity, exported_at, gid);
