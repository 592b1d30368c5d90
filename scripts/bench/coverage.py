"""The coverage of 110 tables: of two organizations, and of 2,000."""
import os, time

from data import uuid
from machine import Daemon, row, timed

TABLES = 110
# What owns a table: the organization itself, a parent, or a parent's parent.
OWNERS = ("organization_id = $1", "parent_id IN (SELECT id FROM parents WHERE organization_id = $1)",
          "child_id IN (SELECT id FROM children WHERE parent_id IN (SELECT id FROM parents WHERE organization_id = $1))")


def schema(organizations, rows):
    """Children and rows are spread evenly; no column but the keys has an index, as in most apps."""
    tables = "".join(f"""
CREATE TABLE t{n} (id uuid PRIMARY KEY, organization_id uuid, parent_id uuid, child_id uuid, name text, note text);
INSERT INTO t{n} SELECT {uuid(f"'t{n}' || g")}, {uuid(f"'o' || g % {organizations}")}, {uuid(f"'p' || g % {organizations}")},
  {uuid(f"'c' || g % {organizations}")}, 'row ' || g, repeat('x', 200) FROM generate_series(1, {rows}) g;""" for n in range(TABLES))
    return f"""
CREATE TABLE organizations (id uuid PRIMARY KEY, name text, slug text);
CREATE TABLE parents (id uuid PRIMARY KEY, organization_id uuid);
CREATE TABLE children (id uuid PRIMARY KEY, parent_id uuid);
INSERT INTO organizations SELECT {uuid("'o' || g")}, 'Organization ' || g, 'org-' || g FROM generate_series(0, {organizations - 1}) g;
INSERT INTO parents SELECT {uuid("'p' || g")}, {uuid("'o' || g")} FROM generate_series(0, {organizations - 1}) g;
INSERT INTO children SELECT {uuid("'c' || g")}, {uuid("'p' || g")} FROM generate_series(0, {organizations - 1}) g;{tables}
"""


def definition():
    sections = "".join(f"""
[[section]]
name = "t{n}"
table = "t{n}"
rows = "SELECT id, name, note FROM t{n} WHERE {OWNERS[n % 3]} ORDER BY id"
count = "SELECT count(*) FROM t{n} WHERE {OWNERS[n % 3].replace("IN (", "= ANY (")}"

[table.t{n}]
reads = ["id", "organization_id", "parent_id", "child_id", "name", "note"]
""" for n in range(TABLES))
    return f"""
[product]
name = "wide"
measured_on = "wide 1"
formats = ["json"]
default_format = "json"

[organization]
kind = "organization"
list = "SELECT id, name, slug FROM organizations ORDER BY id"
{sections}
[table.organizations]
reads = ["id", "name", "slug"]
[table.parents]
reads = ["id", "organization_id"]
[table.children]
reads = ["id", "parent_id"]
"""


def coverage(args, pg, base):
    products = os.path.join(base, "wide")
    os.makedirs(products)
    open(f"{products}/wide.toml", "w").write(definition())
    rows = max(1_000, args.rows // 100)
    for organizations, target in ((2, "<= 2 s"), (2_000, "")):
        database = f"wide_{organizations}"
        pg.psql("postgres", f"CREATE DATABASE {database};")
        pg.psql(database, schema(organizations, rows) + "VACUUM ANALYZE;")
        daemon = Daemon(base, args.bin, pg.port, database, "wide", daemon=f'products_dir = "{products}"\n')
        plain = min(timed(" ".join(daemon.command("check", "bench"))) for _ in range(args.runs))
        begun = time.perf_counter()
        for _ in range(args.runs):
            timed(" ".join(daemon.command("check", "bench", "--coverage")))
        seconds = (time.perf_counter() - begun) / args.runs - plain
        row(f"check --coverage: {TABLES} tables of {rows} rows, {organizations} organizations", f"{seconds:.2f} s", target)
        daemon.stop()
