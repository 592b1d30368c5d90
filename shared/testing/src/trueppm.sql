-- TruePPM's tables as far as its seed reads them: two programs that share users, a calendar and a
-- resource, a project of its own, and rows that the seed leaves out, each by another rule.
CREATE EXTENSION ltree;
CREATE TABLE auth_user (id integer PRIMARY KEY, username varchar(150) NOT NULL, email varchar(254) NOT NULL,
  first_name varchar(150) NOT NULL, last_name varchar(150) NOT NULL, password varchar(128));
CREATE TABLE projects_program (id uuid PRIMARY KEY, code varchar(40) NOT NULL, name varchar(255) NOT NULL,
  methodology varchar(16) NOT NULL DEFAULT 'HYBRID', description text NOT NULL DEFAULT '', color varchar(7),
  lead_id integer, is_deleted boolean NOT NULL DEFAULT false, created_at timestamptz NOT NULL DEFAULT '2026-01-01Z',
  updated_at timestamptz NOT NULL DEFAULT '2026-01-02Z');
CREATE TABLE access_program_membership (id uuid DEFAULT gen_random_uuid(), program_id uuid NOT NULL,
  user_id integer NOT NULL, role integer NOT NULL, is_deleted boolean NOT NULL DEFAULT false);
CREATE TABLE projects_project (id uuid PRIMARY KEY, program_id uuid, is_deleted boolean NOT NULL DEFAULT false,
  code varchar(12) NOT NULL, name varchar(255) NOT NULL, methodology varchar(16) NOT NULL DEFAULT 'AGILE',
  start_date date NOT NULL, description text NOT NULL DEFAULT '', calendar_id uuid,
  default_view varchar(16) NOT NULL DEFAULT 'SCHEDULE', estimation_mode varchar(16) NOT NULL DEFAULT 'open',
  deleted_at timestamptz);
CREATE TABLE projects_calendar (id uuid PRIMARY KEY, name varchar(255) NOT NULL, working_days smallint NOT NULL,
  hours_per_day double precision NOT NULL, timezone varchar(64) NOT NULL);
CREATE TABLE projects_calendar_exception (id uuid DEFAULT gen_random_uuid(), calendar_id uuid NOT NULL,
  exc_start date NOT NULL, exc_end date NOT NULL, description varchar(255) NOT NULL);
CREATE TABLE resources_resource (id uuid PRIMARY KEY, name varchar(255) NOT NULL, email varchar(254) NOT NULL DEFAULT '',
  job_role varchar(120) NOT NULL DEFAULT '', max_units numeric(4,2) NOT NULL, calendar_id uuid, user_id integer);
CREATE TABLE resources_project_resource (id uuid DEFAULT gen_random_uuid(), project_id uuid NOT NULL,
  resource_id uuid NOT NULL, is_deleted boolean NOT NULL DEFAULT false);
CREATE TABLE resources_task_resource (id uuid DEFAULT gen_random_uuid(), task_id uuid NOT NULL,
  resource_id uuid NOT NULL, units numeric(4,2) NOT NULL);
CREATE TABLE projects_task (id uuid PRIMARY KEY, project_id uuid NOT NULL, is_deleted boolean NOT NULL DEFAULT false,
  wbs_path ltree, name varchar(512) NOT NULL, type varchar(16) NOT NULL DEFAULT 'task',
  status varchar(12) NOT NULL DEFAULT 'NOT_STARTED', is_milestone boolean NOT NULL DEFAULT false,
  duration integer NOT NULL DEFAULT 0, planned_start date, percent_complete double precision NOT NULL DEFAULT 0,
  notes text NOT NULL DEFAULT '', story_points smallint, remaining_points smallint, assignee_id integer,
  sprint_id uuid, parent_epic_id uuid, sprint_rank integer, governance_class varchar(8) NOT NULL DEFAULT 'flow',
  delivery_mode varchar(10) NOT NULL DEFAULT 'waterfall', color varchar(7), optimistic_duration integer,
  most_likely_duration integer, pessimistic_duration integer);
CREATE TABLE projects_label (id uuid PRIMARY KEY, project_id uuid NOT NULL, name varchar(50) NOT NULL,
  color varchar(16) NOT NULL, "position" smallint NOT NULL);
CREATE TABLE projects_task_label (id uuid DEFAULT gen_random_uuid(), task_id uuid NOT NULL, label_id uuid NOT NULL);
CREATE TABLE projects_sprint (id uuid PRIMARY KEY, project_id uuid NOT NULL, is_deleted boolean NOT NULL DEFAULT false,
  name varchar(255) NOT NULL, state varchar(12) NOT NULL, start_date date NOT NULL, finish_date date NOT NULL,
  goal text NOT NULL DEFAULT '', notes text NOT NULL DEFAULT '', committed_points integer, completed_points integer,
  capacity_points integer, target_milestone_id uuid, activated_at timestamptz, closed_at timestamptz,
  goal_outcome varchar(12));
CREATE TABLE projects_dependency (id uuid DEFAULT gen_random_uuid(), predecessor_id uuid NOT NULL,
  successor_id uuid NOT NULL, dep_type varchar(2) NOT NULL, lag integer NOT NULL, is_deleted boolean NOT NULL DEFAULT false);
CREATE TABLE projects_task_relation (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), source_id uuid NOT NULL,
  target_id uuid NOT NULL, relation_type varchar(16) NOT NULL, note varchar(280) NOT NULL,
  is_deleted boolean NOT NULL DEFAULT false);
CREATE TABLE projects_baseline (id uuid PRIMARY KEY, project_id uuid NOT NULL, name varchar(255) NOT NULL,
  is_active boolean NOT NULL, created_at timestamptz NOT NULL);
CREATE TABLE projects_baseline_task (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), baseline_id uuid NOT NULL,
  task_id uuid NOT NULL, task_name varchar(512) NOT NULL, start date, finish date, duration integer NOT NULL,
  story_points smallint);
CREATE TABLE projects_risk (id uuid PRIMARY KEY, project_id uuid NOT NULL, is_deleted boolean NOT NULL DEFAULT false,
  title varchar(512) NOT NULL, status varchar(12) NOT NULL, probability smallint NOT NULL, impact smallint NOT NULL,
  description text NOT NULL DEFAULT '', category varchar(20), response varchar(10), mitigation_due_date date,
  trigger text NOT NULL DEFAULT '', contingency text NOT NULL DEFAULT '', notes text NOT NULL DEFAULT '', owner_id integer);
CREATE TABLE projects_risk_task (id uuid DEFAULT gen_random_uuid(), risk_id uuid NOT NULL, task_id uuid NOT NULL);
CREATE TABLE projects_historicaltask (id uuid NOT NULL, status varchar(12) NOT NULL, remaining_points smallint,
  history_date timestamptz NOT NULL, history_id integer PRIMARY KEY, history_user_id integer);
CREATE TABLE projects_taskcomment (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), task_id uuid NOT NULL,
  author_id integer, body text NOT NULL, created_at timestamptz NOT NULL);
CREATE TABLE projects_sprintscopechange (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), sprint_id uuid NOT NULL,
  task_id uuid NOT NULL, status varchar(12) NOT NULL, added_at timestamptz NOT NULL, added_by_id integer,
  goal_impact boolean NOT NULL);
CREATE TABLE projects_sprintretro (id uuid PRIMARY KEY, sprint_id uuid NOT NULL UNIQUE, created_by_id integer);
CREATE TABLE projects_retroactionitem (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), retro_id uuid NOT NULL,
  text text NOT NULL, assignee_id integer, story_points smallint, created_at timestamptz NOT NULL);

-- Keys: the first digits tell the table, the last the row.
CREATE FUNCTION k(kind integer, row_number integer) RETURNS uuid LANGUAGE sql IMMUTABLE AS
  $$ SELECT (lpad(kind::text, 8, '0') || '-0000-4000-8000-' || lpad(row_number::text, 12, '0'))::uuid $$;

INSERT INTO auth_user VALUES (1, 'jo.smith', 'jo@x.example', 'Jo', 'Smith', 'secret'), (2, 'jo-smith', '', '', '', 'secret'),
  (3, 'Ünï', 'u@x.example', ' U ', '', 'secret'), (4, 'stranger', 's@x.example', 'S', '', 'secret');
INSERT INTO projects_program (id, code, name, lead_id, is_deleted) VALUES
  (k(1, 1), 'atlas', 'Atlas "1"', 3, false), (k(1, 2), 'other', 'Other', 4, false), (k(1, 3), '', 'Gone', NULL, true);
INSERT INTO access_program_membership (program_id, user_id, role, is_deleted) VALUES
  (k(1, 1), 2, 400, true), (k(1, 1), 3, 100, false), (k(1, 2), 4, 400, false);
INSERT INTO projects_calendar VALUES (k(3, 1), 'Usual', 31, 8, 'UTC'), (k(3, 2), 'Foreign', 0, 7.5, '');
INSERT INTO projects_calendar_exception (calendar_id, exc_start, exc_end, description) VALUES
  (k(3, 1), '2026-12-24', '2026-12-26', 'Holidays'), (k(3, 2), '2026-01-01', '2026-01-01', '');
INSERT INTO projects_project (id, program_id, code, name, start_date, calendar_id, is_deleted) VALUES
  (k(2, 1), k(1, 1), 'B', 'Second', '2026-02-02', NULL, false), (k(2, 2), k(1, 1), 'A', 'First', '2026-01-05', k(3, 1), false),
  (k(2, 3), k(1, 1), 'C', 'Deleted', '2025-01-05', k(3, 2), true), (k(2, 4), k(1, 2), 'X', 'Foreign', '2026-01-05', k(3, 2), false),
  (k(2, 5), NULL, '', ' Lone – Project ', '2026-01-05', NULL, false);
INSERT INTO resources_resource (id, name, max_units, calendar_id, user_id) VALUES
  (k(4, 1), 'Crew', 1, NULL, NULL), (k(4, 2), 'crew', 0.5, k(3, 2), 1), (k(4, 3), 'Foreign', 1, NULL, 4);
INSERT INTO resources_project_resource (project_id, resource_id, is_deleted) VALUES
  (k(2, 2), k(4, 1), false), (k(2, 1), k(4, 3), true), (k(2, 4), k(4, 3), false);
INSERT INTO projects_sprint (id, project_id, name, state, start_date, finish_date, activated_at, closed_at, goal_outcome, is_deleted) VALUES
  (k(6, 1), k(2, 2), 'Sprint 1', 'COMPLETED', '2026-01-05', '2026-01-16', '2026-01-05 09:00Z', '2026-01-16 17:00:59+01', 'MET', false),
  (k(6, 2), k(2, 2), 'Deleted', 'PLANNED', '2026-01-19', '2026-01-30', NULL, NULL, NULL, true);
INSERT INTO projects_task (id, project_id, wbs_path, name, assignee_id, sprint_id, percent_complete, is_deleted) VALUES
  (k(5, 1), k(2, 2), '1', 'Top', 1, NULL, 0, false), (k(5, 2), k(2, 2), '1.10', 'Ten', 2, k(6, 1), 1e16, false),
  (k(5, 3), k(2, 2), '1.2', 'Two', NULL, k(6, 2), 0.1, false), (k(5, 4), k(2, 2), '1.3', 'Deleted', NULL, NULL, 0, true),
  (k(5, 5), k(2, 2), NULL, 'Backlog', NULL, NULL, 0, false), (k(5, 6), k(2, 1), '1', 'Second top', NULL, NULL, 0, false),
  (k(5, 7), k(2, 3), '1', 'Of a deleted project', 4, NULL, 0, false), (k(5, 8), k(2, 4), '1', 'Foreign', 4, NULL, 0, false),
  (k(5, 9), k(2, 5), '1', 'Lone', 1, NULL, 0, false);
INSERT INTO resources_task_resource (task_id, resource_id, units) VALUES
  (k(5, 1), k(4, 2), 0.25), (k(5, 1), k(4, 1), 1), (k(5, 4), k(4, 1), 1), (k(5, 8), k(4, 3), 1);
INSERT INTO projects_label VALUES (k(7, 1), k(2, 2), 'Late', 'teal', 2), (k(7, 2), k(2, 2), 'Early', 'slate', 0);
INSERT INTO projects_task_label (task_id, label_id) VALUES (k(5, 1), k(7, 1)), (k(5, 1), k(7, 2)), (k(5, 4), k(7, 2));
INSERT INTO projects_dependency (predecessor_id, successor_id, dep_type, lag, is_deleted) VALUES
  (k(5, 6), k(5, 3), 'FS', 0, false), (k(5, 1), k(5, 2), 'SS', -2, false), (k(5, 1), k(5, 3), 'FF', 0, true),
  (k(5, 8), k(5, 3), 'FS', 0, false);
INSERT INTO projects_task_relation (source_id, target_id, relation_type, note, is_deleted) VALUES
  (k(5, 1), k(5, 6), 'relates_to', 'see', false), (k(5, 1), k(5, 3), 'blocks', '', false), (k(5, 1), k(5, 8), 'blocks', '', false);
INSERT INTO projects_baseline VALUES (k(8, 1), k(2, 2), 'Plan', true, '2026-01-05Z');
INSERT INTO projects_baseline_task (baseline_id, task_id, task_name, start, duration) VALUES
  (k(8, 1), k(5, 1), 'b', '2026-01-05', 0), (k(8, 1), k(5, 2), 'a', NULL, 3), (k(8, 1), k(5, 4), 'c', NULL, 3);
INSERT INTO projects_risk (id, project_id, title, status, probability, impact, owner_id, is_deleted) VALUES
  (k(9, 1), k(2, 2), 'risk', 'OPEN', 1, 5, 1, false), (k(9, 2), k(2, 2), 'Risk', 'OPEN', 1, 1, NULL, false),
  (k(9, 3), k(2, 2), 'Deleted', 'OPEN', 1, 1, 3, true), (k(9, 4), k(2, 5), 'r', 'OPEN', 1, 1, 2, false);
INSERT INTO projects_risk_task (risk_id, task_id) VALUES (k(9, 1), k(5, 6)), (k(9, 1), k(5, 3)), (k(9, 1), k(5, 4));
INSERT INTO projects_historicaltask VALUES (k(5, 1), 'NOT_STARTED', 5, '2026-01-05 08:00Z', 1, 1),
  (k(5, 1), 'REVIEW', 3, '2026-01-06 08:00Z', 2, 1), (k(5, 1), 'REVIEW', 2, '2026-01-06 08:00Z', 3, 4),
  (k(5, 8), 'REVIEW', 2, '2026-01-06 08:00Z', 4, 4);
INSERT INTO projects_taskcomment (task_id, author_id, body, created_at) VALUES
  (k(5, 1), 2, E'Two\nlines', '2026-01-06 08:00Z'), (k(5, 5), 2, 'Not exported', '2026-01-06 08:00Z');
INSERT INTO projects_sprintscopechange (sprint_id, task_id, status, added_at, added_by_id, goal_impact) VALUES
  (k(6, 2), k(5, 2), 'pending', '2026-01-07 08:00Z', NULL, true), (k(6, 1), k(5, 2), 'accepted', '2026-01-07 08:00Z', 1, true);
INSERT INTO projects_sprintretro VALUES (k(10, 1), k(6, 1), 1);
INSERT INTO projects_retroactionitem (retro_id, text, assignee_id, story_points, created_at) VALUES
  (k(10, 1), 'Split', 4, 0, '2026-01-16 18:00Z');
