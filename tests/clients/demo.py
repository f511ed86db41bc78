"""NetBox's public demo inventory (`demo.jsonl`): sites, racks and devices of three companies, prefixes and VLANs."""

import json
from itertools import groupby
from pathlib import Path

from tests.client import Client

ROWS = Path(__file__).parent / "demo.jsonl"
PORTS = 20


def load(api: Client) -> None:
    """Make the demo inventory, with some interfaces on each device: more of them than one page has."""
    ids: dict[str, int] = {}
    rows = [json.loads(line) for line in ROWS.read_text().splitlines()]
    for endpoint, found in groupby(rows, lambda row: row["endpoint"]):
        # The parent of a region is a region; everything else refers to what is there already.
        each = list(found)
        for batch in [[row] for row in each] if endpoint == "dcim/regions" else [each]:
            status, made = api.post(f"{endpoint}/", [_body(row["body"], ids) for row in batch])
            assert status == 201, made
            ids |= {row["ref"]: one["id"] for row, one in zip(batch, made, strict=True)}
    devices = [pk for ref, pk in ids.items() if ref.startswith("dcim/devices:")]
    ports = [{"device": pk, "name": f"xe-0/0/{port}"} for pk in devices for port in range(PORTS)]
    for start in range(0, len(ports), 1000):
        assert api.post("dcim/interfaces/", ports[start : start + 1000])[0] == 201


def _body(body: dict, ids: dict[str, int]) -> dict:
    return {name: ids[value["ref"]] if isinstance(value, dict) else value for name, value in body.items()}
