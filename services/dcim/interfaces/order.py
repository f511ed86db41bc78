"""Natural order of interface names: by their place in the chassis, or by their type first.

Which of the two applies is the `interface_ordering` of the device type that was asked for. A name such as
`xe-0/1/2:3.100` is type `xe-`, slot 0, subslot 1, position 2, channel 3, virtual circuit 100.
"""

import re
from dataclasses import dataclass

from shared.schema.natural_order import number_part, text_part

_TYPE = re.compile(r"[^0-9]+")
_PLACE = re.compile(
    r"[^0-9]*"
    r"(?P<slot>[0-9]{1,9})/"
    r"(?:(?P<subslot>[0-9]{1,9})(?:/(?P<position>[0-9]{1,9})(?:/(?P<subposition>[0-9]{1,9}))?)?)?"
)
_CHANNEL = re.compile(r":([0-9]{1,9})(?:\.[0-9]{1,9})?\Z")
_VIRTUAL_CIRCUIT = re.compile(r"\.([0-9]{1,9})\Z")
_ID = re.compile(r"[^0-9]+([0-9]{1,9})")


@dataclass(frozen=True)
class InterfaceName:
    """What an interface name says; `None` sorts last, while an absent subslot or deeper is 0."""

    name: str
    type: str | None
    slot: int | None
    subslot: int
    position: int
    subposition: int
    channel: int
    virtual_circuit: int
    id: int | None

    @classmethod
    def parse(cls, name: str) -> "InterfaceName":
        type_ = _TYPE.match(name)
        place = _PLACE.match(name)
        slot, *inner = place.groups() if place else (None, None, None, None)
        subslot, position, subposition = (int(digits or 0) for digits in inner)
        return cls(
            name=name,
            type=type_[0] if type_ else None,
            slot=None if slot is None else int(slot),
            subslot=subslot,
            position=position,
            subposition=subposition,
            channel=_first_number(_CHANNEL.search(name)) or 0,
            virtual_circuit=_first_number(_VIRTUAL_CIRCUIT.search(name)) or 0,
            id=_first_number(_ID.fullmatch(name)),
        )


def position_key(name: str) -> str:
    """The key of `interface_ordering` 1: slot and position first, type after them."""
    parsed = InterfaceName.parse(name)
    return (
        number_part(parsed.slot)
        + _inner_place(parsed)
        + number_part(parsed.channel)
        + text_part(parsed.type)
        + number_part(parsed.virtual_circuit)
        + _tie_break(parsed)
    )


def name_key(name: str) -> str:
    """The key of `interface_ordering` 2: type first, slot and position after it."""
    parsed = InterfaceName.parse(name)
    return (
        text_part(parsed.type)
        + number_part(parsed.slot)
        + _inner_place(parsed)
        + number_part(parsed.channel)
        + number_part(parsed.virtual_circuit)
        + _tie_break(parsed)
    )


def _inner_place(parsed: InterfaceName) -> str:
    return number_part(parsed.subslot) + number_part(parsed.position) + number_part(parsed.subposition)


def _tie_break(parsed: InterfaceName) -> str:
    return number_part(parsed.id) + text_part(parsed.name)


def _first_number(match: re.Match[str] | None) -> int | None:
    return int(match[1]) if match else None
