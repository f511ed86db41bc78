import pytest

from tests.conformance.exceptions import exceptions_of
from tests.conformance.replayer import TRANSCRIPTS, ApiSession, Difference, Transcript, replay


@pytest.fixture(scope="module")
def api(stack):
    with ApiSession(stack) as api:
        yield api


@pytest.mark.parametrize("path", sorted(TRANSCRIPTS.glob("*.json")), ids=lambda path: path.stem)
def test_every_reply_is_as_recorded(path, api):
    transcript = Transcript.load(path)
    if missing := api.missing(transcript.endpoints()):
        pytest.skip(f"not yet built: {', '.join(missing)}")
    api.empty_inventory()
    judge(replay(transcript, api), exceptions_of(transcript.name))


def judge(differences: dict[int, Difference], exceptions: dict[int, str]) -> None:
    """Fail on a step that differs without leave, or by a server error, and on leave that is not needed."""
    unexpected = [
        f"step {number}: {difference.text}"
        for number, difference in differences.items()
        if number not in exceptions or difference.status >= 500
    ]
    unneeded = [
        f"step {number} does not differ, yet is excepted: {reason}"
        for number, reason in exceptions.items()
        if number not in differences
    ]
    assert not unexpected + unneeded, "\n".join(unexpected + unneeded)
