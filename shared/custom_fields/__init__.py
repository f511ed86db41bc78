"""The values that users add to objects: the column that keeps them, their types, and how they are read from a body
or a query string.

May use `references`, `query` and what those may use.
"""
