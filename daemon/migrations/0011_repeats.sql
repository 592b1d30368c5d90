-- Requests that their clients may repeat under a key; kept for a day.
CREATE TABLE repeats (
    caller  TEXT    NOT NULL,
    key     TEXT    NOT NULL,
    asked   TEXT    NOT NULL, -- JSON: what for
    request INTEGER NOT NULL, -- the exports that were made
    since   INTEGER NOT NULL, -- microseconds since 1970-01-01T00:00:00Z
    PRIMARY KEY (caller, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX repeats_by_age ON repeats (since);
