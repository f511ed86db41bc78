"""Interfaces of virtual machines: the rows of dcim's interfaces that have one, in virtualization's part of the API."""

from sqlalchemy import Index
from sqlalchemy.orm import Session

from services.dcim.choices import VIRTUAL_FORM_FACTOR
from services.dcim.interfaces.lists import vlan_filter
from services.dcim.interfaces.mac_address import mac_filter
from services.dcim.interfaces.rules import RULES, set_vlans
from services.dcim.resources.interfaces import Interface
from shared.api.resource import Resource
from shared.schema import fields
from shared.schema.changes import Change
from shared.schema.models import Attribute, View

OF_A_MACHINE = Interface.virtual_machine_id.is_not(None)
# Any number may be sent, as NetBox takes it, and is told that only one will do; what is read has none.
FORM_FACTOR = Attribute("form_factor", "form_factor", fields.Integer(), stored=False)
SHOWN = (
    *("id", "name", "virtual_machine", "enabled", "mac_address", "mtu", "mode", "untagged_vlan", "tagged_vlans"),
    *("description", "tags"),
)

Index("ix_dcim_interface_of_machines", Interface.name, Interface.id, postgresql_where=OF_A_MACHINE)


def set_form_factor(session: Session, changes: list[Change[Interface]]) -> None:
    """An interface of a machine is virtual, which needs not be said."""
    for change in changes:
        change.object.form_factor = VIRTUAL_FORM_FACTOR


virtualization_interfaces = Resource(
    Interface,
    path="interfaces",
    view=View(
        "virtualization",
        Interface,
        {name: Interface.attributes[name] for name in SHOWN} | {FORM_FACTOR.name: FORM_FACTOR},
    ),
    base_conditions=(OF_A_MACHINE,),
    filters=(
        "name",
        "enabled",
        "mtu",
        "virtual_machine",
        vlan_filter(Interface),
        mac_filter(lambda address: Interface.mac_address == address),
    ),
    unique=(("virtual_machine", "name"),),
    rules=RULES,
    before_save=(set_form_factor, set_vlans),
)
