"""The tenancy service: its resources, in URL order."""

from services.tenancy.base import Base
from services.tenancy.resources.tenant_groups import tenant_groups
from services.tenancy.resources.tenants import tenants
from shared.api.app import create_app

RESOURCES = (tenant_groups, tenants)

app = create_app(Base, RESOURCES)
