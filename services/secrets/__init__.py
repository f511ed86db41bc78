"""Secrets of devices, encrypted at rest, and the keys that open them."""
