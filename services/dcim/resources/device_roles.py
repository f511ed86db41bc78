"""Device roles: what devices are for."""

from services.dcim.base import Base
from shared.columns import boolean, color, slug, text
from shared.resource import Resource


class DeviceRole(Base):
    path = "device-roles"

    name = text(50, unique=True)
    slug = slug()
    color = color()
    vm_role = boolean(default=True)


device_roles = Resource(DeviceRole, filters=("name", "slug", "color", "vm_role"))
