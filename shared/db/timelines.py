"""The timeline of a server: what a standby that is promoted writes is in another than what came before, as SQL.

On a primary that is of what is written now; its control file has that of the last checkpoint, which one that was just
promoted has yet to make. A standby only has its control file, so it says what it is in a little late.
"""

WRITTEN = "CAST(CAST('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8) AS bit(32)) AS integer)"
APPLIED = (
    "greatest((SELECT timeline_id FROM pg_control_checkpoint()),"
    " (SELECT min_recovery_end_timeline FROM pg_control_recovery()))"
)
