"""The order in which types can be created: what is referred to before what refers to it."""

from collections.abc import Iterable
from dataclasses import dataclass

from moving.catalogue import Kind, TypeCatalogue

# Types that are not moved, and why.
LEFT_BEHIND = {
    "users.token": "a token is known to its owner only; make new ones",
    "extras.webhook": "its secret is known to its receiver only, and it would tell of the import; make it anew",
    "secrets.userkey": "a user key is bound to the master key of its Patchbay; its user sets it anew",
}


@dataclass(frozen=True)
class CreationPlan:
    """`steps` are the kinds by step, those of one step sharing their ids; `later` are the references, as (label, name),
    that can only be set when everything is there."""

    steps: tuple[tuple[Kind, ...], ...]
    later: frozenset[tuple[str, str]]

    @property
    def kinds(self) -> list[Kind]:
        return [kind for step in self.steps for kind in step]

    @classmethod
    def of(cls, catalogue: TypeCatalogue) -> "CreationPlan":
        labels = dict.fromkeys(kind.label for kind in catalogue.kinds.values() if kind.label not in LEFT_BEHIND)
        steps = {label: tuple(catalogue.of_label(label)) for label in labels}
        # Their values are read and written by their definitions.
        first = [label for label in labels if label.startswith("users.") or label == "extras.customfield"]
        last = [label for label in labels if any(kind.of_any for kind in steps[label])]
        ranked = dict.fromkeys([*first, *(label for label in labels if label not in last), *last])
        order, later = _ordered({label: steps[label] for label in ranked})
        return cls(tuple(steps[label] for label in order), frozenset(later))


def _ordered(steps: dict[str, tuple[Kind, ...]]) -> tuple[list[str], set[tuple[str, str]]]:
    """The labels in order, and the references that a circle makes wait. Raises ValueError for a hopeless circle."""
    order: list[str] = []
    later: set[tuple[str, str]] = set()
    waiting = list(steps)
    while waiting:
        label = next((each for each in waiting if _is_next(each, steps[each], waiting)), None)
        if label is None:
            label = _cut(waiting, steps)
            later |= _open(label, steps[label], waiting)
        order.append(label)
        waiting.remove(label)
    return order, later


def _is_next(label: str, kinds: Iterable[Kind], waiting: list[str]) -> bool:
    """Whether a type refers to nothing that is still waiting; types that may belong to any other come last."""
    if any(kind.of_any for kind in kinds):
        return waiting == [label]
    return not _open(label, kinds, waiting)


def _open(label: str, kinds: Iterable[Kind], waiting: list[str]) -> set[tuple[str, str]]:
    """The references of a type to others that are not there yet; those to its own kind are another matter."""
    return {
        (label, name)
        for kind in kinds
        for name, target in kind.references.items()
        if target in waiting and target != label
    }


def _cut(waiting: list[str], steps: dict[str, tuple[Kind, ...]]) -> str:
    """The type of a circle to create first: one whose references may be set later, and that most others require.

    A reference that is part of what identifies an object (the machine of an interface) should not be set later.
    """
    open_references = [
        (label, target, name in kind.required, name in kind.required or _identifies(kind, name))
        for label in waiting
        for kind in steps[label]
        for name, target in kind.references.items()
        if target in waiting and target != label
    ]
    bound = {label for label, _, required, _ in open_references if required}
    candidates = [label for label in waiting if label not in bound]
    if not candidates:
        raise ValueError(f"These types cannot be created one before the other: {', '.join(waiting)}.")

    def worth(label: str) -> int:
        needed = sum(target == label and identifies for _, target, _, identifies in open_references)
        return needed - 2 * sum(each == label and identifies for each, _, _, identifies in open_references)

    return max(candidates, key=worth)


def _identifies(kind: Kind, name: str) -> bool:
    """Whether objects are told apart by `name` and something else."""
    return any(name in names and len(names) > 1 for names in kind.unique)
