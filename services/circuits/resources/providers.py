"""Providers: the companies that circuits are bought from."""

from services.circuits.base import Base
from shared.api.graphs import PROVIDER, graphs
from shared.api.resource import Related, Resource
from shared.custom_fields.column import CustomFields
from shared.query.paths import Back
from shared.schema import columns
from shared.schema.columns import Tracked, long_text, slug, text


class Provider(Base, CustomFields, Tracked):
    path = "providers"

    name = text(50, unique=True)
    slug = slug()
    asn = columns.integer(1, 2**32 - 1, null=True)
    account = text(30, blank=True)
    portal_url = columns.url()
    noc_contact = long_text()
    admin_contact = long_text()
    comments = long_text()


THROUGH_CIRCUITS = (Back("circuits.circuit", "provider"), Back("circuits.circuittermination", "circuit"), "site")

providers = Resource(
    Provider,
    filters=("name", "slug", "asn", "account", Related("site", *THROUGH_CIRCUITS)),
    search=("name", "account", "noc_contact", "admin_contact", "comments"),
    actions=(graphs(PROVIDER),),
)
