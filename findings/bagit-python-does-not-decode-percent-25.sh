#!/usr/bin/env bash
# bagit-python calls a bag of RFC 8493 incomplete where a file's name has a percent sign, and one that it has just made too.
#
# RFC 8493 (BagIt 1.0), section 2.1.3: in the manifest a line feed, a carriage return and a percent sign of a path are written
# as %0A, %0D and %25. A good engineer expects that the reference tool writes and reads that. What happens: it writes a percent
# sign as it is, and reads %0A and %0D as line ends but %25 as three characters. So
#   1. a bag by the rules of the RFC, with the file `50%.txt`, is "incomplete" for it (and the same bag with a bare % is valid);
#   2. `bagit.py --sha256` of a folder with the file `discount 50%0A.txt` ends with 0, and `bagit.py --validate` of what it
#      made says that the file is missing.
# Why it matters: whoever writes bags for people with this tool can follow the RFC or be accepted, not both, as soon as a name
# has a percent sign (every name that somebody saved from a URL). `sha256sum -c` decodes nothing either. Names without % are
# the only ones that all three agree on.
#
# Ends with 0 as long as bagit-python behaves so, and with 1 when it does not any more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check setuptools==80.9.0 bagit==1.9.0
cd "$folder"
tool() { "$folder/venv/bin/bagit.py" "$@" 2>&1; }
says() { if tool --validate "$1" > said; then echo valid; else tail -n 1 said | cut -c1-160; fi; }

# By hand, with the percent sign as the RFC wants it, and without.
for bag in by-the-rfc bare; do
  mkdir -p "$bag/data"
  printf 'BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n' > "$bag/bagit.txt"
  printf x > "$bag/data/50%.txt"
done
sum=$(printf x | sha256sum | cut -d' ' -f1)
printf '%s  data/50%%25.txt\n' "$sum" > by-the-rfc/manifest-sha256.txt
printf '%s  data/50%%.txt\n' "$sum" > bare/manifest-sha256.txt

# By the tool itself.
mkdir own
printf x > 'own/discount 50%0A.txt'
tool --sha256 own > made

rfc=$(says by-the-rfc) bare=$(says bare) own=$(says own)
printf '%s\n' "$(tool --version)" "by the RFC: $rfc" "with a bare %: $bare" "the tool's own manifest: $(cat own/manifest-sha256.txt)" \
  "the tool of its own bag: $own"
if [ "$rfc" != valid ] && [ "$bare" = valid ] && [ "$own" != valid ]; then
  echo "behaves as described"
else
  echo "BEHAVES OTHERWISE NOW"
  exit 1
fi
