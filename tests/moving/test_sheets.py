"""`patchbay import FILE.csv --type …`: all lines or none, and part by part where that is asked for."""

from pathlib import Path

import pytest

from tests.running import patchbay


@pytest.fixture
def load(stack, tmp_path):
    """What the command says of a text, and whether it was done."""

    def run(text: str, *arguments: str, label: str = "ipam.role") -> tuple[int, str]:
        path = Path(tmp_path / "sheet.csv")
        path.write_text(text)
        done = patchbay("import", path, "--type", label, *arguments, "--data", stack.data)
        return done.returncode, done.stdout + done.stderr

    return run


def roles(first: int, number: int) -> str:
    return "name,slug\n" + "".join(f"Sheet {n},sheet-{n}\n" for n in range(first, first + number))


def test_lines_become_objects_once(api, load):
    assert load(roles(0, 3), "--dry-run") == (0, "checked ipam/roles: 3\n")
    assert api.get("ipam/roles/", slug="sheet-0")[1]["count"] == 0
    status, told = load(roles(0, 3))
    assert (status, "ipam/roles: 3 created" in told) == (0, True)
    status, told = load(roles(0, 4), label="ipam/roles")
    assert (status, "ipam/roles: 1 created, 3 unchanged" in told) == (0, True)


def test_what_is_wrong_is_told_by_line_and_nothing_is_saved(api, load):
    status, told = load('name,slug\n"Two\nlines",fine-sheet\nBad,b a d\n')
    assert status == 1 and "line 4, slug: " in told
    status, told = load("name,slug,nonsense\nA,a,1\n")
    assert status == 1 and told.splitlines()[0].endswith("sheet.csv: nothing of these lines is saved:")
    status, told = load("name,slug,weight\nA,a,x\nB,b,y\n")
    assert [line.partition(":")[0] for line in told.splitlines()[1:]] == ["line 2, weight", "line 3, weight"]
    assert api.get("ipam/roles/", slug="fine-sheet")[1]["count"] == 0
    assert load("name\nx\n", label="ipam.rolle") == (1, "patchbay: ipam.rolle is no type: did you mean ipam.role?\n")
    assert "is no type: it is one of circuits.circuit, " in load("name\nx\n", label="xyz")[1]
    assert "line 2: " in load('name\n"x\n')[1]


def test_a_file_that_is_not_there(stack, tmp_path):
    missing = tmp_path / "nosuch.csv"
    done = patchbay("import", missing, "--type", "dcim.site", "--data", stack.data)
    assert (done.returncode, done.stderr) == (1, f"patchbay: {missing} cannot be read: No such file or directory\n")


def test_longer_files_go_part_by_part_if_that_is_asked_for(api, load):
    text = roles(1000, 1001)
    status, told = load(text)
    assert (status, "--in-parts" in told) == (1, True)
    status, told = load(f"{text}Bad,b a d\n", "--in-parts")
    assert (status, "line 1003, slug: " in told) == (1, True)
    assert api.get("ipam/roles/", slug="sheet-1000")[1]["count"] == 0
    status, told = load(text, "--in-parts")
    assert (status, "ipam/roles: 1001 created" in told) == (0, True)
