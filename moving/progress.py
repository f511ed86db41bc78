"""Progress of an import or export: a bar on a terminal, a line for each list otherwise."""

import sys
import time
from collections.abc import Mapping

import click

WIDTH = 30
SECONDS_BETWEEN = 0.1


class Progress:
    """Counts rows; `totals` are the expected numbers by list, as far as they are known."""

    def __init__(self, verb: str, totals: Mapping[str, int] | None = None) -> None:
        self._verb, self._totals = verb, totals or {}
        self._path, self._number, self._shown = "", 0, 0.0
        self._terminal = sys.stderr.isatty()

    def __call__(self, path: str, number: int) -> None:
        """Another `number` rows of the list `path`."""
        if path != self._path:
            self.end()
            self._path, self._number = path, 0
        self._number += number
        if self._terminal and time.monotonic() > self._shown + SECONDS_BETWEEN:
            self._shown = time.monotonic()
            self._show()

    def end(self) -> None:
        """The list is finished."""
        if self._path and self._terminal:
            self._show()
            click.echo("", err=True)
        elif self._path:
            click.echo(f"{self._verb} {self._path}: {self._number}", err=True)
        self._path = ""

    def _show(self) -> None:
        total = self._totals.get(self._path)
        bar = ""
        if total:
            done = min(WIDTH * self._number // total, WIDTH)
            bar = f" [{'#' * done}{' ' * (WIDTH - done)}]"
        click.echo(
            f"\r{self._verb} {self._path}:{bar} {self._number}{f'/{total}' if total else ''}", nl=False, err=True
        )
