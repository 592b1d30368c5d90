-- Times are microseconds since 1970-01-01T00:00:00Z.
CREATE TABLE exports (
    position        INTEGER PRIMARY KEY AUTOINCREMENT, -- the order in which they were asked for
    gid             INTEGER NOT NULL UNIQUE,
    request         INTEGER NOT NULL,
    source          TEXT    NOT NULL,
    kind            TEXT    NOT NULL,
    organization_id TEXT    NOT NULL,
    name            TEXT    NOT NULL,
    slug            TEXT    NOT NULL,
    format          TEXT    NOT NULL,
    entity          TEXT,
    gzip            INTEGER NOT NULL,
    state           TEXT    NOT NULL CHECK (state IN ('pending', 'started', 'finished', 'error')),
    created_at      INTEGER NOT NULL,
    started_at      INTEGER,
    finished_at     INTEGER,
    error           TEXT,             -- JSON: code, message, hint
    warnings        TEXT    NOT NULL, -- JSON
    counts          TEXT    NOT NULL, -- JSON
    bytes           INTEGER,
    requested_by    TEXT    NOT NULL
) STRICT;
CREATE INDEX exports_by_state ON exports (state);
CREATE INDEX exports_by_request ON exports (request);
CREATE INDEX exports_by_organization ON exports (source, organization_id);

-- An index of the archive directory, which can be rebuilt from the manifests.
CREATE TABLE archives (
    gid             INTEGER PRIMARY KEY,
    source          TEXT    NOT NULL,
    organization_id TEXT    NOT NULL,
    exported_at     INTEGER NOT NULL,
    bytes           INTEGER NOT NULL,
    document        TEXT    NOT NULL -- JSON: the archive as the API shows it, its path relative
) STRICT;
CREATE INDEX archives_by_organization ON archives (source, organization_id, exported_at);
