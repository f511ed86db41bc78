"""The components that a new device gets from the templates of its type."""

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from services.dcim.base import Base

KINDS = (
    ("dcim.consoleporttemplate", "dcim.consoleport"),
    ("dcim.consoleserverporttemplate", "dcim.consoleserverport"),
    ("dcim.powerporttemplate", "dcim.powerport"),
    ("dcim.poweroutlettemplate", "dcim.poweroutlet"),
    ("dcim.interfacetemplate", "dcim.interface"),
    ("dcim.devicebaytemplate", "dcim.devicebay"),
)


def create_components(session: Session, device_ids: list[int]) -> None:
    """Create what the types of the devices have templates for, one statement a kind.

    A component takes each column that its template has as well, sort keys included, and its defaults for the others.
    """
    device = Base.model_of("dcim.device")
    for template_label, component_label in KINDS:
        template, component = Base.model_of(template_label), Base.model_of(component_label)
        copied = [each.name for each in component.__table__.columns if each.name in template.__table__.columns]
        copied.remove("id")
        made = (
            select(device.id, *(getattr(template, name) for name in copied))
            .join(template, template.device_type_id == device.device_type_id)
            .where(device.id.in_(device_ids))
            .order_by(device.id, template.id)
        )
        session.execute(insert(component).from_select(["device_id", *copied], made))
