"""Device bays: the slots of a chassis that child devices are installed in."""

from services.dcim.base import Base
from services.dcim.components.columns import Component, component, only_on
from shared.schema.columns import SET_NULL, reference


class DeviceBay(Component, Base):
    path = "device-bays"

    installed_device_id = reference("dcim.device", on_delete=SET_NULL, null=True, unique=True)


def stay_outside_itself(session, changes):
    for change in changes:
        if change.object.installed_device_id == change.object.device_id:
            change.fail("A device cannot be installed in a bay of its own.")


device_bays = component(
    DeviceBay, rules=(only_on("subdevice_role", "Only devices of a parent type have bays."), stay_outside_itself)
)
