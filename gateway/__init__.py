"""The front door: authenticates, picks the service by prefix, forwards."""
