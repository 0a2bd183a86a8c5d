#!/usr/bin/env bash
# Builds the Debian package with its own Node, and prints its file below dist/.
#
#   npm ci && scripts/build-deb.sh [ARCH]      (amd64 or arm64; default: that of this machine)
#
# Needs: a Debian system (dpkg-deb) and the registry of npm. No root. DEBFULLNAME and DEBEMAIL name the maintainer.
set -euo pipefail
. "$(dirname "$0")/package/parts.sh"

arch=${1:-$(dpkg --print-architecture)}
version=$(version)
maintainer="${DEBFULLNAME:-Mizuchi Uploadr maintainers} <${DEBEMAIL:-maintainers@mizuchi-uploadr.invalid}>"
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$checkout" log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH
debian="$checkout/deploy/debian"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root="$work/root"
documents="$root/usr/share/doc/mizuchi-uploadr"
mkdir -p "$work/node" "$root"

# put MODE FILE PLACE: a file below the root.
put() { install -D -m "$1" "$2" "$root/$3"; }
# gz: compresses standard input, without a name and a time.
gz() { gzip -9n; }

say "$arch: program and Node"
compiled_program "$arch" "$work/program"
node_binary "$arch" "$work/node"
install_program "$work/program" "$work/node" "$root"
mv "$root/$HOME_OF_PROGRAM/config.example.yaml" "$work/config.example.yaml"
bill_of_materials "$arch" "$work/program" "$work/node" >"$documents/sbom.cdx.json"

say "$arch: package"
put 644 "$debian/copyright" usr/share/doc/mizuchi-uploadr/copyright
put 644 "$debian/sysusers.conf" usr/lib/sysusers.d/mizuchi-uploadr.conf
put 644 "$debian/lintian-overrides" usr/share/lintian/overrides/mizuchi-uploadr
put 644 "$checkout/deploy/systemd/mizuchi-uploadr.service" lib/systemd/system/mizuchi-uploadr.service
put 644 "$checkout/deploy/systemd/mizuchi-uploadr.socket" lib/systemd/system/mizuchi-uploadr.socket
put 644 "$work/config.example.yaml" etc/mizuchi-uploadr/config.example.yaml
mkdir -p -m 700 "$root/etc/mizuchi-uploadr/secrets"
mkdir -p "$root/usr/share/man/man1"
gz <"$debian/mizuchi-uploadr.1" >"$root/usr/share/man/man1/mizuchi-uploadr.1.gz"
gz <"$checkout/README.md" >"$documents/README.md.gz"
gz <"$checkout/CHANGELOG.md" >"$documents/CHANGELOG.md.gz"
printf 'mizuchi-uploadr (%s) stable; urgency=medium\n\n  * The changes are in CHANGELOG.md.gz.\n\n -- %s  %s\n' \
  "$version" "$maintainer" "$(date -R -u -d "@$SOURCE_DATE_EPOCH")" | gz >"$documents/changelog.gz"

mkdir "$root/DEBIAN"
size=$(du -sk --exclude=DEBIAN "$root" | cut -f1)
sed "s|@VERSION@|$version|; s|@ARCH@|$arch|; s|@MAINTAINER@|$maintainer|; s|@SIZE@|$size|" "$debian/control" >"$root/DEBIAN/control"
echo /etc/mizuchi-uploadr/config.example.yaml >"$root/DEBIAN/conffiles"
for script in postinst prerm postrm; do put 755 "$debian/$script" "DEBIAN/$script"; done
(cd "$root" && find . -path ./DEBIAN -prune -o -path ./etc -prune -o -type f -printf '%P\0' | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
chmod 644 "$root/DEBIAN"/{control,conffiles,md5sums}
mkdir -p "$checkout/dist"
package="$checkout/dist/mizuchi-uploadr_${version}_$arch.deb"
dpkg-deb --root-owner-group -Zxz -z1 --build "$root" "$package" >&2
echo "$package"
