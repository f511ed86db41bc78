"""Users, groups, tokens and permissions: the accounts of everyone who asks."""
