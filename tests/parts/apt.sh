#!/usr/bin/env bash
# Installs Debian packages, as root or through sudo without a password: tests/parts/apt.sh NAME...
set -euo pipefail
if [ "$(id -u)" = 0 ]; then
    root=()
elif sudo -n true 2>/dev/null; then
    root=(sudo -n)
else
    printf 'left out: %s (no root rights)\n' "$*" >&2
    exit 1
fi
command -v apt-get >/dev/null || { printf 'left out: %s (no apt-get)\n' "$*" >&2; exit 1; }
quietly() {
    local log
    log=$(mktemp)
    if "$@" >"$log" 2>&1 </dev/null; then rm -f "$log"; else tail -n 20 "$log" >&2; rm -f "$log"; return 1; fi
}
apt() {
    quietly ${root[@]+"${root[@]}"} env DEBIAN_FRONTEND=noninteractive \
        apt-get -o DPkg::Lock::Timeout=120 -q -y "$@"
}
find /var/lib/apt/lists -name "*_Packages*" -mmin -60 2>/dev/null | grep -q . || apt update
apt install --no-install-recommends "$@"
