"""What objects are called that only their ids are known of: each list is asked once, whatever their number."""

from collections.abc import Iterable, Mapping
from urllib.parse import urlencode

from gateway.web import display
from gateway.web.upstream_client import Question, answer_to, ask_together

# The objects in question: ids, by the path of their list.
Ids = Mapping[str, Iterable[int | str]]


def questions(ids: Ids) -> dict[str, Question]:
    """What asks each list which objects the `ids` are, by list."""
    return {
        path: Question(path, urlencode([("limit", 0), *(("id", pk) for pk in sorted(map(str, some)))]))
        for path, some in ids.items()
    }


def titles(ids: Ids) -> dict[tuple[str, str], str]:
    """By (list, id) what each is called; what is gone, or not for the reader, is missing."""
    asked = questions(ids)
    ask_together(asked.values())
    answers = {path: answer_to(question) for path, question in asked.items()}
    return {
        (path, str(each["id"])): display.title(each)
        for path, answer in answers.items()
        for each in (answer.json["results"] if answer.ok else ())
    }
