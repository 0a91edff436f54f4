#!/bin/sh
# Put a backup into an empty database. The one that is there stays, under another name, until you remove it.
#
#   restore.sh FILE
#
# Afterwards everything runs but the workers: docs/operating.md says what comes before they start.
set -eu
[ $# = 1 ] || { sed -n '4s/^# *//p' "$0" >&2; exit 2; }
[ -r "$1" ] || { echo "Nothing was changed: $1 can't be read." >&2; exit 1; }
FILE=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
cd "$(dirname "$0")"
BEFORE=quotewright_before_$(date +%Y%m%d%H%M%S)

docker compose stop caddy web worker backup
docker compose up --detach --wait postgres valkey
docker compose exec -T postgres psql --username postgres --quiet --command "ALTER DATABASE quotewright RENAME TO $BEFORE"
docker compose exec -T postgres createdb --username postgres --encoding UTF8 quotewright
docker compose run --rm roles
# Empty on purpose: the data folder remembers that this name had tables.
docker compose run --rm --no-deps --env EMPTY_DATABASE=yes migrate
if ! docker compose run --rm --no-deps -T --entrypoint sh migrate -c \
    'umask 077; cat >/data/restore.zip; flask restore /data/restore.zip; done=$?; rm /data/restore.zip; exit $done' <"$FILE"; then
    echo "The backup wasn't restored, and nothing runs. The database of before is $BEFORE. To have it back:" >&2
    echo "  docker compose exec postgres dropdb --username postgres quotewright" >&2
    echo "  docker compose exec postgres psql --username postgres --command 'ALTER DATABASE $BEFORE RENAME TO quotewright'" >&2
    echo "  docker compose up --detach" >&2
    exit 1
fi
docker compose up --detach --scale worker=0
cat <<EOF
Restored. The database of before is $BEFORE. No worker runs yet. If quotes were published after the backup, first
  docker compose exec web flask autotask links rebuild --store
and then, in any case,
  docker compose up --detach
A backup that was taken in maintenance mode brings the mode back:
  docker compose exec web flask maintenance status
EOF
