"""A throw-away PostgreSQL server, a daemon, and how they are measured."""
import json, os, pwd, shutil, signal, socket, statistics, subprocess, sys, time

UNIT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "systemd", "orgvaultd.service")
FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "shared", "testing", "src")
CONFIG = """\
[daemon]
socket = "{dir}/orgvaultd.sock"
state_dir = "{dir}/state"
archive_dir = "{dir}/archives"
workers = 2
log_format = "json"
{daemon}
[access]
owners = ["{user}"]
[[source]]
name = "bench"
product = "{product}"
url = "postgres://postgres@127.0.0.1:{port}/{database}"
"""


class Postgres:
    def __init__(self, base):
        roots = "/usr/lib/postgresql"
        best = sorted(os.listdir(roots), key=float)[-1] if os.path.isdir(roots) else None
        self.bin = f"{roots}/{best}/bin" if best else os.path.dirname(shutil.which("initdb") or "")
        self.dir = os.path.join(base, "pg")
        self.databases = set()
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

    def create(self, database, schema, data):
        """A database with the tables of a test's schema, and only `data` in them."""
        if database in self.databases:
            return
        self.databases.add(database)
        subprocess.run([f"{self.bin}/createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", database], check=True)
        self.psql(database, open(f"{FIXTURES}/{schema}").read())
        self.psql(database, "SELECT format('TRUNCATE %s', string_agg(oid::regclass::text, ',')) FROM pg_class "
                            "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace \\gexec")
        self.psql(database, data + "VACUUM ANALYZE;")

    def stop(self):
        self.run("pg_ctl", "-D", self.dir + "/data", "-m", "immediate", "stop")


def unit_environment():
    """What the unit gives the daemon besides what is in the environment."""
    lines = [line.strip().removeprefix("Environment=") for line in open(UNIT) if line.startswith("Environment=")]
    return os.environ | dict(line.split("=", 1) for line in lines)


class Daemon:
    all = []

    def __init__(self, base, binary, port, database, product="rytask", more="", daemon=""):
        self.dir, self.bin = os.path.join(base, f"{database}-{time.monotonic_ns()}"), binary
        os.makedirs(self.dir)
        config = CONFIG.format(dir=self.dir, user=pwd.getpwuid(os.getuid()).pw_name, port=port, database=database, product=product,
                               daemon=daemon) + more
        open(f"{self.dir}/config.toml", "w").write(config)
        begun = time.perf_counter()
        self.log = open(f"{self.dir}/log", "w")
        self.process = subprocess.Popen([f"{binary}/orgvaultd", "--config", f"{self.dir}/config.toml"], stderr=self.log,
                                        env=unit_environment())
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
