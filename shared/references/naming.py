"""Natural keys of objects, from which `finding` finds them again, here and in every other Patchbay.

The key of an object is `{path: text}` (`{"": "R1", "site": "ams-1"}` of a rack, with the paths of
`shared.schema.natural_keys`). Whatever no key tells from all others is `{id}`, in braces.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from marshmallow import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from shared import JsonObject
from shared.http.errors import Forbidden, ServiceUnavailable
from shared.references import client, finding, owning
from shared.schema import natural_keys, parsing
from shared.schema.contracts import CONTRACTS
from shared.schema.models import Record

Key = dict[str, str]

_BRACES = re.compile(r"\{(\d{1,10})\}", re.ASCII)


def numbered(pk: int) -> Key:
    return {"": f"{{{pk}}}"}


def number_of(text: str) -> int | None:
    """The id in `{5}`; None for what is another name."""
    found = _BRACES.fullmatch(text.strip())
    return int(found[1]) if found else None


def keys(session: Session, base: type[Record], wanted: Mapping[str, set[int]]) -> dict[tuple[str, int], Key]:
    """The keys of the objects `wanted` (`{label: ids}`), by label and id; each owner is asked once.

    Raises ServiceUnavailable.
    """
    found: dict[tuple[str, int], Key] = {}
    elsewhere: dict[str, dict[str, list[int]]] = {}
    for label, ids in wanted.items():
        model = base.model_of(label)
        if model.replica and not _known_here(model):
            elsewhere.setdefault(CONTRACTS[label].owner, {})[label] = sorted(ids)
        else:
            here = _kept_here(session, model, ids) if model.replica else _of(session, model, ids)
            found |= {(label, pk): key for pk, key in here.items()}
    calls: dict[str, tuple[str, JsonObject]] = {
        owner: ("natural-keys", {"objects": objects}) for owner, objects in elsewhere.items()
    }
    for told in client.call_all(calls).values():
        if isinstance(told, client.ServiceDown):
            raise ServiceUnavailable(f"{told} It is needed to say what references are called.")
        found |= {(label, int(pk)): key for label, of in told["keys"].items() for pk, key in of.items()}
    return {
        (label, pk): key if key.keys() <= {*natural_keys.paths(base.model_of(label))} else numbered(pk)
        for (label, pk), key in found.items()
    }


def answer(session: Session, base: type[Record], service: str, asked: JsonObject) -> JsonObject:
    """The keys of objects that `service` may refer to, for `keys` there. Raises Forbidden."""
    told = {}
    for label, ids in asked["objects"].items():
        model = owning.published(base, label)
        if service not in CONTRACTS[label].holders:
            raise Forbidden(f"The contract of {label} does not give it to {service}.")
        told[label] = {str(pk): key for pk, key in _of(session, model, set(ids)).items()}
    return {"keys": told}


def _known_here(model: type[Record]) -> bool:
    """Whether a replica has all that tells its object from others."""
    return CONTRACTS[model.label].key_unique and not model.identified_by


def _kept_here(session: Session, model: type[Any], ids: set[int]) -> dict[int, Key]:
    """The same for what a service keeps of the objects of another."""
    rows = session.execute(select(model.id, getattr(model, model.key)).where(owning.among(model.id, ids)))
    return {pk: _checked(pk, name) for pk, name in rows}


def _of(session: Session, model: type[Any], ids: set[int]) -> dict[int, Key]:
    """The keys by which `finding` finds these objects and no other."""
    blank = dict.fromkeys(natural_keys.paths(model), "")
    told = {pk: blank | key for pk, key in _composed(session, model, ids).items()}
    sought = {pk: text for pk, key in told.items() if (text := _sought(key))}
    found = finding.find(session, model, set(sought.values()))
    return {pk: told[pk] if pk in sought and found[sought[pk]] == pk else numbered(pk) for pk in told}


def _sought(key: Key) -> str:
    """The attributes that a key means an object by, as they are looked for; "" for what is an id."""
    try:
        meaning = parsing.to_reference(meant(key))
    except ValidationError:
        return ""
    return meaning.text if isinstance(meaning, parsing.ByAttributes) else ""


def _composed(session: Session, model: type[Any], ids: set[int], steps: int = 1) -> dict[int, Key]:
    """The same, not yet tried."""
    names = natural_keys.of(model)
    if not ids or not names or (steps >= natural_keys.MOST_STEPS and len(names) > 1):
        return {pk: numbered(pk) for pk in ids}
    if model.replica:
        return _kept_here(session, model, ids) if _known_here(model) else {pk: numbered(pk) for pk in ids}
    columns = [getattr(model, model.attributes[name].column) for name in names]
    rows = session.execute(select(model.id, *columns).where(owning.among(model.id, ids))).all()
    made: dict[int, Key] = {row[0]: {} for row in rows}
    for place, name in enumerate(names, 1):
        attribute, values = model.attributes[name], {row[0]: row[place] for row in rows}
        if attribute.is_reference:
            target = model.model_of(attribute.field.target)
            below = _composed(session, target, {each for each in values.values() if each is not None}, steps + 1)
            for pk, value in values.items():
                key = below.get(value, {"": ""}) if value is not None else {}
                made[pk] |= {f"{name}.{path}".rstrip("."): text for path, text in key.items()}
        elif name == names[-1]:
            for pk, value in values.items():
                made[pk] |= _checked(pk, value)
        else:
            for pk, value in values.items():
                made[pk][name] = "" if value is None else str(value)
    return {pk: key if number_of(key.setdefault("", "")) is None else numbered(pk) for pk, key in made.items()}


def _checked(pk: int, name: Any) -> Key:
    """Nothing, or what looks like an id, is no name."""
    text = "" if name is None else str(name)
    return {"": text} if text and number_of(text) is None else numbered(pk)


def meant(key: Mapping[str, str]) -> Any:
    """What the texts of a key mean in a write: attributes, an id, or None where all are blank."""
    if not any(key.values()):
        return None
    plain = key.get("", "")
    if (pk := number_of(plain)) is not None:
        return {"id": pk}
    said: JsonObject = {finding.CALLED: plain} if plain else {}
    return said | {name: dict(below)[""] if name == "id" else meant(dict(below)) for name, below in _by_first(key)}


def _by_first(key: Mapping[str, str]) -> Iterable[tuple[str, list[tuple[str, str]]]]:
    """The paths by their first name, each with what is left of them."""
    found: dict[str, list[tuple[str, str]]] = {}
    for path, text in key.items():
        name, _, rest = path.partition(".")
        if name:
            found.setdefault(name, []).append((rest, text))
    return found.items()
