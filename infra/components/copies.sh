#!/bin/sh
# Copies of backups in a bucket, run in a container of rclone's image.
#
#   supamig-copies serve     copy what is new, every five minutes
#   supamig-copies now       copy what is new, and compare it with what arrived
#   supamig-copies healthy   succeed while the last round that went well is younger than 3 hours
#
# RCLONE_CONFIG_COPIES_* say where the bucket is.  A backup is whole there once its manifest is:
# that goes last.  Nothing is removed there; a lifecycle rule of the bucket says what it keeps.
set -eu
root=${BACKUP_DIR:-/backups}
state=${COPIES_STATE:-/tmp/supamig-copies}
form='[0-9][0-9][0-9][0-9][0-1][0-9][0-3][0-9]T[0-2][0-9][0-5][0-9][0-5][0-9]Z'

say() { printf '%s\n' "$*" >&2; }

now() {
    to=copies:$COPIES_BUCKET/${COPIES_PREFIX:-}
    mkdir -p "$state"
    failed=0
    for place in "$root"/$form; do
        name=${place##*/}
        if [ ! -d "$place" ] || [ -e "$state/$name" ]; then continue; fi
        # one that fails keeps no other back
        if ! is_good "$place"; then
            say "backup $name is damaged, and was not copied"
            failed=1
        elif send "$place" "$to$name"; then
            : >"$state/$name"
            say "backup $name is in $COPIES_BUCKET"
        else
            say "backup $name was not copied"
            failed=1
        fi
    done
    [ "$failed" = 0 ] || return 1
    : >"$state/round"
}

# What was damaged here since would take the place of a good copy.
is_good() {
    grep -q '  manifest.json$' "$1/SHA256SUMS" 2>/dev/null &&
        (cd "$1" && sha256sum -c SHA256SUMS >/dev/null 2>&1)
}

# By sums: what arrived damaged has the size and the time of what was sent.
send() {
    rclone copy --checksum --exclude /manifest.json "$1" "$2" &&
        rclone copy --checksum "$1" "$2" &&
        rclone check --one-way "$1" "$2"
}

healthy() {
    [ -n "$(find "$state/round" -mmin -180 2>/dev/null)" ] ||
        { say 'no round of the last 3 hours went well'; return 1; }
}

serve() {
    trap 'exit 0' TERM INT
    while :; do
        # a child of its own, since `set -e` does nothing under a condition
        sh "$0" now || say 'not all backups were copied; the next try is in 5 minutes'
        sleep 300 &
        wait $!
    done
}

case ${1:-} in
    now | healthy | serve) "$1" ;;
    *) say 'supamig-copies serve|now|healthy'; exit 2 ;;
esac
