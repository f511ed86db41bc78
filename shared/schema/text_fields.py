"""Text that follows a rule: slugs, colours, addresses of the web and of mail, time zones."""

import re
import zoneinfo

from marshmallow import ValidationError
from marshmallow.validate import URL as URLRule
from marshmallow.validate import Email as EmailRule

from shared.schema.fields import Text

SLUG = re.compile(r"[-a-zA-Z0-9_]+")
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
    _rule = URLRule(schemes={"http", "https", "ftp", "ftps"}, error="Enter a valid URL.")

    def check(self, text: str) -> str:
        return self._rule(text)


class Email(Text):
    _rule = EmailRule(error="Enter a valid email address.")

    def check(self, text: str) -> str:
        return self._rule(text)


class TimeZone(Text):
    """The name of a time zone; stored blank, read as null, when there is none."""

    def check(self, text: str) -> str:
        if text not in zoneinfo.available_timezones():
            raise ValidationError(f'"{text}" is not a known time zone.')
        return text
