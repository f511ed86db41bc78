"""Inventory items: the parts inside a device, each perhaps inside another."""

from functools import partial

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from services.dcim.base import Base
from services.dcim.components.columns import FIRST, Component
from services.dcim.resources.devices import Device
from shared.api.resource import Related, Resource
from shared.schema.changes import Change
from shared.schema.columns import CASCADE, PROTECT, boolean, reference, text
from shared.schema.fields import RawReference

# As in NetBox, a PUT that names no parent takes the item out of the one it is in.
OUTSIDE = partial(RawReference, load_default=None)


class InventoryItem(Component, Base):
    path = "inventory-items"

    parent_id = reference("dcim.inventoryitem", on_delete=CASCADE, null=True, field=OUTSIDE, sort_order=FIRST)
    manufacturer_id = reference("dcim.manufacturer", on_delete=PROTECT, null=True)
    part_id = text(50, blank=True)
    serial = text(50, blank=True)
    asset_tag = text(50, null=True, unique=True, doc="Asset tag")
    discovered = boolean(False)
    description = text(100, blank=True)


def validate_parent_device(session: Session, changes: list[Change]) -> None:
    """NetBox 2.3 takes any parent, even the item itself."""
    for change in changes:
        if change.object.parent_id is not None and change.object.parent.device_id != change.object.device_id:
            change.fail("The parent is not on the same device.", "parent")


def validate_children_device(session: Session, changes: list[Change]) -> None:
    moved = {c.object.id: c for c in changes if not c.creating and c.changed("device_id")}
    for pk in set(session.scalars(select(InventoryItem.parent_id).where(InventoryItem.parent_id.in_(moved)))):
        moved[pk].fail("The item holds others, which are on this device.", "device")


def validate_no_cycle(session: Session, changes: list[Change]) -> None:
    """Moves within a device wait for each other, or two of them could close a cycle together."""
    moved = [c for c in changes if not c.creating and c.changed("parent_id") and c.object.parent_id is not None]
    devices = {change.object.device_id for change in moved}
    if not moved:
        return
    session.execute(select(Device.id).where(Device.id.in_(devices)).order_by(Device.id).with_for_update(key_share=True))
    for change in moved:
        above = select(InventoryItem.parent_id).where(InventoryItem.id == change.object.parent_id).cte(recursive=True)
        step = select(InventoryItem.parent_id).join(above, InventoryItem.id == above.c.parent_id)
        ancestors = set(session.scalars(select(above.union(step).c.parent_id)))
        if change.object.id in ancestors | {change.object.parent_id}:
            change.fail("An item cannot be inside itself.", "parent")


def by_number(text: str) -> list[ColumnElement[bool]]:
    """Serials and asset tags are searched for as a whole."""
    return [func.lower(InventoryItem.serial) == text.lower(), func.lower(InventoryItem.asset_tag) == text.lower()]


inventory_items = Resource(
    InventoryItem,
    filters=(
        "name",
        "part_id",
        "serial",
        "asset_tag",
        "discovered",
        "device",
        "manufacturer",
        Related("parent", "parent", only_id=True),
    ),
    order=("device_id", "parent_id", "name"),
    search=("name", "part_id", "description"),
    search_extra=by_number,
    unique=(("device", "parent", "name"),),
    rules=(validate_parent_device, validate_children_device, validate_no_cycle),
)
