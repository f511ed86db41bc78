"""The types of other services' objects that this one has something for."""

from collections.abc import Mapping
from typing import Any, ClassVar

from marshmallow import ValidationError

from shared import JsonObject
from shared.schema import fields, openapi_schemas

CUSTOM_FIELDS = (
    "circuits.circuit",
    "circuits.provider",
    "dcim.device",
    "dcim.devicetype",
    "dcim.rack",
    "dcim.site",
    "ipam.aggregate",
    "ipam.ipaddress",
    "ipam.prefix",
    "ipam.vlan",
    "ipam.vrf",
    "tenancy.tenant",
    "virtualization.cluster",
    "virtualization.virtualmachine",
)
IMAGES = ("dcim.site", "dcim.rack", "dcim.device")
EXPORTABLE = (
    *CUSTOM_FIELDS,
    "circuits.circuittermination",
    "circuits.circuittype",
    "dcim.consoleport",
    "dcim.consoleporttemplate",
    "dcim.consoleserverport",
    "dcim.consoleserverporttemplate",
    "dcim.devicebay",
    "dcim.devicebaytemplate",
    "dcim.devicerole",
    "dcim.interface",
    "dcim.interfaceconnection",
    "dcim.interfacetemplate",
    "dcim.inventoryitem",
    "dcim.manufacturer",
    "dcim.platform",
    "dcim.poweroutlet",
    "dcim.poweroutlettemplate",
    "dcim.powerport",
    "dcim.powerporttemplate",
    "dcim.rackgroup",
    "dcim.rackreservation",
    "dcim.rackrole",
    "dcim.region",
    "dcim.virtualchassis",
    "extras.customfield",
    "extras.exporttemplate",
    "extras.graph",
    "extras.imageattachment",
    "extras.topologymap",
    "extras.objectchange",
    "extras.webhook",
    "extras.webhookdelivery",
    "ipam.rir",
    "ipam.role",
    "ipam.service",
    "ipam.vlangroup",
    "secrets.secret",
    "secrets.secretrole",
    "tenancy.tenantgroup",
    "virtualization.clustergroup",
    "virtualization.clustertype",
)
# What webhooks tell of: whatever every user may read, but for what webhooks themselves bring about.
NOTIFIED = tuple(sorted({*EXPORTABLE} - {"extras.objectchange", "extras.webhook", "extras.webhookdelivery"}))


def one_of(labels: tuple[str, ...]) -> JsonObject:
    """The shape of a text that is one of `labels`."""
    return {
        "enum": sorted(labels),
        "x-choices": openapi_schemas.table(tuple((label, label) for label in sorted(labels))),
    }


def _list_of(labels: tuple[str, ...]) -> JsonObject:
    return {"type": "array", "items": {"type": "string", "enum": list(labels)}}


class ObjectTypes(fields.Field):
    """A list of the types that carry custom fields, in the order of their names."""

    repeats = True
    labels: ClassVar[tuple[str, ...]] = CUSTOM_FIELDS
    which: ClassVar[str] = "types with custom fields"
    shape: ClassVar[JsonObject] = _list_of(CUSTOM_FIELDS)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if not isinstance(value, list) or not value:
            raise ValidationError("Expected a list of at least one object type.")
        for label in value:
            if label not in self.labels:
                raise ValidationError(f'"{label}" is none of the {self.which}: {", ".join(self.labels)}.')
        return sorted(set(value))


class NotifiedTypes(ObjectTypes):
    """A list of the types that webhooks tell of, in the order of their names."""

    labels = NOTIFIED
    which = "types that webhooks tell of"
    shape: ClassVar[JsonObject] = _list_of(NOTIFIED)
