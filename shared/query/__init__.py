"""What a query string asks of a list: filters, paths through references, ordering, pagination.

May use `schema` and what that may use.
"""
