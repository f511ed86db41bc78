"""Device bays: the slots of a chassis that child devices are installed in."""

from sqlalchemy.orm import Session

from services.dcim.base import Base
from services.dcim.components.columns import Component, component, validate_type_flag
from shared.schema.changes import Change
from shared.schema.columns import SET_NULL, reference


class DeviceBay(Component, Base):
    path = "device-bays"

    installed_device_id = reference("dcim.device", on_delete=SET_NULL, null=True, unique=True)


def validate_not_inside_itself(session: Session, changes: list[Change]) -> None:
    for change in changes:
        if change.object.installed_device_id == change.object.device_id:
            change.fail("A device cannot be installed in a bay of its own.")


device_bays = component(
    DeviceBay,
    rules=(
        validate_type_flag("subdevice_role", "Only devices of a parent type have bays."),
        validate_not_inside_itself,
    ),
)
