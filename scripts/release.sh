#!/bin/sh
# Makes a release of what is checked out: everything that is checked, the changelog, a tag, the Debian package and its
# sums. The version is the workspace's. With DRY_RUN=1 it says what it would do, and changes nothing.
set -eu
cd "$(dirname "$0")/.."
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
run() {
  if [ -n "${DRY_RUN:-}" ]; then
    echo "would run: $*"
  else
    echo "$*" && "$@"
  fi
}
refuse() {
  echo "$*" >&2
  [ -n "${DRY_RUN:-}" ] || exit 1
}
[ -z "$(git status --porcelain)" ] || refuse "there are changes that are not committed"
! git rev-parse -q --verify "refs/tags/v$version" >/dev/null || refuse "v$version is there already: raise version in Cargo.toml"
scripts/changelog.py --check
[ -n "$(ls changelog.d/*.md 2>/dev/null)" ] || refuse "changelog.d tells nothing new"
run make check test deny
run scripts/changelog.py --release "$version"
run git commit -q -m "Release $version" CHANGELOG.md changelog.d
run git tag -a "v$version" -m "orgvault $version"
run make deb
run scripts/sums.sh target/debian "$version"
echo "then: git push origin HEAD v$version, and hand out what is in target/debian"
