#!/usr/bin/env bash
# A dump of SQLite 3.50 does not give back the numbers that were dumped, where they are very large or very small.
#
# A good engineer expects: `.dump` writes 18 digits or more of a REAL, any correct reader makes the same double of 17, so a
# database that is dumped and read again is the same. What happens: 3.50.4 (which reads and writes decimal numbers with a pair
# of doubles, and not with a long double) gives a neighbour back for one in twelve numbers around 1e150 and one in six around
# 1e250; numbers around 1e50 and less come back. 3.54.1 gives all of them back. No error, no warning; `quote()`, Python's
# `iterdump` and every literal in SQL text go the same way.
# Why it matters: a dump is what people verify a backup by. A number that was bound as a parameter is not changed: a restore
# has to bind values, or compare what it wrote.
#
# Ends with 0 as long as both versions behave so, and with 1 when they do not any more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/dump.py" <<'PY'
import random, sys
import apsw, apsw.shell, io
def shell(connection, *commands):
    out = io.StringIO()
    run = apsw.shell.Shell(db=connection, stdout=out)
    for command in commands:
        run.process_complete_line(command)
    return out.getvalue()
random.seed(7)
before, after = apsw.Connection(":memory:"), apsw.Connection(":memory:")
before.execute("CREATE TABLE measured (id INTEGER PRIMARY KEY, exponent INTEGER, value REAL)")
rows = [(exponent, random.uniform(1, 10) * 10.0 ** exponent) for exponent in (5, 50, 150, 250) for _ in range(1000)]
before.executemany("INSERT INTO measured (exponent, value) VALUES (?, ?)", rows)
after.execute(shell(before, ".dump"))
sql = "SELECT exponent, value FROM measured ORDER BY id"
changed = {exponent: 0 for exponent, _ in rows}
example = ""
for (exponent, one), (_, other) in zip(before.execute(sql), after.execute(sql), strict=True):
    if one != other:
        changed[exponent] += 1
        example = example or f", {one!r} became {other!r}"
print(f"SQLite {apsw.sqlite_lib_version()}: changed of 1000 each", changed, example)
sys.exit(any(changed.values()))
PY
as_described=0
for version in 3.50.4.0:1 3.54.1.0:0; do
  python3 -m venv "$folder/${version%:*}"
  "$folder/${version%:*}/bin/pip" install --quiet --disable-pip-version-check "apsw==${version%:*}"
  status=0
  "$folder/${version%:*}/bin/python3" "$folder/dump.py" || status=$?
  [ "$status" = "${version#*:}" ] || as_described=1
done
if [ "$as_described" = 0 ]; then echo "behaves as described"; else echo "BEHAVES OTHERWISE NOW"; exit 1; fi
