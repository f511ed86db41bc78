#!/bin/sh
# respawn.sh PIDFILE COMMAND...: runs COMMAND, starts it again when it dies, and ends with it when told to (TERM or INT).
# The pid written is that of this shell, the leader of the session that all of COMMAND's processes belong to.
echo $$ >"$1"
shift

stopping=
trap 'stopping=1' TERM INT

# First asked, then told: INT means "at once" to gunicorn and to PostgreSQL, where TERM lets clients finish.
stop() {
    kill -TERM "$1" 2>/dev/null
    tenths=0
    while kill -0 "$1" 2>/dev/null; do
        sleep 0.1
        tenths=$((tenths + 1))
        [ "$tenths" -ne 30 ] || kill -INT "$1" 2>/dev/null
    done
}

# What a killed COMMAND leaves behind (gunicorn's workers) still holds its port: it is told to go, we are not.
clear() {
    trap '' TERM
    kill -TERM 0
    trap 'stopping=1' TERM
    sleep 0.5
}

while [ -z "$stopping" ]; do
    "$@" &
    child=$!
    wait "$child"
    [ -n "$stopping" ] || clear
done
stop "$child"
