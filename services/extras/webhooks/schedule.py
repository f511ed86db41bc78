"""When a delivery that failed is tried again."""

DAY_SECONDS = 24 * 3600.0
FIRST_SECONDS = 2.0
# A receiver that does not answer is asked so often at least; what one refuses is offered again more rarely.
LONGEST_REST_SECONDS = 600.0
LONGEST_WAIT_SECONDS = 3 * 3600.0
GIVE_UP_SECONDS = 3 * DAY_SECONDS
# What waited for others, or for extras itself, is not set aside before it was tried so often.
FEWEST_ATTEMPTS = 5


def wait(failures: int, longest: float) -> float:
    """For how many seconds to wait after so many failures in a row: twice as long each time."""
    return min(FIRST_SECONDS * 2.0 ** min(failures - 1, 30), longest)


def is_over(attempts: int, age: float) -> bool:
    """Whether a delivery that was tried so often is set aside, so many seconds after its change arrived."""
    return attempts >= FEWEST_ATTEMPTS and age >= GIVE_UP_SECONDS
