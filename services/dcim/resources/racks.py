"""Racks: what devices are mounted in."""

from flask import Response, request
from sqlalchemy import Float, case, cast, func, select, update
from sqlalchemy.orm import Session

from services.dcim.base import Base
from services.dcim.choices import RACK_TYPE, RACK_WIDTH
from services.dcim.devices.placement import mounted
from services.dcim.racks.drawing import SIDES, draw
from services.dcim.racks.elevation import RackElevation
from services.dcim.racks.units import EXCLUDE, FACE, UnitSchema, list_units
from shared.api.openapi import page_schema
from shared.api.openapi_parameters import paging
from shared.api.resource import Action, Resource
from shared.custom_fields.column import CustomFields
from shared.db.prepared import AnySelect
from shared.schema import columns, fields, natural_order
from shared.schema.changes import Change
from shared.schema.columns import PROTECT, SET_NULL, Tracked, choice, computed, integer, reference, text


class Rack(Base, CustomFields, Tracked):
    name = text(50)
    facility_id = text(50, null=True)
    display_name = computed(
        fields.Text(),
        lambda rack: case((rack.facility_id.is_(None), rack.name), else_=rack.name + " (" + rack.facility_id + ")"),
    )
    site_id = reference("dcim.site", on_delete=PROTECT, counted=True)
    group_id = reference("dcim.rackgroup", on_delete=SET_NULL, null=True)
    tenant_id = reference("tenancy.tenant", on_delete=PROTECT, null=True)
    role_id = reference("dcim.rackrole", on_delete=PROTECT, null=True)
    serial = text(50, blank=True)
    type = choice(RACK_TYPE, null=True)
    width = choice(RACK_WIDTH, default=19)
    u_height = integer(1, 100, default=42)
    desc_units = columns.boolean(default=False)
    comments = columns.long_text()
    name_order = columns.sort_key("name", natural_order.name_key)


def validate_height_and_group(session: Session, changes: list[Change]) -> None:
    """A rack stays as high as its topmost device, and in the site of its group; a new rack is not asked."""
    existing = [change for change in changes if not change.creating]
    standing = mounted(session, {change.object.id for change in existing}) if existing else {}
    for change in existing:
        rack = change.object
        if RackElevation(rack.u_height, tuple(standing[rack.id])).highest_taken_unit() > rack.u_height:
            change.fail("The rack is not as high as its topmost device stands.")
        elif rack.group and rack.group.site_id != rack.site_id:
            change.fail("The group of the rack is at another site.")


def on_save_move_devices(session: Session, changes: list[Change]) -> None:
    """The devices of a rack are at its site."""
    device = Base.model_of("dcim.device")
    moved = [change.object.id for change in changes if not change.creating and change.changed("site_id")]
    if moved:
        standing = update(device).where(device.rack_id == Rack.id, Rack.id.in_(moved))
        session.execute(standing.values(site_id=Rack.site_id, last_updated=device.last_updated))


def show_elevation(resource: Resource, pk: int) -> Response:
    """The rack drawn; its units for a client that takes JSON only and does not say `render=svg`, as today's do."""
    drawn = request.args.get("render") == "svg" or "image/svg+xml" in request.accept_mimetypes
    return (draw if drawn else list_units)(resource, pk)


def units_used() -> AnySelect:
    """What part of each rack's units is taken, on either side of it."""
    device, type_ = Base.model_of("dcim.device"), Base.model_of("dcim.devicetype")
    stretch = func.range_agg(func.int4range(device.position, device.position + type_.u_height)).label("units")
    standing = select(device.rack_id, stretch).join(type_, device.device_type_id == type_.id)
    taken = standing.where(device.rack_id.is_not(None), device.position.is_not(None)).group_by(device.rack_id).cte()
    each = func.unnest(taken.c.units).column_valued("each")
    used = select(func.sum(func.upper(each) - func.lower(each))).scalar_subquery()
    return select(Rack.id, (func.coalesce(used, 0) / cast(Rack.u_height, Float)).label("used")).outerjoin(
        taken, taken.c.rack_id == Rack.id
    )


racks = Resource(
    Rack,
    csv_headings={"group_name": "group"},
    filters=(
        "name",
        "facility_id",
        "serial",
        "type",
        "width",
        "u_height",
        "desc_units",
        "site",
        "group",
        "tenant",
        "role",
    ),
    search=("name", "facility_id", "serial", "comments"),
    order=("site.name", "name_order"),
    unique=(("site", "name"), ("site", "facility_id")),
    rules=(validate_height_and_group,),
    after_save=(on_save_move_devices,),
    utilization=units_used,
    actions=(
        Action("units", list_units, reply=page_schema(UnitSchema), query=(FACE, EXCLUDE, *paging("limit", "offset"))),
        Action("elevation", show_elevation, media="image/svg+xml", query=(SIDES,)),
    ),
)
