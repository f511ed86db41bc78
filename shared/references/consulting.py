"""Consulting: what a holder knows of objects that are about to change, where its own rules depend on them.

While the owner has the rows locked, the holder releases its replicas, as before a delete: whoever wants to refer to one
must claim it again, waits for the owner, and then sees the new values. So the answer stays true until the commit.
"""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared import JsonObject
from shared.http.errors import ServiceUnavailable
from shared.references import client, lookups
from shared.schema.models import Record


def consult(
    session: Session, model: type[Record], ids: Collection[int], service: str, question: str
) -> dict[int, JsonObject]:
    """`{id: answer}` of `service` for those of the locked rows `ids` of `model` that it refers to, and knows of.

    Raises ServiceUnavailable.
    """
    claims = model.metadata.tables["reference_claim"]
    mine = (claims.c.service == service, claims.c.label == model.label, claims.c.object_id.in_(ids))
    held = sorted(session.scalars(select(claims.c.object_id).where(*mine)))
    if not held:
        return {}
    try:
        client.call(service, "releases", {model.label: held})
    except client.ServiceDown as down:
        raise ServiceUnavailable(f"{down} It refers to this {model.verbose_name}, so nothing was changed.") from down
    return {int(pk): answer for pk, answer in lookups.ask(service, question, held).items()}
