"""References between services: claims, replicas, the outbox and its feed, releases.

An owner is the service whose table the object is in; a holder is a service that refers to it. `docs/references.md`
has the protocol on one page.
"""
