#!/usr/bin/env bash
# A local Postgres server, from Debian's package.  Does nothing when one is there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
for program in /usr/lib/postgresql/*/bin/initdb "$(command -v initdb || true)"; do
    if [ -x "$program" ]; then exit 0; fi
done
# first without the server: its package would start a cluster, which nobody here needs
bash apt.sh postgresql-common
settings=/etc/postgresql-common/createcluster.conf
if [ -w "$settings" ]; then
    sed -i 's/^#\? *create_main_cluster.*/create_main_cluster = false/' "$settings"
fi
bash apt.sh postgresql
