"""What an object is called where it is spoken of: in a conflict, or as a dependent."""

from shared.schema.models import Record


def name_of(row: Record) -> str:
    """What `row` is called: as it says itself, else as the object that stands for it (the master of a chassis)."""
    model = type(row)
    for name in ("name", model.key, *model.nested[:1]):
        value = getattr(row, name, None)
        if value not in (None, ""):
            return name_of(value) if model.attributes[name].is_reference else str(value)
    return _numbered(row)


def described(row: Record) -> str:
    """What `row` is, its id and what it is called: `device 5 (sw1)`."""
    name, numbered = name_of(row), _numbered(row)
    return numbered if name == numbered else f"{numbered} ({name})"


def _numbered(row: Record) -> str:
    return f"{type(row).verbose_name} {row.id}"
