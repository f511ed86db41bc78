"""Regions: they stay a tree whatever happens at once."""

from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from tests.client import Client

_numbers = count(1)


@pytest.fixture
def region(api):
    def make(**given):
        name = f"tree-{next(_numbers)}"
        return api.make("dcim/regions/", name=name, slug=name, **given)["id"]

    return make


def test_two_moves_at_once_close_no_cycle(api, region, stack):
    for _ in range(5):
        one, other = region(), region()
        below_one, below_other = region(parent=one), region(parent=other)
        moves = [(one, below_other), (other, below_one)]

        def move(ids):
            return Client(stack.base_url, stack.token).patch(f"dcim/regions/{ids[0]}/", {"parent": ids[1]})

        with ThreadPoolExecutor(2) as pool:
            replies = list(pool.map(move, moves))
        assert sorted(status for status, _ in replies) == [200, 400]
        assert [list(reply) for status, reply in replies if status == 400] == [["parent"]]
        api.delete(f"dcim/regions/{one}/")
        api.delete(f"dcim/regions/{other}/")
