#!/usr/bin/env bash
# The parts of the image and of the Debian package, each a function that fills a directory. To be sourced by the scripts that build them.
#
# Needs: npm; a Debian system (apt-get, dpkg-deb) for the libraries of the image. No root, and nothing of the system is changed.

checkout="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
readonly checkout
# Below the root of an image or a package. The first line of cli.js names it, so that the program runs without a shell and env.
readonly HOME_OF_PROGRAM=usr/lib/mizuchi-uploadr
# The libraries of Node with their licences (gcc-12-base), and the certificate authorities.
readonly LIBRARIES="libc6 libstdc++6 libgcc-s1 libatomic1 gcc-12-base ca-certificates"

say() { printf '%s %s\n' "$(date +%H:%M:%S)" "$*" >&2; }

# node_in_checkout ARGUMENT...: the Node of the project, not of the system.
node_in_checkout() { "$checkout/node_modules/.bin/node" "$@"; }

version() { node_in_checkout -p 'require(process.argv[1]).version' "$checkout/package.json"; }

# compiled_program ARCH DIR: the compiled program with the packages that it needs, and with the native addons for amd64 or arm64.
compiled_program() {
  local arch=$1 program=$2
  mkdir -p "$program"
  (cd "$checkout" && node_in_checkout node_modules/typescript/bin/tsc -p tsconfig.build.json --declaration false --outDir "$program/dist")
  (cd "$checkout" && node_in_checkout scripts/build-page.ts "$program/dist/page")
  cp "$checkout"/{package.json,package-lock.json,.npmrc,config.example.yaml,LICENSE} "$program/"
  npm ci --prefix "$program" --omit=dev --os=linux --cpu="${arch/amd64/x64}" --libc=glibc --ignore-scripts --no-audit --no-fund --silent >&2
  # The flag of src/workers/young-generation.ts: V8 reads it only when the process starts.
  sed -i "1s|^#!.*|#!/$HOME_OF_PROGRAM/node --min-semi-space-size=4|" "$program/dist/cli.js"
  chmod 755 "$program/dist/cli.js"
}

# node_binary ARCH DIR: node and its licence. ARCH is amd64 or arm64.
node_binary() {
  local arch=$1 dir=$2 package
  package="node-linux-${arch/amd64/x64}"
  npm pack --silent --pack-destination "$dir" "$package@$(node_in_checkout -p process.versions.node)" >/dev/null
  (cd "$dir" && sha512sum --check --quiet <(grep " $package-" "$checkout/scripts/package/node.sha512"))
  tar -xzf "$dir/$package"-*.tgz -C "$dir" --strip-components=1 package/LICENSE package/bin/node
  mv "$dir/bin/node" "$dir/node"
  rm -rf "$dir/bin" "$dir/$package"-*.tgz
}

# debian_packages ARCH DIR: the packages of LIBRARIES for any architecture, downloaded with lists of our own.
debian_packages() {
  local arch=$1 dir=$2 apt
  mkdir -p "$dir/apt/lists/partial" "$dir/apt/cache/archives/partial"
  touch "$dir/apt/status"
  apt=(apt-get -qq -o "APT::Architecture=$arch" -o "APT::Architectures=$arch" -o APT::Sandbox::User=root
    -o "Dir::State=$dir/apt" -o "Dir::State::status=$dir/apt/status" -o "Dir::Cache=$dir/apt/cache" -o Acquire::Languages=none)
  "${apt[@]}" update >&2
  # shellcheck disable=SC2086 # a list of packages
  (cd "$dir" && "${apt[@]}" download $LIBRARIES >&2)
  rm -rf "$dir/apt"
}

# libraries ARCH DEBS ROOT: from the packages in DEBS, the shared libraries that Node needs, the CA certificates and the licences.
libraries() {
  local arch=$1 debs=$2 root=$3 unpacked triplet file
  triplet=x86_64-linux-gnu
  if [ "$arch" = arm64 ]; then triplet=aarch64-linux-gnu; fi
  unpacked=$(mktemp -d)
  for file in "$debs"/*.deb; do dpkg-deb -x "$file" "$unpacked"; done
  (
    cd "$unpacked"
    shopt -s nullglob
    cp -a --parents -t "$root" lib64/ld-linux-*.so.* lib/ld-linux-*.so.* "lib/$triplet"/ld-linux-*.so.* \
      "lib/$triplet"/lib{c,m,dl,rt,pthread,resolv,nss_dns,nss_files,gcc_s}.so.[0-9]* \
      "usr/lib/$triplet"/lib{stdc++,atomic}.so.* usr/share/doc/*/copyright
    mkdir -p "$root/etc/ssl/certs"
    cat usr/share/ca-certificates/mozilla/*.crt >"$root/etc/ssl/certs/ca-certificates.crt"
  )
  rm -rf "$unpacked"
}

# prune_packages DIR: removes from node_modules what only developers need: types, source maps, documents, tests, commands. Licences stay.
prune_packages() {
  local directory=$1
  rm -rf "$directory"/{.bin,.package-lock.json}
  find "$directory" -regextype posix-extended -type d \
    -regex '.*/node_modules/(@[^/]+/)?[^/]+/(docs|tests?|bench|benchmarks?|examples?|\.[a-z]+)' -prune -exec rm -rf {} +
  find "$directory" -regextype posix-extended -type f \
    -regex '.*(\.[cm]?ts|\.map|/\.[^/]+|\.html|\.md)' -not -iname 'licen[cs]e*' -delete
  find "$directory" -type f -exec awk 'FNR == 1 && /^#!/ { print FILENAME } { nextfile }' {} + | xargs -r rm
  find "$directory" -type d -empty -delete
  find "$directory" -type f -exec chmod 644 {} +
}

# install_program PROGRAM NODE ROOT: the program with its Node, at its place below ROOT, with modes that do not depend on the umask.
install_program() {
  local program=$1 node=$2 root=$3 home="$3/$HOME_OF_PROGRAM"
  mkdir -p "$home" "$root/usr/bin" "$root/usr/share/doc/mizuchi-uploadr"
  cp -r "$program"/{dist,node_modules,package.json,config.example.yaml} "$home/"
  prune_packages "$home/node_modules"
  cp "$node/node" "$home/node"
  cp "$program/LICENSE" "$root/usr/share/doc/mizuchi-uploadr/copyright"
  cp "$node/LICENSE" "$root/usr/share/doc/mizuchi-uploadr/copyright.node"
  ln -s "../lib/mizuchi-uploadr/dist/cli.js" "$root/usr/bin/mizuchi-uploadr"
  chmod -R u=rwX,go=rX "$root"
}

# bill_of_materials ARCH PROGRAM NODE [DEB ...]: the SBOM, in CycloneDX.
bill_of_materials() { node_in_checkout "$checkout/scripts/package/sbom.ts" "$@"; }
