"""What an undo would do to the objects of this service, and what has changed since."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared import JsonObject
from shared.api.resource import Resource
from shared.api.reverting import faces
from shared.query.filter_base import Condition
from shared.references import history_triggers, releasing, replicas
from shared.references.history_functions import NAME_LENGTH
from shared.references.owning import among
from shared.schema.models import Record
from shared.schema.naming import home_in, name_in
from shared.security.authorization import caller

SINCE = "It has been changed since: {} is another now."
KEPT_NOWHERE = "What its {} was is kept nowhere."
MOST_DEPENDENTS = 50


def examine(
    session: Session, base: type[Record], resources: Sequence[Resource], objects: Sequence[JsonObject]
) -> list[JsonObject]:
    """Of each of `objects`, `{label, id, found, wanted}`, what it takes to bring it back from one state to the other.

    A state is None where the object is not there. `do` is `create`, `update`, `delete`, or empty where it is so
    already; `values` are set by an update; `conflicts` are in the way; `refers` and `held` are what the wanted and the
    found state refer to, `[attribute, label, id, whether an object goes with it or keeps it]`.
    """
    now: dict[str, dict[int, JsonObject]] = {}
    for label in {each["label"] for each in objects if each["label"] in base.models}:
        ids = [each["id"] for each in objects if each["label"] == label]
        now[label] = history_triggers.faces(session, base.models[label], ids)
    return [_examined(base, resources, each, now) for each in objects]


def _examined(
    base: type[Record], resources: Sequence[Resource], each: JsonObject, now: Mapping[str, Mapping[int, JsonObject]]
) -> JsonObject:
    model, pk, found, wanted = base.models.get(each["label"]), each["id"], each["found"], each["wanted"]
    known = {"label": each["label"], "id": pk}
    resource = faces.resource_of(resources, model, wanted or found) if model else None
    if model is None or resource is None:
        unknown = {"type": each["label"], "id": pk, "path": "", "name": "", "field": ""}
        return _nothing(known) | {"conflicts": [{**unknown, "detail": "Objects of this type cannot be brought back."}]}
    current = now[model.label].get(pk)
    face = wanted or current or found
    do, values, wrong = _compared(resource, found, wanted, current)
    verb = {"create": "add", "update": "change", "delete": "delete"}.get(do)
    permission = resource.permission(verb) if verb else None
    return {
        **known,
        "do": do,
        "name": name_in(model, {**face, "id": pk})[:NAME_LENGTH],
        "path": f"{home_in(model, face)}{pk}/",
        "values": values,
        "now": {name: faces.writable(resource, current or {}).get(name) for name in values},
        "conflicts": [faces.conflict(model, pk, current or face, detail, field) for field, detail in wrong],
        "permission": permission or "",
        "permitted": caller().write and (permission is None or caller().may(permission)),
        "refers": _references(model, wanted or {}),
        "held": _references(model, found or {}),
    }


def _nothing(known: JsonObject) -> JsonObject:
    empty: JsonObject = {"do": "", "name": "", "path": "", "values": {}, "now": {}, "permission": "", "permitted": True}
    return {**known, **empty, "conflicts": [], "refers": [], "held": []}


def _compared(
    resource: Resource, found: JsonObject | None, wanted: JsonObject | None, current: JsonObject | None
) -> tuple[str, JsonObject, list[tuple[str, str]]]:
    """What is to be done, the values to set, and (attribute, what is wrong with it)."""
    if wanted is None:
        if current is None or found is None:
            return "", {}, []
        return "delete", {}, _changed(faces.writable(resource, found), faces.writable(resource, current))
    wishes = faces.writable(resource, wanted)
    if found is None:
        if current is None:
            return "create", {}, _lacking(resource, wanted)
        is_now = faces.writable(resource, current)
        different = faces.differing(wishes, is_now)
        unset = {name: wishes[name] for name in different if _may_follow(resource, name, wishes, is_now)}
        return "update" if unset else "", unset, [(name, SINCE.format(name)) for name in different if name not in unset]
    if current is None:
        return "", {}, [("", "It has been deleted since.")]
    before, is_now = faces.writable(resource, found), faces.writable(resource, current)
    changed = faces.differing(wishes, before)
    if not changed and resource.model.unlogged:
        return "", {}, [("", KEPT_NOWHERE.format(faces.names(resource.model.unlogged)))]
    # A custom field that is called otherwise now may have any value, and is not the one that was meant.
    values = {name: wishes[name] for name in changed if name not in is_now or is_now[name] != wishes[name]}
    wrong = [(name, SINCE.format(name)) for name in values if is_now.get(name) != before.get(name)]
    return "update" if values else "", values, wrong


def _may_follow(resource: Resource, name: str, wishes: JsonObject, is_now: JsonObject) -> bool:
    """Whether an undo that was cut off may have made the object without this reference, which was to follow.

    Nothing else makes an object under an id that was there before.
    """
    attribute = resource.attributes.get(name)
    if attribute is None:
        return False
    if attribute.is_list:
        return set(is_now[name] or ()) <= set(wishes[name] or ())
    return attribute.is_reference and is_now[name] is None


def _changed(before: JsonObject, is_now: JsonObject) -> list[tuple[str, str]]:
    return [(name, SINCE.format(name)) for name in faces.differing(before, is_now)]


def _lacking(resource: Resource, wanted: JsonObject) -> list[tuple[str, str]]:
    """What an object needs that no change tells of: what is secret, or a file."""
    attributes = {name: each for name, each in resource.attributes.items() if each.writable}
    required = {
        name: each.field for name, each in attributes.items() if each.field.required and not each.field.dump_only
    }
    lost = [name for name, field in required.items() if name not in wanted or field.shape.get("x-file")]
    return [(name, KEPT_NOWHERE.format(name)) for name in lost]


def _references(model: type[Record], face: JsonObject) -> list[list[object]]:
    found: list[list[object]] = []
    for name, attribute in model.attributes.items():
        value = face.get(name)
        if attribute.is_list:
            found += [[name, attribute.field.target, pk, False] for pk in value or ()]
        elif attribute.is_reference and value is not None:
            keys = model.__table__.columns[attribute.column].foreign_keys
            strong = all(key.ondelete != "SET NULL" for key in keys)
            found.append([name, attribute.field.target, value, strong])
    return found


def dependents(
    session: Session, base: type[Record], going: Mapping[str, Sequence[int]], known: Mapping[str, Sequence[int]]
) -> list[JsonObject]:
    """What here refers to one of the objects `going` (`{label: ids}`), in any way, and is not itself `known`.

    An undo would take it along, or change it.
    """
    found: list[JsonObject] = []
    for label, ids in going.items():
        target = base.models.get(label)
        for model, condition in _referring(target, ids) if target is not None else ():
            others = ~among(model.id, known.get(model.label, ()))
            rows = select(model).where(condition, others).order_by(model.id).limit(MOST_DEPENDENTS - len(found))
            what = f"It refers to the {target.verbose_name} that would go." if target is not None else ""
            for each in releasing.dependents(session, list(session.scalars(rows))):
                found.append({**each, "field": "", "detail": what})
    return found


def _referring(target: type[Record], ids: Sequence[int]) -> list[tuple[type[Record], Condition]]:
    """The models of this service that refer to a `target`, and on which of their rows refer to one of `ids`."""
    found: list[tuple[type[Record], Condition]] = [
        (model, among(key.parent, ids)) for model, key in replicas.pointing(target) if model.attributes
    ]
    for model in target.models.values():
        for attribute in model.attributes.values():
            if attribute.is_list and attribute.field.target == target.label:
                table = getattr(model, attribute.name).property.secondary
                owners = select(table.c.owner_id).where(among(table.c.target_id, ids))
                found.append((model, model.id.in_(owners)))
    return found
