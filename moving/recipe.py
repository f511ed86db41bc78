"""An inventory as a list of requests: [{"endpoint": "dcim/sites", "ref": "a", "body": {…}}, …], created in its order.

{"ref": "a"} as a value in a later body stands for the id of that object. Unlike an export it knows no ids, and each
object is created as any client would: a device gets the components of its type's templates.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from moving.api import ApiClient, OutcomeUnknown, Refused, short
from moving.json_lines import opened
from moving.report import CREATED, MoveReport
from stack.cli_error import CliError

MOST_AT_ONCE = 100
Entry = dict[str, Any]


def load(api: ApiClient, path: Path, report: MoveReport) -> None:
    """Create all that the file lists; at the first object that is refused it ends. Raises CliError."""
    ids: dict[str, int] = {}
    for rows in batches(_rows(path)):
        ids |= _create(api, rows, ids)
        report.count(rows[0]["endpoint"], CREATED, len(rows))


def _rows(path: Path) -> list[Entry]:
    try:
        with opened(path) as file:
            rows: list[Entry] = orjson.loads(file.read())
        for row in rows:
            row["endpoint"], row["ref"], row["body"].values()
    except (ValueError, TypeError, KeyError, AttributeError, OSError, EOFError) as error:
        raise CliError(f'{path} is no list of {{"endpoint", "ref", "body"}}: {error}') from error
    return rows


def batches(rows: list[Entry]) -> Iterator[list[Entry]]:
    """Neighbours of one endpoint, none of which refers to another of them."""
    batch: list[Entry] = []
    for row in rows:
        names = {each["ref"] for each in batch}
        refers = names & {value["ref"] for value in row["body"].values() if _is_reference(value)}
        if batch and (row["endpoint"] != batch[0]["endpoint"] or len(batch) == MOST_AT_ONCE or refers):
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def _is_reference(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {"ref"}


def _create(api: ApiClient, rows: list[Entry], ids: dict[str, int]) -> dict[str, int]:
    """The ids of the objects of `rows`, by their names. Raises CliError."""
    endpoint = rows[0]["endpoint"]
    try:
        bodies = [{n: ids[v["ref"]] if _is_reference(v) else v for n, v in row["body"].items()} for row in rows]
        made = api.send("POST", f"{endpoint}/", bodies)
    except KeyError as error:
        raise CliError(f"{endpoint}: no row before is called {error}") from error
    except OutcomeUnknown as error:
        raise CliError(f"{endpoint}, {rows[0]['ref']} to {rows[-1]['ref']}: {error}") from error
    except Refused as error:
        raise CliError(f"{endpoint}, {rows[0]['ref']} to {rows[-1]['ref']}: {_first(error)}") from error
    return {row["ref"]: each["id"] for row, each in zip(rows, made, strict=True)}


def _first(refused: Refused) -> str:
    """The reason why the first refused object was refused."""
    told = refused.told
    first = next((each for each in told if each), told) if isinstance(told, list) else told
    return f"{refused.status} {short(first)}"
