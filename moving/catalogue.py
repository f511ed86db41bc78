"""The types of object that a Patchbay has, as its own OpenAPI document tells of them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from shared import JsonObject

MOST = 1000
JSON, FORM = "application/json", "multipart/form-data"


@dataclass(frozen=True)
class Kind:
    """One list of the API whose objects can be created.

    `path` is `"dcim/sites"`, `label` the type of its objects (`"dcim.site"`), whose ids it may share with another list.
    `fields` are the shapes of what may be sent, by name; `shown` the names of what is read; `references` the label that
    each reference leads to, `lists` those that hold several ids; `unique` sets of names that no two objects have in
    common; `filters` the parameters of the list.
    """

    path: str
    label: str
    fields: dict[str, JsonObject]
    required: frozenset[str] = frozenset()
    shown: frozenset[str] = frozenset()
    references: dict[str, str] = field(default_factory=JsonObject)
    lists: frozenset[str] = frozenset()
    unique: tuple[tuple[str, ...], ...] = ()
    filters: frozenset[str] = frozenset()

    def nullable(self, name: str) -> bool:
        """Whether `name` may be null, or left out by being empty."""
        return bool(self.fields[name].get("nullable")) or name in self.lists

    def choices(self, name: str) -> list[JsonObject]:
        """The values of a choice with their labels; empty for what is no choice."""
        found: list[JsonObject] = self.fields.get(name, {}).get("x-choices", [])
        return found

    @property
    def of_any(self) -> bool:
        """Whether `content_type` and `object_id` say what an object belongs to."""
        return {"content_type", "object_id"} <= self.fields.keys()

    @property
    def custom(self) -> str | None:
        """The name of what holds the custom fields of this type, if it has any."""
        return next((name for name, shape in self.fields.items() if shape.get("x-custom-fields")), None)

    @property
    def file(self) -> str | None:
        """The name of the file that a form sends, if this type is made of one."""
        return next((name for name, shape in self.fields.items() if shape.get("format") == "binary"), None)


class TypeCatalogue:
    """All kinds, in the order of the document."""

    def __init__(self, document: JsonObject) -> None:
        self._schemas = document["components"]["schemas"]
        self._most = min(_limits(document["paths"]), default=MOST)
        found = list(self._kinds(document["paths"]))
        self._labels = {f"/api/{path}/": label for path, label, _, _ in found}
        self.kinds = {path: self._kind(path, label, post, get) for path, label, post, get in found}

    @property
    def most_at_once(self) -> int:
        """How many objects one request may bring."""
        return self._most

    def of_label(self, label: str) -> list[Kind]:
        """The kinds whose objects are of this type; the first is where they are at home."""
        app = label.split(".")[0]
        same = [kind for kind in self.kinds.values() if kind.label == label]
        return sorted(same, key=lambda kind: not kind.path.startswith(f"{app}/"))

    def _kinds(self, paths: JsonObject) -> Iterator[tuple[str, str, JsonObject, JsonObject]]:
        for address, operations in paths.items():
            post = operations.get("post", {})
            if "x-type" in post and "{" not in address:
                yield address.removeprefix("/api/").strip("/"), post["x-type"], post, operations.get("get", {})

    def _kind(self, path: str, label: str, post: JsonObject, get: JsonObject) -> Kind:
        taken = self._resolved(_body(post))
        fields = {name: shape for name, shape in taken["properties"].items() if not shape.get("readOnly")}
        targets = {name: self._labels.get(shape["x-reference"]) for name, shape in fields.items() if _refers(shape)}
        return Kind(
            path=path,
            label=label,
            fields=fields,
            required=frozenset(taken.get("required", ())),
            shown=frozenset(self._shown(get)),
            references={name: target for name, target in targets.items() if target},
            lists=frozenset(name for name in targets if fields[name].get("type") == "array"),
            unique=tuple(tuple(names) for names in post.get("x-unique", ())),
            filters=frozenset(parameter["name"] for parameter in get.get("parameters", ()) if "name" in parameter),
        )

    def _shown(self, get: JsonObject) -> list[str]:
        page = get.get("responses", {}).get("200", {}).get("content", {}).get(JSON, {}).get("schema")
        if not page:
            return []
        return list(self._resolved(self._resolved(page)["properties"]["results"]["items"])["properties"])

    def _resolved(self, schema: JsonObject) -> JsonObject:
        found: JsonObject = self._schemas[schema["$ref"].rsplit("/", 1)[-1]] if "$ref" in schema else schema
        return found


def _body(post: JsonObject) -> JsonObject:
    """The schema of one object that is sent."""
    content = post["requestBody"]["content"]
    schema = (content.get(JSON) or content[FORM])["schema"]
    found: JsonObject = schema["oneOf"][0] if "oneOf" in schema else schema
    return found


def _limits(paths: JsonObject) -> Iterator[int]:
    for operations in paths.values():
        for media in operations.get("post", {}).get("requestBody", {}).get("content", {}).values():
            yield from (each["maxItems"] for each in media["schema"].get("oneOf", ()) if "maxItems" in each)


def _refers(shape: JsonObject) -> bool:
    return "x-reference" in shape
