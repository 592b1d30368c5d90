"""The console on a pseudo-terminal, with a stand-in for the daemon that can make a storm of events."""
import fcntl, json, os, pty, re, select, socket, statistics, struct, subprocess, termios, threading, time

from data import rytask_organization
from machine import Daemon as RealDaemon, row

ORGANIZATIONS = 10_000
BIG = "00000000-0000-7000-8000-000000000001"
STORM = 10_000  # events in a second
FRAME = b"\x1b[?2026h"


def key(number):
    return {"source": "tracker", "kind": "organization", "id": str(number), "name": f"Organization {number}", "slug": f"org-{number}"}


def export(number, rows):
    return {"gid": str(number), "request": "1", "organization": key(number % 50), "format": "json", "gzip": False, "state": "started",
            "created_at": "2026-01-31T09:30:00Z", "started_at": "2026-01-31T09:30:01Z", "warnings": [], "counts": [],
            "requested_by": "root", "progress": {"section": "workItems", "rows": rows, "rows_expected": 1_000_000, "bytes": rows * 600}}


class Daemon:
    """Answers what the console asks for; `storm` sends so many seconds of events."""

    def __init__(self, base):
        self.path = os.path.join(base, "console.sock")
        self.streams = []
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(self.path)
        listener.listen(64)
        self.listener = listener
        last = {"gid": "9", "format": "json", "exported_at": "2026-01-31T02:30:00Z", "bytes": 25_000_000, "rows": 41_203}
        organizations = [{**key(n), "last_archive": last, "last_state": "finished", "health": "ok", "history": ["finished"] * 14}
                         for n in range(ORGANIZATIONS)]
        status = {"version": "0.1.0", "pid": 1, "started_at": "2026-01-31T09:00:00Z", "role": "owner", "sources": 1, "archives": 1,
                  "archive_bytes": 1, "archive_dir": "/x", "pending": 0, "running": 0, "failed": 0,
                  "configured_at": "2026-01-31T09:00:00Z", "warnings": []}
        self.answers = {"/v1/status": status, "/v1/organizations": {"organizations": organizations, "failures": []},
                        "/v1/exports": {"exports": []}}
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            stream, _ = self.listener.accept()
            threading.Thread(target=self.answer_or_not, args=(stream,), daemon=True).start()

    def answer_or_not(self, stream):
        try:
            self.answer(stream)
        except (OSError, IndexError):  # The console was left meanwhile.
            stream.close()

    def answer(self, stream):
        path = stream.recv(65536).split(b" ")[1].decode().split("?")[0]
        if path == "/v1/events":
            head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
            stream.sendall(head + chunk([{"type": "snapshot", "exports": []}]))
            self.streams.append(stream)
            return
        body = json.dumps(self.answers.get(path, {})).encode()
        stream.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
        stream.close()

    def storm(self, seconds):
        """Gives how many events were sent."""
        sent, begun = 0, time.perf_counter()
        while (now := time.perf_counter() - begun) < seconds:
            due = int(now * STORM) - sent
            if due > 0:
                events = [{"type": "export", "export": export(100 + n % 50, n)} for n in range(sent, sent + due)]
                self.streams[-1].sendall(chunk(events))
                sent += due
            time.sleep(0.005)
        return sent


def chunk(events):
    data = b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)
    return b"%x\r\n" % len(data) + data + b"\r\n"


class Console:
    def __init__(self, binary, path):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        environment = {"TERM": "xterm-256color", "LANG": "C.UTF-8", "ORGVAULT_SOCKET": path}
        self.begun = time.perf_counter()
        self.process = subprocess.Popen([f"{binary}/orgvault"], stdin=slave, stdout=slave, stderr=slave, env=environment)
        os.close(slave)
        self.shown = b""

    def read(self, seconds):
        """What is shown within this time at most, as soon as there is something."""
        ready, _, _ = select.select([self.master], [], [], seconds)
        try:
            shown = os.read(self.master, 1 << 20) if ready else b""
        except OSError:  # Its last writer is gone.
            shown = b""
        self.shown += shown
        return shown

    def until(self, part, seconds=30):
        """The time at which `part` is shown, counted from now on."""
        shown, end = b"", time.perf_counter() + seconds
        while part not in shown:
            shown += self.read(end - time.perf_counter())
            if time.perf_counter() > end:
                raise SystemExit(f"the console did not show {part} but {shown[-500:]}")
        return time.perf_counter()

    def press(self, keys):
        os.write(self.master, keys)
        return time.perf_counter()

    def quiet(self, seconds):
        """Bytes that come within this time."""
        end, count = time.perf_counter() + seconds, 0
        while (left := end - time.perf_counter()) > 0:
            count += len(self.read(left))
        return count

    def cpu_seconds(self):
        fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self):
        return next(int(line.split()[1]) for line in open(f"/proc/{self.process.pid}/status") if line.startswith("VmRSS:"))

    def quit(self):
        self.press(b"\x03")
        while self.process.poll() is None:
            self.read(0.05)
        os.close(self.master)
        return self.process.returncode


def key_delays(console, letters):
    """Milliseconds from a key to its echo in the last line."""
    delays = []
    for letter in letters:
        pressed = console.press(letter)
        delays.append((console.until(letter) - pressed) * 1000)
        time.sleep(0.07)
    return delays


def console(args, _pg, base):
    daemon = Daemon(base)
    paints = []
    for _ in range(7):
        one = Console(args.bin, daemon.path)
        paints.append((one.until(b"organizations") - one.begun) * 1000)
        one.quit()
    row("console: first paint", f"{statistics.median(paints):.0f} ms", "<= 50 ms")

    one = Console(args.bin, daemon.path)
    listed = (one.until(b"10,000") - one.begun) * 1000
    row(f"console: {ORGANIZATIONS} organizations on the screen", f"{listed:.0f} ms", "-")
    one.quiet(2)
    before = one.cpu_seconds()
    count = one.quiet(30)
    used = (one.cpu_seconds() - before) * 1000
    row("console: bytes and processor time while idle for 30 s", f"{count} bytes, {used:.0f} ms", "3 clock ticks")
    one.press(b":")
    one.quiet(0.2)
    delays = key_delays(one, [bytes([letter]) for letter in b"QXZJWVKU"] * 3)
    row("console: key to screen, median and longest", f"{statistics.median(delays):.1f} ms, {max(delays):.1f} ms", "<= 50 ms")
    row("console: memory", f"{one.memory() // 1024} MiB", "-")

    one.quiet(0.2)
    before, frames = one.cpu_seconds(), one.shown.count(FRAME)
    sent = []
    storm = threading.Thread(target=lambda: sent.append(daemon.storm(5)))
    storm.start()
    delays = key_delays(one, [bytes([letter]) for letter in b"QXZJWVKU"] * 5)
    storm.join()
    one.quiet(0.2)
    frames = one.shown.count(FRAME) - frames
    used = one.cpu_seconds() - before
    row("console: events in a storm of 5 s", f"{sum(sent)}", f"{5 * STORM}")
    row("console: key to screen in the storm, median and longest", f"{statistics.median(delays):.1f} ms, {max(delays):.1f} ms", "<= 50 ms")
    row("console: frames in a second of it, processor time in all", f"{frames / 5:.0f}, {used / 5 * 100:.0f} %", "<= 30")
    row("console: memory after it", f"{one.memory() // 1024} MiB", "flat")
    assert one.quit() == 0, "the console did not end with 0"


def words(shown):
    """What is on the screen without colours: blanks are jumped over."""
    return re.sub(rb"\x1b\[[0-9;?]*[a-zA-Z]", b"", re.sub(rb"\x1b\[\d+;\d+H", b" ", shown))


def until_settled(console, *parts):
    """Milliseconds until all of `parts` are on the screen, which is drawn anew to look."""
    begun = time.perf_counter()
    while time.perf_counter() - begun < 120:
        console.press(b"\x0c")
        shown = words(b"".join(iter(lambda: console.read(0.02), b"")))
        if all(part in shown for part in parts):
            return (time.perf_counter() - begun) * 1000
    raise SystemExit(f"the console did not show {parts} but {shown}")


def rows(args, pg, base):
    """A big section behind the real daemon: to its end, to its middle, and a search through all of it."""
    pg.create("rows", "rytask.sql", rytask_organization(BIG, args.rows))
    daemon = RealDaemon(base, args.bin, pg.port, "rows")
    gid = daemon.export(f"bench/{BIG}", "--format", "json")["exports"][0]["gid"]
    one = Console(args.bin, f"{daemon.dir}/orgvaultd.sock")
    one.until(b"organizations")
    one.press(f":{gid}\r".encode())
    until_settled(one, b"timeLogs")
    one.press(b"G\r")
    opened = until_settled(one, b"row 1 of", b"more below")
    one.press(b"G")
    last = until_settled(one, f"row {args.rows:,} of".encode(), b"end of the section")
    one.press(f":row {args.rows // 2}\r".encode())
    middle = until_settled(one, f"row {args.rows // 2:,} of".encode(), b"more below")
    one.press(f"/item {args.rows // 3 * 3},\r".encode())
    found = until_settled(one, b"rows with", b"end of the section")
    row(f"console: the first, the last, the middle of {args.rows} rows", f"{opened:.0f} ms, {last:.0f} ms, {middle:.0f} ms", "-")
    row("console: search through all of them", f"{found:.0f} ms", "-")
    row("console: memory of console and daemon after it", f"{one.memory() // 1024} MiB, {daemon.status('VmHWM') // 1024} MiB", "<= 64 MiB")
    assert one.quit() == 0, "the console did not end with 0"
    daemon.stop()
