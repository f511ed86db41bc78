"""`patchbay import`: an inventory from a file, created through the API."""

import json
from collections.abc import Iterator
from typing import IO

import click
import requests

from stack.cli_error import CliError
from stack.commands import data_option
from stack.folder import DataFolder
from stack.plan import Plan

MOST_AT_ONCE = 100
SECONDS = 120


@click.command("import")
@click.argument("file", type=click.File("rb"))
@data_option
def command(file: IO[bytes], folder: DataFolder) -> None:
    """Create the objects that FILE lists, in its order: [{"endpoint": "dcim/sites", "ref": "a", "body": {…}}, …].

    {"ref": "a"} as a value in a later body stands for the id of that object. Objects of one endpoint that follow each
    other are created together; at the first of them that is refused it ends.
    """
    ids: dict[str, int] = {}
    gateway = Plan.load(folder).gateway_url
    with requests.Session() as session:
        session.headers["Authorization"] = f"Token {folder.admin_token.read_text().strip()}"
        for rows in batches(_rows(file)):
            ids |= _create(session, gateway, rows, ids)
            click.echo(f"{rows[0]['endpoint']}: {len(rows)}")
    click.echo(f"Created {len(ids)} objects.")


def _rows(file: IO[bytes]) -> list[dict]:
    try:
        rows = json.load(file)
        for row in rows:
            row["endpoint"], row["ref"], row["body"].values()
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise CliError(f'{file.name} is no list of {{"endpoint", "ref", "body"}}: {error}') from error
    return rows


def batches(rows: list[dict]) -> Iterator[list[dict]]:
    """Neighbours of one endpoint, none of which refers to another of them."""
    batch: list[dict] = []
    for row in rows:
        names = {each["ref"] for each in batch}
        refers = names & {value["ref"] for value in row["body"].values() if _is_reference(value)}
        if batch and (row["endpoint"] != batch[0]["endpoint"] or len(batch) == MOST_AT_ONCE or refers):
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def _is_reference(value) -> bool:
    return isinstance(value, dict) and value.keys() == {"ref"}


def _create(session: requests.Session, gateway: str, rows: list[dict], ids: dict[str, int]) -> dict[str, int]:
    """The ids of the objects of `rows`, by their names. Raises CliError."""
    url = f"{gateway}/api/{rows[0]['endpoint']}/"
    try:
        bodies = [{n: ids[v["ref"]] if _is_reference(v) else v for n, v in row["body"].items()} for row in rows]
        reply = session.post(url, json=bodies, timeout=SECONDS)
    except KeyError as error:
        raise CliError(f"{rows[0]['endpoint']}: no row before is called {error}") from error
    except requests.RequestException as error:
        raise CliError(f"{url} cannot be reached: {type(error).__name__}") from error
    if reply.status_code != 201:
        raise CliError(f"{rows[0]['endpoint']}, {rows[0]['ref']} to {rows[-1]['ref']}: {_refusal(reply)}")
    return {row["ref"]: made["id"] for row, made in zip(rows, reply.json(), strict=True)}


def _refusal(reply: requests.Response) -> str:
    """Why, of the first object that is refused."""
    try:
        told = reply.json()
    except ValueError:
        told = reply.text[:200]
    first = next((each for each in told if each), told) if isinstance(told, list) else told
    return f"{reply.status_code} {json.dumps(first, ensure_ascii=False)}"
