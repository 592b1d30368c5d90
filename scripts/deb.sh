#!/bin/sh
# Makes the Debian package of the two programs in a folder, with Debian's own tools, and looks at it:
#   scripts/deb.sh target/release target/debian
set -eu
bin=$1 out=$2
mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
version=$("$bin/orgvaultd" --version | cut -d' ' -f2)
[ "$("$bin/orgvault" --version)" = "orgvault $version" ] || { echo "the two programs are of different versions" >&2; exit 1; }
for program in orgvaultd orgvault; do
  size=$(stat -c %s "$bin/$program")
  [ "$size" -le 20000000 ] || echo "$program has $size bytes, and should have at most 20 MB" >&2
done
root=$work/root
umask 022
make -s install-files BIN="$bin" DESTDIR="$root" PREFIX=/usr
install -D -m 644 CHANGELOG.md -t "$root/usr/share/doc/orgvault"
{
  echo 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/'
  printf '\nFiles: *\nCopyright: the orgvault authors\nLicense: MIT or Apache-2.0\n\nLicense: MIT or Apache-2.0\n'
  sed 's/^$/./; s/^/ /' LICENSE-MIT
  printf ' .\n On Debian, the Apache License 2.0 is in /usr/share/common-licenses/Apache-2.0.\n'
} >"$root/usr/share/doc/orgvault/copyright"
gzip -9n "$root/usr/share/doc/orgvault/CHANGELOG.md"

# Which libraries the programs need, and in which versions.
mkdir -p "$work/debian"
printf 'Source: orgvault\n\nPackage: orgvault\nArchitecture: any\n' >"$work/debian/control"
needs=$(cd "$work" && dpkg-shlibdeps -O root/usr/bin/orgvaultd root/usr/bin/orgvault 2>/dev/null | sed 's/^shlibs:Depends=//')
[ -n "$needs" ] || { echo "dpkg-shlibdeps does not say what the programs need" >&2; exit 1; }

mkdir "$root/DEBIAN"
install -m 755 systemd/deb/postinst systemd/deb/prerm systemd/deb/postrm "$root/DEBIAN"
echo /etc/orgvault/config.toml >"$root/DEBIAN/conffiles"
(cd "$root" && find usr etc -type f -exec md5sum {} + | LC_ALL=C sort -k2) >"$root/DEBIAN/md5sums"
arch=$(dpkg --print-architecture)
cat >"$root/DEBIAN/control" <<CONTROL
Package: orgvault
Version: $version-1
Architecture: $arch
Maintainer: The orgvault authors <orgvault@localhost>
Installed-Size: $(du -sk --apparent-size --exclude=DEBIAN "$root" | cut -f1)
Depends: $needs, systemd
Section: admin
Priority: optional
Homepage: https://github.com/orgvault/orgvault
Description: exports each organization of a self-hosted app as a verified archive
 orgvaultd reads the database of a multi-tenant app, strictly read-only, and exports
 each organization as a portable, verified archive, on schedule and on demand.
 orgvault is its console: a command line and a full-screen terminal interface.
CONTROL
deb=$out/orgvault_$version-1_$arch.deb
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)} \
  dpkg-deb --build --root-owner-group "$root" "$deb" >/dev/null

# What came out.
listed=$(dpkg-deb --contents "$deb" | awk '{print $1, $2, $6}')
for line in '-rwxr-xr-x root/root ./usr/bin/orgvault' '-rwxr-xr-x root/root ./usr/bin/orgvaultd' \
  '-rw-r----- root/root ./etc/orgvault/config.toml' '-rw-r--r-- root/root ./usr/lib/systemd/system/orgvaultd.service' \
  '-rw-r--r-- root/root ./usr/lib/systemd/system/orgvaultd.socket' '-rw-r--r-- root/root ./usr/lib/sysusers.d/orgvault.conf' \
  '-rw-r--r-- root/root ./usr/lib/tmpfiles.d/orgvault.conf' '-rw-r--r-- root/root ./usr/share/doc/orgvault/copyright'; do
  echo "$listed" | grep -qxF -e "$line" || { echo "the package has not: $line" >&2; exit 1; }
done
[ "$(dpkg-deb --info "$deb" conffiles)" = /etc/orgvault/config.toml ] || { echo "the configuration is no conffile" >&2; exit 1; }
for script in postinst prerm postrm; do dpkg-deb --info "$deb" "$script" | sh -n; done
echo "$deb"
