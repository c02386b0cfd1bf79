#!/usr/bin/env bash
# Makes the base images of the real builds, under the names of the official ones and with their defaults, out of
# nothing but Debian packages and two npm packages. They stand in for images that cannot be pulled; where Docker Hub
# can be reached, pull instead. Images that are there already are kept.
#
# Needs root, debootstrap, tar and docker. What it takes from the environment:
#   TIDEWAITER_DOCKER_HOST      the engine, as DOCKER_HOST (unix:///…)
#   TIDEWAITER_DEBIAN_MIRROR    a mirror of Debian [http://deb.debian.org/debian]
#   TIDEWAITER_CA_BUNDLE        a file of certificates that pip, uv, poetry, npm and node have to trust in builds
#   http_proxy https_proxy no_proxy PIP_INDEX_URL UV_DEFAULT_INDEX NPM_CONFIG_REGISTRY    the same in builds
set -euo pipefail

export DOCKER_HOST=${TIDEWAITER_DOCKER_HOST:-${DOCKER_HOST:-}} DOCKER_BUILDKIT=1
mirror=${TIDEWAITER_DEBIAN_MIRROR:-http://deb.debian.org/debian}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# missing TAG…: whether one of the images is not there.
missing() {
  for tag in "$@"; do
    docker image inspect "$tag" >/dev/null 2>&1 || return 0
  done
  return 1
}

# base TAG… <Dockerfile: builds an image without a context.
base() {
  if ! missing "$@"; then
    cat >/dev/null
    return
  fi
  printf '== %s\n' "$1"
  local tags=()
  for tag in "$@"; do
    tags+=(--tag "$tag")
  done
  docker build --quiet --network host "${tags[@]}" -
}

# The settings of this machine, as ENV of all bases: an application's Dockerfile knows nothing of them.
settings() {
  local name certificates=/usr/local/share/ca-certificates/builds.crt
  if [[ -n ${TIDEWAITER_CA_BUNDLE:-} ]]; then
    for name in SSL_CERT_FILE PIP_CERT REQUESTS_CA_BUNDLE NODE_EXTRA_CA_CERTS NPM_CONFIG_CAFILE; do
      printf '%s=%s\n' "$name" "$certificates"
    done
  fi
  for name in http_proxy https_proxy no_proxy PIP_INDEX_URL UV_DEFAULT_INDEX NPM_CONFIG_REGISTRY; do
    if [[ -n ${!name:-} ]]; then
      printf '%s=%s\n' "$name" "${!name}"
    fi
  done
}

debian() {
  missing "$@" || return 0
  printf '== %s\n' "$1"
  local root=$work/debian changes=(--change 'CMD ["bash"]') setting
  debootstrap --variant=minbase trixie "$root" "$mirror" >"$work/log" || { tail -n 20 "$work/log"; return 1; }
  # As the slim images: no documentation, no lists, and packages are removed once they are installed.
  rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/usr/share/{doc,man,info,locale}/* "$root"/var/log/*
  cat >"$root/etc/dpkg/dpkg.cfg.d/docker" <<'CFG'
path-exclude /usr/share/doc/*
path-exclude /usr/share/man/*
path-exclude /usr/share/info/*
path-exclude /usr/share/locale/*
CFG
  cat >"$root/etc/apt/apt.conf.d/docker-clean" <<'CFG'
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/*.bin || true"; };
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
CFG
  rm -f "$root/etc/resolv.conf" "$root/etc/hostname"
  if [[ -n ${TIDEWAITER_CA_BUNDLE:-} ]]; then
    mkdir -p "$root/usr/local/share/ca-certificates"
    cp "$TIDEWAITER_CA_BUNDLE" "$root/usr/local/share/ca-certificates/builds.crt"
  fi
  while read -r setting; do
    changes+=(--change "ENV $setting")
  done < <(settings)
  tar -C "$root" -c . | docker import "${changes[@]}" - "$1" >/dev/null
  for tag in "${@:2}"; do
    docker tag "$1" "$tag"
  done
}

debian debian:trixie-slim debian:13-slim debian:stable-slim debian:trixie debian:13 debian:latest

# Debian's pip cannot replace what dpkg has installed: pip comes from PyPI, as it does in the official image.
base python:3.13-slim-trixie python:3.13-slim <<'DOCKERFILE'
FROM debian:trixie-slim
ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin PYTHON_VERSION=3.13
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates netbase python3 python3-venv tzdata \
 && rm -rf /var/lib/apt/lists/* /usr/lib/python3.*/EXTERNALLY-MANAGED \
 && ln -s /usr/bin/python3 /usr/local/bin/python \
 && python -m venv /tmp/venv && /tmp/venv/bin/pip --python /usr/bin/python3 install --no-cache-dir pip \
 && rm -rf /tmp/venv && ln -s dist-packages /usr/local/lib/python3.13/site-packages
CMD ["python3"]
DOCKERFILE

# The full variants have a compiler, as the official ones have.
base python:3.13-trixie python:3.13 <<'DOCKERFILE'
FROM python:3.13-slim-trixie
RUN apt-get update && apt-get install -y --no-install-recommends build-essential curl git python3-dev \
 && rm -rf /var/lib/apt/lists/*
DOCKERFILE

# Node itself comes as an npm package, because Debian has another version.
base node:24-trixie-slim node:24-slim node:24-bookworm-slim <<'DOCKERFILE'
FROM debian:trixie-slim AS npm
RUN apt-get update && apt-get install -y --no-install-recommends nodejs npm
RUN npm install --prefix /new node@24 npm@11
FROM debian:trixie-slim
COPY --from=npm /new/node_modules/node/bin/node /usr/local/bin/node
COPY --from=npm /new/node_modules/npm /usr/local/lib/node_modules/npm
RUN groupadd --gid 1000 node && useradd --uid 1000 --gid node --shell /bin/bash --create-home node \
 && ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \
 && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx \
 && printf '%s\n' '#!/bin/sh' 'case "$1" in -*) set -- node "$@" ;; esac' \
    'command -v "$1" >/dev/null || set -- node "$@"' 'exec "$@"' >/usr/local/bin/docker-entrypoint.sh \
 && chmod 755 /usr/local/bin/docker-entrypoint.sh
# Containers of the suite may reach no network; npm would wait for it before it ends.
ENV NODE_VERSION=24 NPM_CONFIG_UPDATE_NOTIFIER=false
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["node"]
DOCKERFILE

base node:24-trixie node:24 node:24-bookworm <<'DOCKERFILE'
FROM node:24-trixie-slim
RUN apt-get update && apt-get install -y --no-install-recommends build-essential ca-certificates curl git python3 \
 && rm -rf /var/lib/apt/lists/*
DOCKERFILE

base golang:1.27-trixie golang:1.27 <<'DOCKERFILE'
FROM debian:trixie-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates git golang-go \
 && rm -rf /var/lib/apt/lists/* && mkdir -p /go/bin /go/src && chmod -R 1777 /go
ENV GOPATH=/go GOTOOLCHAIN=local PATH=/go/bin:/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin
WORKDIR /go
DOCKERFILE

base nginx:1.30-trixie nginx:1.30 nginx:stable <<'DOCKERFILE'
FROM debian:trixie-slim
RUN apt-get update && apt-get install -y --no-install-recommends nginx-light && rm -rf /var/lib/apt/lists/* \
 && ln -sf /dev/stdout /var/log/nginx/access.log && ln -sf /dev/stderr /var/log/nginx/error.log \
 && rm -rf /var/www && mkdir -p /usr/share/nginx/html /etc/nginx/conf.d \
 && printf '%s\n' 'server {' '  listen 80;' '  location / {' '    root /usr/share/nginx/html;' '  }' '}' \
    >/etc/nginx/conf.d/default.conf && rm -f /etc/nginx/sites-enabled/*
EXPOSE 80
STOPSIGNAL SIGQUIT
CMD ["nginx", "-g", "daemon off;"]
DOCKERFILE

base php:8.4-cli-trixie php:8.4-cli <<'DOCKERFILE'
FROM debian:trixie-slim
RUN apt-get update && apt-get install -y --no-install-recommends php8.4-cli && rm -rf /var/lib/apt/lists/*
CMD ["php", "-a"]
DOCKERFILE

base ruby:3.3-slim-trixie ruby:3.3-slim <<'DOCKERFILE'
FROM debian:trixie-slim
RUN apt-get update && apt-get install -y --no-install-recommends ruby ruby-webrick && rm -rf /var/lib/apt/lists/*
CMD ["irb"]
DOCKERFILE

# Alpine without its package manager: BusyBox, which Debian builds without the applets that make accounts.
base alpine:3.24 alpine:3 <<'DOCKERFILE'
FROM debian:trixie-slim AS busybox
RUN sed -n 's/^deb \(.*\)/deb-src \1/p' /etc/apt/sources.list >/etc/apt/sources.list.d/source.list \
 && apt-get update && apt-get install -y --no-install-recommends bzip2 dpkg-dev gcc libc6-dev make
WORKDIR /src
RUN apt-get source busybox && cd busybox-* && cp debian/config/pkg/static .config \
 && for applet in ADDUSER ADDGROUP DELUSER DELGROUP FEATURE_ADDUSER_TO_GROUP FEATURE_DEL_USER_FROM_GROUP; do \
      sed -i "/CONFIG_$applet[ =]/d" .config && echo "CONFIG_$applet=y" >>.config || exit; \
    done \
 && sed -i 's/^CONFIG_LAST_ID=.*/CONFIG_LAST_ID=256000/; s/^CONFIG_FIRST_SYSTEM_ID=.*/CONFIG_FIRST_SYSTEM_ID=100/; s/^CONFIG_LAST_SYSTEM_ID=.*/CONFIG_LAST_SYSTEM_ID=999/' .config \
 && (yes '' || true) | make oldconfig >/dev/null && make -j 2 >/dev/null
RUN mkdir -p /new/bin /new/sbin /new/usr/bin /new/usr/sbin /new/etc /new/root /new/tmp /new/home /new/var \
 && chmod 1777 /new/tmp && cp busybox-*/busybox /new/bin/ \
 && chroot /new /bin/busybox --install -s \
 && echo root:x:0:0:root:/root:/bin/sh >/new/etc/passwd && echo root:x:0: >/new/etc/group \
 && echo root::0::::: >/new/etc/shadow && echo /bin/sh >/new/etc/shells
FROM scratch
COPY --from=busybox /new /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
CMD ["/bin/sh"]
DOCKERFILE

docker image ls
