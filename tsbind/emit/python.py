"""Prints the Python module that a host developer works with: a typed class over an API.

One asynchronous method per operation, whose default asks the API over HTTP and which a subclass
may override; TypedDicts for arguments and replies; the table from operations to methods; and the
fingerprint of the Bundle that the module belongs to.  What is printed needs no formatter: it is
laid out as `ruff format` lays it out, and `mypy --strict` accepts it.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from tsbind.emit.python_layout import STEP, Annotation, Name, Subscript, flat, words
from tsbind.emit.python_statements import Definition, spaced
from tsbind.emit.python_text import WIDTH, docstring, literal, pascal, snake, width
from tsbind.emit.python_types import Definitions
from tsbind.emit.text import plain
from tsbind.ir.api import Api, Operation
from tsbind.ir.numbering import numbered
from tsbind.ir.types import Type, union
from tsbind.resources import template

PROSE: Final = 1200  # characters of an operation's description
SUMMARY: Final = 200
TITLE: Final = 80

# What `tsbind.runtime.host.Host` calls its own; no method may hide it.
HOST_ATTRIBUTES: Final = frozenset(
    {"bundle", "call", "check_arguments", "close", "operation", "policy", "question"}
    | {"redact", "redact_json", "request", "send", "shows_secret"}
)
_NOISE: Final = frozenset(
    {"a", "api", "apis", "for", "of", "official", "openapi", "public", "reference", "rest"}
    | {"service", "spec", "specification", "swagger", "the"}
)
_TYPING: Final = ("ClassVar", "Literal", "Never", "NotRequired", "TypeAlias", "TypedDict")


class _Method(msgspec.Struct, frozen=True):
    """One operation, as the template wants it: strings that are already Python."""

    head: str
    doc: str
    body: tuple[str, ...]


class _Module(msgspec.Struct, frozen=True):
    """A whole module, as the template wants it."""

    doc: str
    imports: tuple[str, ...]
    definitions: tuple[Definition, ...]
    host: str
    host_doc: str
    fingerprint: str
    dispatch: tuple[str, ...]
    methods: tuple[_Method, ...]


def print_stubs(api: Api, bundle_fingerprint: str, *, class_name: str | None = None) -> str:
    """Print the stubs of `api`, which belong to the Bundle of that fingerprint.

    The Api is the one before the passes that compress for TypeScript: their shortened names and
    generics would not read well here.  `class_name` defaults to one made of the title.
    """
    host = pascal(class_name) if class_name else _host_name(api.title)
    names = _method_names(api.operations)
    definitions = Definitions(api.types, (host,))
    definitions.define_all()
    methods = [
        _method(operation, name, definitions)
        for operation, name in zip(api.operations, names, strict=True)
    ]
    dispatch = (
        f"{literal(operation.id)}: {literal(name)}"
        for operation, name in zip(api.operations, names, strict=True)
    )
    title = plain(f"{api.title} {api.version}", TITLE) or "an untitled API"
    doc = [(title, TITLE), (api.doc.partition("\n\n")[0], PROSE)]
    module = _Module(
        doc=docstring([(f"Stubs of {title}, made by tsbind; edits will be lost.", 160)], 0),
        imports=_imports(definitions.used),
        definitions=spaced(definitions.listed),
        host=host,
        host_doc=docstring(doc, STEP),
        fingerprint=literal(bundle_fingerprint),
        dispatch=tuple(dispatch),
        methods=tuple(methods),
    )
    # Nothing to escape: every string is spelled by python_text.
    return template("stubs.py", escape=False).render(module=module)


def _host_name(title: str) -> str:
    """Name the class after the API, without the words that titles of APIs have in common.

    >>> _host_name("The Room Chat REST API"), _host_name("Acme's OpenAPI spec"), _host_name("")
    ('RoomChatHost', 'AcmeHost', 'ApiHost')
    """
    words = re.sub(r"['\u2019]s\b", "", plain(title, TITLE)).split()
    telling = [word for word in words if word.strip(".,:()").lower() not in _NOISE]
    return pascal(" ".join([*(telling[:4] or ["api"]), "host"]))


def _method_names(operations: tuple[Operation, ...]) -> list[str]:
    taken = set(HOST_ATTRIBUTES)
    names: list[str] = []
    for operation in operations:
        wanted = snake(operation.name)
        name = numbered(f"{wanted}_", taken) if wanted in taken else wanted
        taken.add(name)
        names.append(name)
    return names


def _method(operation: Operation, name: str, definitions: Definitions) -> _Method:
    place = pascal(name)
    parameter = _parameter(operation, place, definitions)
    other = operation.overload
    output = operation.output
    if other is not None and output is not None:
        output = union((output, other.output))
    reply = _reply(output, place, definitions)
    deprecated = "Deprecated. " if operation.deprecated else ""
    return _Method(
        head=_signature(name, parameter, reply),
        doc=docstring(
            [
                (f"{deprecated}{operation.summary}", SUMMARY),
                (operation.doc, PROSE),
                (f"{operation.call.method} {operation.call.path}", SUMMARY),
            ],
            2 * STEP,
        ),
        body=_body(literal(operation.id), reply),
    )


def _parameter(operation: Operation, place: str, definitions: Definitions) -> str:
    """Spell the parameter after `self`."""
    if operation.input is None:
        definitions.used.add("Json")
        return "args: Mapping[str, Json] | None = None"
    annotation = definitions.top(operation.input, f"{place}Args")
    if not isinstance(annotation, Name):
        annotation = definitions.alias(f"{place}Args", annotation)
    definitions.used.add(annotation.text)
    return f"args: {annotation.text}{' | None = None' if operation.optional else ''}"


def _reply(output: Type | None, place: str, definitions: Definitions) -> str:
    """Spell what a method returns: short enough to stand in one line with it."""
    if output is None:
        return "None"
    annotation: Annotation = definitions.top(output, f"{place}Reply")
    simple = isinstance(annotation, (Name, Subscript)) and width(flat(annotation)) <= 50
    if not simple and not isinstance(annotation, Name):
        annotation = definitions.alias(f"{place}Reply", annotation)
    definitions.used.update(words(annotation))
    return flat(annotation)


def _signature(name: str, parameter: str, reply: str) -> str:
    """Lay out the head of a method as `ruff format` does."""
    line = f"async def {name}(self, {parameter}) -> {reply}:"
    if width(line) + STEP <= WIDTH:
        return line
    margin = "\n" + " " * (2 * STEP)
    if width(parameter) + len("self, ") + 2 * STEP <= WIDTH:
        inside = f"self, {parameter}"
    else:
        inside = f"self,{margin}{_broken_default(parameter)},"
    if width(f") -> {reply}:") + STEP > WIDTH >= width(reply) + 2 * STEP:
        reply = f"({margin}{reply}\n    )"
    return f"async def {name}({margin}{inside}\n    ) -> {reply}:"


def _broken_default(parameter: str) -> str:
    if width(parameter) + 2 * STEP + 1 <= WIDTH:
        return parameter
    return parameter.replace(" | None = None", "\n        | None = None")


def _body(operation: str, reply: str) -> tuple[str, ...]:
    if reply == "None":
        return (_call("", operation),)
    return _call(f"reply: {reply} = ", operation), "return reply"


def _call(before: str, operation: str) -> str:
    """Lay out a call of `send` as `ruff format` does."""
    indent = 2 * STEP
    line = f"{before}await self.send({operation}, args)"
    if width(line) + indent <= WIDTH:
        return line
    opened = f"{before}await self.send("
    plainly = f"{opened}{_arguments(operation, indent)}"
    if width(opened) + indent <= WIDTH:
        return plainly
    inner = indent + STEP
    line = f"await self.send({operation}, args)"
    if width(line) + inner > WIDTH:
        line = f"await self.send({_arguments(operation, inner)}"
    # Parentheses around the whole, but only if then every line fits.
    enclosed = f"{before}(\n{' ' * inner}{line}\n{' ' * indent})"
    fits = all(width(each) <= WIDTH for each in f"{' ' * indent}{enclosed}".splitlines())
    return enclosed if fits else plainly


def _arguments(operation: str, indent: int) -> str:
    """Lay out what follows the opening parenthesis of a call that does not fit in its line."""
    margin = "\n" + " " * (indent + STEP)
    listed = f"{operation}, args"
    if width(listed) + indent + STEP > WIDTH:
        listed = f"{operation},{margin}args,"
    return f"{margin}{listed}\n{' ' * indent})"


def _imports(used: set[str]) -> tuple[str, ...]:
    needed = ", ".join(name for name in _TYPING if name == "ClassVar" or name in used)
    lines = ["from collections.abc import Mapping", f"from typing import {needed}", ""]
    if "Json" in used:
        lines.append("from tsbind.bundle import Json")
    return (*lines, "from tsbind.runtime.host import Host")
