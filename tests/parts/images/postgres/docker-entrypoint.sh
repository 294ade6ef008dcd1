#!/bin/bash
# What Supabase's image does at its start, as a deployment can tell: on an empty data directory a
# cluster of `supabase_admin`, the schemas that every project has, then the files that are mounted
# under docker-entrypoint-initdb.d.  Any other command than `postgres` is run as it is.
set -euo pipefail
init=/docker-entrypoint-initdb.d
own=/opt/supamig-test
[ "${1:-}" = postgres ] || exec "$@"

as_postgres() { setpriv --reuid=postgres --regid=postgres --init-groups "$@"; }
run() { as_postgres psql -XqtA -v ON_ERROR_STOP=1 --no-password -h "$POSTGRES_HOST" "$@" >/dev/null; }
as_superuser() { run -U supabase_admin "$@"; }

first_start() {
    : "${POSTGRES_PASSWORD:?is needed for the first start}"
    as_postgres initdb --username=supabase_admin --auth=trust --allow-group-access --encoding=UTF8 \
        --locale=C.UTF-8 --locale-provider=icu --icu-locale=en-US --no-sync >/dev/null
    # not to be reached from outside before all of it is done
    as_postgres pg_ctl --silent --wait start -o \
        "-c config_file=/etc/postgresql/postgresql.conf -c listen_addresses='' -c log_min_messages=warning"
    local skeleton=() file
    for file in "$own"/skeleton/*.sql "$own"/skeleton/self_hosted/*.sql; do
        # the deployment brings a file of its own for webhooks
        case $file in */60_webhooks.sql) [ ! -e $init/init-scripts/98-webhooks.sql ] || continue ;; esac
        skeleton+=(-f "$file")
    done
    as_superuser -d postgres -f "$own/options.sql" "${skeleton[@]}"
    if [ -e $init/init-scripts/98-webhooks.sql ]; then
        as_superuser -d postgres -f "$own/without_webhooks.sql"
    fi
    as_superuser -d postgres -f "$own/passwords.sql"
    for file in $init/init-scripts/*.sql; do [ -e "$file" ] && run -U postgres -d postgres -f "$file"; done
    for file in $init/migrations/*.sql; do
        [ -e "$file" ] && as_superuser -d postgres -f "$file"
    done
    as_superuser -d postgres -f "$own/demotion.sql"
    as_postgres pg_ctl --silent --wait --mode=fast stop
}

mkdir -p "$PGDATA" "$POSTGRES_HOST"
chown postgres:postgres "$PGDATA" "$POSTGRES_HOST" /etc/postgresql-custom
chmod 750 "$PGDATA"
key=/etc/postgresql-custom/pgsodium_root.key
if [ ! -s $key ]; then (umask 077; od -An -tx1 -N32 /dev/urandom | tr -d ' \n' >$key; chown postgres:postgres $key); fi
[ -s "$PGDATA/PG_VERSION" ] || first_start
exec setpriv --reuid=postgres --regid=postgres --init-groups "$@"
