"""The Flask application of a service: a resource's declaration, its verbs, and everything derived from it, forms,
choices, documents, search, exports and graphs.

May use every other room.
"""
