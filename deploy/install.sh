#!/bin/sh
# Asks five questions and writes what compose needs into a folder: .env, the secrets, compose.yaml, Caddyfile, scripts.
#
#   deploy/install.sh [FOLDER]                      FOLDER: /srv/quotewright, or what is named
#   DOMAIN=quotes.example.com deploy/install.sh --yes [FOLDER]
#
# With --yes nothing is asked: DOMAIN is needed, ACME_EMAIL, DATA_FOLDER, SMTP_URL, MAIL_FROM and WORKERS are optional.
# It starts nothing, and never writes over what is there: the secrets in it may be the only ones that open the database.
set -eu
umask 077

SOURCE=$(cd "$(dirname "$0")/.." && pwd)
ASK=yes
if [ "${1:-}" = "--yes" ]; then
    ASK=no
    shift
fi
FOLDER=${1:-/srv/quotewright}

die() {
    printf '%s\n' "$*" >&2
    exit 1
}

# ask NAME DEFAULT QUESTION: what was answered, or is set already, or DEFAULT.
ask() {
    eval "given=\${$1:-}"
    if [ "$ASK" = yes ] && [ -z "$given" ]; then
        if [ -n "$2" ]; then printf '%s [%s] ' "$3" "$2" >&2; else printf '%s ' "$3" >&2; fi
        IFS= read -r given || die "Nothing was written: there was no answer. With --yes, answers come from variables."
    fi
    case $given in *[!A-Za-z0-9@%:/?=\&._~+,!*-]*) die "Nothing was written: $1 has a character that can't be in it." ;; esac
    eval "$1=\${given:-\$2}"
}

random() { od -An -N "$1" -tx1 /dev/urandom | tr -d ' \n'; }

for name in .env secrets compose.yaml; do
    [ ! -e "$FOLDER/$name" ] || die "$FOLDER/$name is there already, and nothing was changed. For an upgrade, see docs/operating.md."
done

ask DOMAIN "" "1. Name that people open in the browser, such as quotes.example.com:"
case ${DOMAIN:-} in
    "" | -* | .* | *[!A-Za-z0-9.-]*) die "Nothing was written: DOMAIN must be a name such as quotes.example.com." ;;
    *.*) ;;
    *) die "Nothing was written: DOMAIN must be a name such as quotes.example.com." ;;
esac
ask ACME_EMAIL "webmaster@$DOMAIN" "2. Email for the certificate authority's warnings:"
case $ACME_EMAIL in *?@?*) ;; *) die "Nothing was written: ACME_EMAIL must be an email address." ;; esac
ask DATA_FOLDER "" "3. Folder for the database, backups and certificates (empty: volumes of the container engine):"
case $DATA_FOLDER in *:*) die "Nothing was written: DATA_FOLDER can't have a colon." ;; "" | /*) ;;
    *) die "Nothing was written: DATA_FOLDER must start with /." ;; esac
ask SMTP_URL "" "4. Mail server, such as smtp://user:password@host:587 (empty: later, in Settings > Mail):"
case $SMTP_URL in "" | smtp://?* | smtps://?*) ;; *) die "Nothing was written: SMTP_URL must start with smtp:// or smtps://." ;; esac
MAIL_FROM=${MAIL_FROM:-quotes@$DOMAIN}
case $MAIL_FROM in *[!A-Za-z0-9@%._+-]*) die "Nothing was written: MAIL_FROM must be an email address." ;; *?@?*) ;;
    *) die "Nothing was written: MAIL_FROM must be an email address." ;; esac
ask WORKERS 2 "5. How many workers (one sync runs at a time in each; two serve a team of twenty):"
case $WORKERS in [1-9] | [1-9][0-9]) ;; *) die "Nothing was written: WORKERS must be a number from 1 to 99." ;; esac

# The services run as who owns the secrets: you, or an account of no one when you are root.
RUN_UID=$(id -u) RUN_GID=$(id -g)
if [ "$RUN_UID" = 0 ]; then RUN_UID=10001 RUN_GID=10001; fi

mkdir -p "$FOLDER" || die "Nothing was written: $FOLDER can't be created."
STAGE=$FOLDER/.installing
mkdir "$STAGE" || die "Nothing was written: $STAGE is left of an installation that was interrupted. Remove it and start again."
trap 'rm -rf "$STAGE"' EXIT
trap 'exit 1' HUP INT TERM
mkdir "$STAGE/secrets"
secret() { printf '%s\n' "$2" >"$STAGE/secrets/$1"; }

OWNER=$(random 24) SERVICE=$(random 24) QUEUE=$(random 24)
secret postgres_password "$(random 24)"
secret owner_password "$OWNER"
secret service_password "$SERVICE"
secret database_owner_url "postgresql://quotewright_owner:$OWNER@postgres:5432/quotewright"
secret database_url "postgresql://quotewright:$SERVICE@postgres:5432/quotewright"
secret redis_url "redis://quotewright:$QUEUE@valkey:6379/0"
secret secret_key "$(random 32)"
# A Fernet key: 32 random bytes in url-safe base64.
secret encryption_keys "$(head -c 32 /dev/urandom | base64 | tr '+/' '-_')"
secret metrics_token "$(random 24)"
secret smtp_url "$SMTP_URL"
cat >"$STAGE/secrets/valkey_conf" <<EOF
bind * -::*
protected-mode no
save ""
appendonly no
maxmemory 256mb
maxmemory-policy noeviction
user default off
user quotewright on >$QUEUE ~rq:* ~quotewright:* &rq:* +@all -@admin -@dangerous +info +sort +client|list
EOF

cat >"$STAGE/.env" <<EOF
# Written by deploy/install.sh. What is secret is in secrets/; keep a copy of encryption_keys and secret_key elsewhere.
DOMAIN=$DOMAIN
ACME_EMAIL=$ACME_EMAIL
MAIL_FROM=$MAIL_FROM
WEBS=1
WORKERS=$WORKERS
QUOTEWRIGHT_UID=$RUN_UID
QUOTEWRIGHT_GID=$RUN_GID
QUOTEWRIGHT_SOURCE='$SOURCE'
EOF
if [ -n "$DATA_FOLDER" ]; then
    mkdir -p "$DATA_FOLDER/postgres" "$DATA_FOLDER/caddy" "$DATA_FOLDER/backups" || die "Nothing was written: $DATA_FOLDER can't be created."
    printf 'POSTGRES_DATA=%s/postgres\nCADDY_DATA=%s/caddy\nBACKUPS=%s/backups\n' "$DATA_FOLDER" "$DATA_FOLDER" "$DATA_FOLDER" >>"$STAGE/.env"
    if [ "$(id -u)" = 0 ]; then chown "$RUN_UID:$RUN_GID" "$DATA_FOLDER/backups"; fi
fi
cp "$SOURCE/deploy/compose.yaml" "$SOURCE/deploy/Caddyfile" "$SOURCE/deploy/roles.sh" \
    "$SOURCE/deploy/backup.sh" "$SOURCE/deploy/restore.sh" "$STAGE/"
chmod 644 "$STAGE/compose.yaml" "$STAGE/Caddyfile" "$STAGE/roles.sh"
chmod 755 "$STAGE/backup.sh" "$STAGE/restore.sh"
chmod 600 "$STAGE/.env" "$STAGE"/secrets/*
chmod 700 "$STAGE/secrets"
if [ "$(id -u)" = 0 ]; then chown -R "$RUN_UID:$RUN_GID" "$STAGE/secrets"; fi

for name in secrets .env Caddyfile roles.sh backup.sh restore.sh compose.yaml; do mv "$STAGE/$name" "$FOLDER/$name"; done

cat <<EOF
Written to $FOLDER. Keep a copy of secrets/encryption_keys and secrets/secret_key somewhere else. $DOMAIN must lead here,
by an A record, with ports 80 and 443 open. Mail will come from $MAIL_FROM: .env has it. Then:

  cd $FOLDER
  docker compose build
  docker compose up --detach
  docker compose exec web flask setup-token      # then open https://$DOMAIN
EOF
