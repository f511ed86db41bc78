"""Aggregates: the top of the hierarchy, space that a registry has handed out."""

from ipaddress import IPv4Network, IPv6Network, ip_network

from sqlalchemy import Float, case, cast, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, CIDR, INET, ExcludeConstraint
from sqlalchemy.orm import Session

from services.ipam import filters
from services.ipam.base import Base
from services.ipam.columns import family_of, network
from services.ipam.resources.prefixes import Prefix
from shared.api.resource import Resource
from shared.custom_fields.column import CustomFields
from shared.db.prepared import AnySelect
from shared.schema.changes import Change
from shared.schema.columns import PROTECT, Tracked, date, reference, text
from shared.schema.naming import described

SHOWN = 5


class Aggregate(Base, CustomFields, Tracked):
    path = "aggregates"
    nested = ("family", "prefix")
    key = "prefix"
    identified_by = ("prefix",)

    family = family_of("prefix")
    prefix = network(index=True)
    rir_id = reference("ipam.rir", on_delete=PROTECT)
    date_added = date(null=True)
    description = text(100, blank=True)

    __table_args__ = (ExcludeConstraint(("prefix", "&&"), name="ex_ipam_aggregate_prefix", using="spgist"),)


def validate_no_overlap(session: Session, changes: list[Change]) -> None:
    """No aggregate covers another."""
    wanted = func.unnest(cast([change.object.prefix for change in changes], ARRAY(CIDR))).table_valued("prefix")
    wanted = wanted.render_derived(name="wanted")
    met = select(wanted.c.prefix, Aggregate).join(Aggregate, Aggregate.prefix.op("&&")(wanted.c.prefix))
    stored: dict[str, list[Aggregate]] = {}
    for prefix, aggregate in session.execute(met):
        stored.setdefault(prefix, []).append(aggregate)
    earlier: list[IPv4Network | IPv6Network] = []
    for change in changes:
        mine = ip_network(change.object.prefix)
        others = [described(each) for each in stored.get(change.object.prefix, ()) if each.id != change.object.id]
        others += [f"{one} of this request" for one in earlier if mine.overlaps(one)]
        if others:
            change.fail(f"{mine} covers, or is covered by, another aggregate: {', '.join(others[:SHOWN])}.")
        earlier.append(mine)


def space_used() -> AnySelect:
    """What part of each aggregate is covered by prefixes, of whatever VRF.

    Prefixes lie in one another or apart, and each comes after those that it lies in: so one counts if it begins after
    the end of all before it.
    """
    bits = case((func.family(Prefix.prefix) == 4, 32), else_=128)
    first, last = (
        func.set_masklen(cast(Prefix.prefix, INET), bits),
        func.set_masklen(func.broadcast(Prefix.prefix), bits),
    )
    before = func.max(last).over(order_by=Prefix.prefix, rows=(None, -1))
    inside = select(Prefix.prefix, first.label("first"), before.label("before"))
    prefixes = inside.where(Prefix.prefix.op("<<=")(Aggregate.prefix)).lateral("prefixes")
    part = func.power(cast(2, Float), func.masklen(Aggregate.prefix) - func.masklen(prefixes.c.prefix))
    counts = or_(prefixes.c.before.is_(None), prefixes.c.before < prefixes.c.first)
    used = func.coalesce(func.sum(part), 0.0).label("used")
    return select(Aggregate.id, used).outerjoin(prefixes, counts).group_by(Aggregate.id)


aggregates = Resource(
    Aggregate,
    filters=(filters.FamilyFilter(Aggregate.prefix), "date_added", "rir"),
    search=("description",),
    search_extra=filters.search_containing(Aggregate.prefix),
    order=("prefix",),
    rules=(validate_no_overlap,),
    utilization=space_used,
)
