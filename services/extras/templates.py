"""The rule for what is a template: it can be parsed, wherever it is rendered later, and with what."""

from sqlalchemy.orm import Session

from shared.rendering import sandbox
from shared.schema.changes import Change, Rule


def validate_templates(*columns: str) -> Rule:
    """The rule that `columns` are templates. One that was kept before, here or elsewhere, is kept as it was."""

    def validate_sources(session: Session, changes: list[Change]) -> None:
        sources = {
            f"{number} {name}": getattr(change.object, name)
            for number, change in enumerate(changes)
            for name in columns
            if not change.restored and change.changed(name)
        }
        if not sources:
            return
        try:
            faults = sandbox.faults(sources)
        except sandbox.TemplateFailed as failed:
            faults = dict.fromkeys(sources, str(failed))
        for key, why in faults.items():
            number, name = key.split()
            changes[int(number)].fail(why, name)

    return validate_sources
