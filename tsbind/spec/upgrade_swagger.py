"""Swagger 2.0 as OpenAPI 3: servers, components, operations, responses, security.

Parameters and bodies are in `upgrade_swagger_values`.  Objects are changed in place and keep their
identity wherever they end up, so that references to their old places can be forwarded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tsbind.bundle import Json
from tsbind.spec import pointer as pointers
from tsbind.spec.document import EXTERNAL
from tsbind.spec.refs import Refs, Scope
from tsbind.spec.shapes import METHODS
from tsbind.spec.upgrade_swagger_values import Given, body_of_fields, body_of_one, fix_value

if TYPE_CHECKING:
    from tsbind.spec.upgrade import Upgrade

Object = dict[str, Json]

# Media types of all bodies and replies together: each has those of its operation, or of the
# document, so that two long lists multiply.
MOST_TYPES: Final = 150_000

_JSON = ["application/json"]
_MOVED = {
    "definitions": "schemas",
    "parameters": "parameters",
    "responses": "responses",
    "securityDefinitions": "securitySchemes",
}
_FLOWS = {
    "implicit": "implicit",
    "password": "password",
    "application": "clientCredentials",
    "accessCode": "authorizationCode",
}


class Swagger:
    """Converts the objects of one 2.0 document as the walk meets them."""

    def __init__(self, root: Object, walk: Upgrade, refs: Refs) -> None:
        self._root = root
        self._walk = walk
        self._refs = refs
        self._forward: dict[str, str] = {}  # old pointer → new pointer
        self._consumes: list[str] = []
        self._produces: list[str] = []
        self._types = 0  # media types that were given to bodies and replies
        # By identity of the object that will be visited later, which the tree keeps alive:
        self._inherited: dict[int, list[Given]] = {}  # operation → body parameters of its path
        self._reply_types: dict[int, list[str]] = {}  # response → its operation's media types
        self._as_written: dict[int, Object] = {}  # response → its fields before conversion

    def relocated(self, pointer: str) -> str:
        """Return where 3.x has what 2.0 has at `pointer`: definitions are schemas, and so on."""
        head, _, rest = pointer[1:].partition("/")
        place = _MOVED.get(head)
        return f"/components/{place}" + (f"/{rest}" if rest else "") if place else pointer

    def forward(self, pointer: str) -> str:
        """Return where the conversion has put what was at `pointer`."""
        for prefix, rest in pointers.prefixes(pointer):
            if prefix in self._forward:
                return self._forward[prefix] + rest
        return pointer

    def _move(self, new: str, old: str) -> None:
        self._walk.moved[new] = old
        self._forward.setdefault(old, new)

    def convert_document(self) -> None:
        """Move what stands at the root of the document."""
        root = self._root
        self._consumes = _strings(root.pop("consumes", None))
        self._produces = _strings(root.pop("produces", None))
        components: Object = {}
        for old, new in _MOVED.items():
            value = root.pop(old, None)
            if value is not None:
                components[new] = value
                self._walk.moved[f"/components/{new}"] = f"/{old}"
        root["components"] = components
        schemes = components.get("securitySchemes")
        for scheme in schemes.values() if isinstance(schemes, dict) else ():
            if isinstance(scheme, dict):
                _fix_security_scheme(scheme)
        servers = self._servers(root.pop("schemes", None))
        root.pop("host", None), root.pop("basePath", None)
        if servers:
            root["servers"] = servers
            self._walk.moved["/servers"] = "/host"

    def _servers(self, schemes: Json) -> list[Json]:
        """Build the servers from `host`, `basePath` and schemes; encrypted ones come first."""
        host, base = self._root.get("host"), self._root.get("basePath")
        self._host = host if isinstance(host, str) else ""
        self._base = base if isinstance(base, str) else ""
        return self._urls(schemes)

    def _urls(self, schemes: Json) -> list[Json]:
        path = self._base if not self._base or self._base.startswith("/") else f"/{self._base}"
        path = path.rstrip("/")
        if not self._host:
            return [{"url": path}] if path else []
        usable = [one for one in ("https", "http") if one in _strings(schemes)] or ["https"]
        return [{"url": f"{scheme}://{self._host}{path}"} for scheme in usable]

    def convert(self, kind: str, node: Object, at: str, scope: Scope) -> None:
        """Change one object of 2.0 into the object of 3.x of the same kind."""
        if kind == "path_item":
            self._path_item(node, at, scope)
        elif kind == "operation":
            self._operation(node, at, scope)
        elif kind == "response":
            self._response(node, at)
        elif kind in ("parameter", "header") and "$ref" not in node:
            if kind == "parameter" and node.get("in") in ("body", "formData"):
                return  # in components: used where operations refer to it
            if fix_value(node, "header" if kind == "header" else node.get("in")):
                self._walk.moved[f"{at}/schema"] = at

    def finish(self) -> None:
        """Remove the shared body parameters, which by now are where they are used."""
        parameters = self._refs.find("/components/parameters")
        for name in list(parameters) if isinstance(parameters, dict) else ():
            if parameters[name].get("in") in ("body", "formData"):
                del parameters[name]

    def _path_item(self, node: Object, at: str, scope: Scope) -> None:
        """Hand the body parameters of the path to its operations; 3.x has none there."""
        bodies = self._take_bodies(node, at, scope)
        for method in METHODS if bodies else ():
            operation = node.get(method)
            if isinstance(operation, dict):
                self._inherited[id(operation)] = bodies

    def _operation(self, node: Object, at: str, scope: Scope) -> None:
        consumes, produces = self._consumes, self._produces
        if "consumes" in node:
            consumes = _strings(node.pop("consumes"))
        if "produces" in node:
            produces = _strings(node.pop("produces"))
        bodies = self._take_bodies(node, at, scope)
        self._request_body(node, at, bodies, consumes)
        self._responses(node.get("responses"), f"{at}/responses", produces, scope)
        schemes = node.pop("schemes", None)
        if schemes is not None and self._host:
            node["servers"] = self._urls(schemes)

    def _take_bodies(self, node: Object, at: str, scope: Scope) -> list[Given]:
        """Remove body and form parameters from `node`, and return them."""
        parameters = node.get("parameters")
        if not isinstance(parameters, list):
            return []
        kept: list[Json] = []
        bodies: list[Given] = []
        for index, written in enumerate(parameters):
            old = f"{at}/parameters/{index}"
            parameter, where = self._actual(written, old, scope)
            if isinstance(parameter, dict) and parameter.get("in") in ("body", "formData"):
                bodies.append(Given(parameter, where))
                continue
            if len(kept) != index:
                self._move(f"{at}/parameters/{len(kept)}", old)
            kept.append(written)
        if bodies:
            node["parameters"] = kept
        return bodies

    def _actual(self, written: Json, at: str, scope: Scope) -> tuple[Json, str]:
        """Follow a parameter's or response's reference; return the object and its pointer."""
        for _ in range(10):
            ref = written.get("$ref") if isinstance(written, dict) else None
            if not isinstance(ref, str):
                break
            pointer = self._refs.link(ref, scope)
            if pointer is None:
                break
            at = self.relocated(pointer)
            written, scope = self._refs.find(at), self._refs.scope_at(at)
        return written, at

    def _request_body(self, node: Object, at: str, given: list[Given], consumes: list[str]) -> None:
        inherited = self._inherited.get(id(node), [])
        if {body.node.get("in") for body in given} == {"formData"}:
            # The operation's own form overrides the body of its path, field by field if a form.
            inherited = [body for body in inherited if body.node.get("in") == "formData"]
        one = [body for body in given + inherited if body.node.get("in") == "body"]
        fields = {body.node.get("name"): body for body in inherited + given if body not in one}
        if one and fields:
            self._walk.report(
                "body-and-form",
                next(iter(fields.values())).at,
                "an operation has a body or form fields, not both; the form fields are left out",
                "declare the fields as properties of the body",
                "error",
            )
        if one:
            consumed = self._bounded(consumes or _JSON, at)
            node["requestBody"] = body_of_one(one[0], consumed)
            self._move(f"{at}/requestBody", one[0].at)
            for media in node["requestBody"]["content"]:
                new = f"{at}/requestBody/content/{pointers.escape(media)}/schema"
                self._move(new, f"{one[0].at}/schema")
        elif fields:
            node["requestBody"] = body_of_fields(list(fields.values()), consumes)
            for media in node["requestBody"]["content"]:
                schema = f"{at}/requestBody/content/{pointers.escape(media)}/schema"
                for name, field in fields.items():
                    self._move(f"{schema}/properties/{pointers.escape(str(name))}", field.at)

    def _responses(self, responses: Json, at: str, produces: list[str], scope: Scope) -> None:
        for status, written in responses.items() if isinstance(responses, dict) else ():
            if not isinstance(written, dict):
                continue
            if produces != self._produces and "$ref" in written:
                # The shared response has other media types here: it needs a copy of its own.
                place = f"{at}/{pointers.escape(status)}"
                target, where = self._actual(written, place, scope)
                if isinstance(target, dict) and where != place:
                    written = dict(self._as_written.get(id(target), target))
                    responses[status] = written
                    self._walk.moved[place] = where
                    if where.startswith(f"/{EXTERNAL}/"):
                        self._rebase(written, where)
            self._reply_types[id(written)] = produces

    def _bounded(self, types: list[str], at: str) -> list[str]:
        """Return the media types that what is at `at` has, its first one when there is no room."""
        self._types += len(types)
        if self._types <= MOST_TYPES:
            return types
        self._walk.report(
            "media-types",
            at,
            f"all bodies and replies together have more than {MOST_TYPES:,} media types; this one"
            f" keeps the first of {len(types):,}",
            "list fewer of them under `consumes` and `produces`",
        )
        return types[:1]

    def _rebase(self, copy: Object, where: str) -> None:
        """Make references in a copied response independent of the file that it came from."""
        scope = self._refs.scope_at(where)
        schema = copy.get("schema")
        if isinstance(schema, dict) and isinstance(schema.get("$ref"), str):
            pointer = self._refs.link(schema["$ref"], scope)
            if pointer is not None:
                copy["schema"] = {**schema, "$ref": f"#{pointer}"}

    def _response(self, node: Object, at: str) -> None:
        """Give a response its content, one entry for each media type that is produced."""
        if "$ref" in node:
            return
        self._as_written[id(node)] = dict(node)
        schema, examples = node.pop("schema", None), node.pop("examples", None)
        if schema is None:
            return
        produces = self._reply_types.get(id(node), self._produces)
        file = isinstance(schema, dict) and schema.get("type") == "file"
        if file:  # whatever else the operation produces, a file is no JSON
            produces = [media for media in produces if "json" not in media.lower()]
        content: Object = {}
        usual = ["application/octet-stream"] if file else _JSON
        for media in self._bounded(produces or usual, at):
            content[media] = {"schema": schema}
            if isinstance(examples, dict) and media in examples:
                content[media]["example"] = examples[media]
            self._move(f"{at}/content/{pointers.escape(media)}/schema", f"{at}/schema")
        node["content"] = content


def _strings(value: Json) -> list[str]:
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, str)]


def _fix_security_scheme(node: Object) -> None:
    kind = node.get("type")
    if kind == "basic":
        node["type"], node["scheme"] = "http", "basic"
    elif kind == "oauth2" and "flows" not in node:
        flow = {
            key: node.pop(key) for key in ("authorizationUrl", "tokenUrl", "scopes") if key in node
        }
        written = node.pop("flow", None)
        name = _FLOWS.get(written) if isinstance(written, str) else None
        node["flows"] = {name: flow} if name else {}
