"""Tests the API from outside: schemathesis over every route of docs/openapi.json, and Asana's official
clients. Called by `make test-api`, which has built the programs and installed the clients.

    test-api.py --bin target/debug --venv target/test-api

With --record FILE it writes down instead what the Python client and the daemon say to each other, for
daemon/tests/it/fixtures/transcripts.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent.parent
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
ACME = "018f0000-0000-7000-8000-00000000000a"


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def relay(path):
    """Passes TCP connections on to the Unix socket, where the caller is an owner; gives the port."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)

    def pump(source, sink):
        try:
            while chunk := source.recv(65536):
                sink.sendall(chunk)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def serve():
        while True:
            client, _ = listener.accept()
            daemon = socket.socket(socket.AF_UNIX)
            daemon.connect(path)
            for pair in ((client, daemon), (daemon, client)):
                threading.Thread(target=pump, args=pair, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    return listener.getsockname()[1]


def example(language):
    """The block of docs/faces.md."""
    text = (HERE / "docs/faces.md").read_text()
    return re.search(rf"```{language}\n(.*?)```", text, re.S).group(1)


def database_in(folder):
    return next(path for path in folder.iterdir() if path.suffix in (".sqlite", ".db"))


def shrink(database):
    """Leaves two work items of each project of the first organization."""
    with sqlite3.connect(database) as connection:
        first = "organization_id = (SELECT min(id) FROM organizations)"
        connection.execute(f"DELETE FROM work_items WHERE number > 2 AND {first}")
        for table in ("work_item_labels", "comments", "time_logs"):
            connection.execute(f"DELETE FROM {table} WHERE work_item_id NOT IN (SELECT id FROM work_items)")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", type=pathlib.Path, required=True)
    parser.add_argument("--venv", type=pathlib.Path, required=True)
    parser.add_argument("--record", type=pathlib.Path, help="write a transcript to this file, and test nothing")
    parser.add_argument("--examples", type=int, default=20, help="requests for each route and phase")
    arguments = parser.parse_args()
    arguments.bin, arguments.venv = arguments.bin.resolve(), arguments.venv.resolve()
    # The database of the demonstration: three organizations in SQLite.
    made = subprocess.run([arguments.bin / "orgvault", "demo", "--keep", "--json"], check=True, capture_output=True)
    folder = pathlib.Path(json.loads(made.stdout)["directory"])
    work = pathlib.Path(tempfile.mkdtemp(prefix="orgvault-test-api-"))
    if arguments.record:
        shrink(database_in(folder))
    try:
        with daemon(arguments.bin, folder, work) as port:
            if arguments.record:
                return record(arguments, work, port)
            asana(arguments, work, port)
            schemathesis(arguments, work, relay(str(work / "socket")))
    finally:
        shutil.rmtree(folder)
        shutil.rmtree(work)


class daemon:
    def __init__(self, binaries, demo, work):
        self.port = free_port()
        self.work = work
        database = database_in(demo)
        user = subprocess.run(["id", "-un"], check=True, capture_output=True, text=True).stdout.strip()
        (work / "config.toml").write_text(
            f'[daemon]\nsocket = "{work}/socket"\nstate_dir = "{work}/state"\narchive_dir = "{work}/archives"\n'
            f'log_level = "warn"\nconnections_per_user = 1000\n'
            f'[access]\nowners = ["{user}"]\n'
            f'[http]\nlisten = "127.0.0.1:{self.port}"\n'
            f'[[source]]\nname = "demo"\nproduct = "rytask"\nurl = "sqlite://{database}"\n'
        )
        self.process = subprocess.Popen([binaries / "orgvaultd", "--config", work / "config.toml"])

    def __enter__(self):
        deadline = time.monotonic() + 30
        while not (self.work / "socket").exists():
            if time.monotonic() > deadline or self.process.poll() is not None:
                sys.exit("the daemon did not start")
            time.sleep(0.05)
        return self.port

    def __exit__(self, *_):
        running = self.process.poll() is None
        self.process.terminate()
        self.process.wait(30)
        if not running:
            sys.exit("the daemon ended by itself")


def orgvault(arguments, work, *words):
    command = [arguments.bin / "orgvault", "--socket", work / "socket", *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def token(arguments, work):
    return orgvault(arguments, work, "token", "add", "asana", "--role", "admin", "--all").splitlines()[0]


def asana(arguments, work, port):
    """The examples of docs/faces.md."""
    count = len(json.loads(orgvault(arguments, work, "orgs", "--json"))["organizations"])
    environment = os.environ | {
        "ORGVAULT_URL": f"http://127.0.0.1:{port}",
        "TOKEN": token(arguments, work),
        "NODE_PATH": str(arguments.venv / "node_modules"),
    }
    for name, command, line in (
        ("python", [arguments.venv / "bin/python", "-c", example("python")], r"finished .* http://127\.0\.0\.1:.*"),
        ("javascript", ["node", "-e", example("javascript")], r"[0-9a-f-]{36} .+"),
    ):
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
        print(f"asana, {name}:", ran.stdout.strip() or ran.stderr)
        said = ran.stdout.splitlines()
        if ran.returncode or said[:1] != ["as asana"] or len(said) != count + 1:
            sys.exit(f"Asana's client for {name} does not work")
        if not all(re.fullmatch(line, one) for one in said[1:]):
            sys.exit(f"Asana's client for {name} was told something else")


def record(arguments, work, port):
    """An organization, as the Python client exports and downloads it."""
    sys.path.insert(0, str(next(arguments.venv.glob("lib/python*/site-packages"))))
    import asana as client_of
    from transcript import Recorder

    secret = token(arguments, work)
    for _ in range(20):
        with Recorder(port, secret) as recorder:
            configuration = client_of.Configuration()
            configuration.host, configuration.access_token = recorder.url + "/api/1.0", secret
            client = client_of.ApiClient(configuration)
            exports = client_of.OrganizationExportsApi(client)
            workspace, *others = client_of.WorkspacesApi(client).get_workspaces({"limit": 100})
            # The small one waits for the large ones, as it would in a night.
            for other in others:
                exports.create_organization_export({"data": {"organization": other["gid"]}}, {})
            recorder.exchanges.clear()
            export = exports.create_organization_export({"data": {"organization": workspace["gid"]}}, {})
            while export["state"] not in ("finished", "error"):
                export = exports.get_organization_export(export["gid"], {})
            urllib.request.urlopen(export["download_url"]).read()
        # One that was finished at the first look says too little of how one waits.
        if len(recorder.exchanges) > 3:
            arguments.record.write_text(recorder.text())
            return
    sys.exit("every export was finished at the first look")


def schemathesis(arguments, work, port):
    command = [
        arguments.venv / "bin/schemathesis", "run", HERE / "docs/openapi.json",
        "--url", f"http://127.0.0.1:{port}",
        # It never ends.
        "--exclude-path", "/v1/events",
        "--checks", CHECKS,
        # Made-up tokens would only meet the limit on wrong ones.
        "--generation-with-security-parameters", "false",
        "--max-examples", str(arguments.examples),
        "--phases", "examples,coverage,fuzzing",
        "--request-timeout", "30",
    ]
    # What it remembers of a run is of no use to the next.
    if subprocess.run(command, cwd=work).returncode:
        sys.exit("schemathesis found something")


if __name__ == "__main__":
    main()
