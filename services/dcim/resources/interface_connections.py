"""Interface connections: which interface is plugged into which."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Boolean, ColumnElement, case, join, or_, select
from sqlalchemy.orm import Session, aliased

from services.dcim.base import Base
from services.dcim.choices import CONNECTION_STATUS, NOT_CONNECTABLE
from services.dcim.connections.filters import end_filters
from shared.api.resource import Resource
from shared.db import json_sql
from shared.schema.changes import Change
from shared.schema.columns import CASCADE, choice, reference
from shared.schema.representations import Joins, nested_sql

PEER = (
    "device",
    "name",
    "form_factor",
    "enabled",
    "lag",
    "mtu",
    "mac_address",
    "mgmt_only",
    "description",
)
ENDS = ("interface_a", "interface_b")
DEVICES_OF_ENDS = tuple((end, "device") for end in ENDS)


class InterfaceConnection(Base):
    path = "interface-connections"
    nested = ()

    interface_a_id = reference("dcim.interface", on_delete=CASCADE, unique=True, nested=PEER)
    interface_b_id = reference("dcim.interface", on_delete=CASCADE, unique=True, nested=PEER)
    connection_status = choice(CONNECTION_STATUS, type_=Boolean, default=True)


def is_connected(interface: Any) -> ColumnElement[bool]:
    """Whether a cable is in `interface`; circuits are not looked at."""
    connection = aliased(InterfaceConnection)
    return select(connection.id).where(_ends_on(connection, interface)).correlate(interface).exists()


def connection_of(interface: Any) -> ColumnElement[Any]:
    """The connection of `interface` as it is shown there: the interface at the other end, and the status."""
    connection, peer = aliased(InterfaceConnection), aliased(Base.model_of("dcim.interface"))
    other = case(
        (connection.interface_a_id == interface.id, connection.interface_b_id), else_=connection.interface_a_id
    )
    joins = Joins()
    face = nested_sql(peer, Base.model_of("dcim.interface"), PEER, joins)
    shown = select(json_sql.object_of({"interface": face, "status": connection.connection_status}))
    return (
        shown.select_from(joins.onto(join(connection, peer, peer.id == other)))
        .where(_ends_on(connection, interface))
        .correlate(interface)
        .scalar_subquery()
    )


def _ends_on(connection: Any, interface: Any) -> ColumnElement[bool]:
    return or_(connection.interface_a_id == interface.id, connection.interface_b_id == interface.id)


def connected_among(session: Session, ids: Collection[int]) -> set[int]:
    """Which of the interfaces `ids` have a cable."""
    ends = (InterfaceConnection.interface_a_id, InterfaceConnection.interface_b_id)
    return {pk for end in ends for pk in session.scalars(select(end).where(end.in_(ids)))}


def validate_ends(session: Session, changes: list[Change]) -> None:
    for change in changes:
        connection = change.object
        if connection.interface_a_id == connection.interface_b_id:
            change.fail("An interface cannot be connected to itself.")
        elif {connection.interface_a.form_factor, connection.interface_b.form_factor} & NOT_CONNECTABLE:
            change.fail("Virtual, LAG and wireless interfaces cannot be connected.")


def validate_ends_free(session: Session, changes: list[Change]) -> None:
    """An interface is in one connection at most, whichever its side; a second client waits, then finds it taken."""
    owners = _owners(session, {getattr(change.object, f"{end}_id") for change in changes for end in ENDS})
    for number, change in enumerate(changes):
        own = change.object.id or -number
        for end in ENDS:
            owner = owners.setdefault(getattr(change.object, f"{end}_id"), own)
            if owner != own:
                by = f"interface connection {owner}" if owner > 0 else "another one of this request"
                change.fail(f"The interface is connected already, by {by}.", end)


def _owners(session: Session, interfaces: set[int]) -> dict[int, int]:
    """`{interface id: connection id}` of `interfaces`, which are locked."""
    model = Base.model_of("dcim.interface")
    lock = select(model.id).where(model.id.in_(interfaces)).order_by(model.id).with_for_update(key_share=True)
    session.execute(lock)
    owners: dict[int, int] = {}
    for end in (InterfaceConnection.interface_a_id, InterfaceConnection.interface_b_id):
        owners |= dict(session.execute(select(end, InterfaceConnection.id).where(end.in_(interfaces))).all())
    return owners


interface_connections = Resource(
    InterfaceConnection,
    csv_headings={"device_a": "interface_a.device", "device_b": "interface_b.device"},
    filters=("connection_status", *end_filters(InterfaceConnection, devices=DEVICES_OF_ENDS, sites=DEVICES_OF_ENDS)),
    order=(),
    rules=(validate_ends, validate_ends_free),
)
