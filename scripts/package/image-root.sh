#!/usr/bin/env bash
# Puts together the root directory of the image for one architecture, amd64 or arm64. Nothing of it is run.
#
#   scripts/package/image-root.sh ARCH ROOT
set -euo pipefail
. "$(dirname "$0")/parts.sh"

arch=$1 root=$2
parts=$(mktemp -d)
trap 'rm -rf "$parts"' EXIT
program=$parts/program
mkdir -p "$parts/node" "$parts/debs" "$root"

say "$arch: program, Node, libraries"
compiled_program "$arch" "$program"
node_binary "$arch" "$parts/node"
debian_packages "$arch" "$parts/debs"
install_program "$program" "$parts/node" "$root"
libraries "$arch" "$parts/debs" "$root"
bill_of_materials "$arch" "$program" "$parts/node" "$parts"/debs/*.deb >"$root/usr/share/doc/mizuchi-uploadr/sbom.cdx.json"

# The user may write into the working directory, also into a new volume there: engines copy its mode.
mkdir -p "$root/etc/mizuchi-uploadr" "$root/var/lib/mizuchi-uploadr" "$root/tmp"
echo 'mizuchi:x:65532:65532::/var/lib/mizuchi-uploadr:/sbin/nologin' >"$root/etc/passwd"
echo 'mizuchi:x:65532:' >"$root/etc/group"
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
chmod -R u=rwX,go=rX "$root"
chmod 1777 "$root/tmp" "$root/var/lib/mizuchi-uploadr"
