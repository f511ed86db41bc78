"""A rack and the devices mounted in it: which units are free, what fits where, and what each unit shows.

Units are numbered from 1. A device occupies its units on its own face, a full-depth device on both; a device
without a position is in the rack but takes no unit.
"""

from collections.abc import Iterator
from dataclasses import dataclass

FRONT = 0
REAR = 1


@dataclass(frozen=True)
class MountedDevice:
    """A device of a rack; `position` is its lowest unit, `height` is in units and may be 0."""

    id: int | None
    position: int | None
    height: int
    face: int | None
    full_depth: bool

    @property
    def units(self) -> range:
        if self.position is None:
            return range(0)
        return range(self.position, self.position + self.height)

    def is_seen_from(self, face: int | None) -> bool:
        """Whether the device takes up that face; `None` asks for both faces at once."""
        return face is None or self.full_depth or self.face == face


@dataclass(frozen=True)
class Unit:
    """One unit of an elevation, as seen from `face`."""

    number: int
    face: int
    device: MountedDevice | None

    @property
    def name(self) -> str:
        return f"U{self.number}"


@dataclass(frozen=True)
class RackElevation:
    """A rack of `height` units; `desc_units` numbers them from the top down."""

    height: int
    devices: tuple[MountedDevice, ...] = ()
    desc_units: bool = False

    def available_units(self, height: int = 1, face: int | None = None, exclude: int | None = None) -> list[int]:
        """The units, ascending, in which a device of that height can stand.

        `face` None is a full-depth device, which needs both faces. `exclude` is the id of a device to
        ignore, usually the one that is about to move.
        """
        taken = {unit for device in self._others(exclude) if device.is_seen_from(face) for unit in device.units}
        highest_start = self.height - height + 1 if height else self.height
        return [start for start in range(1, highest_start + 1) if taken.isdisjoint(range(start, start + height))]

    def fits(self, device: MountedDevice) -> bool:
        """Whether the device fits at its position, ignoring the place it has now; without units it fits anywhere."""
        inside = not device.units or (device.units[0] >= 1 and device.units[-1] <= self.height)
        return inside and not self.in_the_way_of(device)

    def in_the_way_of(self, device: MountedDevice) -> list[MountedDevice]:
        """The other devices that occupy some of its units."""
        face, own = None if device.full_depth else device.face, {*device.units}
        return [each for each in self._others(device.id) if each.is_seen_from(face) and own & {*each.units}]

    def elevation(self, face: int = FRONT, exclude: int | None = None) -> list[Unit]:
        """Every unit from top to bottom, with the device seen from that face; a tall device repeats.

        A face that is neither front nor rear shows just the full-depth devices, as in NetBox 2.3.
        """
        seen = {unit: device for device in self._others(exclude) if device.is_seen_from(face) for unit in device.units}
        return [Unit(number, face, seen.get(number)) for number in self.unit_numbers()]

    def unit_numbers(self) -> range:
        """The units from top to bottom as they are labelled."""
        return range(1, self.height + 1) if self.desc_units else range(self.height, 0, -1)

    def highest_taken_unit(self) -> int:
        """The least height the rack must keep; 0 when nothing is mounted."""
        return max((device.units[-1] for device in self.devices if device.units), default=0)

    def _others(self, exclude: int | None) -> Iterator[MountedDevice]:
        return (device for device in self.devices if exclude is None or device.id != exclude)
