-- The id by which the marker of the archive directory names this catalog.
CREATE TABLE identity (
    id TEXT NOT NULL
) STRICT;
INSERT INTO identity VALUES (lower(hex(randomblob(16))));
