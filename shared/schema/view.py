"""Views: what an endpoint shows and takes of a model, if not all of it."""

from dataclasses import dataclass
from typing import Any

from shared.schema.models import Attribute, Record


@dataclass(frozen=True, eq=False)
class View:
    """What one endpoint, in the part of the API that belongs to `app`, shows and takes of a model.

    With a `path`, the objects have addresses of their own in that list.
    """

    app: str
    model: type[Record]
    attributes: dict[str, Attribute]
    path: str = ""

    @property
    def nested(self) -> tuple[str, ...]:
        return self.model.nested

    @property
    def elsewhere(self) -> tuple[str, str] | None:
        return None if self.path else self.model.elsewhere

    def list_path(self) -> str:
        return f"/api/{self.app}/{self.path}/" if self.path else self.model.list_path()

    def model_of(self, label: str) -> type[Any]:
        return self.model.model_of(label)

    def schema_name(self) -> str:
        named = self.path.title().replace("-", "") or self.model.__name__
        return self.app.title() + named
