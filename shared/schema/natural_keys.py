"""Natural keys: the attributes that people tell the objects of a type apart by, where programs use ids."""

from typing import TYPE_CHECKING

from shared.schema.contracts import CONTRACTS

if TYPE_CHECKING:
    from shared.schema.models import Record

# How many references a path may lead through.
MOST_STEPS = 3


def of(model: "type[Record]") -> tuple[str, ...]:
    """The names of the attributes, the last what an object is called among the others; () where nothing tells."""
    if model.identified_by:
        return tuple(name for name in model.identified_by if "." not in name)
    if model.replica or _alone(model, model.key):
        return (model.key,)
    if "name" in model.attributes:  # which is not unique, or it were known by now
        return ()
    required = (name for name, each in model.attributes.items() if each.field.required)
    return next(((name,) for name in required if _alone(model, name)), ())


def _alone(model: "type[Record]", name: str) -> bool:
    """Whether no two objects have the same value of this attribute."""
    attribute = model.attributes.get(name)
    column = model.__table__.columns.get(attribute.column) if attribute else None
    return column is not None and bool(column.unique)


def called_by(model: "type[Record]") -> tuple[str, ...]:
    """The attributes of one text each that an object may be called by, the best first."""
    names = dict.fromkeys((*of(model)[-1:], model.key, "slug", "name"))
    known = [name for name in names if name in model.attributes and not model.attributes[name].is_reference]
    return tuple(name for name in known if model.found_by is None or name in model.found_by)


def paths(model: "type[Record]", steps: int = 1) -> tuple[str, ...]:
    """What has to be said to mean an object: "" for what it is called, and dotted paths of what else tells it apart."""
    if model.replica:
        return ("", *CONTRACTS[model.label].identified_by[:-1])
    names = of(model)
    told = [name for name in names if name != names[-1] or model.attributes[name].is_reference]
    if steps >= MOST_STEPS:
        return ("",)
    found = [""]
    for name in told:
        attribute = model.attributes[name]
        below = paths(model.model_of(attribute.field.target), steps + 1) if attribute.is_reference else ("",)
        found += [f"{name}.{path}".rstrip(".") for path in below]
    return tuple(found)
