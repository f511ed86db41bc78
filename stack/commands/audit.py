"""`patchbay audit`: whether the services agree on what they refer to."""

import sys
from collections.abc import Iterator

import click

from shared.config import APPS, SERVICES, process_of
from stack.commands import data_option
from stack.databases import check
from stack.folder import DataFolder
from stack.internal_api import ask
from stack.plan import Plan
from stack.schema_comparison import differences

SECONDS_TO_AUDIT = 3600
MEANINGS = {
    "dangling": "is referred to, but its owner has it no more",
    "stale": "is not what its owner has",
    "unclaimed": "is kept, but its owner does not know of it and sends no changes",
    "orphaned replica": "is kept, but its owner has it no more and nothing refers to it",
    "orphaned claim": "is claimed, but not kept",
    "claimed on other terms": "is claimed on other terms than its references need",
    "undelivered": "has changes that were not fetched",
    "misplaced": "refers to what no longer goes with it",
    "restored": "is behind what the other side remembers, as if restored from a backup",
}


@click.command("audit")
@click.option("--repair", is_flag=True, help="Mend replicas and claims; what users entered is never touched.")
@data_option
def command(repair: bool, folder: DataFolder) -> None:
    """Compare every reference between services with its owner, and the databases with what the migrations make.

    Exit 1 if anything is wrong.
    """
    plan = Plan.load(folder)
    found = 0
    for service in SERVICES:
        for _, label, pk, what in ask(plan, service, "audits", {"repair": repair}, SECONDS_TO_AUDIT)["findings"]:
            found += 1
            click.echo(f"{service}: {what}: {label} {pk or ''}".rstrip() + f" {MEANINGS.get(what, what)}")
    for line in of_schemas(plan):
        found += 1
        click.echo(line)
    click.echo(f"{found} {'finding' if found == 1 else 'findings'}{' left' if repair else ''}")
    sys.exit(bool(found))


def of_schemas(plan: Plan) -> Iterator[str]:
    """What the databases that can be reached from here lack, as one lacks constraints after a restore that failed."""
    reachable = plan.cluster.answers()
    for app in APPS:
        owner = process_of(app)
        if plan.embedded([owner]) and not reachable:
            click.echo(f"{owner}: its tables are not compared: nothing here says where its database is", err=True)
            continue
        url = plan.database_url(owner)
        check(owner, url)
        for what in differences(app, url):
            yield f"{owner}: schema: the {what} is missing or not what the migrations make"
