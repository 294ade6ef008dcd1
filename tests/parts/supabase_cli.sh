#!/usr/bin/env bash
# The real Supabase CLI, from npm into .cache/supabase-cli.  Does nothing when it is there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
version=3.1.0
place=.cache/supabase-cli
program=$place/node_modules/.bin/supabase
if [ "$("$program" --version 2>/dev/null)" = "$version" ]; then exit 0; fi
command -v npm >/dev/null || bash tests/parts/apt.sh nodejs npm
mkdir -p "$place"
npm install --prefix "$place" --no-audit --no-fund --loglevel=error "supabase@$version" </dev/null
"$program" --version >/dev/null
