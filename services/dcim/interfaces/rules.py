"""What an interface must keep to: its device or machine, its LAG, its VLANs and what it is plugged into."""

from functools import partial
from typing import Any

from sqlalchemy import Column, ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from services.dcim.base import Base
from services.dcim.choices import LAG_FORM_FACTOR, NOT_CONNECTABLE, VIRTUAL_FORM_FACTOR
from services.dcim.components.columns import validate_type_flag
from services.dcim.resources.interface_connections import connected_among
from services.dcim.resources.virtual_chassis import VirtualChassis
from shared.http.errors import NON_FIELD
from shared.references.invariants import Invariant
from shared.schema.changes import Change, Rule
from shared.schema.models import Record

TAGGED = 200
NO_PORT = "Virtual, LAG and wireless interfaces cannot be connected."


def validate_parent(session: Session, changes: list[Change]) -> None:
    for change in changes:
        parents = [change.object.device_id, change.object.virtual_machine_id]
        if parents.count(None) != 1:
            change.fail("An interface is part of one device, or of one virtual machine.")


def validate_form_factor(session: Session, changes: list[Change]) -> None:
    for change in changes:
        sent = change.values.get("form_factor", VIRTUAL_FORM_FACTOR)
        if change.object.virtual_machine_id and sent != VIRTUAL_FORM_FACTOR:
            change.fail("An interface of a virtual machine is virtual.")


def of_devices(rule: Rule[Any]) -> Rule[Any]:
    """The rule for interfaces of devices only."""

    def validate_those(session: Session, changes: list[Change]) -> None:
        rule(session, [change for change in changes if change.object.device_id])

    return validate_those


def validate_vlans(session: Session, changes: list[Change]) -> None:
    """A VLAN is global, or of the site that the device, or the cluster of the machine, is at, when it is chosen."""
    for change in changes:
        owner, where = _owner(change)
        chosen = change.changed("untagged_vlan_id", "device_id", "virtual_machine_id")
        if chosen and not _reaches(change.object.untagged_vlan, owner):
            change.fail(
                f"The VLAN is of another site than {where}.", "untagged_vlan" if change.object.device else NON_FIELD
            )
        if "tagged_vlans" in change.values and not all(_reaches(vlan, owner) for vlan in change.object.tagged_vlans):
            change.fail(f"Some of the VLANs are of another site than {where}.", "tagged_vlans")


def _owner(change: Change) -> tuple[Any, str]:
    """What the interface is part of, which has a site, and what to call that."""
    device = change.object.device
    return (device, "the device") if device else (change.object.virtual_machine, "the cluster of the machine")


def _reaches(vlan: Any, owner: Any) -> bool:
    return vlan is None or vlan.site_id in (None, owner.site_id)


def vlans_within_reach(model: type[Record]) -> list[Invariant]:
    """The same as an invariant: if a VLAN or a device moves to another site, users decide what to change."""

    def within_reach(vlan_id: ColumnElement[Any], interface_id: Column[Any]) -> ColumnElement[bool]:
        vlan = aliased(Base.model_of("ipam.vlan"))
        interface: Any = aliased(model)
        device = aliased(Base.model_of("dcim.device"))
        machine = aliased(Base.model_of("virtualization.virtualmachine"))
        place = (
            select(func.coalesce(device.site_id, machine.site_id))
            .select_from(interface)
            .outerjoin(device, device.id == interface.device_id)
            .outerjoin(machine, machine.id == interface.virtual_machine_id)
            .where(interface.id == interface_id)
            .correlate(interface_id.table)
            .scalar_subquery()
        )
        return exists().where(vlan.id == vlan_id, or_(vlan.site_id.is_(None), vlan.site_id == place))

    own, of_list = model.__table__.c, model.metadata.tables[f"{model.__tablename__}_tagged_vlans"].c
    pairs = (own.untagged_vlan_id, own.id), (of_list.target_id, of_list.owner_id)
    return [Invariant(model.label, column, partial(within_reach, column, pk), lets_go=False) for column, pk in pairs]


def validate_connection(session: Session, changes: list[Change]) -> None:
    """An interface that is no port cannot be plugged into another one."""
    others = no_ports(changes)
    for pk in connected_among(session, others):
        others[pk].fail(NO_PORT)


def no_ports(changes: list[Change]) -> dict[int, Change]:
    """The changes, by id, of interfaces that are, or become, of a type that takes no cable."""
    return {c.object.id: c for c in changes if not c.creating and c.object.form_factor in NOT_CONNECTABLE}


def validate_lag_device(session: Session, changes: list[Change]) -> None:
    """A LAG is on the same device, or on the master of the chassis that the device is in."""
    members = [change for change in changes if change.object.lag_id is not None]
    chassis = {change.object.device.virtual_chassis_id for change in members}
    rows = session.execute(select(VirtualChassis.id, VirtualChassis.master_id).where(VirtualChassis.id.in_(chassis)))
    masters = dict(rows.all())
    for change in members:
        device = change.object.device
        if change.object.lag.device_id not in (device.id, masters.get(device.virtual_chassis_id, device.id)):
            change.fail("The LAG is on another device.")


def validate_lag_membership(session: Session, changes: list[Change]) -> None:
    for change in changes:
        if change.object.lag_id is None:
            continue
        if change.object.form_factor in NOT_CONNECTABLE:
            change.fail("Virtual, LAG and wireless interfaces cannot be part of a LAG.")
        elif change.object.lag_id == change.object.id:
            change.fail("An interface cannot be part of itself.", "lag")


def validate_lag_with_members(session: Session, changes: list[Change]) -> None:
    """An interface that others are part of stays a LAG."""
    model = Base.model_of("dcim.interface")
    others = {c.object.id: c for c in changes if not c.creating and c.object.form_factor != LAG_FORM_FACTOR}
    for pk in set(session.scalars(select(model.lag_id).where(model.lag_id.in_(others), model.id != model.lag_id))):
        others[pk].fail("Other interfaces are part of this one, so it must be a LAG.")


def set_vlans(session: Session, changes: list[Change]) -> None:
    """Without a mode there is no untagged VLAN; an update to another mode than tagged drops the tagged ones."""
    for change in changes:
        if change.object.mode is None:
            change.object.untagged_vlan_id = None
        if not change.creating and change.object.mode != TAGGED:
            change.object.tagged_vlans = []


RULES: tuple[Rule[Any], ...] = (
    validate_parent,
    validate_form_factor,
    validate_vlans,
    of_devices(validate_type_flag("is_network_device", "Only devices of a network device type have interfaces.")),
    validate_connection,
    validate_lag_membership,
    of_devices(validate_lag_device),
    validate_lag_with_members,
)
