"""The results of a report as one list of what it found, for people: what failed first."""

from marshmallow import fields as ma

from shared import JsonObject
from shared.http.responses import base_url
from shared.schema import fields
from shared.schema.representations import BaseSchema

LEVELS = ("failure", "warning", "info", "default", "success")


class FindingSchema(BaseSchema):
    """What a test of a report has found, or that it has found nothing; `object` has a `name` and a `url`."""

    level = ma.String()
    test = ma.String()
    object = ma.Dict(allow_none=True)
    message = ma.String()
    time = fields.DateTime(allow_none=True)


def findings(results: dict[str, JsonObject]) -> list[JsonObject]:
    """What the tests of a report have logged, and each test that has logged nothing."""
    found = [each for test, told in results.items() for each in _findings(test, told)]
    return sorted(found, key=lambda each: LEVELS.index(each["level"]))


def _findings(test: str, told: JsonObject) -> list[JsonObject]:
    """What the `log` of a test tells, or how often it has succeeded."""
    logged = [
        {
            "level": level,
            "test": test,
            "object": {"name": name, "url": f"{base_url()}{path}"} if name and path else None,
            "message": message,
            "time": time,
        }
        for time, level, name, path, message in told["log"]
    ]
    said = f"{told['success']} in order, {told['warning']} warnings, {told['failure']} failures."
    return logged or [{"level": "success", "test": test, "object": None, "message": said, "time": None}]
