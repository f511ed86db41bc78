"""Templates that users write, rendered in a sandboxed process of their own.

May use `http`.
"""
