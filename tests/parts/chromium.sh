#!/usr/bin/env bash
# Chromium for the tests of the report, and the one library that playwright's driver takes from the
# machine, from Debian's packages.  Does nothing when both are there.
set -euo pipefail
packages=()
command -v chromium >/dev/null || packages+=(chromium)
ldconfig -p | grep -q 'libatomic\.so\.1' || packages+=(libatomic1)
[ ${#packages[@]} -eq 0 ] || bash "$(dirname "${BASH_SOURCE[0]}")/apt.sh" "${packages[@]}"
