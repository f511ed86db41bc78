"""Image files: checked on upload, stored below MEDIA_ROOT, served at /media/, and removed with their row."""

import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

from flask import Blueprint, Response, send_from_directory
from marshmallow import ValidationError
from PIL import Image, UnidentifiedImageError
from sqlalchemy import ColumnElement, select
from werkzeug.datastructures import FileStorage
from werkzeug.utils import secure_filename

from services.extras.base import Base
from shared import JsonObject
from shared.config import settings
from shared.db.database import database
from shared.db.prepared import BASE_URL
from shared.http.errors import NotFound
from shared.http.responses import base_url
from shared.schema import fields

FOLDER = "image-attachments"
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP")
EXTENSIONS = ("png", "jpg", "jpeg", "gif", "bmp", "webp")
MOST_PIXELS = 50_000_000
LONGEST_SIDE = 32767
SETTLED_SECONDS = 60
ADDRESS = re.compile(rf"https?://[^/?#]+/media/({FOLDER}/[^/?#]+)")
NO_FILE = "The submitted data was not a file. Send it as multipart/form-data."


@dataclass(frozen=True)
class Picture:
    """A picture that was sent: its bytes, its own file name in two parts, and its size."""

    content: bytes
    stem: str
    extension: str
    width: int
    height: int


class ImageFile(fields.Field):
    """A picture: taken from a form, kept as a path below MEDIA_ROOT, shown as an address.

    The address of a picture stands for it; whether it is the one that is kept is for a rule to see.
    """

    default_error_messages = {"required": "No file was submitted."}
    shape: ClassVar[JsonObject] = {"type": "string", "format": "uri", "x-file": True}

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if isinstance(value, str) and (address := ADDRESS.fullmatch(value)):
            return address[1]
        if not isinstance(value, FileStorage):
            raise ValidationError(NO_FILE)
        value.stream.seek(0)  # a write that claims its parent first is tried again, and reads it again
        return _checked(value.read(), value.filename or "")

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return f"{base_url()}/media/{value}"

    def sql(self, value: ColumnElement[Any]) -> ColumnElement[Any]:
        return BASE_URL.op("||")("/media/").op("||")(value)


def _checked(content: bytes, filename: str) -> Picture:
    stem, _, extension = PurePosixPath(filename).name.rpartition(".")
    if not stem or extension.lower() not in EXTENSIONS:
        raise ValidationError(f"The name of the file must end in one of {', '.join(EXTENSIONS)}.")
    width, height = _size(content)
    return Picture(content, stem, extension.lower(), width, height)


def _size(content: bytes) -> tuple[int, int]:
    try:
        picture = Image.open(BytesIO(content), formats=FORMATS)
        width, height = picture.size
        if width * height > MOST_PIXELS or max(width, height) > LONGEST_SIDE:
            raise Image.DecompressionBombError
        picture.verify()
    except Image.DecompressionBombError as error:
        raise ValidationError(
            f"An image has at most {MOST_PIXELS} pixels, and {LONGEST_SIDE} in a row or column."
        ) from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise ValidationError(
            "This is not an image, or it is broken. PNG, JPEG, GIF, BMP and WebP are taken."
        ) from error
    return width, height


def folder() -> Path:
    return Path(settings.media_root).resolve() / FOLDER


def store(picture: Picture, prefix: str, name: str) -> str:
    """Write the file under a name that no other has; returns its path below MEDIA_ROOT."""
    safe, ending = secure_filename(f"{prefix}_{name or picture.stem}")[:60], ""
    folder().mkdir(parents=True, exist_ok=True)
    while True:
        path = f"{FOLDER}/{safe}{ending}.{picture.extension}"
        try:
            with (folder().parent / path).open("xb") as file:
                file.write(picture.content)
            return path
        except FileExistsError:
            ending = f"_{secrets.token_hex(4)[1:]}"


served = Blueprint("media", __name__, url_prefix="/media")


@served.get(f"/{FOLDER}/<name>")
def serve(name: str) -> Response:
    """The file, if an attachment still has it; nothing in it can run as a page."""
    column = Base.model_of("extras.imageattachment").image
    with database().reading() as connection:
        if not connection.scalar(select(column).where(column == f"{FOLDER}/{name}")):
            raise NotFound
    reply = send_from_directory(folder(), name)
    reply.headers["X-Content-Type-Options"] = "nosniff"
    reply.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    reply.headers["Cache-Control"] = "private, no-cache"
    return reply


def tidy() -> None:
    """Remove the files that no attachment has any more, as after its parent was deleted in another service."""
    if not folder().is_dir():
        return
    old = time.time() - SETTLED_SECONDS
    files = {f"{FOLDER}/{each.name}": each for each in folder().iterdir()}
    column = Base.model_of("extras.imageattachment").image
    with database().reading() as connection:
        kept = set(connection.scalars(select(column)))
    for path in files.keys() - kept:
        if files[path].stat().st_mtime < old:
            files[path].unlink(missing_ok=True)
