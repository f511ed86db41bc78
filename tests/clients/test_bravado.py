"""A client of the Swagger 2.0 document: bravado 12 makes it as it starts, and checks bodies and replies against it."""

import re

from tests.environments import environment


def use_every_verb(channel, url, token):
    from bravado.client import SwaggerClient
    from bravado.requests_client import RequestsClient

    http = RequestsClient()
    http.set_api_key(url.split("//")[1], f"Token {token}", param_name="Authorization", param_in="header")
    netbox = SwaggerClient.from_url(f"{url}/api/docs/?format=openapi", http_client=http)
    operations = {name for each in dir(netbox) for name in dir(getattr(netbox, each))}
    tenants = netbox.tenancy
    made = tenants.tenancy_tenants_create(data={"name": "Swagger", "slug": "swagger"}).response().result
    changed = tenants.tenancy_tenants_partial_update(id=made.id, data={"description": "2.0"}).response().result
    read = tenants.tenancy_tenants_read(id=made.id).response().result
    found = tenants.tenancy_tenants_list(slug="swagger").response().result
    deleted = tenants.tenancy_tenants_delete(id=made.id).response().metadata.status_code
    left = tenants.tenancy_tenants_list(slug="swagger").response().result.count
    shown = changed.description, read.description, read.group, [each.name for each in found.results], deleted, left
    channel.send((sorted(operations), shown))


def test_it_has_every_operation_and_creates_reads_filters_changes_and_deletes(stack, api):
    operations, shown = environment("bravado").run(use_every_verb, stack)
    assert shown == ("2.0", "2.0", None, ["Swagger"], 204, 0)
    paths = api.get("docs/?format=openapi")[1]["paths"].values()
    told = {each["operationId"] for verbs in paths for verb, each in verbs.items() if verb != "parameters"}
    assert {*operations} >= {re.sub("[-_]+", "_", name) for name in told}
