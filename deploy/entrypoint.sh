#!/bin/sh
# What the image does: web, worker, migrate, backup, or any program of it, such as "flask backup -".
set -eu

case "${1:-web}" in
    web)
        # Processes by WEB_CONCURRENCY, which gunicorn itself reads. Their signs of life are in memory, not on a disk.
        exec gunicorn --worker-class webapp.web_worker.WebWorker --threads 32 --preload --bind "0.0.0.0:${PORT:-8000}" \
            --graceful-timeout 20 --limit-request-line 8190 --worker-tmp-dir /dev/shm --no-control-socket 'webapp:create_app()'
        ;;
    worker) exec python worker.py ;;
    migrate) exec flask db upgrade ;;
    backup) exec flask backups "${BACKUP_FOLDER:-/backups}" --daily "${BACKUP_AT:-02:30}" --keep "${BACKUP_KEEP:-14}" ;;
    *) exec "$@" ;;
esac
