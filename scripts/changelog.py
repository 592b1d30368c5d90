#!/usr/bin/env python3
"""CHANGELOG.md from the fragments in changelog.d, one for each change that users notice.

  scripts/changelog.py                  write what is unreleased anew
  scripts/changelog.py --check          only look whether each fragment is well formed
  scripts/changelog.py --release 0.2.0  make a version of it, and remove the fragments

A fragment is a file NAME.md: a line `### SECTION`, an empty line, and points that begin with "- ".
"""

import argparse
import datetime
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FRAGMENTS = ROOT / "changelog.d"
CHANGELOG = ROOT / "CHANGELOG.md"
SECTIONS = [
    "Look at this before you update",
    "No night stops, and no archive lacks rows",
    "Back into the app, with proof",
    "Sources",
    "Export APIs, hooks and secrets",
    "What people see",
    "Programs and packages",
]
WIDTH = 128


def faults_of(path, text):
    """What is wrong with a fragment."""
    lines = text.splitlines()
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*\.md", path.name):
        yield "its name is not small-words-with-hyphens.md"
    if not lines or not lines[0].startswith("### ") or lines[0][4:] not in SECTIONS:
        yield "its first line is not `### ` and one of: " + "; ".join(SECTIONS)
    if lines[1:2] != [""]:
        yield "its second line is not empty"
    if not lines[2:] or not lines[2].startswith("- "):
        yield "its third line does not begin with `- `"
    if not text.endswith("\n") or text.endswith("\n\n"):
        yield "it does not end with one line feed"
    for number, line in enumerate(lines[2:], 3):
        if not line.startswith(("- ", "  ")) or line != line.rstrip():
            yield f"line {number} neither begins a point (`- `) nor goes on with one (two blanks)"
        if len(line) > WIDTH:
            yield f"line {number} is longer than {WIDTH} characters"


def read():
    """Section -> points, of all fragments by their names."""
    found, faults = {}, []
    for path in sorted(FRAGMENTS.iterdir()):
        if path.name == "README":
            continue
        text = path.read_text(encoding="utf-8")
        faults += [f"changelog.d/{path.name}: {fault}" for fault in faults_of(path, text)]
        heading, _, points = text.partition("\n\n")
        found.setdefault(heading.removeprefix("### "), []).append(points.rstrip("\n"))
    if faults:
        sys.exit("\n".join(faults))
    return found


def part(title, found):
    sections = [f"### {name}\n\n" + "\n".join(found[name]) for name in SECTIONS if name in found]
    return "\n\n".join([f"## {title}", *sections]) + "\n"


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--check", action="store_true")
    arguments.add_argument("--release", metavar="VERSION")
    given = arguments.parse_args()
    found = read()
    if given.check:
        return
    intro, *versions = re.split(r"^(?=## )", CHANGELOG.read_text(encoding="utf-8"), flags=re.MULTILINE)
    versions = [version.rstrip("\n") + "\n" for version in versions if not version.startswith("## Unreleased")]
    title = "Unreleased"
    if given.release:
        title = f"{given.release}, {datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d}"
    newest = [part(title, found)] if found else []
    CHANGELOG.write_text("\n".join([intro.rstrip("\n") + "\n", *newest, *versions]), encoding="utf-8")
    if given.release:
        for path in FRAGMENTS.glob("*.md"):
            path.unlink()


main()
