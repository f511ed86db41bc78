"""Upgrading: bringing a database up to date, step by step, while it is in use.

First come the migrations, each in a transaction; then the functions and triggers that are made from declarations, where
they are others than before, table by table; then the indexes. Where nothing is to be done, no lock is taken, and where
nothing was changed since the last time, nothing is looked for.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from alembic import command
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, NullPool, create_engine, exists, select, text

from shared.db import catalog, definitions, indexes, row_counts, trigram_indexes
from shared.db.advisory_locks import AdvisoryLock
from shared.db.definitions import DatabaseObject
from shared.db.revisions import known, unfit
from shared.db.schema_steps import Say, Step, carry_out
from shared.migrations import configuration, declared, folder
from shared.references import history_triggers, triggers


class NewerDatabase(Exception):
    """The database was migrated by a later release, in a way that this one cannot work with."""


def upgrade(app: str, database_url: str, say: Say = lambda _: None) -> None:
    """Bring the database of `app` to the newest revision, one migrating process at a time; `say` is told each step.

    What was done stays when a later step fails. What a later release has migrated is left as it is if this one can work
    on it: somebody rolls back. Raises NewerDatabase, StillLocked.
    """
    engine = create_engine(database_url, poolclass=NullPool)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as waiting:
        waiting.execute(AdvisoryLock.MIGRATION.kept())
        if catalog.is_as_left(waiting, app):
            return
        here = MigrationContext.configure(waiting).get_current_revision()
        if here not in (None, *known(app)):
            if reason := unfit(waiting, app):
                raise NewerDatabase(reason)
            say(f"nothing to do, it is at {here}, of a later release")
            return
        to_come = _to_come(app, here)
        if here is None:
            # Nobody uses it yet: what is to be done is done at once.
            with engine.begin() as connection:
                _migrate(app, to_come, connection)
                for step in _definitions(app, connection):
                    step.work(connection)
        else:
            scripts = ScriptDirectory(str(folder(app)))
            titles = {each: f"revision {each}: {scripts.get_revision(each).doc}" for each in to_come}
            carry_out(engine, [Step(titles[each], partial(_migrate, app, [each])) for each in to_come], say)
            with engine.connect() as connection:
                steps = _definitions(app, connection)
            carry_out(engine, steps, say)
        for name, statement in _indexes(app, waiting).items():
            indexes.make(engine, name, statement, say)
        catalog.note(waiting, app)


def _to_come(app: str, here: str | None) -> list[str]:
    """The revisions after `here`, in their order."""
    scripts = ScriptDirectory(str(folder(app)))
    return [each.revision for each in scripts.iterate_revisions("head", here or "base")][::-1]


def _migrate(app: str, to_come: list[str], connection: Connection) -> None:
    """A migration that takes something away says by `needed` which revision those must know who work on the schema."""
    command.upgrade(configuration(app, connection), to_come[-1])
    scripts = ScriptDirectory(str(folder(app)))
    for each in to_come:
        if needed := getattr(scripts.get_revision(each).module, "needed", None):
            connection.exec_driver_sql(f"COMMENT ON TABLE alembic_version IS '{needed}'")


def _definitions(app: str, connection: Connection) -> list[Step]:
    """What is to be made, replaced and dropped of functions and triggers, table by table."""
    base, resources = declared(app)
    wanted = definitions_of(app)
    by_table: dict[str, list[DatabaseObject]] = {"": []}
    for each in definitions.changed(connection, wanted):
        by_table.setdefault(each.table or row_counts.table_of(each), []).append(each)
    define = partial(_define, resources, base.metadata)
    steps = [
        Step(f"triggers of {table}" if table else "functions", partial(define, some))
        for table, some in by_table.items()
        if some
    ]
    if dropped := definitions.unwanted(connection, wanted):
        steps.append(Step("triggers that nothing needs any more", partial(_drop, dropped)))
    if not connection.scalar(select(exists().select_from(base.metadata.tables["reference_incarnation"]))):
        steps.append(Step("a name for the database", lambda each: each.execute(text(triggers.INCARNATION))))
    return steps


def definitions_of(app: str) -> list[DatabaseObject]:
    """The functions and triggers of the database of `app`."""
    base, resources = declared(app)
    changes = history_triggers.definitions(resources)
    return triggers.definitions(base, resources) + changes + row_counts.definitions(resources, base.metadata)


def _define(resources: Sequence[Any], metadata: MetaData, some: list[DatabaseObject], connection: Connection) -> None:
    for each in some:
        each.make(connection)
    row_counts.count(connection, resources, metadata, {row_counts.table_of(each) for each in some})


def _drop(dropped: set[tuple[str, str]], connection: Connection) -> None:
    for table, name in sorted(dropped):
        connection.exec_driver_sql(f'DROP TRIGGER "{name}" ON {table}')


def _indexes(app: str, connection: Connection) -> dict[str, str]:
    """The indexes that are missing: `{name: statement}`."""
    base, resources = declared(app)
    wanted = indexes.declared(base.metadata) | trigram_indexes.wanted(connection, resources)
    return indexes.missing(connection, wanted)
