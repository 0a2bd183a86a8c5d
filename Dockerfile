# For Docker: docker build --build-arg VERSION=0.1.0 .
# scripts/build-image.sh builds the same image with buildah, without an engine. It uses the last stage of this file, and replaces the
# stage `build` by the root directory that scripts/package/image-root.sh puts together.
FROM --platform=$BUILDPLATFORM node:26.10.0-bookworm AS build
ARG TARGETARCH
WORKDIR /source
COPY . .
RUN npm ci && scripts/package/image-root.sh "$TARGETARCH" /image

FROM scratch
ARG VERSION
ARG REVISION
COPY --from=build /image /
LABEL org.opencontainers.image.title="Mizuchi Uploadr" \
      org.opencontainers.image.description="Upload-only S3 gateway in which every upload is one truthful OpenTelemetry trace" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
# Certificate authorities: those of Node, and those of this file, which a volume can replace.
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt NODE_USE_SYSTEM_CA=1 MIZUCHI_CONFIG=/etc/mizuchi-uploadr/config.yaml
USER 65532:65532
WORKDIR /var/lib/mizuchi-uploadr
EXPOSE 8080 9090
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s CMD ["/usr/bin/mizuchi-uploadr", "probe"]
ENTRYPOINT ["/usr/bin/mizuchi-uploadr"]
CMD ["serve"]
