"""The body of a request, whole before any service sees some of it.

A client that is slow, hangs up or sends too much so costs no service a thread, and leaves no half request behind.
"""

from dataclasses import dataclass
from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from gateway.errors import GatewayError
from shared.security import identity

_SPOOL_BYTES = 1 << 20
_PIECE = 1 << 16


@dataclass(frozen=True)
class Body:
    """A `file` at its start, its `length` in bytes, and the `digest` that its signature covers."""

    file: IO[bytes]
    length: int
    digest: str

    @classmethod
    def of(cls, content: bytes) -> "Body":
        return cls(BytesIO(content), len(content), identity.digest(content))

    @classmethod
    def received(cls, environ: dict[str, Any], limit: int) -> "Body | None":
        """The body that a client sends; None without one. Raises GatewayError (400, 413)."""
        declared = environ.get("CONTENT_LENGTH") or ""
        if not declared and not environ.get("HTTP_TRANSFER_ENCODING"):
            return None
        if declared and not (declared.isascii() and declared.isdigit()):
            raise GatewayError(400, "The length of the request body is not a number.")
        expected = int(declared) if declared else None
        if expected is not None and expected > limit:
            raise _too_large(limit)
        return cls(*_copied(environ["wsgi.input"], expected, limit))


def _copied(source: IO[bytes], expected: int | None, limit: int) -> tuple[IO[bytes], int, str]:
    target, length, hasher = SpooledTemporaryFile(max_size=_SPOOL_BYTES), 0, identity.hasher()  # noqa: SIM115
    while piece := _read(source, _PIECE if expected is None else min(_PIECE, expected - length)):
        length += len(piece)
        if length > limit:
            raise _too_large(limit)
        hasher.update(piece)
        target.write(piece)
    if expected is not None and length < expected:
        raise GatewayError(400, "The request body ended early.")
    target.seek(0)
    return target, length, hasher.hexdigest() if length else ""


def _read(source: IO[bytes], size: int) -> bytes:
    if not size:
        return b""
    try:
        return source.read(size)
    except Exception:  # a connection that broke, or chunks that are none; each server has errors of its own
        raise GatewayError(400, "The request body could not be read.") from None


def _too_large(limit: int) -> GatewayError:
    return GatewayError(413, f"The request body is larger than {limit} bytes.")
