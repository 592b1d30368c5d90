-- Made-up rows, the same each time: Acme has 20,000 work items, Globex has some, and the third has
-- every odd text that a person can type. An id says what it is of: organization, kind, number.

CREATE TEMP TABLE sizes (org INTEGER, name TEXT, slug TEXT, items INTEGER, comments INTEGER, logs INTEGER, people INTEGER);
INSERT INTO sizes VALUES
  (1, 'Acme Corporation', 'acme', 20000, 6000, 25000, 40),
  (2, 'Globex GmbH & Söhne', 'globex', 1200, 300, 900, 12),
  (3, 'مقهى Ünïcode 🚀 "Ltd", Inc.', 'odd-texts', 60, 40, 30, 5);

CREATE TEMP TABLE odd (n INTEGER PRIMARY KEY, text TEXT);
INSERT INTO odd VALUES
  (0, 'Prepare the release'),
  (1, 'Ship it 🚀 with 👩‍👩‍👧‍👦 and é (e + combining acute)'),
  (2, 'She said "yes", then left; nobody knew why'),
  (3, 'first line' || char(10) || 'second line' || char(13, 10) || 'third line' || char(10)),
  (4, 'bell ' || char(7) || ', escape ' || char(27) || '[31m, delete ' || char(127) || ', C1 ' || char(155) || '2J'),
  (5, '=HYPERLINK("http://example.invalid","click")'),
  (6, '+1 -2 @SUM(A1:A9)'),
  (7, 'مرحبا بالعالم ' || char(8238) || 'abc' || char(8236) || ' שלום'),
  (8, char(9) || 'tab' || char(9) || 'and  blanks '),
  (9, 'C:\temp\new "\u0041" \\ / </script> ' || char(8232) || char(8233)),
  (10, ''),
  (11, '日本語のタイトル，全角カンマ'),
  (12, replace(printf('%.40c', '*'), '*', '0123456789 lorem ipsum '));

CREATE TEMP TABLE numbers (i INTEGER PRIMARY KEY);
INSERT INTO numbers WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 24999) SELECT i FROM n;

CREATE TEMP TABLE clock (i INTEGER PRIMARY KEY, at TEXT);
INSERT INTO clock SELECT i, strftime('%Y-%m-%d %H:%M:%S', 1735689600 + i * 1237, 'unixepoch') || printf('.%06d+00', i * 7919 % 1000000) FROM numbers;

INSERT INTO organizations (id, name, slug, created_at, updated_at, settings, deleted_at)
SELECT printf('%08x-0001-4000-8000-000000000000', org), name, slug, at, at,
  '{"locale": "de-DE", "2": [1.0, 1e21, -0.0], "a": {"nested": null, "text": "\u00e9\n"}}', NULL
FROM sizes JOIN clock ON i = org;

INSERT INTO workspaces (id, organization_id, name, slug, created_at, updated_at)
SELECT printf('%08x-0002-4000-8000-%012x', org, n.i), printf('%08x-0001-4000-8000-000000000000', org),
  'Workspace ' || n.i, 'workspace-' || n.i, at, at
FROM sizes JOIN numbers n ON n.i < 2 JOIN clock ON clock.i = n.i;

INSERT INTO users (id, organization_id, email, name, created_at, updated_at)
SELECT printf('%08x-0003-4000-8000-%012x', org, n.i), printf('%08x-0001-4000-8000-000000000000', org),
  'user' || n.i || '@' || slug || '.example', 'User ' || n.i || ' ' || odd.text, at, at
FROM sizes JOIN numbers n ON n.i < people JOIN odd ON odd.n = n.i % 13 JOIN clock ON clock.i = n.i;

INSERT INTO memberships (id, organization_id, user_id, role, deactivated_at, created_at, updated_at)
SELECT printf('%08x-0004-4000-8000-%012x', org, n.i), printf('%08x-0001-4000-8000-000000000000', org),
  printf('%08x-0003-4000-8000-%012x', org, n.i), CASE n.i WHEN 0 THEN 'OWNER' WHEN 1 THEN 'ADMIN' ELSE 'MEMBER' END,
  iif(n.i % 9 = 8, at, NULL), at, at
FROM sizes JOIN numbers n ON n.i < people JOIN clock ON clock.i = n.i;

INSERT INTO projects (id, organization_id, workspace_id, name, key_prefix, description, color, lead_id, archived_at, created_at, updated_at)
SELECT printf('%08x-0005-4000-8000-%012x', org, n.i), printf('%08x-0001-4000-8000-000000000000', org),
  printf('%08x-0002-4000-8000-%012x', org, n.i % 2), 'Project ' || n.i, char(65 + n.i) || 'X', odd.text, '#3366ff',
  printf('%08x-0003-4000-8000-%012x', org, n.i), iif(n.i = 3, at, NULL), at, at
FROM sizes JOIN numbers n ON n.i < 4 JOIN odd ON odd.n = n.i JOIN clock ON clock.i = n.i;

INSERT INTO statuses (id, organization_id, project_id, name, category, color, position, created_at, updated_at)
SELECT printf('%08x-0006-4000-8000-%012x', org, n.i), printf('%08x-0001-4000-8000-000000000000', org),
  printf('%08x-0005-4000-8000-%012x', org, n.i / 3),
  CASE n.i % 3 WHEN 0 THEN 'To do' WHEN 1 THEN 'Doing' ELSE 'Done' END,
  CASE n.i % 3 WHEN 0 THEN 'UNSTARTED' WHEN 1 THEN 'STARTED' ELSE 'COMPLETED' END, '#888888', n.i % 3, at, at
FROM sizes JOIN numbers n ON n.i < 12 JOIN clock ON clock.i = n.i;

INSERT INTO labels (id, organization_id, workspace_id, name, color, created_at, updated_at)
SELECT printf('%08x-0007-4000-8000-%012x', org, n.i), printf('%08x-0001-4000-8000-000000000000', org),
  printf('%08x-0002-4000-8000-%012x', org, n.i % 2), 'label ' || n.i, '#00aa55', at, at
FROM sizes JOIN numbers n ON n.i < 10 JOIN clock ON clock.i = n.i;

INSERT INTO work_items (id, organization_id, workspace_id, project_id, number, title, description, status_id, priority,
  assignee_id, reporter_id, parent_id, estimate_value, start_date, end_date, due_date, position, version, completed_at,
  created_at, updated_at, deleted_at, source)
SELECT printf('%08x-0008-4000-8000-%012x', org, n.i), printf('%08x-0001-4000-8000-000000000000', org),
  printf('%08x-0002-4000-8000-%012x', org, n.i % 2), printf('%08x-0005-4000-8000-%012x', org, n.i % 4), n.i / 4 + 1,
  title.text || ' #' || n.i, iif(n.i % 3 = 0, NULL, body.text), printf('%08x-0006-4000-8000-%012x', org, n.i % 4 * 3 + n.i % 3),
  CASE n.i % 5 WHEN 0 THEN 'URGENT' WHEN 1 THEN 'HIGH' WHEN 2 THEN 'MEDIUM' WHEN 3 THEN 'LOW' ELSE 'NONE' END,
  iif(n.i % 6 = 0, NULL, printf('%08x-0003-4000-8000-%012x', org, n.i % people)),
  printf('%08x-0003-4000-8000-%012x', org, n.i % 3), iif(n.i % 10 = 9, printf('%08x-0008-4000-8000-%012x', org, n.i - 9), NULL),
  CASE n.i % 4 WHEN 0 THEN NULL WHEN 1 THEN '1.50' WHEN 2 THEN '0.0' ELSE '1000000000000000000000' END,
  iif(n.i % 2, substr(at, 1, 10), NULL), iif(n.i % 7 = 1, substr(at, 1, 10), NULL), iif(n.i % 5 = 1, '9999-12-31', NULL),
  n.i || '.5', 1, iif(n.i % 3 = 2, at, NULL), at, at, iif(n.i % 17 = 16, at, NULL),
  CASE n.i % 4 WHEN 0 THEN 'WEB' WHEN 1 THEN 'SLACK' WHEN 2 THEN 'MCP' ELSE 'API' END
FROM sizes JOIN numbers n ON n.i < items JOIN odd title ON title.n = n.i % 13 JOIN odd body ON body.n = n.i * 5 % 13
JOIN clock ON clock.i = n.i;

INSERT INTO work_item_labels (organization_id, work_item_id, label_id)
SELECT printf('%08x-0001-4000-8000-000000000000', org), printf('%08x-0008-4000-8000-%012x', org, n.i),
  printf('%08x-0007-4000-8000-%012x', org, l.i)
FROM sizes JOIN numbers n ON n.i < items JOIN numbers l ON l.i < n.i % 4;

INSERT INTO comments (id, organization_id, work_item_id, author_id, parent_id, body, created_at, updated_at, edited_at, deleted_at)
SELECT printf('%08x-0009-4000-8000-%012x', org, n.i), printf('%08x-0001-4000-8000-000000000000', org),
  printf('%08x-0008-4000-8000-%012x', org, n.i % items), printf('%08x-0003-4000-8000-%012x', org, n.i % people),
  iif(n.i % 8 = 7, printf('%08x-0009-4000-8000-%012x', org, n.i - 1), NULL), odd.text, at, at,
  iif(n.i % 4 = 1, at, NULL), iif(n.i % 23 = 5, at, NULL)
FROM sizes JOIN numbers n ON n.i < comments JOIN odd ON odd.n = n.i % 13 JOIN clock ON clock.i = n.i;

INSERT INTO time_logs (id, organization_id, workspace_id, project_id, work_item_id, user_id, started_at, ended_at, duration_seconds,
  note, billable, source, classification, classification_overridden, created_at, updated_at, deleted_at)
SELECT printf('%08x-000a-4000-8000-%012x', org, n.i), printf('%08x-0001-4000-8000-000000000000', org),
  printf('%08x-0002-4000-8000-%012x', org, n.i % 2), printf('%08x-0005-4000-8000-%012x', org, n.i % 4),
  printf('%08x-0008-4000-8000-%012x', org, n.i % items), iif(n.i % 11 = 10, NULL, printf('%08x-0003-4000-8000-%012x', org, n.i % people)),
  at, at, n.i % 7200, iif(n.i % 2, NULL, odd.text), n.i % 3 = 0,
  CASE n.i % 3 WHEN 0 THEN 'TIMER' WHEN 1 THEN 'MANUAL' ELSE 'API' END, iif(n.i % 5 = 4, 'INTERRUPTION', 'PLANNED'),
  n.i % 13 = 12, at, at, iif(n.i % 29 = 3, at, NULL)
FROM sizes JOIN numbers n ON n.i < logs JOIN odd ON odd.n = n.i % 13 JOIN clock ON clock.i = n.i;

DROP TABLE sizes;
DROP TABLE odd;
DROP TABLE numbers;
DROP TABLE clock;
