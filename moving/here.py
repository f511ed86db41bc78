"""The Patchbay of a data folder, asked by its superuser."""

from moving.api import ApiClient
from stack.cli_error import CliError
from stack.databases import TOKEN_VARIABLE
from stack.folder import DataFolder
from stack.plan import Plan


def own_api(folder: DataFolder) -> ApiClient:
    """Raises CliError when there is none."""
    plan = Plan.load(folder)
    if not plan.elsewhere:
        return ApiClient(plan.gateway_url, folder.admin_token.read_text().strip())
    if not (token := plan.environment.get(TOKEN_VARIABLE)):
        raise CliError(f"{TOKEN_VARIABLE} must be the token of a superuser")
    return ApiClient(plan.gateway_url, token)
