"""One file of the library: texts as they are written, and the keys that are written twice."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

MOST_BYTES = 1024 * 1024
REQUIRED = ("manufacturer", "model", "slug")


class Unreadable(Exception):
    """A file is no definition of a device type."""


@dataclass
class Definition:
    """`values` are texts, `parts` the entries (of texts) by the name of their list, `repeated` the keys given twice."""

    values: dict[str, str] = field(default_factory=dict)
    parts: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    repeated: list[str] = field(default_factory=list)


class _Loader(yaml.BaseLoader):
    """Takes every scalar as the text that it is (1.10 is a name, not a number); the last of repeated keys counts."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.repeated: list[str] = []

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        self.repeated += sorted({key for key in keys if keys.count(key) > 1})
        return super().construct_mapping(node, deep=deep)


def read(path: Path) -> Definition:
    """Raises Unreadable."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise Unreadable(f"the file is larger than {MOST_BYTES} bytes")
        loader = _Loader(path.read_text(encoding="utf-8-sig"))
        try:
            document = loader.get_single_data()
        finally:
            loader.dispose()
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise Unreadable(" ".join(str(error).split())[:300]) from error
    return of_document(document, loader.repeated)


def of_document(document: Any, repeated: list[str]) -> Definition:
    """Raises Unreadable."""
    if not isinstance(document, dict):
        raise Unreadable("this is not a definition of a device type")
    made = Definition(repeated=repeated)
    for name, value in document.items():
        if isinstance(value, str):
            made.values[name] = value.strip()
        elif isinstance(value, list):
            made.parts[name] = [_entry(name, each) for each in value]
    missing = [name for name in REQUIRED if not made.values.get(name)]
    if missing:
        raise Unreadable(f"{', '.join(missing)} is missing")
    return made


def _entry(name: str, value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        raise Unreadable(f"{name}: an entry has no name")
    return {key: each.strip() for key, each in value.items() if isinstance(each, str)}
