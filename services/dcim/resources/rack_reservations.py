"""Rack reservations: units of a rack that are kept free for someone."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from marshmallow import ValidationError
from sqlalchemy import ColumnElement, DateTime, SmallInteger, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session, mapped_column

from services.dcim.base import Base
from services.dcim.devices.placement import lock_racks
from services.dcim.resources.racks import Rack
from shared import JsonObject
from shared.api.resource import Related, Resource
from shared.query.filter_base import Filter
from shared.references import holding
from shared.schema import columns, fields
from shared.schema.changes import Change
from shared.schema.columns import CASCADE, PROTECT, reference, text
from shared.security.authorization import user_id


class Units(fields.Field):
    """A list of rack units; an error names the place of the element."""

    repeats = True
    shape: ClassVar[JsonObject] = {"type": "array", "items": {"type": "integer"}, "example": [1]}

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if not isinstance(value, (list, tuple)):
            raise ValidationError(f'Expected a list of items but got type "{type(value).__name__}".')
        unit, errors, units = fields.Integer(0, columns.SMALL_MAX), {}, []
        for place, item in enumerate(value):
            try:
                units.append(unit.deserialize(item))
            except ValidationError as error:
                errors[str(place)] = error.messages
        if errors:
            raise ValidationError(errors)
        return units


class RackReservation(Base):
    path = "rack-reservations"
    nested = ("rack",)

    rack_id = reference("dcim.rack", on_delete=CASCADE)
    units = columns.column(ARRAY(SmallInteger), Units())
    created = mapped_column(
        DateTime(timezone=True),
        server_default=func.clock_timestamp(),
        nullable=False,
        index=True,
        info={"field": fields.DateTime(dump_only=True)},
    )
    user_id = reference("users.user", on_delete=PROTECT)
    tenant_id = reference("tenancy.tenant", on_delete=PROTECT, null=True)
    description = text(100)


User = Base.model_of("users.user")


def set_owner(session: Session, changes: list[Change]) -> None:
    """Who creates a reservation owns it, whichever user was sent; an update may name anyone, and an undo does."""
    created = [change for change in changes if change.creating and not change.undoing]
    if created:
        holding.hold(session, Base, {"users.user": {user_id()}})
    for change in created:
        change.object.user_id = user_id()


def validate_units_free(session: Session, changes: list[Change]) -> None:
    """Units lie in the rack and belong to one reservation; as in NetBox, those of one bulk request may overlap."""
    racks = lock_racks(session, {change.object.rack_id for change in changes})
    rows = session.execute(
        select(RackReservation.rack_id, RackReservation.id, RackReservation.units).where(
            RackReservation.rack_id.in_(racks)
        )
    ).all()
    for change in changes:
        rack, wanted = racks[change.object.rack_id], change.object.units
        outside = [unit for unit in wanted if not 1 <= unit <= rack.u_height]
        others = {pk: units for rack_id, pk, units in rows if rack_id == rack.id and pk != change.object.id}
        holding_them = [pk for pk, units in others.items() if set(units) & {*wanted}]
        taken = [unit for unit in wanted if any(unit in others[pk] for pk in holding_them)]
        if outside:
            change.fail(f"Rack {rack.name} has no units {_listed(outside)}.")
        elif taken:
            owners = _listed(holding_them)
            change.fail(f"Other reservations hold the units {_listed(taken)}: rack reservation {owners}.")


def _listed(units: list[int]) -> str:
    return ", ".join(map(str, sorted(set(units))))


def at_moment(text: str) -> ColumnElement[bool] | None:
    """When it was created, to the microsecond; a moment without a zone is UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return RackReservation.created == (moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def of_reservation(target: Any, key: Any, name: str) -> ColumnElement[Any]:
    """Column `name` of the `target` that `key` refers to, to be searched."""
    return select(getattr(target, name)).where(target.id == key).scalar_subquery()


rack_reservations = Resource(
    RackReservation,
    filters=(
        "rack",
        "tenant",
        "user",
        Related("site", "rack", "site"),
        Related("group", "rack", "group"),
        Filter("created", at_moment),
    ),
    search=(
        of_reservation(Rack, RackReservation.rack_id, "name"),
        of_reservation(Rack, RackReservation.rack_id, "facility_id"),
        of_reservation(User, RackReservation.user_id, "username"),
        "description",
    ),
    rules=(validate_units_free,),
    before_save=(set_owner,),
    order=("created",),
)
