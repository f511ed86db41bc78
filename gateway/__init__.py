"""The front door: authenticates, picks the service by prefix, forwards."""

VERSION = "1.0.0"
# Of what is shared, the version that it needs, or a later one with the same first number.
SHARED = "1.0.0"
