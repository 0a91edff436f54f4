#!/bin/sh
# The two roles of docs/operating.md, made or given their passwords again: the owner of the tables, and the services,
# which can't change tables or their triggers. May run at every start.
set -eu

PGPASSWORD=$(cat "${SECRETS:-/run/secrets}/postgres_password")
OWNER=$(cat "${SECRETS:-/run/secrets}/owner_password")
SERVICE=$(cat "${SECRETS:-/run/secrets}/service_password")
export PGPASSWORD OWNER SERVICE

psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 <<'SQL'
\getenv owner_password OWNER
\getenv service_password SERVICE
SELECT 'CREATE ROLE quotewright_owner LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'quotewright_owner') \gexec
SELECT 'CREATE ROLE quotewright LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'quotewright') \gexec
ALTER ROLE quotewright_owner PASSWORD :'owner_password';
ALTER ROLE quotewright PASSWORD :'service_password';
SELECT format('ALTER DATABASE %I OWNER TO quotewright_owner', current_database()) \gexec
ALTER DEFAULT PRIVILEGES FOR ROLE quotewright_owner GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO quotewright;
ALTER DEFAULT PRIVILEGES FOR ROLE quotewright_owner GRANT USAGE ON SEQUENCES TO quotewright;
SQL
