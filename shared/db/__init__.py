"""The database of a process: its pool, prepared statements, JSON built by SQL, kept row counts, trigram indexes, and
the detection of a server that hangs.

May use `http` and `config`.
"""
