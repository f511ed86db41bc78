"""Circuit terminations: the two ends of a circuit, each at a site and perhaps on an interface."""

from functools import cache
from typing import Any

from sqlalchemy import Connection, String, func, select, update
from sqlalchemy.orm import Session, aliased

from services.circuits.base import Base
from services.circuits.choices import TERM_SIDE
from services.circuits.resources.circuits import Circuit
from shared import JsonObject
from shared.api.resource import Resource
from shared.query.filters import ReferenceFilter
from shared.references.lookups import Lookup, counts
from shared.schema import columns, fields
from shared.schema.changes import Change
from shared.schema.columns import CASCADE, PROTECT, reference, text
from shared.schema.read_face import ReadFace


class CircuitTermination(Base):
    path = "circuit-terminations"
    nested = ("term_side",)

    circuit_id = reference("circuits.circuit", on_delete=CASCADE)
    term_side = columns.choice(TERM_SIDE, type_=String(1), field=fields.RawChoice)
    site_id = reference("dcim.site", on_delete=PROTECT, counted=True)
    interface_id = reference("dcim.interface", on_delete=PROTECT, null=True, unique=True)
    port_speed = columns.integer()
    upstream_speed = columns.integer(null=True)
    xconnect_id = text(50, blank=True)
    pp_info = text(100, blank=True)


# A circuit with both ends at a site counts twice, as in NetBox.
site_counts = counts(count_circuits=CircuitTermination.__table__.c.site_id)


def interface_terminations(connection: Connection, ids: list[int]) -> dict[int, JsonObject]:
    """`{interface id: {circuit_termination, is_connected}}` for those of `ids` that a circuit ends on."""
    rows = end_face().read(connection, "terminations_on_interfaces", "interface_id", ids)
    return {pk: {"circuit_termination": end, "is_connected": True} for pk, end in rows}


def topology(connection: Connection, ids: list[Any]) -> dict[int, JsonObject]:
    """`{0: {edges}}` for one `{devices}`: the circuits that run between two of them."""
    port = CircuitTermination.model_of("dcim.interface")
    a, z, here, there = aliased(CircuitTermination), aliased(CircuitTermination), aliased(port), aliased(port)
    runs = (
        select(here.device_id.label("a"), there.device_id.label("b"))
        .select_from(a)
        .join(z, (z.circuit_id == a.circuit_id) & (z.term_side == "Z"))
        .join(here, a.interface_id == here.id)
        .join(there, z.interface_id == there.id)
        .where(a.term_side == "A", here.device_id.in_(ids[0]["devices"]), there.device_id.in_(ids[0]["devices"]))
    )
    return {
        0: {"edges": [{"a": row.a, "b": row.b, "style": "solid", "color": "blue"} for row in connection.execute(runs)]}
    }


def validate_interface(session: Session, changes: list[Change[CircuitTermination]]) -> None:
    """A circuit ends on hardware; a machine is deleted without asking who is connected to it."""
    for change in changes:
        if change.object.interface and change.object.interface.virtual_machine_id:
            change.fail("A circuit cannot end on an interface of a virtual machine.", "interface")


@cache
def end_face() -> ReadFace:
    """A termination as the interface that it is on shows it."""
    return ReadFace(
        CircuitTermination, ("circuit", "term_side", "port_speed", "upstream_speed", "xconnect_id", "pp_info")
    )


def on_save_touch_circuits(session: Session, changes: list[Change]) -> None:
    """A circuit has changed when one of its ends has."""
    touch(session, {change.object.circuit_id for change in changes})


def on_delete_touch_circuits(session: Session, targets: list[CircuitTermination]) -> None:
    touch(session, {target.circuit_id for target in targets})


def touch(session: Session, ids: set[int]) -> None:
    session.execute(update(Circuit).where(Circuit.id.in_(ids)).values(last_updated=func.clock_timestamp()))


circuit_of_end = select(Circuit.cid).where(Circuit.id == CircuitTermination.circuit_id).scalar_subquery()

circuit_terminations = Resource(
    CircuitTermination,
    filters=(
        "term_side",
        "port_speed",
        "upstream_speed",
        "xconnect_id",
        ReferenceFilter("circuit_id", CircuitTermination, ("circuit",), by_key=False),
        "site",
    ),
    search=(circuit_of_end, "xconnect_id", "pp_info"),
    order=("circuit.provider.name", "circuit.cid", "term_side"),
    unique=(("circuit", "term_side"),),
    rules=(validate_interface,),
    after_save=(on_save_touch_circuits,),
    on_delete=(on_delete_touch_circuits,),
    lookups=(Lookup("dcim", "interface-faces", of="interface", here=interface_terminations),),
)
