"""Permissions as people choose them: app by app, one row per type of object."""

from dataclasses import dataclass, field

from flask import current_app, render_template

from gateway.web.upstream_client import Question, answer_to, fetch_together

KNOWN = Question("/api/users/permissions/", "limit=0")
VERBS = ("add", "change", "delete")


@dataclass
class Section:
    """The permissions of one app: `rows` of {verb: name} by what they are about, and `others`."""

    app: str
    rows: dict[str, dict[str, str]] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)

    @property
    def names(self) -> set[str]:
        return {name for row in self.rows.values() for name in row.values()} | set(self.others)


def sections(names: list[str]) -> list[Section]:
    nouns = current_app.extensions["patchbay.catalogue"].nouns()
    found: dict[str, Section] = {}
    for name in names:
        app, _, codename = name.partition(".")
        section = found.setdefault(app, Section(app))
        verb, _, label = codename.partition("_")
        if verb in VERBS:
            section.rows.setdefault(nouns.get(f"{app}.{label}", label), {})[verb] = name
        else:
            section.others.append(name)
    return list(found.values())


def known() -> list[str]:
    """The names of all permissions; none while a service does not answer."""
    found = answer_to(KNOWN)
    return [each["name"] for each in found.json["results"]] if found.ok else []


def page() -> str:
    """Which users and groups have which permission, as far as the caller may see them."""
    holders: dict[str, list[tuple[str, str]]] = {}
    superusers = []
    holding = [Question("/api/users/groups/", "limit=0"), Question("/api/users/users/", "limit=0")]
    for path, found in zip((each.path for each in holding), fetch_together([*holding, KNOWN]), strict=False):
        for each in found.json["results"] if found.ok else ():
            shown = (f"{path}{each['id']}/", each.get("name") or each["username"])
            for name in each["permissions"]:
                holders.setdefault(name, []).append(shown)
            if each.get("is_superuser"):
                superusers.append(shown)
    return render_template("permissions.html", sections=sections(known()), holders=holders, superusers=superusers)
