"""Alembic runs this; all services do the same."""

from alembic import context

from shared.migrations import run

run(context.config)
