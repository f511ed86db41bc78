"""CSV as text: every line comes back, and no cell is a formula."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.api.csv.sheet import SheetError, decoded, joined, read, record, split

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
TRICKY = st.text(st.sampled_from("'=+-@\t\r\n\",; a"), max_size=5)
CELLS = st.lists(TEXTS | TRICKY, min_size=1, max_size=5)
HEAD = "a,b,c,d,e"


@given(CELLS)
def test_a_line_comes_back_as_it_was(cells):
    padded = [*cells, *["x"] * (5 - len(cells)), "end"]
    (line,) = read(f"{HEAD},end\r\n{record(padded)}").lines
    assert line.cells == padded and line.number == 2


@given(CELLS)
def test_no_cell_begins_as_a_formula_does(cells):
    assert not [cell for cell in _as_spreadsheets_see(record(cells)) if cell[:1] in tuple("=+-@\t\r")]


def _as_spreadsheets_see(line: str) -> list[str]:
    return split(line.removesuffix("\r\n"))


@given(st.lists(TEXTS | TRICKY, max_size=5))
def test_several_values_in_a_cell_come_back(values):
    assert split(joined(values) if values else "") == values


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_spreadsheets_write_is_read(delimiter, end):
    lines = ["name,slug,", "A,a,", ",,", "", '"B, or ""B""",b,']
    text = end.join(line.replace(",", delimiter) for line in lines)
    table = read(decoded(b"\xef\xbb\xbf" + text.encode()))
    assert table.headings == ["name", "slug"]
    assert [(line.number, *line.cells) for line in table.lines] == [
        (2, "A", "a"),
        (5, f'B{delimiter} or "B"', "b"),
    ]


def test_a_record_over_several_lines_is_numbered_by_its_first():
    table = read('name,comments\nA,"one\ntwo"\nB,three\n')
    assert [line.number for line in table.lines] == [2, 4]


@pytest.mark.parametrize(
    ("content", "charset", "line"),
    [
        (b"", "", 1),
        (b"\n", "", 1),
        (b"name,slug\nA\n", "", 2),
        (b"name,slug\nA,a,b\n", "", 2),
        (b'name,slug\nA,a\n"B,b\n', "", 3),
        (b'name,slug\n"A"x,a\n', "", 2),
        (b"name,slug\nA,a\nB\0,b\n", "", 3),
        (b"name,slug\nA,a\n\xe4,b\n", "", 3),
        (b"name,slug\nA,a\n", "ebcdic", 1),
        (b"name,slug\nA,a\n", "utf-7", 1),
    ],
)
def test_what_is_no_csv_is_refused_with_the_line(content, charset, line):
    with pytest.raises(SheetError) as error:
        read(decoded(content, charset))
    assert error.value.line == line


@pytest.mark.parametrize(
    ("encoding", "charset"), [("utf-16", ""), ("latin-1", "iso-8859-1"), ("cp1252", "windows-1252")]
)
def test_charsets_of_spreadsheets_are_read(encoding, charset):
    assert read(decoded("name\nZürich\n".encode(encoding), charset)).lines[0].cells == ["Zürich"]
