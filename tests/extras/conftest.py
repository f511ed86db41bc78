"""What the tests of extras share."""

import pytest

from tests.client import Client


@pytest.fixture(scope="module")
def api(stack):
    return Client(stack.base_url, stack.token)
