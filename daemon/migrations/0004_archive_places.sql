-- The directory of an archive's file below archive_dir: what a change there asks for.
ALTER TABLE archives ADD COLUMN place TEXT NOT NULL DEFAULT '';
UPDATE archives SET place = rtrim(rtrim(json_extract(document, '$.path'), replace(json_extract(document, '$.path'), '/', '')), '/');
CREATE INDEX archives_by_place ON archives (place);
