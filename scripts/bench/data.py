"""Made-up organizations, as SQL, the same in each run."""


def uuid(number):
    """SQL for a uuid that is spread like a random one and the same in each run."""
    return f"md5('orgvault' || ({number})::text)::uuid"


def rytask_organization(org, rows):
    """One organization with `rows` time logs over 1,000 work items."""
    return f"""
INSERT INTO organizations (id, name, slug, settings) VALUES ('{org}', 'Bench {rows}', 'bench-{rows}', '{{}}');
INSERT INTO workspaces (id, organization_id, name, slug) VALUES ({uuid(f"'w{org}'")}, '{org}', 'Default', 'default');
INSERT INTO projects (id, organization_id, workspace_id, name, key_prefix)
  VALUES ({uuid(f"'p{org}'")}, '{org}', {uuid(f"'w{org}'")}, 'Main', 'MAIN');
INSERT INTO statuses (id, organization_id, project_id, name, category, position)
  VALUES ({uuid(f"'s{org}'")}, '{org}', {uuid(f"'p{org}'")}, 'To Do', 'UNSTARTED', 1);
INSERT INTO users (id, organization_id, email, name) SELECT {uuid(f"'u{org}' || n")}, '{org}', 'user' || n || '@bench.test', 'User ' || n
  FROM generate_series(1, 20) n;
INSERT INTO memberships (id, organization_id, user_id) SELECT {uuid(f"'m{org}' || n")}, '{org}', {uuid(f"'u{org}' || n")}
  FROM generate_series(1, 20) n;
INSERT INTO work_items (id, organization_id, workspace_id, project_id, number, title, description, status_id)
  SELECT {uuid(f"'i{org}' || n")}, '{org}', {uuid(f"'w{org}'")}, {uuid(f"'p{org}'")}, n, 'Work item ' || n,
         'A description, with a comma', {uuid(f"'s{org}'")}
  FROM generate_series(1, least({rows}, 1000)) n;
INSERT INTO time_logs (id, organization_id, workspace_id, project_id, work_item_id, user_id, started_at, ended_at,
                       duration_seconds, note, billable, source, classification)
  SELECT {uuid(f"'l{org}' || n")}, '{org}', {uuid(f"'w{org}'")}, {uuid(f"'p{org}'")}, {uuid(f"'i{org}' || (1 + n % 1000)")},
         {uuid(f"'u{org}' || (1 + n % 20)")}, timestamptz '2026-01-01' + n * interval '37.123 seconds',
         timestamptz '2026-01-01' + n * interval '37.123 seconds' + interval '1 hour', 3600,
         CASE WHEN n % 3 = 0 THEN 'worked on item ' || n || ', then had lunch' END, n % 2 = 0, 'MANUAL', 'PLANNED'
  FROM generate_series(1, {rows}) n;
"""


def small_organizations(count, rows):
    """`count` organizations of `rows` rows each."""
    org = "md5('small' || o)::uuid"
    return f"""
INSERT INTO organizations (id, name, slug, settings) SELECT {org}, 'Small ' || o, 'small-' || o, '{{}}' FROM generate_series(1, {count}) o;
INSERT INTO workspaces (id, organization_id, name, slug) SELECT md5('sw' || o)::uuid, {org}, 'Default', 'default' FROM generate_series(1, {count}) o;
INSERT INTO projects (id, organization_id, workspace_id, name, key_prefix) SELECT md5('sp' || o)::uuid, {org}, md5('sw' || o)::uuid, 'Main', 'M'
  FROM generate_series(1, {count}) o;
INSERT INTO statuses (id, organization_id, project_id, name, category, position) SELECT md5('ss' || o)::uuid, {org}, md5('sp' || o)::uuid, 'To Do', 'UNSTARTED', 1
  FROM generate_series(1, {count}) o;
INSERT INTO work_items (id, organization_id, workspace_id, project_id, number, title, status_id)
  SELECT md5('si' || o || '-' || n)::uuid, {org}, md5('sw' || o)::uuid, md5('sp' || o)::uuid, n, 'Item ' || n, md5('ss' || o)::uuid
  FROM generate_series(1, {count}) o, generate_series(1, {rows // 2}) n;
INSERT INTO time_logs (id, organization_id, workspace_id, project_id, work_item_id, started_at, ended_at, duration_seconds, source, classification)
  SELECT md5('sl' || o || '-' || n)::uuid, {org}, md5('sw' || o)::uuid, md5('sp' || o)::uuid, md5('si' || o || '-' || n)::uuid,
         '2026-01-01', '2026-01-02', 60, 'MANUAL', 'PLANNED'
  FROM generate_series(1, {count}) o, generate_series(1, {rows - rows // 2}) n;
"""


def solidtime_organization(org, entries):
    """One organization with `entries` time entries of 20 members, in the column set of solidtime."""
    return f"""
INSERT INTO organizations (id, user_id, name, currency) VALUES ('{org}', {uuid("'u1'")}, 'Bench {entries}', 'EUR');
INSERT INTO users (id, name, email) SELECT {uuid("'u' || n")}, 'User ' || n, 'user' || n || '@bench.test'
  FROM generate_series(1, 20) n ON CONFLICT DO NOTHING;
INSERT INTO members (id, organization_id, user_id, role) SELECT {uuid(f"'m{org}' || n")}, '{org}', {uuid("'u' || n")}, 'employee'
  FROM generate_series(1, 20) n;
INSERT INTO clients (id, name, organization_id) SELECT {uuid(f"'c{org}' || n")}, 'Client ' || n, '{org}' FROM generate_series(1, 10) n;
INSERT INTO projects (id, name, color, client_id, organization_id, is_billable)
  SELECT {uuid(f"'p{org}' || n")}, 'Project ' || n, '#ef5350', {uuid(f"'c{org}' || (1 + n % 10)")}, '{org}', n % 2 = 0 FROM generate_series(1, 50) n;
INSERT INTO tags (id, name, organization_id) SELECT {uuid(f"'g{org}' || n")}, 'tag ' || n, '{org}' FROM generate_series(1, 10) n;
INSERT INTO tasks (id, name, project_id, organization_id)
  SELECT {uuid(f"'t{org}' || n")}, 'Task ' || n, {uuid(f"'p{org}' || (1 + n % 50)")}, '{org}' FROM generate_series(1, 500) n;
INSERT INTO time_entries (id, description, start, "end", billable_rate, billable, user_id, organization_id, project_id, task_id, tags,
                          created_at, updated_at, member_id, client_id)
  SELECT {uuid(f"'e{org}' || n")}, CASE WHEN n % 3 = 0 THEN 'worked on item ' || n || ', then had lunch' ELSE '' END,
         timestamp '2026-01-01' + n * interval '37 seconds', timestamp '2026-01-01' + n * interval '37 seconds' + interval '1 hour',
         CASE WHEN n % 4 = 0 THEN 9000 END, n % 2 = 0, {uuid("'u' || (1 + n % 20)")}, '{org}', {uuid(f"'p{org}' || (1 + n % 50)")},
         {uuid(f"'t{org}' || (1 + n % 500)")}, CASE WHEN n % 5 = 0 THEN jsonb_build_array({uuid(f"'g{org}' || (1 + n % 10)")}) ELSE '[]' END,
         '2026-01-01', '2026-01-02', {uuid(f"'m{org}' || (1 + n % 20)")}, {uuid(f"'c{org}' || (1 + n % 10)")}
  FROM generate_series(1, {entries}) n;
"""


def solidtime_shared(organizations, entries):
    """`organizations` of them share one table of time entries."""
    org = "md5('shared' || o)::uuid"
    return f"""
INSERT INTO users (id, name, email) VALUES ({uuid("'u1'")}, 'User', 'user@bench.test');
INSERT INTO organizations (id, user_id, name, currency) SELECT {org}, {uuid("'u1'")}, 'Shared ' || o, 'EUR' FROM generate_series(1, {organizations}) o;
INSERT INTO members (id, organization_id, user_id, role) SELECT md5('sm' || o)::uuid, {org}, {uuid("'u1'")}, 'owner' FROM generate_series(1, {organizations}) o;
INSERT INTO time_entries (id, description, start, "end", user_id, organization_id, tags, member_id)
  SELECT md5('se' || n)::uuid, 'entry ' || n, '2026-01-01', '2026-01-02', {uuid("'u1'")}, md5('shared' || (1 + n % {organizations}))::uuid, '[]',
         md5('sm' || (1 + n % {organizations}))::uuid
  FROM generate_series(1, {entries}) n;
"""


def trueppm_program(program, tasks):
    """One program of 20 projects: per 50,000 tasks 80,000 dependencies, 100,000 assignments, 10,000 risks."""
    key = lambda kind, number: uuid(f"'{kind}{program}' || ({number})")
    return f"""
INSERT INTO projects_program (id, code, name) VALUES ('{program}', 'bench-{tasks}', 'Bench {tasks}');
INSERT INTO auth_user (id, username, email, first_name, last_name) SELECT n, 'user' || n, 'user' || n || '@bench.test', 'User', n::text
  FROM generate_series(1, 50) n ON CONFLICT DO NOTHING;
INSERT INTO access_program_membership (program_id, user_id, role) SELECT '{program}', n, 100 FROM generate_series(1, 50) n;
INSERT INTO projects_project (id, program_id, code, name, start_date)
  SELECT {key('p', 'n')}, '{program}', 'P' || n, 'Project ' || n, '2026-01-05' FROM generate_series(1, 20) n;
INSERT INTO resources_resource (id, name, max_units) SELECT {key('r', 'n')}, 'Resource ' || n || ' {tasks}', 1 FROM generate_series(1, 200) n;
INSERT INTO resources_project_resource (project_id, resource_id)
  SELECT {key('p', '1 + n % 20')}, {key('r', 'n')} FROM generate_series(1, 200) n;
INSERT INTO projects_task (id, project_id, wbs_path, name, duration, planned_start, notes, assignee_id, percent_complete)
  SELECT {key('t', 'n')}, {key('p', '1 + n % 20')}, ((1 + n / 2000) || '.' || (1 + n / 20 % 100))::ltree, 'Task ' || n, n % 30,
         date '2026-01-05' + n % 365, 'Some notes about task ' || n, 1 + n % 50, (n % 100) / 8.0
  FROM generate_series(0, {tasks - 1}) n;
INSERT INTO projects_dependency (predecessor_id, successor_id, dep_type, lag)
  SELECT {key('t', f'n % {tasks}')}, {key('t', f'(n * 7 + 1) % {tasks}')}, 'FS', n % 3 FROM generate_series(0, {tasks * 8 // 5 - 1}) n;
INSERT INTO resources_task_resource (task_id, resource_id, units)
  SELECT {key('t', f'n % {tasks}')}, {key('r', '1 + n % 200')}, 0.5 FROM generate_series(0, {tasks * 2 - 1}) n;
INSERT INTO projects_risk (id, project_id, title, status, probability, impact, owner_id)
  SELECT {key('k', 'n')}, {key('p', '1 + n % 20')}, 'Risk ' || n, 'OPEN', 1 + n % 5, 1 + n % 5, 1 + n % 50 FROM generate_series(0, {tasks // 5 - 1}) n;
INSERT INTO projects_risk_task (risk_id, task_id) SELECT {key('k', 'n')}, {key('t', 'n * 5')} FROM generate_series(0, {tasks // 5 - 1}) n;
"""
