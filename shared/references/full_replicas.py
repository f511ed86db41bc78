"""Complete contracts: types of which a service holds every object, from its first start on."""

from flask import current_app
from sqlalchemy import select

from shared.db.database import database
from shared.http.context import context
from shared.http.errors import ServiceUnavailable
from shared.references import holding, owning
from shared.schema.contracts import CONTRACTS
from shared.schema.models import Record


def claim_all(base: type[Record]) -> None:
    """Claim every object of each complete contract, also after a restore. Raises ServiceUnavailable."""
    for label in _labels(base):
        if owning.ALL not in holding.claim(base.model_of(label), {owning.ALL}):
            raise ServiceUnavailable(f"{label} is changing too fast.")


def require(base: type[Record]) -> None:
    """Ensures, before a write, that the complete contracts were claimed. Raises NotHeld, at most once in a process."""
    if missing := _missing(base):
        raise holding.NotHeld({label: {owning.ALL} for label in missing})


def ask_again(model: type[Record], label: str) -> None:
    """Called when a write names an object that is not among the replicas of `label`. Before the write is refused, all
    replicas are fetched once more, once a request, in case the object is new. Raises NotHeld.
    """
    if model.model_of(label).replica and not context().fetched_anew:
        context().fetched_anew = True
        raise holding.NotHeld({label: {owning.ALL}})


def expect(base: type[Record]) -> None:
    """The same for a read, which goes on with what there is if the owner does not answer."""
    try:
        for label in _missing(base):
            holding.claim(base.model_of(label), {owning.ALL})
    except ServiceUnavailable:
        return


def _missing(base: type[Record]) -> list[str]:
    """The complete contracts that were never claimed: only a new service has any, in its first moments."""
    if current_app.extensions.get("patchbay.complete"):
        return []
    complete = base.metadata.tables["reference_complete"]
    with database().reading() as connection:
        held = set(connection.scalars(select(complete.c.label)))
    missing = [label for label in _labels(base) if label not in held]
    current_app.extensions["patchbay.complete"] = not missing
    return missing


def _labels(base: type[Record]) -> list[str]:
    return sorted(model.label for model in base.replicas() if CONTRACTS[model.label].complete)
