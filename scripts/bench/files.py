"""Files that rows name: one of 5 GiB, and very many small ones."""
import os, shutil, time

from machine import Daemon, row

DEFINITION = """\
[product]
name = "files"
measured_on = "files 1"

[organization]
list = "SELECT id, name, name AS slug FROM companies ORDER BY id"

[[section]]
name = "attachments"
member = "attachments.csv"
table = "attachments"
rows = "SELECT id, path, size FROM attachments WHERE company_id = $1 ORDER BY id"
count = "SELECT count(*) FROM attachments WHERE company_id = $1"

[[files]]
section = "attachments"
path = "path"
size = "size"

[table.companies]
reads = ["id", "name"]

[table.attachments]
reads = ["id", "company_id", "path", "size"]
"""
TABLES = """
CREATE TABLE companies (id integer PRIMARY KEY, name text);
INSERT INTO companies VALUES (1, 'acme');
CREATE TABLE attachments (id integer PRIMARY KEY, company_id integer, path text, size bigint);
"""
LARGE = 5 << 30


def one(args, pg, base, name, rows, make):
    """Exports and verifies what `make` puts into the folder; the daemon."""
    uploads, products = f"{base}/{name}-uploads", f"{base}/{name}-products"
    for folder in (uploads, products):
        os.makedirs(folder)
    make(uploads)
    open(f"{products}/files.toml", "w").write(DEFINITION)
    pg.psql("postgres", f"CREATE DATABASE {name}")
    pg.psql(name, TABLES + rows)
    daemon = Daemon(base, args.bin, pg.port, name, "files", f'files = "{uploads}"\n', f'products_dir = "{products}"\n')
    begun = time.perf_counter()
    daemon.export("acme", "--format", "zip")
    row(f"{name}: export with its reading back", f"{time.perf_counter() - begun:.2f} s", "")
    row("... peak memory of the daemon", f"{daemon.status('VmHWM') / 1024:.1f} MiB", "<= 64 MiB" if name == "large" else "")
    daemon.stop()
    shutil.rmtree(f"{daemon.dir}/archives")
    shutil.rmtree(uploads)


def large(args, pg, base):
    def make(uploads):
        with open(f"{uploads}/large", "wb") as file:
            # What begins so is not compressed; the rest takes no room.
            file.write(os.urandom(1 << 20))
            file.truncate(LARGE)
    one(args, pg, base, "large", f"INSERT INTO attachments VALUES (1, 1, 'large', {LARGE});", make)


def small(args, pg, base):
    count = args.rows // 10
    def make(uploads):
        for number in range(count):
            if number % 1000 == 0:
                os.makedirs(f"{uploads}/{number // 1000}")
            with open(f"{uploads}/{number // 1000}/{number}.txt", "w") as file:
                file.write(f"file {number}\n")
    one(args, pg, base, "small", f"INSERT INTO attachments SELECT n, 1, (n / 1000) || '/' || n || '.txt', NULL "
        f"FROM generate_series(0, {count - 1}) AS n;", make)


def files(args, pg, base):
    large(args, pg, base)
    row(f"{args.rows // 10} small files:", "", "")
    small(args, pg, base)
