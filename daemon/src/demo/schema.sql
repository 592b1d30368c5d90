-- The tables of RyTask that its export reads, as SQLite holds them: uuids, instants, enums, decimal
-- numbers and JSON are text, booleans are 0 and 1.

CREATE TABLE organizations (
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  slug TEXT NOT NULL,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  settings TEXT NOT NULL,
  deleted_at TEXT,
  PRIMARY KEY (id)
) WITHOUT ROWID;

CREATE TABLE workspaces (
  id TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  name TEXT NOT NULL,
  slug TEXT NOT NULL,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  PRIMARY KEY (id)
) WITHOUT ROWID;

CREATE TABLE users (
  id TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  email TEXT NOT NULL,
  name TEXT NOT NULL,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  password_hash TEXT,
  email_verified_at TEXT,
  deactivated_at TEXT,
  PRIMARY KEY (id)
) WITHOUT ROWID;

CREATE TABLE memberships (
  id TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  workspace_id TEXT,
  user_id TEXT NOT NULL,
  role TEXT NOT NULL,
  deactivated_at TEXT,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  PRIMARY KEY (id)
) WITHOUT ROWID;

CREATE TABLE projects (
  id TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  workspace_id TEXT NOT NULL,
  name TEXT NOT NULL,
  key_prefix TEXT NOT NULL,
  description TEXT,
  icon TEXT,
  color TEXT NOT NULL,
  lead_id TEXT,
  archived_at TEXT,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  PRIMARY KEY (id)
) WITHOUT ROWID;

CREATE TABLE statuses (
  id TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  project_id TEXT NOT NULL,
  name TEXT NOT NULL,
  category TEXT NOT NULL,
  color TEXT NOT NULL,
  position INTEGER NOT NULL,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  PRIMARY KEY (id)
) WITHOUT ROWID;

CREATE TABLE labels (
  id TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  workspace_id TEXT NOT NULL,
  name TEXT NOT NULL,
  color TEXT NOT NULL,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  PRIMARY KEY (id)
) WITHOUT ROWID;

CREATE TABLE work_items (
  id TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  workspace_id TEXT NOT NULL,
  project_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  title TEXT NOT NULL,
  description TEXT,
  status_id TEXT NOT NULL,
  priority TEXT NOT NULL,
  assignee_id TEXT,
  reporter_id TEXT,
  parent_id TEXT,
  estimate_value TEXT,
  start_date TEXT,
  end_date TEXT,
  due_date TEXT,
  position TEXT,
  version INTEGER NOT NULL,
  completed_at TEXT,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  deleted_at TEXT,
  search_vector TEXT,
  source TEXT NOT NULL,
  PRIMARY KEY (id)
) WITHOUT ROWID;

CREATE TABLE work_item_labels (
  organization_id TEXT NOT NULL,
  work_item_id TEXT NOT NULL,
  label_id TEXT NOT NULL,
  PRIMARY KEY (work_item_id, label_id)
) WITHOUT ROWID;

CREATE TABLE comments (
  id TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  work_item_id TEXT NOT NULL,
  author_id TEXT NOT NULL,
  parent_id TEXT,
  body TEXT NOT NULL,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  edited_at TEXT,
  deleted_at TEXT,
  search_vector TEXT,
  PRIMARY KEY (id)
) WITHOUT ROWID;

CREATE TABLE time_logs (
  id TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  workspace_id TEXT NOT NULL,
  project_id TEXT NOT NULL,
  work_item_id TEXT NOT NULL,
  user_id TEXT,
  started_at TEXT NOT NULL,
  ended_at TEXT NOT NULL,
  duration_seconds INTEGER NOT NULL,
  note TEXT,
  billable INTEGER NOT NULL,
  source TEXT NOT NULL,
  classification TEXT NOT NULL,
  classification_overridden INTEGER NOT NULL,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  deleted_at TEXT,
  PRIMARY KEY (id)
) WITHOUT ROWID;

CREATE INDEX work_items_organization ON work_items (organization_id);
CREATE INDEX comments_organization ON comments (organization_id);
CREATE INDEX time_logs_organization ON time_logs (organization_id);
