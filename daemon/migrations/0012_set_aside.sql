-- Rows that could not be read, as they were; what stood for them was mended or removed.
CREATE TABLE set_aside (
    at     INTEGER NOT NULL, -- microseconds since 1970-01-01T00:00:00Z
    origin TEXT    NOT NULL, -- the table that it was in
    why    TEXT    NOT NULL,
    row    TEXT    NOT NULL  -- JSON: its columns
) STRICT;
