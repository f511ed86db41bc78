"""The virtualization service: clusters and the virtual machines that run in them."""

VERSION = "1.0.0"
# Of what is shared, the version that it needs, or a later one with the same first number.
SHARED = "1.0.0"
