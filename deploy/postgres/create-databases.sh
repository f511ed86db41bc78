#!/bin/bash
# A role and a database per service and one for the gateway, closed to each other. A new PostgreSQL runs it once; run it
# again for the database of a new service: those that are there are left alone.
set -euo pipefail

for owner in dcim ipam circuits tenancy extras secrets virtualization gateway; do
    variable="PATCHBAY_${owner^^}_DATABASE_PASSWORD"
    there=$(psql -tA -U "$POSTGRES_USER" -c "SELECT 1 FROM pg_database WHERE datname = 'patchbay_$owner'")
    [ -z "$there" ] || continue
    psql -v ON_ERROR_STOP=1 -v role="patchbay_$owner" -v password="${!variable:?}" -U "$POSTGRES_USER" <<'SQL'
CREATE ROLE :"role" LOGIN PASSWORD :'password';
CREATE DATABASE :"role" OWNER :"role" TEMPLATE template0 ENCODING 'UTF8'
    LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C';
REVOKE CONNECT ON DATABASE :"role" FROM PUBLIC;
SQL
done
