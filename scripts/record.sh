#!/bin/sh
# Makes the README's recording of the console anew: docs/console.svg.
set -eu
cd "$(dirname "$0")/.."
RECORD=1 exec cargo test -p orgvault --bin orgvault --locked the_recording_is_what_the_console_shows
