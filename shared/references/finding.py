"""Objects that a write means by their attributes (`"site": {"slug": "ams-1"}`), found by whoever owns them.

`{"called": "ams-1"}` means one by whatever it may be called: its key, else its slug, else its name.
"""

from collections.abc import Iterable
from typing import Any

import orjson
from marshmallow import ValidationError
from sqlalchemy import ColumnElement, Integer, case, column, literal, or_, select, true, values
from sqlalchemy.orm import Session, aliased

from shared import JsonObject
from shared.http.context import context
from shared.schema import fields, natural_keys
from shared.schema.changes import Change
from shared.schema.models import Attribute, Record
from shared.schema.parsing import ByAttributes, to_pk
from shared.schema.representations import Joins

# What is found: the id of the one object that fits, or why there is none.
Found = int | str
# The names that lead from a type to a value (`("device", "name")`), and whether that is null.
Path = tuple[str, ...]
Shape = tuple[tuple[Path, bool], ...]

MOST_SHAPES = 10
CALLED = "called"


def find(session: Session, model: type[Record], sought: Iterable[str]) -> dict[str, Found]:
    """What each text of `sought`, a JSON object of attributes, means; one statement for those of the same names."""
    found: dict[str, Found] = {}
    shapes: dict[Shape, dict[str, list[Any]]] = {}
    for text in sought:
        try:
            wanted = _read(model, orjson.loads(text))
        except ValidationError as error:
            found[text] = str(error.messages[0])
            continue
        shape = tuple((path, value is None) for path, value in wanted.items())
        given = [value for value in wanted.values() if value is not None]
        shapes.setdefault(shape, {})[text] = [each for value in given for each in _alternatives(value)]
    for number, (shape, texts) in enumerate(shapes.items()):
        if number < MOST_SHAPES:
            found |= _find(session, model, shape, texts)
        else:
            found |= dict.fromkeys(texts, f"At most {MOST_SHAPES} different sets of names can be used in one request.")
    return found


def _read(model: type[Record], attributes: JsonObject, steps: int = 1) -> dict[Path, Any]:
    """`{path: stored value}`, in the order of the paths. Raises ValidationError."""
    wanted: dict[Path, Any] = {}
    for name, value in sorted(attributes.items()):
        if name == CALLED:
            wanted[name,] = _names(model, value)
            continue
        attribute = model.attributes.get(name)
        if attribute is None or not _identifies(model, attribute):
            raise ValidationError(f'A {model.verbose_name} cannot be found by "{name}".')
        if attribute.is_reference and isinstance(value, dict) and "id" not in value:
            if steps >= natural_keys.MOST_STEPS:
                raise ValidationError(f"References can be followed over {natural_keys.MOST_STEPS} steps at most.")
            below = _read(model.model_of(attribute.field.target), value, steps + 1)
            wanted |= {(name, *path): each for path, each in below.items()}
        else:
            wanted[name,] = _value(attribute, value)
    return wanted


def _identifies(model: type[Record], attribute: Attribute) -> bool:
    """Whether objects can be found by it: what is shown of them and kept in a column of its own, as one value."""
    plain = attribute.is_reference or not isinstance(attribute.field, (fields.Json, fields.References))
    allowed = model.found_by is None or attribute.name in model.found_by
    return plain and allowed and attribute.readable and attribute.column in model.__table__.columns


def _names(model: type[Record], text: Any) -> tuple[Any, ...]:
    """What each attribute that an object may be called by would be, None for what `text` cannot be."""
    if not isinstance(text, str):
        raise ValidationError(f"{CALLED}: a text is needed.")
    found = []
    for name in natural_keys.called_by(model):
        try:
            found.append(model.attributes[name].field.deserialize(text))
        except ValidationError:
            found.append(None)
    if not any(each is not None for each in found):
        raise ValidationError(f'No {model.verbose_name} can be called "{text}".')
    return tuple(found)


def _alternatives(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _value(attribute: Attribute, value: Any) -> Any:
    if isinstance(value, dict) and not attribute.is_reference:
        value = value.get(CALLED, value)
    if value is None:
        return None
    if attribute.is_reference:
        return to_pk(value["id"] if isinstance(value, dict) else value)
    if isinstance(value, (dict, list)):
        raise ValidationError(f"{attribute.name}: one value is needed.")
    try:
        return attribute.field.deserialize(value)
    except ValidationError as error:
        raise ValidationError(f"{attribute.name}: {error.messages[0]}") from error


def _find(session: Session, model: type[Record], shape: Shape, texts: dict[str, list[Any]]) -> dict[str, Found]:
    """The same for texts of one `shape`: two objects that fit equally well are enough to know of."""
    entity: Any = aliased(model)
    joins = Joins()
    columns = [(_columns(entity, model, path, joins), is_null) for path, is_null in shape]
    compared = [each for alternatives, is_null in columns if not is_null for each in alternatives]
    names = [column(f"value_{number}", each.type) for number, each in enumerate(compared)]
    rows = [(number, *wanted) for number, wanted in enumerate(texts.values())]
    given = values(column("number", Integer), *names, name="given").data(rows)
    same = iter([each == given.c[name.name].cast(each.type) for each, name in zip(compared, names, strict=True)])
    conditions: list[ColumnElement[bool]] = []
    worse: ColumnElement[int] = literal(0)
    for alternatives, is_null in columns:
        equal = [each.is_(None) if is_null else next(same) for each in alternatives]
        conditions.append(or_(*equal))
        if len(equal) > 1:
            worse = worse + case(*((each, place) for place, each in enumerate(equal)))
    those = select(entity.id, worse.label("worse")).select_from(joins.onto(entity)).where(*conditions)
    fitting = those.order_by("worse").limit(2).lateral()
    met: dict[int, list[tuple[int, int]]] = {}
    found = select(given.c.number, fitting.c.worse, fitting.c.id).select_from(given.join(fitting, true()))
    for number, rank, pk in session.execute(found):
        met.setdefault(number, []).append((rank, pk))
    return {text: _one(text, _best(met.get(number, []))) for number, text in enumerate(texts)}


def _best(met: list[tuple[int, int]]) -> list[int]:
    return [pk for rank, pk in met if rank == min(met)[0]]


def _columns(entity: Any, model: type[Record], path: Path, joins: Joins) -> list[ColumnElement[Any]]:
    """The column that `path` leads to, or those of the names of what it leads to."""
    for name in path[:-1]:
        attribute = model.attributes[name]
        entity, model = joins.follow(entity, model, attribute), model.model_of(attribute.field.target)
    names = natural_keys.called_by(model) if path[-1] == CALLED else path[-1:]
    return [getattr(entity, model.attributes[name].column) for name in names]


def identify(session: Session, model: type[Record], changes: list[Change]) -> dict[str, set[str]]:
    """Put ids for the objects that `changes` mean by attributes; one that is not found fails the change it is in.

    Returns `{label: texts}`, those that only their owner can find, unless it was asked in this request.
    """
    wanted: dict[str, set[str]] = {}
    for change, attribute in references_of(model, changes):
        texts = {each.text for each in _values(change, attribute) if isinstance(each, ByAttributes)}
        wanted.setdefault(attribute.field.target, set()).update(texts)
    if not any(wanted.values()):
        return {}
    known, asked = context().found, {}
    for label, texts in wanted.items():
        target = model.model_of(label)
        if not target.replica:
            known.update({(label, text): each for text, each in find(session, target, texts).items()})
        elif missing := {text for text in texts if (label, text) not in known}:
            asked[label] = missing
    for change, attribute in references_of(model, changes):
        if attribute.field.target not in asked:
            _put(change, attribute, known)
    return asked


def _put(change: Change, attribute: Attribute, known: dict[tuple[str, str], Found]) -> None:
    ids: list[Any] = []
    for each in _values(change, attribute):
        found = known[attribute.field.target, each.text] if isinstance(each, ByAttributes) else each
        if isinstance(found, str):
            change.fail(found, attribute.name)
        else:
            ids.append(found)
    if attribute.name in change.errors:
        del change.values[attribute.name]
    elif attribute.is_list:
        change.values[attribute.name] = list(dict.fromkeys(ids))
    elif ids:
        change.values[attribute.name] = ids[0]


def references_of(model: type[Record], changes: list[Change]) -> list[tuple[Change, Attribute]]:
    """What the changes say of each reference and list of them."""
    referring = [a for a in model.attributes.values() if a.is_reference or a.is_list]
    return [(change, attribute) for change in changes for attribute in referring if attribute.name in change.values]


def ids_of(change: Change, attribute: Attribute) -> list[int]:
    """The ids of what a change says of a reference, or a list of them; what is yet to be found has none."""
    return [each for each in _values(change, attribute) if not isinstance(each, ByAttributes)]


def _values(change: Change, attribute: Attribute) -> list[Any]:
    value = change.values[attribute.name]
    return value if attribute.is_list else [] if value is None else [value]


def _one(text: str, ids: list[int]) -> Found:
    if len(ids) == 1:
        return ids[0]
    if ids:
        return f"Multiple objects match the provided attributes: {text}"
    return f"Related object not found using the provided attributes: {text}"
