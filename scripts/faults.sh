#!/bin/sh
# Runs every script of a folder against the programs in another: scripts/faults.sh DIR BIN.
# A script says how orgvault took its input: 0 right, 1 wrong, 2 it could not be set up here.
set -u
folder=$1 programs=$(readlink -f "$2")
said=$(mktemp)
trap 'rm -f "$said"' EXIT
right=0 wrong=0
for script in "$folder"/*.sh; do
  [ -e "$script" ] || { echo "no scripts in $folder" >&2; exit 2; }
  status=0
  bash "$script" "$programs" >"$said" 2>&1 </dev/null || status=$?
  case $status in
    0) word=right right=$((right + 1)) ;;
    2) word='not set up' wrong=$((wrong + 1)) ;;
    *) word=wrong wrong=$((wrong + 1)) ;;
  esac
  printf '%-10s  %s\n' "$word" "$(basename "$script")"
  [ "$status" = 0 ] || sed 's/^/            /' "$said"
done
echo "$right passed, $wrong failed"
[ "$wrong" = 0 ]
