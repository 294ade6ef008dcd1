#!/bin/sh
# Backups of the database and of storage's files, run in a container of the database's own image.
#
#   supamig-backup serve      take one at the given hour, and at once where there is none of today
#   supamig-backup now        take one, and print its name
#   supamig-backup list       name the backups, oldest first, with what became of each check
#   supamig-backup verify [NAME]   check one, else the newest
#   supamig-backup healthy    succeed while the newest good one is younger than 26 hours
#
# A backup is a directory named by its time.  It is written under another name and renamed when all
# of it is there and was read back, so that a directory of that form is never half a backup.
# `supamig backup list|verify|restore` reads what is written here.
set -eu
umask 077
root=${BACKUP_DIR:-/backups}
queries=${BACKUP_QUERIES:-/usr/local/share/supamig}
vault_key=${BACKUP_VAULT_KEY:-}
hour=${BACKUP_HOUR:-2}
keep_days=${BACKUP_KEEP_DAYS:-7}
files=${BACKUP_FILES:-/files}
form='[0-9][0-9][0-9][0-9][0-1][0-9][0-3][0-9]T[0-2][0-9][0-5][0-9][0-5][0-9]Z'

say() { printf '%s\n' "$*" >&2; }
names() { (cd "$root" && for one in $form; do [ -d "$one" ] && printf '%s\n' "$one"; done | sort); }
stamp() { date -u -d "@$1" +%Y%m%dT%H%M%SZ; }
clock() { date -u +%s; }
# Tell whether one name is of an earlier time than another.
is_before() { [ "$1" != "$2" ] && [ "$(printf '%s\n%s\n' "$1" "$2" | sort | head -n 1)" = "$1" ]; }

now() {
    [ -d "$root" ] || { say "there is no directory $root: is the volume mounted?"; return 2; }
    exec 9>"$root/.lock"
    if command -v flock >/dev/null && ! flock -n 9; then
        say "another backup is being written to $root"
        return 6
    fi
    time=$(clock)
    while [ -e "$root/$(stamp "$time")" ]; do time=$((time + 1)); done
    name=$(stamp "$time")
    part=$root/.part-$name
    rm -rf "$root"/.part-*    # what a backup left that was cut off
    mkdir "$part"
    database "$part"
    # with passwords, as the services of a restored database log in with them
    pg_dumpall --roles-only --file "$part/roles.sql"
    storage "$part"
    if [ -n "${DEPLOYMENT_ENV:-}" ]; then printf '%s\n' "$DEPLOYMENT_ENV" >"$part/deployment.env"; fi
    # without it no secret of Vault can be read again
    if [ -f "$vault_key" ]; then cat "$vault_key" >"$part/pgsodium_root.key"; fi
    contents=$(pg_restore --list "$part/database.dump")
    case $contents in *'Archive created'*) ;; *) return 5 ;; esac
    [ -s "$part/roles.sql" ]
    manifest "$part" "$name"
    (cd "$part" && sha256sum -- * >.sums && mv .sums SHA256SUMS)
    sync
    mv "$part" "$root/$name"
    say "backup $name is there"
    prune
    printf '%s\n' "$name"
}

# Catalogs, digests of all rows and the dump, of one snapshot, which the session of psql holds.
database() {
    (
        cd "$1"
        PGCLIENTENCODING=UTF8 psql -XqAt -v ON_ERROR_STOP=1 -v "queries=$queries" -f - <<'END'
\i :queries/session.sql
begin isolation level repeatable read read only;
select pg_catalog.pg_export_snapshot() as snapshot \gset
\setenv SNAPSHOT :snapshot
\o catalogs.jsonl
\i :queries/catalogs.sql
\o .tables
\i :queries/digests.sql
\o
\! pg_dump --format=custom --snapshot="$SNAPSHOT" --encoding=UTF8 --file=database.dump && : >.whole
END
        rm .whole    # psql does not say whether its child failed
    )
}

# Storage keeps the type of each object in an extended attribute of its file.
storage() {
    [ -d "$files" ] || return 0
    case $(tar --version 2>/dev/null) in
        *GNU*)
            # 1: a file changed or went away, as storage is in use
            tar -C "$files" --xattrs --xattrs-include='user.*' -cf "$1/files.tar" . || [ $? -eq 1 ]
            ;;
        *)
            say "this image's tar keeps no extended attributes: storage's files lose their types"
            tar -C "$files" -cf "$1/files.tar" .
            ;;
    esac
}

manifest() {
    # each by itself: what fails among the words of a command ends nothing
    database=$(psql -XAtc 'select to_json(current_database())')
    server=$(psql -XAtc 'show server_version')
    program=$(pg_dump --version)
    {
        printf '{"format": 1, "made_by": "supamig-backup", "taken_at": "%s", "database": %s,' \
            "$2" "$database"
        printf ' "server": "%s", "pg_dump": "%s",\n"files": {' "$server" \
            "$(printf '%s\n' "$program" | sed 's/^[^0-9]*\([0-9][0-9.]*\).*/\1/')"
        comma=''
        for one in "$1"/*; do
            sum=$(sha256sum "$one")
            printf '%s"%s": {"bytes": %s, "sha256": "%s"}' \
                "$comma" "${one##*/}" "$(wc -c <"$one" | tr -d ' ')" "${sum%% *}"
            comma=', '
        done
        printf '},\n"tables": [\n'
        sed '$!s/$/,/' "$1/.tables"
        printf ']}\n'
    } >"$1/.manifest"
    rm "$1/.tables"
    mv "$1/.manifest" "$1/manifest.json"
}

# A list of sums that was cut off still fits what it lists.
is_good() {
    for file in database.dump roles.sql manifest.json; do
        grep -q "  $file\$" "$root/$1/SHA256SUMS" 2>/dev/null || return 1
    done
    (cd "$root/$1" && sha256sum -c SHA256SUMS >/dev/null 2>&1) &&
        pg_restore --list "$root/$1/database.dump" >/dev/null 2>&1
}

last_good() {
    for one in $(names | sort -r); do
        if is_good "$one"; then printf '%s\n' "$one"; return; fi
    done
    return 1
}

# Older than the days to keep, and never the last good one, however old it is.
prune() {
    good=$(last_good) || { say 'no good backup: nothing is deleted'; return; }
    newest=$(names | tail -n 1)
    if is_before "$(stamp "$(clock)")" "$newest"; then
        say "the clock stands before the newest backup, $newest: nothing is deleted"
        return
    fi
    oldest=$(stamp $(($(clock) - keep_days * 86400)))
    for one in $(names); do
        [ "$one" != "$good" ] || continue
        if is_before "$one" "$oldest"; then
            rm -rf "${root:?}/$one"
            say "backup $one was older than $keep_days days"
        fi
    done
}

list() {
    for one in $(names); do
        if is_good "$one"; then printf '%s good\n' "$one"; else printf '%s damaged\n' "$one"; fi
    done
}

verify() {
    name=${1:-$(names | tail -n 1)}
    [ -n "$name" ] || { say 'there is no backup'; return 1; }
    is_good "$name" || { say "backup $name is damaged or not there"; return 1; }
    say "backup $name is good"
}

# Reads only names and sums of the newest: this runs every minute.
healthy() {
    newest=$(names | tail -n 1)
    [ -n "$newest" ] && [ -f "$root/$newest/SHA256SUMS" ] || { say 'there is no backup'; return 1; }
    limit=$(stamp $(($(clock) - 26 * 3600)))
    ! is_before "$newest" "$limit" || { say "the newest backup is $newest"; return 1; }
}

serve() {
    trap 'exit 0' TERM INT
    while :; do
        time=$(clock)
        due=$((time - time % 86400 + hour * 3600))
        [ "$due" -le "$time" ] || due=$((due - 86400))
        newest=$(names | tail -n 1)
        if [ -z "$newest" ] || is_before "$newest" "$(stamp "$due")"; then
            # a child of its own, since `set -e` does nothing under a condition
            sh "$0" now || say 'the backup failed; the next try is in 10 minutes'
        fi
        sleep 600 &
        wait $!
    done
}

case ${1:-} in
    now | list | healthy | serve) "$1" ;;
    verify) verify "${2:-}" ;;
    *) say 'supamig-backup serve|now|list|verify [NAME]|healthy'; exit 2 ;;
esac
