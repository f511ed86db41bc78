"""Rows in batches: all of them, in order, none with what it refers to."""

from hypothesis import given
from hypothesis import strategies as st

from moving.batches import batches
from moving.catalogue import Kind
from moving.rows import Row
from tests.moving.properties import BOUNDED

KINDS = {
    "a/trees": Kind("a/trees", "a.tree", {"parent": {"nullable": True}}, references={"parent": "a.tree"}),
    "a/things": Kind("a/things", "a.thing", {"tree": {}}, references={"tree": "a.tree"}),
    "a/files": Kind("a/files", "a.file", {"file": {"format": "binary"}}),
}
rows = st.lists(
    st.builds(
        Row,
        st.sampled_from(sorted(KINDS)),
        st.integers(1, 20),
        st.fixed_dictionaries({"parent": st.none() | st.integers(1, 20), "tree": st.integers(1, 20)}),
    )
)


@given(rows, st.integers(1, 5))
@BOUNDED
def test_batches_can_each_be_created_by_one_request(given_rows, most):
    found = list(batches(given_rows, KINDS, most))
    assert [row for batch in found for row in batch] == given_rows
    for batch in found:
        kind = KINDS[batch[0].path]
        assert {row.path for row in batch} == {kind.path}
        assert 1 <= len(batch) <= (1 if kind.file else most)
        own = {name for name, label in kind.references.items() if label == kind.label}
        for place, row in enumerate(batch):
            assert not {row.body[name] for name in own} & {each.id for each in batch[:place]}
