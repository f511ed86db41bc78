"""Regions: the tree of places that sites belong to."""

from typing import Any

from sqlalchemy import Select, Text, func, select, text
from sqlalchemy.orm import Session, aliased, mapped_column

from services.dcim.base import Base
from shared.api.resource import Resource
from shared.db.advisory_locks import AdvisoryLock
from shared.schema.changes import Change
from shared.schema.columns import CASCADE, reference, slug
from shared.schema.columns import text as text_column

MOST_BYTES = 2600


class Region(Base):
    path = "regions"

    name = text_column(50, unique=True)
    slug = slug()
    parent_id = reference("dcim.region", on_delete=CASCADE, null=True)
    tree_order = mapped_column(Text(collation="C"), index=True)

    @classmethod
    def with_descendants(cls, ids: Select[Any]) -> Select[Any]:
        found = select(cls.id).where(cls.id.in_(ids)).cte(recursive=True)
        child = aliased(cls)
        return select(found.union(select(child.id).where(child.parent_id == found.c.id)).c.id)


def validate_tree(session: Session, changes: list[Change]) -> None:
    """A region cannot be put below itself (NetBox 2.3 fails on it).

    One request at a time changes the tree, or two moves could close a cycle together.
    """
    session.execute(AdvisoryLock.REGION_TREE.held())
    for change in changes:
        if change.creating or change.object.parent_id is None:
            continue
        below = session.scalars(Region.with_descendants(select(Region.id).where(Region.id == change.object.id)))
        if change.object.parent_id in set(below):
            change.fail("A region cannot be its own ancestor.", "parent")


def validate_depth(session: Session, changes: list[Change]) -> None:
    """The sort key of a region is indexed, so its length is limited (2,704 bytes in PostgreSQL)."""
    for change in changes:
        if change.changed("name", "parent_id") and _longest_order(session, change) > MOST_BYTES:
            why = f"The names of a region and of all above it can have {MOST_BYTES} bytes together."
            change.fail(why, "parent" if change.changed("parent_id") else "name")


def _longest_order(session: Session, change: Change) -> int:
    """The bytes of the longest `tree_order` of the region and what is below it, once it is saved."""
    region = change.object
    above = len(region.parent.tree_order.encode()) + 1 if region.parent else 0
    own = above + len(region.name.encode())
    if change.creating:
        return own
    below = Region.with_descendants(select(Region.id).where(Region.id == region.id))
    longest = session.scalar(select(func.max(func.octet_length(Region.tree_order))).where(Region.id.in_(below)))
    return own + (longest or 0) - len(region.tree_order.encode())


def set_tree_order(session: Session, changes: list[Change]) -> None:
    """The order of the list is depth-first by name: each key is the path of names from the root."""
    session.execute(
        text(
            "WITH RECURSIVE tree (id, key) AS ("
            " SELECT id, name::text FROM dcim_region WHERE parent_id IS NULL UNION ALL"
            " SELECT r.id, tree.key || chr(1) || r.name FROM dcim_region r JOIN tree ON r.parent_id = tree.id)"
            " UPDATE dcim_region SET tree_order = tree.key FROM tree"
            " WHERE tree.id = dcim_region.id AND tree_order IS DISTINCT FROM tree.key".replace("::", "\\:\\:")
        )
    )


regions = Resource(
    Region,
    filters=("name", "slug", "parent"),
    search=("name", "slug"),
    order=("tree_order",),
    rules=(validate_tree, validate_depth),
    after_save=(set_tree_order,),
)
