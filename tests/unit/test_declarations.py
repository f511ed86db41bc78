"""Declarations: a slip of the pen is one clear error, and a reference works whichever service its target is in."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import DeclarativeBase

from shared.api import declarations
from shared.api.resource import Related, Resource
from shared.db import prepared
from shared.schema.columns import CASCADE, PROTECT, integer, reference, text
from shared.schema.declaration_error import DeclarationError
from shared.schema.models import Record
from shared.schema.read_face import ReadFace
from shared.schema.representations import read_schema


def service_base(of: str) -> Any:
    """The base of the models of a service, with nothing declared yet."""

    class Base(Record, DeclarativeBase):
        app = of

    return Base


def cable_labels(of: str = "circuits", **declared) -> Resource:
    """A resource of a service of its own, whose type refers to one of the same service and to one of another."""
    base: Any = service_base(of)

    class Roll(base):
        nested = ("name",)
        path = "rolls"
        name = text(50)

    class CableLabel(base):
        nested = ("name",)
        name = text(50)
        length = integer(1, 300, default=10)
        roll_id = reference(f"{of}.roll", on_delete=CASCADE)
        site_id = reference("dcim.site", on_delete=PROTECT, null=True)

    return Resource(CableLabel, **{"path": "cable-labels", **declared})


def test_a_sound_declaration_passes():
    declarations.check(
        cable_labels(
            filters=("name", "roll", Related("place", "site")),
            search=("name",),
            order=("site.name", "-roll.name", "length?"),
            unique=(("roll", "name"),),
        )
    )


def test_only_a_holder_may_refer_to_the_type_of_another_service():
    with pytest.raises(DeclarationError, match="the reference site: tenancy is not among the `holders` of dcim.site"):
        declarations.check(cable_labels("tenancy"))


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        ({"filters": ("nmae",)}, "filters names 'nmae', which does not exist; did you mean 'name'?"),
        ({"filters": (Related("place", "sit"),)}, "Related('place') names 'sit', which does not exist; did you mean"),
        ({"search": ("naame",)}, "search names 'naame', which does not exist; did you mean 'name'?"),
        ({"order": ("lenght",)}, "order names 'lenght', which does not exist; did you mean 'length'?"),
        ({"order": ("rol.name",)}, "order names 'rol', which does not exist; did you mean 'roll'?"),
        ({"order": ("site.nam",)}, "order names 'nam', which does not exist; did you mean 'name'?"),
        ({"unique": (("roll", "nane"),)}, "unique names 'nane', which does not exist; did you mean 'name'?"),
        ({"path": ""}, "it has no path"),
    ],
)
def test_a_slip_names_the_resource_and_the_nearest_name(declared, told):
    with pytest.raises(DeclarationError) as caught:
        declarations.check(cable_labels(**declared))
    assert str(caught.value).startswith("the resource circuits.cablelabel: ") and told in str(caught.value)


def test_a_reference_to_an_unknown_type_of_another_service_says_so_when_it_is_declared():
    base: Any = service_base("circuits")
    with pytest.raises(DeclarationError, match=r"names 'dcim.sites', which does not exist; did you mean 'dcim.site'"):
        type("Label", (base,), {"site_id": reference("dcim.sites", on_delete=PROTECT)})


def test_a_reference_to_an_unknown_type_of_the_own_service_says_so():
    base: Any = service_base("circuits")

    class Roll(base):
        nested = ("name",)
        name = text(50)

    class Label(base):
        nested = ("name",)
        name = text(50)
        roll_id = reference("circuits.rol", on_delete=PROTECT)

    with pytest.raises(
        DeclarationError, match=r"the reference roll names 'circuits.rol'.*did you mean 'circuits.roll'"
    ):
        declarations.check(Resource(Label, path="labels"))


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        (
            {"label": text(50)},
            "declares 'label', a name that every model needs; write label_, which the API",
        ),
        ({"path": integer(1, 3)}, "declares 'path', a name that every model needs; write path_"),
        ({"key_id": reference("dcim.site", on_delete=PROTECT)}, "declares 'key', a name that every model needs"),
    ],
)
def test_an_attribute_that_would_hide_what_every_model_has_says_so(declared, told):
    base: Any = service_base("circuits")
    with pytest.raises(DeclarationError, match=f"circuits: CableLabel {told}"):
        type("CableLabel", (base,), declared)


def test_an_underscore_gives_an_attribute_a_name_that_every_model_needs():
    base: Any = service_base("circuits")
    label = type("CableLabel", (base,), {"label_": text(50), "nested": ("label",)})
    declarations.check(Resource(label, path="cable-labels", filters=("label",), order=("label_",)))
    assert set(read_schema(label)().fields) == {"id", "url", "label"}


def test_a_nested_name_that_no_attribute_has_says_so():
    base: Any = service_base("circuits")
    label = type("Label", (base,), {"title": text(50)})
    with pytest.raises(DeclarationError, match=r"nested names 'name'"):
        declarations.check(Resource(label, path="labels", order=("title",)))


def test_a_type_that_others_refer_to_can_be_referred_to_at_home_as_well():
    base: Any = service_base("dcim")

    class Device(base):
        name = text(64)
        display_name = text(64)

    class Interface(base):
        name = text(64)
        device_id = reference("dcim.device", on_delete=CASCADE)

    class CableLabel(base):
        nested = ("name",)
        name = text(50)
        interface_id = reference("dcim.interface", on_delete=CASCADE)

    declarations.check(Resource(CableLabel, path="cable-labels"))
    assert set(read_schema(CableLabel)().fields["interface"].schema.fields) == {"id", "url", "name", "device"}
    assert '"device"' in str(prepared.sql(select(ReadFace(CableLabel).json)))
