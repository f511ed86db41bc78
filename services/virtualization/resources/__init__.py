"""One file per resource type, named as its URL."""
