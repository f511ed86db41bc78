"""CSV as a client of the API sends and gets it."""

import csv
import io

from tests.client import Client

Rows = list[dict[str, str]]


def export(api: Client, path: str, **params) -> str:
    reply = api.request("GET", path, params={"format": "csv", **params})
    assert reply.status_code == 200, reply.text
    assert reply.headers["Content-Type"] == "text/csv; charset=utf-8"
    return reply.content.decode("utf-8-sig")


def rows(text: str) -> Rows:
    """The records as spreadsheets see them, with what keeps them from taking a cell for a formula."""
    return list(csv.DictReader(io.StringIO(text, newline="")))


def text_of(records: Rows) -> str:
    target = io.StringIO()
    writer = csv.DictWriter(target, list(records[0]))
    writer.writeheader()
    writer.writerows(records)
    return target.getvalue()


def send(api: Client, path: str, text: str | bytes, content_type: str = "text/csv", **params) -> tuple[int, dict]:
    content = text.encode() if isinstance(text, str) else text
    headers = {"Content-Type": content_type}
    reply = api.request("POST", path, data=content, headers=headers, params=params)
    return reply.status_code, reply.json()


def saved(api: Client, path: str, text: str, **params) -> dict:
    status, told = send(api, path, text, **params)
    assert status == 200, told
    return told


def refused(api: Client, path: str, text: str | bytes, *arguments, **params) -> list[tuple[int, str, str]]:
    """(line, column, message) of what is wrong."""
    status, told = send(api, path, text, *arguments, **params)
    assert status == 400, told
    return [(each["line"], each["column"], each["message"]) for each in told["errors"]]
