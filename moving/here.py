"""The Patchbay of a data folder, asked by its superuser."""

from moving.api import ApiClient
from stack.folder import DataFolder
from stack.plan import Plan


def own_api(folder: DataFolder) -> ApiClient:
    """Raises CliError when there is none."""
    return ApiClient(Plan.load(folder).gateway_url, folder.admin_token.read_text().strip())
