#!/usr/bin/env bash
# csvkit with --no-inference still turns the texts N/A, NA, None, none, null and . into "no value".
#
# A good engineer expects: "Disable type inference (and --locale, --date-format, …) when parsing CSV input" gives every field
# as the text that is there. What happens: with inference off each column is agate's Text, and that type has its own list of
# words for NULL, which only --blanks turns off. csvjson writes null, csvsql stores NULL, in2csv and csvsort write an empty
# field; no warning, status 0.
# Why it matters: people switch inference off to keep data as it is ("007", "1e5"). A surname Null, the country code NA of a
# column of codes, a note that says "none" are then gone, and an empty field cannot be told from them any more.
#
# Ends with 0 as long as csvkit behaves so, and with 1 when it does not any more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check csvkit==2.2.0 agate==1.14.2
cd "$folder"
printf 'surname,country\nNull,NA\nNone,.\nplain,DE\n' > people.csv
run() { "$folder/venv/bin/$1" "${@:2}"; }
run csvjson --version
kept=$(run csvjson --no-inference --blanks people.csv)
lost=$(run csvjson --no-inference people.csv)
stored=$(run csvsql --no-inference --query 'SELECT count(*) AS lost FROM people WHERE surname IS NULL OR country IS NULL' people.csv)
sorted=$(run csvsort --no-inference -c country people.csv)
printf '%s\n' "the file" "$(cat people.csv)" "csvjson --no-inference" "$lost" "csvjson --no-inference --blanks" "$kept" \
  "rows with a NULL after csvsql --no-inference" "$stored" "csvsort --no-inference" "$sorted"
expected_lost='[{"surname": null, "country": null}, {"surname": null, "country": null}, {"surname": "plain", "country": "DE"}]'
expected_kept='[{"surname": "Null", "country": "NA"}, {"surname": "None", "country": "."}, {"surname": "plain", "country": "DE"}]'
if [ "$lost" = "$expected_lost" ] && [ "$kept" = "$expected_kept" ] && [ "${stored##*$'\n'}" = 2 ] && ! grep -q NA <<<"$sorted"; then
  echo "behaves as described"
else
  echo "BEHAVES OTHERWISE NOW"
  exit 1
fi
