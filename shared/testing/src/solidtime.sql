-- solidtime's tables as far as its export reads them, with values that are hard to write.
CREATE TABLE users (id uuid PRIMARY KEY, name varchar(255) NOT NULL, email varchar(255) NOT NULL, password varchar(255));
CREATE TABLE organizations (id uuid PRIMARY KEY, user_id uuid NOT NULL, name varchar(255) NOT NULL,
  personal_team boolean NOT NULL DEFAULT false, billable_rate integer, currency varchar(3) NOT NULL,
  created_at timestamp(0), updated_at timestamp(0));
CREATE TABLE members (id uuid PRIMARY KEY, organization_id uuid NOT NULL, user_id uuid NOT NULL, role varchar(255),
  billable_rate integer, created_at timestamp(0), updated_at timestamp(0));
CREATE TABLE organization_invitations (id uuid PRIMARY KEY, organization_id uuid NOT NULL, email varchar(255) NOT NULL,
  role varchar(255), created_at timestamp(0), updated_at timestamp(0), accepted_at timestamp(0));
CREATE TABLE clients (id uuid PRIMARY KEY, name varchar(255) NOT NULL, organization_id uuid NOT NULL,
  created_at timestamp(0), updated_at timestamp(0), archived_at timestamp(0));
CREATE TABLE projects (id uuid PRIMARY KEY, name varchar(255) NOT NULL, color varchar(16) NOT NULL, billable_rate integer,
  is_public boolean NOT NULL DEFAULT false, client_id uuid, organization_id uuid NOT NULL, created_at timestamp(0),
  updated_at timestamp(0), is_billable boolean NOT NULL, archived_at timestamp(0), estimated_time integer,
  spent_time bigint NOT NULL DEFAULT 0);
CREATE TABLE project_members (id uuid PRIMARY KEY, billable_rate integer, project_id uuid NOT NULL,
  user_id uuid NOT NULL, created_at timestamp(0), updated_at timestamp(0), member_id uuid NOT NULL);
CREATE TABLE tags (id uuid PRIMARY KEY, name varchar(255) NOT NULL, organization_id uuid NOT NULL,
  created_at timestamp(0), updated_at timestamp(0));
CREATE TABLE tasks (id uuid PRIMARY KEY, name varchar(500) NOT NULL, project_id uuid NOT NULL, organization_id uuid NOT NULL,
  created_at timestamp(0), updated_at timestamp(0), done_at timestamp(0), estimated_time integer,
  spent_time bigint NOT NULL DEFAULT 0);
CREATE TABLE time_entries (id uuid PRIMARY KEY, description varchar(5000) NOT NULL, start timestamp(0) NOT NULL,
  "end" timestamp(0), billable_rate integer, billable boolean NOT NULL DEFAULT false, user_id uuid NOT NULL,
  organization_id uuid NOT NULL, project_id uuid, task_id uuid, tags jsonb, created_at timestamp(0),
  updated_at timestamp(0), member_id uuid NOT NULL, client_id uuid, is_imported boolean NOT NULL DEFAULT false,
  still_active_email_sent_at timestamp(0));

INSERT INTO organizations (id, user_id, name, billable_rate, currency, created_at, updated_at) VALUES
  ('0000000a-0000-4000-8000-000000000000', '0000000e-0000-4000-8000-000000000001', 'Acme, "Tools"', 0, 'EUR', '2024-01-02 03:04:05', NULL),
  ('0000000b-0000-4000-8000-000000000000', '0000000e-0000-4000-8000-000000000001', 'Acme, "Tools"', NULL, 'USD', NULL, NULL);
INSERT INTO users VALUES
  ('0000000e-0000-4000-8000-000000000001', E'Ada\tL', 'ada@example.org', 'secret'),
  ('0000000e-0000-4000-8000-000000000002', 'Bo', 'bo@example.org', NULL);
INSERT INTO members VALUES
  ('00000001-0000-4000-8000-000000000002', '0000000a-0000-4000-8000-000000000000', '0000000e-0000-4000-8000-000000000002', NULL, -5, NULL, NULL),
  ('00000001-0000-4000-8000-000000000001', '0000000a-0000-4000-8000-000000000000', '0000000e-0000-4000-8000-000000000001', 'owner', NULL, NULL, NULL),
  ('00000001-0000-4000-8000-000000000003', '0000000b-0000-4000-8000-000000000000', '0000000e-0000-4000-8000-000000000002', 'owner', NULL, NULL, NULL);
INSERT INTO organization_invitations VALUES
  ('00000002-0000-4000-8000-000000000001', '0000000a-0000-4000-8000-000000000000', 'x@example.org', 'admin', '0001-01-01 00:00:00', '9999-12-31 23:59:59', now());
INSERT INTO clients VALUES
  ('00000003-0000-4000-8000-000000000001', E'\\', '0000000a-0000-4000-8000-000000000000', '2024-06-30 23:59:59.5', NULL, NULL);
INSERT INTO projects VALUES
  ('00000004-0000-4000-8000-000000000001', E'tab\there', '#ef5350', 0, true, '00000003-0000-4000-8000-000000000001',
   '0000000a-0000-4000-8000-000000000000', NULL, NULL, false, '1969-12-31 23:59:59', 7, 9);
INSERT INTO project_members VALUES
  ('00000005-0000-4000-8000-000000000001', 250, '00000004-0000-4000-8000-000000000001', '0000000e-0000-4000-8000-000000000001', NULL, NULL, '00000001-0000-4000-8000-000000000001'),
  ('00000005-0000-4000-8000-000000000002', NULL, '00000004-0000-4000-8000-000000000001', '0000000e-0000-4000-8000-000000000002', NULL, NULL, '00000001-0000-4000-8000-000000000003');
INSERT INTO tags VALUES ('00000006-0000-4000-8000-000000000001', '=1+1;''', '0000000a-0000-4000-8000-000000000000', NULL, NULL);
INSERT INTO tasks VALUES
  ('00000007-0000-4000-8000-000000000001', U&'non\00A0breaking', '00000004-0000-4000-8000-000000000001', '0000000a-0000-4000-8000-000000000000', NULL, NULL, '2024-02-29 00:00:00');
INSERT INTO time_entries (id, description, start, "end", billable_rate, billable, user_id, organization_id, project_id, task_id, tags, member_id, client_id, is_imported) VALUES
  ('00000008-0000-4000-8000-000000000001', '', '2024-01-01 00:00:00', NULL, NULL, false, '0000000e-0000-4000-8000-000000000001', '0000000a-0000-4000-8000-000000000000', NULL, NULL, NULL, '00000001-0000-4000-8000-000000000001', NULL, false),
  ('00000008-0000-4000-8000-000000000002', E'x\\"y', '2024-01-01 00:00:00', '2023-01-01 00:00:00', 0, true, '0000000e-0000-4000-8000-000000000001', '0000000a-0000-4000-8000-000000000000', '00000004-0000-4000-8000-000000000001', '00000007-0000-4000-8000-000000000001', '[]', '00000001-0000-4000-8000-000000000001', '00000003-0000-4000-8000-000000000001', true),
  ('00000008-0000-4000-8000-000000000003', E'a\r\nb c', '2024-01-01 00:00:00', NULL, NULL, false, '0000000e-0000-4000-8000-000000000001', '0000000a-0000-4000-8000-000000000000', NULL, NULL, '["u1", "u2"]', '00000001-0000-4000-8000-000000000001', NULL, false),
  ('00000008-0000-4000-8000-000000000004', U&'bare\000B\2028\0085\\', '2024-01-01 00:00:00', NULL, NULL, false, '0000000e-0000-4000-8000-000000000001', '0000000a-0000-4000-8000-000000000000', NULL, NULL, '{"0": "a/b", "1": 1.0, "2": "\u00fc\ud83d\ude00"}', '00000001-0000-4000-8000-000000000001', NULL, false),
  ('00000008-0000-4000-8000-000000000005', 'quote"d', '2024-01-01 00:00:00', NULL, NULL, false, '0000000e-0000-4000-8000-000000000001', '0000000a-0000-4000-8000-000000000000', NULL, NULL, '{"k": {}, "n": [1e17, 0.00001, 18446744073709551616]}', '00000001-0000-4000-8000-000000000001', NULL, false);
