"""Secrets, through the API of the running stack."""
