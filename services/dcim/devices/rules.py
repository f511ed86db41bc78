"""The rules of devices beyond their place, and what saving one brings about."""

from typing import Any

from sqlalchemy import Connection, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from services.dcim.base import Base
from services.dcim.components.of_devices import create_components
from shared.references.holding import hold
from shared.schema.changes import Change
from shared.schema.parsing import unknown_pk

CLUSTER = "virtualization.cluster"


def validate_platform(session: Session, changes: list[Change]) -> None:
    for change in changes:
        platform, type_ = change.object.platform, change.object.device_type
        if platform and platform.manufacturer_id not in (None, type_.manufacturer_id):
            change.fail(f"Platform {platform.name} runs only on devices of its manufacturer.")


def validate_chassis_position(session: Session, changes: list[Change]) -> None:
    """A member needs a position; a master does not, because creating a chassis clears its position."""
    for change in changes:
        device, chassis = change.object, change.object.virtual_chassis
        leads = chassis and device.id and chassis.master_id == device.id
        if chassis and device.vc_position is None and not leads:
            change.fail("A member of a virtual chassis needs a vc_position.")


def validate_cluster(session: Session, changes: list[Change]) -> None:
    """A cluster has devices of its own site or, where it has none, of any. Raises NotHeld."""
    moved = [change for change in changes if change.object.cluster_id and change.changed("cluster_id", "site_id")]
    clusters = hold(session, Base, {CLUSTER: {change.object.cluster_id for change in moved}})[CLUSTER]
    for change in moved:
        cluster = clusters.get(change.object.cluster_id)
        if cluster is None:
            change.fail(unknown_pk(change.object.cluster_id), "cluster")
        elif cluster.site_id not in (None, change.object.site_id):
            change.fail("The cluster is at another site than the device.")


def sites_of_hosts(connection: Connection, ids: list[int]) -> dict[int, dict[str, list[int]]]:
    """`{cluster id: {sites}}`: the sites of the devices in each of the clusters."""
    device = Base.model_of("dcim.device")
    sites = func.array_agg(device.site_id.distinct())
    rows = connection.execute(
        select(device.cluster_id, sites).where(device.cluster_id.in_(ids)).group_by(device.cluster_id)
    )
    return {pk: {"sites": found} for pk, found in rows}


def on_create_add_components(session: Session, changes: list[Change]) -> None:
    """A new device gets the components of its type; a type chosen later brings none, nor does a device brought back."""
    created = [change.object.id for change in changes if change.creating and not change.restored]
    if created:
        create_components(session, created)


def on_save_move_children(session: Session, changes: list[Change]) -> None:
    """Devices in the bays of a device move to its site and rack with it, and lose any position of their own."""
    device, bay = Base.model_of("dcim.device"), Base.model_of("dcim.devicebay")
    parent: Any = aliased(device)
    changed = [change.object.id for change in changes if not change.creating]
    elsewhere = or_(device.site_id != parent.site_id, device.rack_id.is_distinct_from(parent.rack_id))
    place = {"site_id": parent.site_id, "rack_id": parent.rack_id, "position": None, "face": None}
    if changed:
        session.execute(
            update(device)
            .where(parent.id.in_(changed), bay.device_id == parent.id, device.id == bay.installed_device_id, elsewhere)
            .values(**place, last_updated=device.last_updated)
            .execution_options(synchronize_session=False)
        )
