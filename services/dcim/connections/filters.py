"""Filters of the lists of connections: by the site or the device at an end."""

from sqlalchemy import ColumnElement, or_, select

from services.dcim.base import Base
from shared.query.filter_base import FEW_VALUES, Filter, SetFilter, one_of
from shared.query.filters import escape_like
from shared.query.paths import reach
from shared.schema.models import Record


def end_filters(
    model: type[Record], devices: tuple[tuple[str, ...], ...], sites: tuple[tuple[str, ...], ...]
) -> tuple[Filter, Filter]:
    """`device`, part of the name of a device at the end of one of the paths `devices`; `site`, the slug of that of one
    of the paths `sites`.
    """

    def by_device(texts: list[str]) -> ColumnElement[bool]:
        device = Base.model_of("dcim.device")
        written = (device.name.ilike(f"%{escape_like(text)}%", escape="\\") for text in texts)
        named = select(device.id).where(or_(*written))
        return or_(*(reach(model, path, named) for path in devices))

    def by_site(slugs: list[str]) -> ColumnElement[bool]:
        site = Base.model_of("dcim.site")
        named = select(site.id).where(one_of(site.slug, slugs))
        return or_(*(reach(model, (*path, "site"), named) for path in sites))

    device = SetFilter("device", by_device)
    device.most_values, device.searches = FEW_VALUES, True
    return device, SetFilter("site", by_site)
