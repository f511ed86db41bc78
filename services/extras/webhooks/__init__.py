"""Webhooks: who is told of which changes, by whom and how, and what becomes of it.

A change that arrives is noted for every webhook that wants it, in the same transaction (events.py, queue.py). Threads
of this service hand it over (delivering.py), by requests that are signed (signing.py) and go where they may
(addresses.py, sending.py), and try again for three days (schedule.py).
"""
