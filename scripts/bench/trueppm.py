"""TruePPM: the seed of a big program, which is held in memory."""
import time

from data import trueppm_program
from machine import Daemon, row

SIZES = {50_000: "00000000-0000-4000-8000-000000000001", 100_000: "00000000-0000-4000-8000-000000000002"}


def seed(args, pg, base):
    pg.create("trueppm", "trueppm.sql", "".join(trueppm_program(program, tasks) for tasks, program in SIZES.items()))
    times = []
    for tasks, program in SIZES.items():
        daemon = Daemon(base, args.bin, pg.port, "trueppm", "trueppm")
        pg.psql("trueppm", "SELECT pg_stat_reset();")
        for run in range(args.runs):
            begun = time.perf_counter()
            daemon.export(f"bench/{program}", "--format", "seed")
            times.append((tasks, time.perf_counter() - begun))
        seconds = sorted(taken for size, taken in times if size == tasks)[args.runs // 2]
        target = ("<= 2 s", "<= 256 MiB") if tasks == 50_000 else ("", "")
        row(f"seed of {tasks} tasks, {tasks * 8 // 5} dependencies, {tasks * 2} assignments", f"{seconds:.2f} s", target[0])
        row("... peak memory of the daemon", f"{daemon.status('VmHWM') / 1024:.1f} MiB", target[1])
        daemon.stop()
    half, whole = (min(taken for size, taken in times if size == tasks) for tasks in SIZES)
    row("... a program of twice the size / one", f"{whole / half:.2f}", "<= 2.2")
