#!/bin/sh
# Starts Envoy.  Its password filter wants a hash; everything else reads the environment itself.
set -eu

: "${ANON_KEY:?is needed}" "${SERVICE_ROLE_KEY:?is needed}"
: "${DASHBOARD_USERNAME:?is needed}" "${DASHBOARD_PASSWORD:?is needed}"

hash=$(printf '%s' "$DASHBOARD_PASSWORD" | openssl dgst -sha1 -binary | openssl base64)
DASHBOARD_USERS="$DASHBOARD_USERNAME:{SHA}$hash"
export DASHBOARD_USERS
unset DASHBOARD_PASSWORD

# the image's own entrypoint leaves root behind
exec "${ENTRYPOINT:-/docker-entrypoint.sh}" envoy --config-path /etc/envoy/envoy.yaml
