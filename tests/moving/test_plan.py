"""The order in which types are created, whatever refers to what."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moving.catalogue import Kind, TypeCatalogue
from moving.plan import LEFT_BEHIND, CreationPlan
from tests.moving.documents import catalogue
from tests.moving.properties import BOUNDED


def made(references: dict[str, dict[str, tuple[str, bool]]]) -> TypeCatalogue:
    """A catalogue of types that refer to each other: `{type: {name: (target, required)}}`."""
    found = TypeCatalogue({"paths": {}, "components": {"schemas": {}}})
    for label, names in references.items():
        fields = {name: {"nullable": not required} for name, (_, required) in names.items()}
        found.kinds[label] = Kind(
            path=label,
            label=label,
            fields=fields,
            required=frozenset(name for name, (_, required) in names.items() if required),
            references={name: target for name, (target, _) in names.items()},
        )
    return found


@st.composite
def references(draw: st.DrawFn) -> dict[str, dict[str, tuple[str, bool]]]:
    """Types whose required references make no circle; others may."""
    labels = [f"app.t{n}" for n in draw(st.permutations(range(draw(st.integers(1, 8)))))]
    found = {}
    for place, label in enumerate(labels):
        required = draw(st.sets(st.sampled_from(labels[:place]))) if place else set()
        optional = draw(st.sets(st.sampled_from(labels)))
        found[label] = {f"r_{target}": (target, True) for target in required}
        found[label] |= {f"o_{target}": (target, False) for target in optional}
    return dict(sorted(found.items()))


@given(references())
@BOUNDED
def test_what_is_needed_comes_first_and_only_what_may_wait_does(graph):
    plan = CreationPlan.of(made(graph))
    order = [kind.label for kind in plan.kinds]
    assert sorted(order) == sorted(graph)
    for label, names in graph.items():
        for name, (target, required) in names.items():
            before = order.index(target) < order.index(label)
            waits = (label, name) in plan.later
            assert not (waits and required)
            assert waits == (not before and target != label)


def test_types_that_need_each_other_cannot_be_created():
    with pytest.raises(ValueError, match=r"app\.a, app\.b"):
        CreationPlan.of(made({"app.a": {"b": ("app.b", True)}, "app.b": {"a": ("app.a", True)}}))


def test_the_plan_of_this_release():
    plan = CreationPlan.of(catalogue())
    order = [kind.path for kind in plan.kinds]
    assert set(catalogue().kinds) - set(order) == {
        kind.path for label in LEFT_BEHIND for kind in catalogue().of_label(label)
    }
    assert order[0] == "extras/custom-fields" and order[-1] == "extras/image-attachments"
    waiting = {label for label, _ in plan.later}
    assert waiting <= {"dcim.device", "virtualization.virtualmachine"}
    assert {("dcim.device", name) for name in ("primary_ip4", "primary_ip6", "virtual_chassis")} <= plan.later
