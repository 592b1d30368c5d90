"""An app of very many tables, whose definition orgvaultd drafts: one export of all of its sections."""
import os, subprocess

from data import uuid
from machine import Daemon, compare, row, timed

TENANTS = ("00000000-0000-7000-8000-0000000000a1", "00000000-0000-7000-8000-0000000000a2")
SECTIONS = 85
# What one table has beside its own id, its tenant and its times.
COLUMNS = """name varchar(255) NOT NULL, description text, description_json jsonb NOT NULL, kind varchar(30) NOT NULL,
  sort_order double precision NOT NULL, is_active boolean NOT NULL, number integer NOT NULL, external_id varchar(255),
  settings jsonb NOT NULL, created_by_id uuid, updated_by_id uuid, logo jsonb NOT NULL, started_on date, labels text[]"""
FIXED = ("id", "workspace_id", "created_at", "updated_at", "deleted_at")


def weights():
    """Some tables of an app are large, most are small."""
    return [1000 // (1 + index) + 1 for index in range(SECTIONS - 1)]


def tables(rows):
    """The tables, and `rows` rows in all, half of them of each tenant."""
    yield "CREATE TABLE workspaces (id uuid PRIMARY KEY, name text NOT NULL, slug text NOT NULL UNIQUE, created_at timestamptz NOT NULL);"
    for number, tenant in enumerate(TENANTS):
        yield f"INSERT INTO workspaces VALUES ('{tenant}', 'Bench {number}', 'bench-{number}', '2026-01-01');"
    total = sum(weights())
    for index, weight in enumerate(weights()):
        count = max(2, rows * weight // total)
        tenant = f"(CASE n % 2 WHEN 0 THEN '{TENANTS[0]}' ELSE '{TENANTS[1]}' END)::uuid"
        yield f"""
CREATE TABLE things_{index} (id uuid PRIMARY KEY, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL,
  deleted_at timestamptz, {COLUMNS}, workspace_id uuid NOT NULL REFERENCES workspaces);
INSERT INTO things_{index}
  SELECT {uuid(f"'{index}t' || n")}, timestamptz '2026-01-01' + n * interval '37.123456 seconds', timestamptz '2026-02-01' + n * interval '1 minute',
    CASE WHEN n % 50 = 0 THEN timestamptz '2026-03-01' END, 'Thing ' || n, 'A description of thing ' || n || ', with "quotes"',
    jsonb_build_object('type', 'doc', 'content', jsonb_build_array(jsonb_build_object('text', 'Thing ' || n))), 'plain', n * 65535.5,
    n % 2 = 0, n, CASE WHEN n % 3 = 0 THEN 'EXT-' || n END, '{{"a": 1, "b": [true, null]}}', {uuid(f"'u' || n % 20")}, NULL, '{{}}',
    CASE WHEN n % 4 = 0 THEN date '2026-01-05' + n % 365 END, CASE WHEN n % 5 = 0 THEN '{{a,"b c"}}'::text[] END, {tenant}
  FROM generate_series(1, {count}) n;
CREATE INDEX ON things_{index} (workspace_id);"""


def sections(args, pg, base):
    rows = min(args.rows, 300_000)
    pg.psql("postgres", "CREATE DATABASE sections")
    pg.psql("sections", "".join(tables(rows)) + "VACUUM ANALYZE;")
    products = f"{base}/sections-products"
    os.makedirs(products)
    url = f"postgres://postgres@127.0.0.1:{pg.port}/sections"
    drafted = subprocess.run([f"{args.bin}/orgvaultd", "define", url, "--tenant", "workspaces", "--name", "sections"],
                             capture_output=True, text=True, check=True)
    open(f"{products}/sections.toml", "w").write(drafted.stdout)
    daemon = Daemon(base, args.bin, pg.port, "sections", "sections", daemon=f'products_dir = "{products}"\n')
    names = [column.split()[0] for column in COLUMNS.replace("\n", " ").split(", ")]
    columns = ", ".join([*FIXED, *names])
    copies = [f"COPY (SELECT {columns} FROM things_{index} WHERE workspace_id = '{TENANTS[0]}' ORDER BY id) TO STDOUT"
              for index in range(SECTIONS - 1)]
    copies.append(f"COPY (SELECT id, name, slug, created_at FROM workspaces WHERE id = '{TENANTS[0]}') TO STDOUT")
    psql = " ".join(pg.psql_command("sections"))
    one = " ".join(f'-c "{copy}"' for copy in copies)

    def ours():
        daemon.drop_archives()
        command = " ".join(daemon.command("export", f"bench/{TENANTS[0]}", "--format", "json", "--wait"))
        return timed(command)

    def theirs():
        return sum(timed(f'{psql} -c "{copy}"') for copy in copies)

    def together():
        return timed(f"{psql} {one}")

    row(f"first export of {SECTIONS} sections, with their description", f"{ours():.2f} s", "")
    compare(f"{SECTIONS} sections, {rows} rows of two tenants: export / psql COPY of each", ours, theirs, args.runs, "<= 1.2")
    compare("... / one psql with all of them", ours, together, args.runs, "")
    daemon.stop()
