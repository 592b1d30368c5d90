CREATE TYPE mood AS ENUM ('good', 'so, so');
CREATE TABLE people (id integer PRIMARY KEY, email text NOT NULL, invited_by integer REFERENCES people);
CREATE TABLE teams (id integer PRIMARY KEY, name text NOT NULL, slug text, settings jsonb);
CREATE TABLE members (
    name text PRIMARY KEY, team_id integer NOT NULL REFERENCES teams, person_id integer REFERENCES people,
    mood mood, since timestamptz, rate numeric, ratio double precision, photo bytea, tags text[]);
CREATE TABLE notes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, team_id integer NOT NULL REFERENCES teams,
    author text REFERENCES members, parent_id bigint REFERENCES notes, body text,
    words integer GENERATED ALWAYS AS (length(body)) STORED);
CREATE TABLE "Odd.Name ""x""" (id integer PRIMARY KEY, team_id integer NOT NULL, "A ""column"", odd" text);
CREATE TABLE sessions (token text PRIMARY KEY, team_id integer NOT NULL);

INSERT INTO people VALUES (3, 'c@x.test', NULL), (1, 'a@x.test', 3), (2, 'b@x.test', NULL);
INSERT INTO teams VALUES (1, 'Team 1', 'team-1', '{"b": 1, "a": [1.0]}'), (2, 'Team 2', 'team-2', NULL);
INSERT INTO members VALUES
    ('ann', 1, 1, 'so, so', 'infinity', 'NaN', '-0', '\x00ff', '{a,"b c",NULL}'),
    ('Bob', 1, NULL, NULL, '0044-03-15 12:00:00+00 BC', 1.50, 0.1::float8 + 0.2, '', '{}'),
    ('cleo', 2, 2, 'good', '2026-01-31 23:59:59.999999+02', 'Infinity', 'NaN', NULL, NULL);
INSERT INTO notes (id, team_id, author, parent_id, body) OVERRIDING SYSTEM VALUE VALUES
    (10, 1, 'ann', NULL, E'a line\n\\.\n"quoted", and more'), (11, 1, 'Bob', 10, '\N'), (12, 1, NULL, 11, ''),
    (13, 1, NULL, NULL, NULL), (21, 2, 'cleo', NULL, E'\r\n\t');
INSERT INTO "Odd.Name ""x""" VALUES (1, 1, 'x'), (2, 2, 'y');
INSERT INTO sessions VALUES ('hunter2', 1);
