"""Equipment that the tests of dcim share."""

import pytest

from tests.dcim.equipment import Equipment


@pytest.fixture(scope="session")
def equipment(api) -> Equipment:
    return Equipment(api)
