"""Bringing objects back to what they were: by the ordinary way of a write, in one transaction, or as a trial."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import groupby
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from shared import JsonObject
from shared.api import bulk, deleting, writing
from shared.api.resource import Resource
from shared.api.reverting import faces
from shared.api.reverting.examining import SINCE
from shared.db.database import database
from shared.http.errors import ApiError, Forbidden, Protected, ServiceUnavailable
from shared.references import history, history_triggers, holding, owning, replicas, saving
from shared.schema.contracts import CONTRACTS
from shared.schema.models import Record

# Of objects, by id: the states that they are in, or what is told of each.
States = dict[int, JsonObject]
CANNOT_BE = "It cannot be as it was: its {} would be another."


class InTheWay(Exception):
    """Something is in the way: `conflicts`, as `faces.conflict` makes them."""

    def __init__(self, conflicts: list[JsonObject]) -> None:
        super().__init__(conflicts)
        self.conflicts = conflicts


class _Tried(Exception):
    """A trial has come to its end: what it would have told others is taken back with all the rest."""

    def __init__(self, facts: JsonObject) -> None:
        super().__init__()
        self.facts = facts


def apply(base: type[Record], resources: Sequence[Resource], asked: JsonObject) -> JsonObject:
    """Do what `objects` say one after the other, or with `check` only try it; returns what others may then know.

    An object is `{do, turn, label, id, state, values, found, unsettled}`: the state that it is made again in, the
    values that it is set to, the state that is deleted or the values that are replaced, and which of these are not
    looked at, since they change in the course of the undo. Those of one turn are written at once. `given` are facts of
    objects that others bring back before, which a trial has to know of; `going` are the ids, by label, of all that are
    deleted.
    Raises InTheWay, ServiceUnavailable, Forbidden.
    """
    if asked["check"]:
        return _tried(base, lambda session: _work(session, base, resources, asked))
    try:
        facts, written = saving.commit(base, lambda session: _work(session, base, resources, asked))
    except IntegrityError:  # a race: the second try names the field
        facts, written = saving.commit(base, lambda session: _work(session, base, resources, asked))
    saving.tell(base, written)
    return facts


def _tried(base: type[Record], work: Callable[[Session], JsonObject]) -> JsonObject:
    def trial(session: Session) -> None:
        history.begin(session)
        raise _Tried(work(session))

    try:
        holding.claiming(base, lambda: database().run(trial))
    except _Tried as tried:
        return tried.facts
    raise AssertionError("a trial always ends by an exception")


def _work(session: Session, base: type[Record], resources: Sequence[Resource], asked: JsonObject) -> JsonObject:
    for label, facts in asked["given"].items():
        if label in base.models and base.models[label].replica:
            replicas.store(session, base.models[label], facts)
    doing = {"create": _create, "update": _update, "delete": _delete}
    for (_, do, label), found in groupby(asked["objects"], key=lambda each: (each["turn"], each["do"], each["label"])):
        objects = {each["id"]: each for each in found}
        model = base.models[label]
        session.expire_all()  # what hooks have changed meanwhile, by statements of their own
        now = _locked(session, model, objects)
        for resource, mine in _by_resource(resources, model, objects, now).items():
            doing[do](session, resource, mine, now, asked)
    return _facts(session, base, asked["objects"])


def _locked(session: Session, model: type[Record], objects: States) -> States:
    """The states of the objects, which change no more until the transaction ends."""
    bulk.lock(session, model, list(objects))
    return history_triggers.faces(session, model, objects)


def _by_resource(
    resources: Sequence[Resource], model: type[Record], objects: States, now: States
) -> dict[Resource, States]:
    parted: dict[Resource, States] = {}
    for pk, each in objects.items():
        resource = faces.resource_of(resources, model, each["state"] or now.get(pk, {}))
        if resource is None:
            raise InTheWay([faces.conflict(model, pk, {}, "Objects of this type cannot be brought back.")])
        parted.setdefault(resource, {})[pk] = each
    return parted


def _create(session: Session, resource: Resource, objects: States, now: States, asked: JsonObject) -> None:
    wishes = {pk: faces.writable(resource, each["state"]) for pk, each in objects.items()}
    _refuse_unequal(resource, {pk: wishes[pk] for pk in wishes if pk in now}, now, SINCE)
    states = {pk: each["state"] for pk, each in objects.items() if pk not in now}
    if not states:
        return
    bodies = {pk: _made_of(wishes[pk], states[pk]) for pk in states}
    _ordinary(resource, states, list(states), lambda: writing.create_again(session, resource, bodies))
    made = history_triggers.faces(session, resource.model, states)
    _refuse_unequal(resource, {pk: wishes[pk] for pk in states}, made, CANNOT_BE)


def _made_of(wishes: JsonObject, state: JsonObject) -> JsonObject:
    """What makes an object again: what can be written, and the day of its creation, which only an undo writes."""
    body = faces.body_of(wishes)
    return body | {"created": state["created"]} if "created" in state else body


def _update(session: Session, resource: Resource, objects: States, now: States, asked: JsonObject) -> None:
    bodies: dict[int, JsonObject] = {}
    wrong: list[JsonObject] = []
    for pk, each in objects.items():
        if pk not in now:
            wrong.append(faces.conflict(resource.model, pk, {}, "It has been deleted since."))
            continue
        is_now = faces.writable(resource, now[pk])
        values = {name: value for name, value in each["values"].items() if is_now.get(name) != value}
        settled = [name for name in values if name not in each["unsettled"]]
        changed = [name for name in settled if is_now.get(name) != each["found"].get(name)]
        wrong += [faces.conflict(resource.model, pk, now[pk], SINCE.format(name), name) for name in changed]
        if values:
            bodies[pk] = faces.body_of(values)
    if wrong:
        raise InTheWay(wrong)
    if bodies:
        targets = _targets(session, resource, bodies)
        items = list(bodies.values())
        update = partial(writing.update, session, resource, targets, items, partial=True, undoing=True)
        _ordinary(resource, now, list(bodies), update)


def _delete(session: Session, resource: Resource, objects: States, now: States, asked: JsonObject) -> None:
    there = {pk: each for pk, each in objects.items() if pk in now}
    if not there:
        return
    expected = {
        pk: {
            name: value
            for name, value in faces.writable(resource, each["found"]).items()
            if name not in each["unsettled"]
        }
        for pk, each in there.items()
    }
    _refuse_unequal(resource, expected, now, SINCE)
    rows = deleting.cascade_closure(session, resource.model, set(there))
    along = {label: sorted(ids - set(asked["going"].get(label, ()))) for label, ids in rows.items()}
    model = resource.model
    raised = [
        faces.conflict(model.model_of(label), pk, {}, f"It would go with the {model.verbose_name}.")
        for label, ids in along.items()
        for pk in ids
    ]
    if raised:
        raise InTheWay(raised)
    targets = _targets(session, resource, there)
    asking = not asked["check"]
    _ordinary(resource, now, list(there), lambda: deleting.delete_objects(session, resource, targets, asking))


def _targets(session: Session, resource: Resource, objects: States) -> list[Any]:
    """The rows that are to be written, as the caller may see them."""
    found = bulk.locked(session, resource, list(objects))
    if hidden := [pk for pk in objects if pk not in found]:
        raise InTheWay([faces.conflict(resource.model, pk, {}, "You may not see it.") for pk in hidden])
    return [found[pk] for pk in objects]


def _ordinary(resource: Resource, states: States, ids: list[int], write: Callable[[], object]) -> None:
    """Do the write; what its rules and fields refuse is a conflict of the object in question. Raises InTheWay."""
    model = resource.model
    try:
        write()
    except writing.ValidationFailed as refused:
        found = zip(ids, refused.messages, strict=True)
        raise InTheWay(
            [
                faces.conflict(model, pk, states[pk], _text(messages), "" if field == "non_field_errors" else field)
                for pk, errors in found
                for field, messages in errors.items()
            ]
        ) from refused
    except (ServiceUnavailable, Forbidden):
        raise
    except Protected as refused:
        body: JsonObject = dict(refused.body) if isinstance(refused.body, dict) else {}
        referring = [
            {**each, "path": "", "field": "", "detail": f"It refers to the {model.verbose_name} that would go."}
            for each in body["dependents"]
        ]
        raise InTheWay(referring) from refused
    except ApiError as refused:
        raise InTheWay([faces.conflict(model, ids[0], states[ids[0]], _text(refused.body))]) from refused


def _text(messages: Any) -> str:
    """What is wrong, in one line."""
    if isinstance(messages, dict):
        return " ".join(_text(each) for each in messages.values())
    return " ".join(map(_text, messages)) if isinstance(messages, list) else str(messages)


def _refuse_unequal(resource: Resource, expected: States, now: States, detail: str) -> None:
    """Raises InTheWay unless all objects are in the state that is expected."""
    wrong = [
        faces.conflict(resource.model, pk, now[pk], detail.format(name), name)
        for pk, values in expected.items()
        for name in faces.differing(values, faces.writable(resource, now[pk]))
    ]
    if wrong:
        raise InTheWay(wrong)


def _facts(session: Session, base: type[Record], objects: Sequence[JsonObject]) -> JsonObject:
    """`{label: summaries}` of those of the objects that others may refer to, as they are after all of it."""
    ids: dict[str, set[int]] = {}
    for each in objects:
        if each["do"] != "delete" and each["label"] in CONTRACTS:
            ids.setdefault(each["label"], set()).add(each["id"])
    return {label: owning.summaries(session, base.models[label], some) for label, some in ids.items()}
