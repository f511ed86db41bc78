"""What a service does of an undo: it says what would become of its objects, then brings back what they were.

The extras service has the changes, orders what is to be done in all services and asks each of them (docs/extras.md).
"""
