"""How the text of a setting is read: each raises ValueError with what it must be, which begins with "must be"."""

import json
import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from limits import RateLimitItem

_PATH_PART = re.compile(r"(?!\.)[A-Za-z0-9._~-]+")


def boolean(text: str) -> bool:
    if text.lower() in ("true", "yes", "on", "1"):
        return True
    if text.lower() in ("false", "no", "off", "0"):
        return False
    raise ValueError("must be true or false")


def whole_number(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise ValueError("must be a whole number") from error


def seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise ValueError("must be a number of seconds") from error


def time_zone(text: str) -> str:
    try:
        return ZoneInfo(text).key
    except (ValueError, LookupError, OSError) as error:
        raise ValueError("must be the name of a time zone, such as Europe/Berlin") from error


def json_object(text: str) -> str:
    try:
        if isinstance(json.loads(text), dict):
            return text
    except ValueError:
        pass
    raise ValueError("must be a JSON object")


def addresses(text: str) -> tuple[str, ...]:
    return tuple(address(part.strip()) for part in text.split(","))


def address(text: str) -> str:
    try:
        parts = urlsplit(text)
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:
            return text
    except ValueError:  # of a port that is none
        pass
    raise ValueError("must be of the form http://host:port")


def base_path(text: str) -> str:
    """`/netbox`, also of `netbox/`; empty for the root."""
    parts = [part for part in text.split("/") if part]
    if not all(_PATH_PART.fullmatch(part) for part in parts):
        raise ValueError("must be a path such as /netbox, of letters, digits and the marks - . _ ~")
    return "".join(f"/{part}" for part in parts)


def networks(text: str) -> "tuple[IPv4Network | IPv6Network, ...]":
    try:
        return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise ValueError("must be networks such as 10.0.0.0/8, with commas in between") from error


def rate(text: str) -> "RateLimitItem":
    from limits import parse

    try:
        return parse(text)
    except ValueError as error:
        raise ValueError("must be a number of requests for a time, such as 100/minute") from error


def origins(text: str) -> tuple[str, ...]:
    parts = tuple(part.strip().rstrip("/") for part in text.split(","))
    if not all(part == "*" or address(part).count("/") == 2 for part in parts):
        raise ValueError("must be *, or sites such as https://tools.example.com, with commas in between")
    return parts


def log_format(text: str) -> str:
    if text not in ("plain", "json"):
        raise ValueError("must be plain or json")
    return text
