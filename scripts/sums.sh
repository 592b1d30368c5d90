#!/bin/sh
# Writes the sums of a version's package, for `sha256sum -c`: scripts/sums.sh target/debian 0.2.0
set -eu
cd "$1"
sha256sum orgvault_"$2"-*.deb >"orgvault_$2.sha256"
sha256sum -c "orgvault_$2.sha256"
