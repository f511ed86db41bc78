"""Migrations: one Alembic history per app, run from here."""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from alembic import command, context
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations.ops import (
    AddColumnOp,
    CreateForeignKeyOp,
    CreateIndexOp,
    CreateTableOp,
    DropIndexOp,
    OpContainer,
)
from alembic.script import ScriptDirectory
from sqlalchemy import (
    Connection,
    ForeignKeyConstraint,
    TypeDecorator,
    create_engine,
)

from shared.config import folder_of, package_of
from shared.db import trigram_indexes

# What Alembic does with a migration that it has written.
_HOOKS = {
    "hooks": "format, check",
    "check.type": "module",
    "check.module": "ruff",
    "check.options": "check --quiet --fix REVISION_SCRIPT_FILENAME",
    "format.type": "module",
    "format.module": "ruff",
    "format.options": "format --quiet REVISION_SCRIPT_FILENAME",
}


def folder(app: str) -> Path:
    return folder_of(app) / "migrations"


def head(app: str) -> str | None:
    """The newest revision of `app`."""
    return ScriptDirectory(str(folder(app))).get_current_head()


def revisions(app: str) -> set[str]:
    """Every revision of `app`."""
    return {each.revision for each in ScriptDirectory(str(folder(app))).walk_revisions()}


class NotRevised(Exception):
    """No migration can be written; the text says why."""


class NoDefault(NotRevised):
    """A new column that rows cannot be without has no value for the rows that are there."""


class NothingGained(NotRevised):
    """The models have nothing that the migrations do not make."""


def revise(app: str, database_url: str, message: str) -> None:
    """Write a migration with what the models have and `database_url`, a scratch database, has not.

    It runs on tables with rows, and passes the project's own style checks. Raises NoDefault, NothingGained.
    """
    engine = create_engine(database_url)
    with engine.begin() as connection:
        config = configuration(app, connection)
        number = len(list(ScriptDirectory.from_config(config).walk_revisions())) + 1
        command.upgrade(config, "head")
        command.revision(config, message, autogenerate=True, rev_id=f"{number:04}")
    engine.dispose()


def pending(app: str, connection: Connection) -> list[Any]:
    """The differences between the models and the database that no migration covers.

    Which indexes serve a search depends on the server (`trigram_indexes`): no migration makes them.
    """

    def include(_item: Any, name: str | None, kind: str, reflected: bool, _other: Any) -> bool:
        return not (kind == "index" and reflected and (name or "").startswith(trigram_indexes.PREFIX))

    compared = MigrationContext.configure(connection, opts={"include_object": include})
    found: list[Any] = compare_metadata(compared, declared(app)[0].metadata)
    return found


def declared(app: str) -> tuple[type[Any], Sequence[Any]]:
    """The declarative base and the resources of `app`."""
    module = import_module(f"{package_of(app)}.app")
    return module.Base, module.RESOURCES


def configuration(app: str, connection: Connection) -> Config:
    """What Alembic is to know of the history of `app`."""
    config = Config()
    config.set_main_option("script_location", str(folder(app)))
    config.set_main_option("path_separator", "os")
    config.attributes.update(app=app, connection=connection)
    for name, value in _HOOKS.items():
        config.set_section_option("post_write_hooks", name, value)
    return config


def run(config: Config) -> None:
    """What every `migrations/env.py` does."""
    metadata = declared(config.attributes["app"])[0].metadata
    context.configure(
        config.attributes["connection"],
        target_metadata=metadata,
        process_revision_directives=_finish_script,
        render_item=_as_stored,
    )
    with context.begin_transaction():
        context.run_migrations()


def _finish_script(context: Any, revision: Any, directives: list[Any]) -> None:
    script = directives[0]
    _require_defaults(script.upgrade_ops)
    _leave_indexes(script)
    _join_circles(script)
    if _is_empty(script.upgrade_ops):
        app = context.environment_context.config.attributes["app"]
        raise NothingGained(
            f"the models of {app} have gained nothing; is the resource in RESOURCES? (An index needs no migration;"
            " to move data, copy the last one and write what it does.)"
        )


def _is_empty(operations: Any) -> bool:
    """Whether there is nothing to do; a table of which only indexes differ is a container without any."""
    return all(isinstance(each, OpContainer) and _is_empty(each) for each in operations.ops)


def _require_defaults(operations: Any) -> None:
    """A column that is added to a table with rows needs a value for them. Raises NoDefault."""
    for operation in operations.ops:
        if isinstance(operation, OpContainer):
            _require_defaults(operation)
        elif isinstance(operation, AddColumnOp):
            column = operation.column
            if not column.nullable and column.server_default is None:
                raise NoDefault(
                    f"{operation.table_name}.{column.name} may not be null and has no default, so rows that exist"
                    " could not have it: declare a default, or null=True"
                )


def _leave_indexes(script: Any) -> None:
    """Indexes of tables with rows are made after the migration, while others go on (`upgrade`)."""
    made = {each.table_name for each in script.upgrade_ops.ops if isinstance(each, CreateTableOp)}
    for operations, kind in ((script.upgrade_ops, CreateIndexOp), (script.downgrade_ops, DropIndexOp)):
        for each in [operations, *(some for some in operations.ops if isinstance(some, OpContainer))]:
            each.ops = [op for op in each.ops if not isinstance(op, kind) or op.table_name in made]


def _join_circles(script: Any) -> None:
    """Make the circular keys of new tables after all of them; inside `create_table` they would be left out."""
    for table in [each for each in script.upgrade_ops.ops if isinstance(each, CreateTableOp)]:
        circular = [each for each in table.columns if isinstance(each, ForeignKeyConstraint) and each.use_alter]
        table.columns = [each for each in table.columns if each not in circular]
        for key in circular:
            made = CreateForeignKeyOp.from_constraint(key)
            script.upgrade_ops.ops.append(made)
            script.downgrade_ops.ops.insert(0, made.reverse())


def _as_stored(kind: str, item: Any, context: Any) -> str | Literal[False]:
    """A type of ours is, to the database, the type it decorates: a migration must not need our modules."""
    if kind != "type" or not isinstance(item, TypeDecorator):
        return False
    context.imports.add("from sqlalchemy.dialects import postgresql")
    return f"postgresql.{item.impl!r}"
