"""Tenants and the groups they are in."""
