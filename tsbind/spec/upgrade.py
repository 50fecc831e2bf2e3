"""Every version of OpenAPI becomes 3.2: one walk that fixes each object as it meets it.

The tree is ours once parsed and is changed in place.  The walk follows the table in `shapes`, then
whatever references lead to that the table does not reach (external files, extensions), and last
settles where each reference points, since things move while the walk is under way.
"""

from __future__ import annotations

from tsbind.bundle import Json
from tsbind.errors import Severity
from tsbind.spec import pointer as pointers
from tsbind.spec.document import EXTERNAL, Problem
from tsbind.spec.dynamic import Use, bind_dynamic
from tsbind.spec.refs import Refs, Scope
from tsbind.spec.shapes import LIST, MAP, ONE, PATTERNED, SCHEMA, SHAPES
from tsbind.spec.upgrade_schema import CHECKED, TYPE_NAMES, TYPES, fix_schema, shown
from tsbind.spec.upgrade_swagger import Swagger

Object = dict[str, Json]
Visit = tuple[str, Object, str, Scope]  # kind, object, pointer, scope

# A schema with none of these keys means the same in every version.
_TOUCHY = frozenset(
    {"$ref", "enum", "required", "exclusiveMinimum", "exclusiveMaximum", "dependencies"}
    | {"example", "examples", "discriminator", "x-nullable", "nullable", "additionalItems"}
    | {"$id", "$anchor", "$dynamicAnchor", "$dynamicRef"}
)
MAX_PROBLEMS = 10_000
_NAMING = frozenset({"$id", "$anchor", "$dynamicAnchor", "$dynamicRef", "discriminator"})


class Upgrade:
    """One walk over one document.  Call `run` once, then read `problems` and `moved`."""

    def __init__(self, root: Object, version: tuple[int, int], refs: Refs) -> None:
        self.version = version
        self.problems: list[Problem] = []
        self.moved: dict[str, str] = {}  # new pointer → old pointer
        self.wrapped: dict[str, None] = {}  # schemas that became the first option of an `anyOf`
        self.outside: dict[str, str] = {}  # pointer into an external file → kind of what is there
        self.null: Object = {"type": "null"}  # one for all: it is never changed
        self._root = root
        self._refs = refs
        self._stack: list[Visit] = []
        self.seen: dict[int, Object] = {}  # by identity; the value keeps the identity taken
        # Every reference: the object and key that hold it.
        self._uses: dict[str, list[tuple[Object, str]]] = {}
        self._targets: dict[str, tuple[str, Scope]] = {}  # pointer → kind, scope
        self._waiting: list[tuple[str, Object, str, str, Scope]] = []
        self._dynamic: list[Use] = []
        self._swagger = Swagger(root, self, refs) if version == (2, 0) else None

    def run(self) -> None:
        """Change the tree until all that can be reached has the shape of 3.2."""
        scope = self._refs.scope("")
        if self._swagger:
            self._swagger.convert_document()
        self._visit(("document", self._root, "", scope))
        while True:
            self._drain()
            if self._push_targets():
                continue
            if not self._retry():
                break
        self._settle()
        if self._dynamic:
            self.moved |= bind_dynamic(self._root, self._dynamic, self._refs.dynamic, self)
        if self._swagger:
            self._swagger.finish()

    def report(
        self, code: str, at: str, what: str, fix: str = "", severity: Severity = "warning"
    ) -> None:
        """Note a problem with what is at the pointer `at`."""
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(code, at, what, fix, severity))
        elif len(self.problems) == MAX_PROBLEMS:
            what = f"more than {MAX_PROBLEMS:,} parts have problems; the rest is not listed"
            self.problems.append(Problem("more", "", what, "correct those above first"))

    def wrap(self, at: str) -> None:
        """Note that the schema at `at` became the first option of an `anyOf`."""
        self.wrapped[at] = None

    def _drain(self) -> None:
        stack, seen = self._stack, self.seen
        while stack:
            visit = stack.pop()
            node = visit[1]
            if id(node) not in seen:
                seen[id(node)] = node
                if visit[0] == "schema":
                    self._schema(visit)
                else:
                    self._visit(visit)

    # Objects other than schemas.

    def _visit(self, visit: Visit) -> None:
        kind, node, at, scope = visit
        if kind == "operation" and isinstance(node.get("$ref"), str):
            scope = self._inline(node, at, scope)
            visit = (kind, node, at, scope)
        if self._swagger:
            self._swagger.convert(kind, node, at, scope)
        ref = node.get("$ref")
        if isinstance(ref, str):
            self._reference(kind, node, "$ref", at, scope)
        if kind == "callback":
            self._map("path_item", node, at, scope, patterned=True)
        else:
            self._children(visit, SHAPES[kind])

    def _children(self, visit: Visit, shape: dict[str, tuple[str, str]]) -> None:
        _, node, at, scope = visit
        wrong: list[tuple[str, str, str]] = []
        for key, value in node.items():
            rule = shape.get(key)
            if rule is None:
                continue
            container, kind = rule
            if container == ONE:
                if type(value) is dict:
                    self._stack.append((kind, value, f"{at}/{key}", scope))
                elif kind != "schema" or type(value) is not bool:
                    wrong.append((key, "an object", kind))
            elif type(value) is dict and type(value.get("$ref")) is str:
                node[key] = self._inline_group(visit, key, container, kind)
            elif container == MAP:
                if type(value) is dict:
                    self._map(kind, value, f"{at}/{key}", scope, patterned=kind in PATTERNED)
                else:
                    wrong.append((key, "an object", kind))
            elif container == LIST:
                if type(value) is list:
                    self._list(kind, value, f"{at}/{key}", scope)
                else:
                    wrong.append((key, "a list", kind))
        for key, wanted, kind in wrong:
            self._wrong(node.pop(key), f"{at}/{key}", wanted, kind)

    def _map(
        self, kind: str, node: Object, at: str, scope: Scope, *, patterned: bool = False
    ) -> None:
        wrong: list[str] = []
        push = self._stack.append
        for name, value in node.items():
            if type(value) is dict:
                if not patterned or not name.startswith("x-"):
                    push((kind, value, f"{at}/{pointers.escape(name)}", scope))
            elif kind != "schema" or type(value) is not bool:
                wrong.append(name)
        for name in wrong:
            if patterned and name.startswith("x-"):
                continue
            if kind == "schema":
                # A property without a usable schema still is a property.
                self._wrong(node[name], f"{at}/{pointers.escape(name)}", "a schema")
                node[name] = {}
            else:
                self._wrong(node.pop(name), f"{at}/{pointers.escape(name)}", "an object", kind)

    def _list(self, kind: str, node: list[Json], at: str, scope: Scope) -> None:
        kept: list[Json] = []
        for index, value in enumerate(node):
            if type(value) is dict:
                self._stack.append((kind, value, f"{at}/{len(kept)}", scope))
            elif kind != "schema" or type(value) is not bool:
                self._wrong(value, f"{at}/{index}", "an object", kind)
                continue
            if len(kept) != index:
                self.moved[f"{at}/{len(kept)}"] = f"{at}/{index}"
            kept.append(value)
        if len(kept) != len(node):
            node[:] = kept

    def _wrong(self, value: Json, at: str, wanted: str, kind: str = "") -> None:
        if len(self.problems) > MAX_PROBLEMS:
            return
        *around, name = pointers.split(at)
        if name.isdigit() and around:
            name = f"{around[-1]}[{name}]"
        self.report(
            "wrong-type",
            at,
            f"{name} is {shown(value)}, not {wanted}; it is ignored",
            f"make it {wanted}, or remove it",
            "error" if kind in _LOSSES and value is not None else "warning",
        )

    # Schemas: most of every document, hence no detours here.

    def _schema(self, visit: Visit) -> None:
        _, node, at, scope = visit
        kind = node.get("type")
        if (
            not _TOUCHY.isdisjoint(node)
            or (kind is not None and (type(kind) is not str or kind not in TYPES))
            or ("type" in node and kind is None)
            or type(node.get("items")) is list
        ):
            fix_schema(node, at, self)
            refers = type(node.get("$ref")) is str
            if not _NAMING.isdisjoint(node):
                scope = self._names(node, at, scope)
            if refers:
                self._reference("schema", node, "$ref", at, scope)
            visit = ("schema", node, at, scope)
        if not _CHECKED_KEYS.isdisjoint(node):
            self._check(node, at)
        if not _HOLDING.isdisjoint(node):
            self._children(visit, SCHEMA)

    def _check(self, node: Object, at: str) -> None:
        """Drop keywords with values of the wrong type: no schema engine would take them."""
        for key in [key for key in node if key in CHECKED]:
            value, types = node[key], CHECKED[key]
            if isinstance(value, types) and (type(value) is not bool or bool in types):
                continue
            del node[key]
            self._wrong(value, f"{at}/{key}", TYPE_NAMES[types[0]])

    def _names(self, node: Object, at: str, scope: Scope) -> Scope:
        """Take note of identifiers, and of references in other places than `$ref`."""
        schema_id = node.get("$id")
        if isinstance(schema_id, str):
            scope = scope.within(schema_id, at)
            if scope.base:
                self._refs.name(scope.base, at)
        for key in ("$anchor", "$dynamicAnchor"):
            if isinstance(node.get(key), str):
                self._refs.anchor(node[key], at, scope, dynamic=key == "$dynamicAnchor")
        if isinstance(node.get("$dynamicRef"), str):
            self._reference("schema", node, "$dynamicRef", at, scope)
        discriminator = node.get("discriminator")
        if isinstance(discriminator, dict) and isinstance(discriminator.get("mapping"), dict):
            self._mapping(discriminator["mapping"], f"{at}/discriminator/mapping", scope)
        if isinstance(discriminator, dict) and "defaultMapping" in discriminator:
            self._variant(discriminator, "defaultMapping", f"{at}/discriminator", scope)
        return scope

    def _mapping(self, mapping: Object, at: str, scope: Scope) -> None:
        for name in list(mapping):
            self._variant(mapping, name, at, scope)

    def _variant(self, holder: Object, key: str, at: str, scope: Scope) -> None:
        """A reference to a variant, or the name of one (OpenAPI 3.2 §4.25.3)."""
        at = f"{at}/{pointers.escape(key)}"
        schemas = self._refs.find("/components/schemas")
        if not isinstance(holder[key], str):
            self._wrong(holder.pop(key), at, "a string")
        elif isinstance(schemas, dict) and holder[key] in schemas:
            holder[key] = f"#/components/schemas/{pointers.escape(holder[key])}"
        else:
            self._reference("schema", holder, key, at, scope)

    # References.

    def _reference(self, kind: str, holder: Object, key: str, at: str, scope: Scope) -> None:
        """Rewrite the reference at `holder[key]` to a pointer and queue what it leads to."""
        ref = holder[key]
        pointer = scope.links.get(ref) if key != "$dynamicRef" else None
        if pointer is None:
            dynamic = key == "$dynamicRef"
            pointer = (self._refs.link_dynamic if dynamic else self._refs.link)(ref, scope)
            if pointer is not None and self._swagger:
                pointer = self._swagger.relocated(pointer)
            if pointer is None:
                self._waiting.append((kind, holder, key, at, scope))
                return
            if key != "$dynamicRef":
                scope.links[ref] = pointer
            if pointer not in self._targets:
                self._targets[pointer] = (kind, self._refs.scope_at(pointer))
        if key == "$dynamicRef":
            holder, key = _static(holder)
            self._dynamic.append(Use(holder, ref.partition("#")[2], pointer))
            self.seen[id(holder)] = holder  # its reference is a pointer already
        holder[key] = f"#{pointer}"
        self._uses.setdefault(pointer, []).append((holder, key))

    def _push_targets(self) -> bool:
        """Queue the targets of references that the walk has not met."""
        targets, self._targets = self._targets, {}
        for pointer, (kind, scope) in targets.items():
            if pointer.startswith(f"/{EXTERNAL}/"):
                self.outside.setdefault(pointer, kind)
            settled = self.settle(pointer)
            node = self._refs.find(settled) if settled is not None else None
            if settled is not None and isinstance(node, dict) and id(node) not in self.seen:
                self._stack.append((kind, node, settled, scope))
        return bool(self._stack)

    def _retry(self) -> bool:
        """Try again the references whose target was not known; say whether any now is."""
        waiting, self._waiting = self._waiting, []
        for kind, holder, key, at, scope in waiting:
            self._reference(kind, holder, key, at, scope)
        return len(self._waiting) < len(waiting)

    def settle(self, pointer: str) -> str | None:
        """Return where what `pointer` means is by now; None when it means nothing."""
        if self._swagger:
            pointer = self._swagger.forward(pointer)
        if self._refs.find(pointer) is not None:
            return pointer
        return self._refs.settle(pointer, self.wrapped)

    def _settle(self) -> None:
        for pointer, uses in self._uses.items():
            settled = self.settle(pointer)
            if settled is not None and settled != pointer:
                for holder, key in uses:
                    holder[key] = f"#{settled}"

    def _inline_group(self, visit: Visit, key: str, container: str, kind: str) -> Json:
        """Put in place a map or list that is given by reference: again, people do."""
        _, node, at, scope = visit
        at, value = f"{at}/{key}", node[key]
        pointer = self._refs.link(value["$ref"], scope)
        target = self._refs.find(pointer) if pointer is not None else None
        if target is node:  # the group is what it stands in: nothing that could be put in place
            target = None
        if pointer is not None and container == LIST and isinstance(target, list):
            self._list(kind, target, pointer, self._refs.scope_at(pointer))
            return target
        if pointer is not None and container == MAP and isinstance(target, dict):
            self._map(kind, target, pointer, self._refs.scope_at(pointer))
        else:
            target = {}
            self._wrong(value["$ref"], f"{at}/$ref", "a reference to such a group")
        own = {name: item for name, item in value.items() if name != "$ref"}
        self._map(kind, own, at, scope)
        return {**target, **own}

    def _inline(self, node: Object, at: str, scope: Scope) -> Scope:
        """Put in place an operation that is a reference: the standard knows none, people do.

        Returns the scope of what is now there.
        """
        for _ in range(10):
            pointer = self._refs.link(node["$ref"], scope)
            target = self._refs.find(pointer) if pointer is not None else None
            if pointer is None or not isinstance(target, dict) or target is node:
                break
            scope = self._refs.scope_at(pointer)
            del node["$ref"]
            node.update({key: value for key, value in target.items() if key not in node})
            self.moved[at] = pointer
            if not isinstance(node.get("$ref"), str):
                break
        return scope


# Kinds whose loss makes an operation another one than the author described.
_LOSSES = frozenset({"path_item", "operation", "parameter", "body", "response"})
_CHECKED_KEYS = frozenset(CHECKED)
_HOLDING = frozenset(SCHEMA)  # keywords with schemas in them; most schemas have none


def _static(holder: Object) -> tuple[Object, str]:
    """Make a `$dynamicRef` a `$ref`, in an `allOf` if there is one already; return its place."""
    ref = holder.pop("$dynamicRef")
    if "$ref" in holder:
        inner: Object = {"$ref": ref}
        options = holder.get("allOf")
        holder["allOf"] = [*(options if isinstance(options, list) else []), inner]
        return inner, "$ref"
    holder["$ref"] = ref
    return holder, "$ref"
