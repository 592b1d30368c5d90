-- Drills: restores into a scratch database that nobody keeps. Times are microseconds since 1970-01-01T00:00:00Z.
CREATE TABLE drills (
    gid             INTEGER NOT NULL PRIMARY KEY,
    archive         INTEGER NOT NULL,
    source          TEXT    NOT NULL,
    kind            TEXT    NOT NULL,
    organization_id TEXT    NOT NULL,
    state           TEXT    NOT NULL, -- pending, started, ended
    verdict         TEXT,             -- passed, failed, inconclusive
    ended_at        INTEGER,
    document        TEXT    NOT NULL  -- the drill, as the API shows it
) STRICT;

CREATE INDEX drills_open ON drills (gid) WHERE state <> 'ended';
CREATE INDEX drills_of ON drills (source, kind, organization_id, verdict, gid);

-- How far the drills of the configuration were followed.
CREATE TABLE drill_schedules (
    name     TEXT    NOT NULL PRIMARY KEY,
    calendar TEXT    NOT NULL, -- its cron expression and time zone
    since    INTEGER           -- what was due up to here is dealt with; none while it is off
) STRICT;
