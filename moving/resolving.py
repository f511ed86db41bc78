"""From a row to a body that this Patchbay takes: the ids of the source become ids here."""

from dataclasses import dataclass, field
from typing import Any

from moving.api import ApiClient
from moving.catalogue import Kind, TypeCatalogue
from moving.report import MoveReport
from moving.rows import Row
from moving.state import State

DEFINITIONS = "extras/custom-fields"


class Unresolved(Exception):
    """A row cannot be created, because something that it needs is missing."""


@dataclass
class Resolved:
    """The `body` to send; `later` says that references in it have to wait, `lost` what of the row is left out."""

    body: dict[str, Any] = field(default_factory=dict)
    later: bool = False
    lost: list[str] = field(default_factory=list)


class Resolver:
    """Knows which object became which, and the choices of the custom fields that are defined here."""

    def __init__(self, api: ApiClient, catalogue: TypeCatalogue, state: State, report: MoveReport) -> None:
        self._api, self._catalogue, self._state, self._report = api, catalogue, state, report
        self._choices: dict[str, dict[str, int]] | None = None

    def forget_definitions(self) -> None:
        """The custom fields have changed."""
        self._choices = None

    def resolve(self, row: Row, creating: bool, patient: bool = True) -> Resolved:
        """The body of `row`. Raises Unresolved.

        While `patient`, a reference to an object that may still come is set later; otherwise it is left out.
        """
        kind = self._catalogue.kinds[row.path]
        made = Resolved()
        for name, value in row.body.items():
            if name not in kind.fields:
                if value not in (None, "", [], {}):
                    self._report.no_place(f"{row.path}: {name}")
            elif name in kind.references:
                self._refer(kind, name, value, made, patient)
            elif name == kind.custom:
                made.body[name] = self._custom_values(value, made)
            elif value is not None or kind.nullable(name):
                made.body[name] = value
        if kind.of_any:
            self._belong(row, made)
        if row.path == DEFINITIONS:
            self._define(row, made, creating)
        return made

    def _refer(self, kind: Kind, name: str, value: Any, made: Resolved, patient: bool) -> None:
        label = kind.references[name]
        if value is None:
            if kind.nullable(name):
                made.body[name] = None
            return
        asked = value if name in kind.lists else [value]
        found = [self._state.target(label, each) for each in asked]
        missing = [each for each, target in zip(asked, found, strict=True) if target is None]
        if missing and name in kind.required:
            raise Unresolved(f"{name}: the {label} {missing[0]} is not here")
        if missing and patient:
            made.later = True
            return
        if missing:
            made.lost.append(f"{name}: the {label} {missing[0]} is not here")
        there = [target for target in found if target is not None]
        if name in kind.lists:
            made.body[name] = there
        elif there:
            made.body[name] = there[0]

    def _belong(self, row: Row, made: Resolved) -> None:
        target = self._state.target(str(row.body["content_type"]), row.body["object_id"])
        if target is None:
            raise Unresolved(f"the {row.body['content_type']} {row.body['object_id']} is not here")
        made.body["object_id"] = target

    def _custom_values(self, values: dict[str, Any], made: Resolved) -> dict[str, Any]:
        """The values by name; of a selection, the id of the choice that has the text."""
        if self._choices is None:
            self._choices = {
                each["name"]: {choice["value"]: choice["id"] for choice in each["choices"]}
                for each in self._api.objects(DEFINITIONS)
            }
        sent = {}
        for name, value in values.items():
            if name not in self._choices:
                made.lost.append(f"there is no custom field {name}")
            elif value is None or not self._choices[name]:
                sent[name] = value
            elif str(value) in self._choices[name]:
                sent[name] = self._choices[name][str(value)]
            else:
                made.lost.append(f"the custom field {name} has no choice {value}")
        return sent

    def _define(self, row: Row, made: Resolved, creating: bool) -> None:
        """A definition is required when all objects have their values; its choices keep the ids that they have."""
        if creating:
            made.later = made.later or bool(row.body.get("required"))
            made.body["required"] = False
        elif made.body.get("choices"):
            self.forget_definitions()
            self._custom_values({}, made)
            known = (self._choices or {}).get(str(row.body["name"]), {})
            made.body["choices"] = [
                choice | ({"id": known[choice["value"]]} if choice["value"] in known else {})
                for choice in made.body["choices"]
            ]
