"""The extras service, and what it is for in the others."""
