"""Which protocol two programs of different releases use."""

import pytest

from shared.http.protocol import common


@pytest.mark.parametrize(
    "said, spoken, expected",
    [
        ("1", (1,), 1),
        ("2, 1", (1,), 1),
        ("1", (2, 1), 1),
        ("3, 2", (2, 1), 2),
        ("2,1", (2, 1), 2),
        ("3, 2", (1,), None),
        ("", (1,), None),
        (None, (1,), None),
        ("one, ²", (1,), None),
    ],
)
def test_two_programs_use_the_newest_that_both_speak(said, spoken, expected):
    assert common(said, spoken) == expected
