"""What a document says it has, read without tsbind: its operations and what they require.

This is a second, independent reader, as small as it can be, on the standard library's JSON and
PyYAML alone.  It knows nothing of `tsbind.spec` or `tsbind.lower`, so that what those lose shows.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias
from urllib.parse import unquote

import yaml

Json: TypeAlias = Any  # a JSON value: what it is shows when it is looked at

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
# Parameters of these names are to be ignored (OpenAPI 3.2 §4.12.2.1).
IGNORED_HEADERS = {"accept", "content-type", "authorization"}


class Written(NamedTuple):
    """One operation as written."""

    method: str  # upper case
    path: str  # the template, as a key of `paths`
    required: frozenset[tuple[str, str]]  # (place, name) of each required or path parameter


class _Yaml(yaml.CSafeLoader):
    """YAML's core schema as far as keys need it: no dates, no octal, no `on` and `off`."""


_Yaml.yaml_implicit_resolvers = {
    first: [
        (tag, found)
        for tag, found in resolvers
        if tag in ("tag:yaml.org,2002:null", "tag:yaml.org,2002:merge")
    ]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
_TRUE = (True, "true", "True", "TRUE")


class Reader:
    """Reads the files of one document, each once."""

    def __init__(self, file: Path) -> None:
        self._file = file.resolve()
        self._trees: dict[Path, Json] = {}

    def operations(self) -> Counter[Written]:
        """Return every operation under `paths`; equal ones count as often as they are there."""
        root = self._tree(self._file)
        found: Counter[Written] = Counter()
        paths, at = self._target(root.get("paths"), self._file)
        for path, item in paths.items() if isinstance(paths, dict) else ():
            if str(path).startswith("/"):
                found.update(self._of_item(str(path), item, at, root))
        return found

    def _of_item(self, path: str, item: Json, at: Path, root: Json) -> list[Written]:
        item, there = self._target(item, at)
        if not isinstance(item, dict):
            return []
        known = METHODS if str(root.get("openapi", "")).startswith("3.2") else METHODS[:-1]
        more = item.get("additionalOperations")
        listed = [(method.upper(), item[method]) for method in known if method in item]
        listed += more.items() if isinstance(more, dict) and known is METHODS else []
        return [
            Written(method, path, self._required(path, item, operation, there))
            for method, operation in listed
            if isinstance(operation, dict)
        ]

    def _required(
        self, path: str, item: Json, operation: Json, at: Path
    ) -> frozenset[tuple[str, str]]:
        needed: dict[tuple[str, str], bool] = {}
        for owner in (item, operation):
            for each in owner.get("parameters") or ():
                parameter, _ = self._target(each, at)
                if isinstance(parameter, dict) and isinstance(parameter.get("name"), str):
                    key = (str(parameter.get("in")), parameter["name"])
                    needed[key] = parameter.get("required") in _TRUE
        required = {
            (place, name)
            for (place, name), must in needed.items()
            if must and place in ("query", "header", "cookie")
            if not (place == "header" and name.lower() in IGNORED_HEADERS)
        }
        return frozenset(required | {("path", name) for name in variables(path)})

    def _tree(self, file: Path) -> Json:
        if file not in self._trees:
            text = file.read_bytes().decode("utf-8-sig")
            try:
                self._trees[file] = json.loads(text)
            except json.JSONDecodeError:
                self._trees[file] = yaml.load(text, _Yaml)
        return self._trees[file]

    def _target(self, node: Json, at: Path) -> tuple[Json, Path]:
        """Follow references; None when one leads nowhere."""
        for _ in range(100):
            ref = node.get("$ref") if isinstance(node, dict) else None
            if not isinstance(ref, str):
                return node, at
            file, _, pointer = ref.partition("#")
            at = (at.parent / unquote(file)).resolve() if file else at
            try:
                node = _step(self._tree(at), unquote(pointer))
            except (OSError, LookupError, TypeError, ValueError, yaml.YAMLError):
                return None, at
        return None, at


def _step(node: Json, pointer: str) -> Json:
    for token in pointer.split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        node = node[int(name)] if isinstance(node, list) else node[name]
    return node


def variables(path: str) -> list[str]:
    """Return the names of the variables in a path template; `{+path}` and `{path*}` are one."""
    names = re.findall(r"\{([^{}]*)\}", path.partition("#")[0])
    return [name.lstrip("+#./;?&").removesuffix("*") if name else name for name in names]
