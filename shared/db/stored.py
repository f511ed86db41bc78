"""What this room asks of models and of those who serve them; it knows neither."""

from typing import Protocol

from sqlalchemy import Table


class StoredModel(Protocol):
    """A model: the name of its type and the table of its rows."""

    @property
    def label(self) -> str: ...

    @property
    def __table__(self) -> Table: ...


class Searchable(Protocol):
    """What serves the rows of a model, and searches some of its columns."""

    @property
    def model(self) -> StoredModel: ...

    @property
    def search(self) -> tuple[object, ...]: ...
