#!/usr/bin/env bash
# SQLite compares (a, b) < (t.x, t.y) with the first column of an index on (a, b) alone; (+t.x, +t.y) uses both.
#
# A good engineer expects: a keyset page "what comes before this row" reads as much of the index whether the row's values are
# bound, written out, or columns of another table in the query. What happens: with constants or parameters the plan says
# (author,at)<(?,?); with columns it says author<?, so that every row of the lower authors, and all of this one, is walked
# and thrown away. A unary plus before each column, which changes no value, brings the whole index back. Types, collations
# and NOT NULL are alike on both sides here; ANALYZE makes no difference.
# Why it matters: "the newest before each of these" in one statement is how lists are paged for many owners at once. It is
# right, and fast on a test's ten rows; on a million it is a scan that looks like a search in the plan.
#
# Ends with 0 as long as SQLite behaves so, and with 1 when it does not any more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check apsw==3.46.1.0
"$folder/venv/bin/python" - <<'PY'
import sys, apsw

database = apsw.Connection(":memory:")
database.execute("""
    CREATE TABLE post (author TEXT NOT NULL, at INTEGER NOT NULL, body TEXT);
    CREATE INDEX by_author ON post (author, at);
    CREATE TABLE place (author TEXT NOT NULL, at INTEGER NOT NULL);
    INSERT INTO place VALUES ('m', 500);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
        INSERT INTO post SELECT char(97 + i % 26), i, 'x' FROM n;
    ANALYZE;
""")

def look(right, bound=()):
    query = f"""SELECT place.at, (SELECT post.at FROM post WHERE (post.author, post.at) < ({right})
                ORDER BY post.author DESC, post.at DESC LIMIT 1) FROM place"""
    plan = [row[3] for row in database.execute("EXPLAIN QUERY PLAN " + query, bound) if "by_author" in row[3]][0]
    print(f"{right:24} {plan[plan.index('('):]:24} {database.execute(query, bound).fetchall()}")
    return plan, database.execute(query, bound).fetchall()

print("SQLite", apsw.sqlite_lib_version())
columns, answer = look("place.author, place.at")
plus, with_plus = look("+place.author, +place.at")
parameters, with_parameters = look("?, ?", ("m", 500))
whole = "(author,at)<(?,?)"
as_told = whole not in columns and "author<?" in columns and whole in plus and whole in parameters and answer == with_plus == with_parameters
print("behaves as described" if as_told else "BEHAVES OTHERWISE NOW")
sys.exit(not as_told)
PY
