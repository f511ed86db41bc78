"""Clusters, the machines in them and their interfaces, and what other services have of these."""
