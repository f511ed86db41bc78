#!/bin/bash
# A role and a database per service and one for the gateway, closed to each other, in PostgreSQL 16 or newer. A new
# PostgreSQL runs it once; run it again for the database of a new service: those that are there are left alone.
set -euo pipefail

for owner in dcim ipam circuits tenancy extras secrets virtualization gateway; do
    variable="PATCHBAY_${owner^^}_DATABASE_PASSWORD"
    there=$(psql -tA -U "$POSTGRES_USER" -c "SELECT 1 FROM pg_database WHERE datname = 'patchbay_$owner'")
    [ -z "$there" ] || continue
    psql -v ON_ERROR_STOP=1 -v role="patchbay_$owner" -v password="${!variable:?}" -U "$POSTGRES_USER" <<'SQL'
-- Text in the order of its characters, whatever the machine: from 17 on PostgreSQL brings that itself.
SELECT current_setting('server_version_num')::int >= 170000 AS has_builtin \gset
\if :has_builtin
    \set locale 'LOCALE_PROVIDER builtin BUILTIN_LOCALE ''C.UTF-8'' LOCALE ''C'''
\else
    \set locale 'LC_COLLATE ''C'' LC_CTYPE ''C.UTF-8'''
\endif
CREATE ROLE :"role" LOGIN PASSWORD :'password';
CREATE DATABASE :"role" OWNER :"role" TEMPLATE template0 ENCODING 'UTF8' :locale;
REVOKE CONNECT ON DATABASE :"role" FROM PUBLIC;
SQL
done
