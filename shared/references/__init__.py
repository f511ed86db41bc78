"""References to objects of other services: claims, replicas, the outbox and its feed, releases before a delete, audits.

An owner is the service whose table the object is in; a holder is a service that refers to it. `docs/references.md`
has the protocol on one page. May use `schema`, `security` and what those may use.
"""
