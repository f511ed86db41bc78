"""Device roles: what devices are for."""

from services.dcim.base import Base
from shared.api.resource import Resource
from shared.schema.columns import boolean, color, slug, text


class DeviceRole(Base):
    path = "device-roles"

    name = text(50, unique=True)
    slug = slug()
    color = color()
    vm_role = boolean(default=True)


device_roles = Resource(DeviceRole, filters=("name", "slug", "color", "vm_role"))
