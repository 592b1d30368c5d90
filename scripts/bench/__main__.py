"""Measure orgvault against psql on data that this script makes, and print a table.

usage: python3 scripts/bench --bin target/release [--rows 1000000] [--runs 3] [--only NAME,..]

Starts a throw-away PostgreSQL and daemons below a temporary directory. Times are whole commands
from outside. What is compared is run in turn (A B A B ..) and told as the median of the ratios,
because a shared machine's speed drifts.
"""
import argparse, os, shutil, tempfile

import apis, console, coverage, files, full, rytask, sections, service, solidtime, trueppm
from machine import Daemon, Postgres, row

PARTS = {
    "big": rytask.big,
    "many": rytask.many,
    "idle": rytask.idle,
    "zip": solidtime.zip_of_big,
    "scans": solidtime.scans,
    "files": files.files,
    "seed": trueppm.seed,
    "sections": sections.sections,
    "coverage": coverage.coverage,
    "apis": apis.apis,
    "full": full.full,
    "drill": full.drill,
    "night": service.night,
    "schedules": service.schedules,
    "polling": service.polling,
    "console": console.console,
    "rows": console.rows,
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", help=f"names of parts, with commas: {', '.join(PARTS)}")
    args = parser.parse_args()
    args.bin = os.path.abspath(args.bin)
    base = tempfile.mkdtemp(prefix="orgvault-bench-")
    os.chmod(base, 0o755)
    pg = Postgres(base)
    try:
        row("what", "measured", "target")
        for name in args.only.split(",") if args.only else PARTS:
            PARTS[name](args, pg, base)
    finally:
        for daemon in Daemon.all[:]:
            daemon.stop()
        pg.stop()
        shutil.rmtree(base, ignore_errors=True)


if __name__ == "__main__":
    main()
