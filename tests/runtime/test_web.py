"""What programs expect of the web platform, in the guest: text, clone, crypto, console, locale."""

from __future__ import annotations

import pytest

from tests.runtime.isolated import step, value

TEXT = {
    "encode": (
        "Array.from(new TextEncoder().encode('aé€😀'))",
        [97, 195, 169, 226, 130, 172, 240, 159, 152, 128],
    ),
    "half a pair": ("Array.from(new TextEncoder().encode('\\ud800'))", [239, 191, 189]),
    "decode": ("new TextDecoder().decode(new TextEncoder().encode('aé€😀'))", "aé€😀"),
    "byte order mark": ("new TextDecoder().decode(new Uint8Array([239, 187, 191, 65]))", "A"),
    "kept mark": (
        "const d = new TextDecoder('utf-8', { ignoreBOM: true })\n"
        "d.decode(new Uint8Array([239, 187, 191])).length",
        1,
    ),
    "overlong": ("new TextDecoder().decode(new Uint8Array([0xc0, 0xaf, 65]))", "\ufffd\ufffdA"),
    "surrogate": ("new TextDecoder().decode(new Uint8Array([0xed, 0xa0, 0x80]))", "\ufffd" * 3),
    "too large": (
        "new TextDecoder().decode(new Uint8Array([0xf4, 0x90, 0x80, 0x80]))",
        "\ufffd" * 4,
    ),
    "cut short": ("new TextDecoder().decode(new Uint8Array([65, 0xf0, 0x9f, 0x98]))", "A\ufffd"),
    "fatal": (
        "let e; try { new TextDecoder('utf8', { fatal: true }).decode(new Uint8Array([255])) }"
        " catch (x) { e = x.name } e",
        "TypeError",
    ),
    "stream": (
        "const d = new TextDecoder(), b = new TextEncoder().encode('€😀')\n"
        "let out = ''; for (const x of b) out += d.decode(new Uint8Array([x]), { stream: true })\n"
        "out + d.decode()",
        "€😀",
    ),
    "view": (
        "new TextDecoder().decode(new DataView(new Uint8Array([65, 66, 67]).buffer, 1))",
        "BC",
    ),
    "long": ("new TextDecoder().decode(new TextEncoder().encode('é'.repeat(1e5))).length", 100_000),
    "encodeInto": (
        "new TextEncoder().encodeInto('a€b', new Uint8Array(3))",
        {"read": 1, "written": 1},
    ),
    "other encodings": (
        "try { new TextDecoder('latin1') } catch (x) { x.name + ': ' + x.message }",
        'RangeError: the encoding "latin1" is not supported, only utf-8 is',
    ),
    "base64": ("[btoa('hello'), atob('aGVsbG8='), btoa('\\xff')]", ["aGVsbG8=", "hello", "/w=="]),
    "base64 of what is no byte": (
        "try { btoa('é€') } catch (e) { e.name }",
        "InvalidCharacterError",
    ),
    "no base64": ("try { atob('a$b') } catch (e) { e.name }", "InvalidCharacterError"),
}

CLONE = {
    "plain": ("structuredClone({ a: [1, { b: null }], c: undefined })", {"a": [1, {"b": None}]}),
    "not the same": (
        "const a = { b: {} }; const c = structuredClone(a); [c === a, c.b === a.b]",
        [False, False],
    ),
    "cycle": ("const a = {}; a.a = a; const c = structuredClone(a); c.a === c && c !== a", True),
    "shared": ("const s = {}; const c = structuredClone([s, s]); c[0] === c[1]", True),
    "Map and Set": (
        "const c = structuredClone(new Map([['a', new Set([1])]]))\n"
        ";[c instanceof Map, c.get('a').has(1)]",
        [True, True],
    ),
    "Date and RegExp": (
        "const c = structuredClone([new Date(5), /a/gi])\n"
        ";[c[0].getTime(), c[1].flags, c[1].test('A')]",
        [5, "gi", True],
    ),
    "views share a buffer": (
        "const b = new ArrayBuffer(8)\n"
        "const c = structuredClone([new Uint8Array(b), new DataView(b, 4)])\n"
        "c[0].buffer === c[1].buffer && c[0].buffer !== b && c[1].byteLength === 4",
        True,
    ),
    "error": (
        "class E extends RangeError {}; const c = structuredClone(new E('m', { cause: 1 }))\n"
        ";[c instanceof RangeError, c instanceof E, c.message, c.cause]",
        [True, False, "m", 1],
    ),
    "prototype and accessors": (
        "class A { x = 1; get y() { return 2 } }; const c = structuredClone(new A())\n"
        ";[c.constructor === Object, c.x, 'y' in c]",
        [True, 1, False],
    ),
    "sparse array": ("const c = structuredClone([, 1]); [c.length, 0 in c]", [2, False]),
    "boxed": ("typeof structuredClone(Object(1n))", "object"),
    "__proto__ key": (
        'const c = structuredClone(JSON.parse(\'{"__proto__": {"x": 1}}\'))\n'
        ";[c.x === undefined, Object.keys(c)]",
        [True, ["__proto__"]],
    ),
    "function": ("try { structuredClone({ f() {} }) } catch (e) { e.name }", "DataCloneError"),
    "symbol": ("try { structuredClone(Symbol('a')) } catch (e) { e.name }", "DataCloneError"),
    "promise": (
        "try { structuredClone(Promise.resolve()) } catch (e) { e.name }",
        "DataCloneError",
    ),
    "transfer": (
        "const b = new ArrayBuffer(4); const c = structuredClone(b, { transfer: [b] })\n"
        ";[b.byteLength, c.byteLength]",
        [0, 4],
    ),
    "too deep": (
        "let a = {}; for (let i = 0; i < 1e5; i++) a = { a }\n"
        "try { structuredClone(a) } catch (e) { e.name }",
        "RangeError",
    ),
}

LOCALE = {
    "grouping": (
        "[1234567.891.toLocaleString(), (-1234).toLocaleString('en-US')]",
        ["1,234,567.891", "-1,234"],
    ),
    "money": ("9.5.toLocaleString('en-US', { style: 'currency', currency: 'USD' })", "$9.50"),
    "percent": (
        "0.256.toLocaleString(undefined, { style: 'percent', maximumFractionDigits: 1 })",
        "25.6%",
    ),
    "rounding": (
        "[1.005, 2.675, 0.5].map((n) => n.toLocaleString('en', { maximumFractionDigits: 2 }))",
        ["1.01", "2.68", "0.5"],
    ),
    "compact": (
        "[999, 1500, 999999, 2.5e9].map((n) => n.toLocaleString('en', { notation: 'compact' }))",
        ["999", "1.5K", "1M", "2.5B"],
    ),
    "big integers": ("(12345678901234567890n).toLocaleString()", "12,345,678,901,234,567,890"),
    "date": ("new Date(1e12).toLocaleString()", "9/9/2001, 1:46:40 AM"),
    "date in words": (
        "new Date(1e12).toLocaleDateString('en-US',"
        " { weekday: 'long', year: 'numeric', month: 'long', day: 'numeric' })",
        "Sunday, September 9, 2001",
    ),
    "time": (
        "new Date(1e12).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })",
        "01:46 AM",
    ),
    "Intl": (
        "[new Intl.NumberFormat('en-US').format(1e6), new Intl.DateTimeFormat('en-US').format(0),"
        " Intl.DateTimeFormat().resolvedOptions().timeZone]",
        ["1,000,000", "1/1/1970", "UTC"],
    ),
    "another time zone": (
        "try { new Date(0).toLocaleString('de', { timeZone: 'Europe/Berlin' }) }"
        " catch (e) { e.message }",
        'the time zone "Europe/Berlin" is not known here, only UTC is',
    ),
    "order": (
        "['b', 'a', 'C', 'A', 'é', 'z', '10', '9', '_'].sort((a, b) => a.localeCompare(b))",
        ["_", "10", "9", "a", "A", "b", "C", "é", "z"],
    ),
    "numeric order": (
        "['a10', 'a9', 'a1'].sort(new Intl.Collator('en', { numeric: true }).compare)",
        ["a1", "a9", "a10"],
    ),
    "base order": ("'RÉSUMÉ'.localeCompare('resume', 'en', { sensitivity: 'base' })", 0),
}


@pytest.mark.parametrize(("script", "expected"), TEXT.values(), ids=TEXT.keys())
def test_text(script: str, expected: object) -> None:
    assert value(script) == expected


@pytest.mark.parametrize(("script", "expected"), CLONE.values(), ids=CLONE.keys())
def test_structured_clone(script: str, expected: object) -> None:
    assert value(script) == expected


@pytest.mark.parametrize(("script", "expected"), LOCALE.values(), ids=LOCALE.keys())
def test_locale(script: str, expected: object) -> None:
    assert value(script) == expected


def test_random_values_follow_the_seed() -> None:
    script = "[crypto.randomUUID(), Array.from(crypto.getRandomValues(new Uint8Array(9)))]"
    same = [bytes(step(script, seed=7).value or b"") for _ in range(2)]
    assert same[0] == same[1]
    assert same[0] != bytes(step(script, seed=8).value or b"")
    identifiers = value("Array.from({ length: 200 }, () => crypto.randomUUID())")
    assert len(set(identifiers)) == 200
    for identifier in identifiers:
        parts = identifier.split("-")
        assert [len(part) for part in parts] == [8, 4, 4, 4, 12]
        assert parts[2][0] == "4"
        assert parts[3][0] in "89ab"


def test_random_values_refuse_what_holds_no_integers() -> None:
    tries = "[new Float64Array(1), 'a', new Uint8Array(70000)]"
    attempt = "(a) => { try { crypto.getRandomValues(a) } catch (e) { return e.name } }"
    script = f"{tries}.map({attempt})"
    assert value(script) == ["TypeMismatchError", "TypeMismatchError", "QuotaExceededError"]


# What Node 20 prints for the same value.
SHOWN = {
    "1, 'a', null, undefined": "1 a null undefined",
    "{ a: 1, b: 'x', c: [1, 2], d: 10n, e: Symbol('q') }": (
        "{ a: 1, b: 'x', c: [ 1, 2 ], d: 10n, e: Symbol(q) }"
    ),
    "[[1, [2, [3, [4]]]]]": "[ [ 1, [ 2, [Array] ] ] ]",
    "{ a: { b: { c: { d: 1 } } } }": "{ a: { b: { c: [Object] } } }",
    "new Map([['a', { x: 1 }]]), new Set([1])": "Map(1) { 'a' => { x: 1 } } Set(1) { 1 }",
    "new Date(0), /a/g": "1970-01-01T00:00:00.000Z /a/g",
    "() => 1, function f() {}, class A {}, class B extends Array {}": (
        "[Function (anonymous)] [Function: f] [class A] [class B extends Array]"
    ),
    "[undefined, , null], [, ,]": "[ undefined, <1 empty item>, null ] [ <2 empty items> ]",
    "Object.create(null), new (class Foo { x = 1 })": "[Object: null prototype] {} Foo { x: 1 }",
    "{ get a() { return 1 }, set b(x) {} }": "{ a: [Getter], b: [Setter] }",
    "{ 'a-b': 1, [Symbol('s')]: 2 }": "{ 'a-b': 1, [Symbol(s)]: 2 }",
    "[-0, \"it's\", 'a\\nb']": "[ -0, \"it's\", 'a\\nb' ]",
    "new Uint8Array([1, 2]), new Number(3)": "Uint8Array(2) [ 1, 2 ] [Number: 3]",
    "new URL('http://a/'), new URLSearchParams('a=1')": (
        "URL { href: 'http://a/' } URLSearchParams { 'a' => '1' }"
    ),
    "'%s is %d, %i, %f, %j, %o%%', 'x', '4.5', 4.5, '1.5', { a: 1 }, [1], 'rest'": (
        'x is 4.5, 4, 1.5, {"a":1}, [ 1 ]% rest'
    ),
    "[{ id: 1, name: 'General' }, { id: 2, name: 'Random' }]": (
        "[ { id: 1, name: 'General' }, { id: 2, name: 'Random' } ]"
    ),
    "{ a: 'x'.repeat(60), b: 'y'.repeat(30) }": (
        "{\n  a: '" + "x" * 60 + "',\n  b: '" + "y" * 30 + "'\n}"
    ),
    "new Error('e').message, [new TypeError('bad')].length": "e 1",
}


@pytest.mark.parametrize(("arguments", "shown"), SHOWN.items())
def test_the_console_shows_values_as_node_does(arguments: str, shown: str) -> None:
    assert step(f"console.log({arguments})").logs == (("log", shown),)


def test_the_console_names_cycles() -> None:
    script = "const a = { n: 1 }; a.self = a; console.log(a)"
    assert step(script).logs == (("log", "<ref *1> { n: 1, self: [Circular *1] }"),)


def test_the_console_shows_errors_with_their_place_in_the_program() -> None:
    said = step(
        "class Missing extends Error {}\n\n  console.error(new Missing('gone', { cause: 7 }))"
    )
    ((level, text),) = said.logs
    assert level == "error"
    assert text.splitlines()[0] == "Missing: gone"
    assert "(program.ts:3:" in text
    assert ".js:" not in text
    assert "[cause]: 7" in text


def test_the_console_has_levels_groups_and_counts() -> None:
    said = step(
        "console.info('i'); console.warn('w'); console.debug('d'); console.group('g')\n"
        "console.log('a\\nb'); console.groupEnd(); console.count(); console.count()\n"
        "console.assert(false, 'n is %d', 3); console.assert(true, 'no')"
    )
    assert said.logs == (
        ("info", "i"),
        ("warn", "w"),
        ("debug", "d"),
        ("log", "g"),
        ("log", "  a\n  b"),
        ("log", "default: 1"),
        ("log", "default: 2"),
        ("error", "Assertion failed: n is 3"),
    )


HOSTILE = {
    "proxy that throws": "new Proxy({}, { ownKeys() { throw 1 } })",
    "getter that throws": "{ get [Symbol.toStringTag]() { throw 1 }, a: 1 }",
    "class without a name": "new (class { static name = 5 })",
    "lone surrogate": "['\\ud800']",
    "large array": "new Array(2 ** 32 - 1)",
    "large text": "['x'.repeat(1e6)]",
    "deep": "JSON.parse('['.repeat(400) + ']'.repeat(400))",
    "wide": "Object.fromEntries(Array.from({ length: 1e4 }, (_, i) => ['k' + i, i]))",
    "the API": "api",
    "all globals": "globalThis",
}


@pytest.mark.parametrize("script", HOSTILE.values(), ids=HOSTILE.keys())
def test_the_console_survives_hostile_values(script: str) -> None:
    said = step(f"console.log({script}); 'alive'")
    assert bytes(said.value or b"") == b'"alive"'
    ((_, text),) = said.logs
    assert len(text) < 20_000
