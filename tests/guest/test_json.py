"""JSON.parse and JSON.stringify are our own, unless a function takes part.

Then they are the engine's: so each answer is held against the one with a reviver, or a replacer,
that changes nothing.
"""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.runtime.isolated import value

SAME = """
const same = (a, b) => {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null)
    return Object.is(a, b);
  const keys = Reflect.ownKeys(a), others = Reflect.ownKeys(b);
  return Array.isArray(a) === Array.isArray(b)
    && Object.getPrototypeOf(a) === Object.getPrototypeOf(b)
    && keys.length === others.length
    && keys.every((key, i) => key === others[i] && same(a[key], b[key]))
    && keys.every((key) => {
      const one = Object.getOwnPropertyDescriptor(a, key);
      const other = Object.getOwnPropertyDescriptor(b, key);
      return one.writable === other.writable && one.enumerable === other.enumerable
        && one.configurable === other.configurable;
    });
};
const told = (act) => {
  try { return ["value", act()] } catch (error) { return [error.name, error.message] }
};
"""
PARSE = """
const differ = (text) => !same(
  told(() => JSON.parse(text)), told(() => JSON.parse(text, (_, value) => value)));
"""
STRINGIFY = """
const differ = (make, gap) => !same(
  told(() => JSON.stringify(make(), null, gap)),
  told(() => JSON.stringify(make(), (_, value) => value, gap)));
"""


def texts_that_differ(texts: list[str]) -> list[str]:
    # As code units: Python's strings, and so these, may have lone surrogates.
    units = json.dumps([list(_units(text)) for text in texts])
    source = f"{units}.map((units) => String.fromCharCode(...units)).filter(differ)"
    found = value(SAME + PARSE + source)
    assert isinstance(found, list)
    return found


def _units(text: str) -> tuple[int, ...]:
    return tuple(memoryview(text.encode("utf-16-le", "surrogatepass")).cast("H"))


names = st.sampled_from(["id", "name", "é", "\N{SNOWMAN}", "0", "12", "__proto__", "toJSON", ""])
leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=20,
)
spelled = st.builds(
    lambda value, ascii, indent: json.dumps(value, ensure_ascii=ascii, indent=indent),
    values,
    st.booleans(),
    st.sampled_from([None, 1]),
)


PIECES = [
    *("", '"', "\\", "\\u12", "\\ud83d", "\x00", "\n", "0", "-", ".5", "e+", "1e999", "true"),
    *("{", "}", "[", "]", ",", ":", "\N{SNOWMAN}", "\ud800", "\u2028", "'", "//"),
]


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """JSON with a piece of it replaced: mostly no JSON any more, at times other JSON."""
    text = draw(spelled)
    at = draw(st.integers(0, len(text)))
    until = draw(st.integers(at, min(len(text), at + 4)))
    return text[:at] + draw(st.sampled_from(PIECES)) + text[until:]


@settings(max_examples=60, deadline=None)
@given(st.lists(spelled | damaged(), min_size=10, max_size=60))
def test_texts_are_parsed_as_the_engine_does(texts: list[str]) -> None:
    assert texts_that_differ(texts) == []


NUMBERS = """
0 -0 -0.0 0.0 1 -1 01 -01 +1 .5 1. 1.e1 1e 1e+ 1e5 1E-5 1e05 -1e-7 123456789 999999999 1000000000
2147483647 2147483648 -2147483648 -2147483649 4294967296 9007199254740991 9007199254740993
123456789012345678901234567890 0.1 0.30000000000000004 5e-324 2.2250738585072011e-308
1.7976931348623157e308 1e309 -1e309 1e-400 100e-2 - -- 1-1 0x10 1_0 NaN Infinity
"""
WORDS = """
true false null tru nul truee nulL "a" "a 'a' "\\x" "\\u00e9" "\\ud83d\\ude00" "\\ude00" "\\u00g0"
[] [ ] [,] [1,] [1] [1,2 [[]] {} { } {"a"} {"a":} {"a":1,} {"a":1}} {a:1} {"a":1,"a":2}
{"a":1,"b":2,"a":3} [{"a":1},{"a":2,"a":3}] [{"a":1,"b":2},{"b":1,"a":2}]
[{"a":1,"b":2},{"a":1}] [{"a":1},{"a":1,"b":2}] [{"a":1},{"a":1,}] [{"a":1},{"\\u0061":1}]
[{"a\\"":1},{"a"":1}] [{"1":1,"a":2},{"1":1,"a":2}] [{"__proto__":1},{"__proto__":[]}]
[{"":1},{"":2}] [{"a":{"a":{"b":1}}},{"a":{"a":{"b":1}}}] [{"a":1},{"a":1"b":2}] [{"a":1},{"a"1}]
"""
SPACES = ["", " ", " 1 ", "\t[\r\n1 ,\n2 ]\n", "\v1", "\f1", "\xa01", "\ufeff1", "1\x00", "\x00"]


def test_odd_texts_are_parsed_as_the_engine_does() -> None:
    texts = [*NUMBERS.split(), *WORDS.split()]
    nested = [f"[{text}]" for text in texts]
    wide = [f'["\N{SNOWMAN}",{text}]' for text in texts]
    controls = [f'"{control}"' for control in "\x00\x1f\x7f\n\x80\xff\u2028\u2029\ud800"]
    long = ["1" * 63, "1" * 64, "0." + "3" * 80, f'"{"x" * 50_000}"', f"[{'1,' * 5000}1]"]
    assert texts_that_differ([*texts, *nested, *wide, *SPACES, *controls, *long]) == []


def test_doubles_are_read_to_the_last_bit() -> None:
    source = (
        SAME
        + PARSE
        + """
    const words = new Uint32Array(2), double = new Float64Array(words.buffer), wrong = [];
    for (let i = 0; i < 20000; i++) {
      for (const at of [0, 1]) words[at] = Math.random() * 2 ** 32;
      if (Number.isFinite(double[0]) && !Object.is(JSON.parse(String(double[0])), double[0]))
        wrong.push(String(double[0]));
    }
    wrong"""
    )
    assert value(source) == []


@settings(max_examples=40, deadline=None)
@given(st.lists(spelled, min_size=5, max_size=40), st.sampled_from(["null", "1", "'--'"]))
@example(['{"__proto__":{"a":[]},"toJSON":1}'], "20")
def test_values_are_written_as_the_engine_does(texts: list[str], gap: str) -> None:
    # Backslashes and all: the texts are themselves strings of a JSON text.
    many = json.dumps(json.dumps(texts))
    source = f"JSON.parse({many}).filter((text) => differ(() => JSON.parse(text), {gap}))"
    assert value(SAME + STRINGIFY + source) == []


VALUES = [
    "undefined",
    "() => 1",
    "Symbol()",
    "NaN",
    "-0",
    "1e21",
    "-1.5e-7",
    "10n",
    "2n ** 70n",
    "'\\ud800'",
    "'\\ud83d\\ude00\\udc00x'",
    "'\\x00\\x1f\\x7f\\b\\f\\n\\r\\t\"\\\\/\\u2028'",
    "'x'.repeat(5000) + 'é' + 'y'.repeat(5000)",
    "[undefined, () => 1, Symbol(), NaN, [], {}, , 1]",
    "({ a: undefined, b: () => 1, [Symbol()]: 1, c: NaN, 3: 1, 1: 2, '': 0, 'é\"': 1, '☃': 1 })",
    "[new Date(0), new Map([[1, 2]]), new Set([1]), /x/, new Error('x'), new Uint8Array(2)]",
    "[new String('x'), new Number(3), new Boolean(false), Object(1n), Object(Symbol())]",
    "Object.assign(new String('x'), { toString: () => 'y' })",
    "Object.assign(new Number(3), { valueOf: () => 4 })",
    "Object.assign(new Number(3), { valueOf: () => 4n })",
    "Object.assign([1, 2], { toJSON: (key) => [key, typeof key] })",
    "({ a: [{ toJSON: (key) => key + typeof key }] })",
    "({ a: [1], toJSON(key) { return { ...this, toJSON: key } } })",
    "({ toJSON: () => undefined })",
    "[{ toJSON: () => undefined }, { a: { toJSON: () => () => 1 } }]",
    "({ toJSON() { throw new RangeError('no') } })",
    "({ get a() { throw new RangeError('no') } })",
    "({ get toJSON() { throw new RangeError('no') } })",
    "(() => { const a = {}; a.b = [a]; return a })()",
    "(() => { const a = {}; return [a, a, { a }] })()",
    "(() => { const a = { get x() { delete this.y; this.z = 1; return 2 }, y: 3 }; return a })()",
    "(() => { const a = [1, 2, 3]; a[1] = { toJSON() { a.length = 1; return 0 } }; return a })()",
    "Object.create({ above: 1 }, { hidden: { value: 1 }, seen: { value: 2, enumerable: true } })",
    "Object.create(null, { a: { value: 1, enumerable: true } })",
    "JSON.rawJSON('12345678901234567890')",
    "[JSON.rawJSON('\"x\"'), { a: JSON.rawJSON('null') }]",
    "new Proxy([1, { a: 2 }], {})",
    "new Proxy({ a: 1, b: undefined }, {})",
    """new Proxy({}, {
      ownKeys: () => ["b", "a"],
      getOwnPropertyDescriptor: (_, key) => ({ enumerable: key === "a", configurable: true }),
      get: (_, key) => String(key),
    })""",
    """new Proxy({}, {
      ownKeys: () => ["a"],
      getOwnPropertyDescriptor() { throw new RangeError("no") },
    })""",
    "new Proxy({}, { ownKeys() { throw new RangeError('no') } })",
    "(() => { const { proxy, revoke } = Proxy.revocable([], {}); revoke(); return proxy })()",
    "(function () { return arguments })(1, 'two')",
    "globalThis.undefined",
]
GAPS = ["undefined", "0", "2", "99", "-1", "1.9", "NaN", "''", "'\\t'", "'0123456789ab'", "'☃'"]
GAPS += [
    "true",
    "new Number(3)",
    "new String('-')",
    "({ valueOf: () => 3 })",
    "'-'.repeat(3) + 'é'",
]


@pytest.mark.parametrize("expression", VALUES)
def test_odd_values_are_written_as_the_engine_does(expression: str) -> None:
    gaps = ", ".join(GAPS)
    source = f"[{gaps}].filter((gap) => differ(() => ({expression}), gap))"
    assert value(SAME + STRINGIFY + source) == []


def test_a_program_sees_the_same_questions_in_the_same_order() -> None:
    source = """
    const asked = (replacer) => {
      const log = [];
      const handler = new Proxy({}, { get: (_, trap) => (target, ...rest) => {
        log.push(trap + " " + rest.filter((each) => typeof each !== "object").map(String));
        return Reflect[trap](target, ...rest);
      } });
      const watch = (target) => new Proxy(target, handler);
      const value = watch({ a: watch([1, watch({ b: 2 })]), c: { get d() { log.push("d") } } });
      JSON.stringify([value, { toJSON: (key) => log.push(key) }], replacer);
      return log;
    };
    const ours = asked(null), theirs = asked((_, value) => value);
    [ours.length > 10, JSON.stringify(ours) === JSON.stringify(theirs), ours]"""
    found = value(source)
    assert found[:2] == [True, True], found


def test_deep_values_end_in_a_range_error_and_not_before_thousands_of_levels() -> None:
    source = """
    const told = (act) => { try { return act() } catch (error) { return error.name } };
    let deep = [];
    for (let i = 0; i < 2000; i++) deep = i % 2 ? [deep] : { deep };
    const text = JSON.stringify(deep);
    const very = '{"a":['.repeat(4000) + "]}".repeat(4000);
    for (let i = 0; i < 100000; i++) deep = [deep];
    [
      text.length,
      JSON.stringify(JSON.parse(text)) === text,
      told(() => Object.keys(JSON.parse(very))),
      told(() => JSON.stringify(deep)),
      told(() => JSON.parse("[".repeat(100000) + "]".repeat(100000))),
      told(() => JSON.parse('{"a":'.repeat(100000) + "1" + "}".repeat(100000))),
    ]"""
    assert value(source) == [11002, True, ["a"], "RangeError", "RangeError", "RangeError"]


def test_objects_of_one_shape_do_not_share_their_members() -> None:
    source = """
    const rows = JSON.parse('[{"a":1,"b":[1]},{"a":2,"b":[2]},{"a":3,"b":[3]}]');
    rows[0].c = 1; delete rows[1].a; rows[2].a = "x"; Object.freeze(rows[2]);
    const again = JSON.parse('[{"a":1,"b":[1]},{"a":2,"b":[2]}]');
    again[1].a = 5;
    [rows, again, Object.isFrozen(again[0])]"""
    assert value(source) == [
        [{"a": 1, "b": [1], "c": 1}, {"b": [2]}, {"a": "x", "b": [3]}],
        [{"a": 1, "b": [1]}, {"a": 5, "b": [2]}],
        False,
    ]
