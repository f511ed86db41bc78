"""Invariants: references that are allowed only while certain facts of their object hold.

A rule looks at what a write changes. The facts that allowed a reference may also change in another service, or by
a write to another type. Then a reference that no longer makes sense is removed, and an audit finds what is left.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import current_app
from sqlalchemy import Column, ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from shared.db.database import database
from shared.references.owning import among
from shared.schema.changes import Change, Rule

Touched = Mapping[str, Callable[[Collection[int]], ColumnElement[bool]]]


@dataclass(frozen=True, eq=False)
class Invariant:
    """`reference` is a column of a model, or the `target_id` of a list, of objects of the type `label`.

    `kept()` is the condition for it, on the row that refers. `touched` says of which types a change of objects may
    break it, and of which rows: `{label: condition(ids)}`. Where `lets_go` is false, users decide what becomes of it.
    """

    label: str
    reference: Column[Any]
    kept: Callable[[], ColumnElement[bool]]
    touched: Touched = field(default_factory=dict)
    lets_go: bool = True

    def broken(self, *where: ColumnElement[bool]) -> list[ColumnElement[bool]]:
        """The conditions on the rows that break it, of those for which `where` holds."""
        return [self.reference.is_not(None), ~self.kept(), *where]

    def let_go(self, session: Session, *where: ColumnElement[bool]) -> None:
        table = self.reference.table
        if not self.lets_go:
            return
        gone = delete(table) if self._of_list else update(table).values({self.reference: None})
        session.execute(gone.where(*self.broken(*where)))

    def owners(self, session: Session) -> set[int]:
        """The ids of the objects whose reference breaks it."""
        table = self.reference.table
        owner = table.c.owner_id if self._of_list else table.c.id
        return set(session.scalars(select(owner).where(*self.broken())))

    @property
    def _of_list(self) -> bool:
        return "owner_id" in self.reference.table.c


def declared() -> list[Invariant]:
    """Those of the current application."""
    found: list[Invariant] = current_app.extensions["patchbay.invariants"]
    return found


def let_go(session: Session, label: str, ids: Collection[int]) -> None:
    """Called after objects of a type have changed: removes the references that their new facts no longer allow."""
    for each in declared() if ids else ():
        if label in each.touched:
            each.let_go(session, each.touched[label](ids))


def when_changed(label: str, *columns: str) -> Rule[Any]:
    """The hook of a type, as `label` in what is `touched`: what its rows no longer allow when the `columns` change."""

    def on_save_let_go(session: Session, changes: list[Change]) -> None:
        let_go(session, label, [each.object.id for each in changes if not each.creating and each.changed(*columns)])

    return on_save_let_go


def among_rows(column: Any) -> Callable[[Iterable[int]], ColumnElement[bool]]:
    """For `touched`: the rows whose `column` is one of the objects themselves."""
    return lambda ids: among(column, ids)


def mend() -> None:
    """Remove every reference that is no longer allowed, whenever that happened."""

    def all_of_them(session: Session) -> None:
        for each in declared():
            each.let_go(session)

    database().run(all_of_them)
