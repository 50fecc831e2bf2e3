"""The query language: what it means, and what it says about a slip of the pen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsbind.bundle import Call
from tsbind.errors import SelectionError
from tsbind.query import matches, parse, require

CALLS = (
    Call("issues.list", "GET", "/repos/{owner}/{repo}/issues", tags=("issues",)),
    Call("issues.create", "POST", "/repos/{owner}/{repo}/issues", tags=("issues",)),
    Call(
        "issues.comments.delete",
        "DELETE",
        "/repos/{owner}/{repo}/issues/comments/{id}",
        tags=("issues", "Old things"),
        deprecated=True,
        summary="Delete an issue comment",
    ),
    Call("repos.get", "GET", "/repos/{owner}/{repo}", tags=("repos",), summary="Get a repository"),
    Call("meta.root", "GET", "/", summary="API root (“Hypermedia”)"),
    Call("search", "QUERY", "/search", tags=("read",)),
)
NAMES = [call.op for call in CALLS]
ISSUES, REST = NAMES[:3], NAMES[3:]

MEANINGS = [
    ("all", NAMES),
    ("tag:issues", ISSUES),
    ("TAG:ISSUES", ISSUES),
    ('tag:"old things"', ["issues.comments.delete"]),
    ("tag:iss*", ISSUES),
    ("issues", ISSUES),
    ("name:issues", ISSUES),
    ("issues.*", ISSUES),
    ("issues.comments", ["issues.comments.delete"]),
    ("issue", []),
    ("*.list", ["issues.list"]),
    ("issues.[lc]*t*", ["issues.list", "issues.create", "issues.comments.delete"]),
    ("search", ["search"]),
    ("Search", []),
    ("path:/repos/**", [*ISSUES, "repos.get"]),
    ("path:repos/**", [*ISSUES, "repos.get"]),
    ("path:/repos/*/*", ["repos.get"]),
    ("path:/repos/{owner}/{repo}", ["repos.get"]),
    ("path:**/comments/**", ["issues.comments.delete"]),
    ("path:/**/issues", ["issues.list", "issues.create"]),
    ("path:**", NAMES),
    ("path:/", ["meta.root"]),
    ("path:*", []),
    ("method:get", ["issues.list", "repos.get", "meta.root"]),
    ("method:p*", ["issues.create"]),
    ("read", ["issues.list", "repos.get", "meta.root", "search"]),
    ("write", ["issues.create", "issues.comments.delete"]),
    ("tag:read", ["search"]),
    ("deprecated", ["issues.comments.delete"]),
    ('"comment issue"', ["issues.comments.delete"]),
    ("text:REPOSITORY", ["repos.get"]),
    ('"“hypermedia”"', ["meta.root"]),
    ("not read", ["issues.create", "issues.comments.delete"]),
    ("not not read", ["issues.list", "repos.get", "meta.root", "search"]),
    ("issues read", ["issues.list"]),
    ("issues AND read", ["issues.list"]),
    ("search or issues read", ["issues.list", "search"]),
    ("(search or issues) read", ["issues.list", "search"]),
    ("issues not (read or deprecated)", ["issues.create"]),
    ("not issues or deprecated", ["issues.comments.delete", *REST]),
    ("issues\n  and not\n  read", ["issues.create", "issues.comments.delete"]),
]


@pytest.mark.parametrize(("text", "want"), MEANINGS, ids=[text for text, _ in MEANINGS])
def test_a_query_means(text: str, want: list[str]) -> None:
    query = parse(text)
    assert [call.op for call in CALLS if matches(query, call)] == want


SLIPS = [
    (
        "",
        "selection:1:1: the query is empty [query-syntax]"
        '\nfix: write "all" to mean every operation',
    ),
    (
        "issues and",
        "selection:1:11: the query ends too early [query-syntax]"
        "\nfix: write what should follow, such as tag:NAME",
    ),
    (
        "(issues",
        "selection:1:8: the query ends too early [query-syntax]"
        "\nfix: write what should follow, such as tag:NAME",
    ),
    (
        "issues) read",
        'selection:1:7: ")" cannot stand here [query-syntax]'
        "\nfix: join terms with and, or, not; close every parenthesis that is opened",
    ),
    (
        'tag:"issues',
        'selection:1:5: the quoted text never ends [query-syntax]\nfix: close it with another "',
    ),
    (
        "read tga:issues",
        'selection:1:6: there is no field "tga" [query-field]\nfix: did you mean "tag:"',
    ),
    (
        "read\nor zebra:1",
        'selection:2:4: there is no field "zebra" [query-field]'
        "\nfix: fields: name, tag, path, method, text",
    ),
    (
        "a:::b",
        'selection:1:3: cannot read ":" here [query-syntax]'
        '\nfix: put what contains it in quotes: text:"…"',
    ),
]


@pytest.mark.parametrize(("text", "want"), SLIPS, ids=[text for text, _ in SLIPS])
def test_a_query_that_does_not_parse_says_where(text: str, want: str) -> None:
    with pytest.raises(SelectionError) as caught:
        parse(text)
    assert str(caught.value) == want


UNKNOWN = [
    (
        "reed",
        'selection:1:1: no operation has the name "reed" [unknown-name]\nfix: did you mean "read"',
    ),
    (
        "read tag:isues",
        'selection:1:6: no operation has the tag "isues" [unknown-tag]\nfix: did you mean "issues"',
    ),
    (
        "not isues.*",
        'selection:1:5: no operation has the name "isues.*" [unknown-name]'
        '\nfix: did you mean "issues.*"',
    ),
    (
        "Issues.List",
        'selection:1:1: no operation has the name "Issues.List" [unknown-name]'
        '\nfix: did you mean "issues.list"',
    ),
    (
        "path:/repo/**",
        'selection:1:1: no operation has the path "/repo/**" [unknown-path]'
        "\nfix: there are: /, /repos/{owner}/{repo}, /repos/{owner}/{repo}/issues,"
        " /repos/{owner}/{repo}/issues/comments/{id}, /search",
    ),
    (
        "method:put",
        'selection:1:1: no operation has the method "put" [unknown-method]'
        "\nfix: there are: DELETE, GET, POST, QUERY",
    ),
    (
        "issues or xyzzy",
        'selection:1:11: no operation has the name "xyzzy" [unknown-name]'
        "\nfix: there are: issues, issues.comments, issues.comments.delete, issues.create,"
        " issues.list, meta, meta.root, repos, repos.get, search",
    ),
    (
        '"teapot"',
        'selection:1:1: no operation has the words "teapot" [unknown-text]'
        "\nfix: look with `tsbind search`, or use a glob such as *word*",
    ),
]


@pytest.mark.parametrize(("text", "want"), UNKNOWN, ids=[text for text, _ in UNKNOWN])
def test_a_term_that_means_nothing_is_an_error(text: str, want: str) -> None:
    with pytest.raises(SelectionError) as caught:
        require(parse(text), CALLS)
    assert str(caught.value) == want


def test_a_hostile_query_is_bounded() -> None:
    deep = "(" * 100 + "read" + ")" * 100
    assert matches(parse(deep), CALLS[0])
    for text in ("(" + deep + ")", "x " * 4096):
        with pytest.raises(SelectionError, match="query-too-long"):
            parse(text)
    assert not matches(parse("not " * 1001 + "read"), CALLS[0])
    stars = parse("path:" + "**/" * 1000 + "x")
    assert not matches(stars, Call("a", "GET", "/a" * 1000))
    assert not matches(parse("name:" + "*a" * 200 + "b"), Call("a" * 300, "GET", "/"))


@given(st.text(alphabet='ab:*()" \n\\/notadrg', max_size=60) | st.text())
def test_any_text_is_a_query_or_an_error_with_a_place(text: str) -> None:
    caught: SelectionError | None = None
    try:
        query = parse(text)
    except SelectionError as error:
        caught = error
    if caught is None:
        assert {matches(query, call) for call in CALLS} <= {True, False}
    else:
        assert caught.where.startswith("selection")
        assert caught.fix
