"""Image attachments: pictures of sites, racks and devices."""

from collections.abc import Callable
from typing import Any, ClassVar

from marshmallow import ValidationError
from sqlalchemy import ColumnElement, Connection, DateTime, ForeignKey, Integer, String, case, func
from sqlalchemy.orm import MappedColumn, Session, mapped_column

from services.extras.base import Base
from services.extras.images import NO_FILE, ImageFile, Picture, store
from services.extras.object_types import IMAGES, one_of
from shared import JsonObject
from shared.api.resource import Resource
from shared.references import holding
from shared.schema import columns, fields, parsing
from shared.schema.changes import Change
from shared.schema.columns import column, computed, text
from shared.schema.representations import subface

KEYS = {label: label.replace(".", "_") + "_id" for label in IMAGES}


class Parent(fields.Text):
    """The type of what the picture is of."""

    replicas = IMAGES
    shape: ClassVar[JsonObject] = one_of(IMAGES)

    def check(self, text: str) -> str:
        if text not in IMAGES:
            raise ValidationError(f"Must be one of {', '.join(IMAGES)}.")
        return text


def _key(label: str) -> MappedColumn[int | None]:
    return mapped_column(Integer, ForeignKey(f"{label.replace('.', '_')}.id", ondelete="CASCADE"), index=True)


def _parent(attachment: Any) -> ColumnElement[Any]:
    """The nested face of the parent, whatever its type."""

    def face(label: str) -> tuple[ColumnElement[bool], ColumnElement[Any]]:
        key = getattr(attachment, KEYS[label])
        return (key.is_not(None), subface(Base.model_of(label), None, lambda parent: parent.id == key))

    return case(*(face(label) for label in IMAGES))


class ImageAttachment(Base):
    path = "image-attachments"
    nested = ("name",)

    content_type = text(50, field=Parent)
    object_id = columns.integer(1)
    parent = computed(fields.Json(), _parent)
    name = text(50, blank=True)
    image = column(String(200), ImageFile(), index=True)
    image_height = column(Integer, fields.Integer(dump_only=True))
    image_width = column(Integer, fields.Integer(dump_only=True))
    created = mapped_column(
        DateTime(timezone=True),
        server_default=func.clock_timestamp(),
        nullable=False,
        info={"field": fields.DateTime(dump_only=True)},
    )
    dcim_site_id = _key("dcim.site")
    dcim_rack_id = _key("dcim.rack")
    dcim_device_id = _key("dcim.device")


def validate_parent(session: Session, changes: list[Change]) -> None:
    """The parent must exist; it is claimed from its service, so that the picture is deleted together with it."""
    for label in IMAGES:
        mine = [change for change in changes if change.object.content_type == label]
        found = holding.hold(session, Base, {label: {change.object.object_id for change in mine}})[label]
        for change in mine:
            if change.object.object_id not in found:
                change.fail(parsing.unknown_pk(change.object.object_id))


def set_parent_keys(session: Session, changes: list[Change]) -> None:
    """A foreign key for each type that a parent may have; only that of its own type is set."""
    for change in changes:
        for label, key in KEYS.items():
            setattr(change.object, key, change.object.object_id if label == change.object.content_type else None)


def set_images(session: Session, changes: list[Change]) -> None:
    for change in changes:
        picture = change.object.image
        if isinstance(picture, Picture):
            target = change.object
            prefix = f"{target.content_type.split('.')[1]}_{target.object_id}"
            target.image = store(picture, prefix, target.name)
            target.image_height, target.image_width = picture.height, picture.width
        elif change.changed("image"):
            change.fail(NO_FILE, "image")


def of_parent(label: str) -> Callable[[Connection, int], dict[str, str]]:
    return lambda connection, pk: {"content_type": label, "object_id": str(pk)}


image_attachments = Resource(
    ImageAttachment,
    filters=("content_type", "object_id", "name"),
    rules=(validate_parent,),
    before_save=(set_parent_keys, set_images),
    belonging={label: of_parent(label) for label in IMAGES},
)
