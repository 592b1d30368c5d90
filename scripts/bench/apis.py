"""Sources that are export APIs: a file of 2 GiB, and 1,000 small organizations through one token."""
import base64, gzip, http.server, json, multiprocessing, os, random, shutil, subprocess, threading, time

from machine import Daemon, compare, row

TARGET = 2 << 30
SMALL = 1000
PER_SECOND = 100
SOURCE = """
[[source]]
name = "{name}"
product = "{product}"
token_file = "{dir}/token"
url = "http://127.0.0.1:{port}"
organizations = {organizations}
download_hosts = ["127.0.0.1"]
"""
FAST = """
[product]
name = "fast"
kind = "api"
measured_on = "this benchmark"

[organization]
kind = "organization"

[api]
auth = "bearer"
limits = {{ requests = {per_second}, per = "1s", jobs = 50 }}

[[export]]
format = "json"
gzip = true
job.create = {{ path = "/organization_exports", body = {{ data = {{ organization = "{{organization}}" }} }} }}
job.id = "/data/gid"
job.status.path = "/organization_exports/{{job}}"
job.at_most = "1h"
job.state = [{{ at = "/data/state", values = ["finished"], is = "finished" }}]
download = {{ url = "/data/download_url", hosts = ["127.0.0.1"] }}
content = {{ inner = "ndjson", section = "__type", id = "__object_id", identity = [{{ section = "Domain", pointer = "/__object_id" }}] }}
"""


def domain(organization):
    return b'{"__object_id":%s,"__type":"Domain","name":"Acme"}\n' % str(organization).encode()


def member(number):
    """One gzip member of about 6 MiB: rows whose texts deflate as prose does not quite."""
    random.seed(number)
    texts = [base64.b64encode(random.randbytes(random.randrange(60, 400))) for _ in range(500)]
    kinds = [b"Task", b"Task", b"Comment", b"AddedFollowerComment", b"Heart"]
    lines = []
    for place in range(25_000):
        key = 10_000_000 + number * 25_000 + place
        lines.append(b'{"__object_id":%d,"__type":"%s","__creation_time":"2026-01-31 09:30:00","name":"row %d","text":"%s","creator_du":%d}\n'
                     % (key, kinds[place % 5], key, random.choice(texts), key))
    return gzip.compress(b"".join(lines), 1)


def big_file(path, size):
    with multiprocessing.Pool(2) as pool, open(path, "wb") as file:
        file.write(gzip.compress(domain(1)))
        for part in pool.imap(member, range(1 << 20), chunksize=1):
            file.write(part)
            if file.tell() >= size:
                pool.terminate()
                return


class Server(http.server.ThreadingHTTPServer):
    """Each export is finished when it is asked for; the file of organization 1 is the large one."""
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, big):
        super().__init__(("127.0.0.1", 0), Handler)
        self.big, self.port, self.asked = big, self.server_address[1], 0
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def record(self, organization):
        link = f"http://127.0.0.1:{self.server.port}/file/{organization}"
        gid = f"{organization}{self.server.asked:06}{time.monotonic_ns()}"
        return json.dumps({"data": {"gid": gid, "state": "finished", "download_url": link}}).encode()

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked += 1
        organization = body["data"]["organization"]
        gid = f"{organization}-{self.server.asked}"
        self.answer(json.dumps({"data": {"gid": gid, "state": "pending"}}).encode())

    def do_GET(self):
        name = self.path.rsplit("/", 1)[1]
        if "/organization_exports/" in self.path:
            return self.answer(self.record(name.split("-")[0]))
        if name != "1":
            return self.answer(gzip.compress(domain(name)))
        self.send_response(200)
        self.send_header("Content-Length", str(os.path.getsize(self.server.big)))
        self.end_headers()
        with open(self.server.big, "rb") as file:
            self.wfile.flush()
            self.connection.sendfile(file)


def large(args, daemon, server, folder):
    def ours():
        begun = time.perf_counter()
        daemon.export("large/1")
        taken = time.perf_counter() - begun
        shutil.rmtree(f"{daemon.dir}/archives/large")
        return taken

    def theirs():
        begun = time.perf_counter()
        command = f"cd {folder} && curl -sSo f http://127.0.0.1:{server.port}/file/1 && gzip -t f && sha256sum f && sync f && rm f"
        subprocess.run(["bash", "-c", command], check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - begun
    size = os.path.getsize(server.big) / (1 << 20)
    compare(f"export API, {size:.0f} MiB of NDJSON in gzip / curl, gzip -t, sha256sum, sync", ours, theirs, args.runs, "<= 1.15")
    row("... peak memory of the daemon", f"{daemon.status('VmHWM') / 1024:.1f} MiB", "<= 64 MiB")


def many(daemon):
    begun = time.perf_counter()
    daemon.export("--all", "--source", "small")
    taken = time.perf_counter() - begun
    asks = SMALL * 3 / PER_SECOND
    row(f"{SMALL} small organizations, {PER_SECOND} requests a second: time / what the limit asks", f"{taken / asks:.2f} ({taken:.1f} s / {asks:.1f} s)", "<= 1.05")


def apis(args, pg, base):
    folder = f"{base}/apis"
    os.makedirs(f"{folder}/products")
    with open(os.open(f"{folder}/token", os.O_CREAT | os.O_WRONLY, 0o600), "w") as token:
        token.write("bench")
    open(f"{folder}/products/fast.toml", "w").write(FAST.format(per_second=PER_SECOND))
    big_file(f"{folder}/big", TARGET * args.rows // 1_000_000)
    server = Server(f"{folder}/big")
    ids = [str(number) for number in range(2, SMALL + 2)]
    more = "".join(SOURCE.format(name=name, product=product, dir=folder, port=server.port, organizations=organizations)
                   for name, product, organizations in [("large", "asana", ["1"]), ("small", "fast", ids)])
    daemon = Daemon(base, args.bin, pg.port, "postgres", more=more, daemon=f'products_dir = "{folder}/products"\n')
    large(args, daemon, server, folder)
    many(daemon)
    daemon.stop()
    server.shutdown()
    shutil.rmtree(folder)
