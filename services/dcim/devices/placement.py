"""Where a device may be: the rules between it, its type, its rack and what stands there already."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from services.dcim.base import Base
from services.dcim.racks.elevation import MountedDevice, RackElevation
from shared.schema.changes import Change
from shared.schema.naming import described

CHILD = False


def mounted(session: Session | Connection, rack_ids: Collection[int]) -> dict[int, list[MountedDevice]]:
    """What is mounted in each of the racks."""
    device, type_ = Base.model_of("dcim.device"), Base.model_of("dcim.devicetype")
    statement = (
        select(device.rack_id, device.id, device.position, device.face, type_.u_height, type_.is_full_depth)
        .join(type_, device.device_type_id == type_.id)
        .where(device.rack_id.in_(rack_ids), device.position.is_not(None))
    )
    found = defaultdict(list)
    for rack_id, pk, position, face, height, full_depth in session.execute(statement):
        found[rack_id].append(MountedDevice(pk, position, height, face, full_depth))
    return found


def lock_racks(session: Session, rack_ids: Collection[int]) -> dict[int, Any]:
    """The racks as they are now; whoever else wants to put something into them waits.

    The lock lets others refer to the rack, which they do before they come here; a stronger one would deadlock.
    """
    rack = Base.model_of("dcim.rack")
    statement = select(rack).where(rack.id.in_(rack_ids)).order_by(rack.id).with_for_update(key_share=True)
    return {each.id: each for each in session.scalars(statement.execution_options(populate_existing=True))}


def _hold_types(session: Session, changes: list[Change]) -> None:
    """Lock the types of the devices, so that none of them changes its height meanwhile."""
    type_ = Base.model_of("dcim.devicetype")
    ids = {change.object.device_type_id for change in changes}
    statement = select(type_).where(type_.id.in_(ids)).order_by(type_.id).with_for_update(read=True, key_share=True)
    session.execute(statement.execution_options(populate_existing=True))


def _as_mounted(device: Any) -> MountedDevice:
    type_ = device.device_type
    return MountedDevice(device.id, device.position, type_.u_height, device.face, type_.is_full_depth)


def validate_room_for_growth(session: Session, changes: list[Change]) -> None:
    """A device type can only grow if every mounted device of it has room for the new height."""
    device = Base.model_of("dcim.device")
    for change in changes:
        type_ = change.object
        if change.creating or type_.u_height <= change.before.get("u_height", type_.u_height):
            continue
        of_type = select(device.rack_id).where(device.device_type_id == type_.id, device.position.is_not(None))
        racks = lock_racks(session, set(session.scalars(of_type)) - {None})
        for rack_id, standing in mounted(session, racks).items():
            if not _has_room(session, type_, racks[rack_id], standing):
                change.fail(f"Rack {racks[rack_id].name} has no room for devices of this type with that height.")
                break


def _has_room(session: Session, type_: Any, rack: Any, standing: list[MountedDevice]) -> bool:
    device = Base.model_of("dcim.device")
    own = set(session.scalars(select(device.id).where(device.rack_id == rack.id, device.device_type_id == type_.id)))
    elevation = RackElevation(rack.u_height, tuple(standing))
    grown = [
        replace(each, height=type_.u_height, full_depth=type_.is_full_depth) for each in standing if each.id in own
    ]
    return all(elevation.fits(each) for each in grown)


def validate_placement(session: Session, changes: list[Change]) -> None:
    """Each device has a place that its type, its rack and the devices there allow; in a bulk request, one by one."""
    _hold_types(session, changes)
    rack_ids = {change.object.rack_id for change in changes} - {None}
    racks = lock_racks(session, rack_ids)
    standing = mounted(session, rack_ids)
    for change in changes:
        device = change.object
        rack = racks.get(device.rack_id)
        if problem := _impossible(device, rack):
            change.fail(problem)
        elif rack and device.position:
            _stand(session, change, rack, standing)


def _impossible(device: Any, rack: Any) -> str | None:
    """Why the place makes no sense, whatever else is in the rack."""
    if rack is None:
        if device.face is not None:
            return "A device without a rack has no face."
        return None if device.position is None else "A device without a rack has no position."
    checks = (
        (rack.site_id != device.site_id, f"Rack {rack.name} is not at the site of the device."),
        (device.position and device.face is None, "A device at a position needs a face."),
        (device.position and not device.device_type.u_height, "A device of height 0 has no position."),
        (_is_child(device) and device.face is not None, "A child device has no face of its own."),
        (_is_child(device) and device.position, "A child device has no position of its own."),
    )
    return next((problem for wrong, problem in checks if wrong), None)


def _is_child(device: Any) -> bool:
    return device.device_type.subdevice_role is CHILD


def _stand(session: Session, change: Change, rack: Any, standing: dict[int, list[MountedDevice]]) -> None:
    candidate, elevation = _as_mounted(change.object), RackElevation(rack.u_height, tuple(standing[rack.id]))
    if elevation.fits(candidate):
        standing[rack.id].append(candidate)
        return
    height = f"{candidate.height}U" if candidate.height > 1 else "one unit"
    there = [_described(session, each) for each in elevation.in_the_way_of(candidate)]
    why = f"{', '.join(there)} stands there" if there else f"it has {rack.u_height} units"
    change.fail(f"There is no room for {height} at U{candidate.position} of rack {rack.name}: {why}.")


def _described(session: Session, standing: MountedDevice) -> str:
    if standing.id is None:
        return "a device of this request"
    return described(session.get_one(Base.model_of("dcim.device"), standing.id))
