"""Offer Python functions to programs, from their type hints, beside any API.

    shop = Tools("shop")

    @shop.tool
    def price(sku: str, count: int = 1) -> float:
        '''Price of an article, in euros.'''
        return 4.5 * count

    shown = shop.declarations("shop")  # for a model, which then writes:
    result = run_sync("return await shop.price({ sku: 'a' })",
                      {"shop": shop.bundle}, host={"shop": shop.host()})

The functions become an OpenAPI document and go through the same compiler as any other, so they
appear in `shop.bundle.declarations`; their arguments are checked and converted to the types that
they ask for (dataclasses, TypedDicts, Structs, models of pydantic, enums, dates, unions,
literals).  Functions may be async; others run in a thread.  What one raises reaches the program
without its text, as HostError, and is the cause of the ProgramError that ends the run if nothing
catches it; for text that the program shall read, raise `ApiError(404, "no such article")`.
"""

from __future__ import annotations

import asyncio
import dataclasses
import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeVar, get_type_hints

import msgspec

from tsbind.bundle import Bundle, Json
from tsbind.errors import BundleError
from tsbind.runtime import ArgumentError, Host, Policy

_F = TypeVar("_F", bound=Callable[..., object])
_REF = "#/components/schemas/{}"
_EVERYTHING = Policy(default="allow")


class Tools:
    """A named collection of functions that programs may call.

    `title` heads the declarations.  Register every function before `bundle` is first used.
    """

    def __init__(self, title: str) -> None:
        self.title = title
        self._tools: dict[str, _Tool] = {}

    def tool(self, function: _F, *, reads: bool = False) -> _F:
        """Register a function and return it; `reads` promises that it changes nothing.

        Raises BundleError when its hints are missing or cannot be said in JSON.
        """
        name = function.__name__
        if name in self._tools or "bundle" in self.__dict__:
            what = "is registered already" if name in self._tools else "comes after the Bundle"
            raise BundleError(f'the tool "{name}" {what}', where=self.title, code="tool")
        self._tools[name] = _tool(function, reads=reads)
        return function

    def reader(self, function: _F) -> _F:
        """Register a function that changes nothing, which read-only policies allow."""
        return self.tool(function, reads=True)

    @cached_property
    def bundle(self) -> Bundle:
        """The compiled functions."""
        from tsbind.pipeline import Options, compile

        document = msgspec.json.encode(self._document())
        return compile(document, Options(name=self.title, docs="brief")).bundle

    def declarations(self, root: str) -> str:
        """Return the TypeScript that a model is shown, when programs call the functions `root`.

        Raises BundleError when `root` cannot be a global name.
        """
        return self.bundle.declared_as(root)

    def host(self, *, policy: Policy = _EVERYTHING) -> Host:
        """Return a Host that answers with the functions."""
        by_path = {f"/{name}": tool for name, tool in self._tools.items()}
        tools = {op: by_path[call.path] for op, call in self.bundle.calls.items()}
        return _ToolHost(self.bundle, tools, policy)

    def _document(self) -> Json:
        types = [each for tool in self._tools.values() for each in (tool.arguments, tool.returns)]
        try:
            schemas, components = _schemas(types)
        except TypeError as error:
            raise BundleError(
                f"its tools cannot stand in one document: {error}",
                where=self.title,
                fix="give one of the types another name",
                code="tool",
            ) from None
        pairs = zip(schemas[::2], schemas[1::2], strict=True)
        return {
            "openapi": "3.2.0",
            "info": {"title": self.title, "version": "1"},
            "paths": {
                f"/{name}": {"query" if tool.reads else "post": _operation(name, tool, *pair)}
                for (name, tool), pair in zip(self._tools.items(), pairs, strict=True)
            },
            "components": {"schemas": components},
        }


class _Tool(msgspec.Struct, frozen=True):
    """A function, the Struct of its arguments, and the type that it returns."""

    function: Callable[..., object]
    arguments: type[msgspec.Struct]
    returns: Any
    doc: str
    reads: bool


class _ToolHost(Host):
    """Answers each operation with its function."""

    def __init__(self, bundle: Bundle, tools: Mapping[str, _Tool], policy: Policy) -> None:
        super().__init__(bundle, "https://tools.invalid", policy=policy)
        self._tools = tools

    async def send(self, op: str, args: Mapping[str, object] | None = None) -> Json:
        """Call the function; one that is not async runs in a thread."""
        self.check_arguments(self.operation(op), args or {})
        tool = self._tools[op]
        try:
            given = msgspec.convert(args or {}, tool.arguments, dec_hook=_model)
        except msgspec.ValidationError as error:
            raise ArgumentError(f"{op}: {error}", code="argument") from None
        _complete(given)
        named = {name: getattr(given, name) for name in tool.arguments.__struct_fields__}
        if inspect.iscoroutinefunction(tool.function):
            value = await tool.function(**named)
        else:
            value = await asyncio.to_thread(tool.function, **named)
        return msgspec.to_builtins(value, builtin_types=(bytes,), enc_hook=_fields)


def _tool(function: Callable[..., object], *, reads: bool) -> _Tool:
    name = function.__name__
    try:
        hints = get_type_hints(function, include_extras=True)
        fields = [
            _field(parameter, hints)
            for parameter in inspect.signature(function).parameters.values()
        ]
        arguments = msgspec.defstruct(
            f"{name}_arguments", fields, forbid_unknown_fields=True, kw_only=True
        )
        returns = hints.get("return", Any)
        _schemas([arguments, returns])
    except (TypeError, NameError, ValueError) as error:
        raise BundleError(
            f"its signature cannot be said in JSON: {error}",
            where=f'tool "{name}"',
            fix="annotate every parameter with a type that JSON has, and take no * or **",
            code="tool",
        ) from None
    return _Tool(function, arguments, returns, inspect.getdoc(function) or "", reads)


def _field(parameter: inspect.Parameter, hints: Mapping[str, Any]) -> Any:  # noqa: ANN401
    if parameter.kind in (
        parameter.VAR_POSITIONAL,
        parameter.VAR_KEYWORD,
        parameter.POSITIONAL_ONLY,
    ):
        raise TypeError(f'the parameter "{parameter.name}" cannot be given by name')
    if parameter.name not in hints:
        raise TypeError(f'the parameter "{parameter.name}" has no type')
    kind = hints[parameter.name]
    if parameter.default is parameter.empty:
        return parameter.name, kind
    return parameter.name, kind, parameter.default


def _schemas(types: Sequence[object]) -> tuple[tuple[Json, ...], dict[str, Json]]:
    """Return a JSON Schema for each type, and those of the names that they mention.

    Raises TypeError for a type that JSON cannot say.
    """
    models: dict[str, Json] = {}

    def of_model(kind: type) -> Json:
        if not hasattr(kind, "model_json_schema"):
            raise TypeError(f"{kind.__name__} is no type that JSON has")
        schema = kind.model_json_schema(ref_template=_REF.format("{model}"))
        own = {**schema.pop("$defs", {}), kind.__name__: schema}
        _refuse_namesakes(models, own)
        models.update(own)
        return {"$ref": _REF.format(kind.__name__)}

    schemas, components = msgspec.json.schema_components(
        types, ref_template=_REF.format("{name}"), schema_hook=of_model
    )
    _refuse_namesakes(components, models)
    return schemas, {**components, **models}


def _refuse_namesakes(known: Mapping[str, Json], own: Mapping[str, Json]) -> None:
    for name in known.keys() & own.keys():
        if known[name] != own[name]:
            raise TypeError(f'two types are called "{name}"')


# Models are known by pydantic's names for what they do, so that pydantic need not be there.


def _model(kind: Any, value: object) -> object:  # noqa: ANN401 - some class of pydantic's
    """Make a model of what a program gave; pydantic's own error is a ValueError."""
    return kind.model_validate(value)


def _fields(value: Any) -> object:  # noqa: ANN401 - whatever a function returned
    """Return what JSON says of a model."""
    if not hasattr(value, "model_dump"):
        raise TypeError(f"a {type(value).__name__} is no value that JSON has")
    return value.model_dump(mode="json")


def _complete(value: Any) -> None:  # noqa: ANN401 - whatever a function asks for
    """Give instances of dataclasses the plain defaults that msgspec leaves to their classes.

    It writes only what an instance holds, so that the defaults would be missing in a reply.
    """
    if isinstance(value, list | tuple | set | frozenset):
        parts = iter(value)
    elif isinstance(value, dict):
        parts = iter(value.values())
    elif isinstance(value, msgspec.Struct):
        parts = (getattr(value, name) for name in value.__struct_fields__)
    elif dataclasses.is_dataclass(value):
        held = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        getattr(value, "__dict__", {}).update(held)
        parts = iter(held.values())
    else:
        return
    for part in parts:
        _complete(part)


def _operation(name: str, tool: _Tool, arguments: Json, returns: Json) -> Json:
    summary, _, rest = tool.doc.partition("\n")
    reply = {} if tool.returns is type(None) else {"application/json": {"schema": returns}}
    operation = {
        "operationId": name,
        "summary": summary,
        "description": rest.strip(),
        "responses": {"200": {"description": "what it returns", "content": reply}},
    }
    if tool.arguments.__struct_fields__:
        operation["requestBody"] = {
            "required": bool(tool.arguments.__struct_fields__),
            "content": {"application/json": {"schema": arguments}},
        }
    return operation
