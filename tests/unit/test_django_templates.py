"""Templates that were made for NetBox 2.3 render as they did there.

`django_templates.json` has what Django 1.11.29, which NetBox 2.3.7 runs on, made of each template with the same names.
"""

import json
from pathlib import Path

import pytest

from shared.rendering.django_compat import shaped
from shared.rendering.process import answer

RECORDED = Path(__file__).with_name("django_templates.json")
NAMES = json.loads(RECORDED.read_text(), object_hook=shaped)["names"]


@pytest.mark.parametrize(("template", "text"), json.loads(RECORDED.read_text())["rendered"])
def test_a_template_is_rendered_as_by_django(template, text):
    assert answer({"it": template}, NAMES) == {"texts": {"it": text}}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        (
            "{{ obj.slug.split('-')[1] }} {{ obj.slug.upper() }} {{ obj.tags[:1]|map('upper')|join }}",
            "sw CORE-SW-1 RED",
        ),
        ("{% set total = obj.tags|length %}{{ total + 1 }} {{ 'x' if obj.down else 'y' }}", "4 y"),
        ("{% for tag in obj.tags %}{{ loop.index }}{{ loop.cycle('a', 'b') }}{% endfor %}", "1a2b3a"),
        ("{% macro hello(name) %}hello {{ name }}{% endmacro %}{{ hello('you') }}", "hello you"),
        ("{% with a=1, b=2 %}{{ a }}{{ b }}{% endwith %}{{ 'a,b'.split(',')|join(';') }}", "12a;b"),
        (
            "{{ '2026-01-02'|date('j.n.Y') }} {{ obj['region']['name'] }} {{ range(3)|list }}",
            "2.1.2026 Europe [0, 1, 2]",
        ),
    ],
)
def test_a_template_may_be_one_of_jinja(template, text):
    assert answer({"it": template}, NAMES) == {"texts": {"it": text}}


DEVICE = shaped(
    {
        "id": 5,
        "name": None,
        "display_name": "sw (5)",
        "status": shaped({"value": 1, "label": "Active"}),
        "face": shaped({"value": 0, "label": "Front"}),
        "address": "192.0.2.1/24",
        "custom_fields": shaped({"floor": shaped({"value": 2, "label": "second"}), "seats": 4}),
        "tags": ["red", "blue"],
        "none": [],
    }
)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ device }} {{ device.pk }} {{ device.nothing.at.all }}", "sw (5) 5 "),
        ("{{ device.get_status_display }} {{ device.status }} {{ device.get_none_display }}", "Active 1 "),
        ("{{ device.get_name_display }} {{ device.get_face_display }} {{ device.get_nothing_display }}", "None Front "),
        ("{{ device.cf.floor }} {{ device.cf.seats }}", "second 4"),
        ("{{ device.address.ip }} {{ device.name.ip }}", "192.0.2.1 "),
        ("{% if device.status == 1 %}up{% endif %}{% if device.face %}rear{% else %}front{% endif %}", "upfront"),
        ("{% if device.status == device.face %}same{% else %}other{% endif %}", "other"),
        (
            "{{ device.tags.count }} {{ device.tags.first }} {{ device.tags.last }} {{ device.tags.all|join:'+' }}",
            "2 red blue red+blue",
        ),
        ("{{ device.none.first }}{{ device.none.count }}", "None0"),
    ],
)
def test_objects_have_what_their_models_had_in_netbox(template, text):
    assert answer({"it": template}, {"device": DEVICE}) == {"texts": {"it": text}}


@pytest.mark.parametrize(
    "template",
    [
        "{{ obj.__class__ }}",
        "{{ obj.name.__class__.__mro__ }}",
        "{{ obj.tags.append }}",
        "{{ obj.name|attr('__class__') }}x{{ (obj.name|attr('__class__')).mro }}",
        "{{ obj|stringformat:'999999999s' }}{{ 1 / 0 }}",
        "{% firstof %}{% ifequal 1 %}{% endifequal %}",
        "{% now %}",
        "{{ obj.name|slice: }}",
        "{% regroup queryset %}",
        "{% cycle",
        "{% templatetag nothing %}",
    ],
)
def test_what_must_not_be_or_makes_no_sense_is_an_error(template):
    assert answer({"it": template}, NAMES).keys() == {"error"}


def test_no_width_is_too_large():
    for template in ("{{ 'x'|ljust:99999999 }}", "{{ 1|stringformat:'099999999d' }}", "{{ 1.5|floatformat:999999 }}"):
        assert len(answer({"it": template}, NAMES)["texts"]["it"]) <= 10_000
