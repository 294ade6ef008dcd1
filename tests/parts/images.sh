#!/usr/bin/env bash
# The images of a deployment for tests with containers: tests/parts/images.sh [remove]
# Those of the services are pulled where a registry answers.  Where none does, one stands in for the
# database (a real Postgres with what every project has), one is a real rclone, and one stands in for
# every other service (it answers health checks), all built on a Debian from its packages.  Nothing is built again when unchanged.
# SUPAMIG_TEST_IMAGES=build pulls nothing.  `remove` takes the names away from what stands in.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
here=tests/parts/images
skeleton=supamig/testing/sample/skeleton
suite=trixie
base=supamig-test/debian:$suite
label=supamig.stands-in

say() { printf '%s\n' "$*" >&2; }
# NAME REPOSITORY:TAG of each service, from the one table
pinned() { sed -n 's/^ *"\([a-z]*\)": Image("\([^"]*\)", "\([^"]*\)").*/\1 \2:\3/p' supamig/deployment/images.py; }
is_there() { docker image inspect "$1" >/dev/null 2>&1; }
stands_in() { docker image inspect --format "{{index .Config.Labels \"$label\"}}" "$1" 2>/dev/null | grep -q .; }
key_of() { find "$@" -type f -print0 | LC_ALL=C sort -z | xargs -0 cat | sha256sum | cut -c1-12; }
pull() { timeout "$1" docker pull --quiet "$2" >/dev/null 2>&1; }

remove() {
    local name image
    while read -r name image; do
        if stands_in "$image"; then docker image rm --no-prune "$image" >/dev/null; fi
    done < <(pinned)
    docker image ls --quiet --filter "label=$label" | sort -u | xargs -r docker image rm --force >/dev/null
}

debian() {
    if is_there "$base"; then return; fi
    command -v debootstrap >/dev/null || bash tests/parts/apt.sh debootstrap
    say "making a Debian $suite to build on (a minute, once)"
    local root as=()
    [ "$(id -u)" = 0 ] || as=(sudo -n)
    root=$(mktemp -d)
    trap '${as[@]+"${as[@]}"} rm -rf "$root"' RETURN
    ${as[@]+"${as[@]}"} debootstrap --variant=minbase "$suite" "$root" >"$root.log" 2>&1 </dev/null ||
        { tail -n 20 "$root.log" >&2; return 1; }
    rm -f "$root.log"
    ${as[@]+"${as[@]}"} tar -C "$root" --exclude=./var/cache/apt/archives/*.deb -c . | docker import - "$base" >/dev/null
}

# build NAME: tests/parts/images/NAME, with the skeleton beside it for the database
build() {
    local parts=("$here/$1") image context
    [ "$1" != postgres ] || parts+=("$skeleton")
    image=supamig-test/$1:$(key_of "${parts[@]}")
    if ! is_there "$image"; then
        debian
        say "building $image"
        context=$(mktemp -d)
        cp -r "$here/$1/." "$context"
        [ "$1" != postgres ] || cp -r "$skeleton" "$context/skeleton"
        # the client may lack buildx
        DOCKER_BUILDKIT=0 docker build --quiet --label "$label=$1" --tag "$image" "$context" \
            >/dev/null 2>"$context.log" </dev/null || { tail -n 20 "$context.log" >&2; return 1; }
        rm -rf "$context" "$context.log"
    fi
    printf '%s\n' "$image"
}

case ${1:-} in
    '') ;;
    remove) remove; exit ;;
    *) say 'tests/parts/images.sh [remove]'; exit 2 ;;
esac
[ -n "$(docker info --format '{{.ServerVersion}}' 2>/dev/null)" ] ||
    { say 'left out: images of a deployment (no Docker engine answers)'; exit 1; }
mkdir -p .cache/docker
exec 9>.cache/docker/images.lock
if command -v flock >/dev/null; then flock 9; fi      # two test runs at once build once
registry=unknown
[ "${SUPAMIG_TEST_IMAGES:-}" != build ] || registry=no
postgres=
rclone=
service=
count=0
while read -r name image; do
    if is_there "$image" && ! stands_in "$image"; then continue; fi
    # a small one shows whether there is a registry
    if [ "$registry" = unknown ]; then
        registry=no
        ! pull 20 "$(pinned | awk '$1 == "rest" { print $2 }')" || registry=yes
    fi
    if [ "$registry" = yes ] && pull 900 "$image"; then continue; fi
    case $name in db) kind=postgres ;; rclone) kind=rclone ;; *) kind=service ;; esac
    [ -n "${!kind}" ] || printf -v "$kind" %s "$(build "$kind")"
    docker tag "${!kind}" "$image"
    count=$((count + 1))
done < <(pinned)
[ "$count" = 0 ] || say "no registry answered: images of our own stand in for $count services"
