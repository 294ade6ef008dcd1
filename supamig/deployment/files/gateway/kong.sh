#!/bin/sh
# Starts Kong.  Its configuration cannot read the environment, so the names in it (`${NAME}`)
# become values here, in a file that only Kong's user can read.
set -eu

: > "$KONG_DECLARATIVE_CONFIG"
chmod 600 "$KONG_DECLARATIVE_CONFIG"
awk '{
  done = ""
  rest = $0
  while (match(rest, /\$\{[A-Z][A-Z0-9_]*\}/)) {
    name = substr(rest, RSTART + 2, RLENGTH - 3)
    if (!(name in ENVIRON) || ENVIRON[name] == "") {
      print name " is not set" > "/dev/stderr"
      exit 1
    }
    done = done substr(rest, 1, RSTART - 1) ENVIRON[name]
    rest = substr(rest, RSTART + RLENGTH)
  }
  print done rest
}' "${TEMPLATE:-/home/kong/temp.yml}" > "$KONG_DECLARATIVE_CONFIG"

exec "${ENTRYPOINT:-/entrypoint.sh}" kong docker-start
