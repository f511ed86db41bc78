"""The path below which browsers and programs find this gateway, where it is not alone on its host (`BASE_PATH`).

It is taken off each request at the door and becomes WSGI's `SCRIPT_NAME`: everything inside has paths without it. It is
put back where an address is told to a client: `Request.root`, `request.script_root` in the pages and their redirects,
and `X-Forwarded-Prefix` to the services.
"""

from typing import Any

from gateway.request import is_trusted
from shared.config import settings
from shared.setting_parsers import base_path


def split(environ: dict[str, Any]) -> None:
    """Divide the path that was asked for; one that has no prefix, as a proxy took it off, is as good."""
    prefix, path = _prefix(environ), environ["PATH_INFO"]
    if prefix and f"{path}/".startswith(f"{prefix}/"):
        environ["PATH_INFO"] = path.removeprefix(prefix) or "/"
    environ["SCRIPT_NAME"] = prefix


def _prefix(environ: dict[str, Any]) -> str:
    """What a trusted proxy says that it took off, or else the setting."""
    given = environ.get("HTTP_X_FORWARDED_PREFIX", "")
    if given and is_trusted(environ.get("REMOTE_ADDR", "")):
        try:
            return base_path(given)
        except ValueError:
            pass  # no path that could be told to anybody
    return settings.base_path
