"""What every Api must be, whatever the document was: a failure here is a fault of tsbind.

>>> from tsbind.ir.types import Ref
>>> check(Api("t", "1", (), {"A": NamedType(Ref("B"))}, {}, {}))
Traceback (most recent call last):
AssertionError: type A mentions "B", which is not there
"""

from __future__ import annotations

from collections.abc import Collection

from tsbind.ir.api import Api, NamedType, Operation
from tsbind.ir.types import Apply, Enum, Intersection, Null, Record, Ref, Tuple, Type, Union
from tsbind.ir.walk import children, distinct


def check(api: Api) -> None:
    """Raise AssertionError when an invariant of ir/types.py or ir/api.py does not hold."""
    names: dict[tuple[str, ...], None] = {}
    spaces: set[tuple[str, ...]] = set()
    seen: set[int] = set()  # types by id(): what stands in many places is one object
    for operation in api.operations:
        _require(operation.name not in names, f'operation "{operation.id}" is there twice')
        names[operation.name] = None
        spaces |= {operation.name[:depth] for depth in range(1, len(operation.name))}
        _operation(operation, api.types, seen)
    for path in names:
        _require(path not in spaces, f'"{".".join(path)}" is an operation and a namespace')
    for name, named in api.types.items():
        _types(f"type {name}", named.type, api.types, seen)


def _operation(operation: Operation, types: Collection[str], seen: set[int]) -> None:
    place = f'operation "{operation.id}"'
    _require(bool(operation.name) and all(operation.name), f"{place} has an empty name")
    _require(operation.call.op == operation.id, f'{place} calls itself "{operation.call.op}"')
    takes = bool(operation.call.parameters or operation.call.bodies)
    _require(takes == (operation.input is not None), f"{place}: input and call disagree")
    arguments = [parameter.arg for parameter in operation.call.parameters]
    _require(len(arguments) == len({*arguments}), f"{place} has two parameters of one name")
    for form in operation.forms:
        for type_ in (form.input, form.output):
            if type_ is not None:
                _types(place, type_, types, seen)


def _types(place: str, type_: Type, types: Collection[str], seen: set[int]) -> None:
    for node in distinct([type_], seen):
        if isinstance(node, (Ref, Apply)):
            _require(node.name in types, f'{place} mentions "{node.name}", which is not there')
        elif isinstance(node, (Union, Intersection)):
            _flat(place, node)
        elif isinstance(node, Record):
            fields = [field.name for field in node.fields]
            _require(len(fields) == len({*fields}), f"{place} has a record with two like fields")
        elif isinstance(node, Enum):
            exact = {(type(value), value) for value in node.values}
            _require(len(exact) == len(node.values) > 0, f"{place} has an empty or repeating enum")
        elif isinstance(node, Tuple):
            _require(0 <= node.required <= len(node.items), f"{place} has a tuple of wrong length")


def _flat(place: str, node: Union | Intersection) -> None:
    inside = children(node)
    kind = type(node).__name__.lower()
    _require(len(inside) > 1, f"{place} has a {kind} of {len(inside)}")
    _require(not any(isinstance(each, type(node)) for each in inside), f"{place}: {kind} not flat")
    _require(len({*inside}) == len(inside), f"{place} has a {kind} with two like members")
    nulls = [index for index, each in enumerate(inside) if isinstance(each, Null)]
    if isinstance(node, Union):
        _require(nulls in ([], [len(inside) - 1]), f"{place} has a union with null not last")


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise AssertionError(message)


__all__ = ["NamedType", "check"]
