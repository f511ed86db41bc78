"""A claim that its owner refuses is told as such, and not made again and again."""

import psycopg2
import pytest

from services.circuits.app import app
from shared.db.database import Database
from shared.http.errors import ServiceUnavailable
from shared.references import client, holding
from tests.running import Stack

ID = 987_654_321


def test_an_owner_that_refuses_is_not_asked_again(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise client.CallRefused("dcim", 403, b'{"detail":"The contract of dcim.site does not give it to circuits."}')

    monkeypatch.setattr(client, "call", refuse)
    here = app.extensions["patchbay.database"] = Database(stack.database_url("circuits"))
    with app.test_request_context(), pytest.raises(ServiceUnavailable) as raised:
        holding.claim(app.extensions["patchbay.base"].model_of("dcim.site"), {ID})
    here.engine.dispose()
    assert "The dcim service refuses this: 403" in str(raised.value.body)
    with psycopg2.connect(stack.database_url("circuits").replace("+psycopg2", "")) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT count(*) FROM reference_intent WHERE object_id = %s", (ID,))
        assert cursor.fetchone() == (0,)
    connection.close()
