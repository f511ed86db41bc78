"""Checks that what a resource declares is there: a slip of the pen is one clear error when the service starts."""

from shared.api.resource import Related, Resource
from shared.query.paths import Back
from shared.schema.contracts import CONTRACTS
from shared.schema.declaration_error import DeclarationError, require
from shared.schema.models import Record


def check(resource: Resource) -> None:
    """Raises DeclarationError, which names the resource, what is wrong in it, and the nearest name.

    To be called once all types of the service are declared, for they may refer to each other.
    """
    where, model = f"the resource {resource.model.label}:", resource.model
    if not resource.path:
        raise DeclarationError(f"{where} it has no path: give the model a `path`, or the Resource one")
    _check_references(model, where)
    for name in model.nested:
        require(name, model.attributes, f"{where} nested")
    for declared in resource.filters:
        if isinstance(declared, str):
            require(declared, model.attributes, f"{where} filters")
        elif isinstance(declared, Related):
            _check_path(model, declared, f"{where} Related({declared.name!r})")
    for name in (declared for declared in resource.search if isinstance(declared, str)):
        require(name, _columns(model), f"{where} search")
    for name in (name for names in resource.unique for name in names):
        require(name, model.attributes, f"{where} unique")
    for name in resource.order:
        _check_order(model, name, f"{where} order")


def _check_references(model: type[Record], where: str) -> None:
    for name, attribute in model.attributes.items():
        if attribute.is_reference or attribute.is_list:
            require(attribute.field.target, model.models, f"{where} the reference {name}")
            target = model.model_of(attribute.field.target)
            if target.replica and model.base.app not in CONTRACTS[target.label].holders:
                raise DeclarationError(
                    f"{where} the reference {name}: {model.base.app} is not among the `holders` of {target.label}"
                    " (shared/schema/contracts.py), the services that may refer to its objects"
                )
            for shown in attribute.field.nested or ():
                require(shown, target.attributes, f"{where} nested of {name}")


def _check_path(model: type[Record], declared: Related, where: str) -> None:
    for step in declared.path:
        if isinstance(step, Back):
            require(step.label, model.models, where)
            model = model.model_of(step.label)
            require(step.name, model.attributes, where)
        else:
            require(step, _references(model), where)
            model = model.model_of(model.attributes[step].field.target)


def _check_order(model: type[Record], name: str, where: str) -> None:
    *path, last = name.strip("-?").split(".")
    for step in path:
        require(step, _references(model), where)
        model = model.model_of(model.attributes[step].field.target)
    require(last, _columns(model), where)


def _references(model: type[Record]) -> list[str]:
    return [name for name, each in model.attributes.items() if each.is_reference or each.is_list]


def _columns(model: type[Record]) -> list[str]:
    """What SQL can name: the columns of a model, and what is computed of them."""
    return [*model.__mapper__.column_attrs.keys(), *model.attributes]
