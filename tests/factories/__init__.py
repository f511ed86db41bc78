"""Factories: valid objects of every type, made from the declarations of the resources."""

from collections.abc import Callable, Iterator
from importlib import import_module
from itertools import count
from typing import Any

from shared.api.resource import Resource
from shared.config import SERVICES
from shared.schema import fields, text_fields
from tests.client import Client

RESOURCES: tuple[Resource, ...] = tuple(
    resource for app in SERVICES for resource in import_module(f"services.{app}.app").RESOURCES
)
# By the label of the type; where another app has an endpoint for some of them, by what that would call them.
BY_LABEL = {
    f"{resource.app}.{resource.model.label.split('.')[1]}": resource
    for resource in RESOURCES
    if resource.path == resource.model.path
}

# Made in ways of their own, which their own tests have: an upload, what needs a session key, one key per user.
NOT_BY_JSON = {"extras.imageattachment", "secrets.secret", "secrets.userkey"}

# What a declaration does not tell: {label: body(number)}, laid over the fields that are required.
PECULIAR: dict[str, Callable[[int], dict]] = {
    "dcim.devicetype": lambda number: {"is_console_server": True, "is_pdu": True, "subdevice_role": True},
    "dcim.rackreservation": lambda number: {"units": [1]},
    "extras.customfield": lambda number: {"name": f"field_{number}", "obj_type": ["dcim.site"]},
    "extras.exporttemplate": lambda number: {"content_type": "dcim.site"},
    "extras.topologymap": lambda number: {"device_patterns": "core.*"},
    "extras.webhook": lambda number: {
        "obj_type": ["dcim.site"],
        "payload_url": f"https://example.com/{number}",
        "type_create": True,
        "enabled": False,  # nobody listens there
    },
    "ipam.aggregate": lambda number: {"prefix": f"2001:db8:{number:x}::/48"},
    "ipam.prefix": lambda number: {"prefix": f"10.{number // 256}.{number % 256}.0/24"},
    "ipam.ipaddress": lambda number: {"address": f"192.168.{number // 256}.{number % 256}/16"},
}

# What no field says is required, because one of several references will do.
NEEDED = {"ipam.service": {"device"}, "virtualization.interface": {"virtual_machine"}}

_numbers: Iterator[int] = count(1)


class Factory:
    """Makes objects through the API of a running stack."""

    def __init__(self, api: Client):
        self.api = api

    def body(self, label: str, **given) -> dict:
        """A body that POST accepts for a new object of type `label`."""
        resource, number = BY_LABEL[label], next(_numbers)
        peculiar = PECULIAR.get(label, lambda number: {})(number)
        needed = {*required(resource), *NEEDED.get(label, ())} - peculiar.keys() - given.keys()
        return {name: self._value(resource.attributes[name], number) for name in needed} | peculiar | given

    def make(self, label: str, **given) -> dict:
        return self.api.make(url(label), **self.body(label, **given))

    def filled(self, label: str) -> int:
        """The id of an object with as many of its attributes set as its rules let be set one by one."""
        made = self.make(label)
        for name, attribute in BY_LABEL[label].model.attributes.items():
            settable = attribute.writable and not attribute.field.dump_only and made.get(name) in (None, "", [])
            if settable and (value := self.value(attribute)) is not None:
                self.api.patch(f"{url(label)}{made['id']}/", {name: value})
        return made["id"]

    def value(self, attribute):
        """A value that `attribute` may take, or None where nothing tells."""
        if attribute.is_list:
            target = attribute.field.target
            return [self.make(target)["id"] if target in BY_LABEL else 1]
        try:
            return self._value(attribute, next(_numbers))
        except AssertionError:
            return None

    def _value(self, attribute, number: int):
        field = attribute.field
        if attribute.is_reference:
            return 1 if field.target == "users.user" else self.make(field.target)["id"]
        for kind, value in _VALUES:
            if isinstance(field, kind):
                return value(field, number)
        raise AssertionError(f"no factory for {attribute.name}: say in PECULIAR what it should be")


def url(label: str) -> str:
    resource = BY_LABEL[label]
    return f"{resource.app}/{resource.path}/"


def required(resource: Resource) -> list[str]:
    """The names that a POST must have."""
    together = {name for names in resource.unique for name in names}
    attributes = resource.attributes.items()
    optional = {name for name, each in attributes if each.field.allow_none or "default" in each.field.metadata}
    return [name for name, each in attributes if each.field.required or name in together - optional]


_VALUES: tuple[tuple[type[fields.Field], Callable[[Any, int], object]], ...] = (
    (fields.Choice, lambda field, number: field.choices[0][0]),
    (text_fields.Color, lambda field, number: f"{number:06x}"),
    (text_fields.URL, lambda field, number: f"https://example.com/{number}"),
    (text_fields.Email, lambda field, number: f"noc{number}@example.com"),
    (text_fields.Slug, lambda field, number: f"thing-{number}"),
    (fields.Text, lambda field, number: f"Thing {number}"),
    (fields.Integer, lambda field, number: max(field.minimum or 0, 1)),
    (fields.Boolean, lambda field, number: True),
    (fields.Date, lambda field, number: "2020-02-03"),
    (fields.References, lambda field, number: []),
)
