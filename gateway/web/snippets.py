"""A request as something to copy: as curl, and as pynetbox."""

import json
import shlex
from collections.abc import Iterable
from pprint import pformat
from typing import Any
from urllib.parse import parse_qs

from shared.config import APPS


def curl(method: str, url: str, data: Any = None, files: Iterable[str] = ()) -> str:
    lines = ["curl -H 'Authorization: Token '\"$TOKEN\""]
    if method != "GET":
        lines[0] += f" -X {method}"
    if files:
        lines += [f"-F {shlex.quote(f'{name}={value}')}" for name, value in data.items()]
        lines += [f"-F {name}=@picture.png" for name in files]
    elif data is not None:
        lines.append("-H 'Content-Type: application/json'")
        lines.append(f"-d {shlex.quote(json.dumps(data, ensure_ascii=False))}")
    return " \\\n     ".join([*lines, shlex.quote(url)])


def pynetbox(method: str, root: str, path: str, query: str = "", data: Any = None) -> str:
    """The same in Python; empty where pynetbox has no words for it."""
    parts = [part for part in path.split("/") if part][1:]
    if len(parts) < 2 or len(parts) > 3 or parts[0] not in APPS or parts[1].startswith("_"):
        return ""
    endpoint = f"nb.{parts[0]}.{parts[1].replace('-', '_')}"
    call = _on_object(method, endpoint, parts[2], data) if len(parts) == 3 else _on_list(method, endpoint, query, data)
    return f'import os, pynetbox\n\nnb = pynetbox.api("{root}", token=os.environ["TOKEN"])\n{call}'


def _on_list(method: str, endpoint: str, query: str, data: Any) -> str:
    if method == "POST":
        return f"{endpoint}.create({_python(data)})"
    given = {name: values if len(values) > 1 else values[0] for name, values in parse_qs(query).items()}
    given = {name: value for name, value in given.items() if name not in ("limit", "offset")}
    return f"list({endpoint}.filter(**{_python(given)}))" if given else f"list({endpoint}.all())"


def _on_object(method: str, endpoint: str, pk: str, data: Any) -> str:
    found = f"{endpoint}.get({pk})"
    return {"GET": found, "DELETE": f"{found}.delete()"}.get(method, f"{found}.update({_python(data)})")


def _python(data: Any) -> str:
    return pformat(data, sort_dicts=False, width=90)
