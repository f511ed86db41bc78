"""Accounts and permissions, through the API of the running stack."""
