"""Export templates: how a list of objects becomes a file."""

import re
from typing import Any, ClassVar

from marshmallow import ValidationError
from sqlalchemy import Connection, Text, select

from services.extras.base import Base
from services.extras.object_types import EXPORTABLE, one_of
from shared import JsonObject
from shared.api.resource import Resource
from shared.schema import columns, fields
from shared.schema.columns import text

MIME_TYPE = re.compile(r"[ -~]+")
EXTENSION = re.compile(r"[A-Za-z0-9]+")


class MimeType(fields.Text):
    def check(self, text: str) -> str:
        if not MIME_TYPE.fullmatch(text):
            raise ValidationError("A content type, such as text/csv, is of printable ASCII characters.")
        return text


class Extension(fields.Text):
    def check(self, text: str) -> str:
        if not EXTENSION.fullmatch(text):
            raise ValidationError("A file extension has letters and digits only.")
        return text


class ContentType(fields.Text):
    shape: ClassVar[JsonObject] = one_of(EXPORTABLE)

    def check(self, text: str) -> str:
        if text not in EXPORTABLE:
            raise ValidationError(f'"{text}" is not a type that has a list.')
        return text


class ExportTemplate(Base):
    path = "export-templates"
    nested = ("name",)

    content_type = text(50, field=ContentType)
    name = text(100)
    description = text(200, blank=True)
    template_code = columns.column(Text, fields.Text())
    mime_type = text(15, blank=True, field=MimeType)
    file_extension = text(15, blank=True, field=Extension)


def templates_by_name(connection: Connection, ids: list[Any]) -> dict[Any, JsonObject]:
    """`{"<content type>:<name>": {template_code, mime_type, file_extension}}`."""
    named = ExportTemplate.content_type + ":" + ExportTemplate.name
    shown = (ExportTemplate.template_code, ExportTemplate.mime_type, ExportTemplate.file_extension)
    rows = connection.execute(select(named.label("asked"), *shown).where(named.in_(ids)))
    return {row.asked: {name: value for name, value in row._mapping.items() if name != "asked"} for row in rows}


export_templates = Resource(
    ExportTemplate,
    filters=("content_type", "name"),
    order=("content_type", "name"),
    unique=(("content_type", "name"),),
)
