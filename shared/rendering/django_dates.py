"""How Django writes dates and times: one letter for each part."""

import calendar
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

# The formats that a template can ask for by name, as NetBox 2.3 sets them.
FORMATS = {
    "DATE_FORMAT": "N j, Y",
    "TIME_FORMAT": "g:i a",
    "DATETIME_FORMAT": "N j, Y g:i a",
    "SHORT_DATE_FORMAT": "Y-m-d",
    "SHORT_TIME_FORMAT": "H:i:s",
    "SHORT_DATETIME_FORMAT": "Y-m-d H:i",
}
# Months as the Associated Press shortens them.
AP_MONTHS = ["Jan.", "Feb.", "March", "April", "May", "June", "July", "Aug.", "Sept.", "Oct.", "Nov.", "Dec."]
# What Jinja2 makes of a letter behind a backslash, which here means the letter itself.
LITERAL = dict(zip("\a\b\f\n\r\t\v", "abfnrtv", strict=True))
UNITS = (("year", 31536000), ("month", 2592000), ("week", 604800), ("day", 86400), ("hour", 3600), ("minute", 60))

Moment = datetime | None


def moment_of(value: object) -> Moment:
    """The moment that a text of the API names; None for what is none. A date is its midnight, UTC is meant."""
    try:
        read = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read


def formatted(value: object, form: str) -> str:
    """`value` as the letters of `form` say; a backslash takes a letter as it is. Empty for what is no moment."""
    moment = moment_of(value)
    if moment is None:
        return ""
    written, letters = [], iter(FORMATS.get(form, form))
    for letter in letters:
        shown = LETTERS.get(letter)
        literal = next(letters, "") if letter == "\\" else LITERAL.get(letter, letter)
        written.append(str(shown(moment)) if shown else literal)
    return "".join(written)


def apart(value: object, other: object, since: bool) -> str:
    """The time between `value` and `other`, which is now unless given: the two largest units of it."""
    here, there = moment_of(value), datetime.now(UTC) if other is None else moment_of(other)
    if here is None or there is None:
        return ""
    seconds = int((there - here).total_seconds()) * (1 if since else -1)
    for place, (name, length) in enumerate(UNITS):
        if seconds >= length:
            parts = [_counted(seconds // length, name)]
            for smaller, each in UNITS[place + 1 : place + 2]:
                if rest := seconds % length // each:
                    parts.append(_counted(rest, smaller))
            return ", ".join(parts)
    return "0\N{NO-BREAK SPACE}minutes"


def _counted(number: int, name: str) -> str:
    return f"{number}\N{NO-BREAK SPACE}{name}{'' if number == 1 else 's'}"


def _half(moment: datetime, am: str, pm: str) -> str:
    return pm if moment.hour > 11 else am


def _hour(moment: datetime) -> int:
    return moment.hour % 12 or 12


def _short_time(moment: datetime) -> str:
    """Hours and minutes, without those minutes that are none: `4 p.m.`, `noon`."""
    if moment.time() == time(0):
        return "midnight"
    if moment.time() == time(12):
        return "noon"
    minutes = f":{moment.minute:02}" if moment.minute else ""
    return f"{_hour(moment)}{minutes} {_half(moment, 'a.m.', 'p.m.')}"


def _ordinal(day: int) -> str:
    return "th" if day in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


LETTERS: dict[str, Callable[[datetime], object]] = {
    "a": lambda moment: _half(moment, "a.m.", "p.m."),
    "A": lambda moment: _half(moment, "AM", "PM"),
    "b": lambda moment: moment.strftime("%b").lower(),
    "c": lambda moment: moment.isoformat(),
    "d": lambda moment: f"{moment.day:02}",
    "D": lambda moment: moment.strftime("%a"),
    "e": lambda moment: moment.tzname(),
    "f": lambda moment: f"{_hour(moment)}:{moment.minute:02}" if moment.minute else _hour(moment),
    "F": lambda moment: moment.strftime("%B"),
    "g": _hour,
    "G": lambda moment: moment.hour,
    "h": lambda moment: f"{_hour(moment):02}",
    "H": lambda moment: f"{moment.hour:02}",
    "i": lambda moment: f"{moment.minute:02}",
    "j": lambda moment: moment.day,
    "l": lambda moment: moment.strftime("%A"),
    "L": lambda moment: calendar.isleap(moment.year),
    "m": lambda moment: f"{moment.month:02}",
    "M": lambda moment: moment.strftime("%b"),
    "n": lambda moment: moment.month,
    "N": lambda moment: AP_MONTHS[moment.month - 1],
    "o": lambda moment: moment.isocalendar().year,
    "O": lambda moment: moment.strftime("%z"),
    "P": _short_time,
    "r": lambda moment: moment.strftime("%a, %-d %b %Y %H:%M:%S %z"),
    "s": lambda moment: f"{moment.second:02}",
    "S": lambda moment: _ordinal(moment.day),
    "t": lambda moment: calendar.monthrange(moment.year, moment.month)[1],
    "T": lambda moment: moment.tzname(),
    "u": lambda moment: f"{moment.microsecond:06}",
    "U": lambda moment: int(moment.timestamp()),
    "w": lambda moment: (moment.weekday() + 1) % 7,
    "W": lambda moment: moment.isocalendar().week,
    "y": lambda moment: f"{moment.year % 100:02}",
    "Y": lambda moment: moment.year,
    "z": lambda moment: date(moment.year, moment.month, moment.day).timetuple().tm_yday,
    "Z": lambda moment: int((moment.utcoffset() or timedelta()).total_seconds()),
}
