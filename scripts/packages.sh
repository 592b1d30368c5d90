#!/bin/sh
# Makes sure that Debian's packages are installed: installs what is missing when run as root,
# and otherwise says in one sentence what to install.
set -eu
missing=
for package in "$@"; do
  case $package in
    postgresql) ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || missing="$missing $package" ;;
    php-zip) php -m 2>/dev/null | grep -qi '^zip$' || missing="$missing $package" ;;
    openssh-client) command -v ssh-keygen >/dev/null || missing="$missing $package" ;;
    php-cli) command -v php >/dev/null || missing="$missing $package" ;;
    systemd) command -v systemd-analyze >/dev/null || missing="$missing $package" ;;
    python3-venv) python3 -c 'import ensurepip' 2>/dev/null || missing="$missing $package" ;;
    nodejs) command -v node >/dev/null || missing="$missing $package" ;;
    dpkg-dev) command -v dpkg-shlibdeps >/dev/null || missing="$missing $package" ;;
    miller) command -v mlr >/dev/null || missing="$missing $package" ;;
    mariadb-server-core) command -v mariadbd >/dev/null || test -x /usr/sbin/mariadbd || missing="$missing $package" ;;
    mariadb-client-core) command -v mariadb >/dev/null || missing="$missing $package" ;;
    libarchive-tools) command -v bsdtar >/dev/null || missing="$missing $package" ;;
    *) command -v "$package" >/dev/null || missing="$missing $package" ;;
  esac
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ]; then
  echo "install these packages first: sudo apt-get install$missing" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 # a list of words
apt-get install -qy --no-install-recommends $missing >/dev/null 2>&1 ||
  { apt-get update -q && apt-get install -qy --no-install-recommends $missing; }
