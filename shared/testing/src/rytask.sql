-- The eleven tables of RyTask's database that its export reads, with its columns, types and indexes,
-- and a few made-up rows. Without foreign keys, so that a test may leave things dangling.

CREATE TYPE role_type AS ENUM ('OWNER', 'ADMIN', 'MEMBER', 'GUEST', 'VIEWER');
CREATE TYPE status_category AS ENUM ('BACKLOG', 'UNSTARTED', 'STARTED', 'COMPLETED', 'CANCELLED');
CREATE TYPE priority AS ENUM ('URGENT', 'HIGH', 'MEDIUM', 'LOW', 'NONE');
CREATE TYPE capture_source AS ENUM ('WEB', 'SLACK', 'MCP', 'API');
CREATE TYPE time_entry_source AS ENUM ('TIMER', 'MANUAL', 'SLACK', 'MCP', 'API');
CREATE TYPE time_entry_class AS ENUM ('PLANNED', 'INTERRUPTION');

CREATE TABLE organizations (
  id uuid NOT NULL,
  name text NOT NULL,
  slug text NOT NULL,
  created_at timestamptz DEFAULT now() NOT NULL,
  updated_at timestamptz DEFAULT now() NOT NULL,
  settings jsonb DEFAULT '{}'::jsonb NOT NULL,
  deleted_at timestamptz,
  PRIMARY KEY (id)
);
CREATE TABLE workspaces (
  id uuid NOT NULL,
  organization_id uuid NOT NULL,
  name text NOT NULL,
  slug text NOT NULL,
  created_at timestamptz DEFAULT now() NOT NULL,
  updated_at timestamptz DEFAULT now() NOT NULL,
  PRIMARY KEY (id)
);
CREATE TABLE users (
  id uuid NOT NULL,
  organization_id uuid NOT NULL,
  email text NOT NULL,
  name text NOT NULL,
  created_at timestamptz DEFAULT now() NOT NULL,
  updated_at timestamptz DEFAULT now() NOT NULL,
  password_hash text,
  email_verified_at timestamptz,
  deactivated_at timestamptz,
  PRIMARY KEY (id)
);
CREATE TABLE memberships (
  id uuid NOT NULL,
  organization_id uuid NOT NULL,
  workspace_id uuid,
  user_id uuid NOT NULL,
  role role_type DEFAULT 'MEMBER'::role_type NOT NULL,
  deactivated_at timestamptz,
  created_at timestamptz DEFAULT now() NOT NULL,
  updated_at timestamptz DEFAULT now() NOT NULL,
  PRIMARY KEY (id)
);
CREATE TABLE projects (
  id uuid NOT NULL,
  organization_id uuid NOT NULL,
  workspace_id uuid NOT NULL,
  name text NOT NULL,
  key_prefix text NOT NULL,
  description text,
  icon text,
  color text DEFAULT '#6B7280'::text NOT NULL,
  lead_id uuid,
  archived_at timestamptz,
  created_at timestamptz DEFAULT now() NOT NULL,
  updated_at timestamptz DEFAULT now() NOT NULL,
  PRIMARY KEY (id)
);
CREATE TABLE statuses (
  id uuid NOT NULL,
  organization_id uuid NOT NULL,
  project_id uuid NOT NULL,
  name text NOT NULL,
  category status_category NOT NULL,
  color text DEFAULT '#6B7280'::text NOT NULL,
  position integer NOT NULL,
  created_at timestamptz DEFAULT now() NOT NULL,
  updated_at timestamptz DEFAULT now() NOT NULL,
  PRIMARY KEY (id)
);
CREATE TABLE labels (
  id uuid NOT NULL,
  organization_id uuid NOT NULL,
  workspace_id uuid NOT NULL,
  name text NOT NULL,
  color text DEFAULT '#3B82F6'::text NOT NULL,
  created_at timestamptz DEFAULT now() NOT NULL,
  updated_at timestamptz DEFAULT now() NOT NULL,
  PRIMARY KEY (id)
);
CREATE TABLE work_items (
  id uuid NOT NULL,
  organization_id uuid NOT NULL,
  workspace_id uuid NOT NULL,
  project_id uuid NOT NULL,
  number integer NOT NULL,
  title text NOT NULL,
  description text,
  status_id uuid NOT NULL,
  priority priority DEFAULT 'NONE'::priority NOT NULL,
  assignee_id uuid,
  reporter_id uuid,
  parent_id uuid,
  estimate_value numeric,
  start_date date,
  end_date date,
  due_date date,
  position numeric,
  version integer DEFAULT 0 NOT NULL,
  completed_at timestamptz,
  created_at timestamptz DEFAULT now() NOT NULL,
  updated_at timestamptz DEFAULT now() NOT NULL,
  deleted_at timestamptz,
  search_vector tsvector GENERATED ALWAYS AS ((setweight(to_tsvector('english'::regconfig, COALESCE(title, ''::text)), 'A'::"char") || setweight(to_tsvector('english'::regconfig, COALESCE(description, ''::text)), 'B'::"char"))) STORED,
  source capture_source DEFAULT 'WEB'::capture_source NOT NULL,
  PRIMARY KEY (id)
);
CREATE TABLE work_item_labels (
  organization_id uuid NOT NULL,
  work_item_id uuid NOT NULL,
  label_id uuid NOT NULL,
  PRIMARY KEY (work_item_id, label_id)
);
CREATE TABLE comments (
  id uuid NOT NULL,
  organization_id uuid NOT NULL,
  work_item_id uuid NOT NULL,
  author_id uuid NOT NULL,
  parent_id uuid,
  body text NOT NULL,
  created_at timestamptz DEFAULT now() NOT NULL,
  updated_at timestamptz DEFAULT now() NOT NULL,
  edited_at timestamptz,
  deleted_at timestamptz,
  search_vector tsvector GENERATED ALWAYS AS (to_tsvector('english'::regconfig, COALESCE(body, ''::text))) STORED,
  PRIMARY KEY (id)
);
CREATE TABLE time_logs (
  id uuid NOT NULL,
  organization_id uuid NOT NULL,
  workspace_id uuid NOT NULL,
  project_id uuid NOT NULL,
  work_item_id uuid NOT NULL,
  user_id uuid,
  started_at timestamptz NOT NULL,
  ended_at timestamptz NOT NULL,
  duration_seconds integer NOT NULL,
  note text,
  billable boolean DEFAULT false NOT NULL,
  source time_entry_source NOT NULL,
  classification time_entry_class NOT NULL,
  classification_overridden boolean DEFAULT false NOT NULL,
  created_at timestamptz DEFAULT now() NOT NULL,
  updated_at timestamptz DEFAULT now() NOT NULL,
  deleted_at timestamptz,
  PRIMARY KEY (id)
);
CREATE INDEX ON comments USING btree (organization_id, parent_id);
CREATE INDEX ON comments USING btree (organization_id, work_item_id);
CREATE INDEX ON comments USING gin (search_vector);
CREATE INDEX ON labels USING btree (organization_id, workspace_id);
CREATE UNIQUE INDEX ON labels USING btree (workspace_id, lower(name));
CREATE INDEX ON memberships USING btree (organization_id);
CREATE INDEX ON memberships USING btree (organization_id, role);
CREATE UNIQUE INDEX ON memberships USING btree (organization_id, user_id);
CREATE UNIQUE INDEX ON organizations USING btree (slug);
CREATE INDEX ON projects USING btree (organization_id, workspace_id);
CREATE UNIQUE INDEX ON projects USING btree (organization_id, workspace_id, key_prefix);
CREATE INDEX ON statuses USING btree (organization_id, project_id);
CREATE UNIQUE INDEX ON statuses USING btree (project_id, name);
CREATE INDEX ON time_logs USING btree (organization_id, project_id, started_at);
CREATE INDEX ON time_logs USING btree (organization_id, user_id, started_at);
CREATE INDEX ON time_logs USING btree (organization_id, work_item_id);
CREATE UNIQUE INDEX ON users USING btree (organization_id, email);
CREATE INDEX ON users USING btree (organization_id);
CREATE INDEX ON work_item_labels USING btree (organization_id, label_id);
CREATE INDEX ON work_items USING btree (organization_id, assignee_id);
CREATE INDEX ON work_items USING btree (organization_id, due_date);
CREATE INDEX ON work_items USING btree (organization_id, parent_id);
CREATE UNIQUE INDEX ON work_items USING btree (organization_id, project_id, number);
CREATE INDEX ON work_items USING btree (organization_id, project_id, status_id);
CREATE INDEX ON work_items USING gin (search_vector);
CREATE INDEX ON workspaces USING btree (organization_id);
CREATE UNIQUE INDEX ON workspaces USING btree (organization_id, slug);

INSERT INTO organizations (id, name, slug, created_at, updated_at, settings, deleted_at) VALUES
  ('00000000-0000-7000-8000-00000000000a', 'Acme', 'acme', '2026-01-02 03:04:05.678901Z', '2026-01-02Z', '{"b": 1, "a": [1.0]}', NULL),
  ('00000000-0000-7000-8000-00000000000b', 'Bücher & Söhne 🚀', 'buecher', '2026-02-01Z', '2026-02-01Z', '{}', NULL),
  ('00000000-0000-7000-8000-00000000000c', 'Closed', 'closed', '2025-01-01Z', '2025-01-01Z', '{}', '2026-03-01 12:00:00Z');
INSERT INTO workspaces (id, organization_id, name, slug, created_at) VALUES
  ('00000000-0000-7000-8000-0000000000a1', '00000000-0000-7000-8000-00000000000a', 'Main', 'main', '2026-01-02Z'),
  ('00000000-0000-7000-8000-0000000000b1', '00000000-0000-7000-8000-00000000000b', 'Main', 'main', '2026-02-01Z');
INSERT INTO users (id, organization_id, email, name, password_hash) VALUES
  ('00000000-0000-7000-8000-0000000000a2', '00000000-0000-7000-8000-00000000000a', 'ann@acme.example', 'Ann', 'not for us'),
  ('00000000-0000-7000-8000-0000000000a3', '00000000-0000-7000-8000-00000000000a', 'bob@acme.example', 'Bob "the" O''Hara', NULL),
  ('00000000-0000-7000-8000-0000000000b2', '00000000-0000-7000-8000-00000000000b', 'cem@buecher.example', 'Cem', NULL);
INSERT INTO memberships (id, organization_id, workspace_id, user_id, role, deactivated_at, created_at) VALUES
  ('00000000-0000-7000-8000-0000000000a4', '00000000-0000-7000-8000-00000000000a', NULL, '00000000-0000-7000-8000-0000000000a2', 'OWNER', NULL, '2026-01-02Z'),
  ('00000000-0000-7000-8000-0000000000a5', '00000000-0000-7000-8000-00000000000a', '00000000-0000-7000-8000-0000000000a1', '00000000-0000-7000-8000-0000000000a3', 'GUEST', '2026-01-03Z', '2026-01-02Z'),
  ('00000000-0000-7000-8000-0000000000b4', '00000000-0000-7000-8000-00000000000b', NULL, '00000000-0000-7000-8000-0000000000b2', 'OWNER', NULL, '2026-02-01Z');
INSERT INTO projects (id, organization_id, workspace_id, name, key_prefix, description, lead_id, archived_at, created_at) VALUES
  ('00000000-0000-7000-8000-0000000000a6', '00000000-0000-7000-8000-00000000000a', '00000000-0000-7000-8000-0000000000a1', 'Rocket', 'RKT', NULL, '00000000-0000-7000-8000-0000000000a2', NULL, '2026-01-02Z'),
  ('00000000-0000-7000-8000-0000000000b6', '00000000-0000-7000-8000-00000000000b', '00000000-0000-7000-8000-0000000000b1', 'Regal', 'RG', '', NULL, '2026-02-02Z', '2026-02-01Z');
INSERT INTO statuses (id, organization_id, project_id, name, category, position) VALUES
  ('00000000-0000-7000-8000-0000000000a7', '00000000-0000-7000-8000-00000000000a', '00000000-0000-7000-8000-0000000000a6', 'Todo', 'UNSTARTED', 1),
  ('00000000-0000-7000-8000-0000000000b7', '00000000-0000-7000-8000-00000000000b', '00000000-0000-7000-8000-0000000000b6', 'Todo', 'UNSTARTED', 1);
INSERT INTO labels (id, organization_id, workspace_id, name) VALUES
  ('00000000-0000-7000-8000-0000000000a8', '00000000-0000-7000-8000-00000000000a', '00000000-0000-7000-8000-0000000000a1', 'bug'),
  ('00000000-0000-7000-8000-0000000000a9', '00000000-0000-7000-8000-00000000000a', '00000000-0000-7000-8000-0000000000a1', 'späß');
INSERT INTO work_items (id, organization_id, workspace_id, project_id, number, title, description, status_id, priority, estimate_value, start_date, due_date, completed_at, created_at, updated_at, deleted_at)
  SELECT ('00000000-0000-7000-8000-0000000010' || lpad(n::text, 2, '0'))::uuid, '00000000-0000-7000-8000-00000000000a', '00000000-0000-7000-8000-0000000000a1',
    '00000000-0000-7000-8000-0000000000a6', n, 'Item ' || n, CASE WHEN n % 2 = 0 THEN E'a,b "c"\nd\tü' END, '00000000-0000-7000-8000-0000000000a7',
    (ARRAY['URGENT', 'NONE'])[1 + n % 2]::priority, CASE WHEN n % 3 = 0 THEN n + 0.50 END, CASE WHEN n = 1 THEN date '2026-06-12' END, NULL, NULL,
    timestamptz '2026-01-03 10:00:00.123456Z' + n * interval '1 hour', '2026-01-04Z', CASE WHEN n = 7 THEN timestamptz '2026-01-05 00:00:00Z' END
  FROM generate_series(1, 12) AS n;
INSERT INTO work_item_labels (organization_id, work_item_id, label_id) VALUES
  ('00000000-0000-7000-8000-00000000000a', '00000000-0000-7000-8000-000000001001', '00000000-0000-7000-8000-0000000000a9'),
  ('00000000-0000-7000-8000-00000000000a', '00000000-0000-7000-8000-000000001001', '00000000-0000-7000-8000-0000000000a8');
INSERT INTO comments (id, organization_id, work_item_id, author_id, body, created_at, deleted_at) VALUES
  ('00000000-0000-7000-8000-000000002001', '00000000-0000-7000-8000-00000000000a', '00000000-0000-7000-8000-000000001001', '00000000-0000-7000-8000-0000000000a2', E'first\r\nline', '2026-01-04Z', NULL),
  ('00000000-0000-7000-8000-000000002002', '00000000-0000-7000-8000-00000000000a', '00000000-0000-7000-8000-000000001001', '00000000-0000-7000-8000-0000000000a3', '=1+1', '2026-01-04Z', '2026-01-05Z');
INSERT INTO time_logs (id, organization_id, workspace_id, project_id, work_item_id, user_id, started_at, ended_at, duration_seconds, note, billable, source, classification, created_at)
  SELECT ('00000000-0000-7000-8000-0000000030' || lpad(n::text, 2, '0'))::uuid, o.id, '00000000-0000-7000-8000-0000000000a1', '00000000-0000-7000-8000-0000000000a6',
    '00000000-0000-7000-8000-000000001001', CASE WHEN n % 2 = 0 THEN '00000000-0000-7000-8000-0000000000a2'::uuid END, timestamptz '2026-01-06 08:00:00Z' + n * interval '1 day',
    timestamptz '2026-01-06 09:30:00Z' + n * interval '1 day', 5400, CASE WHEN n % 4 = 0 THEN 'note ' || n END, n % 3 = 0, 'TIMER', 'PLANNED', '2026-01-06Z'
  FROM generate_series(1, 20) AS n
  JOIN organizations AS o ON o.slug = CASE WHEN n <= 15 THEN 'acme' ELSE 'buecher' END;
