"""Virtual chassis: devices that act as one, under a master."""

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.dcim.base import Base
from services.dcim.resources.devices import Device
from shared.api.resource import Related, Resource
from shared.references.invariants import let_go, when_changed
from shared.schema.changes import Change
from shared.schema.columns import PROTECT, reference, text


class VirtualChassis(Base):
    path = "virtual-chassis"
    nested = ("master",)

    master_id = reference("dcim.device", on_delete=PROTECT, unique=True)
    domain = text(30, blank=True)


def validate_master(session: Session, changes: list[Change]) -> None:
    for change in changes:
        if not change.creating and change.object.master.virtual_chassis_id != change.object.id:
            change.fail("The master is not a member of this virtual chassis.")


def on_create_add_master(session: Session, changes: list[Change]) -> None:
    """The master of a new chassis becomes a member without a position, wherever it was before."""
    for change in changes:
        if change.creating:
            joining = update(Device).where(Device.id == change.object.master_id)
            place = {"virtual_chassis_id": change.object.id, "vc_position": None}
            session.execute(joining.values(**place, last_updated=Device.last_updated))


def on_delete_release_members(session: Session, chassis: list[VirtualChassis]) -> None:
    leaving = update(Device).where(Device.virtual_chassis_id.in_([each.id for each in chassis]))
    place = {"virtual_chassis_id": None, "vc_position": None, "vc_priority": None}
    left = leaving.values(**place, last_updated=Device.last_updated).returning(Device.id)
    let_go(session, "dcim.device", list(session.scalars(left)))


master_name = select(Device.name).where(Device.id == VirtualChassis.master_id).scalar_subquery()


virtual_chassis = Resource(
    VirtualChassis,
    filters=("domain", "master", Related("site", "master", "site"), Related("tenant", "master", "tenant")),
    search=("domain", master_name),
    order=("master.name",),
    rules=(validate_master,),
    after_save=(on_create_add_master, when_changed("dcim.virtualchassis", "master_id")),
    on_delete=(on_delete_release_members,),
)
