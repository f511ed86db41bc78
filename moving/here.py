"""The Patchbay of a data folder, asked by its superuser."""

from moving.api import Api
from stack.folder import DataFolder
from stack.plan import Plan


def own_api(folder: DataFolder) -> Api:
    """Raises CliError when there is none."""
    return Api(Plan.load(folder).gateway_url, folder.admin_token.read_text().strip())
