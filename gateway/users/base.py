"""The declarative base of the accounts' models."""

from shared.schema.models import service_base

Base = service_base("users")
