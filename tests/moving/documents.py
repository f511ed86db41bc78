"""The catalogue of this release without a running stack: each service documents itself."""

from functools import cache
from importlib import import_module

from moving.catalogue import TypeCatalogue
from shared import JsonObject
from shared.config import APPS, package_of


@cache
def catalogue() -> TypeCatalogue:
    paths: JsonObject = {}
    schemas: JsonObject = {}
    for name in APPS:
        app = import_module(f"{package_of(name)}.app").app
        with app.test_request_context(f"/internal/{name}/openapi"):
            document = app.view_functions["document"]().get_json()
        paths |= document["paths"]
        schemas |= document["components"]["schemas"]
    return TypeCatalogue({"paths": paths, "components": {"schemas": schemas}})
