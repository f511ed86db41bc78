from dataclasses import replace

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from services.dcim.racks.elevation import FRONT, REAR, MountedDevice, RackElevation

SERVER = MountedDevice(id=1, position=3, height=2, face=FRONT, full_depth=True)
PATCH_PANEL = MountedDevice(id=2, position=6, height=1, face=REAR, full_depth=False)
SHELF = MountedDevice(id=3, position=None, height=4, face=FRONT, full_depth=False)
RACK = RackElevation(height=8, devices=(SERVER, PATCH_PANEL, SHELF))


def test_a_half_depth_device_leaves_the_other_face_free():
    assert RACK.available_units(1, FRONT) == [1, 2, 5, 6, 7, 8]
    assert RACK.available_units(1, REAR) == [1, 2, 5, 7, 8]


def test_a_full_depth_device_needs_both_faces():
    assert RACK.available_units(2, None) == [1, 7]


def test_a_device_thought_away_frees_its_units():
    assert RACK.available_units(2, None, exclude=SERVER.id) == [1, 2, 3, 4, 7]


def test_a_device_taller_than_the_rack_fits_nowhere():
    assert RackElevation(height=8).available_units(9) == []


@pytest.mark.parametrize(
    ("change", "fits"),
    [
        ({}, True),
        ({"position": 4}, True),
        ({"position": 5}, False),
        ({"position": 7}, True),
        ({"position": 8}, False),
        ({"position": 0}, False),
        ({"position": 5, "full_depth": False}, True),
        ({"position": 5, "full_depth": False, "face": REAR}, False),
        ({"height": 4}, False),
        ({"height": 0}, True),
        ({"position": None}, True),
        ({"id": None}, False),
    ],
)
def test_a_device_fits_where_its_units_are_free_of_others(change, fits):
    assert RACK.fits(replace(SERVER, **change)) is fits


def test_an_elevation_shows_every_unit_from_the_top():
    shown = [(unit.name, unit.device) for unit in RACK.elevation(REAR)]
    assert shown == [
        ("U8", None), ("U7", None), ("U6", PATCH_PANEL), ("U5", None),
        ("U4", SERVER), ("U3", SERVER), ("U2", None), ("U1", None),
    ]  # fmt: skip


def test_descending_units_are_labelled_from_the_top():
    assert [unit.number for unit in replace(RACK, desc_units=True).elevation()] == [1, 2, 3, 4, 5, 6, 7, 8]


def test_an_unknown_face_shows_just_full_depth_devices():
    shown = {unit.device for unit in RACK.elevation(face=2, exclude=None)}
    assert shown == {SERVER, None}


def test_an_excluded_device_is_not_shown():
    assert all(unit.device is None for unit in RACK.elevation(FRONT, exclude=SERVER.id))


def test_a_rack_must_keep_the_units_it_uses():
    assert RACK.highest_taken_unit() == 6
    assert RackElevation(height=42).highest_taken_unit() == 0


class RackUnderChange(RuleBasedStateMachine):
    """Whatever is accepted in whatever order, no two devices meet in one unit of one face."""

    mounted = Bundle("mounted")
    positions = st.none() | st.integers(-1, 14)
    heights = st.integers(0, 5)
    faces = st.sampled_from([FRONT, REAR])

    @initialize(height=st.integers(1, 12), desc_units=st.booleans())
    def empty_rack(self, height, desc_units):
        self.rack = RackElevation(height, desc_units=desc_units)
        self.next_id = 1

    def settle(self, device):
        """Accept the device as it is now described, if it fits; an older description of it is replaced."""
        if accepted := self.rack.fits(device):
            others = tuple(other for other in self.rack.devices if other.id != device.id)
            self.rack = replace(self.rack, devices=(*others, device))
        return accepted

    def current(self, device_id):
        return next((device for device in self.rack.devices if device.id == device_id), None)

    @rule(target=mounted, position=positions, height=heights, face=faces, full_depth=st.booleans())
    def mount(self, position, height, face, full_depth):
        self.next_id += 1
        self.settle(MountedDevice(self.next_id, position, height, face, full_depth))
        return self.next_id

    @rule(device_id=mounted, position=positions, face=faces)
    def move(self, device_id, position, face):
        if device := self.current(device_id):
            self.settle(replace(device, position=position, face=face))

    @rule(device_id=mounted, height=heights, full_depth=st.booleans())
    def change_type(self, device_id, height, full_depth):
        if device := self.current(device_id):
            self.settle(replace(device, height=height, full_depth=full_depth))

    @rule(device_id=consumes(mounted))
    def remove(self, device_id):
        rest = tuple(device for device in self.rack.devices if device.id != device_id)
        self.rack = replace(self.rack, devices=rest)

    @rule(height=st.integers(1, 12))
    def change_height(self, height):
        if height >= self.rack.highest_taken_unit():
            self.rack = replace(self.rack, height=height)

    @rule(height=st.integers(1, 5), face=faces, full_depth=st.booleans())
    def offered_units_are_exactly_those_that_fit(self, height, face, full_depth):
        candidates = [MountedDevice(None, unit, height, face, full_depth) for unit in range(-1, self.rack.height + 3)]
        free = [
            candidate.position
            for candidate in candidates
            if set(candidate.units) <= set(range(1, self.rack.height + 1))
            and not any(self.collide(candidate, device) for device in self.rack.devices)
        ]
        assert self.rack.available_units(height, None if full_depth else face) == free

    @staticmethod
    def slots(device):
        faces = (FRONT, REAR) if device.full_depth else (device.face,)
        return {(unit, face) for unit in device.units for face in faces}

    def collide(self, one, other):
        return bool(self.slots(one) & self.slots(other))

    @invariant()
    def every_slot_has_one_device_within_the_rack(self):
        taken = [slot for device in self.rack.devices for slot in self.slots(device)]
        assert len(taken) == len(set(taken))
        assert all(1 <= unit <= self.rack.height for unit, _ in taken)

    @invariant()
    def each_elevation_shows_just_what_stands_on_its_face(self):
        for face in (FRONT, REAR):
            shown = {(unit.number, unit.device.id) for unit in self.rack.elevation(face) if unit.device}
            standing = {
                (unit, device.id) for device in self.rack.devices for unit, side in self.slots(device) if side == face
            }
            assert shown == standing


TestRackUnderChange = RackUnderChange.TestCase
