#!/usr/bin/env bash
# Makes .venv from nothing, or brings it up to date: tests/parts/venv.sh demo [test ...]
# The arguments are extras of pyproject.toml, or directories of plugins to install as well.
# Does nothing when neither pyproject.toml nor uv.lock changed, nor the place of this checkout.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

venv=.venv
here=$PWD
hint_python='install Python 3.11 or newer (Debian: apt-get install python3 python3-venv), or name one: make PYTHON=/path/to/python'
new_enough='import sys; sys.exit(sys.version_info < (3, 11))'

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $1"; say ""; say "hint: $2"; exit 2; }

find_python() {
    local name
    for name in ${PYTHON:+"$PYTHON"} python3 python3.14 python3.13 python3.12 python3.11; do
        if "$name" -c "$new_enough" >/dev/null 2>&1; then
            command -v "$name"
            return
        fi
        [ -z "${PYTHON:-}" ] || die "\`$PYTHON\` is not a Python of 3.11 or newer" "$hint_python"
    done
    return 1
}

# What the environment depends on: two checkouts or two locks never share one by accident.
key_of() {
    printf '%s\n' "$here" "$1"
    cksum pyproject.toml uv.lock
    [ ! -f "$1/pyproject.toml" ] || cksum "$1/pyproject.toml"
}
stamp_of() { printf '%s/.made-%s' "$venv" "$(basename "$1")"; }
is_current() { [ -f "$(stamp_of "$1")" ] && [ "$(cat "$(stamp_of "$1")")" = "$(key_of "$1")" ]; }
is_usable() { "$venv/bin/python" -c "$new_enough" >/dev/null 2>&1; }

# uv.lock as pip reads it; a package that is locked twice is left to pip.
constraints() {
    awk -F'"' '/^\[\[package\]\]/ { name = "" }
               /^name = /         { name = $2 }
               /^version = "/     { if (name != "" && name != "supamig") { count[name]++; version[name] = $2 } }
               END { for (name in count) if (count[name] == 1) print name "==" version[name] }' uv.lock
}

with_uv() {
    command -v uv >/dev/null 2>&1 || return 1
    local python wanted=() plugins=() name
    python=$(find_python) || python='>=3.11'   # then uv fetches one
    if is_usable; then python=$venv/bin/python; fi
    for name; do
        if [ -f "$name/pyproject.toml" ]; then plugins+=(-e "$name"); else wanted+=(--extra "$name"); fi
    done
    UV_PROJECT_ENVIRONMENT=$venv VIRTUAL_ENV='' \
        uv sync --quiet --frozen --inexact --python "$python" "${wanted[@]}" || return 1
    [ ${#plugins[@]} -eq 0 ] ||
        uv pip install --quiet --python "$venv/bin/python" --no-deps "${plugins[@]}"
}

with_pip() {
    local python extras='' plugins=() name
    python=$(find_python) || die 'no Python of 3.11 or newer was found' "$hint_python"
    for name; do
        if [ -f "$name/pyproject.toml" ]; then plugins+=(-e "$name"); else extras+=${extras:+,}$name; fi
    done
    if ! is_usable || ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
        rm -rf "$venv"
        "$python" -m venv "$venv" || {
            rm -rf "$venv"
            die "\`$python -m venv\` failed" 'install it (Debian: apt-get install python3-venv), or install uv'
        }
    fi
    constraints > "$venv/constraints.txt"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-warn-script-location \
        --constraint "$venv/constraints.txt" -e ".${extras:+[$extras]}"
    [ ${#plugins[@]} -eq 0 ] ||
        "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps "${plugins[@]}"
}

[ $# -gt 0 ] || die 'no extra is named' 'tests/parts/venv.sh demo'
if is_usable; then
    for name; do is_current "$name" || missing=yes; done
    [ -n "${missing:-}" ] || exit 0
fi
say "installing ($*) into $venv"
with_uv "$@" || with_pip "$@"
for name; do key_of "$name" > "$(stamp_of "$name")"; done
