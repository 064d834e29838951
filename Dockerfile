# The broker as a sidecar: no root, a read-only root file system, no shell needed for probes.
FROM debian:bookworm-slim AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends g++ cmake ninja-build pkg-config git ca-certificates \
      libboost1.81-dev libboost-json1.81-dev libboost-url1.81-dev libssl-dev libyaml-cpp-dev libcli11-dev \
      libspdlog-dev prometheus-cpp-dev libsystemd-dev
COPY . /source
RUN cmake --preset release -S /source -B /build -DTOKENBROKER_TESTS=OFF \
 && cmake --build /build \
 && DESTDIR=/image cmake --install /build --strip

FROM debian:bookworm-slim
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="tokenbroker" \
      org.opencontainers.image.description="Logs in once for each service account and hands out the token over a Unix socket" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="docker.io/library/debian:bookworm-slim"
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates libyaml-cpp0.7 libspdlog1.10 libprometheus-cpp-core1.0 \
      libsystemd0 libssl3 \
 && rm -rf /var/lib/apt/lists/* \
 && install -d -m 0700 -o 64646 -g 64646 /var/lib/tokenbroker \
 && install -d -m 0755 -o 64646 -g 64646 /run/tokenbroker
COPY --from=build /image/usr/bin/tokenbrokerd /image/usr/bin/tokenctl /usr/bin/
COPY --from=build /image/usr/libexec/tokenbroker /usr/libexec/tokenbroker
# The uid that owns the state and the socket; documented, so that other containers can be given its group.
USER 64646:64646
ENV STATE_DIRECTORY=/var/lib/tokenbroker
VOLUME ["/var/lib/tokenbroker", "/run/tokenbroker"]
HEALTHCHECK --interval=10s --timeout=2s --start-period=5s CMD ["/usr/bin/tokenctl", "health", "--ready"]
# PID 1: stops on SIGTERM within 5 s, and waits for the children that it starts.
ENTRYPOINT ["/usr/bin/tokenbrokerd"]
