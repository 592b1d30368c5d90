#!/usr/bin/env bash
# DuckDB reads a valid CSV with all_varchar = true and gives the quotes of later records as data.
#
# A good engineer expects: all_varchar turns the guessing off, so that every field arrives as the text that RFC 4180 says.
# What happens: the sniffer still guesses the *dialect* from the first 20,480 records. If no field of those needs quotes, it
# decides that the file has no quote character at all. From then on `"say ""hi"""` is the text with all its quotes, and
# nothing is said. (`sample_size = -1`, or naming the quote, is right.)
# Why it matters: exports quote only where they must, so the first quoted field may come after any number of plain ones.
# What is loaded then differs from what was exported, in the rows that are longest and most valuable, and counts agree.
#
# Ends with 0 as long as DuckDB behaves so, and with 1 when it does not any more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check duckdb==2.0.1
"$folder/venv/bin/python" - "$folder/valid.csv" <<'PY'
import csv, sys, duckdb

path, text = sys.argv[1], 'say "hi"'
with open(path, "w", newline="", encoding="utf-8") as file:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["id", "note"])
    writer.writerows([number, "plain"] for number in range(1, 21_001))
    writer.writerow([21_001, text])

def read(options):
    query = f"SELECT note FROM read_csv('{path}', all_varchar = true, header = true{options}) WHERE id = '21001'"
    return duckdb.connect().execute(query).fetchall()[0][0]

with open(path, newline="", encoding="utf-8") as file:
    expected = list(csv.reader(file))[-1][1]
guessed, named, whole = read(""), read(""", quote = '"'"""), read(", sample_size = -1")
print("duckdb", duckdb.__version__, "python", sys.version.split()[0])
print("what the file says      ", repr(expected))
print("all_varchar = true      ", repr(guessed))
print("… and quote = '\"'       ", repr(named))
print("… and sample_size = -1  ", repr(whole))
as_told = expected == named == whole == text and guessed == '"say ""hi"""'
print("behaves as described" if as_told else "BEHAVES OTHERWISE NOW")
sys.exit(not as_told)
PY
