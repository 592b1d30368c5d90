-- What the last look at each source's coverage found. Times are microseconds since 1970-01-01T00:00:00Z.
CREATE TABLE coverage (
    source   TEXT    NOT NULL PRIMARY KEY,
    at       INTEGER NOT NULL,
    sections INTEGER NOT NULL, -- that were looked at; 0 where the look failed
    failed   INTEGER NOT NULL, -- of these, that were not as meant
    message  TEXT              -- what was not
) STRICT;
