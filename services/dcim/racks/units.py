"""`racks/<id>/units/`: what stands in each unit of a rack, from top to bottom, seen from one face."""

from functools import cache

import marshmallow as ma
from flask import Response, request
from sqlalchemy import Connection, select

from services.dcim.base import Base
from services.dcim.devices.placement import mounted
from services.dcim.racks.elevation import FRONT, RackElevation
from shared import JsonObject
from shared.api.resource import Resource
from shared.db.database import database
from shared.http.errors import BadRequest, NotFound
from shared.http.responses import json_response
from shared.query.pagination import Page
from shared.schema import openapi_schemas
from shared.schema.models import Record
from shared.schema.parsing import MAX_INTEGER, to_integer
from shared.schema.read_face import ReadFace
from shared.schema.representations import nested_schema


class UnitSchema(ma.Schema):
    """One unit: its number as `id`, its `name`, the `face` asked for and the device there."""

    id = ma.fields.Integer()
    name = ma.fields.String()
    face = ma.fields.Integer()
    device = ma.fields.Nested(lambda: _device_schema(), allow_none=True)


def _device_schema() -> ma.Schema:
    model: type[Record] = Base.model_of("dcim.device")
    return nested_schema(model, ("name", "display_name"))()


FACE = openapi_schemas.query("face", "The side that is looked at: 0 is the front (the default), 1 the rear.")
EXCLUDE = openapi_schemas.query("exclude", "The id of a device to ignore: its units count as free.")


def list_units(resource: Resource, pk: int) -> Response:
    """A page of the units of rack `pk`; `face` asks for a side, `exclude` ignores a device."""
    face, exclude, page = _face(), to_integer(request.args.get("exclude", "")), Page.of_request()
    with database().reading() as connection:
        rack = connection.execute(
            select(resource.model.u_height, resource.model.desc_units).where(resource.model.id == pk)
        ).one_or_none()
        if rack is None:
            raise NotFound
        standing = mounted(connection, [pk])[pk]
        units = RackElevation(rack.u_height, tuple(standing), rack.desc_units).elevation(face, exclude)
        shown = units[page.offset :][: page.limit]
        devices = _device_faces(connection, {unit.device.id for unit in shown if unit.device and unit.device.id})
    following, preceding = page.links(len(units))
    results = [
        {"id": unit.number, "name": unit.name, "face": face, "device": unit.device and devices.get(unit.device.id or 0)}
        for unit in shown
    ]
    return json_response({"count": len(units), "next": following, "previous": preceding, "results": results})


def _face() -> int:
    """The face asked for. Raises BadRequest for what is no number (on which NetBox fails)."""
    text = (request.args.getlist("face") or [""])[-1].strip()
    face = to_integer(text) if text else FRONT
    if face is None or abs(face) > MAX_INTEGER:
        raise BadRequest({"face": ["A valid integer is required."]})
    return face


def _device_faces(connection: Connection, ids: set[int]) -> dict[int, JsonObject]:
    return dict(_nested_device().read(connection, "devices_in_units", "id", ids))


@cache
def _nested_device() -> ReadFace:
    return ReadFace(Base.model_of("dcim.device"), ("name", "display_name"))
