"""Whatever a document says, what is printed holds declarations and nothing else.

The syntax trees are those of TypeScript's and of Python's own parser; what the declarations say is
read back by `tsbind.emit.dts`.  What goes over the wire reaches the Bundle as it is.
"""

from __future__ import annotations

import ast
import builtins
import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.sinks import HARMLESS, WIRE, document, hostile
from tests.tsc import tsc
from tsbind.bundle import Bundle
from tsbind.emit.dts import read_declarations
from tsbind.errors import SpecError
from tsbind.pipeline import Compiled, Options, compile

pytestmark = pytest.mark.slow

# Every kind of node in declarations: types, their members and literals; nothing that runs.
DECLARING = {
    "AnyKeyword", "ArrayType", "BooleanKeyword", "ConditionalType", "DeclareKeyword",
    "EndOfFileToken", "ExportKeyword",
    "ExpressionWithTypeArguments", "FalseKeyword",
    "FunctionType", "Identifier", "IndexSignature", "IndexedAccessType", "InferType",
    "InterfaceDeclaration", "IntersectionType", "LiteralType", "MappedType", "MethodSignature",
    "MinusToken", "NeverKeyword", "NullKeyword", "NumberKeyword", "NumericLiteral",
    "OptionalType", "Parameter", "ParenthesizedType", "PrefixUnaryExpression", "PropertySignature",
    "QuestionToken", "RestType", "StringKeyword", "StringLiteral", "TrueKeyword", "TupleType",
    "TypeAliasDeclaration", "TypeLiteral", "TypeOperator", "TypeParameter", "TypeReference",
    "UndefinedKeyword", "UnionType", "UnknownKeyword", "VariableDeclaration",
    "VariableDeclarationList", "VariableStatement", "VoidKeyword", "DotDotDotToken",
}  # fmt: skip
Everything = list[tuple[str, str, Compiled]]  # place, payload, what came of it

STATEMENTS = {"TypeAliasDeclaration", "InterfaceDeclaration"}


@pytest.fixture(scope="module")
def cases(corpus: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = json.loads(
        (corpus / "hostile/own/codegen-injection.json").read_bytes()
    )
    assert set(found["sinks"]) == set(HARMLESS)
    return found


@pytest.fixture(scope="module")
def naughty(corpus: Path, cases: dict[str, list[str]]) -> list[str]:
    strings: list[str] = json.loads((corpus / "hostile/blns/blns.json").read_bytes())
    return list(dict.fromkeys([*cases["payloads"], *strings]))


def compiled(source: bytes) -> Compiled | None:
    """Compile with all prose; None when the document is refused as it should be."""
    try:
        return compile(source, Options(docs="full", name="hostile.json"))
    except SpecError as error:
        if error.where.startswith("hostile.json:") and error.fix:
            return None
        raise


@pytest.fixture(scope="module")
def everything(cases: dict[str, list[str]]) -> Everything:
    """Each payload in each place, as far as it is not refused."""
    tried = [
        (sink, payload, compiled(hostile(sink, payload)))
        for sink in cases["sinks"]
        for payload in cases["payloads"]
    ]
    made = [(sink, payload, one) for sink, payload, one in tried if one]
    assert len(tried) - len(made) < 100
    return made


def test_stubs_are_declarations_and_nothing_else(everything: Everything) -> None:
    plain = compiled(document(HARMLESS.__getitem__))
    assert plain
    expected = shape(plain.stubs)
    for sink, payload, made in everything:
        found = shape(made.stubs)
        assert found["nodes"] <= expected["nodes"] | {"Dict", "Constant"}, (sink, payload)
        assert found["imported"] <= expected["imported"] | TYPING, (sink, payload)
        assert found["called"] <= expected["called"] | {"TypedDict"}, (sink, payload)
        assert not found["free"], (sink, payload)


TYPING = {
    "Any",
    "ClassVar",
    "Literal",
    "NotRequired",
    "Required",
    "TypeAlias",
    "TypedDict",
    "Never",
}


def shape(stubs: str) -> dict[str, set[str]]:
    """What a stub module is made of, apart from the names that it declares."""
    tree = ast.parse(stubs)
    nodes = list(ast.walk(tree))
    imported = {
        alias.asname or alias.name
        for node in nodes
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }
    declared = {
        name
        for node in nodes
        for name in (
            [node.name]
            if isinstance(node, (ast.ClassDef, ast.FunctionDef))
            else [node.arg]
            if isinstance(node, ast.arg)
            else [node.id]
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            else []
        )
    }
    loaded = {
        node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
    builtin = {"str", "int", "float", "bool", "bytes", "list", "tuple", "dict", "object"}
    return {
        "nodes": {type(node).__name__ for node in nodes},
        "imported": imported,
        "called": {ast.unparse(node.func) for node in nodes if isinstance(node, ast.Call)},
        "free": loaded - declared - imported - builtin,
    }


def test_stubs_do_nothing_when_they_are_imported(naughty: list[str]) -> None:
    """Everything hostile at once, in every place, and the module is run."""
    assert "PWNED" not in os.environ
    ran = 0
    for text in naughty:
        made = compiled(document(lambda sink, text=text: usable(sink, text)))  # type: ignore[misc]
        if made is None:
            continue
        namespace: dict[str, Any] = {"__name__": "stubs"}
        exec(builtins.compile(made.stubs, "stubs.py", "exec"), namespace)
        assert "PWNED" not in os.environ, text
        assert {c for c in made.stubs + made.declarations if not c.isprintable()} <= {"\n"}, text
        ran += 1
    assert ran > 500
    assert not Path("/tmp/PWNED").exists()


def usable(sink: str, text: str) -> str:
    """`text`, except where another word alone would leave no operation to compile."""
    return HARMLESS[sink] if sink == "response code" else text


def test_declarations_read_back_as_what_was_compiled(everything: Everything) -> None:
    for sink, payload, made in everything:
        read = read_declarations(made.declarations)
        names = {".".join(operation.name) for operation in read.operations}
        assert names == set(made.bundle.calls), (sink, payload)


@pytest.mark.tsc
def test_typescript_sees_declarations_and_nothing_else(
    everything: Everything, naughty: list[str]
) -> None:
    texts = [made.declarations for _, _, made in everything]
    for text in naughty:
        made = compiled(document(lambda sink, text=text: usable(sink, text)))  # type: ignore[misc]
        texts += [made.declarations] if made else []
    trees = list(parsed(texts))
    assert len(trees) == len(texts) > 2500
    for text, tree in zip(texts, trees, strict=True):
        assert not tree["wrong"], text
        assert set(tree["kinds"]) <= DECLARING, text
        *types, api = tree["statements"]
        assert set(types) <= STATEMENTS, text
        assert api == "VariableStatement", text


def parsed(texts: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Read texts with TypeScript's own parser."""
    library = Path(tsc()).resolve().parent.parent / "lib/typescript.js"
    node = shutil.which("node")
    if not node or not library.exists():
        pytest.skip("no node with TypeScript's own parser")
    script = Path(__file__).parent / "kinds.cjs"
    ran = subprocess.run(
        [node, str(script), str(library)],
        input="\n".join(json.dumps(text) for text in texts),
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    for line in ran.stdout.splitlines():
        yield json.loads(line)


def test_wire_names_stay_as_they_are(naughty: list[str]) -> None:
    """Or nobody can send them: names of headers and cookies that HTTP does not allow."""
    wrong = []
    for text in naughty:
        for sink in sorted(WIRE):
            made = compiled(hostile(sink, text))
            if made is None or text in said(made.bundle):
                continue
            if "unsettable" not in {each.code for each in made.diagnostics}:
                wrong.append((sink, text, [str(each) for each in made.diagnostics][:2]))
    assert not wrong


def said(bundle: Bundle) -> set[str]:
    """Every string of a Bundle: keys and values."""
    found: set[str] = set()
    pending: list[Any] = [json.loads(msgspec.json.encode(bundle))]
    while pending:
        node = pending.pop()
        if isinstance(node, str):
            found.add(node)
        elif isinstance(node, dict):
            pending += [*node, *node.values()]
        elif isinstance(node, (list, tuple)):
            pending += node
    return found
