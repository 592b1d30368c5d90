-- What each source listed when it was asked last, so that its organizations are known while it does not answer.
-- Times are microseconds since 1970-01-01T00:00:00Z.
CREATE TABLE listings (
    source TEXT    NOT NULL PRIMARY KEY,
    at     INTEGER NOT NULL
) STRICT;
CREATE TABLE listed (
    source     TEXT    NOT NULL,
    place      INTEGER NOT NULL, -- the order in which the source lists them
    kind       TEXT    NOT NULL,
    id         TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    slug       TEXT    NOT NULL,
    created_at INTEGER,
    deleted_at INTEGER,
    in_all     INTEGER NOT NULL,
    PRIMARY KEY (source, place)
) STRICT, WITHOUT ROWID;
-- A canceled export is no failure, and is looked for by its code.
ALTER TABLE exports ADD COLUMN error_code TEXT
    GENERATED ALWAYS AS (CASE WHEN json_valid(error) THEN json_extract(error, '$.code') END) VIRTUAL;
