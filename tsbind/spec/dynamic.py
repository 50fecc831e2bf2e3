"""`$dynamicRef`: one schema that means different things, depending on who refers to it.

    List:  {$id: list, items: {$dynamicRef: "#item"}, $defs: {item: {$dynamicAnchor: item}}}
    Names: {$id: names, $ref: list, $defs: {item: {$dynamicAnchor: item, type: string}}}

The outermost schema on the way whose `$dynamicAnchor` has the name decides (2020-12 §8.2.3.2).
Below `spec` a reference means one thing, so `Names` gets a copy of `List` in which the item is a
string.  A schema without `$id` is on the way by itself if it is a component: by the letter all of
the document is one schema then, and several anchors of one name in it mean nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple, Protocol

from tsbind.bundle import Json
from tsbind.spec import pointer as pointers
from tsbind.spec.shapes import LIST, ONE, SCHEMA

Object = dict[str, Json]
Bindings = dict[str, str]  # name → pointer of the anchor that it means

MAX_STEPS: Final = 200_000  # schemas looked at and copied
_COMPONENTS: Final = ("components", "schemas")
_NAMING: Final = frozenset({"$id", "$anchor", "$dynamicAnchor", "$defs", "definitions"})
# What may stand beside a `$ref` in a schema that is no more than a name for what it refers to.
_BESIDE: Final = _NAMING | {"$ref", "$schema", "$comment", "title", "description", "deprecated"}


class Use(NamedTuple):
    """A `$dynamicRef`, by now a `$ref`."""

    holder: Object
    name: str
    pointer: str  # what it means when nothing overrides it


class Context(Protocol):
    """What is asked of the walk that met the references."""

    def settle(self, pointer: str) -> str | None:
        """Return where what `pointer` means is by now; None when it means nothing."""
        ...

    def report(self, code: str, at: str, what: str, fix: str = "") -> None:
        """Note a problem at the pointer `at`."""
        ...


def bind_dynamic(
    root: Object, uses: Iterable[Use], anchors: Mapping[str, Iterable[str]], context: Context
) -> dict[str, str]:
    """Give each `$dynamicRef` the meaning that it has for those who refer to its schema.

    `anchors` are the pointers of each `$dynamicAnchor` of a name.  Returns where what was copied
    now is: new → old.
    """
    settled = {name: [context.settle(at) or at for at in each] for name, each in anchors.items()}
    met = [use._replace(pointer=context.settle(use.pointer) or "") for use in uses]
    try:
        return _Binding(root, met, settled).bind()
    except TooManyError:
        context.report(
            "dynamic-refs",
            "",
            "schemas with a $dynamicRef are used in too many ways; each is read as if nothing "
            "overrode it",
            "use $ref where it means the same",
        )
        return {}


class TooManyError(Exception):
    """There are more schemas to look at and to copy than any published document has."""


class _Binding:
    """Gives every schema that refers to one with a `$dynamicRef` the copy that it means."""

    def __init__(
        self, root: Object, uses: Iterable[Use], anchors: Mapping[str, Iterable[str]]
    ) -> None:
        self._root = root
        # Of those alone that another anchor can override; the holders keep their identity taken.
        self._uses = {
            id(use.holder): use
            for use in uses
            if use.pointer in anchors.get(use.name, ()) and len([*anchors[use.name]]) > 1
        }
        self._anchors: dict[str, Bindings] = {}  # by the schema that they stand in
        self._candidates: dict[str, list[str]] = {}
        for name in sorted({use.name for use in self._uses.values()}):
            self._candidates[name] = [*anchors[name]]
            for pointer in anchors[name]:
                resource = self._resource(pointer)
                if resource:
                    self._anchors.setdefault(resource, {}).setdefault(name, pointer)
        self._needs: dict[str, frozenset[str]] = {}
        self._copies: dict[tuple[str, tuple[tuple[str, str], ...]], str] = {}
        self._queue: list[tuple[str, Bindings, str]] = []
        self._changed: list[tuple[Object, str]] = []
        self._numbers: dict[tuple[str, str], int] = {}  # of copies with one name in one place
        self._taken: set[str] = set()
        self._steps = 0

    def bind(self) -> dict[str, str]:
        """Make the copies and refer to them; return where what was copied now is: new → old.

        Raises TooManyError, with nothing changed.
        """
        for resource, bindings in sorted(self._anchors.items()):
            for node, _ in self._schemas(resource, within=True):
                self._change(node, node, bindings)
        made: list[tuple[str, str, Json]] = []
        while self._queue:
            pointer, bindings, place = self._queue.pop()
            made.append((place, pointer, self._copy(self._find(pointer), pointer, bindings)))
        for node, target in self._changed:
            node["$ref"] = f"#{target}"
        moved: dict[str, str] = {}
        for place, pointer, copy in made:
            moved |= self._put(place, pointer, copy)
        return moved

    def _put(self, place: str, pointer: str, copy: Json) -> dict[str, str]:
        alias = self._find(place)
        if isinstance(alias, dict) and isinstance(copy, dict):
            del alias["$ref"]
            fresh = [key for key in copy if key not in alias]
            alias.update({key: copy[key] for key in fresh})
            return {f"{place}/{key}": f"{pointer}/{key}" for key in fresh}
        *around, _, key = pointers.split(place)
        self._find(pointers.join(around)).setdefault("$defs", {})[key] = copy
        return {place: pointer}

    def _change(self, node: Object, written: Object, bindings: Bindings) -> None:
        """Note what the reference of `node` is to be, which is `written` in the document."""
        ref = written.get("$ref")
        if not isinstance(ref, str) or not ref.startswith("#/"):
            return
        use = self._uses.get(id(written))
        pointer = bindings.get(use.name, ref[1:]) if use else ref[1:]
        target = self._version(pointer, bindings)
        if target != ref[1:]:
            self._changed.append((node, target))

    def _version(self, pointer: str, bindings: Bindings) -> str:
        """Return the pointer of the schema as it is under `bindings`."""
        own = self._anchors.get(self._resource(pointer), {})
        needs = self._needed(pointer)
        bound = {name: to for name, to in {**own, **bindings}.items() if name in needs}
        overridden = [name for name in sorted(bound) if own.get(name) != bound[name]]
        if not overridden:
            return pointer
        key = (pointer, tuple(sorted(bound.items())))
        if key not in self._copies:
            self._count(len(bound))
            place = self._place(pointer, self._resource(bound[overridden[0]]))
            self._taken.add(place)
            self._copies[key] = place
            self._queue.append((pointer, bound, self._copies[key]))
        return self._copies[key]

    def _place(self, pointer: str, resource: str) -> str:
        """Choose where a copy goes: into the schema that asks for it, if that is no more than a
        name for it, else among its definitions."""
        asking = self._find(resource)
        alone = asking.get("$ref") == f"#{pointer}" and asking.keys() <= _BESIDE
        if alone and resource not in self._taken:
            return resource
        known = asking.get("$defs", {})
        base = pointers.split(pointer)[-1]
        number = self._numbers.get((resource, base), 0)
        while True:
            number += 1
            key = base if number == 1 else f"{base}{number}"
            place = f"{resource}/$defs/{pointers.escape(key)}"
            if key not in known and place not in self._taken:
                self._numbers[resource, base] = number
                return place

    def _copy(self, node: Json, at: str, bindings: Bindings, *, top: bool = True) -> Json:
        if not isinstance(node, dict):
            return node
        if not top and isinstance(node.get("$id"), str):
            bindings = {**self._anchors.get(at, {}), **bindings}
        self._count()
        made: dict[str, Any] = {
            key: value.copy() if isinstance(value, (dict, list)) else value
            for key, value in node.items()
            if key not in _NAMING
        }
        for key, name, inner, place in _inside(node, at):
            copy = self._copy(inner, place, bindings, top=False)
            if name is None:
                made[key] = copy
            else:
                made[key][name] = copy
        self._change(made, node, bindings)
        return made

    def _needed(self, start: str) -> frozenset[str]:
        """The names that the schema at `start`, or one that it leads to, asks for."""
        if start not in self._needs:
            names: set[str] = set()
            pending, seen = [start], {start}
            while pending:
                for node, _ in self._schemas(pending.pop()):
                    use = self._uses.get(id(node))
                    ref = node.get("$ref")
                    targets = self._candidates[use.name] if use else [ref[1:]] if ref else []
                    names |= {use.name} if use else set()
                    fresh = [target for target in targets if target not in seen]
                    pending += fresh
                    seen.update(fresh)
            self._needs[start] = frozenset(names)
        return self._needs[start]

    def _schemas(self, start: str, *, within: bool = False) -> Iterator[tuple[Object, str]]:
        """Yield the schema at `start` and those inside it; `within`: with its definitions, but
        not what has an `$id`, or a component's name, of its own."""
        pending = [(self._find(start), start)]
        while pending:
            node, at = pending.pop()
            self._count()
            if not isinstance(node, dict) or (within and self._resource(at) != start):
                continue
            yield node, at
            pending += [(inner, place) for _, _, inner, place in _inside(node, at, within)]

    def _count(self, steps: int = 1) -> None:
        self._steps += steps
        if self._steps > MAX_STEPS:
            raise TooManyError

    def _resource(self, pointer: str) -> str:
        """The schema that the one at `pointer` is a part of: with an `$id`, or a component."""
        tokens = pointers.split(pointer)
        found = pointers.join(tokens[:3]) if tuple(tokens[:2]) == _COMPONENTS else ""
        node: Json = self._root
        for depth, token in enumerate(tokens, 1):
            try:
                node = pointers.step(node, token)
            except KeyError:
                break
            if isinstance(node, dict) and isinstance(node.get("$id"), str):
                found = pointers.join(tokens[:depth])
        return found

    def _find(self, pointer: str) -> Json:
        try:
            return pointers.find(self._root, pointer)
        except KeyError:
            return None


def _inside(
    node: Object, at: str, definitions: bool = False
) -> Iterator[tuple[str, str | int | None, Json, str]]:
    """The schemas directly inside one: keyword, name or index there, schema, pointer."""
    for key, value in node.items():
        container = SCHEMA.get(key, ("",))[0]
        if not container or (key in _NAMING and not definitions):
            continue
        if container == ONE:
            yield key, None, value, f"{at}/{key}"
        elif container == LIST and isinstance(value, list):
            for index, inner in enumerate(value):
                yield key, index, inner, f"{at}/{key}/{index}"
        elif isinstance(value, dict):
            for name, inner in value.items():
                yield key, name, inner, f"{at}/{key}/{pointers.escape(name)}"
