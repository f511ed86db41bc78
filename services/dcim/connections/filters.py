"""Filters of the lists of connections: by the site or the device at an end."""

from sqlalchemy import ColumnElement, or_, select

from services.dcim.base import Base
from shared.query.filter_base import Filter
from shared.query.filters import escape_like
from shared.query.paths import reach
from shared.schema.models import Record


def end_filters(
    model: type[Record], devices: tuple[tuple[str, ...], ...], sites: tuple[tuple[str, ...], ...]
) -> tuple[Filter, Filter]:
    """`device`, part of the name of a device at the end of one of the paths `devices`; `site`, the slug of that of one
    of the paths `sites`.
    """

    def by_device(text: str) -> ColumnElement[bool]:
        device = Base.model_of("dcim.device")
        named = select(device.id).where(device.name.ilike(f"%{escape_like(text)}%", escape="\\"))
        return or_(*(reach(model, path, named) for path in devices))

    def by_site(slug: str) -> ColumnElement[bool]:
        site = Base.model_of("dcim.site")
        named = select(site.id).where(site.slug == slug)
        return or_(*(reach(model, (*path, "site"), named) for path in sites))

    return Filter("device", by_device), Filter("site", by_site)
