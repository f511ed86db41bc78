"""What a data folder remembers of how it was set up, `settings.env`: lines of `NAME=value`, which every command reads.

The first `up` or `migrate` notes where each database is (`embedded`, or its URL) and the keys and folders that the
environment names. From then on the folder knows, and an environment that says otherwise is refused. What the file says
nothing about comes from the environment, or is the default.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from shared.config import APPS, SERVICES, SettingError, Settings, is_private, surroundings
from stack.cli_error import CliError
from stack.folder import DataFolder, write_private

EMBEDDED = "embedded"
DATABASES = (*SERVICES, "gateway")


def url_variable(owner: str) -> str:
    return f"PATCHBAY_{owner.upper()}_DATABASE_URL"


def replica_variable(owner: str) -> str:
    return f"PATCHBAY_{owner.upper()}_DATABASE_REPLICA_URL"


def key_variable(app: str) -> str:
    return f"PATCHBAY_{app.upper()}_KEY"


def read(folder: DataFolder) -> dict[str, str]:
    """What the folder remembers. Raises CliError."""
    return parse(folder.settings) if folder.settings.exists() else {}


def parse(path: Path) -> dict[str, str]:
    """The settings in a file. Raises CliError."""
    lines = path.read_text().splitlines()
    found = {}
    for number, line in enumerate(lines, 1):
        name, separator, value = line.partition("=")
        if line.strip() and not line.startswith("#"):
            if not separator:
                raise CliError(f"{path}, line {number}, is not of the form NAME=value")
            found[name.strip()] = value.strip()
    return found


def write(folder: DataFolder, values: Mapping[str, str]) -> None:
    """Remember `values` and nothing else. Raises CliError if one of them is wrong."""
    check(values)
    write_private(folder.settings, "".join(f"{name}={values[name]}\n" for name in sorted(values)))


def check(values: Mapping[str, str]) -> None:
    """Raises CliError unless `values` are such as the settings may have."""
    unknown = values.keys() - Settings.variables()
    if unknown:
        raise CliError(f"{min(unknown)} is no setting; docs/operations.md lists them")
    try:
        Settings.from_environment({name: value for name, value in values.items() if value != EMBEDDED})
    except SettingError as error:
        raise CliError(str(error)) from error


def environment(folder: DataFolder) -> dict[str, str]:
    """The environment of this command with what the folder remembers. Raises CliError where they contradict."""
    around, remembered = surroundings(), read(folder)
    for name, value in remembered.items():
        if around.get(name, value) != value:
            says = "something else" if is_private(name) else repr(value)
            raise CliError(
                f"{name} is not what {folder.path} was set up with: {folder.settings.name} says {says};"
                " ./patchbay config shows and changes it"
            )
    return around | remembered


def refuse_omission(folder: DataFolder, owners: Iterable[str]) -> None:
    """Raises CliError if nothing says where a database is, and those that the folder knows are elsewhere."""
    remembered = read(folder)
    elsewhere = [owner for owner in DATABASES if remembered.get(url_variable(owner), EMBEDDED) != EMBEDDED]
    for name in map(url_variable, owners):
        if elsewhere and not remembered.get(name) and not surroundings().get(name):
            raise CliError(
                f"{name} is not set, and the databases of {', '.join(elsewhere)} are not embedded either; say"
                f" where it is, or ./patchbay config {name}={EMBEDDED}"
            )


def remember(folder: DataFolder, owners: Iterable[str]) -> None:
    """Note how the databases `owners` are reached, and keys and folders that the environment names. Raises CliError."""
    around, remembered = environment(folder), read(folder)
    places = {url_variable(owner): around.get(url_variable(owner)) or EMBEDDED for owner in owners}
    named = (*map(key_variable, APPS), "MEDIA_ROOT", "REPORTS_ROOT")
    places |= {name: around[name] for name in named if around.get(name)}
    if places.items() - remembered.items():
        write(folder, remembered | places)
