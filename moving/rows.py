"""A row: one object as the API takes it, with the ids that it and what it refers to have at the source."""

import hashlib
from dataclasses import dataclass
from typing import Any

import orjson

from moving.catalogue import Kind

SourceId = int | str


@dataclass(frozen=True)
class Row:
    """`body` maps the names of `path`'s list (`"dcim/sites"`) to values; references are ids of the source.

    The value of a selection among `custom_fields` is its text; a file is `{"name": …, "base64": …}`.
    """

    path: str
    id: SourceId
    body: dict[str, Any]

    @property
    def print(self) -> str:
        """A fingerprint of the body: two rows of one object are equal if theirs are."""
        return hashlib.sha256(orjson.dumps(self.body, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]


def row_of(kind: Kind, face: dict[str, Any]) -> Row:
    """The row of an object as a Patchbay shows it."""
    body = {name: plain(kind, name, face[name]) for name in kind.fields if name in face and name != kind.file}
    return Row(kind.path, face["id"], body)


def plain(kind: Kind, name: str, value: Any) -> Any:
    """A value as it is written: ids for objects, bare values for choices, texts for selections."""
    if name == kind.custom:
        return {each: _bare(one, "label") for each, one in (value or {}).items()}
    if name in kind.lists:
        return sorted(_bare(each, "id") for each in value or [])
    if name in kind.references:
        return _bare(value, "id")
    if kind.choices(name):
        bare = _bare(value, "value")
        return kind.fields[name].get("x-blank") if bare is None else bare
    if name == "choices" and isinstance(value, list):
        return [{key: each[key] for key in ("value", "weight")} for each in value]
    return value


def belongs(kind: Kind, row: Row) -> bool:
    """Whether an object belongs to this list: of two lists that share a table, one also shows those of the other."""
    return all(row.body.get(name) is not None for name in kind.references if name in kind.required)


def _bare(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else value
