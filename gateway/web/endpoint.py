"""One path of the API, as the document of its service describes it."""

from dataclasses import dataclass

from shared import JsonObject


@dataclass(frozen=True)
class Endpoint:
    """One path of the API: its `template`, what each verb does there, and the document that says so."""

    template: str
    operations: dict[str, JsonObject]
    document: JsonObject

    @property
    def is_list(self) -> bool:
        """Whether GET answers with pages of objects."""
        return bool(self.type) and "{" not in self.template and self.has_filter("limit")

    @property
    def is_object(self) -> bool:
        return self.template.endswith("}/")

    @property
    def type(self) -> str:
        """The label of what is served (`dcim.site`); empty for what is no resource."""
        return next((each["x-type"] for each in self.operations.values() if "x-type" in each), "")

    @property
    def shown(self) -> str:
        """How a page of an object shows what is below it: as a "drawing" of its own, an "image", a "table",
        "pictures"; empty for what it only links to.
        """
        if "image/svg+xml" in self._replies:
            return "drawing"
        return "image" if "image/png" in self._replies else str(self._reading.get("x-shown", ""))

    @property
    def preview(self) -> str:
        """The parameter by which a POST says what it would do and does nothing; empty where there is none."""
        return str(self.operations.get("post", {}).get("x-preview", ""))

    @property
    def note(self) -> str:
        """What whoever reads an object has to know."""
        return str(self._reading.get("description", ""))

    @property
    def part_of(self) -> list[str]:
        """The references that tell objects of the list apart where their names do not."""
        found: list[str] = self._reading.get("x-part-of", [])
        return found

    @property
    def columns(self) -> list[str]:
        """The attributes that a table of the list shows; empty where that depends on their values."""
        found: list[str] = self._reading.get("x-columns", [])
        return found

    def parameters(self) -> list[JsonObject]:
        """The filters of the list."""
        return [each for each in self._reading.get("parameters", ()) if each["in"] == "query"]

    def has_filter(self, name: str) -> bool:
        return any(each["name"] == name for each in self.parameters())

    @property
    def ordered_by(self) -> list[str]:
        """The attributes that the list can be ordered by."""
        return next((each["x-ordered-by"] for each in self.parameters() if "x-ordered-by" in each), [])

    def permission(self, verb: str) -> str | None:
        return self.operations[verb].get("x-permission")

    def body(self, verb: str) -> JsonObject | None:
        """The schema of the object that the verb takes; None when it takes none."""
        content = self.operations.get(verb, {}).get("requestBody", {}).get("content", {})
        schema = next((media["schema"] for media in content.values()), None)
        if schema is None:
            return None
        return self.resolve(schema["oneOf"][0] if "oneOf" in schema else schema)

    @property
    def html(self) -> list[str]:
        """The attributes of what is read here that are lines of HTML."""
        schema = self.resolve(self._replies.get("application/json", {}).get("schema", {}))
        if self.is_list:
            schema = self.resolve(schema.get("properties", {}).get("results", {}).get("items", {}))
        return [name for name, each in schema.get("properties", {}).items() if each.get("format") == "html"]

    @property
    def _reading(self) -> JsonObject:
        """What the document says of GET."""
        found: JsonObject = self.operations.get("get", {})
        return found

    @property
    def _replies(self) -> JsonObject:
        """What GET answers, by media type."""
        found: JsonObject = self._reading.get("responses", {}).get("200", {}).get("content", {})
        return found

    def takes(self, verb: str, media: str) -> bool:
        return media in self.operations[verb].get("requestBody", {}).get("content", {})

    def resolve(self, schema: JsonObject) -> JsonObject:
        """The schema itself, of one or of a reference to one."""
        if "$ref" not in schema:
            return schema
        found: JsonObject = self.document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        return found
