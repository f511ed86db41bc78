"""What a device says of itself, asked live by way of NAPALM (`pip install patchbay[napalm]`)."""

import ipaddress
import json
from typing import Any

from flask import Response, request
from sqlalchemy import Row, select

from services.dcim.base import Base
from shared import JsonObject
from shared.api.resource import Resource
from shared.config import settings
from shared.db.database import database
from shared.http import responses
from shared.http.errors import Forbidden, NotFound, ServiceUnavailable
from shared.schema import openapi_schemas
from shared.security.authorization import caller

PERMISSION = "dcim.napalm_read"
METHOD = openapi_schemas.query("method", "A `get_…` method of NAPALM; repeat it for several.", "string", required=True)
ANSWERS = {"type": "object", "additionalProperties": {}}


def ask_device(resource: Resource, pk: int) -> Response:
    """`{method: answer}` for every `method` of the query string.

    Raises NotFound; ServiceUnavailable where the device has no address or driver, or does not answer; Forbidden.
    """
    device = _device(resource, pk)
    address = _address(device)
    driver = _driver(device)
    if not caller().may(PERMISSION):
        raise Forbidden
    try:
        answers = _answers(driver, address, request.args.getlist("method"))
    except Exception as error:  # noqa: BLE001 - drivers raise whatever their libraries do
        raise ServiceUnavailable(
            f"Error connecting to the device at {address}: {_without_secrets(str(error))}"
        ) from error
    return responses.json_response(json.loads(json.dumps(answers, default=str)))


def _device(resource: Resource, pk: int) -> Row[*tuple[Any, ...]]:
    device, platform = resource.model, Base.model_of("dcim.platform")
    statement = select(device.primary_ip4_id, device.primary_ip6_id, device.platform_id, platform.napalm_driver)
    with database().reading() as connection:
        found = connection.execute(
            statement.outerjoin(platform, device.platform_id == platform.id).where(device.id == pk)
        ).first()
    if found is None:
        raise NotFound
    return found


def _address(device: Row[*tuple[Any, ...]]) -> str:
    """The primary address of the device, without its mask. Raises ServiceUnavailable."""
    addresses = [device.primary_ip6_id, device.primary_ip4_id]
    chosen = next(filter(None, reversed(addresses) if settings.prefer_ipv4 else addresses), None)
    if chosen is None:
        raise ServiceUnavailable("This device has no primary IP address.")
    model = Base.model_of("ipam.ipaddress")
    with database().reading() as connection:
        return str(
            ipaddress.ip_interface(connection.execute(select(model.address).where(model.id == chosen)).scalar_one()).ip
        )


def _driver(device: Row[*tuple[Any, ...]]) -> Any:
    """The NAPALM driver of the device's platform. Raises ServiceUnavailable."""
    if device.platform_id is None:
        raise ServiceUnavailable("This device has no platform, which would name a NAPALM driver.")
    if not device.napalm_driver:
        raise ServiceUnavailable("The platform of this device names no NAPALM driver.")
    try:
        import napalm
        from napalm.base.exceptions import ModuleImportError
    except ImportError as error:
        raise ServiceUnavailable("NAPALM is not installed (pip install patchbay[napalm]).") from error
    try:
        return napalm.get_network_driver(device.napalm_driver)
    except ModuleImportError as error:
        raise ServiceUnavailable(f'There is no NAPALM driver "{device.napalm_driver}".') from error


def _answers(driver: Any, address: str, methods: list[str]) -> JsonObject:
    arguments = json.loads(settings.napalm_args)
    session = driver(
        hostname=address,
        username=settings.napalm_username,
        password=settings.napalm_password,
        timeout=settings.napalm_timeout,
        optional_args=arguments,
    )
    session.open()
    try:
        return {method: _answer(session, method) for method in methods}
    finally:
        session.close()


def _answer(session: Any, method: str) -> Any:
    if not method.startswith("get_"):
        return {"error": "Only get_* methods may be called."}
    call = getattr(session, method, None)
    if call is None:
        return {"error": "NAPALM has no such method."}
    try:
        return call()
    except NotImplementedError:
        return {"error": "The driver does not know this method."}


def _without_secrets(text: str) -> str:
    return text.replace(settings.napalm_password, "…") if settings.napalm_password else text
