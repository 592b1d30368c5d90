-- Jobs of apps whose export API a source is. Written before the app is asked, so that none is asked for twice.
-- Times are microseconds since 1970-01-01T00:00:00Z.
CREATE TABLE jobs (
    id              INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    source          TEXT    NOT NULL,
    kind            TEXT    NOT NULL,
    organization_id TEXT    NOT NULL,
    format          TEXT    NOT NULL,
    state           TEXT    NOT NULL, -- requested, waiting, finished, over
    requested_at    INTEGER NOT NULL,
    remote_id       TEXT,
    document        TEXT    NOT NULL  -- the job, as the API shows it
) STRICT;

-- One that is not over is gone on with: there is never a second one beside it.
CREATE UNIQUE INDEX jobs_open ON jobs (source, kind, organization_id, format) WHERE state <> 'over';
