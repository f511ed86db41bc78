"""The declarative base of this service's models."""

from shared.schema.models import service_base

Base = service_base("virtualization")
