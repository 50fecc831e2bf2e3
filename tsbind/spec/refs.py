"""Where a `$ref` leads: pointers, files, `$id`s and anchors become plain internal pointers."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import cast
from urllib.parse import urljoin, urlsplit

from tsbind.bundle import Json
from tsbind.errors import SpecError
from tsbind.spec import pointer as pointers
from tsbind.spec.document import EXTERNAL, Failure, decode
from tsbind.spec.files import Files
from tsbind.spec.source import Source

_MAX_HOPS = 100


@dataclass(frozen=True, eq=False)
class Scope:
    """What a reference is relative to: the text that it stands in, or an `$id` around it."""

    source: Source
    base: str  # the URI that relative references are joined to; "" when unknown
    resource: str  # the pointer that `#` means: the text's mount, or the schema with the `$id`
    links: dict[str, str] = field(default_factory=dict)  # references already understood

    def within(self, schema_id: str, at: str) -> Scope:
        """Return the scope inside the schema at `at` whose `$id` is `schema_id`."""
        try:
            base = urljoin(self.base, schema_id.partition("#")[0])
        except ValueError:  # no URI at all: as if it were absent
            return self
        return Scope(self.source, base, at)


class Refs:
    """Understands references, as far as the walk has met their targets."""

    def __init__(self, root: dict[str, Json], files: Files) -> None:
        self._root = root
        self._files = files
        self._ids: dict[str, str] = {}  # absolute URI → pointer
        self._anchors: dict[tuple[str, str], str] = {}  # (resource, name) → pointer
        self.dynamic: dict[str, list[str]] = {}  # name of a `$dynamicAnchor` → pointers
        self._scopes: dict[str, Scope] = {}
        self._looked_through: set[str] = set()
        self.failed: dict[str, Failure] = {}  # by reference

    def scope(self, mount: str) -> Scope:
        """Return the scope of a whole text."""
        if mount not in self._scopes:
            source = self._files.sources[mount]
            whole = Scope(source, source.origin, mount)
            root = self.find(mount)
            itself = root.get("$self") if isinstance(root, dict) else None
            if isinstance(itself, str):  # OpenAPI 3.2 §4.1: the base of what it refers to
                whole = whole.within(itself, mount)
                self.name(whole.base, mount)
            self._scopes[mount] = whole
        return self._scopes[mount]

    def scope_at(self, pointer: str) -> Scope:
        """Return the scope of the text that has what is at `pointer`."""
        mount = "/".join(pointer.split("/")[:3])
        return self.scope(mount if mount in self._files.sources else "")

    def name(self, uri: str, at: str) -> None:
        """Note that the thing at `at` is called `uri` (`$id`, `$self`)."""
        self._ids.setdefault(uri, at)

    def anchor(self, name: str, at: str, scope: Scope, *, dynamic: bool) -> None:
        """Note the `$anchor` or `$dynamicAnchor` of the schema at `at`."""
        self._anchors.setdefault((scope.resource, name), at)
        if dynamic and at not in self.dynamic.setdefault(name, []):
            self.dynamic[name].append(at)

    def link(self, ref: str, scope: Scope) -> str | None:
        """Return the pointer that `ref` means, or None, noting why, while it is not known."""
        try:
            url, _, fragment = ref.partition("#")
            fragment = decode(fragment)
            mount = self._mount(url, scope) if url else scope.resource
        except SpecError as error:
            if error.code == "too-large":
                raise
            where = f"{error.where}: " if error.where else ""
            self.failed[ref] = Failure(f"{where}{error.what}", error.fix)
            return None
        except ValueError:
            self.failed[ref] = Failure("it is no URI reference")
            return None
        if fragment and not fragment.startswith("/"):
            found = self._anchors.get((mount, fragment))
            if found is None:
                self._look_through(mount)
                found = self._anchors.get((mount, fragment))
            if found is None:
                self.failed[ref] = Failure(f'no $anchor is called "{fragment}"')
            else:
                self.failed.pop(ref, None)
            return found
        if not url and mount != scope.source.mount and self.find(mount + fragment) is None:
            # Many who write `$id` still mean the whole document by `#`.
            mount = scope.source.mount
        self.failed.pop(ref, None)  # it may have been tried before its target was known
        return mount + fragment

    def _look_through(self, mount: str) -> None:
        """Note the names in a text whose schemas the walk may never meet, once."""
        if mount in self._looked_through or mount not in self._files.sources:
            return
        self._looked_through.add(mount)
        pending = [(self.find(mount), mount, self.scope(mount))]
        while pending:
            node, at, scope = pending.pop()
            if isinstance(node, list):
                pending += [(each, f"{at}/{index}", scope) for index, each in enumerate(node)]
            if not isinstance(node, dict):
                continue
            if isinstance(node.get("$id"), str):
                scope = scope.within(node["$id"], at)
                self.name(scope.base, at)
            for key in ("$anchor", "$dynamicAnchor"):
                if isinstance(node.get(key), str):
                    self.anchor(node[key], at, scope, dynamic=key == "$dynamicAnchor")
            pending += [
                (value, f"{at}/{pointers.escape(key)}", scope)
                for key, value in node.items()
                if isinstance(value, (dict, list)) and not (key == EXTERNAL and not mount)
            ]

    def _mount(self, url: str, scope: Scope) -> str:
        absolute, scheme = _joined(scope.base, url)
        if absolute not in self._ids and scheme in ("http", "https"):
            for mount in list(self._files.sources):
                self._look_through(mount)
        named = self._ids.get(absolute)
        if named is not None:
            return named
        if urlsplit(url).scheme == "file":
            raise SpecError("it is an absolute path", code="bad-ref")
        if scope.base == scope.source.origin:
            return self._files.reach(absolute)
        try:
            return self._files.reach(absolute)
        except SpecError:
            # An `$id` is often only a name: beside the file that it is in, then.
            return self._files.reach(urljoin(scope.source.origin, url))

    def link_dynamic(self, ref: str, scope: Scope) -> str | None:
        """Return the pointer that a `$dynamicRef` means when nothing overrides it."""
        name = ref.removeprefix("#")
        found = self._anchors.get((scope.resource, name))
        if found is not None:
            return found
        candidates = self.dynamic.get(name, [])
        return candidates[0] if len(candidates) == 1 else self.link(ref, scope)

    def find(self, pointer: str) -> Json:
        """Return what is at `pointer` of the tree as it is now; None when there is nothing."""
        try:
            return pointers.find(self._root, pointer)
        except KeyError:
            return None

    def settle(self, pointer: str, wrapped: dict[str, None]) -> str | None:
        """Return the pointer, in the finished tree, of what was at `pointer`; None for nothing.

        Passes through schemas that were wrapped, and through references on the way.
        """
        path, node = "", cast("Json", self._root)
        tokens = pointers.split(pointer)[::-1]
        hops = 0
        while tokens:
            token = tokens.pop()
            try:
                node = pointers.step(node, token)
                path += f"/{pointers.escape(token)}"
                continue
            except KeyError:
                tokens.append(token)
            if path in wrapped:
                tokens += ["0", "anyOf"]
                continue
            ref = node.get("$ref") if isinstance(node, dict) else None
            hops += 1
            if not isinstance(ref, str) or not ref.startswith("#") or hops > _MAX_HOPS:
                return None
            tokens += pointers.split(ref[1:])[::-1]
            path, node = "", self._root
        return path


@lru_cache(maxsize=1 << 17)  # a reference that leads nowhere is tried again, wherever it stands
def _joined(base: str, url: str) -> tuple[str, str]:
    """Return what `url` is relative to `base`, and the scheme of that; raises ValueError."""
    absolute = urljoin(base, url)
    return absolute, urlsplit(absolute).scheme
