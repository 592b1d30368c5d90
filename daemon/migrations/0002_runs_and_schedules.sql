-- What is known of each configured schedule; times are microseconds since 1970-01-01T00:00:00Z.
CREATE TABLE schedules (
    name     TEXT    NOT NULL PRIMARY KEY,
    calendar TEXT    NOT NULL,             -- its cron expression and zone, as they were when it was last looked at
    since    INTEGER,                      -- what was due up to here is dealt with; null while it is off or paused
    paused   INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE runs (
    gid           INTEGER PRIMARY KEY,
    schedule      TEXT    NOT NULL,
    trigger       TEXT    NOT NULL CHECK (trigger IN ('due', 'missed', 'asked')),
    due_at        INTEGER NOT NULL,
    started_at    INTEGER NOT NULL,
    finished_at   INTEGER,
    organizations INTEGER NOT NULL DEFAULT 0,
    unlisted      TEXT    NOT NULL,        -- JSON: the sources that have to be asked for their organizations yet
    failures      TEXT    NOT NULL DEFAULT '[]', -- JSON: the sources that did not answer
    warnings      TEXT    NOT NULL DEFAULT '[]'  -- JSON
) STRICT;
-- A schedule has one run at a time.
CREATE UNIQUE INDEX runs_open ON runs (schedule) WHERE finished_at IS NULL;
CREATE INDEX runs_by_schedule ON runs (schedule, gid);

ALTER TABLE exports ADD COLUMN schedule TEXT;
ALTER TABLE exports ADD COLUMN attempt INTEGER NOT NULL DEFAULT 1;
ALTER TABLE exports ADD COLUMN not_before INTEGER;
DROP INDEX exports_by_request;
CREATE INDEX exports_by_request ON exports (request, source, organization_id);
-- However often it is tried, a run gets one archive of each kind from an organization.
CREATE UNIQUE INDEX exports_once_in_a_run ON exports (request, source, organization_id, format, coalesce(entity, ''))
    WHERE schedule IS NOT NULL AND state = 'finished';
