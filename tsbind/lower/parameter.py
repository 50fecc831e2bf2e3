"""Parameter Objects → arguments, and how each goes over the wire (OpenAPI 3.2 §4.12)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple, cast, get_args

from tsbind.bundle import Parameter, Place, Style
from tsbind.headers import HOST_WRITES, is_settable, is_token
from tsbind.ir.numbering import numbered
from tsbind.ir.types import Field
from tsbind.lower.media import by_preference, contents
from tsbind.lower.note import example
from tsbind.lower.references import References, shown
from tsbind.lower.report import At, Node, Report
from tsbind.lower.words import camel, identifier, words

_PLACES: tuple[Place, ...] = get_args(Place)
# The style that a place has when the document says nothing, and those that it may have.
_STYLES: dict[str, tuple[Style, ...]] = {
    "path": ("simple", "label", "matrix"),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
    "header": ("simple",),
    "cookie": ("form", "cookie"),
}
# Header parameters of these names are ignored: the request says them otherwise (§4.12.2).
_IGNORED_HEADERS = frozenset(("accept", "content-type", "authorization"))
_BRACES = re.compile(r"\{([^{}]*)\}")
_BEFORE_FRAGMENT = re.compile(r"(?:[^{}#]|\{[^{}]*\}|[{}])*+", re.S)
_RESERVED_EXPANSION = "+#"  # RFC 6570 operators under which reserved characters stay as they are
_OPERATORS = "+#./;?&"


class Declared(NamedTuple):
    """A parameter as the document declares it."""

    name: str
    place: Place
    node: dict[str, Node]
    at: At

    @property
    def schema(self) -> Node:
        """The schema of its value; without one any value will do, in a path any text."""
        if "schema" in self.node:
            return self.node["schema"]
        return True if self.place in ("query", "querystring") else {"type": "string"}


class Argument(NamedTuple):
    """A parameter and what its value can be."""

    parameter: Parameter
    schema: Node
    at: At  # of the schema
    doc: str
    deprecated: bool
    declared: Declared


class Template(NamedTuple):
    """A path whose variables are plain: `{name}`, each once."""

    path: str
    names: tuple[str, ...]
    reserved: frozenset[str]  # written `{+name}`: may contain slashes


def template(path: str) -> Template:
    """Read a path template; operators of RFC 6570 are understood, a fragment is dropped.

    >>> template("/files/{+path}#download")
    Template(path='/files/{path}', names=('path',), reserved=frozenset({'path'}))
    """
    names: dict[str, None] = {}
    reserved: set[str] = set()

    def plain(match: re.Match[str]) -> str:
        name = match[1]
        operator = name[:1] if name[:1] in _OPERATORS else ""
        name = name.removeprefix(operator).removesuffix("*") if operator else name
        variable, _, pattern = name.partition("=")  # `{name=users/*}`, as Google writes it
        name = variable or name
        greedy = name.endswith("+") and len(name) > 1  # `{proxy+}`, as AWS writes it
        name = name.removesuffix("+") if greedy else name
        names[name] = None
        if greedy or "/" in pattern or (operator and operator in _RESERVED_EXPANSION):
            reserved.add(name)
        return "{" + name + "}"

    # A fragment tells apart operations that differ in their query alone; it is never sent.
    sent = _BEFORE_FRAGMENT.match(path)
    written = _BRACES.sub(plain, sent[0] if sent else path)
    return Template(written, tuple(names), frozenset(reserved))


def declared(
    owners: Iterable[tuple[dict[str, Node], At]], references: References, report: Report
) -> list[Declared]:
    """Read `parameters` of path items and their operation, in that order; the later one wins."""
    found: dict[tuple[str, str], Declared] = {}
    for node, at in owners:
        listed = node.get("parameters")
        if listed is None:
            continue
        place: At = (at, "parameters")
        if not isinstance(listed, list):
            report.add("shape", place, f'"parameters" must be a list, not {shown(listed)}')
            continue
        here: set[tuple[str, str]] = set()
        for index, each in enumerate(listed):
            parameter = _declared(each, (place, str(index)), references, report)
            if parameter is None:
                continue
            key = (parameter.name, parameter.place)
            if key in here:
                report.add(
                    "parameter-duplicate",
                    (place, str(index)),
                    f'{parameter.place} parameter "{parameter.name}" is declared twice',
                    fix="remove one of them; the later one is used",
                )
            here.add(key)
            found[key] = parameter
    return list(found.values())


def _declared(each: Node, at: At, references: References, report: Report) -> Declared | None:
    resolved = references.node(each, at)
    if resolved is None:
        return None
    node, where = resolved
    name, place = node.get("name"), node.get("in")
    if not isinstance(name, str) or place not in _PLACES:
        report.add(
            "parameter",
            at,
            f'parameter needs a "name", and "in" of {", ".join(_PLACES)}; '
            f"they are {shown(name)} and {shown(place)}",
        )
        return None
    if place == "header" and name.lower() in _IGNORED_HEADERS:
        return None
    return Declared(name, cast("Place", place), node, where)


def settable(found: list[Declared], operation: str, report: Report) -> list[Declared] | None:
    """Leave out what no program may set; None when the operation cannot be called without."""
    kept: list[Declared] = []
    possible = True
    for each in found:
        if _is_settable(each):
            kept.append(each)
        elif each.name.lower() in HOST_WRITES and each.place == "header":
            what = f'the header "{each.name}" is written by the host, not by programs'
            report.add("header-own", each.at, what, severity="info")
        else:
            needed = each.node.get("required") is True
            possible = possible and not needed
            report.add(
                "unsettable",
                each.at,
                f'the {each.place} "{each.name}" cannot be set by a program'
                + (f", so {operation} cannot be called" if needed else ", and is left out"),
                fix="remove it, or make it optional" if needed else "remove it",
                severity="error" if needed else "warning",
                operation=operation if needed else "",
            )
    return kept if possible else None


def _is_settable(each: Declared) -> bool:
    if each.place == "header":
        return is_settable(each.name)
    return each.place != "cookie" or is_token(each.name)


def in_template(found: list[Declared], path: Template, at: At, report: Report) -> list[Declared]:
    """Make path parameters and template agree: the template decides."""
    kept = []
    by_name = {_bare(each.name): each for each in found if each.place == "path"}
    for name in path.names:
        if name in by_name:
            kept.append(by_name[name]._replace(name=name))
            continue
        report.add(
            "path-parameter-undeclared",
            at,
            f'path parameter "{name}" is not declared',
            fix=f"declare it: {{name: {name}, in: path, required: true, schema: {{type: string}}}}",
        )
        kept.append(Declared(name, "path", {}, at))
    for each in by_name.values():
        if _bare(each.name) not in path.names:
            report.add(
                "path-parameter-unused",
                each.at,
                f'path parameter "{each.name}" does not occur in the path',
                fix="put it into the path, or say where else it goes",
            )
    return kept + [each for each in found if each.place != "path"]


def _bare(name: str) -> str:
    """A variable's name without the operators that some declare along with it."""
    bare = name.lstrip(_OPERATORS)
    return bare.removesuffix("+") or bare


def arguments(
    found: list[Declared], path: Template, references: References, report: Report
) -> list[Argument]:
    """Name the arguments and say how each is serialised; the path's come first."""
    made: list[Argument] = []
    taken: set[str] = set()
    order = sorted(found, key=lambda each: _PLACES.index(each.place))
    for each in order:
        arg = _free(argument_name(each.name), each.place, taken)
        taken.add(arg)
        made.append(_argument(each, arg, path, references, report))
    return made


def _free(name: str, place: str, taken: set[str]) -> str:
    """`id`, `queryId`, `queryId2`: a name that two places share goes to the path."""
    if name not in taken:
        return name
    longer = place + name[:1].upper() + name[1:]
    return numbered(longer, taken) if longer in taken else longer


def argument_name(name: str) -> str:
    """The wire name where it is an identifier, else its words joined.

    >>> [argument_name(name) for name in ("per_page", "page[size]", "X-Api-Version", "$filter")]
    ['per_page', 'pageSize', 'xApiVersion', '$filter']
    """
    bare = name.removeprefix("$")
    if bare.isidentifier() and identifier(bare) == bare:
        return name
    parts = words(name)
    if not parts:
        return "value"
    if "_" in name.strip("_"):
        return identifier("_".join(re.findall(r"\w+", name)) or "value")
    return camel(parts)


def _argument(
    each: Declared, arg: str, path: Template, references: References, report: Report
) -> Argument:
    node = each.node
    required = each.place == "path" or node.get("required") is True
    doc = node.get("description")
    text = doc.strip() if isinstance(doc, str) else ""
    deprecated = node.get("deprecated") is True
    listed = by_preference(contents(node, each.at, references, report), reply=False)
    if listed:
        first = listed[0]
        parameter = Parameter(
            arg, each.name, each.place, "content", required=required, media=first.media
        )
        return Argument(parameter, first.schema, (first.at, "schema"), text, deprecated, each)
    style = _style(each, report)
    explode = node.get("explode")
    parameter = Parameter(
        arg,
        each.name,
        each.place,
        style,
        explode=explode if isinstance(explode, bool) else style in ("form", "cookie"),
        required=required,
        allow_reserved=each.name in path.reserved
        or node.get("allowReserved") is True
        or node.get("x-ms-skip-url-encoding") is True,
    )
    return Argument(parameter, each.schema, (each.at, "schema"), text, deprecated, each)


def _style(each: Declared, report: Report) -> Style:
    if each.place == "querystring":
        return "content"
    allowed = _STYLES[each.place]
    style = each.node.get("style")
    if style is None or style in allowed:
        return cast("Style", style or allowed[0])
    report.add(
        "parameter-style",
        (each.at, "style"),
        f'a {each.place} parameter cannot have style {shown(style)}; "{allowed[0]}" is used',
        fix=f"use one of {', '.join(allowed)}",
    )
    return allowed[0]


def field(argument: Argument, type_: object, note: str) -> Field:
    """The field of the argument object that holds this parameter."""
    return Field(
        argument.parameter.arg,
        type_,  # type: ignore[arg-type]
        argument.parameter.required,
        note,
        argument.doc,
        argument.deprecated,
        example(argument.declared.node, argument.schema),
    )
