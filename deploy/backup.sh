#!/bin/sh
# A backup of this installation, readable by you alone, and under its name only when it is whole.
#
#   backup.sh [FOLDER]      FOLDER: /var/backups, or what is named; a file for each day of the week is kept there
set -eu
cd "$(dirname "$0")"

FOLDER=${1:-/var/backups}
FILE=$FOLDER/quotewright-$(LC_ALL=C date +%a).zip

# In a shell of its own, so that the mask stays there.
(
    umask 077
    docker compose exec -T worker flask backup - >"$FILE.part"
)
mv "$FILE.part" "$FILE"
echo "Written: $FILE"
