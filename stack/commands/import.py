"""`patchbay import`: inventories from files, from a running NetBox or Patchbay, and device types of the library."""

import sys
from pathlib import Path

import click

from moving.importing import Importer
from stack.commands import data_option
from stack.folder import DataFolder

DEVICE_TYPES = "device-types"


@click.command("import")
@click.argument("sources", nargs=-1, metavar="FILE | device-types PATH…")
@click.option(
    "--from", "url", metavar="URL", help="Copy the inventory of the NetBox (v2.0 to v2.11) or Patchbay at URL."
)
@click.option("--token", default="", envvar="SOURCE_TOKEN", show_envvar=True, help="A token of a user of that one.")
@click.option(
    "--private-key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File with the private RSA key that opens the secrets, there and here.",
)
@click.option(
    "--keep-ids", is_flag=True, help="Objects keep the ids that they have at the source; for an empty Patchbay."
)
@click.option("--as", "name", metavar="NAME", help="The source by name, where its file or address has changed.")
@click.option("--type", "label", metavar="TYPE", help="FILE is CSV, of objects of this type: dcim.device.")
@click.option("--in-parts", is_flag=True, help="Save longer CSV than one request takes part by part, each all or none.")
@click.option("--dry-run", is_flag=True, help="Only say what would be created and changed.")
@data_option
def command(
    sources: tuple[str, ...],
    url: str | None,
    token: str,
    private_key: Path | None,
    keep_ids: bool,
    name: str | None,
    label: str | None,
    in_parts: bool,
    dry_run: bool,
    folder: DataFolder,
) -> None:
    """Create what a source has, and bring what is here already up to date.

    FILE is what `patchbay export` wrote, CSV, or a list of requests (docs/moving.md). An import that was interrupted
    goes on where it was; one that is repeated brings what has changed since. What is refused is told, and stops
    nothing; of CSV it stops everything.
    """
    if bool(url) == bool(sources):
        raise click.UsageError("Give a FILE, device-types with PATHs, or --from URL.")
    if len(sources) > 1 and sources[0] != DEVICE_TYPES:
        raise click.UsageError("One FILE at a time.")
    importer = Importer(folder, keep_ids=keep_ids, dry_run=dry_run, name=name)
    key = private_key.read_text() if private_key else None
    if url:
        importer.copy(url, token, key)
    elif sources[0] == DEVICE_TYPES:
        importer.device_types([Path(path) for path in sources[1:]])
    elif label:
        importer.load_sheet(Path(sources[0]), label, in_parts)
    elif sources[0].endswith(".csv"):
        raise click.UsageError("Of CSV say what it is: --type dcim.device.")
    else:
        importer.load_file(Path(sources[0]), key)
    sys.exit(bool(importer.report.total("refused")))
