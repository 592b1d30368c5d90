#!/usr/bin/env python3
"""Measure orgvault against psql on data that this script makes, and print a table.

usage: bench.py --bin target/release [--rows 1000000] [--runs 3] [--only NAME,..]

Starts a throw-away PostgreSQL and a daemon below a temporary directory. Times are whole
commands from outside. What is compared is run in turn (A B A B ..) and told as the median of
the ratios, because a shared machine's speed drifts.
"""
import argparse, json, os, pwd, shutil, signal, socket, statistics, subprocess, sys, tempfile, time

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
BIG = "00000000-0000-7000-8000-000000000001"
HUGE = "00000000-0000-7000-8000-000000000005"
PLAIN = ("id, project_id, work_item_id, user_id, started_at, ended_at, duration_seconds, note, billable, source, "
         "classification, classification_overridden, created_at, deleted_at")
TIME_LOGS = f"SELECT {PLAIN} FROM time_logs WHERE organization_id = '{BIG}' ORDER BY id"
CONFIG = """\
[daemon]
socket = "{dir}/orgvaultd.sock"
state_dir = "{dir}/state"
archive_dir = "{dir}/archives"
workers = 2
log_format = "json"
[access]
owners = ["{user}"]
[[source]]
name = "bench"
product = "{product}"
url = "postgres://postgres@127.0.0.1:{port}/{database}"
"""


def uuid(number):
    """SQL for a uuid that is spread like a random one and the same in each run."""
    return f"md5('orgvault' || ({number})::text)::uuid"


def rytask_data(org, rows):
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


def many_small(count, rows):
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


class Postgres:
    def __init__(self, base):
        roots = "/usr/lib/postgresql"
        best = sorted(os.listdir(roots), key=float)[-1] if os.path.isdir(roots) else None
        self.bin = f"{roots}/{best}/bin" if best else os.path.dirname(shutil.which("initdb") or "")
        self.dir = os.path.join(base, "pg")
        os.makedirs(self.dir)
        self.user = []
        if os.getuid() == 0:
            shutil.chown(self.dir, "postgres")
            self.user = ["runuser", "-u", "postgres", "--"]
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.run("initdb", "-D", self.dir + "/data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
        self.run("pg_ctl", "-D", self.dir + "/data", "-w", "-l", self.dir + "/log", "-o",
                 f"-p {self.port} -k {self.dir} -c listen_addresses=127.0.0.1 -c fsync=off -c shared_buffers=1GB -c work_mem=64MB "
                 "-c max_wal_size=8GB", "start")

    def run(self, program, *args):
        subprocess.run([*self.user, f"{self.bin}/{program}", *args], check=True, stdout=subprocess.DEVNULL, cwd="/")

    def psql_command(self, database):
        return [f"{self.bin}/psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-d", database, "-Xq"]

    def psql(self, database, sql):
        subprocess.run([*self.psql_command(database), "-v", "ON_ERROR_STOP=1"], input=sql.encode(), check=True, stdout=subprocess.DEVNULL)

    def stop(self):
        self.run("pg_ctl", "-D", self.dir + "/data", "-m", "immediate", "stop")


class Daemon:
    all = []

    def __init__(self, base, binary, port, database, product="rytask"):
        self.dir, self.bin = os.path.join(base, f"{database}-{time.monotonic_ns()}"), binary
        os.makedirs(self.dir)
        config = CONFIG.format(dir=self.dir, user=pwd.getpwuid(os.getuid()).pw_name, port=port, database=database, product=product)
        open(f"{self.dir}/config.toml", "w").write(config)
        begun = time.perf_counter()
        self.log = open(f"{self.dir}/log", "w")
        self.process = subprocess.Popen([f"{binary}/orgvaultd", "--config", f"{self.dir}/config.toml"], stderr=self.log)
        self.all.append(self)
        while not self.answers():
            if self.process.poll() is not None:
                sys.exit(open(f"{self.dir}/log").read())
            time.sleep(0.002)
        self.ready_ms = (time.perf_counter() - begun) * 1000

    def answers(self):
        try:
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(1)
                s.connect(f"{self.dir}/orgvaultd.sock")
                s.sendall(b"GET /v1/health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
                return s.recv(64).startswith(b"HTTP/1.1 200")
        except OSError:
            return False

    def command(self, *args):
        return [f"{self.bin}/orgvault", "--socket", f"{self.dir}/orgvaultd.sock", *args]

    def export(self, *args):
        done = subprocess.run(self.command("export", *args, "--wait", "--json"), capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"export {args} failed: {done.stderr}{done.stdout}")
        return json.loads(done.stdout)

    def phases(self):
        """The last export's write, read-back and publish times in seconds, out of the log."""
        self.log.flush()
        for line in reversed(open(f"{self.dir}/log").read().splitlines()):
            entry = json.loads(line)
            if entry["message"] == "export finished":
                return [entry[key] for key in ("write_seconds", "read_back_seconds", "publish_seconds")]
        sys.exit("the log tells no finished export")

    def drop_archives(self):
        shutil.rmtree(f"{self.dir}/archives/bench", ignore_errors=True)

    def status(self, key):
        for line in open(f"/proc/{self.process.pid}/status"):
            if line.startswith(key + ":"):
                return int(line.split()[1])
        return 0

    def cpu_seconds(self):
        fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.all.remove(self)
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


def timed(command):
    begun = time.perf_counter()
    subprocess.run(["bash", "-o", "pipefail", "-c", command], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


def row(what, figure, target):
    print(f"| {what:<66} | {figure:<34} | {target:<12} |", flush=True)


def compare(what, ours, theirs, runs, target):
    """`ours` and `theirs` return seconds; they are run in turn. Gives both medians."""
    pairs = [(ours(), theirs()) for _ in range(runs)]
    ratio = statistics.median(a / b for a, b in pairs)
    a, b = (statistics.median(side) for side in zip(*pairs))
    row(what, f"{ratio:.2f} ({a:.2f} s / {b:.2f} s)", target)
    return a, b


def archive_size(daemon):
    archives = json.loads(subprocess.run(daemon.command("archives", "--json"), capture_output=True, text=True, check=True).stdout)
    return archives["archives"][-1]["bytes"]


def big_organization(args, pg, base):
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


def many_organizations(args, pg, base):
    daemon = Daemon(base, args.bin, pg.port, "small")
    begun = time.perf_counter()
    exports = daemon.export("--all")["exports"]
    each = (time.perf_counter() - begun) / len(exports) * 1000
    row(f"export --all: {len(exports)} organizations of 50 rows, each", f"{each:.2f} ms", "<= 10 ms")
    daemon.stop()


def start_and_idle(args, pg, base):
    daemon = Daemon(base, args.bin, pg.port, "small")
    row("start to ready", f"{daemon.ready_ms:.0f} ms", "<= 200 ms")
    time.sleep(1)
    before = daemon.cpu_seconds()
    time.sleep(10)
    row("processor time while idle for 10 s", f"{(daemon.cpu_seconds() - before) * 1000:.0f} ms", "0 ms")
    daemon.stop()


def load(pg, args):
    schema = open(f"{ROOT}/daemon/tests/it/rytask.sql").read()
    for database in ("rytask", "small"):
        subprocess.run([f"{pg.bin}/createdb", "-h", "127.0.0.1", "-p", str(pg.port), "-U", "postgres", database], check=True)
        pg.psql(database, schema)
    pg.psql("rytask", rytask_data(BIG, args.rows) + rytask_data(HUGE, 5 * args.rows) + "VACUUM ANALYZE;")
    pg.psql("small", many_small(2000, 50) + "VACUUM ANALYZE;")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", help="names of parts, with commas: big, many, idle")
    args = parser.parse_args()
    args.bin = os.path.abspath(args.bin)
    parts = {"big": big_organization, "many": many_organizations, "idle": start_and_idle}
    chosen = args.only.split(",") if args.only else list(parts)
    base = tempfile.mkdtemp(prefix="orgvault-bench-")
    os.chmod(base, 0o755)
    pg = Postgres(base)
    try:
        load(pg, args)
        row("what", "measured", "target")
        for name in chosen:
            parts[name](args, pg, base)
    finally:
        for daemon in Daemon.all[:]:
            daemon.stop()
        pg.stop()
        shutil.rmtree(base, ignore_errors=True)


if __name__ == "__main__":
    main()
