"""A stack that the tests of a module may hurt, a client of it, and its databases."""

from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count

import psycopg2
import pytest

from tests.client import Client
from tests.faults.network import Network
from tests.running import Stack
from tests.secrets.conftest import Keeper

_numbers = count(1)


@pytest.fixture(scope="module")
def network(make_stack: Callable[..., Stack]) -> Iterator[Network]:
    stack = make_stack()
    # The databases come first: how to reach them is known once they have passwords.
    assert stack.run("migrate").returncode == 0
    between = Network(stack)
    databases = {name: url for name, url in between.environment.items() if name.endswith("_DATABASE_URL")}
    assert stack.run("config", *(f"{name}={url}" for name, url in databases.items())).returncode == 0
    stack.environment |= {name: url for name, url in between.environment.items() if name not in databases}
    stack.start()
    yield between
    between.close()


@pytest.fixture(scope="module")
def hurt(network: Network) -> Stack:
    return network.stack


@pytest.fixture
def client(hurt: Stack) -> Client:
    return Client(hurt.base_url, hurt.token)


@pytest.fixture(scope="module")
def keyholder(hurt: Stack) -> Client:
    """The superuser with an open session for secrets."""
    client = Client(hurt.base_url, hurt.token)
    keeper = Keeper(client, client.get("users/users/1/")[1], hurt.token)
    keeper.make_key()
    keeper.unlock()
    return keeper


@pytest.fixture
def make(client: Client) -> Callable[..., dict]:
    """Makes an object with a name of its own."""

    def make(path: str, **more) -> dict:
        word = f"thing-{next(_numbers)}"
        return client.make(f"{path}/", name=word, slug=word, **more)

    return make


@pytest.fixture
def database(hurt: Stack) -> Iterator[Callable]:
    """`database(service)`: a connection to its database, in a transaction of the test's own."""
    opened: list[closing] = []

    def connect(service: str):
        connection = psycopg2.connect(hurt.database_url(service).replace("+psycopg2", ""))
        opened.append(closing(connection))
        return connection

    yield connect
    for connection in opened:
        connection.__exit__()


def execute(connection, statement: str, *values) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []
