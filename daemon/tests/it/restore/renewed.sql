-- An app whose ids are UUIDs, texts and numbers, two teams, and whatever names an id in a way of its own.
CREATE EXTENSION hstore;
CREATE TABLE users (id uuid PRIMARY KEY, email text NOT NULL, current_team uuid);
CREATE TABLE teams (id uuid PRIMARY KEY, name text NOT NULL, slug text NOT NULL, owner_id uuid);
CREATE TABLE boards (
  id varchar(30) PRIMARY KEY, team_id uuid NOT NULL REFERENCES teams, name text NOT NULL, first_card bigint NOT NULL,
  public_id uuid UNIQUE);
CREATE TABLE cards (
  id bigint GENERATED ALWAYS AS IDENTITY (INCREMENT 3) PRIMARY KEY, board_id varchar(30) NOT NULL REFERENCES boards,
  parent_id bigint REFERENCES cards, number integer NOT NULL, title text, about jsonb, tags hstore, refs text[],
  link text GENERATED ALWAYS AS ('/c/' || id) STORED, UNIQUE (board_id, number));
ALTER TABLE boards ADD FOREIGN KEY (first_card) REFERENCES cards;
CREATE TABLE seen (
  card_id bigint, user_id uuid REFERENCES users, team_id uuid NOT NULL, PRIMARY KEY (card_id, user_id));
CREATE TABLE counters (team_id uuid PRIMARY KEY, next integer NOT NULL);
CREATE TABLE labels (id serial PRIMARY KEY, team_id uuid NOT NULL REFERENCES teams, name text NOT NULL);
CREATE TABLE rates (kind text, id integer, team_id uuid NOT NULL, value numeric, PRIMARY KEY (kind, id));

INSERT INTO users VALUES
  ('00000000-0000-4000-8000-000000000001', 'ada@example.org', 'aaaaaaaa-0000-4000-8000-000000000001'),
  ('00000000-0000-4000-8000-000000000002', 'bob@example.org', NULL);
INSERT INTO teams VALUES
  ('aaaaaaaa-0000-4000-8000-000000000001', 'Acme', 'acme', '00000000-0000-4000-8000-000000000001'),
  ('bbbbbbbb-0000-4000-8000-000000000001', 'Bolt', 'bolt', '00000000-0000-4000-8000-000000000002');
WITH b AS (
  INSERT INTO boards VALUES
    ('ckx0001abcdefghijklmnopqr', 'aaaaaaaa-0000-4000-8000-000000000001', 'Plan', 7, '0190b0a1-2222-7000-8000-000000000001'),
    ('Done', 'aaaaaaaa-0000-4000-8000-000000000001', 'Finished', 10, NULL),
    ('ckx0002abcdefghijklmnopqr', 'bbbbbbbb-0000-4000-8000-000000000001', 'Plan', 13, '0190b0a1-2222-7000-8000-000000000002'))
INSERT INTO cards (id, board_id, parent_id, number, title, about, tags, refs) OVERRIDING SYSTEM VALUE VALUES
  (4, 'ckx0001abcdefghijklmnopqr', NULL, 1, 'number 7', '{"count": 7, "paid": 4}', 'a=>"7"', '{7,x}'),
  (7, 'ckx0001abcdefghijklmnopqr', 10, 2, 'the Done board', NULL, NULL, NULL),
  (10, 'Done', 10, 1, NULL, '[4, 7, 10]', '', '{}'),
  (13, 'ckx0002abcdefghijklmnopqr', NULL, 1, 'of Bolt', NULL, NULL, NULL);
INSERT INTO seen VALUES
  (4, '00000000-0000-4000-8000-000000000001', 'aaaaaaaa-0000-4000-8000-000000000001'),
  (10, '00000000-0000-4000-8000-000000000002', 'aaaaaaaa-0000-4000-8000-000000000001');
INSERT INTO counters VALUES ('aaaaaaaa-0000-4000-8000-000000000001', 5), ('bbbbbbbb-0000-4000-8000-000000000001', 2);
INSERT INTO labels VALUES
  (1, 'aaaaaaaa-0000-4000-8000-000000000001', 'red'), (2, 'aaaaaaaa-0000-4000-8000-000000000001', 'blue'),
  (3, 'bbbbbbbb-0000-4000-8000-000000000001', 'green');
INSERT INTO rates VALUES
  ('day', 1, 'aaaaaaaa-0000-4000-8000-000000000001', 1.50), ('hour', 1, 'aaaaaaaa-0000-4000-8000-000000000001', 2),
  ('day', 2, 'bbbbbbbb-0000-4000-8000-000000000001', 3);
-- The app has taken these numbers.
SELECT setval('cards_id_seq', 13), setval('labels_id_seq', 3);
