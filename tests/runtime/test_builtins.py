"""What the bootstrap puts over the language's own built-ins behaves as test262 asks of them."""

from __future__ import annotations

import pytest

from tests.runtime.isolated import value

# Where it is, and its length: what test262's prop-desc, name, length and not-a-constructor check.
BUILTINS = {
    "Date.prototype.toLocaleString": 0,
    "Date.prototype.toLocaleDateString": 0,
    "Date.prototype.toLocaleTimeString": 0,
    "Number.prototype.toLocaleString": 0,
    "BigInt.prototype.toLocaleString": 0,
    "BigInt.prototype.toJSON": 0,
    "String.prototype.localeCompare": 1,
    "JSON.parse": 2,
    "JSON.stringify": 3,
    "Math.random": 0,
    "Date.now": 0,
    "globalThis.setTimeout": 1,
    "globalThis.setInterval": 1,
    "globalThis.clearTimeout": 0,
    "globalThis.structuredClone": 1,
    "globalThis.queueMicrotask": 1,
    "globalThis.atob": 1,
    "globalThis.btoa": 1,
}
LOOK = """
const [holder, name] = [HOLDER, "NAME"];
const found = Object.getOwnPropertyDescriptor(holder, name), { value } = found;
let constructs = true;
try { Reflect.construct(Object, [], value) } catch { constructs = false }
let made = true;
try { new value() } catch (error) { made = !(error instanceof TypeError) }
({
  descriptor: [found.writable, found.enumerable, found.configurable],
  name: Object.getOwnPropertyDescriptor(value, "name"),
  length: Object.getOwnPropertyDescriptor(value, "length"),
  constructor: constructs || made || Object.hasOwn(value, "prototype"),
  prototype: Object.getPrototypeOf(value) === Function.prototype,
  tag: Object.prototype.toString.call(value),
  text: /^function [\\s\\S]*\\[native code\\]/.test(String(value)) || String(value),
})
"""


@pytest.mark.parametrize(("path", "length"), BUILTINS.items(), ids=BUILTINS)
def test_a_built_in_looks_like_one(path: str, length: int) -> None:
    holder, _, name = path.rpartition(".")
    found = value(LOOK.replace("HOLDER", holder).replace("NAME", name))
    fixed = {"writable": False, "enumerable": False, "configurable": True}
    assert found["descriptor"] == [True, False, True]
    assert found["name"] == {"value": name, **fixed}
    assert found["length"] == {"value": length, **fixed}
    assert found["constructor"] is False
    assert found["prototype"] is True
    assert found["tag"] == "[object Function]"


THROWS = {
    "Date.prototype.toLocaleString.call({})": "TypeError",
    "Date.prototype.toLocaleDateString.call(0)": "TypeError",
    "Date.prototype.toLocaleTimeString.call(undefined)": "TypeError",
    "Number.prototype.toLocaleString.call('1')": "TypeError",
    "BigInt.prototype.toLocaleString.call(1)": "TypeError",
    "BigInt.prototype.toLocaleString.call({ toString: () => '1' })": "TypeError",
    "String.prototype.localeCompare.call(undefined, '')": "TypeError",
    "String.prototype.localeCompare.call(null, '')": "TypeError",
    "''.localeCompare({ toString() { throw new RangeError() } })": "RangeError",
    "''.localeCompare(Symbol())": "TypeError",
    "new Date().toLocaleString('en-US', { timeZone: 'Europe/Vienna' })": "RangeError",
    "structuredClone(() => 1)": "DataCloneError",
    "structuredClone(Symbol())": "DataCloneError",
    "queueMicrotask(1)": "TypeError",
    "atob('a')": "InvalidCharacterError",
}


@pytest.mark.parametrize(("source", "name"), THROWS.items(), ids=THROWS)
def test_a_built_in_refuses_what_it_must(source: str, name: str) -> None:
    assert value(f"let name = ''; try {{ {source} }} catch (e) {{ name = e.name }} name") == name


SAYS = {
    "new Date(NaN).toLocaleString()": "Invalid Date",
    "new Date(NaN).toLocaleDateString()": "Invalid Date",
    "NaN.toLocaleString()": "NaN",
    "(-0).toLocaleString()": "-0",
    "Infinity.toLocaleString()": "∞",
    "(1234567.891).toLocaleString()": "1,234,567.891",
    "(12345678901234567890n).toLocaleString()": "12,345,678,901,234,567,890",
    "Object(5).toLocaleString()": "5",
    "[1234, new Date(NaN), null, undefined].toLocaleString()": "1,234,Invalid Date,,",
    "'a'.localeCompare('b')": -1,
    "'b'.localeCompare('a')": 1,
    "'a'.localeCompare('a')": 0,
    "'o\\u0308'.localeCompare('ö')": 0,  # canonically equivalent
    "'\\u212b'.localeCompare('A\\u030a')": 0,
    "'undefined'.localeCompare()": 0,
    "'1'.localeCompare(1)": 0,
    "JSON.stringify({ n: 2n ** 64n })": '{"n":18446744073709551616}',
    "JSON.stringify([Object(1n)])": "[1]",
}


@pytest.mark.parametrize(("source", "want"), SAYS.items(), ids=SAYS)
def test_a_built_in_says_what_it_must(source: str, want: object) -> None:
    assert value(source) == want
