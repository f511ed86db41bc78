"""An undo across services: looked at, tried and done in each of them, on behalf of the user who asks for it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from services.extras.resources.object_changes import newest
from services.extras.undoing import changes
from services.extras.undoing.changes import Changed
from services.extras.undoing.ordering import Key, Link, Node, Step, as_told, steps
from shared import JsonObject
from shared.config import APPS
from shared.http.context import context
from shared.http.errors import Forbidden, ServiceUnavailable
from shared.references import client
from shared.schema.contracts import CONTRACTS
from shared.telemetry.origin import origin

# The gateway ends a call between services after eight seconds.
SECONDS = 7.5
NOTHING_DONE = "Nothing was done."
ACCOUNTS = "users."
# Whose names not everybody may learn.
HIDDEN = (ACCOUNTS, "secrets.")


class Conflicted(Exception):
    """Something is in the way of an undo; nothing was done."""

    def __init__(self, conflicts: list[JsonObject]) -> None:
        super().__init__(conflicts)
        self.conflicts = conflicts


@dataclass
class Undo:
    """What an undo does: `objects` as the services have examined them, and what is in the way of it."""

    nodes: list[Node]
    objects: list[JsonObject]
    conflicts: list[JsonObject]

    @cached_property
    def gone(self) -> set[Key]:
        return {each.key for each in self.nodes if each.do == "delete"}

    @cached_property
    def steps(self) -> list[Step]:
        return steps(self.nodes)


class Caller:
    """Asks the services on behalf of a user, by the `delegation` that came with the request."""

    def __init__(self, delegation: str) -> None:
        if not delegation:
            raise ServiceUnavailable(f"The gateway is of a release that undoes nothing yet. {NOTHING_DONE}")
        self._delegation = delegation

    def gather(self) -> None:
        """Have every service tell all that it has changed, for an undo of half a request would do harm.

        Raises ServiceUnavailable.
        """
        answers = client.call_all({app: ("hand-over", {}) for app in APPS}, SECONDS)
        for answer in answers.values():
            if isinstance(answer, client.ServiceDown):
                raise ServiceUnavailable(f"{answer} It may have changed something as well. {NOTHING_DONE}")
            for away in answer["degraded"]:
                raise ServiceUnavailable(f"The {away} service has yet to hear of changes. {NOTHING_DONE}")

    def examine(self, told: Sequence[Changed], only: Key | None = None) -> Undo:
        """What it takes to undo what is `told`, or of that `only` what belongs to one object. Raises as `gather`."""
        unknown = [each for each in told if not _is_kept(each)]
        known = [each for each in told if _is_kept(each)]
        asked: dict[str, JsonObject] = {}
        for each in known:
            objects = asked.setdefault(each.label.split(".")[0], {"objects": [], "going": {}, "known": {}})["objects"]
            objects.append({"label": each.label, "id": each.id, "found": each.found, "wanted": each.wanted})
        examined = {
            (each["label"], each["id"]): each
            for answer in self._ask_all("revert/examine", asked).values()
            for each in answer["objects"]
        }
        chosen = [each for each in known if only is None or each.key in _belonging(only, examined)]
        lost = [each for each in unknown if only is None or each.key == only]
        objects = [examined[each.key] for each in chosen]
        conflicts = [_not_kept(each) for each in lost] + [found for each in objects for found in each["conflicts"]]
        nodes = [_node(each, examined[each.key]) for each in chosen if examined[each.key]["do"]]
        found = Undo(nodes, [each for each in objects if each["do"]], conflicts)
        found.conflicts += self._dependents(found, chosen)
        return found

    def _dependents(self, found: Undo, chosen: Iterable[Changed]) -> list[JsonObject]:
        """What refers to what would go, and came to do so since."""
        going, known = _ids(found.gone), _ids(each.key for each in chosen)
        services = {label.split(".")[0] for label in going}
        services |= {holder for label in going if label in CONTRACTS for holder in CONTRACTS[label].holders}
        asked: JsonObject = {"objects": [], "going": going, "known": known}
        answers = self._ask_all("revert/examine", dict.fromkeys(services, asked))
        return [each for service in sorted(answers) for each in answers[service]["dependents"]]

    def check(self, undo: Undo) -> None:
        """Try every step without doing it. Raises Conflicted, Forbidden, ServiceUnavailable.

        A service tries its steps up to one together, knowing of what others would bring back before.
        """
        missing = sorted({each["permission"] for each in undo.objects if not each["permitted"]} - {""})
        if missing or not all(each["permitted"] for each in undo.objects):
            raise Forbidden(f"This takes permissions that you do not have: {', '.join(missing)}. {NOTHING_DONE}")
        before: dict[str, list[JsonObject]] = {}
        facts: dict[str, dict[int, JsonObject]] = {}
        for service, deeds in undo.steps:
            before.setdefault(service, []).extend(as_told(each, undo.gone) for each in deeds)
            given = {label: list(some.values()) for label, some in facts.items() if service in CONTRACTS[label].holders}
            answer = self._revert(service, True, before[service], given, undo)
            for label, some in answer["facts"].items():
                facts.setdefault(label, {}).update({each["id"]: each for each in some})

    def do(self, undo: Undo) -> None:
        """Do every step; should one fail, what was done is undone. Raises Conflicted, ServiceUnavailable."""
        position = newest()
        for number, (service, deeds) in enumerate(undo.steps):
            try:
                answer = self._revert(service, False, [as_told(each, undo.gone) for each in deeds], {}, undo)
            except (Conflicted, Forbidden, ServiceUnavailable) as failed:
                if number or isinstance(failed, ServiceUnavailable):
                    self._take_back(position)
                raise
            context().degraded.update(answer["degraded"])

    def _take_back(self, position: int) -> None:
        """Undo what this very request has done, which is told after `position`.

        Raises ServiceUnavailable if that cannot be done, either.
        """
        request_id = origin().request_id
        try:
            self.gather()
            back = self.examine(changes.known_of(request_id, position))
            if back.conflicts:
                raise Conflicted(back.conflicts)
            for service, deeds in back.steps:
                self._revert(service, False, [as_told(each, back.gone) for each in deeds], {}, back)
        except (Conflicted, Forbidden, ServiceUnavailable) as stuck:
            detail = (
                "The undo may have been done in part, and that could not be taken back. Repeat it, which leaves alone"
                f" what is done; or undo the request {request_id}, under which this is told."
            )
            raise ServiceUnavailable(detail) from stuck

    def _revert(
        self, service: str, check: bool, objects: list[JsonObject], given: JsonObject, undo: Undo
    ) -> JsonObject:
        asked = {"check": check, "objects": objects, "given": given, "going": _ids(undo.gone)}
        try:
            answer = client.call(service, "revert", asked, SECONDS, delegation=self._delegation)
        except client.ServiceDown as down:
            raise ServiceUnavailable(f"{down} {NOTHING_DONE}") from down
        if answer["conflicts"]:
            raise Conflicted(answer["conflicts"])
        if "forbidden" in answer:
            raise Forbidden(answer["forbidden"])
        if "unavailable" in answer:
            raise ServiceUnavailable(f"{answer['unavailable']['detail']} {NOTHING_DONE}")
        return answer

    def _ask_all(self, operation: str, asked: dict[str, JsonObject]) -> JsonObject:
        answers = client.call_all(
            {service: (operation, data) for service, data in asked.items()}, SECONDS, self._delegation
        )
        for answer in answers.values():
            if isinstance(answer, client.ServiceDown):
                raise ServiceUnavailable(f"{answer} {NOTHING_DONE}") from answer
        return answers


def _is_kept(each: Changed) -> bool:
    return each.kept and not each.label.startswith(ACCOUNTS)


def _not_kept(each: Changed) -> JsonObject:
    """Why a change cannot be undone whose states are not known, or not anybody's to bring back."""
    account = each.label.startswith(ACCOUNTS)
    detail = "Accounts are not brought back by an undo." if account else "What it was is kept nowhere."
    name, path = ("", "") if each.label.startswith(HIDDEN) else (each.name, each.path)
    return {"type": each.label, "id": each.id, "name": name, "path": path, "field": "", "detail": detail}


def _belonging(key: Key, examined: dict[Key, JsonObject]) -> set[Key]:
    """The object and, of the same request, all that refers to it, and what refers to that."""
    found, more = {key}, {key}
    while more:
        more = {
            other
            for other, each in examined.items()
            if other not in found and any((label, pk) in more for _, label, pk, _ in each["refers"] + each["held"])
        }
        found |= more
    return found


def _node(each: Changed, examined: JsonObject) -> Node:
    do = examined["do"]
    found = examined["now"] if do == "update" else each.found or {}
    refers, held = (
        [Link(name, (label, pk), strong) for name, label, pk, strong in examined[side]] for side in ("refers", "held")
    )
    return Node(each.key, do, each.requested, refers, held, each.wanted or {}, found, examined["values"])


def _ids(keys: Iterable[Key]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for label, pk in keys:
        found.setdefault(label, []).append(pk)
    return found
