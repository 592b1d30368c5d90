"""solidtime: the ZIP of a big organization, and organizations that share tables without an index."""
import os, time

from data import solidtime_organization, solidtime_shared
from machine import Daemon, archive_size, compare, row, timed

BIG = "00000000-0000-4000-8000-000000000001"
HUGE = "00000000-0000-4000-8000-000000000005"
TIME_ENTRIES = (
    'SELECT id, description, start, "end", billable_rate, billable, member_id, user_id, organization_id, client_id, project_id, '
    "task_id, tags, is_imported, still_active_email_sent_at, created_at, updated_at "
    f"FROM time_entries WHERE organization_id = '{BIG}' ORDER BY id")


def zip_of_big(args, pg, base):
    # Each in a database of its own: without an index, an organization costs two scans of all rows.
    databases = {"solidtime": (BIG, args.rows), "solidtime_huge": (HUGE, 5 * args.rows)}
    daemons = {}
    for database, (organization, entries) in databases.items():
        pg.create(database, "solidtime.sql", solidtime_organization(organization, entries))
        daemons[database] = Daemon(base, args.bin, pg.port, database, "solidtime")
    copy = f'COPY ({TIME_ENTRIES}) TO STDOUT (FORMAT csv, HEADER)'.replace('"', '\\"')
    command = " ".join(pg.psql_command("solidtime")) + f' -c "{copy}"'
    out = f"{base}/psql.out"
    whole = []

    def ours(database):
        def run():
            daemon = daemons[database]
            daemon.drop_archives()
            begun = time.perf_counter()
            daemon.export(f"bench/{databases[database][0]}", "--format", "zip")
            whole.append(time.perf_counter() - begun)
            write, _, publish = daemon.phases()
            return write + publish
        return run

    compare(f"{args.rows} time entries as zip: wall / psql COPY csv | gzip -6", ours("solidtime"),
            lambda: timed(f"{command} | gzip -6 > {out} && sync {out}"), args.runs, "<= 0.6")
    row("... with read-back, preflight and the command line", f"{sorted(whole)[len(whole) // 2]:.2f} s", "")
    row("... size of the zip / size by gzip -6", f"{archive_size(daemons['solidtime']) / os.path.getsize(out):.3f}", "<= 1.1")
    compare(f"{5 * args.rows} time entries / {args.rows}", ours("solidtime_huge"), ours("solidtime"), 1, "<= 5.5")
    row("peak memory of the daemon, the larger of both", f"{max(daemon.status('VmHWM') for daemon in daemons.values()) / 1024:.1f} MiB", "<= 64 MiB")
    for daemon in daemons.values():
        daemon.stop()


def scans(args, pg, base):
    organizations, entries = 500, args.rows
    pg.create("scans", "solidtime.sql", solidtime_shared(organizations, entries))
    for index in ("", "CREATE INDEX by_organization ON time_entries (organization_id, id); ANALYZE time_entries;"):
        pg.psql("scans", index)
        daemon = Daemon(base, args.bin, pg.port, "scans", "solidtime")
        begun = time.perf_counter()
        daemon.export("--all")
        each = (time.perf_counter() - begun) / organizations * 1000
        kind = "with an index" if index else "no index, as solidtime has it"
        row(f"export --all: {organizations} organizations share {entries} time entries, {kind}", f"{each:.1f} ms each", "")
        daemon.stop()
