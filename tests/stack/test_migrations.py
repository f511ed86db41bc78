"""The migrations make what the models declare."""

import pytest
from sqlalchemy import create_engine

from shared.config import APPS
from shared.migrations import pending


@pytest.mark.parametrize("app", APPS)
def test_no_model_waits_for_a_migration(stack, app):
    engine = create_engine(stack.database_url(app))
    with engine.connect() as connection:
        assert pending(app, connection) == []
    engine.dispose()
