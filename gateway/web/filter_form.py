"""The form that narrows a list: its fields, and what of the query it has none for."""

from functools import cached_property
from urllib.parse import urlencode

from flask import request

from gateway.web import columns, forms
from gateway.web.endpoint import Endpoint
from gateway.web.page_forms import filters_of

TOLD_ELSEWHERE = ("format", columns.PARAMETER)


class FilterForm:
    """The form for the list at `endpoint`, filled in as the query of the page says."""

    def __init__(self, endpoint: Endpoint | None) -> None:
        self._endpoint = endpoint

    @cached_property
    def inputs(self) -> list[forms.Input]:
        return filters_of(self._endpoint) if self._endpoint else []

    @property
    def searchable(self) -> bool:
        return bool(self._endpoint and self._endpoint.has_filter("q"))

    @property
    def narrowed(self) -> bool:
        return not forms.NO_FILTERS.issuperset(request.args)

    @cached_property
    def kept(self) -> list[tuple[str, str]]:
        """The parameters that no field stands for, which the form carries along."""
        fields = {*(["q"] if self.searchable else []), *(each.name for each in self.inputs)}
        return [(name, text) for name, text in self._asked if name not in fields]

    @property
    def removable(self) -> list[tuple[str, str]]:
        """(parameter, address of the list without it) for each that is kept and shown nowhere else on the page."""
        shown = dict.fromkeys(each for each in self.kept if each[0] not in TOLD_ELSEWHERE)
        return [("=".join(each), self._address_without(each)) for each in shown]

    def _address_without(self, parameter: tuple[str, str]) -> str:
        rest = [each for each in self._asked if each != parameter]
        return f"{request.path}?{urlencode(rest)}".rstrip("?")

    @property
    def _asked(self) -> list[tuple[str, str]]:
        """The query without the place in the list: what narrows it anew begins at its beginning."""
        return [each for each in request.args.items(multi=True) if each[0] not in columns.PLACE]
