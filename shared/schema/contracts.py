"""Contracts: the facts of its objects that a service publishes to the services that refer to them.

One entry per type that another service refers to. The owner answers claims with these facts and publishes their
changes; whoever refers to such an object keeps a replica with just these columns.
"""

from collections.abc import Callable, Container
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Integer, SmallInteger, String, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import TypeEngine

from shared.db import json_sql
from shared.schema import fields
from shared.schema.representations import path_sql

# A column type and the field that shows it; its name is the key.
Fact = tuple[TypeEngine[Any] | type[TypeEngine[Any]], fields.Field]


@dataclass(frozen=True)
class Contract:
    """`facts` maps a name to its column type and field; `nested` are the names in the nested face of others.

    `key` is the attribute that filters name it by (`?tenant=slug`); `key_unique` says that it names one object at most.
    `leaving` are facts that owners still publish for holders of the last release, while those of this one keep them no
    more: the next release has them no longer (docs/releasing.md). `indexed` are other facts that filters use.
    `identified_by` are the attributes that tell one object from another where `key` alone does not, as paths through
    references (`"group.site"`), the last of them what it is called among the others.
    `elsewhere` is (fact, path): where that is set, the object is at home in that list, which is in the part of another
    app, but served by the owner. `holders` are the services that may refer to such objects: the owner answers the
    claims of no other. `computed` maps names in `nested` that are no facts to (field, expression of the replica). Of a
    `complete` contract, holders keep every object, not only those they refer to.
    """

    label: str
    path: str
    facts: dict[str, Fact]
    holders: tuple[str, ...]
    nested: tuple[str, ...] = ("name", "slug")
    key: str = "slug"
    key_unique: bool = False
    complete: bool = False
    listed_by: tuple[str, ...] = ()
    computed: "dict[str, tuple[type[fields.Field], Callable[[Any], ColumnElement[Any]]]]" = field(default_factory=dict)
    indexed: tuple[str, ...] = ()
    elsewhere: tuple[str, str] | None = None
    leaving: tuple[str, ...] = ()
    identified_by: tuple[str, ...] = ()

    @property
    def kept(self) -> tuple[str, ...]:
        """The facts that holders keep."""
        return tuple(name for name in self.facts if name not in self.leaving)

    @property
    def owner(self) -> str:
        return self.label.split(".")[0]

    def names_in(self, attributes: Container[str]) -> tuple[str, ...]:
        """The names in the nested face of a model with `attributes`: an owner may lack what replicas compute."""
        return tuple(name for name in self.nested if name in attributes or name not in self.computed)


def _text(length: int) -> Fact:
    return String(length), fields.Text(length, allow_none=True)


def _number() -> Fact:
    return Integer, fields.Integer(allow_none=True)


def _flag() -> Fact:
    return Boolean, fields.Boolean(allow_none=True)


def _machine_of_interface(interface: Any) -> ColumnElement[Any]:
    """The nested face of the virtual machine that an interface is part of."""
    pk = interface.virtual_machine_id
    url = path_sql("/api/virtualization/virtual-machines/", pk)
    face = json_sql.object_of({"id": pk, "url": url, "name": interface.virtual_machine_name})
    return json_sql.object_if(pk, face)


def _device_of_interface(interface: Any) -> ColumnElement[Any]:
    """The nested face of the device that an interface is part of."""
    face = json_sql.object_of(
        {
            "id": interface.device_id,
            "url": path_sql("/api/dcim/devices/", interface.device_id),
            "name": interface.device_name,
            "display_name": interface.device_display_name,
        }
    )
    return json_sql.object_if(interface.device_id, face)


_NAMED: dict[str, Fact] = {"name": _text(100), "slug": _text(50)}

_RACK: dict[str, Fact] = {"name": _text(50), "display_name": _text(103)}

_DEVICE: dict[str, Fact] = {"name": _text(64), "display_name": _text(128)}

_INTERFACE: dict[str, Fact] = {
    "name": _text(64),
    "form_factor": (SmallInteger, fields.Integer()),
    "mgmt_only": _flag(),
    "device_id": _number(),
    "device_name": _text(64),
    "device_display_name": _text(128),
    "chassis_master_id": _number(),
    "chassis_master_name": _text(64),
    "virtual_machine_id": _number(),
    "virtual_machine_name": _text(64),
}

_ADDRESS: dict[str, Fact] = {
    "address": _text(49),
    "family": (SmallInteger, fields.Integer()),
    "interface_id": _number(),
    "nat_inside_interface_id": _number(),
    "virtual_machine_id": _number(),
    "nat_inside_virtual_machine_id": _number(),
}

_VLAN: dict[str, Fact] = {
    "vid": (SmallInteger, fields.Integer()),
    "name": _text(64),
    "display_name": _text(80),
    "site_id": _number(),
}

_SITED: dict[str, Fact] = {"name": _text(100), "site_id": _number()}

_USER: dict[str, Fact] = {"username": _text(150)}

_CUSTOM_FIELD: dict[str, Fact] = {
    "name": _text(50),
    "type": (SmallInteger, fields.Integer()),
    "obj_type": (ARRAY(Text), fields.Json()),
    "required": (Boolean, fields.Boolean()),
    "filter_logic": (SmallInteger, fields.Integer()),
    "default": (String(100), fields.Text()),
    "weight": (SmallInteger, fields.Integer()),
    "choices": (JSONB, fields.Json()),
}

CONTRACTS = {
    contract.label: contract
    for contract in (
        Contract("tenancy.tenant", "tenants", _NAMED, ("circuits", "dcim", "ipam", "virtualization"), key_unique=True),
        Contract("dcim.site", "sites", _NAMED, ("circuits", "extras", "ipam", "virtualization"), key_unique=True),
        Contract("dcim.rack", "racks", _RACK, ("extras",), ("name", "display_name"), "name"),
        Contract("dcim.device", "devices", _DEVICE, ("extras", "ipam", "secrets"), ("name", "display_name"), "name"),
        Contract(
            "dcim.interface",
            "interfaces",
            _INTERFACE,
            ("circuits", "ipam"),
            ("name", "device", "virtual_machine"),
            "name",
            computed={
                "device": (fields.Json, _device_of_interface),
                "virtual_machine": (fields.Json, _machine_of_interface),
            },
            indexed=(
                *("device_id", "device_name", "chassis_master_id", "chassis_master_name"),
                *("virtual_machine_id", "virtual_machine_name"),
            ),
            elsewhere=("virtual_machine_id", "/api/virtualization/interfaces/"),
            identified_by=("device", "virtual_machine", "name"),
        ),
        Contract("dcim.devicerole", "device-roles", _NAMED, ("virtualization",), key_unique=True),
        Contract("dcim.platform", "platforms", _NAMED, ("virtualization",), key_unique=True),
        Contract("virtualization.cluster", "clusters", _SITED, ("dcim",), ("name",), "name", key_unique=True),
        Contract(
            "virtualization.virtualmachine",
            "virtual-machines",
            _SITED,
            ("dcim", "ipam"),
            ("name",),
            "name",
            key_unique=True,
        ),
        Contract(
            "ipam.ipaddress",
            "ip-addresses",
            _ADDRESS,
            ("dcim", "virtualization"),
            ("family", "address"),
            "address",
            identified_by=("vrf", "address"),
        ),
        Contract(
            "ipam.vlan",
            "vlans",
            _VLAN,
            ("dcim",),
            ("vid", "name", "display_name"),
            "name",
            listed_by=("site_id", "vid"),
            identified_by=("site", "group", "group.site", "vid"),
        ),
        Contract(
            "extras.customfield",
            "custom-fields",
            _CUSTOM_FIELD,
            ("circuits", "dcim", "ipam", "tenancy", "virtualization"),
            ("name",),
            "name",
            complete=True,
        ),
        Contract(
            "users.user", "users", {"username": _text(150)}, ("dcim", "extras", "secrets"), ("username",), "username"
        ),
        Contract("users.group", "groups", {"name": _text(80)}, ("secrets",), ("name",), "name"),
    )
}

# The lists that are in the part of another app than their owner's: `{path: owner}`.
SERVED_ELSEWHERE = {each.elsewhere[1]: each.owner for each in CONTRACTS.values() if each.elsewhere}
