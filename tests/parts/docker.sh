#!/usr/bin/env bash
# A Docker engine, from Debian's packages: tests/parts/docker.sh [stop]
# Does nothing where one answers.  Else it installs one and starts it as root; `stop` ends the one
# that this script started, and no other.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
place=$PWD/.cache/docker
pid_file=$place/dockerd.pid
log=$place/dockerd.log
seconds=60

# the client's `info` succeeds without a server in some versions
answers() { [ -n "$(docker info --format '{{.ServerVersion}}' 2>/dev/null)" ]; }
leave_out() { printf 'left out: tests with containers (%s)\n' "$1" >&2; exit 1; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

stop() {
    local pid
    pid=$(cat "$pid_file" 2>/dev/null) || return 0
    # the number may belong to another program by now
    if [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = dockerd ]; then
        as_root kill "$pid"
        for _ in $(seq $((seconds * 5))); do [ -d "/proc/$pid" ] || break; sleep 0.2; done
    fi
    as_root rm -f "$pid_file"
}

install() {
    local packages=(docker.io containerd runc iptables)
    # its own package since Debian 13
    if ! command -v docker >/dev/null && apt-cache show docker-cli >/dev/null 2>&1; then
        packages+=(docker-cli)
    fi
    bash tests/parts/apt.sh "${packages[@]}" || leave_out 'see above'
}

start() {
    if [ -d /run/systemd/system ]; then
        as_root systemctl start docker
    else
        # out of reach of the terminal's Ctrl-C, and not holding what this script's caller waits for
        as_root setsid dockerd --pidfile "$pid_file" >"$log" 2>&1 </dev/null 9>&- &
    fi
    for _ in $(seq $((seconds * 5))); do
        if answers; then return; fi
        sleep 0.2
    done
    if as_root docker info >/dev/null 2>&1; then
        leave_out "this user may not use the engine: usermod -aG docker $(id -un)"
    fi
    tail -n 20 "$log" >&2 2>/dev/null || true
    leave_out "the engine did not answer within $seconds s"
}

case ${1:-start} in
    stop) stop; exit ;;
    start) ;;
    *) printf 'tests/parts/docker.sh [stop]\n' >&2; exit 2 ;;
esac
if answers; then exit 0; fi
mkdir -p "$place"
exec 9>"$place/lock"
if command -v flock >/dev/null; then flock 9; fi      # two test runs at once start one
if answers; then exit 0; fi
if [ "$(id -u)" != 0 ] && ! sudo -n true 2>/dev/null; then leave_out 'no engine answers, no root rights'; fi
if ! command -v dockerd >/dev/null || ! command -v iptables >/dev/null; then install; fi
start
