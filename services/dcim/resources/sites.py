"""Sites: the places that hold racks and devices."""

from sqlalchemy import ColumnElement

from services.dcim.base import Base
from services.dcim.choices import SITE_STATUS
from shared.api.graphs import SITE, graphs
from shared.api.resource import Resource
from shared.custom_fields.column import CustomFields
from shared.db import row_counts
from shared.references.lookups import Lookup
from shared.schema import columns, fields, natural_order
from shared.schema.attributes import Expression
from shared.schema.columns import PROTECT, SET_NULL, Tracked, computed, reference, text
from shared.schema.parsing import to_integer


def count_at(label: str) -> Expression:
    """The number of objects `label` that are at a site."""
    return lambda site: row_counts.referring(Base.model_of(label).__table__.c.site_id, site.id).scalar_subquery()


class Site(Base, CustomFields, Tracked):
    name = text(50, unique=True)
    slug = columns.slug()
    status = columns.choice(SITE_STATUS, default=1)
    region_id = reference("dcim.region", on_delete=SET_NULL, null=True)
    tenant_id = reference("tenancy.tenant", on_delete=PROTECT, null=True)
    facility = text(50, blank=True)
    asn = columns.integer(1, 2**32 - 1, null=True)
    time_zone = columns.time_zone()
    description = text(100, blank=True)
    physical_address = text(200, blank=True)
    shipping_address = text(200, blank=True)
    contact_name = text(50, blank=True)
    contact_phone = text(20, blank=True)
    contact_email = columns.email()
    comments = columns.long_text()
    name_order = columns.sort_key("name", natural_order.name_key)
    count_racks = computed(fields.Integer(), count_at("dcim.rack"))
    count_devices = computed(fields.Integer(), count_at("dcim.device"))


def by_asn(words: str) -> list[ColumnElement[bool]]:
    number = to_integer(words)
    return [Site.asn == number] if number is not None and 0 < number < 2**32 else []


sites = Resource(
    Site,
    filters=(
        "name",
        "slug",
        "facility",
        "asn",
        "contact_name",
        "contact_phone",
        "contact_email",
        "status",
        "region",
        "tenant",
    ),
    search=(
        "name",
        "facility",
        "description",
        "physical_address",
        "shipping_address",
        "contact_name",
        "contact_phone",
        "contact_email",
        "comments",
    ),
    search_extra=by_asn,
    order=("name_order",),
    lookups=(
        # Ansible's inventory reads no site without `prefix_count`, as NetBox 2.5 and later call it.
        Lookup("ipam", "site-counts", {"count_prefixes": 0, "count_vlans": 0}, also={"prefix_count": "count_prefixes"}),
        Lookup("circuits", "site-counts", {"count_circuits": 0}),
    ),
    actions=(graphs(SITE),),
)
