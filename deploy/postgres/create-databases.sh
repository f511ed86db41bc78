#!/bin/bash
# Runs once, in a new PostgreSQL: a role and a database per service and one for the gateway, closed to each other.
set -euo pipefail

for owner in dcim ipam circuits tenancy extras secrets virtualization gateway; do
    variable="PATCHBAY_${owner^^}_DATABASE_PASSWORD"
    psql -v ON_ERROR_STOP=1 -v role="patchbay_$owner" -v password="${!variable:?}" -U "$POSTGRES_USER" <<'SQL'
CREATE ROLE :"role" LOGIN PASSWORD :'password';
CREATE DATABASE :"role" OWNER :"role" TEMPLATE template0 ENCODING 'UTF8'
    LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C';
REVOKE CONNECT ON DATABASE :"role" FROM PUBLIC;
SQL
done
