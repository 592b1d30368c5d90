"""`full` archives against COPY text of the same tables, restores of them against \\copy, and a drill."""
import json, subprocess, time

from data import rytask_organization
from machine import Daemon, compare, row, timed
from rytask import BIG

TABLES = ["organizations", "workspaces", "users", "memberships", "projects", "statuses", "labels", "work_items", "work_item_labels",
          "comments", "time_logs"]
TARGET = """
[[target]]
name = "back"
kind = "postgres"
url = "postgres://postgres@127.0.0.1:{port}/{database}"
"""


def own(table):
    return f"{'id' if table == 'organizations' else 'organization_id'} = '{BIG}'"


def loaded(table):
    """The columns that are loaded: the server computes the others."""
    return f"SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''"


def ask(pg, database, sql):
    return subprocess.run([*pg.psql_command(database), "-Atc", sql], check=True, capture_output=True, text=True).stdout.strip()


def full(args, pg, base):
    pg.create("rytask", "rytask.sql", rytask_organization(BIG, args.rows))
    empty(pg, "back")
    daemon = Daemon(base, args.bin, pg.port, "rytask", more=TARGET.format(port=pg.port, database="back"))
    there = [table for table in TABLES if ask(pg, "rytask", f"SELECT to_regclass('{table}') IS NOT NULL") == "t"]
    psql = " ".join(pg.psql_command("rytask"))

    def ours():
        daemon.drop_archives()
        begun = time.perf_counter()
        daemon.export(f"bench/{BIG}", "--format", "full")
        return time.perf_counter() - begun

    def theirs():
        copies = " ".join(f"-c \"\\copy (SELECT * FROM {table} WHERE {own(table)}) TO '{base}/{table}.txt'\"" for table in there)
        return timed(f"{psql} {copies} && sync {base}/*.txt")

    compare(f"{args.rows} time logs as full: whole command / psql \\copy text of the tables", ours, theirs, args.runs, "<= 1.15")
    write, read_back, publish = daemon.phases()
    row("... of that write, read-back and publish", f"{write:.2f} s, {read_back:.2f} s, {publish:.2f} s", "-")
    restore(args, pg, base, daemon, there)
    row("peak memory of the daemon, full and restore", f"{daemon.status('VmHWM') / 1024:.1f} MiB", "<= 64 MiB")
    daemon.stop()


def empty(pg, database):
    """The same tables, without a row."""
    pg.create(database, "rytask.sql", "")


def clear(pg, database):
    pg.psql(database, "SELECT format('TRUNCATE %s', string_agg(oid::regclass::text, ',')) FROM pg_class "
                      "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace \\gexec")


def restore(args, pg, base, daemon, there):
    """Into empty tables with their keys and indexes; the plan is made and done in one command."""
    gid = json.loads(subprocess.run(daemon.command("archives", "--json"), capture_output=True, check=True).stdout)["archives"][-1]["gid"]
    slug = ask(pg, "rytask", f"SELECT slug FROM organizations WHERE id = '{BIG}'")
    columns = {table: ask(pg, "rytask", loaded(table)) for table in there}
    source, target = " ".join(pg.psql_command("rytask")), " ".join(pg.psql_command("back"))
    out = " ".join(f"-c \"\\copy (SELECT {columns[table]} FROM {table} WHERE {own(table)}) TO '{base}/{table}.in'\"" for table in there)
    timed(f"{source} {out}")

    def ours():
        clear(pg, "back")
        plan = json.loads(subprocess.run(daemon.command("restore", gid, "--into", "back", "--json"), capture_output=True, check=True).stdout)
        begun = time.perf_counter()
        subprocess.run(daemon.command("restore", gid, "--into", "back", "--apply", plan["plan"]["id"], "--yes", slug), check=True,
                       stdout=subprocess.DEVNULL)
        return time.perf_counter() - begun

    def theirs():
        clear(pg, "back")
        copies = " ".join(f"-c \"\\copy {table} ({columns[table]}) FROM '{base}/{table}.in'\"" for table in there)
        return timed(f"{target} {copies}")

    compare(f"{args.rows} time logs restored: whole command / psql \\copy of the rows", ours, theirs, args.runs, "<= 2.0")


def drill(args, pg, base):
    """An organization of 20,000 rows, the scratch server included."""
    pg.create("drilled", "rytask.sql", rytask_organization(BIG, 20_000))
    daemon = Daemon(base, args.bin, pg.port, "drilled")
    daemon.export(f"bench/{BIG}", "--format", "full", "--format", "json")
    begun = time.perf_counter()
    subprocess.run(daemon.command("drill", f"bench/{BIG}", "--wait"), check=True, stdout=subprocess.DEVNULL)
    row("a drill of 20,000 time logs, scratch server included", f"{time.perf_counter() - begun:.1f} s", "<= 15 s")
    daemon.stop()
