"""Inventories in files."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moving import json_lines
from moving.rows import Row
from stack.cli_error import CliError
from tests.moving.properties import BOUNDED

values = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text() | st.lists(st.text(), max_size=2)
ids = st.integers(1, 2**53) | st.text(max_size=5)
rows = st.lists(st.builds(Row, st.just("dcim/sites"), ids, st.dictionaries(st.text(max_size=5), values, max_size=3)))
ENDINGS = ("", ".jsonl", ".gz", ".xz", ".bz2")


@given(rows)
@BOUNDED
def test_what_is_written_is_read_whatever_it_is_packed_in(written):
    with tempfile.TemporaryDirectory() as folder:
        for ending in ENDINGS:
            path = Path(folder, f"file{ending}")
            json_lines.write(path, written)
            first = path.read_bytes()
            assert list(json_lines.read(path)) == written
            json_lines.write(path, written)
            assert path.read_bytes() == first
            assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_is_whole_or_not_there(tmp_path):
    def failing():
        yield Row("dcim/sites", 1, {})
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        json_lines.write(tmp_path / "file.gz", failing())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", 1),
        (b"[]\n", 1),
        (b'{"format": "patchbay-inventory", "version": 2}\n', 1),
        (b'{"format": "patchbay-inventory", "version": 1}\n{"endpoint": "a/b", "id": 1, "body": {}}\n{', 3),
        (b'{"format": "patchbay-inventory", "version": 1}\n{"endpoint": "a/b", "id": true, "body": {}}\n', 2),
        (b'{"format": "patchbay-inventory", "version": 1}\n{"endpoint": 5, "id": 1, "body": {}}\n', 2),
        (b'{"format": "patchbay-inventory", "version": 1}\n[1]\n', 2),
        (b"\xff", 1),
    ],
)
def test_what_is_no_inventory_is_told_by_its_line(tmp_path, content, line):
    path = tmp_path / "file.jsonl"
    path.write_bytes(content)
    with pytest.raises(CliError, match=f"line {line}:"):
        list(json_lines.read(path))


@pytest.mark.parametrize("ending", [".gz", ".xz", ".bz2"])
def test_a_file_that_is_not_packed_as_its_name_says(tmp_path, ending):
    path = tmp_path / f"file{ending}"
    path.write_bytes(b"plain")
    with pytest.raises(CliError, match="line 1"):
        list(json_lines.read(path))


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(CliError, match="cannot be read"):
        list(json_lines.read(tmp_path / "nothing"))
