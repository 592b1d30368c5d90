"""RyTask: JSON and CSV of a big organization, thousands of small ones, and a daemon at rest."""
import os, time

from data import rytask_organization, small_organizations
from machine import Daemon, archive_size, compare, row, timed

BIG = "00000000-0000-7000-8000-000000000001"
HUGE = "00000000-0000-7000-8000-000000000005"
PLAIN = ("id, project_id, work_item_id, user_id, started_at, ended_at, duration_seconds, note, billable, source, "
         "classification, classification_overridden, created_at, deleted_at")
TIME_LOGS = f"SELECT {PLAIN} FROM time_logs WHERE organization_id = '{BIG}' ORDER BY id"


def big(args, pg, base):
    pg.create("rytask", "rytask.sql", rytask_organization(BIG, args.rows) + rytask_organization(HUGE, 5 * args.rows))
    daemon = Daemon(base, args.bin, pg.port, "rytask")
    sql = " ".join(pg.psql_command("rytask")) + f' -c "COPY ({TIME_LOGS}) TO STDOUT (FORMAT csv)"'
    out = f"{base}/psql.out"

    def ours(*options):
        def run():
            daemon.drop_archives()
            daemon.export(f"bench/{BIG}", *options)
            write, read_back, publish = daemon.phases()
            daemon.read_back = read_back
            return write + publish
        return run

    def plain():
        return timed(f"{sql} > {out} && sync {out}")

    def piped():
        return timed(f"{sql} | gzip -6 > {out} && sync {out}")

    csv = ("--format", "csv", "--entity", "time-logs")
    for name, options in (("json", ("--format", "json")), ("csv", csv)):
        compare(f"{args.rows} time logs as {name}: wall / psql COPY csv && sync", ours(*options), plain, args.runs, "<= 1.0")
        row(f"... read-back of that {name} (hash, structure, counts)", f"{archive_size(daemon) / daemon.read_back / 1e6:.0f} MB/s", ">= 400 MB/s")
    for name, options in (("json", ("--format", "json")), ("csv", csv)):
        compare(f"{args.rows} time logs as {name}.gz: wall / psql COPY csv | gzip -6", ours(*options, "--gzip"), piped, args.runs, "<= 0.6")
        if name == "csv":
            row("... size of csv.gz / size by gzip -6", f"{archive_size(daemon) / os.path.getsize(out):.3f}", "<= 1.1")
    peak = daemon.status("VmHWM") / 1024
    row(f"peak memory of the daemon at {args.rows} rows, all four", f"{peak:.1f} MiB", "<= 64 MiB")
    daemon.stop()
    daemon = Daemon(base, args.bin, pg.port, "rytask")
    daemon.export(f"bench/{HUGE}", "--format", "json")
    daemon.export(f"bench/{HUGE}", *csv, "--gzip")
    row(f"peak memory of the daemon at {5 * args.rows} rows, json and csv.gz", f"{daemon.status('VmHWM') / 1024:.1f} MiB", "<= 64 MiB")
    daemon.stop()


def many(args, pg, base):
    pg.create("small", "rytask.sql", small_organizations(2000, 50))
    daemon = Daemon(base, args.bin, pg.port, "small")
    begun = time.perf_counter()
    exports = daemon.export("--all")["exports"]
    each = (time.perf_counter() - begun) / len(exports) * 1000
    row(f"export --all: {len(exports)} organizations of 50 rows, each", f"{each:.2f} ms", "<= 10 ms")
    daemon.stop()


def idle(args, pg, base):
    pg.create("idle", "rytask.sql", small_organizations(10, 50))
    daemon = Daemon(base, args.bin, pg.port, "idle")
    row("start to ready", f"{daemon.ready_ms:.0f} ms", "<= 200 ms")
    time.sleep(1)
    before = daemon.cpu_seconds()
    time.sleep(10)
    row("processor time while idle for 10 s", f"{(daemon.cpu_seconds() - before) * 1000:.0f} ms", "0 ms")
    daemon.stop()
