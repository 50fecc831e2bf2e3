"""Small Apis written and shown as TypeScript, for the examples in docstrings and for tests.

>>> print(through(lambda api: api, "type A=B[]; type B={c?:string}; get(a:A):B"))
type A=B[]
type B={c?:string}
get(a:A):Promise<B>
"""

from __future__ import annotations

from collections.abc import Callable

from tsbind.bundle import Call
from tsbind.emit.dts import read_declarations
from tsbind.emit.typescript import print_declarations
from tsbind.ir.api import Api, Operation

_OPENING = "export declare const api:{"


def through(step: Callable[[Api], Api], text: str) -> str:
    """Put the sketch `text` through a pass and show what comes out."""
    return show(step(sketch(text)))


def sketch(text: str) -> Api:
    """Read type aliases and methods, separated by semicolons or line breaks."""
    parts = [part.strip() for line in text.splitlines() for part in line.split(";")]
    types = [part for part in parts if part.startswith(("type ", "interface "))]
    methods = [part for part in parts if part and part not in types]
    declared = read_declarations("\n".join([*types, _OPENING, *methods, "}"]))
    operations = tuple(
        Operation(
            signature.name,
            signature.input,
            signature.output,
            Call(op=".".join(signature.name), method="GET", path="/"),
            signature.optional,
        )
        for signature in declared.operations
    )
    return Api("", "", operations, declared.types, {}, {})


def show(api: Api) -> str:
    """Print the types and methods of `api`, without what stands around them in a file."""
    lines = print_declarations(api).removesuffix("}\n").splitlines()[1:]
    around = (_OPENING, "type Bytes=", "type Dict=", "interface Dict<", "type OneOf<")
    return "\n".join(line for line in lines if not line.startswith(around))
