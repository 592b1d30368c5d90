"""The daemon as a service: a night of 1,000 organizations, many schedules at rest, many clients that poll."""
import asyncio, json, subprocess, time

from data import rytask_organization, small_organizations
from machine import Daemon, row
from rytask import BIG

NIGHTLY = """
[[schedule]]
name = "nightly"
cron = "0 2 * * *"
"""
CLIENTS = 100


def night(args, pg, base):
    pg.create("night", "rytask.sql", small_organizations(1000, 50))
    daemon = Daemon(base, args.bin, pg.port, "night", more=NIGHTLY)
    sizes, begun = [], time.perf_counter()
    for _ in range(3):
        run = subprocess.run(daemon.command("schedule", "run", "nightly", "--wait", "--json"), capture_output=True, text=True, check=True)
        sizes.append(f"{daemon.status('VmRSS') / 1024:.1f}")
    taken = (time.perf_counter() - begun) / len(sizes)
    outcome = json.loads(run.stdout)["runs"][0]
    row("a run of 1,000 organizations: archives, time", f"{outcome['finished']} in {taken:.1f} s", "1000")
    row("... memory after one run, two, three", f"{', '.join(sizes)} MiB", "flat")
    daemon.stop()


def schedules(args, pg, base):
    pg.create("idle", "rytask.sql", small_organizations(10, 50))
    more = "".join(NIGHTLY.replace("nightly", f"nightly-{n}") for n in range(100))
    daemon = Daemon(base, args.bin, pg.port, "idle", more=more)
    time.sleep(2)
    before = daemon.cpu_seconds()
    time.sleep(60)
    row("processor time of 100 schedules at rest, a minute", f"{(daemon.cpu_seconds() - before) * 1000:.0f} ms", "<= 50 ms")
    daemon.stop()


async def poll(path, request, until, latencies):
    reader, writer = await asyncio.open_unix_connection(path)
    while time.perf_counter() < until:
        begun = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
        latencies.append(time.perf_counter() - begun)
    writer.close()


async def clients(path, request, seconds):
    latencies = []
    until = time.perf_counter() + seconds
    await asyncio.gather(*(poll(path, request, until, latencies) for _ in range(CLIENTS)))
    return sorted(latencies)


def polling(args, pg, base):
    pg.create("rytask", "rytask.sql", rytask_organization(BIG, args.rows))
    daemon = Daemon(base, args.bin, pg.port, "rytask", daemon=f"connections_per_user = {2 * CLIENTS}")
    gid = json.loads(subprocess.run(daemon.command("export", f"bench/{BIG}", "--format", "json", "--gzip", "--json"),
                                    capture_output=True, text=True, check=True).stdout)["exports"][0]["gid"]
    seconds = 3
    request = f"GET /v1/exports/{gid} HTTP/1.1\r\nHost: bench\r\n\r\n".encode()
    latencies = asyncio.run(clients(f"{daemon.dir}/orgvaultd.sock", request, seconds))
    row(f"{CLIENTS} clients poll while an export runs (the client is Python)", f"{len(latencies) / seconds:.0f} requests/s", "")
    row("... 99 of 100 answers come within", f"{latencies[len(latencies) * 99 // 100] * 1000:.1f} ms", "")
    daemon.stop()
