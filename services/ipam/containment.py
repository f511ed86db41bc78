"""What lies in a network, for the pages of prefixes and aggregates."""

from collections.abc import Callable

from sqlalchemy import Connection, select

from services.ipam.base import Base


def lying_in(label: str, name: str) -> Callable[[Connection, int], dict[str, str] | None]:
    """The query of what lies in an object of type `label` and its VRF; the filter `name` takes a network."""

    def query(connection: Connection, pk: int) -> dict[str, str] | None:
        model = Base.model_of(label)
        row = connection.execute(select(model.__table__).where(model.id == pk)).one_or_none()
        if row is None:
            return None
        vrf = {"vrf_id": str(row.vrf_id or "null")} if "vrf" in model.attributes else {}
        return {name: str(row.prefix), **vrf}

    return query
