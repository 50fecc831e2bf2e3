"""Random Apis for property tests: small, recursive, with names from hostile alphabets."""

from __future__ import annotations

from hypothesis import strategies as st

from tsbind.bundle import Call, Paging
from tsbind.ir.api import Api, NamedType, Operation, Overload
from tsbind.ir.types import (
    ANYTHING,
    BOOLEAN,
    BYTES,
    NEVER,
    NULL,
    NUMBER,
    TEXT,
    UNKNOWN,
    Array,
    Enum,
    Field,
    Intersection,
    Number,
    Record,
    Ref,
    Scalar,
    Tuple,
    Type,
    union,
)

HOSTILE = "aZ_$0-.:/*\\\"'`\n\r\t\u2028\u202e\u200b\ud800\ufe0f\u3164 é名😀{}<>()[]|&;,?"
TYPE_NAMES = tuple(
    [
        "A",
        "B",
        "C",
        "Tree",
        "Cat",
        "Page",
        "Promise",
        "Omit",
        "Dict",
        "Bytes",
        "Async",
        "Array",
        "string",
        "type",
        "any",
        "2fa",
        "a-b",
        "Été",
        "Cat2",
        "null",
        "Record",
        "AsyncIterable",
        "OneOf",
    ]
)
TEXTS = st.sampled_from(["id", "name", "a", "b", "type", "export", "constructor", "__proto__"]) | (
    st.text(st.sampled_from(HOSTILE) | st.characters(), max_size=6)
)
SCALARS: st.SearchStrategy[Scalar] = (
    TEXTS
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.none()
)
LEAVES: st.SearchStrategy[Type] = st.sampled_from(
    [UNKNOWN, NEVER, NULL, BOOLEAN, TEXT, NUMBER, Number(whole=True), BYTES, ANYTHING]
)
# Literals as the lowering leaves them: no two alike, `null` beside them.
# Of many, those that are words are spelt in another way than others.
ENUMS = (
    st.lists(SCALARS, min_size=1, max_size=4)
    | st.builds(
        lambda count, others: [*(f"w{n}" for n in range(count)), *others],
        st.integers(12, 20),
        st.lists(SCALARS, max_size=3),
    )
).map(lambda listed: union([Enum(tuple(listed))]))
PAGINGS: st.SearchStrategy[Paging | None] = st.none() | st.builds(Paging, st.none() | TEXTS)
HEADERS = st.dictionaries(TEXTS, st.just(True), max_size=2)


@st.composite
def types(draw: st.DrawFn, names: tuple[str, ...], depth: int = 3) -> Type:
    """Any type over the named ones; what only passes make is not among them."""
    kind = draw(st.integers(0, 8 if depth else 2))
    if kind <= 2:
        if kind and names:
            return Ref(draw(st.sampled_from(names)))
        return draw(ENUMS if kind == 2 else LEAVES)
    inner = types(names, depth - 1)
    match kind:
        case 3:
            return Array(draw(inner))
        case 4:
            return union(draw(st.lists(inner, min_size=2, max_size=4)))
        case 5:
            return Intersection(tuple(draw(st.lists(inner, min_size=2, max_size=3))))
        case 6:
            items = tuple(draw(st.lists(inner, max_size=3)))
            return Tuple(items, draw(st.integers(0, len(items))), draw(st.none() | inner))
        case _:
            return draw(records(names, depth - 1))


@st.composite
def records(draw: st.DrawFn, names: tuple[str, ...], depth: int) -> Record:
    """An object, with prose on its fields; some have further members."""
    fields = [
        Field(
            name,
            draw(types(names, depth)),
            draw(st.booleans()),
            draw(TEXTS),
            draw(TEXTS),
            draw(st.booleans()),
        )
        for name in draw(st.lists(TEXTS, max_size=5, unique=True))
    ]
    rest = draw(types(names, depth)) if draw(st.integers(0, 4)) == 0 else None
    return Record(tuple(fields), rest, draw(st.booleans()))


@st.composite
def apis(draw: st.DrawFn) -> Api:
    """A whole Api; its operations stand in up to two namespaces."""
    names = tuple(draw(st.lists(st.sampled_from(TYPE_NAMES), unique=True, max_size=5)))
    node = types(names)
    table = {name: NamedType(draw(node), draw(TEXTS), draw(TEXTS)) for name in names}
    # An operation is never a namespace, too: they differ in their first letter.
    spaces = st.lists(st.sampled_from(["n1", "n2"]), max_size=2)
    methods = st.sampled_from(["get", "list", "new", "delete", "x-y", "then", "type", "export"])
    places = draw(st.lists(st.tuples(spaces, methods), unique_by=str, max_size=6))
    operations = tuple(
        Operation(
            (*space, method),
            draw(st.none() | node),
            draw(st.none() | node),
            Call(
                op=".".join((*space, method)),
                method="GET",
                path="/",
                headers=draw(HEADERS),
                paging=draw(PAGINGS),
            ),
            optional=draw(st.booleans()),
            overload=draw(st.none() | st.builds(Overload, node, node)),
            summary=draw(TEXTS),
            deprecated=draw(st.booleans()),
        )
        for space, method in places
    )
    return Api(draw(TEXTS), draw(TEXTS), operations, table, {}, {})
