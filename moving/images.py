"""Pictures, which a row carries along."""

import re
from base64 import b64encode
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from moving.api import ApiClient
from moving.catalogue import Kind
from moving.rows import Row

MOST_BYTES = 10 * 1024 * 1024


def with_file(api: ApiClient, kind: Kind, row: Row, face: dict[str, Any]) -> Row:
    """`row` with the file whose address is in its face; only the path is used, and always fetched from `api` itself.

    Raises ValueError for a file that is too large, Refused for one that is not there.
    """
    name = str(kind.file)
    address = urlsplit(str(face.get(name) or ""))
    content = api.raw(address.path.removeprefix(urlsplit(api.base_url).path), MOST_BYTES)
    file = {"name": stem(PurePosixPath(unquote(address.path)).name, row.body), "base64": b64encode(content).decode()}
    return Row(row.path, row.id, row.body | {name: file})


def stem(name: str, body: dict[str, Any]) -> str:
    """The name of the file without the prefix that NetBox stores it under, as `site_7_`."""
    label = str(body.get("content_type", "")).split(".")[-1]
    return re.sub(rf"^{re.escape(label)}_{body.get('object_id')}_", "", name)
