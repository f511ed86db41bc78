"""Who is asking and whether they may: signed identities, permissions, replay protection, the session key.

May use `db`, `http` and `config`.
"""
