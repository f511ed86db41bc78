"""`racks/<id>/elevation/` and `devices/<id>/position/`: a rack as an SVG drawing; every device is a link."""

from typing import Any

from flask import Response, request
from markupsafe import Markup
from sqlalchemy import Connection, Row, select

from services.dcim.base import Base
from services.dcim.devices.placement import mounted
from services.dcim.racks.elevation import FRONT, REAR, MountedDevice, RackElevation
from shared.api.resource import Resource
from shared.db.database import database
from shared.http.errors import BadRequest, NotFound
from shared.schema import openapi_schemas
from shared.schema.parsing import to_integer
from shared.schema.representations import url_of

FAINT = Markup(' fill-opacity="0.25"')
UNIT, WIDTH, NUMBERS, GAP, TOP = 20, 220, 26, 28, 24
FACES = {FRONT: "Front", REAR: "Rear"}
SIDES = openapi_schemas.query("face", "The side to draw: 0 is the front, 1 the rear; both unless given.")
_FACE = Markup(
    '<g transform="translate({x} 0)"><text x="{middle}" y="16" text-anchor="middle">{title}</text>{units}</g>'
)
_NUMBER = Markup('<text x="{x}" y="{y}" text-anchor="end" class="number" fill="currentColor">{number}</text>')
_EMPTY = Markup('<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="#8885" stroke="#8888"/>')
_DEVICE = Markup(
    '<a href="{url}"><title>{name}</title>'
    '<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="#{color}" stroke="#0006"{faint}/>'
    '<text x="{middle}" y="{baseline}" text-anchor="middle" fill="{ink}">{name}</text></a>'
)
_DRAWING = Markup(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    ' role="group" aria-label="Elevation of {name}" font-family="sans-serif" font-size="12"'
    ' fill="currentColor">{faces}</svg>'
)


def draw(resource: Resource, pk: int) -> Response:
    """The front and the rear of rack `pk`, or just `face` (0 or 1). Raises NotFound, BadRequest."""
    shown = _shown_faces()
    with database().reading() as connection:
        return _drawn(connection, pk, shown)


def draw_position(resource: Resource, pk: int) -> Response:
    """The rack that device `pk` stands in. Raises NotFound when it stands in none."""
    shown = _shown_faces()
    with database().reading() as connection:
        rack_id = connection.scalar(select(resource.model.rack_id).where(resource.model.id == pk))
        if rack_id is None:
            raise NotFound("The device stands in no rack.")
        return _drawn(connection, rack_id, shown, pk)


def _drawn(connection: Connection, pk: int, shown: tuple[int, ...], marked: int | None = None) -> Response:
    """The sides `shown` of rack `pk`, all devices but `marked` faint. Raises NotFound."""
    model = Base.model_of("dcim.rack")
    asked = select(model.name, model.u_height, model.desc_units).where(model.id == pk)
    row = connection.execute(asked).one_or_none()
    if row is None:
        raise NotFound
    standing = mounted(connection, [pk]).get(pk, [])
    told = _told(connection, [device.id for device in standing])
    rack = RackElevation(row.u_height, tuple(standing), row.desc_units)
    faces = Markup().join(
        _FACE.format(x=place * (NUMBERS + WIDTH + GAP), middle=NUMBERS + WIDTH // 2, title=FACES[face], units=units)
        for place, face in enumerate(shown)
        for units in [_units(rack, face, told, marked)]
    )
    width, height = len(shown) * (NUMBERS + WIDTH + GAP) - GAP + 2, TOP + row.u_height * UNIT + 2
    return Response(_DRAWING.format(width=width, height=height, name=row.name, faces=faces), mimetype="image/svg+xml")


def _shown_faces() -> tuple[int, ...]:
    text = (request.args.getlist("face") or [""])[-1].strip()
    if not text:
        return FRONT, REAR
    face = to_integer(text)
    if face is None or face not in FACES:
        raise BadRequest({"face": ["Either 0 (front) or 1 (rear)."]})
    return (face,)


def _told(connection: Connection, ids: list[int | None]) -> dict[int | None, Row[*tuple[Any, ...]]]:
    """What is written on each device: its name, and the colour of its role."""
    device, role = Base.model_of("dcim.device"), Base.model_of("dcim.devicerole")
    name = device.attributes["display_name"].expression(device).label("name")
    statement = select(device.id, name, role.color).join(role, device.device_role_id == role.id)
    return {row.id: row for row in connection.execute(statement.where(device.id.in_(ids)))}


def _units(rack: RackElevation, face: int, told: dict[int | None, Row[*tuple[Any, ...]]], marked: int | None) -> Markup:
    drawn, pieces = set(), []
    units = rack.elevation(face)
    for place, unit in enumerate(units):
        y = TOP + place * UNIT
        pieces.append(_NUMBER.format(x=NUMBERS - 5, y=y + 14, number=unit.number))
        if unit.device is None:
            pieces.append(_EMPTY.format(x=NUMBERS, y=y, width=WIDTH, height=UNIT))
        elif unit.device.id not in drawn:
            drawn.add(unit.device.id)
            pieces.append(_device(unit.device, told[unit.device.id], y, marked in (None, unit.device.id)))
    return Markup().join(pieces)


def _device(device: MountedDevice, told: Row[*tuple[Any, ...]], y: int, clear: bool) -> Markup:
    height = device.height * UNIT
    return _DEVICE.format(
        faint="" if clear else FAINT,
        url=url_of(Base.model_of("dcim.device").list_path(), told.id),
        name=told.name,
        x=NUMBERS,
        y=y,
        width=WIDTH,
        height=height,
        color=told.color,
        ink=_ink(told.color) if clear else "currentColor",
        middle=NUMBERS + WIDTH // 2,
        baseline=y + height // 2 + 4,
    )


def _ink(color: str) -> str:
    """Black or white, whichever has more contrast to `color`, as WCAG counts it."""
    red, green, blue = ((int(color[at : at + 2], 16) / 255) ** 2.2 for at in (0, 2, 4))
    return "#000" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 else "#fff"
