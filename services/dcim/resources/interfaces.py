"""Interfaces of devices, and the table of those of virtual machines.

The latter have a list of their own, /api/virtualization/interfaces/ (virtualization_interfaces.py).
"""

from sqlalchemy.orm import Session

from services.dcim.base import Base
from services.dcim.choices import INTERFACE_MODE
from services.dcim.components.columns import OWNER, Component, InterfaceKind
from services.dcim.devices.facts import INTERFACE_RIPPLES, InterfaceFacts
from services.dcim.interfaces.lists import device_filters, natural_order, other_filters, vlan_filter
from services.dcim.interfaces.mac_address import mac_address
from services.dcim.interfaces.rules import NO_PORT, RULES, no_ports, set_vlans, vlans_within_reach
from services.dcim.resources.interface_connections import connection_of, is_connected
from shared.api.graphs import INTERFACE, graphs
from shared.api.resource import Related, Resource
from shared.references.consulting import consult
from shared.references.invariants import when_changed
from shared.references.lookups import Lookup
from shared.schema import fields
from shared.schema.changes import Change
from shared.schema.columns import (
    CASCADE,
    SET_NULL,
    boolean,
    choice,
    computed,
    integer,
    no_tags,
    reference,
    references,
    text,
)
from shared.schema.models import View

TERMINATIONS = "interface-terminations"


class Interface(InterfaceFacts, InterfaceKind, Component, Base):
    path = "interfaces"

    device_id = reference("dcim.device", on_delete=CASCADE, null=True, required=True, sort_order=OWNER)
    virtual_machine_id = reference("virtualization.virtualmachine", on_delete=CASCADE, null=True, sort_order=OWNER)
    enabled = boolean(True)
    lag_id = reference("dcim.interface", on_delete=SET_NULL, null=True, nested=("name",))
    mtu = integer(0, 32767, null=True)
    mac_address = mac_address()
    description = text(100, blank=True)
    is_connected = computed(fields.Boolean(), is_connected)
    interface_connection = computed(fields.Json(), connection_of)
    mode = choice(INTERFACE_MODE, null=True)
    untagged_vlan_id = reference("ipam.vlan", on_delete=SET_NULL, null=True)
    tagged_vlans = references("ipam.vlan")
    tags = no_tags()


def validate_no_circuit(session: Session, changes: list[Change]) -> None:
    """Only the circuits service knows where circuits end; it is asked when an interface becomes one without a cable.

    Raises ServiceUnavailable.
    """
    turned = {pk: change for pk, change in no_ports(changes).items() if change.changed("form_factor")}
    for pk in consult(session, Interface, turned, "circuits", TERMINATIONS):
        turned[pk].fail(NO_PORT)


SHOWN = {name: each for name, each in Interface.attributes.items() if name != "virtual_machine"}

interfaces = Resource(
    Interface,
    view=View("dcim", Interface, SHOWN),
    filters=(
        "name",
        "form_factor",
        "enabled",
        "mtu",
        "mgmt_only",
        Related("lag", "lag", only_id=True),
        vlan_filter(Interface),
        *device_filters(Interface),
        *other_filters(Interface),
    ),
    order=("device.name", "name"),
    reorder=natural_order(Interface),
    unique=(("device", "name"),),
    rules=(*RULES, validate_no_circuit),
    before_save=(set_vlans,),
    after_save=(when_changed("dcim.interface", "device_id", "virtual_machine_id", "mgmt_only"),),
    invariants=(*vlans_within_reach(Interface),),
    lookups=(
        Lookup("circuits", TERMINATIONS, {"circuit_termination": None}),
        # As later releases of NetBox show it: Ansible's inventory reads no interface without.
        Lookup("ipam", "interface-counts", {"count_ipaddresses": 0}),
    ),
    dependent_facts=INTERFACE_RIPPLES,
    actions=(graphs(INTERFACE),),
)
