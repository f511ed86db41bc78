"""What NetBox 2.3.7 showed of what it was sent, as recorded, is read as what it was sent."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from moving.remote.faces import rows_of
from moving.report import MoveReport
from moving.rows import belongs
from tests.conformance.replayer import TRANSCRIPTS
from tests.moving.documents import catalogue

ADDRESS = re.compile(r"/api/([\w-]+/[\w-]+)/(?:(<[^>]+>)/)?")
# Sent in another spelling than it is kept in.
RESPELLED = {"mac_address", "asset_tag", "name", "install_date", "date_added", "prefix", "address", "custom_fields"}


def objects(path: Path) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Of each object that a transcript creates and then reads: its list, what was sent, and its face."""
    sent: dict[tuple[str, Any], dict] = {}
    for step in json.loads(path.read_text())["steps"]:
        found = ADDRESS.fullmatch(step["path"])
        if not found:
            continue
        listed, pk = found.groups()
        body, reply = step.get("body"), step.get("reply")
        if step["method"] == "POST" and step["status"] == 201 and isinstance(body, dict) and "id" in (reply or {}):
            sent[listed, reply["id"]] = body
        elif step["method"] == "GET" and step["status"] == 200 and (listed, pk) in sent:
            yield listed, sent.pop((listed, pk)), reply
        elif step["method"] == "DELETE":
            sent.clear()  # what goes may take references along
        elif step["method"] != "GET":
            sent.pop((listed, pk), None)


RECORDED = [
    (path.stem, listed, sent, face)
    for path in sorted(TRANSCRIPTS.glob("*.json"))
    if not path.stem.startswith("walk")  # what is read there was changed by other writes
    for listed, sent, face in objects(path)
    if listed in catalogue().kinds
]


def test_there_is_enough_to_read():
    assert len({listed for _, listed, _, _ in RECORDED}) > 30


@pytest.mark.parametrize("listed", sorted({listed for _, listed, _, _ in RECORDED}))
def test_what_was_sent_is_what_is_read(listed):
    kind, report = catalogue().kinds[listed], MoveReport()
    for stem, where, sent, face in RECORDED:
        if where != listed:
            continue
        (row,) = rows_of(kind, face, report)
        assert belongs(kind, row), (stem, face)
        for name in sent.keys() & row.body.keys() - RESPELLED:
            assert same(row.body[name], sent[name]), (stem, name, sent[name], row.body[name])
    assert not {what: n for what, n in report.without_place.items() if not what.endswith(("rpc_client", "tags"))}


def same(read: Any, sent: Any) -> bool:
    """Numbers and booleans were also sent as texts, lists in any order."""
    if isinstance(sent, list):
        return sorted(map(str, read)) == sorted(set(map(str, sent)))
    if sent in (None, ""):
        return read in (None, "", "None")
    return str(read).strip().lower() == str(sent).strip().lower() or read == sent
