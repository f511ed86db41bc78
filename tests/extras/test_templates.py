"""Graphs and exports: templates that users write, and what they cannot do."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import psutil
import pytest

from shared.rendering.sandbox import PROCESSES
from tests.client import Client
from tests.running import eventually, lives

ESCAPES = (
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ obj.__class__.__init__.__globals__ }}",
    "{{ queryset.__class__.__base__.__subclasses__() }}",
    "{{ self.__init__.__globals__ }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ range.__self__ }}{{ lipsum.__globals__['os'] }}",
    "{% for x in range(999999999) %}x{% endfor %}",
    "{{ 'x' * 9999999999 }}",
    "{% set ns = namespace(a='x' * 1000) %}{% for i in range(99999) %}{% set ns.a = ns.a ~ ns.a %}{% endfor %}",
    "{{ ''|attr('__class__') }}x{{ ''['__class__'].__mro__ }}",
    "{% import 'os' as os %}",
    "{{ unfinished",
    '{{ "\\ud800" }}',
    '{{ "%c"|format(55296) }}',
    '{{ nothing["\\ud800"]() }}',
    "{{ obj.name.encode('utf-16')() }}",
)


def test_a_graph_is_rendered_for_its_object(api):
    made = api.make("dcim/sites/", name="A & B", slug="graphed")
    source = "http://g/?n={{ obj.name }}&k={{ obj.pk }}&r={{ obj.region.name }}"
    api.make("extras/graphs/", type=300, name="g", source=source)
    status, graphs = api.get(f"dcim/sites/{made['id']}/graphs/")
    assert status == 200
    mine = next(each for each in graphs if each["name"] == "g")
    assert mine["embed_url"] == f"http://g/?n=A &amp; B&k={made['id']}&r="
    assert mine["type"] == {"value": 300, "label": "Site"}


def test_one_broken_graph_leaves_the_others_alone(api):
    provider = api.make("circuits/providers/", name="Graphed", slug="graphed")
    api.make("extras/graphs/", type=200, name="good", source="http://g/{{ obj.slug }}")
    api.make("extras/graphs/", type=200, name="bad", source="{{ ''.__class__.__mro__ }}")
    _, graphs = api.get(f"circuits/providers/{provider['id']}/graphs/")
    by_name = {each["name"]: each for each in graphs}
    assert by_name["good"]["embed_url"] == "http://g/graphed"
    assert by_name["bad"]["embed_url"] is None and by_name["bad"]["error"]


@pytest.fixture(scope="module")
def exported(api):
    api.make("tenancy/tenants/", name="Export 1", slug="export-1")
    api.make("tenancy/tenants/", name="Export 2", slug="export-2")
    return api.make(
        "extras/export-templates/",
        content_type="tenancy.tenant",
        name="list",
        template_code="{% for each in queryset %}{{ each.slug }},{% endfor %}",
        mime_type="text/csv",
        file_extension="csv",
    )


def test_a_filtered_list_becomes_a_file(api, exported):
    for accept in ("*/*", "text/html,*/*;q=0.8"):
        query = {"export": "list", "q": "export"}
        reply = api.request("GET", "tenancy/tenants/", params=query, headers={"Accept": accept})
        assert (reply.status_code, reply.text) == (200, "export-1,export-2,")
        assert reply.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert reply.headers["Content-Disposition"] == 'attachment; filename="netbox_tenants.csv"'
        assert reply.headers["Content-Security-Policy"].startswith("sandbox")


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{% for each in queryset %}{{ forloop.counter }}{{ forloop.last }}{% endfor %}", "1False2True"),
        ("{% for each in nothing %}{% empty %}none{% endfor %}", "none"),
        ("{% load helpers %}{% comment %}{{ x| }}{% endcomment %}{{ queryset|join:', ' }}", "Export 1, Export 2"),
        ("{{ queryset.count }} {{ queryset.first.pk == queryset.0.id }}", "2 True"),
        ("{% for each in queryset.all %}{{ each.group.name }}{{ each.cf.x|default:'-' }}{% endfor %}", "--"),
        ("{% ifequal queryset.0.slug 'export-1' %}{{ queryset.0.name|upper|cut:'EX' }}{% endifequal %}", "PORT 1"),
        ("{{ queryset.0.description|default:'a:b|c:d' }}{{ 'e|f:g' }}", "a:b|c:de|f:g"),
        ("{% autoescape on %}{{ '<&>' }}{{ '<'|make_list }}{% endautoescape %}", "<&>[&#39;&lt;&#39;]"),
        ("{{ queryset.0.last_updated|date:'Y' == queryset.0.created|date:'Y' }}|{{ none|date:'j.n.Y' }}", "True|"),
        ("{{ '10.0.0.1/24'.ip }} {{ '10.0.0.1/24'.network }} {{ none.ip.more }}", "10.0.0.1 10.0.0.0 "),
    ],
)
def test_templates_of_v2_3_work_as_they_are(api, exported, template, text):
    api.patch(f"extras/export-templates/{exported['id']}/", {"template_code": template})
    reply = api.request("GET", "tenancy/tenants/", params={"export": "list", "q": "export"})
    assert (reply.status_code, reply.text) == (200, text)


@pytest.mark.parametrize("media", ["csv", "text/x;a=1", "TEXT/Plain"])
def test_a_mime_type_is_what_its_author_says(api, exported, media):
    api.patch(f"extras/export-templates/{exported['id']}/", {"template_code": "x", "mime_type": media})
    reply = api.request("GET", "tenancy/tenants/", params={"export": "list"})
    assert (reply.status_code, reply.headers["Content-Type"]) == (200, f"{media}; charset=utf-8")


def test_choices_count_as_their_values(api):
    api.make("dcim/sites/", name="Chosen", slug="chosen", status=2)
    code = "{% for each in queryset %}{{ each.status }} {{ each.status.label }} {{ each.get_status_display }}"
    code += "{% if each.status == 2 %} {{ each }}{% endif %}{% endfor %}"
    api.make("extras/export-templates/", content_type="dcim.site", name="choices", template_code=code)
    reply = api.request("GET", "dcim/sites/", params={"export": "choices", "slug": "chosen"})
    assert reply.text == "2 Planned Planned Chosen"


def test_what_the_api_does_not_show_is_nothing(api, exported):
    template = "{% for each in queryset %}[{{ each.sites.all }}{% for site in each.sites %}x{% endfor %}]{% endfor %}"
    api.patch(f"extras/export-templates/{exported['id']}/", {"template_code": template})
    reply = api.request("GET", "tenancy/tenants/", params={"export": "list", "q": "export"})
    assert (reply.status_code, reply.text) == (200, "[][]")


@pytest.mark.parametrize("name", ["none", "nu\x00ll"])
def test_an_unknown_template_is_named(api, name):
    status, reply = api.get("tenancy/tenants/", export=name)
    assert (status, list(reply)) == (400, ["export"])


@pytest.mark.parametrize("escape", ESCAPES)
def test_escapes_get_an_error_never_data(api, exported, escape):
    path = f"extras/export-templates/{exported['id']}/"
    api.patch(path, {"template_code": escape})
    status, reply = api.get("tenancy/tenants/", export="list")
    assert (status, list(reply)) == (400, ["export"])


def test_what_an_export_template_may_not_be(api):
    good = {"content_type": "dcim.site", "name": "bad", "template_code": "x"}
    for wrong in (
        {"content_type": "dcim.nothing"},
        {"mime_type": "text/é"},
        {"file_extension": "a/b"},
    ):
        status, reply = api.post("extras/export-templates/", good | wrong)
        assert (status, list(reply)) == (400, list(wrong))


def rendering(stack) -> dict[str, list[psutil.Process]]:
    """The processes that render for each service, all of which were alive at one moment."""
    found: dict[str, list[psutil.Process]] = {}
    for name, master in stack.processes.items():
        for each in master.children(recursive=True):
            with suppress(psutil.Error):  # gone, or too busy to be looked at
                if "shared.rendering.process" in each.cmdline():
                    found.setdefault(name, []).append(each)
    return {name: [each for each in mine if lives(each)] for name, mine in found.items()}


def test_all_services_together_render_few_templates_at_once(stack, api):
    busy = "{% for x in '1234567890'|make_list %}{% for y in range(20000) %}{{ y }}{% endfor %}{% endfor %}"
    lists = {"dcim.site": "dcim/sites/", "tenancy.tenant": "tenancy/tenants/", "ipam.vrf": "ipam/vrfs/"}
    for label in lists:
        api.make("extras/export-templates/", content_type=label, name="busy", template_code=busy)
    most, seen, statuses, seen_enough = 0, set(), [], threading.Event()

    def all_were_seen() -> bool:
        nonlocal most
        now = rendering(stack)
        seen.update(name for name, mine in now.items() if mine)
        most = max(most, sum(map(len, now.values())))
        return seen == {"dcim", "tenancy", "ipam"} and most >= PROCESSES and len(statuses) > 24

    def export(path: str) -> None:
        client = Client(stack.base_url)
        while not seen_enough.is_set():
            statuses.append(client.request("GET", path, params={"export": "busy"}).status_code)

    with ThreadPoolExecutor(12) as pool:
        exports = [pool.submit(export, path) for path in [*lists.values()] * 4]
        try:
            eventually(all_were_seen, "each service renders, and as many at once as may")
        finally:
            seen_enough.set()
    for each in exports:
        each.result()
    # What waited too long is a 503; what the machine was too slow for, a 400.
    assert {200} <= set(statuses) <= {200, 400, 503}
    assert most == PROCESSES
