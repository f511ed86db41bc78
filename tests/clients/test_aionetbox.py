"""aionetbox 1.7.4: an asyncio client that makes its methods of the Swagger document as it starts."""

from tests.environments import environment


def use_every_verb(channel, url, token):
    import asyncio

    from aionetbox import AIONetbox

    async def steps():
        netbox = AIONetbox.from_openapi(url, token)
        try:
            made = await netbox.tenancy.tenancy_tenants_create(data={"name": "Async", "slug": "async"})
            changed = await netbox.tenancy.tenancy_tenants_partial_update(id=made.id, data={"description": "Awaited"})
            await netbox.tenancy.tenancy_tenants_update(id=made.id, data={"name": "Async Ltd", "slug": "async"})
            read = await netbox.tenancy.tenancy_tenants_read(id=made.id)
            found = await netbox.tenancy.tenancy_tenants_list(slug="async")
            deleted = await netbox.tenancy.tenancy_tenants_delete(id=made.id)
            left = await netbox.tenancy.tenancy_tenants_list(slug="async")
            return changed.description, read.name, [each.name for each in found.results], deleted, left.count
        finally:
            await netbox.close()

    channel.send(asyncio.run(steps()))


def test_it_creates_reads_filters_changes_and_deletes(stack):
    changed, read, found, deleted, left = environment("aionetbox").run(use_every_verb, stack)
    assert (changed, read, found, deleted, left) == ("Awaited", "Async Ltd", ["Async Ltd"], True, 0)
