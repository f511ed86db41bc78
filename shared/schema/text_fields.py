"""Text that follows a rule: slugs, colours, addresses of the web and of mail, time zones."""

import re
import zoneinfo
from functools import cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from marshmallow import ValidationError
from marshmallow.validate import URL as URLRule
from marshmallow.validate import Email as EmailRule

from shared.schema.fields import Text

SLUG = re.compile(r"[-a-zA-Z0-9_]+")
HOST_END = re.compile(r"(?:^localhost|\.(?:[a-z\u00a1-\uffff-]{2,63}|xn--[a-z0-9]{1,59}))\.?$", re.IGNORECASE)
COLOR = re.compile(r"[0-9a-f]{6}")


class Slug(Text):
    def check(self, text: str) -> str:
        if not SLUG.fullmatch(text):
            raise ValidationError('Enter a valid "slug" consisting of letters, numbers, underscores or hyphens.')
        return text


class Color(Text):
    def check(self, text: str) -> str:
        if not COLOR.fullmatch(text):
            raise ValidationError("Enter a colour as six lower-case hexadecimal digits, without '#'.")
        return text


class URL(Text):
    """An address of the web; its host is a name with a top-level domain of letters, `localhost`, or an IP address."""

    _wrong = "Enter a valid URL."
    _rule = URLRule(schemes={"http", "https", "ftp", "ftps"}, error=_wrong)

    def check(self, text: str) -> str:
        self._rule(text)
        try:
            address = urlsplit(text)
            host, port = address.hostname or "", address.netloc.rpartition("@")[2].rpartition("]")[2].partition(":")[2]
        except ValueError:
            raise ValidationError(self._wrong) from None
        if not (_is_address(host) or HOST_END.search(host)) or len(port) == 1:
            raise ValidationError(self._wrong)
        return text


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


class Email(Text):
    """An address of mail; the part before the `@` is ASCII."""

    _wrong = "Enter a valid email address."
    _rule = EmailRule(error=_wrong)

    def check(self, text: str) -> str:
        if not text.rpartition("@")[0].isascii():
            raise ValidationError(self._wrong)
        return self._rule(text)


@cache
def time_zones() -> frozenset[str]:
    """The names of all time zones; the tz database also has a machine's own, and the lack of any."""
    return frozenset(zoneinfo.available_timezones() - {"localtime", "Factory"})


class TimeZone(Text):
    """The name of a time zone; stored blank, read as null, when there is none."""

    def check(self, text: str) -> str:
        if text not in time_zones():
            raise ValidationError(f'"{text}" is not a known time zone.')
        return text
