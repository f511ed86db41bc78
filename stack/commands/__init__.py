"""One file per subcommand; each holds a click command called `command`."""

from collections.abc import Callable
from typing import Any

import click

from stack import ROOT
from stack.folder import DataFolder
from stack.settings_file import DATABASES


def data_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds `--data` and hands the command the DataFolder as `folder`."""
    return click.option(
        "--data",
        "folder",
        type=DataFolder,
        default=ROOT / "var",
        help="Folder that holds the databases, keys and logs.  [default: var beside ./patchbay]",
    )(function)


def services_argument(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds `[SERVICE]...`, handed on as `services`; the gateway is among them, for its database has the accounts."""
    return click.argument("services", nargs=-1, type=click.Choice(DATABASES), metavar="[SERVICE]...")(function)
