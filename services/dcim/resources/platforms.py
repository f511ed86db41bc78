"""Platforms: the operating systems that devices run."""

from sqlalchemy import String

from services.dcim.base import Base
from services.dcim.choices import RPC_CLIENT
from shared.api.resource import Resource
from shared.schema.columns import PROTECT, choice, reference, slug, text
from shared.schema.fields import RawChoice


class Platform(Base):
    path = "platforms"

    name = text(50, unique=True)
    slug = slug()
    manufacturer_id = reference("dcim.manufacturer", on_delete=PROTECT, null=True)
    napalm_driver = text(50, blank=True)
    rpc_client = choice(RPC_CLIENT, type_=String(30), field=RawChoice, blank=True, listed=False)


platforms = Resource(Platform, filters=("name", "slug", "manufacturer"))
