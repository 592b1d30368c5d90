-- A made-up app: ways to the organization that no foreign key tells.
CREATE TABLE projects (id text PRIMARY KEY, name text NOT NULL, slug text NOT NULL UNIQUE);
CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL);
CREATE TABLE members (project_id text NOT NULL REFERENCES projects, user_id bigint NOT NULL REFERENCES users, PRIMARY KEY (project_id, user_id));

-- No table is called `workspace`: the values alone say that each is a project.
CREATE TABLE programs (id bigint PRIMARY KEY, "workspaceId" text NOT NULL, "stripeId" text NOT NULL);
CREATE TABLE rewards (id bigint PRIMARY KEY, program_id bigint NOT NULL);
CREATE TABLE reports ("reportId" text PRIMARY KEY, "workspaceId" text NOT NULL);

-- One entry is a trade or a valuation, which name nothing themselves.
CREATE TABLE entries (id bigint PRIMARY KEY, project_id text NOT NULL REFERENCES projects, entryable_type text NOT NULL, entryable_id bigint NOT NULL);
CREATE TABLE trades (id bigint PRIMARY KEY, price numeric NOT NULL);
CREATE TABLE valuations (id bigint PRIMARY KEY, amount numeric NOT NULL);
CREATE TABLE trade_fees (id bigint PRIMARY KEY, trade_id bigint NOT NULL REFERENCES trades);
-- Pictures of entries, and of people.
CREATE TABLE pictures (id bigint PRIMARY KEY, record_type text NOT NULL, record_id bigint NOT NULL);

-- The types of what is tagged are rows themselves.
CREATE TABLE django_content_type (id int PRIMARY KEY, app_label text NOT NULL, model text NOT NULL, UNIQUE (app_label, model));
CREATE TABLE tagged_items (id bigint PRIMARY KEY, content_type_id int NOT NULL REFERENCES django_content_type, object_id text NOT NULL, tag text NOT NULL);
CREATE TABLE time_entries (id bigint PRIMARY KEY, project_id text NOT NULL REFERENCES projects);

-- Not each row names its project, and each its entry. Of two ways the first that is set counts.
CREATE TABLE visits (id bigint PRIMARY KEY, project_id text REFERENCES projects, entry_id bigint NOT NULL REFERENCES entries);
CREATE TABLE moves (id bigint PRIMARY KEY, entry_id bigint REFERENCES entries, program_id bigint REFERENCES programs, CHECK (num_nonnulls(entry_id, program_id) > 0));

-- What hangs on a table of which nothing is known.
CREATE TABLE invoices (id bigint PRIMARY KEY, billable_type text NOT NULL, billable_id bigint NOT NULL);
CREATE TABLE invoice_lines (id bigint PRIMARY KEY, invoice_id bigint NOT NULL REFERENCES invoices);
CREATE TABLE tariffs (id bigint PRIMARY KEY, name text NOT NULL);
ALTER TABLE invoices ADD COLUMN tariff_id bigint NOT NULL REFERENCES tariffs;

-- Flags are no secrets; a token that rows are named by is one.
CREATE TABLE policies (id bigint PRIMARY KEY, project_id text NOT NULL REFERENCES projects, enforce_mfa boolean NOT NULL, max_tokens int NOT NULL, mfa_seed text, otp_secret text);
CREATE TABLE api_tokens (id bigint PRIMARY KEY, project_id text NOT NULL REFERENCES projects, token text NOT NULL UNIQUE);
CREATE TABLE api_calls (id bigint PRIMARY KEY, token text NOT NULL REFERENCES api_tokens (token));

-- Names of 63 bytes, and capitals.
CREATE TABLE "DocumentData" (id bigint PRIMARY KEY, "projectId" text NOT NULL REFERENCES projects);
CREATE TABLE a_table_whose_name_is_exactly_as_long_as_names_can_be_ö_63_byt (
  a_column_whose_name_is_exactly_as_long_as_names_may_be_63_bytes bigint PRIMARY KEY,
  another_column_of_the_same_length_names_the_project_in_63_bytes text NOT NULL REFERENCES projects);

INSERT INTO projects VALUES ('prj_acme_0001', 'Acme', 'acme'), ('prj_bolt_0002', 'Bolt', 'bolt');
INSERT INTO users VALUES (1, 'ada@example.org'), (2, 'bob@example.org');
INSERT INTO members VALUES ('prj_acme_0001', 1), ('prj_acme_0001', 2), ('prj_bolt_0002', 2);
INSERT INTO programs VALUES (1, 'prj_acme_0001', 'cus_1'), (2, 'prj_bolt_0002', 'cus_2');
INSERT INTO rewards VALUES (1, 1), (2, 2), (3, 2);
INSERT INTO trades VALUES (1, 1), (2, 2);
INSERT INTO valuations VALUES (1, 1), (2, 2);
INSERT INTO entries VALUES (1, 'prj_acme_0001', 'Trade', 1), (2, 'prj_bolt_0002', 'Trade', 2), (3, 'prj_acme_0001', 'Valuation', 2), (4, 'prj_bolt_0002', 'Valuation', 1);
INSERT INTO trade_fees VALUES (1, 1), (2, 2), (3, 1);
INSERT INTO pictures VALUES (1, 'Entry', 1), (2, 'Entry', 2), (3, 'User', 1);
INSERT INTO django_content_type VALUES (7, 'app', 'program'), (9, 'app', 'timeentry'), (11, 'app', 'user');
INSERT INTO time_entries VALUES (1, 'prj_acme_0001'), (2, 'prj_bolt_0002');
INSERT INTO tagged_items VALUES (1, 7, '1', 'x'), (2, 7, '2', 'x'), (3, 9, '2', 'x'), (4, 9, '1', 'x');
INSERT INTO visits VALUES (1, 'prj_acme_0001', 1), (2, NULL, 2), (3, NULL, 1);
INSERT INTO moves VALUES (1, 1, NULL), (2, NULL, 2), (3, 1, 2);
INSERT INTO policies VALUES (1, 'prj_acme_0001', true, 5, 'x', 'x'), (2, 'prj_bolt_0002', false, 6, 'x', 'x');
INSERT INTO api_tokens VALUES (1, 'prj_acme_0001', 'aaa'), (2, 'prj_bolt_0002', 'bbb');
INSERT INTO api_calls VALUES (1, 'aaa');
INSERT INTO "DocumentData" VALUES (1, 'prj_acme_0001'), (2, 'prj_bolt_0002');
INSERT INTO a_table_whose_name_is_exactly_as_long_as_names_can_be_ö_63_byt VALUES (1, 'prj_acme_0001'), (2, 'prj_bolt_0002');
