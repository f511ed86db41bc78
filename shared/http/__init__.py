"""What travels: errors and how they leave as JSON, request bodies, responses, and the HTTP client that services and
the gateway call each other with.

May use `config` only.
"""
