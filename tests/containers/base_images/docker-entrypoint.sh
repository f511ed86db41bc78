#!/bin/bash
# What the official image of PostgreSQL does when it starts, as far as docker-compose.yml relies on it.
set -euo pipefail

if [ "$(id -u)" = 0 ]; then
    install -d -o postgres -g postgres -m 700 "$PGDATA"
    exec setpriv --reuid postgres --regid postgres --clear-groups "$0" "$@"
fi

if [ ! -s "$PGDATA/PG_VERSION" ]; then
    read -ra options <<<"${POSTGRES_INITDB_ARGS-}"
    initdb --pgdata "$PGDATA" --username postgres --pwfile <(echo "${POSTGRES_PASSWORD:?}") \
        --encoding UTF8 --locale C "${options[@]}"
    echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
    on_the_socket="-c listen_addresses='' -c unix_socket_directories=/var/run/postgresql"
    pg_ctl --pgdata "$PGDATA" --wait --options "$on_the_socket" start
    for script in /docker-entrypoint-initdb.d/*.sh; do
        PGHOST=/var/run/postgresql POSTGRES_USER=postgres bash "$script"
    done
    pg_ctl --pgdata "$PGDATA" --wait stop
fi
exec "$@" -c "listen_addresses=*" -c unix_socket_directories=/var/run/postgresql
