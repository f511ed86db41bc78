"""What an object is: fields, columns, models, the contracts between services, and the representations (faces) and
OpenAPI schemas derived from them.

May use `db`, `http` and `config`.
"""
