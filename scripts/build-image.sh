#!/usr/bin/env bash
# Builds the image for amd64 and arm64 without a container engine. Leaves an OCI layout under dist/image with one index for both, and
# prints the digest of the index. Two builds of the same commit have the same digest.
#
#   npm ci && scripts/build-image.sh
#
# Needs: a Debian system, root or user namespaces, and the package registries. Uses buildah from the PATH, or installs its own.
set -euo pipefail
. "$(dirname "$0")/package/parts.sh"

buildah=$(command -v buildah || echo "$("$checkout/scripts/install-real-servers.sh" buildah)/buildah")
version=$(version)
revision=$(git -C "$checkout" rev-parse HEAD 2>/dev/null || true)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo '{"default":[{"type":"insecureAcceptAnything"}]}' >"$work/policy.json"
export BUILDAH_ISOLATION=chroot STORAGE_DRIVER=vfs
storage=(--root "$work/storage" --runroot "$work/run")

"$buildah" "${storage[@]}" manifest create uploadr >&2
for arch in amd64 arm64; do
  "$checkout/scripts/package/image-root.sh" "$arch" "$work/$arch/image"
  say "$arch: image"
  "$buildah" "${storage[@]}" build --quiet --signature-policy "$work/policy.json" --manifest uploadr --platform "linux/$arch" --timestamp 0 \
    --build-arg "VERSION=$version" --build-arg "REVISION=$revision" --build-context "build=$work/$arch" \
    --file "$checkout/Dockerfile" "$work/$arch" >&2
  rm -rf "${work:?}/$arch"
done

layout="$checkout/dist/image"
rm -rf "$layout" && mkdir -p "$layout"
"$buildah" "${storage[@]}" manifest push --quiet --signature-policy "$work/policy.json" --all --format oci uploadr "oci:$layout:$version" >&2
node_in_checkout -p 'require(process.argv[1]).manifests[0].digest' "$layout/index.json"
