"""Tests the API from outside: schemathesis over every route of docs/openapi.json, and Asana's official
Python client. Called by `make test-api`, which has built the programs and the virtual environment.

    test-api.py --bin target/debug --venv target/test-api
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

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


def python_example():
    """The block of docs/faces.md."""
    text = (HERE / "docs/faces.md").read_text()
    return re.search(r"```python\n(.*?)```", text, re.S).group(1)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", type=pathlib.Path, required=True)
    parser.add_argument("--venv", type=pathlib.Path, required=True)
    parser.add_argument("--examples", type=int, default=20, help="requests for each route and phase")
    arguments = parser.parse_args()
    arguments.bin, arguments.venv = arguments.bin.resolve(), arguments.venv.resolve()
    # The database of the demonstration: three organizations in SQLite.
    made = subprocess.run([arguments.bin / "orgvault", "demo", "--keep", "--json"], check=True, capture_output=True)
    folder = pathlib.Path(json.loads(made.stdout)["directory"])
    work = pathlib.Path(tempfile.mkdtemp(prefix="orgvault-test-api-"))
    try:
        with daemon(arguments.bin, folder, work) as port:
            asana(arguments, work, port)
            schemathesis(arguments, work, relay(str(work / "socket")))
    finally:
        shutil.rmtree(folder)
        shutil.rmtree(work)


class daemon:
    def __init__(self, binaries, demo, work):
        self.port = free_port()
        self.work = work
        database = next(path for path in demo.iterdir() if path.suffix in (".sqlite", ".db"))
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


def asana(arguments, work, port):
    def orgvault(*words):
        command = [arguments.bin / "orgvault", "--socket", work / "socket", *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    organization = json.loads(orgvault("orgs", "--json"))["organizations"][0]["id"]
    token = orgvault("token", "add", "asana", "--role", "admin", "--all").splitlines()[0]
    environment = os.environ | {
        "ORGVAULT_URL": f"http://127.0.0.1:{port}",
        "TOKEN": token,
        "ORGANIZATION": organization,
    }
    command = [arguments.venv / "bin/python", "-c", python_example()]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    print("asana:", ran.stdout.strip() or ran.stderr)
    if ran.returncode or not ran.stdout.startswith("finished http://127.0.0.1:"):
        sys.exit("Asana's client does not work")


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
