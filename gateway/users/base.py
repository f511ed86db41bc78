"""The declarative base of the accounts' models."""

from sqlalchemy.orm import DeclarativeBase

from shared.schema.models import Record


class Base(Record, DeclarativeBase):
    app = "users"
