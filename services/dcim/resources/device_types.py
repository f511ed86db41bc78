"""Device types: what a make and model of device looks like, and what its devices are created with."""

from collections.abc import Mapping
from typing import Any, ClassVar

from sqlalchemy import Boolean, ColumnElement, func, select
from sqlalchemy.orm import Session, aliased, mapped_column

from services.dcim.base import Base
from services.dcim.choices import INTERFACE_ORDERING, SUBDEVICE_ROLE
from services.dcim.devices.placement import validate_room_for_growth
from services.dcim.resources.manufacturers import Manufacturer
from shared import JsonObject
from shared.api.resource import Resource
from shared.custom_fields.column import CustomFields
from shared.schema import fields, openapi_schemas
from shared.schema.changes import Change
from shared.schema.columns import PROTECT, boolean, choice, computed, integer, long_text, reference, slug, text

PARENT, CHILD = True, False


class SubdeviceRole(fields.Choice):
    """Parent, child or neither; neither is read as null, and written `"None"`, as in NetBox, or null."""

    shape: ClassVar[JsonObject] = {
        "anyOf": [{"type": "boolean", "nullable": True}, {"type": "string", "enum": ["None"]}],
        "example": PARENT,
        "x-choices": openapi_schemas.table(SUBDEVICE_ROLE),
        "x-blank": "None",
    }

    def deserialize(
        self, value: Any, attr: str | None = None, data: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> Any:
        return super().deserialize("None" if value is None else value, attr, data, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        return None if value == "None" else super()._deserialize(value, attr, data, **kwargs)


def count_instances(device_type: Any) -> ColumnElement[int]:
    device = aliased(Base.model_of("dcim.device"))
    counted = select(func.count()).where(device.device_type_id == device_type.id)
    return counted.correlate(device_type).scalar_subquery()


class DeviceType(Base, CustomFields):
    path = "device-types"
    nested = ("manufacturer", "model", "slug")

    manufacturer_id = reference("dcim.manufacturer", on_delete=PROTECT)
    model = text(50)
    slug = slug(unique=False)
    part_number = text(50, blank=True)
    u_height = integer(0, 32767, default=1)
    is_full_depth = boolean(default=True)
    interface_ordering = choice(INTERFACE_ORDERING, default=1, listed=False)
    is_console_server = boolean(default=False)
    is_pdu = boolean(default=False)
    is_network_device = boolean(default=True)
    subdevice_role = mapped_column(
        Boolean,
        nullable=True,
        info={"field": SubdeviceRole(SUBDEVICE_ROLE, required=False, metadata={"unlisted": True})},
    )
    comments = long_text()
    instance_count = computed(fields.Integer(), count_instances)


def validate_templates(session: Session, changes: list[Change]) -> None:
    """The flags of a type allow for the templates it has already."""
    needs = (
        ("is_console_server", True, "dcim.consoleserverporttemplate", None),
        ("is_pdu", True, "dcim.poweroutlettemplate", None),
        ("is_network_device", True, "dcim.interfacetemplate", "mgmt_only"),
        ("subdevice_role", PARENT, "dcim.devicebaytemplate", None),
    )
    for change in changes:
        for flag, needed, label, unless in needs:
            if change.creating or getattr(change.object, flag) is needed or change.errors:
                continue
            template = Base.model_of(label)
            conditions = [template.device_type_id == change.object.id]
            conditions += [~getattr(template, unless)] if unless else []
            if session.scalar(select(template.id).where(*conditions).limit(1)):
                change.fail(f"This device type has {template.verbose_name}s, which {flag} must allow for.")


def validate_child_height(session: Session, changes: list[Change]) -> None:
    for change in changes:
        if change.object.subdevice_role is CHILD and change.object.u_height:
            change.fail("A child device type has the height 0.")


maker = select(Manufacturer.name).where(Manufacturer.id == DeviceType.manufacturer_id).scalar_subquery()


device_types = Resource(
    DeviceType,
    filters=(
        "manufacturer",
        "model",
        "slug",
        "part_number",
        "u_height",
        "is_full_depth",
        "is_console_server",
        "is_pdu",
        "is_network_device",
        "subdevice_role",
    ),
    search=(maker, "model", "part_number", "comments"),
    order=("manufacturer.name", "model"),
    unique=(("manufacturer", "model"), ("manufacturer", "slug")),
    rules=(validate_room_for_growth, validate_templates, validate_child_height),
)
