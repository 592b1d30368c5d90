#!/bin/sh
# Checks the systemd units as they would be installed, with the binary that was built:
# `systemd-analyze verify` says nothing at all, and the exposure is at most 1.5.
set -eu
binary=$(readlink -f "$1")
units=$(mktemp -d)
trap 'rm -rf "$units"' EXIT
for unit in orgvaultd.service orgvaultd.socket; do
  sed "s|/usr/bin/orgvaultd|$binary|" "systemd/$unit" >"$units/$unit"
done
said=$(systemd-analyze verify --man=no "$units/orgvaultd.service" "$units/orgvaultd.socket" 2>&1) || { echo "$said" >&2; exit 1; }
[ -z "$said" ] || { echo "systemd-analyze verify is not silent:" >&2; echo "$said" >&2; exit 1; }
# The threshold is in tenths.
systemd-analyze security --offline=yes --threshold=15 --no-pager "$units/orgvaultd.service" >"$units/report" ||
  { cat "$units/report" >&2; exit 1; }
tail -1 "$units/report"
# The daemon reads the configuration that was installed, and cannot write it.
if [ "$(id -u)" = 0 ]; then
  root=$units/root
  install -D -m 640 config.example.toml "$root/etc/orgvault/config.toml"
  systemd-sysusers --root="$root" "$PWD/systemd/orgvault.sysusers" >"$units/report" 2>&1 &&
    systemd-tmpfiles --root="$root" --create "$PWD/systemd/orgvault.tmpfiles" >>"$units/report" 2>&1 ||
    { cat "$units/report" >&2; exit 1; }
  group=$(sed -n 's/^orgvault:[^:]*:\([0-9]*\):.*/\1/p' "$root/etc/group")
  owner=$(stat -c '%a %u %g' "$root/etc/orgvault/config.toml")
  [ "$owner" = "640 0 $group" ] || { echo "config.toml is $owner, not 640 0 $group" >&2; exit 1; }
fi
