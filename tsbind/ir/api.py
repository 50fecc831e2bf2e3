"""A whole API as tsbind sees it: operations over a table of named types."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from tsbind.bundle import Call, Json, Scheme, Server
from tsbind.ir.types import Type


class NamedType(msgspec.Struct, frozen=True):
    """A type that other types mention by name."""

    type: Type
    note: str = ""
    doc: str = ""
    parameters: tuple[str, ...] = ()  # names of its `Variable`s; a pass may make a type generic
    shared: bool = False  # only a pass speaks of it; the document names no such type


class Overload(msgspec.Struct, frozen=True):
    """What an operation gives instead where its argument is one of a special kind."""

    input: Type
    output: Type


class Operation(msgspec.Struct, frozen=True):
    """One thing that a program can ask of the API."""

    name: tuple[str, ...]  # final TypeScript spelling: ("issues", "list") is api.issues.list
    input: Type | None  # the one argument object; None: the operation takes nothing
    output: Type | None  # the body of a successful reply; None: there is none
    call: Call  # how it goes over the wire; passes carry it and never look inside
    optional: bool = False  # the argument object may be left out
    summary: str = ""
    doc: str = ""
    tags: tuple[str, ...] = ()
    deprecated: bool = False
    overload: Overload | None = None  # goes before `input` and `output`, where it fits

    @property
    def id(self) -> str:
        """The dotted name: the key in the Bundle's table and in the guest's calls."""
        return ".".join(self.name)

    @property
    def forms(self) -> tuple[Operation | Overload, ...]:
        """What it takes and gives: as a rule, and where its argument is a special one."""
        return (self,) if self.overload is None else (self, self.overload)


class Api(msgspec.Struct, frozen=True):
    """The IR of a whole document.

    `types` and `operations` are in the order in which they are printed.  `schemas` holds the JSON
    Schema (2020-12) definitions that the calls' schemas refer to as `#/$defs/NAME`; it is for
    validation only, and names in it are independent of names in `types`.
    """

    title: str
    version: str
    operations: tuple[Operation, ...]
    types: Mapping[str, NamedType]
    schemas: Mapping[str, Json]
    schemes: Mapping[str, Scheme]
    servers: tuple[Server, ...] = ()
    doc: str = ""
    namespaces: Mapping[str, str] = {}  # dotted namespace -> its tag's description
    preface: str = ""  # prose for the head of the declarations
    headers: tuple[str, ...] = ()  # of replies, to be named where programs may ask for them
    wide: bool = False  # some integers may lie beyond 2^53, where a program has BigInts
