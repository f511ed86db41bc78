"""The declarative base of this service's models."""

from sqlalchemy.orm import DeclarativeBase

from shared.schema.models import Record


class Base(Record, DeclarativeBase):
    app = "virtualization"
