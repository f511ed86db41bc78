"""The content security policy of pages: only what we ship runs or styles, and nothing is sent elsewhere."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from shared import JsonObject

IMAGES = "img-src 'self' data:"
POLICY = (
    f"default-src 'none'; script-src 'self'; style-src 'self'; {IMAGES}; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def with_images_of(pictures: Iterable[JsonObject]) -> str:
    """The policy of a page with `pictures` (`embed_url`) of other sites: graphs, as an administrator defined them."""
    found = (urlsplit(str(each.get("embed_url") or "")) for each in pictures)
    hosts = sorted({f"{each.scheme}://{each.netloc}" for each in found if _is_origin(each.scheme, each.netloc)})
    return POLICY.replace(IMAGES, " ".join((IMAGES, *hosts)))


def _is_origin(scheme: str, host: str) -> bool:
    """Whether it can stand in a policy as it is."""
    return scheme in ("http", "https") and bool(host) and not set(host) & set(" ;,'\"@\t\r\n") and host.isascii()
