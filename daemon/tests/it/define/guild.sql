-- A made-up app: each of its tables is there for one rule of `orgvaultd define`.
CREATE TABLE companies (id bigint PRIMARY KEY, title text NOT NULL, subdomain text, "createdAt" timestamptz, deleted_at timestamptz);

-- Two companies share a person; an avatar belongs to one company and must not pull the person into it.
CREATE TABLE files (id bigint PRIMARY KEY, company_id bigint REFERENCES companies, path text NOT NULL);
CREATE TABLE people (id bigint PRIMARY KEY, email text NOT NULL UNIQUE, password_hash text, avatar_id bigint REFERENCES files);
CREATE TABLE memberships (company_id bigint NOT NULL REFERENCES companies, person_id bigint NOT NULL REFERENCES people,
  role text, removed_at timestamptz, PRIMARY KEY (company_id, person_id));
CREATE TABLE logins (id bigint PRIMARY KEY, person_id bigint NOT NULL REFERENCES people, provider text, access_token text);
CREATE TABLE login_events (id bigint PRIMARY KEY, login_id bigint NOT NULL REFERENCES logins);

-- What all look up, and what nobody does.
CREATE TABLE currencies (code text PRIMARY KEY, name text);
CREATE TABLE settings (key text PRIMARY KEY, value text);
CREATE TABLE schema_migrations (version text PRIMARY KEY);

-- By a column's name alone; then over foreign keys, with names that have to be quoted.
CREATE TABLE boards (id uuid PRIMARY KEY, company_id bigint NOT NULL, currency_code text NOT NULL REFERENCES currencies,
  api_key text, settings jsonb, default_list_id bigint);
CREATE TABLE "Order" (id bigint PRIMARY KEY, board_id uuid NOT NULL REFERENCES boards, "from" text, "a ""quoted"" Name" text,
  search tsvector GENERATED ALWAYS AS (to_tsvector('simple', coalesce("from", ''))) STORED);
CREATE TABLE lists (id bigint PRIMARY KEY, board_id uuid NOT NULL REFERENCES boards, author_id bigint NOT NULL REFERENCES people);
ALTER TABLE boards ADD FOREIGN KEY (default_list_id) REFERENCES lists;
CREATE TABLE cards (id bigint PRIMARY KEY, list_id bigint NOT NULL REFERENCES lists);

-- Only the first comment of a thread names its card.
CREATE TABLE comments (id bigint PRIMARY KEY, parent_id bigint REFERENCES comments, card_id bigint REFERENCES cards, body text);
-- One of two is set.
CREATE TABLE uploads (id bigint PRIMARY KEY, card_id bigint REFERENCES cards, comment_id bigint REFERENCES comments);
-- May be NULL and never is.
CREATE TABLE estimates (id bigint PRIMARY KEY, card_id bigint REFERENCES cards);
-- A pair of columns names the row.
CREATE TABLE watchings (id bigint PRIMARY KEY, subject_type text NOT NULL, subject_id bigint NOT NULL);
-- No row proves anything.
CREATE TABLE activity_logs (id bigint PRIMARY KEY, entity_name text, entity_identifier bigint);

-- A row that names what belongs to another company.
CREATE TABLE labels (id bigint PRIMARY KEY, company_id bigint NOT NULL REFERENCES companies, name text);
CREATE TABLE card_labels (card_id bigint NOT NULL REFERENCES cards, label_id bigint NOT NULL REFERENCES labels, PRIMARY KEY (card_id, label_id));

-- Without a primary key; partitioned; and what is no table.
CREATE TABLE visits (company_id bigint NOT NULL REFERENCES companies, at timestamptz NOT NULL, page json);
CREATE TABLE events (id bigint NOT NULL, company_id bigint NOT NULL REFERENCES companies, PRIMARY KEY (id, company_id)) PARTITION BY RANGE (id);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (100);
CREATE VIEW open_cards AS SELECT * FROM cards;
CREATE MATERIALIZED VIEW all_cards AS SELECT * FROM cards;

INSERT INTO companies VALUES (1, 'Acme', 'acme', '2026-01-01 10:00Z', NULL), (2, 'Böse & Söhne', NULL, '2026-01-02 10:00Z', '2026-01-03 10:00Z');
INSERT INTO files VALUES (1, 1, 'a.png'), (2, 2, 'b.png'), (3, NULL, 'logo.png'), (4, 1, 'c.png');
INSERT INTO people VALUES (1, 'ada@example.org', 'x', 1), (2, 'bob@example.org', 'x', 2), (3, 'eve@example.org', 'x', 4);
INSERT INTO memberships VALUES (1, 1, 'owner', NULL), (1, 3, 'member', NULL), (2, 2, 'owner', NULL), (2, 3, 'member', NULL);
INSERT INTO logins VALUES (1, 1, 'github', 'secret'), (2, 2, 'github', 'secret');
INSERT INTO login_events VALUES (1, 1);
INSERT INTO currencies VALUES ('EUR', 'Euro'), ('USD', 'Dollar'), ('XAU', 'Gold');
INSERT INTO settings VALUES ('smtp', 'localhost');
INSERT INTO boards VALUES ('00000000-0000-0000-0000-000000000001', 1, 'EUR', 'k', '{"theme": "dark", "smtp": {"password": "x"}}', NULL),
  ('00000000-0000-0000-0000-000000000002', 2, 'USD', 'k', '{}', NULL);
INSERT INTO "Order" VALUES (1, '00000000-0000-0000-0000-000000000001', 'x', 'y'), (2, '00000000-0000-0000-0000-000000000002', 'x', 'y');
INSERT INTO lists VALUES (1, '00000000-0000-0000-0000-000000000001', 1), (2, '00000000-0000-0000-0000-000000000002', 2);
UPDATE boards SET default_list_id = company_id;
INSERT INTO cards VALUES (1, 1), (2, 2), (3, 1);
INSERT INTO comments VALUES (1, NULL, 1, 'root'), (2, 1, NULL, 'below'), (3, 2, NULL, 'deeper'), (4, NULL, 2, 'other'), (5, 4, NULL, 'below');
INSERT INTO uploads VALUES (1, 1, NULL), (2, NULL, 3), (3, NULL, 5), (4, 2, NULL);
INSERT INTO estimates VALUES (1, 1), (2, 2);
INSERT INTO watchings VALUES (1, 'Card', 1), (2, 'Card', 2), (3, 'Board::List', 2), (4, 'List', 1);
INSERT INTO labels VALUES (1, 1, 'red'), (2, 2, 'blue');
INSERT INTO card_labels VALUES (1, 1), (2, 2), (3, 2);
INSERT INTO visits VALUES (1, '2026-01-01 10:00Z', '{"a": 1}'), (1, '2026-01-01 10:00Z', '{"a": 0}'), (2, '2026-01-01 10:00Z', NULL);
INSERT INTO events VALUES (1, 1), (2, 2), (3, 2);
