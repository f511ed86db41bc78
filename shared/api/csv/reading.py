"""From the cells of a line to the body that a write takes."""

from shared import JsonObject
from shared.api.csv import sheet
from shared.api.csv.columns import Column, Misread, custom_value, value
from shared.api.csv.sheet import Line, Sheet
from shared.references import finding, naming
from shared.schema import natural_keys
from shared.schema.models import Attribute, Record
from shared.schema.parsing import to_integer

NO_PLACE = "This has no place here; see docs/moving.md."
NO_NAME = "What is it called?"


class Reading:
    """One line, being read: its `body`, the `id` that it names, and `errors` by heading."""

    def __init__(self, model: type[Record], line: Line, headings: list[str], columns: list[Column | None]) -> None:
        self.line, self.id, self.body = line, 0, JsonObject()
        self._model = model
        self.errors: dict[str, list[str]] = {}
        self.cells = dict(zip(headings, line.cells, strict=True))
        self._columns = list(zip(headings, columns, strict=True))

    def fail(self, heading: str, message: str) -> None:
        self.errors.setdefault(heading, []).append(message)

    def read(self) -> None:
        """Make the body. Blank cells say null, or nothing where an attribute cannot be null."""
        references: dict[str, dict[str, str]] = {}
        for heading, column in self._columns:
            cell = self.cells[heading]
            if column is None:
                if cell.strip().lower() not in ("", "false"):
                    self.fail(heading, NO_PLACE)
            elif column.attribute is None:
                self._read_id(heading, cell)
            elif column.definition is not None:
                values = self.body.setdefault(column.attribute.name, {})
                values[column.definition.name] = custom_value(column.definition, cell)
            elif column.attribute.is_reference or column.attribute.is_list:
                references.setdefault(column.attribute.name, {})[column.path] = cell
            else:
                self._try(heading, column.attribute, cell)
        for name, told in references.items():
            self._refer(self._model.attributes[name], told)
        for name in references:
            self._stay_within(self._model.attributes[name], references)

    def _read_id(self, heading: str, cell: str) -> None:
        pk = to_integer(cell) if cell.strip() else 0
        if pk is None or pk < 0:
            self.fail(heading, "A valid id is required.")
        else:
            self.id = pk

    def _try(self, heading: str, attribute: Attribute, cell: str) -> None:
        try:
            if cell != "":
                self.body[attribute.name] = value(attribute, cell)
            elif getattr(attribute.field, "blank", False) and not attribute.field.allow_none:
                self.body[attribute.name] = ""
            elif "array" in str(attribute.field.shape.get("type")):
                self.body[attribute.name] = []
            elif attribute.field.allow_none or attribute.field.required or "x-blank" in attribute.field.shape:
                self.body[attribute.name] = None
        except Misread as error:
            self.fail(heading, str(error))

    def _refer(self, attribute: Attribute, told: dict[str, str]) -> None:
        heading = self._heading(attribute)
        told = {path: cell.strip() for path, cell in told.items()}
        if not attribute.is_list:
            meant = naming.meant(told)
            if meant and told.get("") == "" and natural_keys.called_by(self._target(attribute)):
                self.fail(heading, NO_NAME)
            elif meant is not None or attribute.field.allow_none or attribute.field.required:
                self.body[attribute.name] = meant
            return
        try:
            values = {path: sheet.split(cell) for path, cell in told.items()}
            number = max(map(len, values.values()))
            padded = {path: each or [""] * number for path, each in values.items()}
            meant = [naming.meant(dict(zip(padded, row, strict=True))) for row in zip(*padded.values(), strict=True)]
        except ValueError as error:
            self.fail(heading, f"This is no list: {error}.")
            return
        if None in meant:
            self.fail(heading, NO_NAME)
        self.body[attribute.name] = [each for each in meant if each is not None]

    def _target(self, attribute: Attribute) -> type[Record]:
        found: type[Record] = self._model.model_of(attribute.field.target)
        return found

    def _heading(self, attribute: Attribute) -> str:
        return next(heading for heading, column in self._columns if column and column.attribute is attribute)

    def _stay_within(self, attribute: Attribute, told: dict[str, dict[str, str]]) -> None:
        """What tells an object apart and is said of the line itself holds for what it refers to, unless said there:
        the rack `R1` of a device in `ams-1` is that of `ams-1`.
        """
        meant = self.body.get(attribute.name)
        if not isinstance(meant, dict) or finding.CALLED not in meant:
            return
        said = {path.split(".")[0] for path in told[attribute.name]}
        for name in _outer(self._target(attribute)) - said:
            own = self._model.attributes.get(name)
            if own and own.is_reference and name in told and self.body.get(name):
                self.body[attribute.name] = meant = meant | {name: self.body[name]}


def _outer(target: type[Record]) -> set[str]:
    """The references that tell a `target` from others."""
    return {path.split(".")[0] for path in natural_keys.paths(target)} - {""}


def readings(model: type[Record], table: Sheet, columns: list[Column | None]) -> list[Reading]:
    """Every line, read."""
    found = [Reading(model, line, table.headings, columns) for line in table.lines]
    for each in found:
        each.read()
    return found
