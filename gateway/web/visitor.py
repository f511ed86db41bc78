"""What the gateway knows of whoever asks for a page."""

from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from shared.security.identity import Identity


@dataclass
class Visitor:
    """Kept for one request (`shared.http.context.of_request`): the `identities` of the visitor by app, as far as they
    were asked for, the `answers` of services by (path, query), the `public` host and scheme of this site, and the
    time `zone` that pages tell times in.
    """

    identities: dict[str, Identity] = field(default_factory=dict)
    answers: dict[tuple[str, str], Any] = field(default_factory=dict)
    public: tuple[str, str] | None = None
    zone: ZoneInfo | None = None
