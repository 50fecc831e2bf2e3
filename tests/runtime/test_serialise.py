"""Parameters on the wire: the style table of OpenAPI 3.2 §4.12.7 and what it leaves to us."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qsl, unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsbind.bundle import Call, Json, Parameter, Place, Style
from tsbind.runtime.failures import ArgumentError
from tsbind.runtime.serialise import Target, path_text, place, query_pairs

LIST = ["blue", "black", "brown"]
MAP = {"R": 100, "G": 200, "B": 150}


def parameter(
    style: Style,
    place: Place,
    *,
    explode: bool = False,
    name: str = "color",
    reserved: bool = False,
) -> Parameter:
    return Parameter(name, name, place, style, explode=explode, allow_reserved=reserved)


def query(style: Style, value: Json, *, explode: bool, reserved: bool = False) -> str:
    pairs = query_pairs(parameter(style, "query", explode=explode, reserved=reserved), value)
    return "&".join(f"{name}={text}" for name, text in pairs)


# The rows of the standard's table; "n/a" there is absent here.
PATHS: list[tuple[Style, bool, Json, str]] = [
    ("matrix", False, "", ";color"),
    ("matrix", False, "blue", ";color=blue"),
    ("matrix", False, LIST, ";color=blue,black,brown"),
    ("matrix", False, MAP, ";color=R,100,G,200,B,150"),
    ("matrix", True, "", ";color"),
    ("matrix", True, "blue", ";color=blue"),
    ("matrix", True, LIST, ";color=blue;color=black;color=brown"),
    ("matrix", True, MAP, ";R=100;G=200;B=150"),
    ("label", False, "", "."),
    ("label", False, "blue", ".blue"),
    ("label", False, LIST, ".blue,black,brown"),
    ("label", False, MAP, ".R,100,G,200,B,150"),
    ("label", True, "blue", ".blue"),
    ("label", True, LIST, ".blue.black.brown"),
    ("label", True, MAP, ".R=100.G=200.B=150"),
    ("simple", False, "blue", "blue"),
    ("simple", False, LIST, "blue,black,brown"),
    ("simple", False, MAP, "R,100,G,200,B,150"),
    ("simple", True, "blue", "blue"),
    ("simple", True, LIST, "blue,black,brown"),
    ("simple", True, MAP, "R=100,G=200,B=150"),
]
QUERIES: list[tuple[Style, bool, Json, str]] = [
    ("form", False, "", "color="),
    ("form", False, "blue", "color=blue"),
    ("form", False, LIST, "color=blue,black,brown"),
    ("form", False, MAP, "color=R,100,G,200,B,150"),
    ("form", True, "", "color="),
    ("form", True, "blue", "color=blue"),
    ("form", True, LIST, "color=blue&color=black&color=brown"),
    ("form", True, MAP, "R=100&G=200&B=150"),
    ("spaceDelimited", False, LIST, "color=blue%20black%20brown"),
    ("spaceDelimited", False, MAP, "color=R%20100%20G%20200%20B%20150"),
    ("pipeDelimited", False, LIST, "color=blue%7Cblack%7Cbrown"),
    ("pipeDelimited", False, MAP, "color=R%7C100%7CG%7C200%7CB%7C150"),
    ("deepObject", True, MAP, "color%5BR%5D=100&color%5BG%5D=200&color%5BB%5D=150"),
    # Left undefined by the standard; see the module.
    ("form", True, [], ""),
    ("form", False, {}, ""),
    ("form", True, {"R": None, "G": 1}, "G=1"),
    ("form", True, [{"a": 1}], "color=%7B%22a%22%3A1%7D"),
    ("deepObject", True, {"a": {"b": [1, {"c": 2}]}}, "color%5Ba%5D%5Bb%5D%5B0%5D=1&"
     "color%5Ba%5D%5Bb%5D%5B1%5D%5Bc%5D=2"),
    ("form", True, True, "color=true"),
    ("form", True, 1.5, "color=1.5"),
    ("form", True, 12345678901234567890, "color=12345678901234567890"),
    ("form", True, "a b&c=d#e+f/ü", "color=a%20b%26c%3Dd%23e%2Bf%2F%C3%BC"),
]  # fmt: skip


@pytest.mark.parametrize(("style", "explode", "value", "want"), PATHS)
def test_a_path_parameter_is_written_as_the_table_says(
    style: Style, explode: bool, value: Json, want: str
) -> None:
    assert path_text(parameter(style, "path", explode=explode), value) == want


@pytest.mark.parametrize(("style", "explode", "value", "want"), QUERIES)
def test_a_query_parameter_is_written_as_the_table_says(
    style: Style, explode: bool, value: Json, want: str
) -> None:
    assert query(style, value, explode=explode) == want


def test_reserved_characters_pass_only_where_they_cannot_end_the_value() -> None:
    got = query("form", "a/b?c:d&e#f+g%2Fh%zz[i]", explode=True, reserved=True)
    assert got == "color=a/b?c:d%26e%23f%2Bg%2Fh%25zz%5Bi%5D"


def test_content_is_written_in_its_media_type() -> None:
    as_json = Parameter("q", "q", "query", "content", media="application/json")
    assert query_pairs(as_json, {"a": "x"}) == (("q", "%7B%22a%22%3A%22x%22%7D"),)
    assert query_pairs(as_json, "x") == (("q", "%22x%22"),)
    as_text = Parameter("q", "q", "query", "content", media="text/plain")
    assert query_pairs(as_text, "a b") == (("q", "a%20b"),)


def call(path: str, *parameters: Parameter, method: str = "GET") -> Call:
    return Call("x.y", method, path, parameters=parameters)


def placed(parameters: tuple[Parameter, ...], args: dict[str, Json], path: str = "/x") -> Target:
    return place(call(path, *parameters), args)


def test_each_parameter_goes_to_its_place() -> None:
    target = placed(
        (
            Parameter("owner", "owner", "path", "simple"),
            Parameter("page", "page", "query", "form", explode=True),
            Parameter("tags", "X-Tags", "header", "simple"),
            Parameter("opts", "X-Opts", "header", "simple", explode=True),
            Parameter("seen", "seen", "cookie", "form", explode=True),
            Parameter("off", "off", "query", "form"),
        ),
        {"owner": "a b", "page": 2, "tags": [1, 2], "opts": {"k": "v"}, "seen": "é;", "off": None},
        "/o/{owner}",
    )
    assert target == Target(
        path="/o/a%20b",
        query="page=2",
        headers=(("X-Tags", "1,2"), ("X-Opts", "k=v")),
        cookies=(("seen", "%C3%A9%3B"),),
    )


def test_a_query_in_the_path_stays_a_query() -> None:
    id_, kind = Parameter("id", "id", "path", "simple"), Parameter("kind", "kind", "query", "form")
    path = "/search?kind=user&id={id}&all"
    assert placed((id_, kind), {"id": "a&b?#"}, path) == Target(
        "/search", "kind=user&id=a%26b%3F%23&all", (), ()
    )
    assert placed((id_, kind), {"id": 1, "kind": "team"}, path).query == "id=1&all&kind=team"


def test_a_cookie_of_style_cookie_is_written_as_it_is() -> None:
    plain = Parameter("c", "c", "cookie", "cookie", explode=True)
    assert placed((plain,), {"c": "a/b=c!"}).cookies == (("c", "a/b=c!"),)
    assert placed((plain,), {"c": ["x", "y"]}).cookies == (("c", "x"), ("c", "y"))
    for bad in ("a;b=c", "a b", "ü", 'a"', "a\r\nb", "a\\b"):
        with pytest.raises(ArgumentError, match="not allowed in a cookie"):
            placed((plain,), {"c": bad})


def test_a_whole_query_string_is_one_value() -> None:
    form = Parameter("q", "q", "querystring", "content", media="application/x-www-form-urlencoded")
    assert placed((form,), {"q": {"a": "x y", "b": [1, 2], "c&": "="}}).query == (
        "a=x+y&b=1&b=2&c%26=%3D"
    )
    as_json = Parameter("q", "q", "querystring", "content", media="application/json")
    assert placed((as_json,), {"q": {"a": 1}}).query == "%7B%22a%22%3A1%7D"


def test_a_missing_path_parameter_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r'x\.y: the path parameter "id" is missing'):
        placed((Parameter("id", "id", "path", "simple"),), {}, "/a/{id}")


BAD_PATHS = [
    "", ".", "..", "../x", "a/b", "a\\b", "%2e%2e", "%252e%252e", "..;x", "%2f", "a%2Fb", "\x00",
    "a\nb", "%00", "%5c", "\uff0e\uff0e", "a\uff0fb", "..%c0%af", "%c0%ae%c0%ae", ".%2e",
    " ..", "a%25252fb",
]  # fmt: skip


@pytest.mark.parametrize("value", BAD_PATHS, ids=ascii)
def test_a_path_value_that_could_leave_its_segment_is_refused(value: str) -> None:
    with pytest.raises(ArgumentError, match=r"^args\.color: .* in the path$"):
        path_text(parameter("simple", "path"), value)


GOOD_PATHS = [
    "a.b",
    "...",
    "v1.2",
    "100%",
    "50%25",
    "a b",
    "ü",
    "a:b@c",
    "..a",
    "~x",
    "日本語",
    "½",
]


@pytest.mark.parametrize("value", GOOD_PATHS, ids=ascii)
def test_an_honest_path_value_arrives_as_it_was(value: str) -> None:
    assert unquote_to_bytes(path_text(parameter("simple", "path"), value)).decode() == value


def test_values_beside_one_another_cannot_make_a_dot_segment() -> None:
    both = (Parameter("a", "a", "path", "simple"), Parameter("b", "b", "path", "simple"))
    with pytest.raises(ArgumentError, match="a dot segment would arise"):
        placed((Parameter("a", "a", "path", "simple"),), {"a": "."}, "/x/.{a}")
    assert placed(both, {"a": "v", "b": "1"}, "/x/{a}.{b}").path == "/x/v.1"


def test_slashes_pass_where_the_operator_lets_them() -> None:
    contents = call("/contents/{path}", Parameter("path", "path", "path", "simple"))
    target = place(contents, {"path": "docs/a b.md"}, slashes={"x.y:path"})
    assert target.path == "/contents/docs/a%20b.md"
    for bad in ("docs/../x", "docs//x", "/etc", "a/%2e%2e/b", "a\\b/c", "a/b%2fc"):
        with pytest.raises(ArgumentError):
            place(contents, {"path": bad}, slashes={"x.y:path"})


def _leaves(path: str, decodes: int) -> bool:
    """Whether a server that decodes so often, then normalises, serves something else."""
    data = path.encode()
    for _ in range(decodes):
        data = unquote_to_bytes(data)
    segments: list[bytes] = []
    for segment in data.replace(b"\\", b"/").split(b"/")[1:]:
        plain = segment.split(b";", 1)[0]
        if plain == b"..":
            segments = segments[:-1]
        elif plain != b".":
            segments.append(segment)
    return not (len(segments) == 3 and segments[0] == b"files" and segments[2] == b"meta")


def test_no_traversal_payload_leaves_the_operation(corpus: Path) -> None:
    files = sorted((corpus / "hostile" / "path-traversal").rglob("*.txt"))
    payloads = {line for file in files for line in file.read_bytes().decode("latin-1").split("\n")}
    assert len(payloads) > 10_000
    operation = call("/files/{name}/meta", Parameter("name", "name", "path", "simple"))
    escaped = []
    for payload in payloads:
        for text in (payload, payload.rstrip("\r")):
            try:
                path = place(operation, {"name": text}).path
            except ArgumentError:
                continue
            escaped += [(text, n) for n in range(4) if _leaves(path, n)]
    assert escaped == []


@pytest.mark.parametrize(
    "name",
    ["Host", "content-length", "Authorization", "COOKIE", "Transfer-Encoding", "Connection", "TE",
     "Proxy-Authorization", "X-HTTP-Method-Override", "X-Forwarded-Host", "a b", "a:b", "", "ä"],
)  # fmt: skip
def test_a_program_cannot_set_the_hosts_own_headers(name: str) -> None:
    with pytest.raises(ArgumentError, match="cannot be set by a program"):
        placed((Parameter("h", name, "header", "simple"),), {"h": "x"})


def test_no_byte_that_ends_a_header_passes() -> None:
    header = Parameter("h", "X-H", "header", "simple")
    passed = []
    for code in range(0x180):
        try:
            passed.append(placed((header,), {"h": f"a{chr(code)}b"}).headers[0][1][1])
        except ArgumentError:
            continue
    assert passed == [chr(c) for c in range(256) if c == 9 or (c >= 32 and c != 127)]


@given(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.text(st.characters(exclude_categories=["Cs"])),
)
def test_query_values_and_names_decode_to_what_they_were(name: str, value: str) -> None:
    pairs = query_pairs(Parameter("p", "p", "query", "form", explode=True), {name: value})
    text = "&".join(f"{n}={v}" for n, v in pairs)
    assert parse_qsl(text, keep_blank_values=True, separator="&") == [(name, value)]
    assert not set(text) & set("#; \r\n")


def test_a_lone_surrogate_is_refused_everywhere() -> None:
    for where in ("path", "query", "header", "cookie"):
        style: Style = "form" if where in ("query", "cookie") else "simple"
        with pytest.raises(ArgumentError):
            placed((parameter(style, where),), {"color": "\ud800"}, "/{color}")
