"""In which order an undo is done: each object after what it refers to, and gone before what it referred to goes.

References cross services, which each do their part in transactions of their own: so an order of steps, each of one
service, is made of the references of all objects. Where they go round in a circle (a device has an address as its
primary one, which is on an interface of the device), an object is first made without a reference that may be null, and
gets it once the other is there.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from shared import JsonObject

Key = tuple[str, int]


@dataclass(frozen=True)
class Link:
    """That an object's `attribute` refers to `key`; a `strong` one keeps that, or goes with it."""

    attribute: str
    key: Key
    strong: bool


@dataclass
class Node:
    """One object and what is to be done to it: `create`, `update` or `delete`.

    `refers` and `held` are the references in the wanted state and in the one it is found in.
    """

    key: Key
    do: str
    requested: bool
    refers: list[Link]
    held: list[Link]
    state: JsonObject
    found: JsonObject
    values: JsonObject

    @property
    def service(self) -> str:
        return self.key[0].split(".")[0]


@dataclass
class Deed:
    """A node that is done, `without` some attributes, or `later` with nothing but these.

    What has the same `turn` may be done at once.
    """

    node: Node
    without: set[str] = field(default_factory=set)
    later: bool = False
    turn: int = 0


@dataclass
class _Waiting:
    deed: Deed
    blockers: set[tuple[Key, str, bool]]


# A step: the service that does it, and what it does, in this order.
Step = tuple[str, list[Deed]]


def steps(nodes: Iterable[Node]) -> list[Step]:
    """The steps in which `nodes` are done, as few as follow each other in one service."""
    given = list(nodes)
    made, holders = {each.key for each in given if each.do == "create"}, _holders(given)
    waiting = [_Waiting(Deed(each), _blockers(each, made, holders)) for each in given]
    found: list[Step] = []
    turn = 0
    while waiting:
        ready = [each for each in waiting if not each.blockers]
        if not ready:
            waiting = _open(waiting)
            continue
        service = found[-1][0] if found else ""
        if all(each.deed.node.service != service for each in ready):
            service = ready[0].deed.node.service
            found.append((service, []))
        mine = [each for each in ready if each.deed.node.service == service]
        mine.sort(key=lambda each: _place(each.deed))
        turn += 1
        for each in mine:
            each.deed.turn = turn
        found[-1][1].extend(each.deed for each in mine)
        done = {each.deed.node.key for each in mine if not each.deed.later}
        waiting = [each for each in waiting if each.blockers or each.deed.node.service != service]
        for each in waiting:
            each.blockers = {blocker for blocker in each.blockers if blocker[0] not in done}
    return found


def _holders(nodes: Iterable[Node]) -> dict[Key, set[Key]]:
    """By object: the others that refer to it strongly as they are found."""
    found: dict[Key, set[Key]] = {}
    for node in nodes:
        for each in node.held if node.do != "create" else ():
            if each.strong and each.key != node.key:
                found.setdefault(each.key, set()).add(node.key)
    return found


def _blockers(node: Node, made: set[Key], holders: dict[Key, set[Key]]) -> set[tuple[Key, str, bool]]:
    """What has to be done before `node`: (key, the attribute it is for, whether there is no way round it)."""
    if node.do == "delete":
        return {(key, "", True) for key in holders.get(node.key, ())}
    return {
        (each.key, each.attribute, each.strong or node.do == "update")
        for each in node.refers
        if each.key in made and each.key != node.key
    }


def _open(waiting: list[_Waiting]) -> list[_Waiting]:
    """The same with one object less that waits: it is made without what it cannot have yet, which follows."""
    for each in waiting:
        if not any(strong for _, _, strong in each.blockers):
            without = {attribute for _, attribute, _ in each.blockers}
            later = Deed(each.deed.node, without, later=True)
            blockers = {*each.blockers, (each.deed.node.key, "", True)}
            each.deed.without, each.blockers = without, set()
            return [*waiting, _Waiting(later, blockers)]
    for each in waiting:  # no declaration allows this; the rules of the services have the last word
        each.blockers = set()
    return waiting


def _place(deed: Deed) -> tuple[bool, bool, str, str]:
    """What was asked for comes before what followed from it, which may follow again by itself; types together."""
    return deed.later, not deed.node.requested, deed.node.do, deed.node.key[0]


def as_told(deed: Deed, gone: set[Key]) -> JsonObject:
    """What a service is told to do (shared/api/reverting)."""
    node = deed.node
    told = {"do": node.do, "label": node.key[0], "id": node.key[1], "turn": deed.turn}
    told |= {"state": {}, "values": {}, "found": {}}
    if deed.later:
        values = {name: node.state[name] for name in sorted(deed.without)}
        return {**told, "do": "update", "values": values, "unsettled": sorted(values)}
    if node.do == "create":
        return {**told, "state": _without(node, deed.without), "unsettled": []}
    unsettled = sorted({each.attribute for each in node.held if each.key in gone})
    if node.do == "delete":
        return {**told, "found": node.found, "unsettled": unsettled}
    return {**told, "values": node.values, "found": node.found, "unsettled": unsettled}


def _without(node: Node, attributes: set[str]) -> JsonObject:
    missing = {each.key[1] for each in node.refers if each.attribute in attributes}
    state = dict(node.state)
    for name in attributes:
        value = state[name]
        state[name] = [pk for pk in value if pk not in missing] if isinstance(value, list) else None
    return state
