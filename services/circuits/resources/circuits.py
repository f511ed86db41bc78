"""Circuits: the lines that a provider runs from one place to another."""

from sqlalchemy import ColumnElement, or_, select

from services.circuits.base import Base
from services.circuits.choices import CIRCUIT_STATUS
from shared.api.resource import Related, Resource
from shared.custom_fields.column import CustomFields
from shared.query.filters import escape_like
from shared.query.paths import Back, among
from shared.schema import columns
from shared.schema.columns import PROTECT, Tracked, long_text, reference, text


class Circuit(Base, CustomFields, Tracked):
    path = "circuits"
    nested = ("cid",)
    key = "cid"

    cid = text(50)
    provider_id = reference("circuits.provider", on_delete=PROTECT)
    type_id = reference("circuits.circuittype", on_delete=PROTECT)
    status = columns.choice(CIRCUIT_STATUS, default=1)
    tenant_id = reference("tenancy.tenant", on_delete=PROTECT, null=True)
    install_date = columns.date(null=True)
    commit_rate = columns.integer(null=True)
    description = text(100, blank=True)
    comments = long_text()


def by_termination(words: str) -> list[ColumnElement[bool]]:
    """A circuit is found by what is written at its ends, too."""
    end = Circuit.model_of("circuits.circuittermination")
    pattern = f"%{escape_like(words)}%"
    written = or_(*(column.ilike(pattern, escape="\\") for column in (end.xconnect_id, end.pp_info)))
    return [among(Circuit.id, select(end.circuit_id).where(written))]


circuits = Resource(
    Circuit,
    filters=(
        "cid",
        "install_date",
        "commit_rate",
        "provider",
        "type",
        "status",
        "tenant",
        Related("site", Back("circuits.circuittermination", "circuit"), "site"),
    ),
    search=("cid", "description", "comments"),
    search_extra=by_termination,
    order=("provider.name", "cid"),
    unique=(("provider", "cid"),),
)
